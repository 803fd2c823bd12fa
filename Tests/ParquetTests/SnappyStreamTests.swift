import CSnappy
import Container
import SeededRandom
import Testing

@testable import Parquet

/// Pages of snappy that are decompressed as they are wanted.
@Suite struct SnappyStreamTests {
    private static func stream(_ stored: [UInt8], byteCount: Int) throws -> (stream: SnappyStream, memory: PageMemory) {
        // Some bytes of another page on both sides.
        let bytes = [1, 2, 3] + stored + [4, 5]
        let container = try ContainerFile(source: MemorySource(name: "memory", bytes: bytes))
        let memory = PageMemory()
        return (SnappyStream(StoredBytes(container, 3..<3 + stored.count, PageMemory()), byteCount: byteCount, memory), memory)
    }

    /// Reads all bytes in steps, some of which are gone past, and expects them to be `wanted`.
    private static func expect(
        _ stored: [UInt8], _ wanted: [UInt8], _ random: inout SplitMix64, _ comment: Comment? = nil
    ) throws -> PageMemory {
        let (stream, memory) = try stream(stored, byteCount: wanted.count)
        var place = 0
        var found = [UInt8](repeating: 0, count: wanted.count)
        while place < wanted.count {
            let count = min(wanted.count - place, Int.random(in: 0...Int.random(in: 1...400_000, using: &random), using: &random))
            if Int.random(in: 0..<5, using: &random) == 0 {
                try stream.read(count, into: nil)
                found.replaceSubrange(place..<place + count, with: wanted[place..<place + count])
            } else {
                try found.withUnsafeMutableBytes { try stream.read(count, into: $0.baseAddress! + place) }
            }
            place += count
        }
        try stream.finish(after: 0)
        #expect(found == wanted ? true : false, comment)
        // As a whole, with literals that are read to where they belong.
        let container = try ContainerFile(source: MemorySource(name: "memory", bytes: [1, 2, 3] + stored + [4, 5]))
        let (bytes, whole) = (StoredBytes(container, 3..<3 + stored.count, PageMemory()), PageMemory())
        let content = try SnappyStream.decompress(bytes, byteCount: wanted.count, into: whole)
        #expect(Array(content) == wanted && bytes.isAtEnd ? true : false, comment)
        try bytes.verify(stored.withUnsafeBytes { CRC32.checksum($0) })
        return memory
    }

    private static func compress(_ bytes: [UInt8]) -> [UInt8] {
        var count = snappy_max_compressed_length(bytes.count)
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            bytes.withUnsafeBytes {
                _ = snappy_compress(
                    $0.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count,
                    UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), &count)
            }
            initialized = count
        }
    }

    /// What libsnappy wrote of noise, of repetitions near and far, and of both comes back, in little memory.
    @Test(arguments: 0..<30) func whatLibsnappyWrites(seed: UInt64) throws {
        var random = SplitMix64(seed: 1200 + seed)
        var bytes: [UInt8] = []
        let byteCount = [0, 1, 5, 70_000, 700_000, 3_000_000][Int(seed % 6)]
        while bytes.count < byteCount {
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes += (0..<Int.random(in: 1...100_000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            case 1: bytes += repeatElement(UInt8.random(in: 0...255, using: &random), count: Int.random(in: 1...5000, using: &random))
            default:
                guard !bytes.isEmpty else { continue }
                let start = Int.random(in: max(0, bytes.count - 65_000)..<bytes.count, using: &random)
                bytes += bytes[start..<min(bytes.count, start + Int.random(in: 1...3000, using: &random))]
            }
        }
        bytes.removeLast(bytes.count - byteCount)
        let memory = try Self.expect(Self.compress(bytes), bytes, &random)
        #expect(memory.capacity <= 400_000)
    }

    /// Copies of each form, that repeat themselves, and that begin further back than libsnappy's do.
    @Test(arguments: 0..<20) func handmade(seed: UInt64) throws {
        var random = SplitMix64(seed: 1300 + seed)
        var (bytes, elements): ([UInt8], [UInt8]) = ([], [])
        let reach = seed % 2 == 0 ? 60_000 : 1 << 24
        while bytes.count < 1_500_000 {
            if bytes.isEmpty || Int.random(in: 0..<4, using: &random) == 0 {
                let count = Int.random(in: 1...[60, 256, 40_000, 100_000][Int.random(in: 0..<4, using: &random)], using: &random)
                let lengthByteCount = count <= 60 ? 0 : count <= 256 ? 1 : count <= 65_536 ? 2 : Int.random(in: 3...4, using: &random)
                elements.append(UInt8((lengthByteCount == 0 ? count - 1 : 59 + lengthByteCount) << 2))
                for index in 0..<lengthByteCount { elements.append(UInt8(truncatingIfNeeded: (count - 1) >> (8 * index))) }
                let literal = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                elements += literal
                bytes += literal
                continue
            }
            let offset = Int.random(in: 1...min(reach, bytes.count, Bool.random(using: &random) ? 30 : 1 << 24), using: &random)
            var length = Int.random(in: 1...64, using: &random)
            if offset < 2048, (4...11).contains(length) {
                elements += [UInt8((offset >> 8) << 5 | (length - 4) << 2 | 1), UInt8(offset & 0xFF)] as [UInt8]
            } else if offset < 65_536 {
                elements += [UInt8((length - 1) << 2 | 2), UInt8(offset & 0xFF), UInt8(offset >> 8)] as [UInt8]
            } else {
                elements.append(UInt8((length - 1) << 2 | 3))
                for index in 0..<4 { elements.append(UInt8(truncatingIfNeeded: offset >> (8 * index))) }
            }
            while length > 0 {
                bytes.append(bytes[bytes.count - offset])
                length -= 1
            }
        }
        var head: [UInt8] = []
        VariableInteger.append(UInt64(bytes.count), to: &head)
        // libsnappy agrees.
        var (count, status) = (bytes.count, SNAPPY_OK)
        let whole = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, initialized in
            (head + elements).withUnsafeBytes {
                status = snappy_uncompress(
                    $0.baseAddress?.assumingMemoryBound(to: CChar.self), head.count + elements.count,
                    UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: CChar.self), &count)
            }
            initialized = count
        }
        try #require(status == SNAPPY_OK && whole == bytes)
        let memory = try Self.expect(head + elements, bytes, &random, "seed \(seed)")
        #expect((memory.capacity <= 400_000) == (reach == 60_000))
    }

    /// Bytes that were changed or cut are an error or other bytes, as many as are due; never more.
    @Test func damage() throws {
        var random = SplitMix64(seed: 1400)
        let bytes = (0..<3000).map { _ in UInt8.random(in: 0...3, using: &random) }
        let stored = Self.compress(bytes)
        var errorCount = 0
        for place in stored.indices {
            for cuts in [false, true] {
                var damaged = stored
                if cuts { damaged.removeLast(stored.count - place) } else { damaged[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &random)) }
                do throws(PageFault) {
                    guard let (stream, _) = try? Self.stream(damaged, byteCount: bytes.count) else { continue }
                    try stream.finish(after: bytes.count)
                    #expect(!cuts)
                    let container = try? ContainerFile(source: MemorySource(name: "memory", bytes: damaged))
                    guard let container else { continue }
                    let whole = StoredBytes(container, 0..<damaged.count, PageMemory())
                    _ = try SnappyStream.decompress(whole, byteCount: bytes.count, into: PageMemory())
                } catch {
                    errorCount += 1
                }
            }
        }
        #expect(errorCount > stored.count)
    }
}
