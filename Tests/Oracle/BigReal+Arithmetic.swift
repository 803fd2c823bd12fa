import BigInt

extension BigReal {
    /// The negative, exactly.
    public static prefix func - (value: BigReal) -> BigReal {
        BigReal(rounding: -value.significand, exponent: value.exponent)
    }

    /// The sum, rounded to odd.
    public static func + (left: BigReal, right: BigReal) -> BigReal {
        if left.isZero { return right }
        if right.isZero { return left }
        let (large, small) = left.binaryExponent >= right.binaryExponent ? (left, right) : (right, left)
        // `large` with room below for all of `precision` and one bit more, so that even a cancelled leading bit leaves enough.
        let lowest = large.binaryExponent - precision - 2
        if small.binaryExponent < lowest {
            // All of `small` lies below that room: only its sign matters, as one unit further down.
            let widened = large.significand << (large.exponent - (lowest - 1))
            return BigReal(rounding: widened + small.significand.signum(), exponent: lowest - 1, isInexact: true)
        }
        let exponent = min(left.exponent, right.exponent)
        let sum = (left.significand << (left.exponent - exponent)) + (right.significand << (right.exponent - exponent))
        return BigReal(rounding: sum, exponent: exponent)
    }

    /// The difference, rounded to odd.
    public static func - (left: BigReal, right: BigReal) -> BigReal {
        left + -right
    }

    /// The product, rounded to odd.
    public static func * (left: BigReal, right: BigReal) -> BigReal {
        BigReal(rounding: left.significand * right.significand, exponent: left.exponent + right.exponent)
    }

    /// The quotient, rounded to odd.
    ///
    /// - Precondition: `right` is not zero.
    public static func / (left: BigReal, right: BigReal) -> BigReal {
        precondition(!right.isZero, "division by zero")
        let width = left.significand.magnitude.bitWidth - right.significand.magnitude.bitWidth
        let shift = max(0, precision + 2 - width)
        let (quotient, remainder) = (left.significand << shift).quotientAndRemainder(dividingBy: right.significand)
        return BigReal(rounding: quotient, exponent: left.exponent - shift - right.exponent, isInexact: !remainder.isZero)
    }

    /// Adds `right`.
    public static func += (left: inout BigReal, right: BigReal) {
        left = left + right
    }

    /// Subtracts `right`.
    public static func -= (left: inout BigReal, right: BigReal) {
        left = left - right
    }

    /// Multiplies by `right`.
    public static func *= (left: inout BigReal, right: BigReal) {
        left = left * right
    }

    /// Divides by `right`.
    ///
    /// - Precondition: `right` is not zero.
    public static func /= (left: inout BigReal, right: BigReal) {
        left = left / right
    }
}
