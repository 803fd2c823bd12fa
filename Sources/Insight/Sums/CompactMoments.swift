internal import Scoring

/// The number, the sum and the sum of squares of losses, from which their mean and its standard error follow.
///
/// The sum is exact. Squares are those of the losses rounded to multiples of 2^-40, or of large losses as they are, and their sum is exact:
/// the same trade as in `Moments`. So the standard error is good as long as the losses differ by much more than 2^-41.
///
/// About 200 bytes. Merging is associative and commutative to the bit.
struct CompactMoments: Sendable, Equatable {
    /// The number of losses.
    private(set) var count: UInt64 = 0
    /// The sum of the losses.
    private(set) var sum = CompactSum()
    /// Σ q², where q is a loss below 2^11 in units of 2^-40, at most 2^51. In parts: q = high · 2^26 + low gives Σ high², Σ high · low and Σ low².
    /// Each square is at most 2^52, so 2^75 rows fit. Σ q is the coarse part of `sum`.
    private var squares = SquareParts()
    /// Σ q and Σ q² of the losses that are not below 2^11, which are their own q, and of all that came back from bytes.
    private var large: LargeLosses?

    private struct SquareParts: Equatable {
        var high: Int128 = 0
        var middle: Int128 = 0
        var low: Int128 = 0
    }

    private struct LargeLosses: Equatable {
        var sum = ExactSum()
        var squares = ExactSum()
    }

    /// Adds a loss that is not NaN. O(1).
    @inline(__always)
    mutating func add(_ loss: Double) {
        count &+= 1  // Wrapping: no run has 2^64 rows.
        sum.add(loss)
        guard loss.magnitude < FixedPoint.limit else { return addLarge(loss) }
        // Wrapping: ranges are stated above.
        let units = FixedPoint.units(loss.magnitude)
        let high = units &>> 26, low = units & 0x3FF_FFFF
        squares.high &+= Int128(high &* high)
        squares.middle &+= Int128(high &* low)
        squares.low &+= Int128(low &* low)
    }

    /// Adds the losses of a block. O(1).
    mutating func add(_ block: BlockMoments) {
        count &+= block.count  // Wrapping: no run has 2^64 rows.
        sum.add(coarse: block.coarse, fine: block.fine)
        // Wrapping: see above.
        squares.high &+= Int128(block.high)
        squares.middle &+= Int128(block.middle)
        squares.low &+= Int128(block.low)
    }

    /// Adds losses of a block, `count` of them. O(residuals).
    mutating func add(_ numbers: FoldedNumbers, count: UInt64) {
        self.count &+= count  // Wrapping: no run has 2^64 rows.
        sum.add(numbers)
        // high · 2^25 + low has the squares 2^50, 2^26 and 1; those of the state are 2^52, 2^27 and 1. Wrapping: see above.
        squares.high &+= Int128(numbers.squareHigh &>> 2)
        squares.middle &+= Int128(numbers.squareMiddle &>> 1)
        squares.low &+= Int128(numbers.squareLow) &+ Int128((numbers.squareHigh & 3) &<< 50) &+ Int128((numbers.squareMiddle & 1) &<< 26)
        for number in numbers.residuals where !(number.magnitude < FixedPoint.limit) { addLarge(number) }
    }

    @inline(never)
    private mutating func addLarge(_ loss: Double) {
        var sums = large.take() ?? LargeLosses()
        sums.sum.add(loss)
        sums.squares.addProduct(loss, loss)
        large = sums
    }

    /// Adds the losses of another state. O(1).
    mutating func merge(_ other: CompactMoments) {
        let (total, overflow) = count.addingReportingOverflow(other.count)
        count = overflow ? .max : total
        sum.add(other.sum)
        squares.high &+= other.squares.high  // Wrapping: see above.
        squares.middle &+= other.squares.middle
        squares.low &+= other.squares.low
        if let added = other.large {
            var sums = large.take() ?? LargeLosses()
            sums.sum.add(added.sum)
            sums.squares.add(added.squares)
            large = sums
        }
    }

    /// Σ q as an exact sum: the sum to which the squares belong.
    private var exactRoundedSum: ExactSum {
        var sum = large?.sum ?? ExactSum()
        sum.add(self.sum.coarse, scaledByPowerOfTwo: -40)
        return sum
    }

    private var exactSquares: ExactSum {
        var sum = large?.squares ?? ExactSum()
        sum.add(squares.high, scaledByPowerOfTwo: 52 - 80)
        sum.add(squares.middle, scaledByPowerOfTwo: 27 - 80)
        sum.add(squares.low, scaledByPowerOfTwo: -80)
        return sum
    }

    /// The mean, rounded once; NaN for no losses.
    var mean: Double { sum.exact.rounded(dividedBy: count) }

    /// The variance of the losses, with the divisor count − 1; NaN for fewer than two, and where a loss is infinite.
    var variance: Double { ExactSum.variance(sum: exactRoundedSum, sumOfSquares: exactSquares, count: count) }

    /// The standard error of the mean, s / √n; NaN as `variance` is.
    var standardError: Double { (variance / Double(count)).squareRoot() }

    /// Appends the count and three exact sums: of the losses, of the rounded ones, and of their squares.
    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: count)
        sum.encode(into: &bytes)
        exactRoundedSum.encode(into: &bytes)
        exactSquares.encode(into: &bytes)
    }

    /// Takes what `encode(into:)` wrote.
    init(_ reader: inout SectionReader) throws(PartialError) {
        count = try reader.unsigned()
        sum = try CompactSum(&reader)
        var rounded = try reader.exactSum()
        // The decoded sum has a part in units of 2^-40 again, which `exactRoundedSum` adds.
        rounded.add(-sum.coarse, scaledByPowerOfTwo: -40)
        large = LargeLosses(sum: rounded, squares: try reader.exactSum())
    }

    /// The state of no losses.
    init() {}

    /// Returns true if both have the same number of losses and the same sums.
    static func == (left: CompactMoments, right: CompactMoments) -> Bool {
        left.count == right.count && left.sum == right.sum && left.exactRoundedSum == right.exactRoundedSum
            && left.exactSquares == right.exactSquares
    }
}
