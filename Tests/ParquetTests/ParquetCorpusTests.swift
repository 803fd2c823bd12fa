import Container
import Foundation
import Parquet
import Scoring
import Testing

/// Files of many writers, and files that fuzzers found, where the corpora are (`ParquetCorpus`).
@Suite(.enabled(if: ParquetCorpus.folder != nil, "the corpora of Apache Parquet are not here: see ParquetCorpus"))
struct ParquetCorpusTests {
    private static func limits(_ streamedPageByteCount: Int?) -> ParquetFile.Limits {
        var limits = ParquetFile.Limits()
        if let streamedPageByteCount { limits.streamedPageByteCount = streamedPageByteCount }
        return limits
    }

    /// Columns, counts, nulls and sums are those that pyarrow reads.
    @Test(arguments: [nil, 0]) func everyColumnOfEveryValidFile(streamedPageByteCount: Int?) throws {
        let folder = try #require(ParquetCorpus.folder)
        let files = try ParquetCorpus.expected().filter { $0.key.hasPrefix("parquet-testing/data/") }
        #expect(files.count >= 60)
        var comparedCount = 0
        for (name, expected) in files.sorted(by: { $0.key < $1.key }) {
            guard let wanted = expected.columns else { continue }
            let file = try ParquetFile(ContainerFile(path: folder.appending(path: name).path), limits: Self.limits(streamedPageByteCount))
            #expect(file.rowCount == expected.rows, "\(name)")
            for column in file.columns {
                let items = try ColumnItems(file, column)
                #expect(items.rowCount == file.rowCount, "\(name), \(column.itemName)")
                guard let found = wanted[column.itemName] else { continue }
                comparedCount += 1
                #expect(items.valueCount == found.values, "\(name), \(column.itemName)")
                #expect(items.nullCount == found.nulls, "\(name), \(column.itemName)")
                guard let sum = found.sum.flatMap({ Double($0) }), column.isNumber else { continue }
                let numbers = items.numbers.compactMap { $0 }
                var exact = ExactSum()
                for number in numbers where number.isFinite { exact.add(number) }
                #expect(exact.rounded() == sum, "\(name), \(column.itemName)")
                #expect(numbers.count { !$0.isFinite } == found.notFinite ?? 0, "\(name), \(column.itemName)")
            }
            // What pyarrow shows as a map, we show as its two columns.
            let names = Set(file.columns.map(\.itemName))
            for (column, found) in wanted where found.type?.hasPrefix("map<") != true && !names.contains(column) {
                Issue.record("\(name) has no column \(column); there are \(names.sorted())")
            }
        }
        #expect(comparedCount > 400)
    }

    /// Files that are wrong on purpose are errors of the right kind.
    @Test(arguments: [
        ("data/datapage_v1-corrupt-checksum.parquet", ParquetError.Kind.checksum),
        ("data/rle-dict-uncompressed-corrupt-checksum.parquet", .checksum),
        ("bad_data/PARQUET-1481.parquet", .damaged),
        ("bad_data/ARROW-RS-GH-6229-DICTHEADER.parquet", .damaged),
        ("bad_data/ARROW-RS-GH-6229-LEVELS.parquet", .damaged),
        ("bad_data/ARROW-GH-41317.parquet", .damaged),
        ("bad_data/ARROW-GH-41321.parquet", .damaged),
        ("bad_data/ARROW-GH-45185.parquet", .damaged),
        ("bad_data/ARROW-GH-47662.parquet", .damaged),
    ]) func refused(name: String, kind: ParquetError.Kind) throws {
        let path = try #require(ParquetCorpus.folder).appending(path: "parquet-testing/\(name)").path
        let error = #expect(throws: ParquetError.self) {
            let file = try ParquetFile(ContainerFile(path: path))
            for column in file.columns { _ = try ColumnItems(file, column) }
        }
        #expect(error?.kind == kind, "\(error.map { "\($0)" } ?? "no error")")
    }

    /// Every other file is an error or a result, within five seconds.
    @Test(arguments: [nil, 0]) func everyHostileFile(streamedPageByteCount: Int?) throws {
        let files = try ParquetCorpus.files(in: [
            "parquet-testing/bad_data", "parquet-testing/data", "arrow-testing/parquet-fuzzing", "arrow-testing/parquet-encoding-fuzzing",
        ])
        #expect(files.count > 150)
        for url in files {
            let start = ContinuousClock.now
            do {
                let file = try ParquetFile(ContainerFile(path: url.path), limits: Self.limits(streamedPageByteCount))
                for column in file.columns { _ = try? ColumnItems(file, column, keepsItems: false) }
            } catch is ParquetError {
            } catch is ContainerError {
            }
            #expect(ContinuousClock.now - start < .seconds(5), "\(url.lastPathComponent)")
        }
    }
}
