/// The standard normal distribution.
package enum NormalDistribution {
    /// Returns the probability of a value above `z`, within 1e-15 of itself where it is a normal number. O(1).
    ///
    /// The complementary error function by its series below 2 and by its continued fraction above (Abramowitz and Stegun, 26.2.11 and 26.2.14).
    static func upperTail(_ z: Double) -> Double {
        guard !z.isNaN else { return .nan }
        if z < 0 { return 1 - upperTail(-z) }
        guard z < 38.5 else { return 0 }
        let density = ElementaryFunctions.exponential(-z * z / 2) * 0x1.9884533d43651p-2
        if z < 2.5 {
            // P(0 < Z < z) = φ(z) Σ z^(2n+1) / (1 · 3 · … · (2n + 1)).
            var term = z, sum = z, n = 1.0
            while term > sum * 0x1p-60 {
                term *= z * z / (2 * n + 1)
                sum += term
                n += 1
            }
            return 0.5 - density * sum
        }
        // φ(z) / (z + 1/(z + 2/(z + 3/(z + …)))), from the inside.
        var fraction = z
        for n in stride(from: 200.0, through: 1, by: -1) { fraction = z + n / fraction }
        return density / fraction
    }

    /// Returns the z with `probability` above it: 1.959963984540054 for 0.025. Within 4e-16 of itself; ±∞ for 0 and 1.
    ///
    /// Bisection on `upperTail(_:)`, of which it is the inverse. O(100).
    package static func quantile(upperTail probability: Double) -> Double {
        guard probability > 0 else { return probability == 0 ? .infinity : .nan }
        guard probability < 1 else { return probability == 1 ? -.infinity : .nan }
        if probability > 0.5 { return -quantile(upperTail: 1 - probability) }
        return Bisection.root(in: 0...39) { upperTail($0) > probability }
    }

    /// Returns the probability of a value at least as far from 0 as `z`, on either side.
    package static func twoSided(_ z: Double) -> Double { min(1, 2 * upperTail(z.magnitude)) }
}

/// Finding where a condition changes.
enum Bisection {
    /// Returns the largest number of the range, to the last bit, for which `isBelow` is true; it is true from the lower bound up to some number
    /// and false after it.
    static func root(in range: ClosedRange<Double>, isBelow: (Double) -> Bool) -> Double {
        var low = range.lowerBound, high = range.upperBound
        while true {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { return low }
            if isBelow(middle) { low = middle } else { high = middle }
        }
    }
}
