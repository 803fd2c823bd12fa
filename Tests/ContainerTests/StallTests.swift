import SeededRandom
import Synchronization
import Testing

@testable import Container

/// Streams whose writer stalls, and bytes without data that a stream does not keep.
@Suite struct StallTests {
    /// A source that gives a piece, stalls until the reader gives up, and then gives the next.
    private final class StallingSource: ByteSource {
        let name = "stalling"
        private let bytes: [UInt8]
        private let pieceByteCount: Int
        private let isStalled = Atomic(false)
        let stallCount = Atomic(0)

        init(_ bytes: [UInt8], pieceByteCount: Int) { (self.bytes, self.pieceByteCount) = (bytes, pieceByteCount) }

        var byteCount: Int? { nil }
        var access: ByteAccess { .sequential }

        func read(
            at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
        ) throws(ByteSourceError) -> Int {
            if let isCancelled, !isStalled.exchange(true, ordering: .relaxed), byteOffset > 0 {
                stallCount.add(1, ordering: .relaxed)
                while !isCancelled() {}
                throw .cancelled
            }
            isStalled.store(false, ordering: .relaxed)
            let count = min(buffer.count, pieceByteCount, bytes.count - byteOffset)
            bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[byteOffset..<byteOffset + count])) }
            return count
        }
    }

    @Test func aStalledReadGoesOn() throws {
        let data = ZstdFixture.data(20_000, seed: 51)
        let stored: [(name: String, bytes: [UInt8])] = [
            ("raw", data), ("zstd", ZstdFixture.build(.frames, data, frameByteCount: 3000).bytes),
            ("gzip", DeflateFixture.members(data, pieceByteCount: 3000).bytes),
        ]
        for (name, bytes) in stored {
            for pieceByteCount in [1, 7, 1000] {
                let source = StallingSource(bytes, pieceByteCount: pieceByteCount)
                let file = try ContainerFile(source: source)
                let decoder = Decoder()
                decoder.start(wholeOf: file)
                var read: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 4096)
                var nilCount = 0
                while true {
                    let count = try buffer.withUnsafeMutableBytes { try decoder.read(into: $0, waitingFor: .zero) }
                    guard let count else {
                        nilCount += 1
                        continue
                    }
                    if count == 0 { break }
                    read += buffer[..<count]
                }
                #expect(read == data, "\(name), \(pieceByteCount)")
                #expect(nilCount > 0 && source.stallCount.load(ordering: .relaxed) > 0, "\(name), \(pieceByteCount)")
            }
        }
    }

    /// A fault after a stall is told, and not taken for another stall.
    @Test func aFaultAfterAStall() throws {
        let data = ZstdFixture.data(20_000, seed: 52)
        for var bytes in [ZstdFixture.build(.frames, data, frameByteCount: 3000).bytes, DeflateFixture.members(data, pieceByteCount: 3000).bytes] {
            bytes.removeLast(bytes.count / 3)
            let decoder = Decoder()
            decoder.start(wholeOf: try ContainerFile(source: StallingSource(bytes, pieceByteCount: 100)))
            var buffer = [UInt8](repeating: 0, count: 4096)
            let error = #expect(throws: ContainerError.self) {
                while true {
                    if try buffer.withUnsafeMutableBytes({ try decoder.read(into: $0, waitingFor: .zero) }) == 0 { break }
                }
            }
            #expect(error?.kind == .truncated)
        }
    }

    /// Empty frames are not kept, wherever they stand, and several runs read what is between them.
    @Test func gaps() throws {
        var random = SplitMix64(seed: 53)
        for _ in 0..<30 {
            var bytes: [UInt8] = []
            var data: [UInt8] = []
            for number in 0..<Int.random(in: 1...6, using: &random) {
                for _ in 0..<Int.random(in: 0...20_000, using: &random) { bytes += ZstdFixture.skippable([]) }
                if Bool.random(using: &random) { bytes += ZstdFixture.skippable([UInt8](repeating: 7, count: 100_000)) }
                let piece = ZstdFixture.data(Int.random(in: 1...50_000, using: &random), seed: UInt64(number))
                bytes += ZstdFixture.build(.frames, piece, frameByteCount: 10_000).bytes
                data += piece
            }
            for _ in 0..<Int.random(in: 0...20_000, using: &random) { bytes += ZstdFixture.skippable([]) }
            let file = try ContainerFile(source: Sequential(bytes))
            let decoder = Decoder()
            for _ in 0..<3 {
                decoder.start(wholeOf: file)
                #expect(try readAll(decoder, bufferByteCount: nil) == data)
            }
        }
    }

    private struct Sequential: ByteSource {
        let name = "sequential"
        let bytes: [UInt8]
        init(_ bytes: [UInt8]) { self.bytes = bytes }
        var byteCount: Int? { nil }
        var access: ByteAccess { .sequential }
        func read(
            at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
        ) throws(ByteSourceError) -> Int {
            let count = min(buffer.count, bytes.count - byteOffset)
            bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[byteOffset..<byteOffset + count])) }
            return count
        }
    }

    /// A block that is larger than the format allows is refused wherever it comes from, as zstd refuses it.
    @Test func oversizedBlocks() throws {
        func frame(content: Int, type: Int, size: Int) -> [UInt8] {
            // A single segment of a size in four bytes, and one block.
            [0x28, 0xB5, 0x2F, 0xFD, 0b1010_0000] + ZstdFixture.littleEndian(content, 4) + ZstdFixture.littleEndian(size << 3 | type << 1 | 1, 3)
                + [UInt8](repeating: 1, count: type == 0 ? size : 1)
        }
        for (type, size) in [(0, 1_000_000), (0, (128 << 10) + 1)] {
            let bytes = frame(content: size, type: type, size: size)
            for source in [MemorySource(name: "file", bytes: bytes) as any ByteSource, Sequential(bytes)] {
                let error = #expect(throws: ContainerError.self, "type \(type), \(size) bytes") {
                    let decoder = Decoder()
                    decoder.start(wholeOf: try ContainerFile(source: source))
                    _ = try readAll(decoder, bufferByteCount: nil)
                }
                #expect(error?.kind == .damaged)
            }
            // Where a seek table gives the frame, its blocks are not visited beforehand.
            let table = ZstdFixture.seekTable([ZstdFixture.Entry(byteCount: bytes.count, decodedByteCount: size, checksum: 0)], checksums: false)
            #expect(throws: ContainerError.self) {
                let decoder = Decoder()
                decoder.start(wholeOf: try ContainerFile(source: MemorySource(name: "file", bytes: bytes + table)))
                _ = try readAll(decoder, bufferByteCount: nil)
            }
        }
        for type in [0, 1] {
            let bytes = frame(content: 128 << 10, type: type, size: 128 << 10)
            let decoder = Decoder()
            decoder.start(wholeOf: try ContainerFile(source: MemorySource(name: "file", bytes: bytes)))
            #expect(try readAll(decoder, bufferByteCount: nil) == [UInt8](repeating: 1, count: 128 << 10))
        }
    }
}
