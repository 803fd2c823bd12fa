// log and log1p on eight lanes, after fdlibm's e_log.c (Sun Microsystems, 1993): u = 2^k (1 + f) with 1 + f in [√½, √2), s = f / (2 + f),
// log(1 + f) = f − (f²/2 − s (f²/2 + R(s²))); R is the minimax polynomial that scripts/minimax.py prints (relative error 2^-59.5).

/// k and 1 + f of a positive normal number, as bits.
@inline(always) private func decompose(_ u: Lanes) -> (k: LaneIntegers, oneAndF: Lanes) {
    // Wrapping integer arithmetic on encodings; u is positive and normal, so nothing wraps for a lane that is used.
    let offset = u.integerBits &- LaneIntegers(repeating: 0x3FE6_A09E_667F_3BCD)
    let k = offset &>> LaneIntegers(repeating: 52)
    let scaled = u.integerBits &- (k &<< LaneIntegers(repeating: 52))
    return (k, unsafeBitCast(scaled, to: Lanes.self))
}

/// An integer within ±2^51 as Float64: exact, and without the conversion instruction that only AVX-512 has.
@inline(always) private func floating(_ k: LaneIntegers) -> Lanes {
    let shift = lanes(0x1.8p+52)
    return unsafeBitCast(shift.integerBits &+ k, to: Lanes.self) - shift
}

/// log(2^k (1 + f) + correction * 2^k) for |correction| <= 2^-49; without a correction the same bits as with one of 0.
@inline(always) private func logarithm(k: LaneIntegers, f: Lanes, correction: Lanes?) -> Lanes {
    let s = f / (lanes(2) + f)
    let z = s * s
    var r = z.fma(lanes(0x1.2f02517caf3d9p-3), 0x1.39a20ba4e86f7p-3)
    r = r.fma(z, 0x1.74663ba34b529p-3)
    r = r.fma(z, 0x1.c71c521a1972bp-3)
    r = r.fma(z, 0x1.24924941db48cp-2)
    r = r.fma(z, 0x1.999999997ff63p-2)
    r = r.fma(z, 0x1.5555555555592p-1)
    let halfSquare = f * (f * lanes(0.5))
    let kAsDouble = floating(k)
    var low = kAsDouble * lanes(ln2Low)
    if let correction {
        // d log = correction / (1 + f), and 1 / (1 + f) = (1 − s)² / (1 − s²): a division saved, right to 0.1 % of the correction.
        let oneMinusS = lanes(1) - s
        let inverse = oneMinusS * oneMinusS
        low = correction.fma(inverse.fma(z, inverse), low)
    }
    let inner = s.fma(r.fma(z, halfSquare), low)
    return kAsDouble.fma(lanes(ln2High), f - (halfSquare - inner))
}

/// −log(p) for p in [0, 1]; +∞ for 0, NaN outside of [0, 1] and for NaN.
///
/// Error: at most 1 ULP (0.79 seen), subnormal p included.
@inline(always) func negativeLogarithm(_ p: Lanes) -> Lanes {
    let isSubnormal = p .< lanes(0x1p-1022)
    let scaled = (p * lanes(0x1p+54)).replacing(with: p, where: .!isSubnormal)
    let (k, oneAndF) = decompose(scaled)
    let kOfP = k &- LaneIntegers(repeating: 0).replacing(with: LaneIntegers(repeating: 54), where: isSubnormal)
    // 0 − x and not −x, so that log 1 gives +0.
    var result = lanes(0) - logarithm(k: kOfP, f: oneAndF - lanes(1), correction: nil)
    result.replace(with: lanes(.infinity), where: p .== lanes(0))
    let isProbability = (p .>= lanes(0)) .& (p .<= lanes(1))
    return lanes(.nan).replacing(with: result, where: isProbability)
}

/// log(x) for positive normal numbers; numbers without meaning for others.
///
/// Error: at most 1 ULP.
@inline(always) func logarithm(normal x: Lanes) -> Lanes {
    let (k, oneAndF) = decompose(x)
    return logarithm(k: k, f: oneAndF - lanes(1), correction: nil)
}

/// log(x) for finite numbers: −∞ for 0, NaN below it and for NaN.
///
/// Error: at most 1 ULP, subnormal x included.
@inline(always) func logarithm(ofAny x: Lanes) -> Lanes {
    let isSubnormal = x .< lanes(0x1p-1022)
    let (k, oneAndF) = decompose((x * lanes(0x1p+54)).replacing(with: x, where: .!isSubnormal))
    let kOfX = k &- LaneIntegers(repeating: 0).replacing(with: LaneIntegers(repeating: 54), where: isSubnormal)
    let result = logarithm(k: kOfX, f: oneAndF - lanes(1), correction: nil).replacing(with: lanes(-.infinity), where: x .== lanes(0))
    return lanes(.nan).replacing(with: result, where: x .>= lanes(0))
}

/// log(1 + x) for x in (−1, 2^1023); −∞ for −1, NaN below −1 and for NaN, +∞ for +∞.
///
/// Error: at most 1 ULP (0.88 seen), subnormal x included.
@inline(always) func logarithmOfOnePlus(_ x: Lanes) -> Lanes {
    var result = logarithm(of: twoSum(lanes(1), x))
    // log1p(x) = x to the last digit; spares the subnormals the arithmetic above, whose products would round.
    result.replace(with: x, where: x.absolute .< lanes(0x1p-54))
    result.replace(with: lanes(-.infinity), where: x .== lanes(-1))
    result.replace(with: lanes(.infinity), where: x .== lanes(.infinity))
    return result.replacing(with: lanes(.nan), where: .!(x .>= lanes(-1)))
}

/// log(1 + x + rest) for finite x >= 0 and |rest| <= 4 ulp(x); for a rest of half an ULP the loss of x's last digit is made good.
///
/// Error: at most 0.9 ULP, next to 0 at most 0.51, of the logarithm of the sum of the two.
@inline(always) func logarithmOfOnePlus(_ x: Lanes, rest: Lanes) -> Lanes {
    let (u, lost) = twoSum(lanes(1), x)
    let result = logarithm(of: (u, lost + rest))
    // There two terms of the series are enough, and the sum above would round the rest away.
    let ofLittle = x + (x * lanes(-0.5)).fma(x, rest)
    return result.replacing(with: ofLittle, where: x .< lanes(0x1p-36))
}

/// log(u.sum + u.rest) for a positive u.sum; u.rest is a few of its ULP at the most.
@inline(always) private func logarithm(of u: (sum: Lanes, rest: Lanes)) -> Lanes {
    let (k, oneAndF) = decompose(u.sum)
    // Scaled by 2^-k the rest corrects f. For k > 1021 it is far below any digit, and 2^-k is cut off.
    let inverseScale = LaneIntegers(repeating: 1023) &- k
    let limited = inverseScale.replacing(with: LaneIntegers(repeating: 1), where: inverseScale .< LaneIntegers(repeating: 1))
    let scale = unsafeBitCast(limited &<< LaneIntegers(repeating: 52), to: Lanes.self)
    return logarithm(k: k, f: oneAndF - lanes(1), correction: u.rest * scale)
}

/// −log(p) where `isPositive`, −log(1 − p) elsewhere, for p in [0, 1]: one logarithm for both; NaN outside of [0, 1] and for NaN.
///
/// The same bits as `negativeLogarithm(p)` and `0 − logarithmOfOnePlus(−p)`, and their errors.
@inline(always) func negativeLogarithm(_ p: Lanes, isPositive: SIMDMask<LaneIntegers>) -> Lanes {
    let isSubnormal = (p .< lanes(0x1p-1022)) .& isPositive
    // Wholly or without a rest, as the label has it: u + rest = p or 1 − p.
    let complement = lanes(1) - p
    let rest = ((lanes(1) - complement) - p).replacing(with: lanes(0), where: isPositive)
    let ofPositive = p.replacing(with: p * lanes(0x1p+54), where: isSubnormal)
    let (k, oneAndF) = decompose(complement.replacing(with: ofPositive, where: isPositive))
    let kOfArgument = k &- LaneIntegers(repeating: 0).replacing(with: LaneIntegers(repeating: 54), where: isSubnormal)
    // The rest is not 0 for u in [½, 1] alone, where its scale is 1 or 2.
    let scale = unsafeBitCast((LaneIntegers(repeating: 1023) &- k) &<< LaneIntegers(repeating: 52), to: Lanes.self)
    let correction = lanes(0).replacing(with: rest * scale, where: rest .!= lanes(0))
    var result = lanes(0) - logarithm(k: kOfArgument, f: oneAndF - lanes(1), correction: correction)
    // −0 is 0.
    result.replace(with: p.absolute, where: .!isPositive .& (p .< lanes(0x1p-54)))
    result.replace(with: lanes(.infinity), where: p .== lanes(1).replacing(with: lanes(0), where: isPositive))
    let isProbability = (p .>= lanes(0)) .& (p .<= lanes(1))
    return lanes(.nan).replacing(with: result, where: isProbability)
}

/// The least p for which `negativeLogarithm(uncertain:…)` is made; where `isNarrow`, p has the 24 bits of a Float32, and 1 − p no rest.
@inline(always) func leastUncertain(isNarrow: Bool) -> Double { isNarrow ? 0x1p-30 : 0x1p-54 }

/// `negativeLogarithm(p, isPositive:)`, the same bits, for p from `leastUncertain` to below 1: neither log has an exception there.
@inline(always) func negativeLogarithm(uncertain p: Lanes, isPositive: SIMDMask<LaneIntegers>, isNarrow: Bool) -> Lanes {
    let complement = lanes(1) - p
    let (k, oneAndF) = decompose(complement.replacing(with: p, where: isPositive))
    var correction: Lanes?
    if !isNarrow {
        let rest = ((lanes(1) - complement) - p).replacing(with: lanes(0), where: isPositive)
        correction = rest * unsafeBitCast((LaneIntegers(repeating: 1023) &- k) &<< LaneIntegers(repeating: 52), to: Lanes.self)
    }
    return lanes(0) - logarithm(k: k, f: oneAndF - lanes(1), correction: correction)
}

/// `logarithmOfOnePlus(x)`, the same bits, for x in [2^-54, 1].
@inline(always) func logarithmOfOnePlus(upToOne x: Lanes) -> Lanes {
    let u = lanes(1) + x
    // Exact as that of `twoSum`, since x is the smaller (Dekker).
    let rest = x - (u - lanes(1))
    let (k, oneAndF) = decompose(u)
    let scale = unsafeBitCast((LaneIntegers(repeating: 1023) &- k) &<< LaneIntegers(repeating: 52), to: Lanes.self)
    return logarithm(k: k, f: oneAndF - lanes(1), correction: rest * scale)
}

/// log(1 − exp(x)) for x <= 0, by the two ways of Mächler ("Accurately computing log(1 − exp(−|a|))", 2012), which meet at −log 2;
/// −∞ for 0, NaN above.
@inline(always)
func logarithmOfOneMinusExponential(_ x: Lanes) -> Lanes {
    let isNear = x .> lanes(-0x1.62e42fefa39efp-1)
    // Near 0: log(−expm1(x)). There k is 0 or −1, and 1 − exp(x) = −(r + r² P(r)) or 1 − ½ (1 + r + r² P(r)).
    let near = lanes(-1).larger(x)
    let (_, reduced, k) = reduce(near)
    let minusOne = exponentialMinusOne(reduced: reduced)
    let halved = lanes(0.5) - lanes(0.5) * minusOne
    let complement = (lanes(0) - minusOne).replacing(with: halved, where: k .< lanes(0))
    let ofNear = lanes(0) - negativeLogarithm(complement)
    let ofFar = logarithmOfOnePlus(lanes(0) - exponential(x))
    return lanes(.nan).replacing(with: ofFar.replacing(with: ofNear, where: isNear), where: x .<= lanes(0))
}

/// 1 − exp(x) for x <= 0, within 1.5 ULP; NaN above 0 and for NaN.
@inline(always)
func oneMinusExponential(_ x: Lanes) -> Lanes {
    // Near 0 by expm1, whose k is 0 or −1 there; far from it 1 − exp(x) loses nothing.
    let (_, reduced, k) = reduce(lanes(-1).larger(x))
    let minusOne = exponentialMinusOne(reduced: reduced)
    let halved = lanes(0.5) - lanes(0.5) * minusOne
    let near = (lanes(0) - minusOne).replacing(with: halved, where: k .< lanes(0))
    let result = (lanes(1) - exponential(x)).replacing(with: near, where: x .> lanes(-0x1.62e42fefa39efp-1))
    return lanes(.nan).replacing(with: result, where: x .<= lanes(0))
}

/// base^exponent for a base up to 1 (beyond it while the result stays below 2^1023) and an exponent in 0...100, the same for all lanes; 0^0
/// is 1. A base below 0 has powers with whole exponents; others are NaN.
///
/// Error: at most 2 + exponent / 2 ULP, however small the result, while it is no subnormal. Whole exponents up to 8 by multiplication; others
/// by exp(exponent · log base), where the part of the logarithm that may be large, k ln 2 of base = 2^k m, is carried to twice the digits.
@inline(always)
func power(_ base: Lanes, _ exponent: Double) -> Lanes {
    if exponent == exponent.rounded(.towardZero), exponent <= 8 {
        var result = lanes(1)
        var times = exponent
        while times > 0 {
            result *= base
            times -= 1
        }
        return result
    }
    let magnitude = base.absolute
    let isSubnormal = magnitude .< lanes(0x1p-1022)
    let (kOfScaled, m) = decompose((magnitude * lanes(0x1p+54)).replacing(with: magnitude, where: .!isSubnormal))
    let k = floating(kOfScaled &- LaneIntegers(repeating: 0).replacing(with: LaneIntegers(repeating: 54), where: isSubnormal))
    let logarithmOfM = logarithm(k: LaneIntegers(repeating: 0), f: m - lanes(1), correction: nil)
    // exponent · k and exponent · k · ln 2 as products and what they rounded off. ln 2 = ln2Nearest + ln2Rest.
    let scaledK = lanes(exponent) * k
    let scaledKRest = lanes(exponent).fma(k, lanes(0) - scaledK)
    let large = scaledK * lanes(ln2Nearest)
    let largeRest = scaledK.fma(lanes(ln2Nearest), lanes(0) - large) + scaledK.fma(lanes(ln2Rest), scaledKRest * lanes(ln2Nearest))
    let (sum, sumRest) = twoSum(large, lanes(exponent) * logarithmOfM)
    let result = exponential(sum, rest: sumRest + largeRest)
    var ofNegative = lanes(.nan)
    if exponent == exponent.rounded(.towardZero) {
        ofNegative = exponent / 2 == (exponent / 2).rounded(.towardZero) ? result : lanes(0) - result
    }
    return lanes(0).replacing(with: result, where: base .> lanes(0)).replacing(with: ofNegative, where: base .< lanes(0))
}

private let ln2Nearest = 0x1.62e42fefa39efp-1
private let ln2Rest = 0x1.abc9e3b39803fp-56
