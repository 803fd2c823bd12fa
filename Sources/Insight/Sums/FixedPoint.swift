/// Numbers as multiples of 2^-40.
enum FixedPoint {
    /// A number below it, in magnitude, has units.
    static let limit = 0x1p11
    /// Adding it rounds a number to a multiple of 2^-40, which then stands as an integer in the low bits.
    static let shift = 0x1.8p12

    /// Returns the nearest multiple of 2^-40 in these units. The magnitude of the number is below `limit`.
    @inline(__always)
    static func units(_ number: Double) -> Int64 {
        // Wrapping: the difference of two encodings of one binade.
        Int64(bitPattern: (number + shift).bitPattern) &- Int64(bitPattern: shift.bitPattern)
    }
}
