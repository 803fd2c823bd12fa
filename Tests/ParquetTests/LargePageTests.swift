import CSnappy
import Container
import Elements
import SeededRandom
import Testing

@testable import Parquet

/// Pages of many megabytes, whose values are decompressed as they are wanted.
@Suite struct LargePageTests {
    /// Makes a file of one page of numbers as they are, of version 1 or 2.
    private static func file(_ values: [Float], _ codec: PageCodecName, version: Int, damages: Bool = false) throws -> [UInt8] {
        let plain = values.withUnsafeBytes { Array($0) }
        var content = plain
        switch codec {
        case .snappy:
            var count = snappy_max_compressed_length(plain.count)
            content = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                plain.withUnsafeBytes {
                    _ = snappy_compress(
                        $0.baseAddress?.assumingMemoryBound(to: CChar.self), plain.count,
                        UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), &count)
                }
                initialized = count
            }
        case .zstd:
            let compressor = PageCompressor()
            content = try plain.withUnsafeBytes { plain in
                try withExtendedLifetime(compressor) { try Array(compressor.compress(plain, partCount: 1, .level(1))) }
            }
        default: break
        }
        let checksum = content.withUnsafeBytes { CRC32.checksum($0) }
        if damages { content[content.count - 100] ^= 1 }
        var header = ThriftWriter()
        header.structure {
            $0.int32(1, version == 1 ? 0 : 3)
            $0.int32(2, plain.count)
            $0.int32(3, content.count)
            $0.int32(4, Int(Int32(bitPattern: checksum)))
            $0.structure(version == 1 ? 5 : 8) {
                $0.int32(1, values.count)
                if version == 1 {
                    for (field, encoding) in [(2, 0), (3, 3), (4, 3)] { $0.int32(field, encoding) }
                } else {
                    for (field, number) in [(2, 0), (3, values.count), (4, 0), (5, 0), (6, 0)] { $0.int32(field, number) }
                    $0.boolean(7, true)
                }
            }
        }
        let page = EncodedPage(
            rowCount: values.count, valueCount: values.count, bytes: header.bytes + content,
            decodedByteCount: header.bytes.count + plain.count, encoding: .plain, dictionary: nil)
        var writer = ParquetWriter([WrittenColumn("p", .float32)], createdBy: "xent version 0.0.0")
        var bytes = writer.beginning + writer.append(page, toColumn: 0)
        writer.endRowGroup()
        var footer = writer.end()
        // The writer writes zstd: its number follows the column's name.
        let place = try #require(footer.indices.dropLast(3).last { Array(footer[$0..<$0 + 3]) == [UInt8(ascii: "p"), 0x15, 0x0C] })
        footer[place + 2] = UInt8(2 * codec.rawValue)
        bytes += footer
        return bytes
    }

    private static let values: [Float] = {
        var random = SplitMix64(seed: 1900)
        // Noise, and values that repeat themselves.
        return (0..<3_000_000).map { $0 % 100 < 50 ? Float.random(in: -3...3, using: &random) : Float($0 % 7) }
    }()

    /// Values come back, from the first and from the middle, with little memory.
    @Test(arguments: [PageCodecName.none, .snappy, .zstd], [1, 2]) func values(codec: PageCodecName, version: Int) throws {
        let bytes = try Self.file(Self.values, codec, version: version)
        let file = try ParquetFile(ContainerFile(source: MemorySource(name: "memory", bytes: bytes)))
        let scratch = PageScratch()
        let cursor = ColumnCursor(file, rowGroup: 0, column: file.columns[0], scratch: scratch)
        for first in [0, 1_234_567] {
            try cursor.begin(rowGroup: 0, rows: first..<Self.values.count, valuesPerRow: nil)
            var found = [Float](repeating: -9, count: 100_000)
            var row = first
            while row < Self.values.count {
                let count = min(found.count, Self.values.count - row)
                try found.withUnsafeMutableBytes { room in
                    try cursor.readValues(count) { rows, segment in
                        guard case .values(let page, let from) = segment else { return }
                        page.copyElements(file.columns[0], from: from, count: rows.count, into: room.baseAddress! + 4 * rows.lowerBound)
                    }
                }
                let isSame = found.prefix(count).elementsEqual(Self.values[row..<row + count])
                #expect(isSame, "rows from \(row) on")
                row += count
            }
            try cursor.finish()
        }
        let memories = [scratch.window, scratch.stored, scratch.decoded, scratch.indices, scratch.values, scratch.stream]
        #expect(memories.map(\.capacity).reduce(0, +) < 2 << 20)
    }

    /// A byte that differs is an error of its page, whoever reads the values, and whether all are read.
    @Test(arguments: [PageCodecName.none, .snappy, .zstd]) func damage(codec: PageCodecName) throws {
        let bytes = try Self.file(Self.values, codec, version: 1, damages: true)
        let file = try ParquetFile(ContainerFile(source: MemorySource(name: "memory", bytes: bytes)))
        for reads in [true, false] {
            let error = #expect(throws: ParquetError.self) {
                let reader = ColumnReader(file, rowGroup: 0, column: file.columns[0])
                while try reader.nextPage() {
                    guard reads else { continue }
                    var numbers = [Double](repeating: 0, count: reader.page.valueCount)
                    numbers.withUnsafeMutableBufferPointer {
                        reader.page.copyNumbers(file.columns[0], from: 0, count: $0.count, into: $0.baseAddress!)
                    }
                }
            }
            #expect(error.map { [.checksum, .damaged].contains($0.kind) } == true, "\(String(describing: error))")
            #expect(error?.description.contains("row group 0: column p: page 0 at byte 4") == true, "\(String(describing: error))")
        }
    }
}
