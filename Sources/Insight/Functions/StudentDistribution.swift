/// Student's t distribution.
enum StudentDistribution {
    /// Returns the probability of a value above `t`, within 1e-13 of itself. O(1), about a hundred steps.
    ///
    /// P(T > t) = I_x(ν/2, ½) / 2 with x = ν / (ν + t²), for t ≥ 0.
    ///
    /// - Parameter degreesOfFreedom: ν, at least 1.
    static func upperTail(_ t: Double, degreesOfFreedom: Double) -> Double {
        guard !t.isNaN, degreesOfFreedom >= 1 else { return .nan }
        if t < 0 { return 1 - upperTail(-t, degreesOfFreedom: degreesOfFreedom) }
        let x = degreesOfFreedom / (degreesOfFreedom + t * t)
        return BetaFunction.regularized(x, a: degreesOfFreedom / 2, b: 0.5) / 2
    }

    /// Returns the t with `probability` above it. Within 1e-13 of itself. O(100) times that of `upperTail`.
    static func quantile(upperTail probability: Double, degreesOfFreedom: Double) -> Double {
        guard probability > 0, probability < 1, degreesOfFreedom >= 1 else { return .nan }
        if probability > 0.5 { return -quantile(upperTail: 1 - probability, degreesOfFreedom: degreesOfFreedom) }
        return Bisection.root(in: 0...0x1p60) { upperTail($0, degreesOfFreedom: degreesOfFreedom) > probability }
    }
}

/// The incomplete beta function.
enum BetaFunction {
    /// Returns I_x(a, b), the regularised incomplete beta function, for x in [0, 1].
    ///
    /// By the continued fraction of Abramowitz and Stegun 26.5.8 in Lentz's form, on the side where it converges fast.
    static func regularized(_ x: Double, a: Double, b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        let logarithm =
            GammaFunction.logarithm(a + b) - GammaFunction.logarithm(a) - GammaFunction.logarithm(b) + a * ElementaryFunctions.logarithm(x)
            + b * ElementaryFunctions.logarithm(1 - x)
        let front = ElementaryFunctions.exponential(logarithm)
        if x < (a + 1) / (a + b + 2) { return front * fraction(x, a, b) / a }
        return 1 - front * fraction(1 - x, b, a) / b
    }

    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let least = 0x1p-1000
        var c = 1.0
        var d = 1 - (a + b) * x / (a + 1)
        d = 1 / (d.magnitude < least ? least : d)
        var value = d
        for m in stride(from: 1.0, through: 10_000, by: 1) {
            for numerator in [
                m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
            ] {
                d = 1 + numerator * d
                d = 1 / (d.magnitude < least ? least : d)
                c = 1 + numerator / c
                if c.magnitude < least { c = least }
                value *= c * d
            }
            if (c * d - 1).magnitude < 0x1p-52 { break }
        }
        return value
    }
}

/// The logarithm of the gamma function.
enum GammaFunction {
    /// Returns ln Γ(x) for x > 0, within about 1e-14 of itself or 1e-15.
    ///
    /// Stirling's series from 10 up; below by Γ(x) = Γ(x + n) / (x (x + 1) … (x + n − 1)).
    static func logarithm(_ x: Double) -> Double {
        guard x > 0 else { return .nan }
        var shifted = x, product = 1.0
        while shifted < 10 {
            product *= shifted
            shifted += 1
        }
        return (shifted - 0.5) * ElementaryFunctions.logarithm(shifted) - shifted + 0x1.d67f1c864beb5p-1 + stirlingCorrection(shifted)
            - ElementaryFunctions.logarithm(product)
    }

    /// ln n! less Stirling's √(2πn) (n/e)^n, for x of at least 10: 1/(12x) − 1/(360x³) + ….
    static func stirlingCorrection(_ x: Double) -> Double {
        let z = 1 / (x * x)
        return (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z * (1 / 1188 - z * 691 / 360_360))))) / x
    }
}
