// log and log1p on eight lanes, by a table and without a division (Tang, "Table-driven implementation of the logarithm function in IEEE
// floating-point arithmetic", 1990): u = 2^k m, c m = 1 + r with |r| <= 0.0612 for the c of m's interval, and
// log u = (k ln 2 − log c) + r − r²/2 + r³ R(r). c and log c come from tables of eight (KernelABI.h), chosen so that (k ln 2 − log c) has
// room for all its digits; next to u = 1 both c and 2^k are 1, and nothing cancels. R is the minimax polynomial that scripts/minimax.py
// prints (0.047 * 2^-53 of the logarithm).

import KernelABI

/// A positive normal number as 2^k m with m from 0.7154 to 1.4309, whose interval of eight the lowest bits of `place` tell.
struct Decomposed {
    /// k 2^52: k where an encoding has its exponent, which spares moving it.
    private(set) var exponent: LaneIntegers
    let m: Lanes
    let place: LaneBits

    @inline(always) init(_ u: Lanes) {
        // Wrapping integer arithmetic on encodings; u is positive and normal, so nothing wraps for a lane that is used.
        let offset = u.integerBits &- LaneIntegers(repeating: 0x3FE6_E4DD_0000_0000)
        exponent = offset & LaneIntegers(repeating: ~0xF_FFFF_FFFF_FFFF)
        m = Lanes(bits: (u.integerBits &- exponent).unsigned)
        place = offset.unsigned &>> laneBits(49)
    }

    /// k − less in units of `xentExponentUnit`; `less` is a small whole number.
    @inline(always) func k(less: Double = 0) -> Lanes { xentFloatingExponent(exponent, less) }

    /// The encoding of 2^-k for k in −1022...1022.
    @inline(always) var inverseScaleBits: LaneIntegers { LaneIntegers(repeating: 1023 << 52) &- exponent }

    /// 2^-k for k in −1022...1022.
    @inline(always) var inverseScale: Lanes { Lanes(bits: inverseScaleBits.unsigned) }

    /// Takes 54 off k in the lanes of the mask: their numbers had been multiplied by 2^54.
    @inline(always) mutating func lower(where wereScaled: SIMDMask<LaneIntegers>) {
        exponent = exponent &- LaneIntegers(repeating: 0).replacing(with: LaneIntegers(repeating: 54 << 52), where: wereScaled)
    }
}

/// An integer within ±2^51 as Float64: exact, and without the conversion instruction that only AVX-512 has.
@inline(always) func floating(_ k: LaneIntegers) -> Lanes {
    let shift = lanes(0x1.8p+52)
    return unsafeBitCast(shift.integerBits &+ k, to: Lanes.self) - shift
}

/// −½ + r R(r) = (log(1 + r) − r) / r², within 0.047 * 2^-53 of log(1 + r) / r².
@inline(always) private func secondQuotient<Group: LaneGroup>(_ r: Group) -> Group {
    var q = r.fma(0x1.77b940fc5ac38p-4, Group(lanes(-0x1.9ced25f91cb86p-4)))
    q = q.fma(r, 0x1.c71919080d162p-4)
    q = q.fma(r, -0x1.fffd170846ee9p-4).met
    q = q.fma(r, 0x1.249249e0e4b4fp-3)
    q = q.fma(r, -0x1.555555da21648p-3)
    q = q.fma(r, 0x1.99999999776a5p-3).met
    q = q.fma(r, -0x1.fffffffff04f9p-3)
    q = q.fma(r, 0x1.5555555555563p-2)
    return q.fma(r, -0.5)
}

/// log(2^k m + correction 2^k) for |correction| <= 2^-49; without a correction the same bits as with one of 0.
///
/// Error of the pair: 0.33 * 2^-53 of the logarithm (ErrorBounds adds it up). `low` is at most 0.031 of `high`, and `rounded` within 0.9
/// ULP.
@inline(always) func logarithmPair(_ u: Decomposed, correction: Lanes?) -> LanePair {
    logarithm(
        m: u.m, c: xentReciprocal(u.place), logarithmOfC: xentLogarithmOfReciprocal(u.place), k: u.k(), correction: correction, isNegated: false)
}

/// - Parameters:
///   - k: in units of `xentExponentUnit`.
///   - isNegated: true for the negative of the logarithm: the same bits, but for the signs of zeros. It is known when this is compiled, and spares
///     the instruction that would change the sign of a sum.
@inline(always) private func logarithm<Group: LaneGroup>(
    m: Group, c: Group, logarithmOfC: Group, k: Group, correction: Group?, isNegated: Bool
) -> GroupPair<Group> {
    // Exact: the unit is a power of two.
    let ln2High = ln2High * xentExponentUnit(), ln2Low = ln2Low * xentExponentUnit()
    // c m = product + rest, exactly; r = product − 1 is exact (Sterbenz).
    let product = m * c
    let rest = m.fma(c, -product)
    let r = (product - Group(lanes(1))).met
    // Exact: multiples of 2^-42 below 2^10.
    let high = isNegated ? (-k).fma(Group(lanes(ln2High)), -logarithmOfC) : k.fma(ln2High, logarithmOfC)
    let sum = isNegated ? high - r : high + r
    // Exact: where high is not 0, it is above 0.06, and r is not (Dekker).
    let sumRest = isNegated ? (high - sum) - r : r - (sum - high)
    // d log = lost / (1 + r), and 1 − r is nearer to 1 / (1 + r) than any digit of it counts.
    var lost = rest
    if let correction { lost = correction.fma(c, lost) }
    lost = (-r).fma(lost, lost)
    let low = isNegated ? (-k).fma(Group(lanes(ln2Low)), sumRest - lost) : k.fma(ln2Low, sumRest + lost)
    return GroupPair(sum, (isNegated ? -r.squared : r.squared).fma(secondQuotient(r), low))
}

/// −log(p) for p in [0, 1]; +∞ for 0, NaN outside of [0, 1] and for NaN.
///
/// Error: at most 0.9 ULP, subnormal p included.
@inline(always) func negativeLogarithm(_ p: Lanes) -> Lanes {
    let isSubnormal = p .< lanes(0x1p-1022)
    let scaled = (p * lanes(0x1p+54)).replacing(with: p, where: .!isSubnormal)
    var u = Decomposed(scaled)
    u.lower(where: isSubnormal)
    // 0 − x and not −x, so that log 1 gives +0.
    var result = lanes(0) - logarithmPair(u, correction: nil).rounded
    result.replace(with: lanes(.infinity), where: p .== lanes(0))
    let isProbability = (p .>= lanes(0)) .& (p .<= lanes(1))
    return lanes(.nan).replacing(with: result, where: isProbability)
}

/// −log(p) for p in [0, 1], as a pair; +∞ for 0, NaN outside of [0, 1] and for NaN.
///
/// Error of the pair: 0.33 * 2^-53 of the logarithm, subnormal p included.
@inline(always) func negativeLogarithmPair(_ p: Lanes) -> LanePair {
    let isCommon = (p .>= lanes(0x1p-1022)) .& (p .<= lanes(1))
    if isFull(isCommon) {
        let pair = logarithmPair(Decomposed(p), correction: nil)
        return LanePair(lanes(0) - pair.high, lanes(0) - pair.low)
    }
    let isSubnormal = p .< lanes(0x1p-1022)
    var u = Decomposed((p * lanes(0x1p+54)).replacing(with: p, where: .!isSubnormal))
    u.lower(where: isSubnormal)
    let pair = logarithmPair(u, correction: nil)
    let ofOthers = lanes(.nan).replacing(with: lanes(.infinity), where: p .== lanes(0))
    let isPositive = (p .> lanes(0)) .& (p .<= lanes(1))
    return LanePair(
        ofOthers.replacing(with: lanes(0) - pair.high, where: isPositive), lanes(0).replacing(with: lanes(0) - pair.low, where: isPositive))
}

/// log(x + rest) for x from 2^-1000 to 2^1000 and |rest| <= ulp(x), as a pair.
///
/// Error of the pair: 0.33 * 2^-53 of the logarithm.
@inline(always) func logarithmPair(normal x: Lanes, rest: Lanes) -> LanePair {
    let u = Decomposed(x)
    return logarithmPair(u, correction: rest * u.inverseScale)
}

/// log(x) for x from 2^-1022 to below 2^1023, as a pair: the negative of `negativeLogarithmPair(x)` for x up to 1.
///
/// Error of the pair: 0.33 * 2^-53 of the logarithm.
@inline(always) func logarithmPair<Group: LaneGroup>(common x: Group) -> GroupPair<Group> {
    let u = Group.decomposed(x, less: 0)
    return logarithm(m: u.m, c: u.c, logarithmOfC: u.logarithm, k: u.k, correction: nil, isNegated: false)
}

/// −log(1 − p) for p in [0, 1], as a pair; +∞ for 1, NaN outside of [0, 1] and for NaN.
@inline(always) func negativeLogarithmPairOfComplement(_ p: Lanes) -> LanePair {
    let complement = lanes(1) - p
    let isInside = (p .>= lanes(0x1p-54)) .& (complement .> lanes(0))
    let pair = logarithmPair(
        normal: lanes(1).replacing(with: complement, where: isInside),
        rest: lanes(0).replacing(with: (lanes(1) - complement) - p, where: isInside))
    // −log(1 − p) is p to the last digit next to 0.
    let ofOthers = lanes(.nan).replacing(with: p.absolute, where: (p .>= lanes(0)) .& (p .< lanes(0x1p-54)))
        .replacing(with: lanes(.infinity), where: p .== lanes(1))
    return LanePair(
        ofOthers.replacing(with: lanes(0) - pair.high, where: isInside), lanes(0).replacing(with: lanes(0) - pair.low, where: isInside))
}

/// −log(1 − exp(x)) for x <= 0 and the pair of 1 − exp(x), as a pair; +∞ for 0, NaN above and for NaN.
@inline(always) func negativeLogarithmPairOfComplement(ofLogarithm x: Lanes, _ complement: LanePair) -> LanePair {
    let isInside = (x .>= lanes(-40)) .& (x .<= lanes(-0x1p-900))
    let normal = LanePair(lanes(1), lanes(0)).replacing(with: complement.normalized, where: isInside)
    let inside = logarithmPair(normal: normal.high, rest: normal.low)
    // Far below 0 it is exp(x) to the last digit; next to it −log(−x).
    let little = negativeLogarithm(lanes(1).smaller(lanes(0) - x))
    let others = lanes(.nan).replacing(with: exponential(x), where: x .< lanes(-40)).replacing(with: little, where: x .> lanes(-0x1p-900))
    return LanePair(
        others.replacing(with: lanes(0) - inside.high, where: isInside),
        lanes(0).replacing(with: lanes(0) - inside.low, where: isInside))
}

/// log(x) for positive normal numbers; numbers without meaning for others.
///
/// Error: at most 0.9 ULP.
@inline(always) func logarithm(normal x: Lanes) -> Lanes {
    logarithmPair(Decomposed(x), correction: nil).rounded
}

/// log(x) for finite numbers: −∞ for 0, NaN below it and for NaN.
///
/// Error: at most 0.9 ULP, subnormal x included.
@inline(always) func logarithm(ofAny x: Lanes) -> Lanes {
    let isSubnormal = x .< lanes(0x1p-1022)
    var u = Decomposed((x * lanes(0x1p+54)).replacing(with: x, where: .!isSubnormal))
    u.lower(where: isSubnormal)
    let result = logarithmPair(u, correction: nil).rounded.replacing(with: lanes(-.infinity), where: x .== lanes(0))
    return lanes(.nan).replacing(with: result, where: x .>= lanes(0))
}

/// log(1 + x) for x in (−1, 2^1023); −∞ for −1, NaN below −1 and for NaN, +∞ for +∞.
///
/// Error: at most 0.9 ULP, subnormal x included.
@inline(always) func logarithmOfOnePlus(_ x: Lanes) -> Lanes {
    var result = logarithm(of: twoSum(lanes(1), x)).rounded
    // log1p(x) = x to the last digit; spares the subnormals the arithmetic above, whose products would round.
    result.replace(with: x, where: x.absolute .< lanes(0x1p-54))
    result.replace(with: lanes(-.infinity), where: x .== lanes(-1))
    result.replace(with: lanes(.infinity), where: x .== lanes(.infinity))
    return result.replacing(with: lanes(.nan), where: .!(x .>= lanes(-1)))
}

/// log(1 + x + rest) for finite x >= 0 and |rest| <= 4 ulp(x); for a rest of half an ULP the loss of x's last digit is made good.
///
/// Error of the pair: 0.33 * 2^-53 of the logarithm of the sum of the three.
@inline(always) func logarithmPairOfOnePlus(_ x: Lanes, rest: Lanes) -> LanePair {
    let (u, lost) = twoSum(lanes(1), x)
    let pair = logarithm(of: (u, lost + rest))
    // There two terms of the series are enough, and the sum above would round the rest away.
    let isLittle = x .< lanes(0x1p-36)
    return LanePair(
        pair.high.replacing(with: x, where: isLittle), pair.low.replacing(with: (x * lanes(-0.5)).fma(x, rest), where: isLittle))
}

/// `logarithmPairOfOnePlus`, rounded: within 0.9 ULP.
@inline(always) func logarithmOfOnePlus(_ x: Lanes, rest: Lanes) -> Lanes { logarithmPairOfOnePlus(x, rest: rest).rounded }

/// log(u.sum + u.rest) for a positive u.sum; u.rest is a few of its ULP at the most.
@inline(always) private func logarithm(of u: (sum: Lanes, rest: Lanes)) -> LanePair {
    let parts = Decomposed(u.sum)
    // Scaled by 2^-k the rest corrects m. For k > 1021 it is far below any digit, and 2^-k is cut off.
    let inverseScale = parts.inverseScaleBits, least = LaneIntegers(repeating: 1 << 52)
    let limited = inverseScale.replacing(with: least, where: inverseScale .< least)
    return logarithmPair(parts, correction: u.rest * Lanes(bits: limited.unsigned))
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
    var u = Decomposed(complement.replacing(with: ofPositive, where: isPositive))
    // The rest is not 0 for u in [½, 1] alone, where its scale is 1 or 2.
    let correction = lanes(0).replacing(with: rest * u.inverseScale, where: rest .!= lanes(0))
    u.lower(where: isSubnormal)
    var result = lanes(0) - logarithmPair(u, correction: correction).rounded
    // −0 is 0.
    result.replace(with: p.absolute, where: .!isPositive .& (p .< lanes(0x1p-54)))
    result.replace(with: lanes(.infinity), where: p .== lanes(1).replacing(with: lanes(0), where: isPositive))
    let isProbability = (p .>= lanes(0)) .& (p .<= lanes(1))
    return lanes(.nan).replacing(with: result, where: isProbability)
}

/// The least p for which `negativeLogarithm(uncertain:…)` is made; where `isNarrow`, p has the 24 bits of a Float32, and 1 − p no rest.
@inline(always) func leastUncertain(isNarrow: Bool) -> Double { isNarrow ? 0x1p-30 : 0x1p-54 }

/// `negativeLogarithm(p, isPositive:)`, the same bits, for p from `leastUncertain` to below 1: neither log has an exception there.
///
/// - Parameters:
///   - chosen: p where the label is 1, 1 − p where it is 0.
///   - rest: what 1 − p was rounded by, 0 where the label is 1; nil where p has the digits of a Float32.
@inline(always) func negativeLogarithm<Group: LaneGroup>(uncertain chosen: Group, rest: Group?) -> Group {
    let u = Group.decomposed(chosen, less: 0)
    var correction: Group?
    if let rest { correction = rest * u.inverseScale }
    // Not of 1, of which it would be −0.
    return logarithm(m: u.m, c: u.c, logarithmOfC: u.logarithm, k: u.k, correction: correction, isNegated: true).rounded
}

/// log(1 + x + rest) for x in [0, 1] and |rest| <= ulp(x): the first interval begins with 1, so that x itself is r there.
///
/// Error of the pair: 0.33 * 2^-53 of the logarithm.
@inline(always) func logarithmPairOfOnePlus<Group: LaneGroup>(upToOne x: Group, rest: Group) -> GroupPair<Group> {
    let (c, high) = Group.unitReciprocals(x)
    // c (1 + x) − 1 = product + productRest + (c − 1); product + (c − 1) is exact: both are multiples of 2^-57, and it is below 2^-4.
    let product = x * c
    let productRest = x.fma(c, -product)
    let r = (product + (c - Group(lanes(1)))).met
    let sum = high + r
    let low = rest.fma(c, (r - (sum - high)) + productRest)
    return GroupPair(sum, r.squared.fma(secondQuotient(r), low))
}

/// log(1 + exp(x)) for x in [−700, 0]; numbers without meaning beyond.
///
/// Error of the pair: 0.5 * 2^-53 of the logarithm.
@inline(always) func logarithmPairOfOneAndOdds<Group: LaneGroup>(_ x: Group) -> GroupPair<Group> {
    let odds = exponentialPair(moderate: x)
    return logarithmPairOfOnePlus(upToOne: odds.high, rest: odds.low)
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

/// 1 − exp(x + rest) for x <= 0 and |rest| <= ulp(x), as a pair; NaN above 0 and for NaN.
///
/// Error of the pair: 0.2 * 2^-53 of itself.
@inline(always)
func oneMinusExponentialPair(_ x: Lanes, rest: Lanes) -> LanePair {
    let far = exponentialPair(moderate: lanes(-700).larger(x))
    let ofFar = lanes(1) - far.high
    let farRest = ((lanes(1) - ofFar) - far.high) - far.low
    // From −log 2 on by the series h = 1 − exp(y) = −y − y²/2 − …, whose first two terms are exact as pairs: with y = x from −½ log 2 on, before it with
    // y = x/2 and 1 − exp(2y) = h (2 − h). Below −log 2 the difference from 1 loses no digit of exp(x).
    let isNear = x .>= lanes(-0.6931), isHalved = x .< lanes(-0.3466)
    let near = lanes(-0.6931).larger(x)
    let y = near.replacing(with: near * lanes(0.5), where: isHalved)
    let square = y * y
    let squareRest = y.fma(y, -square)
    let others = (square * y) * exponentialThirdQuotient(reduced: y)
    let high = (-y) - square * lanes(0.5)
    // Exact, since y²/2 is the smaller (Dekker).
    let highRest = ((-y) - high) - square * lanes(0.5)
    let whole = LanePair(high, squareRest.fma(lanes(-0.5), highRest - others)).normalized
    let remaining = lanes(2) - whole.high
    let ofHalf = whole * LanePair(remaining, ((lanes(2) - remaining) - whole.high) - whole.low)
    let ofNear = whole.replacing(with: ofHalf, where: isHalved)
    let result = LanePair(ofFar, farRest).replacing(with: ofNear, where: isNear)
    let isValid = x .<= lanes(0)
    // Of −∞ there is no rest.
    let low = rest.fma(-far.high, result.low).replacing(with: lanes(0), where: x .< lanes(-745))
    return LanePair(lanes(.nan).replacing(with: result.high, where: isValid), low)
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
