import BigInt

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Fractional bits of the fixed-point numbers in `exp`. Where they are big integers, the point is understood.
private let fractionBits = FixedFraction.bitCount
/// Further fractional bits in the reduction by k·ln 2, where |k| reaches 2^61.
private let reductionBits = 64
/// `exp` evaluates its series at r / 2^halvings and squares the result as often.
private let halvings = 16
/// Terms of that series: the first one left out is (ln 2 / 2^16)^15 / 15! < 2^-287, of which the squarings make 2^-271.
private let exponentialTerms = 14

/// ln 2 = 18 artanh(1/26) − 2 artanh(1/4801) + 8 artanh(1/8749), in fixed point with `fractionBits + reductionBits` (Gourdon and Sebah,
/// "The logarithmic constant: log 2", 2010, formula 9).
private let fixedLn2: BigInt = {
    let guardBits = 32
    let one = BigInt(1) << (fractionBits + reductionBits + guardBits)
    func artanhOfInverse(_ n: BigInt) -> BigInt {
        var power = one / n
        var sum = power
        var divisor = BigInt(1)
        while !power.isZero {
            power /= n * n
            divisor += 2
            sum += power / divisor
        }
        return sum
    }
    return (18 * artanhOfInverse(26) - 2 * artanhOfInverse(4801) + 8 * artanhOfInverse(8749)) >> guardBits
}()

/// ln 2 to 256 bits.
private let ln2 = BigReal(rounding: fixedLn2, exponent: -(fractionBits + reductionBits), isInexact: true)

/// 1, 1/3, 1/5, …: the coefficients of artanh(s) / s in powers of s².
private let inverseOddNumbers: [BigReal] = (0..<14).map { BigReal(1) / BigReal(2 * $0 + 1) }

extension BigReal {
    /// e^x with a relative error below 2^-254.
    ///
    /// x = k ln 2 + r with 0 ≤ r < ln 2; the series of e^t − 1 at t = r / 2^16, then (1 + u)² − 1 = 2u + u² sixteen times. For x beyond
    /// ±2^60 the result is the saturated 2^(2^61), or zero. About 8 µs in a release build.
    public static func exp(_ x: BigReal) -> BigReal {
        guard !x.isZero else { return BigReal(1) }
        guard x.binaryExponent < 60 else { return x > zero ? BigReal(1).scaled(byPowerOfTwo: exponentLimit) : zero }
        let fixedMagnitude = x.significand.magnitude << (x.exponent + fractionBits + reductionBits)
        let (quotient, remainder) = fixedMagnitude.quotientAndRemainder(dividingBy: fixedLn2.magnitude)
        var k = Int(quotient)
        var r = remainder
        if x < zero {
            // For a remainder of zero r is ln 2, cut off like all that follows: even then e^r comes out below 2, and e^x on its side of
            // e^(k ln 2), which is 1 for the smallest x.
            k = -k - 1
            r = fixedLn2.magnitude - remainder
        }
        let t = FixedFraction(numerator: r >> (reductionBits + halvings))
        // Horner: e^t − 1 = t (1 + 1/2 t (1 + 1/3 t (1 + …))), each bracket but for its 1.
        var u = t
        for n in stride(from: exponentialTerms, through: 2, by: -1) {
            u /= UInt64(n)
            u = t * u
            u += t
        }
        // u stays below e^r − 1 < 1.
        for _ in 0..<halvings {
            let square = u * u
            u += u
            u += square
        }
        // e^x is irrational for a rational x ≠ 0 (Lambert), hence never exact.
        let one = BigUInt(1) << fractionBits
        return BigReal(rounding: BigInt(one + u.numerator), exponent: k - fractionBits, isInexact: true)
    }

    /// The natural logarithm, with a relative error below 2^-240, next to 1 as elsewhere.
    ///
    /// x = 2^k m with m in [√½, √2]; y ≈ log m from Float64, and log m = y + log1p(m e^-y − 1), whose argument is about 2^-53.
    ///
    /// - Precondition: `x` is above zero.
    public static func log(_ x: BigReal) -> BigReal {
        precondition(x > zero, "log of \(x)")
        var k = x.binaryExponent
        var m = x.scaled(byPowerOfTwo: -k)
        if m.rounded() > 2.0.squareRoot() {
            k += 1
            m = m.scaled(byPowerOfTwo: -1)
        }
        let distance = m - BigReal(1)
        // Next to 1 the sum below would cancel; the series needs no help there.
        if k == 0 && (distance.isZero || distance.binaryExponent < -10) { return log1pSeries(distance) }
        let estimate = systemLog(m.rounded())
        let correction = log1pSeries(m * exp(BigReal(-estimate)) - BigReal(1))
        return BigReal(k) * ln2 + (BigReal(estimate) + correction)
    }

    /// log(1 + x) with a relative error below 2^-240, next to 0 as elsewhere.
    ///
    /// - Precondition: `x` is above −1.
    public static func log1p(_ x: BigReal) -> BigReal {
        if x.isZero || x.binaryExponent < -10 { return log1pSeries(x) }
        return log(BigReal(1) + x)
    }

    /// log(1 + x) = 2 artanh(x / (2 + x)) = 2s (1 + s²/3 + s⁴/5 + …) for |x| < 2^-10.
    private static func log1pSeries(_ x: BigReal) -> BigReal {
        guard !x.isZero else { return zero }
        let s = x / (BigReal(2) + x)
        let square = s * s
        // The first left-out power of s² is below 2^-precision of the sum.
        let termCount = min(precision / -square.binaryExponent + 2, inverseOddNumbers.count)
        var sum = inverseOddNumbers[termCount - 1]
        for coefficient in inverseOddNumbers[..<(termCount - 1)].reversed() {
            sum = sum * square + coefficient
        }
        return (s * sum).scaled(byPowerOfTwo: 1)
    }
}

/// The C library's log: only a first estimate, whose error the next step removes.
private func systemLog(_ x: Double) -> Double {
    log(x)
}
