import BigInt

/// A number of [0, 1) in fixed point with 320 bits, for the inner loop of `exp`, where big integers of any size would cost ten times
/// as much. Every operation cuts off, so that a result is never above the true one.
struct FixedFraction {
    static let limbCount = 5
    static let bitCount = 64 * limbCount

    /// Least significant first.
    private var limbs: [UInt64]

    /// `numerator / 2^320`.
    ///
    /// - Precondition: `numerator` is below 2^320.
    init(numerator: BigUInt) {
        precondition(numerator.bitWidth <= Self.bitCount)
        let words = numerator.words
        limbs = (0..<Self.limbCount).map { $0 < words.count ? UInt64(words[$0]) : 0 }
    }

    private init(limbs: [UInt64]) {
        self.limbs = limbs
    }

    /// `self · 2^320`.
    var numerator: BigUInt { BigUInt(words: limbs.map { UInt($0) }) }

    /// - Precondition: the sum is below 1.
    static func += (left: inout FixedFraction, right: FixedFraction) {
        var carry: UInt64 = 0
        for i in 0..<limbCount {
            let (partial, carried) = left.limbs[i].addingReportingOverflow(right.limbs[i])
            let (sum, carriedAgain) = partial.addingReportingOverflow(carry)
            left.limbs[i] = sum
            carry = carried || carriedAgain ? 1 : 0
        }
        precondition(carry == 0, "a sum of fractions reached 1")
    }

    static func /= (left: inout FixedFraction, divisor: UInt64) {
        var remainder: UInt64 = 0
        for i in (0..<limbCount).reversed() {
            (left.limbs[i], remainder) = divisor.dividingFullWidth((remainder, left.limbs[i]))
        }
    }

    static func * (left: FixedFraction, right: FixedFraction) -> FixedFraction {
        var result = [UInt64](repeating: 0, count: limbCount)
        // The product column by column; the sum of a column is `low`, `middle` and `high`.
        var (low, middle, high): (UInt64, UInt64, UInt64) = (0, 0, 0)
        for column in 0..<(2 * limbCount - 1) {
            for i in max(0, column - limbCount + 1)...min(column, limbCount - 1) {
                let product = left.limbs[i].multipliedFullWidth(by: right.limbs[column - i])
                let (newLow, lowCarry) = low.addingReportingOverflow(product.low)
                let (partial, middleCarry) = middle.addingReportingOverflow(product.high)
                let (newMiddle, carryCarry) = partial.addingReportingOverflow(lowCarry ? 1 : 0)
                (low, middle) = (newLow, newMiddle)
                high += (middleCarry ? 1 : 0) + (carryCarry ? 1 : 0)
            }
            if column >= limbCount { result[column - limbCount] = low }
            (low, middle, high) = (middle, high, 0)
        }
        result[limbCount - 1] = low
        return FixedFraction(limbs: result)
    }
}
