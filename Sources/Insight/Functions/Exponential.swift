/// The exponential and the logarithm by plain additions and multiplications in a fixed order, so that they are the same 64 bits on every
/// machine: the C library's are not.
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

    /// Replaces each of the first `count` numbers, none above 0 by more than 709, by its exponential, within 2 ULP, or 2^-1022 where the result
    /// is no normal number. O(count), eight at a time.
    ///
    /// - Parameter numbers: `count` numbers, with room for `count` rounded up to 8.
    static func exponentials(_ numbers: UnsafeMutablePointer<Double>, count: Int) {
        var start = 0
        while start < count {
            // Unsafe: the caller has made room for eight from each multiple of eight on.
            let eight = UnsafeMutableRawPointer(numbers + start)
            eight.storeBytes(of: exponential(eight.loadUnaligned(as: SIMD8<Double>.self)), as: SIMD8<Double>.self)
            start += 8
        }
    }

    @inline(__always)
    private static func exponential(_ x: SIMD8<Double>) -> SIMD8<Double> {
        let least = SIMD8<Double>(repeating: -708)
        let clamped = x.replacing(with: least, where: x .< least)
        // Adding 1.5 · 2^52 rounds to a whole number, which then stands in the low bits.
        let shift = SIMD8<Double>(repeating: 0x1.8p52)
        let shifted = clamped * log2OfE + shift
        let k = shifted - shift
        let r = (clamped - k * ln2High) - k * ln2Low
        var sum = SIMD8<Double>(repeating: 1 / 6_227_020_800)
        sum = sum * r + 1 / 479_001_600
        sum = sum * r + 1 / 39_916_800
        sum = sum * r + 1 / 3_628_800
        sum = sum * r + 1 / 362_880
        sum = sum * r + 1 / 40320
        sum = sum * r + 1 / 5040
        sum = sum * r + 1 / 720
        sum = sum * r + 1 / 120
        sum = sum * r + 1 / 24
        sum = sum * r + 1 / 6
        sum = sum * r + 1 / 2
        let power = 1 + (r + r * r * sum)
        // Unsafe: lanes of one size. Wrapping: k lies in −1022...1024 where the power is a normal number.
        let exponents = (unsafeBitCast(shifted, to: SIMD8<Int64>.self) &- unsafeBitCast(shift, to: SIMD8<Int64>.self)) &<< 52
        let scaled = unsafeBitCast(unsafeBitCast(power, to: SIMD8<Int64>.self) &+ exponents, to: SIMD8<Double>.self)
        return scaled.replacing(with: 0, where: x .< least).replacing(with: x, where: x .!= x)
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

    /// Replaces each of the first `count` numbers, all positive and normal, by its natural logarithm, within 2 ULP. O(count), eight at a time.
    ///
    /// - Parameter numbers: `count` numbers, with room for `count` rounded up to 8. Others than positive normal numbers become numbers without
    ///   meaning.
    static func logarithms(_ numbers: UnsafeMutablePointer<Double>, count: Int) {
        var start = 0
        while start < count {
            // Unsafe: the caller has made room for eight from each multiple of eight on.
            let eight = UnsafeMutableRawPointer(numbers + start)
            eight.storeBytes(of: logarithm(eight.loadUnaligned(as: SIMD8<Double>.self)), as: SIMD8<Double>.self)
            start += 8
        }
    }

    @inline(__always)
    private static func logarithm(_ x: SIMD8<Double>) -> SIMD8<Double> {
        // Unsafe: lanes of one size. The exponent is taken so that the rest lies in [√½, √2). Wrapping: encodings of positive normal numbers.
        let bits = unsafeBitCast(x, to: SIMD8<Int64>.self)
        let rootOfHalf: Int64 = 0x3FE6_A09E_667F_3BCD
        let k = (bits &- rootOfHalf) &>> 52
        let m = unsafeBitCast(bits &- (k &<< 52), to: SIMD8<Double>.self)
        let f = m - 1
        let s = f / (2 + f)
        let z = s * s
        var series = SIMD8<Double>(repeating: 1.0 / 23)
        series = series * z + 1.0 / 21
        series = series * z + 1.0 / 19
        series = series * z + 1.0 / 17
        series = series * z + 1.0 / 15
        series = series * z + 1.0 / 13
        series = series * z + 1.0 / 11
        series = series * z + 1.0 / 9
        series = series * z + 1.0 / 7
        series = series * z + 1.0 / 5
        series = series * z + 1.0 / 3
        let lnM = f - s * (f - 2 * z * series)
        let scale = SIMD8<Double>(k)
        return scale * ln2High + (lnM + scale * ln2Low)
    }
}
