internal import Scoring

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
    /// O(count).
    ///
    /// - Parameters:
    ///   - numbers: readable to a multiple of eight, as `classes` and `isCorrect` are.
    ///   - count: the number of numbers, at most 1,024.
    ///   - isCorrect: 1 for each row that counts as right, else 0.
    static func ofTwo(
        _ numbers: UnsafePointer<Double>, _ classes: UnsafePointer<Int32>, _ isCorrect: UnsafePointer<UInt8>, count: Int, _ kernels: PredictionKernels
    ) -> (BlockMoments, BlockMoments)? {
        guard let sums = kernels.sumsOfTwoClasses(numbers, classes, isCorrect, count: count) else { return nil }
        let one = BlockMoments(sums.one)
        return (BlockMoments(sums.all).subtracting(one), one)
    }

    /// The sums of no numbers.
    init() {}

    private init(_ sums: PredictionKernels.ClassSums) {
        count = UInt64(sums.count)
        (coarse, fine) = (sums.coarse, sums.fine)
        (high, middle, low) = (sums.squareHigh, sums.squareMiddle, sums.squareLow)
        correctCount = UInt64(sums.correctCount)
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
