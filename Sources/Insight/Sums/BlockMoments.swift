/// The sums of a block's numbers in 64 bits each, for figures that add a number to one of several sums: they are added up to 128 bits once a block.
///
/// A block has at most 1,024 numbers. Those that are below 2^11 in magnitude are cut as `CompactSum` and `CompactMoments` cut them: a part is
/// below 2^52, and a square of the parts of squares at most 2^52, so that a block's sums fit.
struct BlockMoments: Sendable {
    /// The number of numbers.
    var count: UInt64 = 0
    /// Σ of the parts in units of 2^-40 and 2^-92.
    var coarse: Int64 = 0, fine: Int64 = 0
    /// Σ high², Σ high · low and Σ low² of the numbers in units of 2^-40, high · 2^26 + low.
    var high: Int64 = 0, middle: Int64 = 0, low: Int64 = 0
    /// The number of rows that are right.
    var correctCount: UInt64 = 0

    /// Adds a number and, if wanted, its square, and returns false if it does not fit: then nothing was added.
    @inline(__always)
    mutating func add(_ number: Double, withSquare: Bool) -> Bool {
        guard number.magnitude < FixedPoint.limit else { return false }
        let units = FixedPoint.units(number)
        let remainder = number - ((number + FixedPoint.shift) - FixedPoint.shift)
        let shifted = remainder + CompactSum.fineShift
        guard remainder - (shifted - CompactSum.fineShift) == 0 else { return false }
        // Wrapping: the ranges are stated above.
        count &+= 1
        coarse &+= units
        fine &+= Int64(bitPattern: shifted.bitPattern) &- Int64(bitPattern: CompactSum.fineShift.bitPattern)
        guard withSquare else { return true }
        let magnitude = FixedPoint.units(number.magnitude), top = magnitude &>> 26, bottom = magnitude & 0x3FF_FFFF
        high &+= top &* top
        middle &+= top &* bottom
        low &+= bottom &* bottom
        return true
    }
}
