/// Numbers as multiples of 2^-40.
enum FixedPoint {
    /// A number below it, in magnitude, has units.
    static let limit = 0x1p11
    /// Adding it rounds a number to a multiple of 2^-40, which then stands as an integer in the low bits.
    static let shift = 0x1.8p12
    /// The same of multiples of 2^-92.
    private static let fineShift = 0x1.8p-40

    /// Returns the nearest multiple of 2^-40 in these units. The magnitude of the number is below `limit`.
    @inline(__always)
    static func units(_ number: Double) -> Int64 {
        // Wrapping: the difference of two encodings of one binade.
        Int64(bitPattern: (number + shift).bitPattern) &- Int64(bitPattern: shift.bitPattern)
    }

    /// Returns the part of a number that its units do not hold, exactly. The magnitude of the number is below `limit`.
    @inline(__always)
    static func remainder(_ number: Double) -> Double { number - ((number + shift) - shift) }

    /// Returns a remainder in units of 2^-92, and the part of it that those do not hold, exactly.
    @inline(__always)
    static func fineUnits(_ remainder: Double) -> (units: Int64, rest: Double) {
        let shifted = remainder + fineShift
        // Wrapping: see `units`.
        return (Int64(bitPattern: shifted.bitPattern) &- Int64(bitPattern: fineShift.bitPattern), remainder - (shifted - fineShift))
    }

    /// Returns `number` less `other` in units of 2^-40 and of 2^-92, and the part of each that those do not hold. Both magnitudes are below `limit`.
    @inline(__always)
    static func difference(_ number: Double, _ other: Double) -> (coarse: Int64, fine: Int64, rest: Double, restOfOther: Double) {
        let fine = fineUnits(remainder(number)), fineOfOther = fineUnits(remainder(other))
        // Wrapping: each is below 2^52.
        return (units(number) &- units(other), fine.units &- fineOfOther.units, fine.rest, fineOfOther.rest)
    }
}
