/// The exponential and the logarithm by plain additions and multiplications in a fixed order, so that they are the same 64 bits on every
/// machine: the C library's are not. `PredictionKernels` has those of many numbers, with the same bits.
enum ElementaryFunctions {
    /// log₂ e, and ln 2 in two parts, of which the first has zeros at its end.
    private static let log2OfE = 0x1.71547652b82fep0, ln2High = 0x1.62e42fee00000p-1, ln2Low = 0x1.a39ef35793c76p-33
    /// 1 / n! for n from 13 down to 2, rounded.
    private static let inverseFactorials: [Double] = [
        1 / 6_227_020_800, 1 / 479_001_600, 1 / 39_916_800, 1 / 3_628_800, 1 / 362_880, 1 / 40320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6,
        1 / 2,
    ]

    /// Returns e^x, within 2 ULP where the result is a normal number. O(1).
    ///
    /// x = k ln 2 + r with |r| at most 0.347, e^r by its Taylor polynomial of degree 13, whose remainder is below 2^-57.
    static func exponential(_ x: Double) -> Double {
        guard x > -745.2 else { return x.isNaN ? x : 0 }
        guard x < 709.79 else { return x.isNaN ? x : .infinity }
        let k = (x * log2OfE).rounded()
        let r = (x - k * ln2High) - k * ln2Low
        var sum = inverseFactorials[0]
        for coefficient in inverseFactorials.dropFirst() { sum = sum * r + coefficient }
        let power = 1 + (r + r * r * sum)
        // In two steps: 2^k alone may be subnormal or infinite where the product is not.
        let half = Int(k) >> 1
        return power * Double(sign: .plus, exponent: half, significand: 1) * Double(sign: .plus, exponent: Int(k) - half, significand: 1)
    }

    /// Returns the natural logarithm, within 2 ULP: −∞ of 0, NaN of a number below 0. O(1).
    ///
    /// x = m 2^k with m in [√½, √2), and ln m = 2 artanh((m − 1) / (m + 1)) by its series.
    static func logarithm(_ x: Double) -> Double {
        guard x > 0 else { return x == 0 ? -.infinity : .nan }
        guard x < .infinity else { return x }
        var k = x.exponent
        var m = x.significand
        if m > 0x1.6a09e667f3bcdp0 {
            m *= 0.5
            k += 1
        }
        // m − 1 is exact, and the quotient's error is small beside it: ln m keeps its digits next to 1.
        let f = m - 1
        let s = f / (2 + f)
        let z = s * s
        var series = 1.0 / 23
        for n in stride(from: 21.0, through: 3, by: -2) { series = series * z + 1 / n }
        // ln m = f − s (f − 2 z · series): the first term is exact.
        let lnM = f - s * (f - 2 * z * series)
        let scale = Double(k)
        return scale * ln2High + (lnM + scale * ln2Low)
    }

    /// Returns ln(1 − e^x) for x ≤ 0, within some 4 ULP, also next to 0, where 1 − e^x would have few digits. O(1).
    static func logarithmOfComplement(ofExponential x: Double) -> Double {
        let power = exponential(x)
        guard power > 0.5, x < 0 else { return logarithm(1 - power) }
        // 1 − e^x = (1 − e) x / ln e for the number e that e^x was rounded to (Kahan): errors of e cancel.
        return power == 1 ? logarithm(-x) : logarithm((1 - power) * (x / logarithm(power)))
    }

    /// Returns ln(1 + x) for x ≥ 0, within 3 ULP, also where x is small. O(1).
    static func logarithmOfOnePlus(_ x: Double) -> Double {
        let u = 1 + x
        guard u < .infinity else { return u }
        // What rounding the sum lost is added back to first order.
        return logarithm(u) + (x - (u - 1)) / u
    }
}
