/// The checksum of HDF5's filter `fletcher32`: two sums modulo 65535 over words of two bytes, the higher byte first.
enum Fletcher32 {
    /// Computes the checksum. O(bytes).
    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var (sum, sumOfSums): (UInt64, UInt64) = (0, 0)
        var position = 0
        let wordEnd = bytes.count / 2 * 2
        while position < wordEnd {
            // Of so many words no sum overflows 64 bits.
            let end = min(wordEnd, position + 2 << 16)
            while position < end {
                // No overflow: see above.
                sum &+= UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt16.self)))
                sumOfSums &+= sum
                position += 2
            }
            sum %= 65535
            sumOfSums %= 65535
        }
        if wordEnd < bytes.count {
            sum = (sum + UInt64(bytes[wordEnd]) << 8) % 65535
            sumOfSums = (sumOfSums + sum) % 65535
        }
        // The library's sums are folded, not divided: they are 65535 instead of 0 unless all words are 0.
        let isZero = bytes.allSatisfyZero
        func folded(_ sum: UInt64) -> UInt32 { sum == 0 && !isZero ? 0xFFFF : UInt32(sum) }
        return folded(sumOfSums) << 16 | folded(sum)
    }
}

extension UnsafeRawBufferPointer {
    /// True if no byte is other than zero; found at the first one that is.
    fileprivate var allSatisfyZero: Bool { allSatisfy { $0 == 0 } }
}
