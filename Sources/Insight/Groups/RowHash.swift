/// The hash by which rows and clusters are put into groups: XXH64 of eight bytes, the least significant first.
///
/// The figures of groups depend on it, so it is a part of the format of partials. Of 0, 1 and 2 with seed 0 it is 0x34c96acdcadb1bbb,
/// 0x9f29cb17a2a49995 and 0xeac73e4044e82db0. Source: github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
enum RowHash {
    /// Returns the hash of a number. O(1).
    @inline(__always)
    static func hash(_ number: UInt64, seed: UInt64 = 0) -> UInt64 {
        // Wrapping: it is a hash.
        var hash = seed &+ 0x27D4_EB2F_1656_67C5 &+ 8
        var lane = number &* 0xC2B2_AE3D_27D4_EB4F
        lane = (lane << 31 | lane >> 33) &* 0x9E37_79B1_85EB_CA87
        hash ^= lane
        hash = (hash << 27 | hash >> 37) &* 0x9E37_79B1_85EB_CA87 &+ 0x85EB_CA77_C2B2_AE63
        hash ^= hash >> 33
        hash = hash &* 0xC2B2_AE3D_27D4_EB4F
        hash ^= hash >> 29
        hash = hash &* 0x1656_67B1_9E37_79F9
        return hash ^ hash >> 32
    }
}
