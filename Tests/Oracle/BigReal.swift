import BigInt

/// A real number of 256 bits, `significand × 2^exponent`, for the truth that Float64 results are compared with.
///
/// Plain scalar arithmetic on big integers, made to be obviously right rather than fast, and sharing no code with what it
/// judges. There are no infinities, NaNs or signed zeros.
///
/// Every operation rounds to odd: a result that needs more than `precision` bits is cut off, and its last bit set. The error is
/// below one unit of the last of 256 bits, and the set bit remembers on which side the true value lies. So a sum, difference,
/// product or quotient of Float64 values, however far apart, comes out of `rounded()` correctly rounded, without double rounding
/// (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
///
/// The exponent is an `Int`: `exp(-1e4)` and `exp(1e15)` are ordinary values. Magnitudes beyond 2^(2^61) saturate there, and those
/// below 2^-(2^61) become zero.
public struct BigReal: Sendable {
    /// Bits of the significand that a rounded result keeps.
    static let precision = 256
    /// The largest magnitude of `binaryExponent`. The sum of two such exponents still fits an `Int`.
    static let exponentLimit = 1 << 61

    let significand: BigInt
    let exponent: Int

    /// The given value, exactly. The significand has at most `precision` bits.
    private init(exactly significand: BigInt, exponent: Int) {
        self.significand = significand
        self.exponent = significand.isZero ? 0 : exponent
    }

    /// `significand × 2^exponent`, rounded to odd. `isInexact` says that the true value has more bits, below the significand's.
    ///
    /// - Precondition: an inexact significand has more than `precision` bits, so that the missing ones are not among those kept.
    init(rounding significand: BigInt, exponent: Int, isInexact: Bool = false) {
        var magnitude = significand.magnitude
        var exponent = exponent
        let excess = magnitude.bitWidth - Self.precision
        precondition(excess > 0 || !isInexact, "an inexact significand of \(magnitude.bitWidth) bits")
        if excess > 0 {
            let isCut = isInexact || magnitude.trailingZeroBitCount < excess
            magnitude >>= excess
            exponent += excess
            if isCut && magnitude.trailingZeroBitCount > 0 { magnitude += 1 }
        }
        let top = exponent + magnitude.bitWidth - 1
        if magnitude.isZero || top < -Self.exponentLimit {
            self.init(exactly: 0, exponent: 0)
        } else if top > Self.exponentLimit {
            self.init(exactly: BigInt(sign: significand.sign, magnitude: 1), exponent: Self.exponentLimit)
        } else {
            self.init(exactly: BigInt(sign: significand.sign, magnitude: magnitude), exponent: exponent)
        }
    }

    /// The value of `value`, exactly.
    ///
    /// - Precondition: `value` is finite.
    public init(_ value: Double) {
        precondition(value.isFinite, "\(value) is not a real number")
        let biasedExponent = Int(value.exponentBitPattern)
        let fraction = BigInt(value.significandBitPattern)
        let hiddenBit = biasedExponent == 0 ? BigInt(0) : BigInt(1) << Double.significandBitCount
        let magnitude = fraction + hiddenBit
        self.init(exactly: value.sign == .minus ? -magnitude : magnitude, exponent: max(biasedExponent, 1) - 1075)
    }

    /// The value of `value`, exactly.
    public init(_ value: Int) {
        self.init(exactly: BigInt(value), exponent: 0)
    }

    /// `0xSIGNIFICAND × 2^exponent`, rounded to 256 bits; nil when `significand` is not hexadecimal digits after an optional sign.
    public init?(hexSignificand: String, exponent: Int) {
        guard let significand = BigInt(hexSignificand, radix: 16) else { return nil }
        self.init(rounding: significand, exponent: exponent)
    }

    /// Zero.
    public static let zero = BigReal(0)

    /// Whether this is zero.
    public var isZero: Bool { significand.isZero }

    /// The absolute value.
    public var magnitude: BigReal {
        BigReal(exactly: BigInt(sign: .plus, magnitude: significand.magnitude), exponent: exponent)
    }

    /// The `e` with 2^e ≤ |self| < 2^(e + 1).
    ///
    /// - Precondition: the value is not zero.
    public var binaryExponent: Int {
        precondition(!isZero, "zero has no binary exponent")
        return exponent + significand.magnitude.bitWidth - 1
    }

    /// `self × 2^power`, exactly.
    public func scaled(byPowerOfTwo power: Int) -> BigReal {
        let limit = Self.exponentLimit
        return BigReal(rounding: significand, exponent: exponent + max(-2 * limit, min(2 * limit, power)))
    }
}

extension BigReal: Comparable {
    /// Whether both are the same value; exact.
    public static func == (left: BigReal, right: BigReal) -> Bool {
        order(left, right) == 0
    }

    /// Whether `left` is the lesser value; exact.
    public static func < (left: BigReal, right: BigReal) -> Bool {
        order(left, right) < 0
    }

    /// Negative, zero or positive as `left` is below, equal to or above `right`.
    private static func order(_ left: BigReal, _ right: BigReal) -> Int {
        let sign = Int(left.significand.signum())
        guard sign == Int(right.significand.signum()) else { return sign - Int(right.significand.signum()) }
        guard sign != 0 else { return 0 }
        guard left.binaryExponent == right.binaryExponent else {
            return left.binaryExponent < right.binaryExponent ? -sign : sign
        }
        // Equal binary exponents: the significands' exponents differ by less than `precision`.
        let exponent = min(left.exponent, right.exponent)
        let leftAligned = left.significand << (left.exponent - exponent)
        let rightAligned = right.significand << (right.exponent - exponent)
        return leftAligned == rightAligned ? 0 : (leftAligned < rightAligned ? -1 : 1)
    }
}
