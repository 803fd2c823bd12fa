import BigInt

extension ExactSum {
    /// The unbiased sample variance (Σx² - (Σx)²/n) / (n - 1), from exact sums, computed in exact integers and
    /// rounded once: there is no cancellation, however small the variance beside the mean.
    ///
    /// - Parameters:
    ///   - sum: Σx.
    ///   - sumOfSquares: Σx², from `addProduct(x, x)`.
    ///   - count: n, the number of values.
    /// - Returns: the variance; at most 0.5 ULP from that of the values added. NaN where n < 2, or where
    ///   a value was infinite or NaN. 0 where the difference is negative, which exact squares never give.
    public static func variance(sum: ExactSum, sumOfSquares: ExactSum, count: UInt64) -> Double {
        guard count >= 2, !sum.hasNonFiniteTerms, !sumOfSquares.hasNonFiniteTerms else {
            return .nan
        }
        let n = BigInt(count)
        // (n Σx² - (Σx)²) / (n (n - 1))
        let difference = Scaled(n) * Scaled(sumOfSquares) - Scaled(sum) * Scaled(sum)
        guard difference.numerator.signum() > 0 else {
            return 0
        }
        return rounded(difference.numerator, over: n * (n - 1), scaledByPowerOfTwo: difference.exponentOfTwo)
    }

    /// The standard error of the weighted mean μ = Σwx / Σw: √(n/(n - 1) · Σw²(x - μ)²) / Σw, from exact sums.
    ///
    /// This is the usual one for a ratio of two sums (W. G. Cochran, Sampling Techniques, 3rd ed., chapter 6, for an infinite
    /// population). With all weights equal it is √(variance / n). With v = wx, Σw²(x - μ)² = Σv² - 2μ Σwv + μ² Σw².
    /// All is computed in exact integers and rounded once, after the root. The sign of Σw does not matter.
    ///
    /// - Parameters:
    ///   - sumOfWeighted: Σv.
    ///   - sumOfWeightedSquares: Σv², from `addProduct(v, v)`.
    ///   - sumOfWeightTimesWeighted: Σwv, from `addProduct(w, v)`.
    ///   - sumOfSquaredWeights: Σw², from `addProduct(w, w)`.
    ///   - sumOfWeights: Σw.
    ///   - count: n, the number of rows.
    /// - Returns: the standard error; at most 0.5 ULP from that of the values added. NaN where n < 2, where Σw is zero,
    ///   or where a value was infinite or NaN. 0 where the sum of squares comes out negative, which exact products never give.
    public static func standardErrorOfWeightedMean(
        sumOfWeighted: ExactSum, sumOfWeightedSquares: ExactSum, sumOfWeightTimesWeighted: ExactSum,
        sumOfSquaredWeights: ExactSum, sumOfWeights: ExactSum, count: UInt64
    ) -> Double {
        let sums = [sumOfWeighted, sumOfWeightedSquares, sumOfWeightTimesWeighted, sumOfSquaredWeights, sumOfWeights]
        guard count >= 2, !sums.contains(where: \.hasNonFiniteTerms) else {
            return .nan
        }
        let v = Scaled(sumOfWeighted)
        let vv = Scaled(sumOfWeightedSquares)
        let wv = Scaled(sumOfWeightTimesWeighted)
        let ww = Scaled(sumOfSquaredWeights)
        let w = Scaled(sumOfWeights)
        let n = BigInt(count)
        // With μ = Σv / Σw, multiplied by (Σw)²: (Σw)² Σv² - 2 Σv Σw Σwv + (Σv)² Σw².
        let squares = w * w * vv - Scaled(2) * v * w * wv + v * v * ww
        // One (Σw)² from there, and another from the division by Σw outside the root.
        let weightToTheFourth = w * w * w * w
        return roundedSquareRoot(
            of: n * squares.numerator, over: (n - 1) * weightToTheFourth.numerator,
            scaledByPowerOfTwo: squares.exponentOfTwo - weightToTheFourth.exponentOfTwo)
    }
}

/// An exact number numerator · 2^exponentOfTwo, for the few steps between exact sums and one rounding.
private struct Scaled {
    let numerator: BigInt
    let exponentOfTwo: Int

    init(_ integer: BigInt) {
        numerator = integer
        exponentOfTwo = 0
    }

    init(_ sum: ExactSum) {
        (numerator, exponentOfTwo) = sum.bigInteger()
    }

    private init(numerator: BigInt, exponentOfTwo: Int) {
        self.numerator = numerator
        self.exponentOfTwo = exponentOfTwo
    }

    static func * (a: Scaled, b: Scaled) -> Scaled {
        Scaled(numerator: a.numerator * b.numerator, exponentOfTwo: a.exponentOfTwo + b.exponentOfTwo)
    }

    static func + (a: Scaled, b: Scaled) -> Scaled {
        let exponent = min(a.exponentOfTwo, b.exponentOfTwo)
        return Scaled(
            numerator: (a.numerator << (a.exponentOfTwo - exponent)) + (b.numerator << (b.exponentOfTwo - exponent)),
            exponentOfTwo: exponent)
    }

    static func - (a: Scaled, b: Scaled) -> Scaled {
        a + Scaled(numerator: -b.numerator, exponentOfTwo: b.exponentOfTwo)
    }
}
