/// Conversion of the two narrow float types by integer arithmetic and selects alone: exact, the same on every machine, and vectorised
/// without F16C or the type `Float16`, which some platforms lack.
extension Float {
    /// Makes the value of an IEEE 754 binary16. Exact; a NaN stays a NaN.
    @inlinable @inline(__always)
    package init(float16Bits bits: UInt16) {
        let magnitude = UInt32(bits & 0x7FFF)
        // The exponent's bias is 15 there and 127 here.
        let normal = Float(bitPattern: (magnitude << 13) &+ (112 << 23))  // No overflow: at most 0x0FFFE000 + 0x38000000.
        let special = Float(bitPattern: (magnitude << 13) | 0x7F80_0000)
        // Subnormal: a whole number of 2^-24. Through `Int32`, which SSE2 converts four at a time. Both steps are exact.
        let subnormal = Float(Int32(bitPattern: magnitude)) * 0x1p-24
        let absolute = magnitude < 0x0400 ? subnormal : magnitude < 0x7C00 ? normal : special
        self.init(bitPattern: absolute.bitPattern | UInt32(bits & 0x8000) << 16)
    }

    /// Makes the value of a bfloat16, which is the upper half of a binary32. Exact.
    @inlinable @inline(__always)
    package init(bfloat16Bits bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }
}
