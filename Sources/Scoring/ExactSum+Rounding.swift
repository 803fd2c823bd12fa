import BigInt

extension ExactSum {
    // MARK: Reading a Float64

    /// The sum, rounded once: to nearest, ties to even, as IEEE 754 has it.
    ///
    /// Magnitudes from 2^1024 - 2^970 up give an infinity, subnormal results are rounded at 2^-1074, and a negative sum that
    /// rounds to zero gives -0. Where terms were infinite or NaN: NaN if any was NaN or both signs of infinity
    /// occurred, else that infinity. Error at most 0.5 ULP. O(1).
    public func rounded() -> Double {
        rounded(dividedBy: 1)
    }

    /// The exact quotient of the sum and `count`, rounded once: the correctly rounded mean of `count` terms, also
    /// where the sum itself is beyond the range of Float64.
    ///
    /// Rounds like `rounded()`. By IEEE 754, a division by zero gives NaN for a zero sum, else an infinity of its sign.
    /// Error at most 0.5 ULP. O(1), about a microsecond.
    public func rounded(dividedBy count: UInt64) -> Double {
        if let value = nonFiniteValue {
            return value
        }
        guard count != 0 else {
            return Self.quotientByZero(sign)
        }
        var (isNegative, words) = signAndMagnitude()
        // Long division from the highest word. The remainder stays below the count, so that every quotient is below 2^32.
        // What the last remainder stands for lies below 2^-2148, far from where a Float64 is rounded: it
        // only matters whether it is zero.
        var remainder: UInt64 = 0
        if count != 1 {
            for index in words.indices.reversed() {
                let (quotient, rest) = count.dividingFullWidth((remainder >> 32, remainder << 32 | UInt64(words[index])))
                words[index] = UInt32(truncatingIfNeeded: quotient)
                remainder = rest
            }
        }
        return Self.rounded(isNegative: isNegative, magnitude: words, isInexact: remainder != 0)
    }

    /// The exact quotient of two sums, rounded once: Σwx / Σw for example. Rounds like `rounded()`.
    ///
    /// The result is the quotient that IEEE 754 gives for the two values where terms were infinite or NaN, or the divisor is zero.
    /// Error at most 0.5 ULP. O(1), some microseconds.
    public func rounded(dividedBy divisor: ExactSum) -> Double {
        if hasNonFiniteTerms || divisor.hasNonFiniteTerms {
            // A finite value counts by its sign only, and must not overflow here.
            let quotient = (nonFiniteValue ?? Double(sign)) / (divisor.nonFiniteValue ?? Double(divisor.sign))
            return quotient.isNaN ? .nan : quotient
        }
        let numerator = bigInteger()
        let denominator = divisor.bigInteger()
        return Self.rounded(
            numerator.numerator, over: denominator.numerator,
            scaledByPowerOfTwo: numerator.exponentOfTwo - denominator.exponentOfTwo)
    }

    /// The quotient that IEEE 754 gives for a number of this sign over zero. Not by division: the sign of a NaN that a division makes is
    /// the processor's choice.
    private static func quotientByZero(_ sign: some SignedInteger) -> Double { sign == 0 ? .nan : sign > 0 ? .infinity : -.infinity }

    // MARK: Exact rationals

    /// The finite part as numerator · 2^exponentOfTwo, exactly. The exponent is -2148 plus a multiple of 32 (-2148 for zero).
    func bigInteger() -> (numerator: BigInt, exponentOfTwo: Int) {
        let (isNegative, words) = signAndMagnitude()
        guard let first = words.firstIndex(where: { $0 != 0 }) else {
            return (0, Self.leastExponent)
        }
        let wordsPerUInt = UInt.bitWidth / 32
        let packed = stride(from: first, to: words.count, by: wordsPerUInt).map { start in
            words[start..<min(start + wordsPerUInt, words.count)].reversed().reduce(0 as UInt) { packed, word in
                // Swift's << gives 0 for a shift by the whole width, where UInt has 32 bits.
                packed << 32 | UInt(word)
            }
        }
        let magnitude = BigUInt(words: packed)
        return (BigInt(sign: isNegative ? .minus : .plus, magnitude: magnitude), Self.leastExponent + 32 * first)
    }

    /// numerator / denominator · 2^exponent, rounded once: to nearest, ties to even, with gradual underflow and overflow to
    /// infinity. A denominator of zero gives NaN for a numerator of zero, else an infinity of the numerator's sign.
    static func rounded(_ numerator: BigInt, over denominator: BigInt, scaledByPowerOfTwo exponent: Int) -> Double {
        guard denominator.signum() != 0 else {
            return quotientByZero(numerator.signum())
        }
        guard numerator.signum() != 0 else {
            return 0
        }
        // A quotient of at least 65 bits holds all that is rounded to, and the remainder tells whether there is more.
        let shift = max(0, 66 - numerator.magnitude.bitWidth + denominator.magnitude.bitWidth)
        let (quotient, remainder) = (numerator.magnitude << shift).quotientAndRemainder(dividingBy: denominator.magnitude)
        return rounded(
            isNegative: (numerator.signum() < 0) != (denominator.signum() < 0), magnitude: quotient,
            exponent: exponent - shift, isInexact: !remainder.isZero)
    }

    /// √(numerator / denominator · 2^exponent), rounded once, to nearest, ties to even.
    ///
    /// A quotient of zero or below gives 0: callers' sums of squares may have been rounded, which can bring a
    /// variance of nothing slightly below zero. A denominator of zero gives NaN.
    static func roundedSquareRoot(
        of numerator: BigInt, over denominator: BigInt, scaledByPowerOfTwo exponent: Int
    ) -> Double {
        guard denominator.signum() != 0 else {
            return .nan
        }
        guard numerator.signum() * denominator.signum() > 0 else {
            return 0
        }
        // A quotient of at least 131 bits has a root of at least 66; the power of two beside it must be even to be halved.
        var shift = max(0, 132 - numerator.magnitude.bitWidth + denominator.magnitude.bitWidth)
        if (exponent - shift) % 2 != 0 {
            shift += 1
        }
        let (quotient, remainder) = (numerator.magnitude << shift).quotientAndRemainder(dividingBy: denominator.magnitude)
        // The floor of the root of a real number is the floor of the root of its floor.
        let root = quotient.squareRoot()
        return rounded(
            isNegative: false, magnitude: root, exponent: (exponent - shift) / 2,
            isInexact: !remainder.isZero || root * root != quotient)
    }

    // MARK: Rounding proper

    /// ±(magnitude + ε) · 2^exponent, rounded, where 0 < ε < 1 if `isInexact`, else ε = 0.
    private static func rounded(isNegative: Bool, magnitude: BigUInt, exponent: Int, isInexact: Bool) -> Double {
        let excess = magnitude.bitWidth - 64
        guard excess > 0 else {
            // Exact in 64 bits: the callers see to 65 bits at least where anything lies below.
            assert(!isInexact)
            let significand = UInt64(magnitude)
            let shift = significand.leadingZeroBitCount
            return rounded(isNegative: isNegative, significand: significand << shift, exponent: exponent - shift, isInexact: false)
        }
        return rounded(
            isNegative: isNegative, significand: UInt64(magnitude >> excess), exponent: exponent + excess,
            isInexact: isInexact || magnitude.trailingZeroBitCount < excess)
    }

    /// ±Σ magnitude[i] · 2^(32 i - 2148), rounded; `isInexact` says that something more, below 2^-2148, was cut off.
    private static func rounded(isNegative: Bool, magnitude words: [UInt32], isInexact: Bool) -> Double {
        guard let top = words.lastIndex(where: { $0 != 0 }) else {
            // Zero, or below 2^-2148: either way 0.
            return isInexact && isNegative ? -0.0 : 0.0
        }
        // The highest 64 bits, from three words.
        let shift = words[top].leadingZeroBitCount
        let middle = top >= 1 ? UInt64(words[top - 1]) : 0
        let low = top >= 2 ? UInt64(words[top - 2]) : 0
        let significand = UInt64(words[top]) << (32 + shift) | middle << shift | low >> (32 - shift)
        let hasBitsBelow = low << (32 + shift) != 0 || (top >= 3 && words[..<(top - 2)].contains { $0 != 0 })
        return rounded(
            isNegative: isNegative, significand: significand, exponent: leastExponent + 32 * (top - 1) - shift,
            isInexact: isInexact || hasBitsBelow)
    }

    /// ±(significand + ε) · 2^exponent, rounded to nearest, ties to even, where 0 < ε < 1 if `isInexact`, else ε = 0.
    /// The significand is 0, or its highest bit is set.
    private static func rounded(isNegative: Bool, significand: UInt64, exponent: Int, isInexact: Bool) -> Double {
        assert(significand == 0 || significand.leadingZeroBitCount == 0)
        let signBit: UInt64 = isNegative ? 1 << 63 : 0
        // The value lies in 2^topExponent ..< 2^(topExponent + 1).
        let topExponent = exponent + 63
        guard topExponent <= 1023 else {
            return Double(bitPattern: signBit | Double.infinity.bitPattern)
        }
        // 53 bits are kept, and fewer where the last of them would stand for less than 2^-1074.
        let droppedBitCount = max(11, -1074 - exponent)
        guard significand != 0, droppedBitCount <= 64 else {
            // Below half of the least subnormal.
            return Double(bitPattern: signBit)
        }
        // Swift's shifts by 64 give 0.
        let kept = significand >> droppedBitCount
        let dropped = significand << (64 - droppedBitCount)
        let half: UInt64 = 1 << 63
        let roundsUp = dropped > half || (dropped == half && (isInexact || kept & 1 == 1))
        // The leading one of a normal number adds one to the exponent field. A carry out of the significand
        // goes there as well: from subnormal to normal, to the next power of two, or to infinity.
        let exponentBits: UInt64 = topExponent >= -1022 ? UInt64(topExponent + 1022) << 52 : 0
        return Double(bitPattern: signBit | (exponentBits + kept + (roundsUp ? 1 : 0)))
    }
}

extension ExactSum {
    /// The sum times a count, rounded once.
    func rounded(times count: Int) -> Double {
        // By binary digits of the count: a few exact additions.
        var product = ExactSum()
        var power = self
        var rest = UInt64(max(0, count))
        while rest != 0 {
            if rest & 1 == 1 { product.add(power) }
            rest >>= 1
            if rest != 0 { power.add(power) }
        }
        return product.rounded()
    }
}
