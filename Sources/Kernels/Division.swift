// Predictions divided by a temperature.

public import KernelABI

/// Writes each value over the divisor, rounded once: the bits of a division. O(count).
///
/// A division takes a processor as long as some ten multiplications. So a quotient is found by the reciprocal, and mended twice by what it leaves of the
/// value, which a fused multiply-add has without rounding: after the first step it is next to x / d, after the second it is the one that division
/// rounds to (Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor", 1990, theorem 7.2). Not so for quotients that
/// are subnormal or infinite, and where a product or a rest on the way would be: those are divided.
public func divideValues(_ block: UnsafeMutablePointer<DivisionBlock>) {
    let element = StoredElement(code: block.pointee.elementCode)
    let values = block.pointee.values, quotients = block.pointee.quotients, count = block.pointee.count
    let divisor = lanes(block.pointee.divisor), reciprocal = lanes(1 / block.pointee.divisor)
    let isPlain = block.pointee.divisor > 0x1p-60 && block.pointee.divisor < 0x1p60
    // Wrapping: indices stay within the block's memory.
    var i = 0
    while i < count {
        let x = element.loadEight(values + i &* element.byteCount)
        let magnitude = x.absolute
        if isPlain && isFull((magnitude .>= lanes(0x1p-800)) .& (magnitude .<= lanes(0x1p800))) {
            quotient(x, divisor, reciprocal).store(quotients + i)
        } else {
            (x / divisor).store(quotients + i)
        }
        i &+= 8
    }
}

/// x / divisor, the bits of a division, by the divisor's reciprocal: for numbers from 2^-800 to 2^800, or 0, and a divisor from 2^-60 to 2^60.
@inline(always) func quotient(_ x: Lanes, _ divisor: Lanes, _ reciprocal: Lanes) -> Lanes {
    let first = x * reciprocal
    let second = (-first).fma(divisor, x).fma(reciprocal, first)
    return (-second).fma(divisor, x).fma(reciprocal, second)
}
