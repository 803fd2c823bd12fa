internal import CZlib
internal import FoldedCRC

/// CRC-32, as zip, gzip and Parquet have it: by folding where the processor has the instructions, or else by zlib.
package enum CRC32 {
    private static let isFoldingAvailable = folded_crc32_is_available() != 0

    /// Computes the CRC-32 of `bytes`, going on from `checksum` of the bytes before them. O(bytes).
    package static func checksum(_ bytes: UnsafeRawBufferPointer, after checksum: UInt32 = 0) -> UInt32 {
        guard let base = bytes.baseAddress else { return checksum }
        var checksum = checksum
        var foldedCount = 0
        if bytes.count >= folded_crc32_least_count, isFoldingAvailable {
            foldedCount = bytes.count / folded_crc32_step * folded_crc32_step
            checksum = folded_crc32(checksum, base, foldedCount)
        }
        let rest = base + foldedCount
        return UInt32(
            truncatingIfNeeded: crc32_z(UInt(checksum), rest.assumingMemoryBound(to: UInt8.self), bytes.count - foldedCount))
    }
}
