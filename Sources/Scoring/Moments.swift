internal import KernelABI
#if canImport(Glibc)
internal import func Glibc.exp
#elseif canImport(Darwin)
internal import func Darwin.exp
#endif

/// All that is kept of the rows scored so far: counts, exact sums, extremes, and a fingerprint of which rows they were.
///
/// Merging is exact, associative and commutative, so the value does not depend on threads, blocks, frames or the order of merging.
/// About 7 KB, O(1) in the number of rows.
public struct Moments: Sendable, Equatable {
    public internal(set) var scoredCount: UInt64 = 0
    public internal(set) var ignoredCount: UInt64 = 0
    public internal(set) var invalidCount: UInt64 = 0
    /// Scored rows whose loss is +∞.
    public internal(set) var infiniteCount: UInt64 = 0
    /// Scored rows whose prediction was right.
    public internal(set) var correctCount: UInt64 = 0
    /// Σ loss, exact.
    public internal(set) var sum = ExactSum()
    /// The least and the largest loss; +∞ and −∞ before the first row.
    public internal(set) var minimum = Double.infinity
    public internal(set) var maximum = -Double.infinity

    // For the deviation: Σq and Σq², where q is the loss rounded to a multiple of 2^-40 (a loss of 2^11 or more: as it is).
    var roundedSum = ExactSum()
    var roundedSquares = ExactSum()
    // The same for the losses below 2^-14 alone, rounded to multiples of 2^-66: used where there are no larger ones.
    var fineSum = ExactSum()
    var fineSquares = ExactSum()
    /// A commutative hash of (row, loss): with the rest it tells shards apart.
    var fingerprint: UInt64 = 0

    public init() {}

    public var readCount: UInt64 { scoredCount + ignoredCount + invalidCount }

    /// Σ loss, rounded once.
    public var roundedTotal: Double { sum.rounded() }

    /// The mean of the losses, correctly rounded; NaN where no row was scored.
    public var mean: Double { sum.rounded(dividedBy: scoredCount) }

    /// The standard error of the mean, s / √n with the unbiased s², from exact sums of the losses rounded to 2^-40 (all below 2^-14: to
    /// 2^-66), so nothing cancels. NaN for fewer than two rows or an infinite loss.
    public var standardError: Double {
        let isFine = max(maximum.magnitude, minimum.magnitude) < 0x1p-14
        let variance = ExactSum.variance(
            sum: isFine ? fineSum : roundedSum, sumOfSquares: isFine ? fineSquares : roundedSquares, count: scoredCount)
        return (variance / Double(scoredCount)).squareRoot()
    }

    /// The share of scored rows whose prediction was right.
    public var accuracy: Double { Double(correctCount) / Double(scoredCount) }

    /// Adds the rows of `other`, which must be others than the ones counted here.
    public mutating func merge(_ other: Moments) {
        scoredCount += other.scoredCount
        ignoredCount += other.ignoredCount
        invalidCount += other.invalidCount
        infiniteCount += other.infiniteCount
        correctCount += other.correctCount
        sum.add(other.sum)
        roundedSum.add(other.roundedSum)
        roundedSquares.add(other.roundedSquares)
        fineSum.add(other.fineSum)
        fineSquares.add(other.fineSquares)
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        // Wrapping: a hash.
        fingerprint &+= other.fingerprint
    }

    /// Adds what a kernel folded. The scales are those of Fold.swift.
    mutating func absorb(_ fold: LossFold) {
        sum.add(fold.level1, scaledByPowerOfTwo: -40)
        roundedSum.add(fold.level1, scaledByPowerOfTwo: -40)
        if fold.level2 != 0 { sum.add(fold.level2, scaledByPowerOfTwo: -92) }
        if fold.level3 != 0 { sum.add(fold.level3, scaledByPowerOfTwo: -144) }
        // q = (high * 2^25 + low) * 2^-40. Each sum is at most 2^62, so it fits Int64.
        roundedSquares.add(Int64(truncatingIfNeeded: fold.squareHigh), scaledByPowerOfTwo: 50 - 80)
        roundedSquares.add(Int64(truncatingIfNeeded: fold.squareMiddle), scaledByPowerOfTwo: 26 - 80)
        roundedSquares.add(Int64(truncatingIfNeeded: fold.squareLow), scaledByPowerOfTwo: -80)
        if fold.fineSum != 0 || fold.fineSquareHigh | fold.fineSquareMiddle | fold.fineSquareLow != 0 {
            // q = (high * 2^26 + low) * 2^-66.
            fineSum.add(fold.fineSum, scaledByPowerOfTwo: -66)
            fineSquares.add(Int64(truncatingIfNeeded: fold.fineSquareHigh), scaledByPowerOfTwo: 52 - 132)
            fineSquares.add(Int64(truncatingIfNeeded: fold.fineSquareMiddle), scaledByPowerOfTwo: 27 - 132)
            fineSquares.add(Int64(truncatingIfNeeded: fold.fineSquareLow), scaledByPowerOfTwo: -132)
        }
        for i in 0..<fold.residualCount {
            let residual = fold.residuals[i]
            sum.add(residual)
            // A large loss comes whole, a small one leaves only its last digits here.
            guard residual.magnitude >= 0x1p11 else { continue }
            roundedSum.add(residual)
            roundedSquares.addProduct(residual, residual)
            if residual.isInfinite { infiniteCount += 1 }
        }
        minimum = min(minimum, fold.minimum)
        maximum = max(maximum, fold.maximum)
        // Wrapping: a hash.
        fingerprint &+= fold.fingerprint
    }
}

extension Moments {
    /// exp(mean), within the error of the C library's exp (below 1 ULP in glibc).
    public var perplexity: Double { exp(mean) }
}
