import Container
import Foundation
import SeededRandom
import Synchronization
import Testing

@testable import Parquet

/// Columns that are read on from the place of a page that another cursor read before.
@Suite struct PagePlaceTests {
    /// Reads some rows of a row group as numbers, with the place to which the cursor came.
    private static func read(
        _ file: ParquetFile, _ column: ParquetColumn, group: Int, rows: Range<Int>, near place: PagePlace?
    ) throws -> (values: [Double?], place: PagePlace?) {
        let cursor = ColumnCursor(file, rowGroup: group, column: column)
        try cursor.begin(rowGroup: group, rows: rows, valuesPerRow: nil, near: place)
        var values: [Double?] = []
        try cursor.readValues(rows.count) { rows, segment throws(ParquetError) in
            switch segment {
            case .null: values += rows.map { _ in nil }
            case .values(let page, let from):
                values += [Double](unsafeUninitializedCapacity: rows.count) { buffer, count in
                    if let base = buffer.baseAddress { page.copyNumbers(column, from: from, count: rows.count, into: base) }
                    count = rows.count
                }
            }
        }
        return (values, cursor.reader.pagePlace)
    }

    /// Rows are the same whatever place they are read from: before them, after them, or in another row group.
    @Test(arguments: ["dictionary-then-plain", "nulls-v1", "nulls-v2", "numbers-plain-v1", "codec-snappy", "delta"])
    func sameRows(name: String) throws {
        let file = try ParquetFixtureTests.open(name + ".parquet")
        var random = SplitMix64(seed: 2100)
        var placeCount = 0
        for column in file.columns where !column.isRepeated && column.isNumber {
            var places: [PagePlace?] = [nil]
            for _ in 0..<20 {
                let group = Int.random(in: file.rowGroups.indices, using: &random)
                let count = file.rowGroups[group].rowCount
                let start = Int.random(in: 0..<count, using: &random)
                let rows = start..<Int.random(in: start + 1...count, using: &random)
                let wanted = try Self.read(file, column, group: group, rows: rows, near: nil)
                for place in places {
                    let found = try Self.read(file, column, group: group, rows: rows, near: place)
                    #expect(found.values.map { $0?.bitPattern } == wanted.values.map { $0?.bitPattern }, "\(column.name), \(group), \(rows)")
                    // A page that is past the first row is no way to it.
                    if let reached = found.place { #expect(reached.firstRow < rows.upperBound) }
                }
                places.append(wanted.place)
                if wanted.place != nil { placeCount += 1 }
            }
        }
        #expect(placeCount > 0)
    }

    /// The way to rows far behind in a row group is short from a place before them: what lies between is all that is read.
    @Test func shortWay() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "EngineTests/Fixtures/parquet/large-wide.parquet").path
        let source = CountingSource(try FileSource(path: path))
        let file = try ParquetFile(ContainerFile(source: source))
        let column = file.columns[0]
        let place = try #require(try Self.read(file, column, group: 0, rows: 500_000..<510_000, near: nil).place)
        func count(_ place: PagePlace?) throws -> (values: [Double?], readCount: Int) {
            source.readCount.withLock { $0 = 0 }
            let values = try Self.read(file, column, group: 0, rows: 520_000..<520_100, near: place).values
            return (values, source.readCount.withLock { $0 })
        }
        let (far, near) = (try count(nil), try count(place))
        #expect(near.values == far.values)
        #expect(near.readCount <= 3 && far.readCount >= 2 * near.readCount, "\(near.readCount) and \(far.readCount) reads")
    }
}

/// A file whose readings are counted.
private final class CountingSource: ByteSource {
    let readCount = Mutex(0)
    private let file: FileSource

    init(_ file: FileSource) { self.file = file }

    var name: String { file.name }
    var byteCount: Int? { file.byteCount }
    var access: ByteAccess { file.access }
    func identity() throws(ByteSourceError) -> ByteSourceIdentity? { try file.identity() }

    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        readCount.withLock { $0 += 1 }
        return try file.read(at: byteOffset, into: buffer, isCancelled: isCancelled)
    }
}
