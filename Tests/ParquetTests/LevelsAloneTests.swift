import Container
import Elements
import SeededRandom
import Synchronization
import Testing

@testable import Parquet

/// The lengths of lists, for which no values are read.
@Suite struct LevelsAloneTests {
    private static func lengths(_ file: ParquetFile, _ column: ParquetColumn, _ group: Int, levelsAlone: Bool) throws -> [Int] {
        let cursor = ColumnCursor(file, rowGroup: group, column: column)
        cursor.reader.readsLevelsAlone = levelsAlone
        var lengths: [Int] = []
        while let length = try cursor.nextLength() { lengths.append(length) }
        return lengths
    }

    /// They are the same as where values are read, in pages of both versions and of each codec.
    @Test(arguments: ["list-v1", "list-v2", "list-broken", "struct"]) func sameLengths(name: String) throws {
        let file = try ParquetFixtureTests.open(name + ".parquet")
        for column in file.columns where column.isRepeated {
            for group in file.rowGroups.indices {
                let wanted = try Self.lengths(file, column, group, levelsAlone: false)
                #expect(try Self.lengths(file, column, group, levelsAlone: true) == wanted)
                #expect(wanted.count == file.rowGroups[group].rowCount)
            }
        }
    }

    /// Of a page that is written here little is read, as its levels come first.
    @Test func littleIsRead() throws {
        let column = WrittenColumn("logits", .float32, listLength: 1000)
        var random = SplitMix64(seed: 2200)
        let values = (0..<130_000).map { _ in Float.random(in: -9...9, using: &random) }
        let page = try values.withUnsafeBytes {
            try PageEncoder().encode(PageRows(rowCount: 130, values: $0), of: column, .planes(.fastLevel))
        }
        var writer = ParquetWriter([column], createdBy: "xent version 0.0.0")
        var bytes = writer.beginning + writer.append(page, toColumn: 0)
        writer.endRowGroup()
        bytes += writer.end()
        let source = CountedBytes(MemorySource(name: "memory", bytes: bytes))
        let file = try ParquetFile(ContainerFile(source: source))
        source.count.withLock { $0 = 0 }
        let cursor = ColumnCursor(file, rowGroup: 0, column: file.columns[0])
        cursor.reader.readsLevelsAlone = true
        #expect(try cursor.nextLength() == 1000)
        let count = source.count.withLock { $0 }
        #expect(count <= 64 << 10 && page.bytes.count > 2 * count, "\(count) of \(page.bytes.count) bytes")
    }
}

/// A source that counts the bytes that are read.
private final class CountedBytes: ByteSource {
    let count = Mutex(0)
    private let bytes: MemorySource

    init(_ bytes: MemorySource) { self.bytes = bytes }

    var name: String { bytes.name }
    var byteCount: Int? { bytes.byteCount }
    var access: ByteAccess { bytes.access }
    func identity() throws(ByteSourceError) -> ByteSourceIdentity? { try bytes.identity() }

    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        count.withLock { $0 += buffer.count }
        return try bytes.read(at: byteOffset, into: buffer, isCancelled: isCancelled)
    }
}
