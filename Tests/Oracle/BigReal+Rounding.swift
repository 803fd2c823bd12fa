import BigInt

extension BigReal: CustomStringConvertible {
    /// The nearest Float64, ties to even, through subnormals to zero and through `greatestFiniteMagnitude` to infinity (IEEE 754-2019,
    /// 4.3.1).
    public func rounded() -> Double {
        guard !isZero else { return 0 }
        let sign: FloatingPointSign = significand.sign == .minus ? .minus : .plus
        let magnitude = significand.magnitude
        if binaryExponent > 1023 { return sign == .minus ? -.infinity : .infinity }
        // One unit in the last place of the result is 2^unit.
        let unit = Self.unitExponent(ofBinade: binaryExponent)
        let shift = unit - exponent
        var units: UInt64
        if shift <= 0 {
            units = UInt64(magnitude << -shift)  // exact: it fits 53 bits
        } else if shift > magnitude.bitWidth {
            units = 0  // less than half a unit
        } else {
            units = UInt64(magnitude >> shift)
            let isHalfOrMore = (magnitude >> (shift - 1)).trailingZeroBitCount == 0
            let isAboveHalf = isHalfOrMore && magnitude.trailingZeroBitCount < shift - 1
            if isAboveHalf || (isHalfOrMore && units % 2 == 1) { units += 1 }
        }
        // Exact, except that 2^53 units at the top of the range give infinity, as they should.
        return Double(sign: sign, exponent: unit, significand: Double(units))
    }

    /// Float64's unit in the last place at this value's magnitude: 2^(e - 52) in the binade of 2^e, 2^-1074 from the smallest normal
    /// binade down to zero. Beyond Float64's range the binades go on.
    public var ulp: BigReal {
        BigReal(1).scaled(byPowerOfTwo: isZero ? -1074 : Self.unitExponent(ofBinade: binaryExponent))
    }

    private static func unitExponent(ofBinade binaryExponent: Int) -> Int {
        max(binaryExponent - 52, -1074)
    }

    /// The value as C's `%a` would show it, to 24 hexadecimal digits, the rest cut off: `0x1.62e42fefa39ef35793c7673p-1`.
    public var description: String {
        guard !isZero else { return "0x0p+0" }
        let digitCount = 24
        let magnitude = significand.magnitude
        // The leading one, then `digitCount` digits.
        let digits = String(magnitude >> (magnitude.bitWidth - 1 - 4 * digitCount), radix: 16).dropFirst()
        var fraction = String(digits)
        while fraction.last == "0" { fraction.removeLast() }
        let power = binaryExponent < 0 ? "\(binaryExponent)" : "+\(binaryExponent)"
        return "\(significand.sign == .minus ? "-" : "")0x1\(fraction.isEmpty ? "" : ".")\(fraction)p\(power)"
    }
}
