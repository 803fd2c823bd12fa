// Powers of probabilities, for the focal factor (1 − p)^γ.

import KernelABI

/// base^exponent for a base up to 1 (beyond it while the result stays below 2^1023) that is rounded to its `high`, and an exponent in 0...100, the same
/// for all lanes; 0^0 is 1. A base below 0 has powers with whole exponents; others are NaN. Next to a power's `high` its `low` is an ULP at the most.
///
/// Error of the pair, besides the base's own times the exponent: none that counts for exponents 0, 1 and 2, else 0.16 + exponent / 50 times 2^-53 of
/// itself. The power is exp(exponent · log base), with the logarithm and its product as pairs. Powers below 2^-1009 and above 1 are rounded, within 1.1 ULP
/// more; subnormal ones have as many digits as they have room for.
@inline(always)
func power(_ base: LanePair, _ exponent: Double) -> LanePair {
    if exponent == 0 { return LanePair(lanes(1), lanes(0)) }
    if exponent == 1 { return base }
    if exponent == 2 { return base * base }
    let magnitude = base.high.absolute
    let isSubnormal = magnitude .< lanes(0x1p-1022)
    var u = Decomposed((magnitude * lanes(0x1p+54)).replacing(with: magnitude, where: .!isSubnormal))
    // Of a subnormal base the rest is below any digit.
    let rest = base.low.replacing(with: lanes(0) - base.low, where: base.high .< lanes(0))
    let correction = (rest * u.inverseScale).replacing(with: lanes(0), where: isSubnormal .| (rest .== lanes(0)))
    u.lower(where: isSubnormal)
    let logarithm = logarithmPair(u, correction: correction).normalized
    let product = LanePair(lanes(exponent), lanes(0)) * logarithm
    let isModerate = (product.high .>= lanes(-700)) .& (product.high .<= lanes(0))
    let moderate = exponentialPair(moderate: lanes(0).smaller(lanes(-700).larger(product.high)))
    var result = LanePair(moderate.high, product.low.fma(moderate.high, moderate.low)).normalized
    if !isFull(isModerate) {
        result = LanePair(exponential(product.high, rest: product.low), lanes(0)).replacing(with: result, where: isModerate)
    }
    var ofNegative = LanePair(lanes(.nan), lanes(0))
    if exponent == exponent.rounded(.towardZero) {
        let isEven = exponent / 2 == (exponent / 2).rounded(.towardZero)
        ofNegative = isEven ? result : LanePair(lanes(0) - result.high, lanes(0) - result.low)
    }
    let zero = LanePair(lanes(0), lanes(0))
    return zero.replacing(with: result, where: base.high .> lanes(0)).replacing(with: ofNegative, where: base.high .< lanes(0))
}
