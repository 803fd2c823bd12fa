/// The exact test of whether two outcomes are equally likely.
enum BinomialTest {
    /// Returns the probability that a fair coin's outcomes are at least as uneven as `a` to `b`, on either side: the smaller of 1 and
    /// 2 P(X ≤ min(a, b)). 1 where there are no outcomes.
    ///
    /// Terms are added up from the largest one outward until they no longer count: O(√(a + b)) of them.
    static func twoSided(_ a: UInt64, _ b: UInt64) -> Double {
        let n = Double(a) + Double(b), k = Double(min(a, b))
        guard n > 0, k < n / 2 else { return 1 }
        // P(X = k), then P(X = k − 1) = P(X = k) · k / (n − k + 1), and so on.
        var term = 1.0, sum = 1.0, i = k
        while i > 0 {
            term *= i / (n - i + 1)
            sum += term
            i -= 1
            if term < sum * 0x1p-60 { break }
        }
        return min(1, 2 * ElementaryFunctions.exponential(logarithmOfTerm(k, of: n)) * sum)
    }

    /// ln P(X = k) for n throws, good to about 1e-15 of the largest of the terms that do not cancel: Loader's form by deviances ("Fast and
    /// accurate computation of binomial probabilities", 2000).
    private static func logarithmOfTerm(_ k: Double, of n: Double) -> Double {
        guard k > 0 else { return -n * 0x1.62e42fefa39efp-1 }
        let rest = n - k
        let errors = stirlingError(n) - stirlingError(k) - stirlingError(rest)
        let deviances = deviance(k, n / 2) + deviance(rest, n / 2)
        // 2π in a logarithm with n / (k (n − k)).
        return errors - deviances + 0.5 * ElementaryFunctions.logarithm(n / (k * rest) * 0x1.45f306dc9c883p-3)
    }

    /// ln n! − ln(√(2πn) (n/e)^n).
    private static func stirlingError(_ n: Double) -> Double {
        if n >= 10 { return GammaFunction.stirlingCorrection(n) }
        var factorial = 1.0
        for i in stride(from: 2.0, through: n, by: 1) { factorial *= i }
        // ½ ln 2π.
        return ElementaryFunctions.logarithm(factorial) - ((n + 0.5) * ElementaryFunctions.logarithm(n) - n + 0x1.d67f1c864beb5p-1)
    }

    /// x ln(x / m) + m − x, without cancellation where x is near m.
    private static func deviance(_ x: Double, _ m: Double) -> Double {
        let difference = x - m
        guard difference.magnitude < 0.1 * (x + m) else { return x * ElementaryFunctions.logarithm(x / m) + m - x }
        let v = difference / (x + m)
        var sum = difference * v, power = 2 * x * v, j = 1.0
        while true {
            power *= v * v
            let next = sum + power / (2 * j + 1)
            if next == sum { return sum }
            sum = next
            j += 1
        }
    }
}
