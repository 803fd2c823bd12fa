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

    /// Adds a number and its square, and returns false if it does not fit: then nothing was added.
    @inline(__always)
    mutating func add(_ number: Double) -> Bool {
        guard number.magnitude < FixedPoint.limit else { return false }
        let (fineUnits, last) = FixedPoint.fineUnits(FixedPoint.remainder(number))
        guard last == 0 else { return false }
        // Wrapping: the ranges are stated above.
        count &+= 1
        coarse &+= FixedPoint.units(number)
        fine &+= fineUnits
        let magnitude = FixedPoint.units(number.magnitude), top = magnitude &>> 26, bottom = magnitude & 0x3FF_FFFF
        high &+= top &* top
        middle &+= top &* bottom
        low &+= bottom &* bottom
        return true
    }

    /// Adds numbers and their squares to the sums of two classes; nil if a number does not fit, is NaN, or is of another class than 0 and 1.
    ///
    /// No step depends on a number, so that several rows are added at once. O(count).
    ///
    /// - Parameters:
    ///   - count: the number of numbers, at most 1,024.
    ///   - isCorrect: 1 for each row that counts as right, else 0.
    static func ofTwo(
        _ numbers: UnsafePointer<Double>, _ classes: UnsafePointer<Int32>, _ isCorrect: UnsafePointer<UInt8>, count: Int
    ) -> (BlockMoments, BlockMoments)? {
        var misfits: UInt64 = 0
        for row in 0..<count {
            let number = numbers[row]
            let last = FixedPoint.fineUnits(FixedPoint.remainder(number)).rest
            misfits |= number.magnitude < FixedPoint.limit ? 0 : 1
            misfits |= last == 0 ? 0 : 1
        }
        for row in 0..<count { misfits |= UInt64(UInt32(bitPattern: classes[row]) >> 1) }
        guard misfits == 0 else { return nil }
        var all = BlockMoments(), one = BlockMoments()
        // Wrapping: the ranges are stated above.
        for row in 0..<count {
            let number = numbers[row], mask = 0 &- Int64(classes[row])
            let units = FixedPoint.units(number)
            let fine = FixedPoint.fineUnits(FixedPoint.remainder(number)).units
            all.coarse &+= units
            one.coarse &+= units & mask
            all.fine &+= fine
            one.fine &+= fine & mask
        }
        for row in 0..<count {
            let mask = 0 &- Int64(classes[row])
            let magnitude = FixedPoint.units(numbers[row].magnitude)
            // Below 2^32, and said so: a product of halves is one instruction where a whole one is several.
            let top = (magnitude &>> 26) & 0xFFFF_FFFF, bottom = magnitude & 0x3FF_FFFF
            let (high, middle, low) = (top &* top, top &* bottom, bottom &* bottom)
            all.high &+= high
            one.high &+= high & mask
            all.middle &+= middle
            one.middle &+= middle & mask
            all.low &+= low
            one.low &+= low & mask
        }
        for row in 0..<count {
            let right = UInt64(isCorrect[row]), label = UInt64(UInt32(bitPattern: classes[row]))
            all.correctCount &+= right
            one.correctCount &+= right & label
            one.count &+= label
        }
        all.count = UInt64(count)
        return (all.subtracting(one), one)
    }

    private func subtracting(_ other: BlockMoments) -> BlockMoments {
        // Wrapping: the other one is a part.
        var rest = self
        rest.count &-= other.count
        rest.coarse &-= other.coarse
        rest.fine &-= other.fine
        rest.high &-= other.high
        rest.middle &-= other.middle
        rest.low &-= other.low
        rest.correctCount &-= other.correctCount
        return rest
    }
}
