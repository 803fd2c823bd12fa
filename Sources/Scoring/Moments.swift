internal import KernelABI
#if canImport(Glibc)
internal import func Glibc.exp
#elseif canImport(Musl)
internal import func Musl.exp
#elseif canImport(Darwin)
internal import func Darwin.exp
#endif

/// The state of the losses of any number of rows in one dialect: counts, exact sums, extremes, and a fingerprint of the rows.
///
/// Merging is exact, associative and commutative, so the value does not depend on threads, blocks, frames or the order of merging.
/// About 7 KB, O(1) in the number of rows.
public struct Moments: Sendable, Equatable {
    /// The number of rows with a loss.
    public internal(set) var scoredCount: UInt64 = 0
    /// The number of rows with the label that is left out.
    public internal(set) var ignoredCount: UInt64 = 0
    /// The number of rows without a loss that are not ignored.
    public internal(set) var invalidCount: UInt64 = 0
    /// Scored rows whose loss is +∞.
    public internal(set) var infiniteCount: UInt64 = 0
    /// Scored rows whose prediction was right.
    public internal(set) var correctCount: UInt64 = 0
    /// Σ loss, exact.
    public internal(set) var sum = ExactSum()
    /// The least loss; +∞ before the first row.
    public internal(set) var minimum = Double.infinity
    /// The largest loss; −∞ before the first row.
    public internal(set) var maximum = -Double.infinity

    // For the deviation: Σq and Σq², where q is the loss rounded to a multiple of 2^-40 (a loss of 2^11 or more: as it is).
    var roundedSum = ExactSum()
    var roundedSquares = ExactSum()
    // The sums for the losses below 2^-14 alone, rounded to multiples of 2^-66: used where there are no larger ones.
    var fineSum = ExactSum()
    var fineSquares = ExactSum()
    /// True if rows have weights. Without weights, each row counts 1 and the sums below are empty.
    public internal(set) var hasWeights = false
    /// Σ w, Σ w² (of w rounded to 2^-40) and Σ w · loss, where a row's loss has its weight in it.
    var weightSum = ExactSum()
    var weightSquares = ExactSum()
    var weightedProducts = ExactSum()
    /// Rows with a clipped value that was scored, and Σ of their losses.
    public internal(set) var clippedCount: UInt64 = 0
    var clippedSum = ExactSum()
    /// A commutative hash of (row, loss): with the rest it tells shards apart.
    var fingerprint: UInt64 = 0

    /// The moments of no rows.
    public init() {}

    /// The number of rows read: scored, ignored and invalid ones.
    public var readCount: UInt64 {
        var count = scoredCount
        count.addSaturating(ignoredCount)
        count.addSaturating(invalidCount)
        return count
    }

    /// Σ loss as the dialect counts it: of rows, or of decisions; rounded once.
    public func roundedSum(_ task: LossTask, _ dialect: Dialect, columnCount: Int) -> Double {
        guard task == .multilabel, dialect.sumCountsDecisions else { return sum.rounded() }
        return sum.rounded(times: columnCount)
    }

    /// Σ loss / Σ weight, rounded once; NaN where no row was scored.
    public var meanOverWeight: Double { hasWeights ? sum.rounded(dividedBy: weightSum) : meanOverCount }
    /// Σ loss / rows, rounded once; NaN where no row was scored.
    public var meanOverCount: Double { sum.rounded(dividedBy: scoredCount) }

    /// Returns the mean of `second` less this one, of the same rows with the same weights: (Σ second − Σ first) / Σ weight or rows, rounded once.
    package func meanDifference(to second: Moments, isWeighted: Bool) -> Double {
        var sum = second.sum
        sum.subtract(self.sum)
        return isWeighted && hasWeights ? sum.rounded(dividedBy: weightSum) : sum.rounded(dividedBy: scoredCount)
    }

    /// The mean as the dialect has it.
    public func mean(_ task: LossTask, _ dialect: Dialect) -> Double {
        let isOverWeight = dialect.divisor(task) == .weights
        if scoredCount == 0 || (isOverWeight && hasWeights && weightSum.isZero) { return dialect.emptyMean(task) }
        return isOverWeight ? meanOverWeight : meanOverCount
    }

    /// Σ weight of the scored rows, rounded once; 0 where rows have no weights.
    public var totalWeight: Double { weightSum.rounded() }

    /// The share of the sum that rows with clipped values have; NaN where the sum is 0.
    public var clippedShare: Double { clippedSum.rounded(dividedBy: sum) }

    /// The standard error of the mean that divides by the count: s / √n with the unbiased s², from exact sums of the losses rounded to
    /// 2^-40 (all below 2^-14: to 2^-66), so nothing cancels. NaN for fewer than two rows or an infinite loss.
    public var standardErrorOverCount: Double {
        let isFine = max(maximum.magnitude, minimum.magnitude) < 0x1p-14
        let variance = ExactSum.variance(
            sum: isFine ? fineSum : roundedSum, sumOfSquares: isFine ? fineSquares : roundedSquares, count: scoredCount)
        return (variance / Double(scoredCount)).squareRoot()
    }

    /// The standard error of the weighted mean, √(n/(n−1) Σ w²(l − μ)²) / Σ w; without weights that of the plain mean.
    public var standardErrorOverWeight: Double {
        guard hasWeights else { return standardErrorOverCount }
        return ExactSum.standardErrorOfWeightedMean(
            sumOfWeighted: roundedSum, sumOfWeightedSquares: roundedSquares, sumOfWeightTimesWeighted: weightedProducts,
            sumOfSquaredWeights: weightSquares, sumOfWeights: weightSum, count: scoredCount)
    }

    /// The standard error of the dialect's mean.
    public func standardError(_ task: LossTask, _ dialect: Dialect) -> Double {
        dialect.divisor(task) == .weights ? standardErrorOverWeight : standardErrorOverCount
    }

    /// The share of scored decisions that were right: one a row, in multilabel one a column.
    public func accuracy(decisionsPerRow: Int) -> Double { Double(correctCount) / (Double(scoredCount) * Double(decisionsPerRow)) }

    /// Adds the rows of `other`, which must be others than the ones counted here.
    public mutating func merge(_ other: Moments) {
        scoredCount.addSaturating(other.scoredCount)
        ignoredCount.addSaturating(other.ignoredCount)
        invalidCount.addSaturating(other.invalidCount)
        infiniteCount.addSaturating(other.infiniteCount)
        correctCount.addSaturating(other.correctCount)
        sum.add(other.sum)
        roundedSum.add(other.roundedSum)
        roundedSquares.add(other.roundedSquares)
        fineSum.add(other.fineSum)
        fineSquares.add(other.fineSquares)
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        hasWeights = hasWeights || other.hasWeights
        weightSum.add(other.weightSum)
        weightSquares.add(other.weightSquares)
        weightedProducts.add(other.weightedProducts)
        clippedCount.addSaturating(other.clippedCount)
        clippedSum.add(other.clippedSum)
        // Wrapping: a hash.
        fingerprint &+= other.fingerprint
    }

    /// Adds the row counts of a block.
    mutating func absorb(counts: ScoredBlock.RowCounts) {
        scoredCount.addSaturating(UInt64(counts.scored))
        ignoredCount.addSaturating(UInt64(counts.ignored))
        invalidCount.addSaturating(UInt64(counts.invalid))
        correctCount.addSaturating(UInt64(counts.correct))
    }

    /// Adds the losses that a kernel folded.
    mutating func absorb(losses fold: LossFold) {
        fold.addSum(to: &sum)
        fold.addRounded(sum: &roundedSum, squares: &roundedSquares)
        fold.addFine(sum: &fineSum, squares: &fineSquares)
        for i in 0..<fold.residualCount where fold.residuals[i].isInfinite { infiniteCount.addSaturating(1) }
        minimum = min(minimum, fold.minimum)
        maximum = max(maximum, fold.maximum)
        // Wrapping: a hash.
        fingerprint &+= fold.fingerprint
    }

    /// Adds losses that no Float64 holds; `fold` is of what Float64 makes of them.
    mutating func absorb(extremes: [ExtremeRows.Product], _ fold: LossFold) {
        for product in extremes { sum.add(product.integer, scaledByPowerOfTwo: product.exponent) }
        fold.addRounded(sum: &roundedSum, squares: &roundedSquares)
        fold.addFine(sum: &fineSum, squares: &fineSquares)
        minimum = min(minimum, fold.minimum)
        maximum = max(maximum, fold.maximum)
        // Wrapping: a hash.
        fingerprint &+= fold.fingerprint
    }

    /// Adds a row's weight that is a product which no Float64 holds.
    mutating func absorb(weight first: Double, times second: Double) { weightSum.addProduct(first, second) }

    /// Adds what the rounding of the rows' weights lost.
    mutating func absorb(weightRests fold: LossFold) { fold.addSum(to: &weightSum) }

    /// Adds the rows' weights.
    mutating func absorb(weights fold: LossFold) {
        hasWeights = true
        fold.addSum(to: &weightSum)
        var roundedWeights = ExactSum()
        fold.addRounded(sum: &roundedWeights, squares: &weightSquares)
        // Wrapping: a hash. Equal losses of unequal weights are other rows.
        fingerprint &+= fold.fingerprint &* 3
    }

    /// Adds the products of weights and losses.
    mutating func absorb(products fold: LossFold) { fold.addSum(to: &weightedProducts) }

    /// Adds what tells the rows' labels apart.
    mutating func absorb(labelFingerprint: UInt64) {
        // Wrapping: a hash.
        fingerprint &+= labelFingerprint
    }

    /// Adds the losses of rows with clipped values; the others are NaN.
    mutating func absorb(clipped fold: LossFold, rowCount: Int) {
        fold.addSum(to: &clippedSum)
        clippedCount.addSaturating(UInt64(rowCount))
    }
}

// The scales are those of Fold.swift.
extension LossFold {
    /// Adds the exact sum.
    func addSum(to sum: inout ExactSum) {
        sum.add(level1, scaledByPowerOfTwo: -40)
        if level2 != 0 { sum.add(level2, scaledByPowerOfTwo: -92) }
        if level3 != 0 { sum.add(level3, scaledByPowerOfTwo: -144) }
        for i in 0..<residualCount { sum.add(residuals[i]) }
    }

    /// Adds Σq and Σq², where q is a number rounded to 2^-40, or a large one as it is.
    func addRounded(sum: inout ExactSum, squares: inout ExactSum) {
        sum.add(level1, scaledByPowerOfTwo: -40)
        // q = (high * 2^25 + low) * 2^-40. Each sum is at most 2^62, so it fits Int64.
        squares.add(Int64(truncatingIfNeeded: squareHigh), scaledByPowerOfTwo: 50 - 80)
        squares.add(Int64(truncatingIfNeeded: squareMiddle), scaledByPowerOfTwo: 26 - 80)
        squares.add(Int64(truncatingIfNeeded: squareLow), scaledByPowerOfTwo: -80)
        // A large number comes whole, a small one leaves only its last digits.
        for i in 0..<residualCount where residuals[i].magnitude >= 0x1p11 {
            sum.add(residuals[i])
            squares.addProduct(residuals[i], residuals[i])
        }
    }

    /// Adds Σq and Σq² of the numbers below 2^-14, where q is a number rounded to 2^-66.
    func addFine(sum: inout ExactSum, squares: inout ExactSum) {
        guard fineSum != 0 || fineSquareHigh | fineSquareMiddle | fineSquareLow != 0 else { return }
        // q = (high * 2^26 + low) * 2^-66.
        sum.add(fineSum, scaledByPowerOfTwo: -66)
        squares.add(Int64(truncatingIfNeeded: fineSquareHigh), scaledByPowerOfTwo: 52 - 132)
        squares.add(Int64(truncatingIfNeeded: fineSquareMiddle), scaledByPowerOfTwo: 27 - 132)
        squares.add(Int64(truncatingIfNeeded: fineSquareLow), scaledByPowerOfTwo: -132)
    }
}

extension Moments {
    /// exp(mean), within the error of the C library's exp (below 1 ULP in glibc).
    public static func perplexity(mean: Double) -> Double { exp(mean) }
}

extension UInt64 {
    /// Counts of rows of a file that somebody made up may not fit: they stay at the limit, and nothing traps.
    package mutating func addSaturating(_ other: UInt64) {
        let (sum, overflow) = addingReportingOverflow(other)
        self = overflow ? .max : sum
    }
}
