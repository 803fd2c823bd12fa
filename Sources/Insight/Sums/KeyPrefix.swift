/// Keys of 64 bits of which only the first ones are kept, so that there are no more different keys than a limit.
///
/// The number of bits that is kept is the largest for which the keys of all rows are within the limit. A part that kept so many bits has seen more
/// different keys at one bit more, and so has the whole: it does not matter in which order parts were cut and merged.
enum KeyPrefix {
    /// Returns the mask of the first `bitCount` bits, 0 to 64.
    @inline(__always)
    static func mask(_ bitCount: Int) -> UInt64 { bitCount == 0 ? 0 : .max << UInt64(64 - bitCount) }

    /// Returns the largest number of bits for which keys in ascending order, each there once, have at most `limit` different prefixes. O(keys).
    static func bitCount(ofAscending keys: some Collection<UInt64>, limit: Int) -> Int {
        // Two neighbours with c equal leading bits are one key where c bits or fewer are kept.
        var neighboursByCommonBits = [Int](repeating: 0, count: 65)
        for (one, other) in zip(keys, keys.dropFirst()) { neighboursByCommonBits[(one ^ other).leadingZeroBitCount] += 1 }
        var bits = 0, keyCount = 1
        while bits < 64, keyCount + neighboursByCommonBits[bits] <= limit {
            keyCount += neighboursByCommonBits[bits]
            bits += 1
        }
        return bits
    }
}
