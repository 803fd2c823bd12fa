import BigInt
import Oracle

/// The oracle of the moments: losses as integers of 2^-1074, results as fractions of integers, rounded by comparing remainders.
enum ExactFraction {
    /// A finite value in units of 2^-1074.
    static func units(_ value: Double) -> BigInt {
        guard value != 0 else { return 0 }
        let significand = BigInt(value.significandBitPattern | (value.isNormal ? 1 << 52 : 0))
        let magnitude = significand << (value.isNormal ? Int(value.exponent) - 52 + 1074 : 0)
        return value < 0 ? -magnitude : magnitude
    }

    /// The mean of finite losses that are not negative, rounded to nearest, ties to even.
    static func mean(_ losses: [Double]) -> Double {
        let sum = losses.reduce(BigUInt(0)) { $0 + units($1).magnitude }
        let count = BigUInt(losses.count)
        guard sum > 0 else { return 0 }
        // The quotient in units of 2^(shift − 1074), where it has at most 53 bits.
        var shift = max(0, (sum / count).bitWidth - 53)
        let divisor = count << shift
        var (quotient, remainder) = sum.quotientAndRemainder(dividingBy: divisor)
        remainder *= 2
        if remainder > divisor || (remainder == divisor && quotient & 1 == 1) { quotient += 1 }
        if quotient.bitWidth > 53 {
            quotient >>= 1
            shift += 1
        }
        return Double(sign: .plus, exponent: shift - 1074, significand: Double(UInt64(quotient)))
    }

    /// s / √n for values given as integers of 2^exponent, to about 200 bits: √((n Σq² − (Σq)²) / (n² (n − 1))).
    static func standardError(_ values: [BigInt], exponent: Int) -> BigReal {
        let n = BigInt(values.count)
        let sum = values.reduce(BigInt(0), +)
        let squares = values.reduce(BigInt(0)) { $0 + $1 * $1 }
        let numerator = (n * squares - sum * sum).magnitude
        let denominator = (n * n * (n - 1)).magnitude
        let halfShift = 250
        let root = ((numerator << (2 * halfShift)) / denominator).squareRoot()
        return BigReal(hexSignificand: String(root, radix: 16), exponent: exponent - halfShift) ?? .zero
    }
}
