import ArrowIPC
import Container
import Foundation
import Scoring
import Testing

/// Files of many versions, and files that fuzzers found, where the corpora are (`ArrowCorpus`).
@Suite(.enabled(if: ArrowCorpus.folder != nil, "the corpora of Apache Arrow are not here: see ArrowCorpus"))
struct ArrowCorpusTests {
    /// Columns, counts, nulls and sums are those that pyarrow reads, in all versions from 0.14.1 on and in both byte orders.
    @Test func everyColumnOfEveryValidFile() throws {
        let folder = try #require(ArrowCorpus.folder)
        let files = try ArrowCorpus.expected().filter { $0.key.hasPrefix("arrow-testing/ipc-stream/integration/") }
        #expect(files.count >= 180)
        var (comparedCount, sumCount) = (0, 0)
        for (name, expected) in files.sorted(by: { $0.key < $1.key }) {
            let wanted = try #require(expected.columns, "\(name): \(expected.error ?? "")")
            let file = try ArrowFile(ContainerFile(path: folder.appending(path: name).path))
            #expect(file.rowCount == expected.rows, "\(name)")
            #expect(file.form == (name.hasSuffix(".stream") ? .stream : .file), "\(name)")
            for column in file.columns {
                // Two fields may have one name, of which pyarrow lists one.
                guard file.columns.count(where: { $0.itemName == column.itemName }) == 1 else { continue }
                let found = wanted[column.itemName]
                if column.typeText == "union" || column.typeText == "null" || column.typeText == "run-end encoded"
                    || column.typeText.hasSuffix("dictionary of list") || column.typeText.hasSuffix("dictionary of struct")
                {
                    let error = #expect(throws: ArrowError.self, "\(name), \(column.itemName)") { try ColumnItems(file, column) }
                    #expect(error?.kind == .unsupported || file.rowCount == 0, "\(name), \(column.itemName)")
                    continue
                }
                let items = try ColumnItems(file, column)
                // pyarrow has no values for intervals of months.
                guard let found, found.values != nil else { continue }
                comparedCount += 1
                #expect(items.valueCount == found.values, "\(name), \(column.itemName)")
                #expect(items.nullCount == found.nulls, "\(name), \(column.itemName)")
                guard let sum = found.sum.flatMap({ Double($0) }), column.isNumber else { continue }
                sumCount += 1
                let numbers = items.numbers.compactMap { $0 }
                var exact = ExactSum()
                for number in numbers where number.isFinite { exact.add(number) }
                #expect(exact.rounded() == sum, "\(name), \(column.itemName)")
                #expect(numbers.count { !$0.isFinite } == found.notFinite ?? 0, "\(name), \(column.itemName)")
            }
            // What pyarrow shows as a map or a list view, we show as the columns in it. A dictionary of lists or structs is one column.
            let names = Set(file.columns.map(\.itemName))
            let nested = file.columns.filter(\.hasDictionary).map { $0.itemName + "." }
            for (column, found) in wanted where !names.contains(column) && !nested.contains(where: { column.hasPrefix($0) }) {
                let isShownOtherwise = ["map<", "list_view<", "large_list_view<"].contains { found.type?.hasPrefix($0) == true }
                if !isShownOtherwise { Issue.record("\(name) has no column \(column) of \(found.type ?? ""); there are \(names.sorted())") }
            }
        }
        #expect(comparedCount > 1500)
        #expect(sumCount > 700)
    }

    /// Every file that a fuzzer found is an error or a result, within five seconds.
    @Test func everyHostileFile() throws {
        let files = try ArrowCorpus.files(in: ["arrow-testing/ipc-file", "arrow-testing/ipc-stream"])
        #expect(files.count > 130)
        for url in files where !url.hasDirectoryPath {
            let start = ContinuousClock.now
            do {
                let file = try ArrowFile(ContainerFile(path: url.path))
                for column in file.columns { _ = try? ColumnItems(file, column, keepsItems: false) }
            } catch is ArrowError {
            } catch is ContainerError {
            }
            #expect(ContinuousClock.now - start < .seconds(5), "\(url.lastPathComponent)")
        }
    }
}
