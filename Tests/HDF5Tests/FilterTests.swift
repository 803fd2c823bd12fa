import SeededRandom
import Testing

@testable import HDF5

/// What undoes the filters of chunks, against plain definitions.
@Suite struct FilterTests {
    private static func decompressed(_ source: [UInt8], room: Int) -> [UInt8]? {
        var target = [UInt8](repeating: 0xEE, count: room)
        let count = source.withUnsafeBytes { source in target.withUnsafeMutableBytes { LZF.decompress(source, into: $0) } }
        return count.map { Array(target[..<$0]) }
    }

    @Test func literalsAndCopies() {
        #expect(Self.decompressed([2, 1, 2, 3], room: 3) == [1, 2, 3])
        // A copy of 5 bytes from 2 back repeats what it writes.
        #expect(Self.decompressed([1, 7, 8, 3 << 5, 1], room: 7) == [7, 8, 7, 8, 7, 8, 7])
        // A long copy: 9 + 200.
        #expect(Self.decompressed([0, 5, 7 << 5, 200, 0], room: 210) == [UInt8](repeating: 5, count: 210))
        #expect(Self.decompressed([], room: 0) == [])
    }

    @Test(
        arguments: [
            [2, 1, 2], [31], [1, 7, 8, 3 << 5], [1, 7, 8, 7 << 5], [1, 7, 8, 7 << 5, 9], [1, 7, 8, 3 << 5, 2], [3 << 5, 0],
            [0, 5, 7 << 5, 255, 0],
        ] as [[UInt8]]) func damagedLZF(bytes: [UInt8])
    {
        #expect(Self.decompressed(bytes, room: 64) == nil)
    }

    /// Any bytes are undone or refused; nothing is written beyond the room.
    @Test func randomLZF() {
        var random = SplitMix64(seed: 71)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            let found = Self.decompressed(bytes, room: Int.random(in: 0..<200, using: &random))
            #expect(found.map { $0.count < 200 } ?? true)
        }
    }

    @Test(arguments: [1, 2, 3, 4, 8, 16]) func shuffling(elementByteCount: Int) {
        var random = SplitMix64(seed: 72)
        for byteCount in [0, 1, 7, 64, 1000, 1003] {
            let values = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
            let count = byteCount / elementByteCount
            var stored = values
            for plane in 0..<elementByteCount {
                for index in 0..<count { stored[plane * count + index] = values[index * elementByteCount + plane] }
            }
            var found = [UInt8](repeating: 0, count: byteCount + 1)
            stored.append(0)
            stored.withUnsafeBytes { stored in
                found.withUnsafeMutableBytes { found in
                    Shuffling.undo(stored.baseAddress!, into: found.baseAddress!, byteCount: byteCount, elementByteCount: elementByteCount)
                }
            }
            #expect(Array(found[..<byteCount]) == values)
        }
    }

    /// The library's own loop: sums of 16 bits that are folded after 360 words at most.
    @Test func fletcher32() {
        func folded(_ sum: UInt32) -> UInt32 { (sum & 0xFFFF) + sum >> 16 }
        func reference(_ bytes: [UInt8]) -> UInt32 {
            var (sum, sums): (UInt32, UInt32) = (0, 0)
            var words = stride(from: 0, to: bytes.count - 1, by: 2).map { UInt32(bytes[$0]) << 8 | UInt32(bytes[$0 + 1]) }[...]
            while !words.isEmpty {
                for word in words.prefix(360) {
                    sum += word
                    sums += sum
                }
                (sum, sums) = (folded(sum), folded(sums))
                words = words.dropFirst(360)
            }
            if bytes.count % 2 == 1 {
                sum += UInt32(bytes[bytes.count - 1]) << 8
                sums += sum
                (sum, sums) = (folded(sum), folded(sums))
            }
            return folded(sums) << 16 | folded(sum)
        }
        var random = SplitMix64(seed: 73)
        for byteCount in [0, 1, 2, 3, 719, 720, 721, 5000, 300_001] {
            for kind in 0..<3 {
                let bytes = (0..<byteCount).map { _ in kind == 0 ? UInt8(0) : kind == 1 ? 0xFF : UInt8.random(in: 0...255, using: &random) }
                #expect(bytes.withUnsafeBytes { Fletcher32.checksum($0) } == reference(bytes), "\(byteCount) bytes of kind \(kind)")
            }
        }
    }

    /// The values that lookup3.c itself gives.
    @Test func lookup3() {
        #expect(Array("".utf8).withUnsafeBytes { Lookup3.hash($0) } == 0xDEAD_BEEF)
        #expect(Array("Four score and seven years ago".utf8).withUnsafeBytes { Lookup3.hash($0) } == 0x1777_0551)
    }
}
