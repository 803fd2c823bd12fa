import CZlib
import FoldedCRC
import SeededRandom
import Testing

@testable import Container

/// CRC-32 by carry-less multiplication, against zlib's.
@Suite struct FoldedCRCTests {
    private static let bytes: [UInt8] = {
        var random = SplitMix64(seed: 32)
        return (0..<9000).map { _ in UInt8.random(in: 0...255, using: &random) }
    }()

    private func zlib(_ bytes: UnsafeRawBufferPointer, after checksum: UInt32) -> UInt32 {
        guard let base = bytes.baseAddress else { return checksum }
        return UInt32(truncatingIfNeeded: crc32_z(UInt(checksum), base.assumingMemoryBound(to: UInt8.self), bytes.count))
    }

    /// Every count up to some thousands, so that each loop is entered, left and skipped, at several alignments.
    @Test func everyCount() {
        Self.bytes.withUnsafeBytes { bytes in
            for count in 0...3000 {
                let part = UnsafeRawBufferPointer(rebasing: bytes[count % 67..<count % 67 + count])
                #expect(CRC32.checksum(part) == zlib(part, after: 0), "\(count) bytes")
            }
        }
    }

    /// A checksum goes on from that of the bytes before, wherever they are cut.
    @Test func cutAnywhere() {
        var random = SplitMix64(seed: 33)
        Self.bytes.withUnsafeBytes { bytes in
            let whole = zlib(bytes, after: 0)
            for _ in 0..<500 {
                var (checksum, start): (UInt32, Int) = (0, 0)
                while start < bytes.count {
                    let end = min(bytes.count, start + Int.random(in: 1...5000, using: &random))
                    checksum = CRC32.checksum(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), after: checksum)
                    start = end
                }
                #expect(checksum == whole)
            }
        }
    }

    /// The instructions are used where the processor has them, and not only zlib.
    @Test func isUsed() {
        guard folded_crc32_is_available() != 0 else { return }
        Self.bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            for count in stride(from: Int(folded_crc32_least_count), through: 4096, by: Int(folded_crc32_step)) {
                let part = UnsafeRawBufferPointer(rebasing: bytes[1..<1 + count])
                #expect(folded_crc32(0x1234_5678, base + 1, count) == zlib(part, after: 0x1234_5678), "\(count) bytes")
            }
        }
    }
}
