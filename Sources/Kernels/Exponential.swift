// exp on eight lanes. x = k ln 2 + r with |r| <= ln2 / 2, exp(x) = 2^k (1 + r + r² P(r)); P is the minimax polynomial of degree 9
// that scripts/minimax.py prints (relative error 2^-57.9).

/// The rounding of log2(e), only to choose k.
private let log2OfE = 0x1.71547652b82fep+0
/// ln 2 = ln2High + ln2Low; ln2High has 40 bits, so that k * ln2High is exact for |k| < 2^13.
let ln2High = 0x1.62e42fefa2p-1
let ln2Low = 0x1.9ef35793c7673p-41
/// Adding it to a number below 2^51 rounds that number to an integer, which then stands in the low bits.
let integerShift = 0x1.8p+52

/// r + r² P(r) = exp(r) − 1 for |r| <= 0.3466, within 1.1 ULP (0.98 seen, next to r = −0.064).
@inline(always) func exponentialMinusOne(reduced r: Lanes) -> Lanes { (r * r).fma(exponentialSecondQuotient(reduced: r), r) }

/// P(r) = (exp(r) − 1 − r) / r² for |r| <= 0.3466.
@inline(always) private func exponentialSecondQuotient(reduced r: Lanes) -> Lanes {
    var p = r.fma(lanes(0x1.ad9ef30e00d07p-26), 0x1.28ad5e83ce4d5p-22)
    p = p.fma(r, 0x1.71df0d08f8912p-19)
    p = p.fma(r, 0x1.a0199a0db0590p-16)
    p = p.fma(r, 0x1.a01a0137fd838p-13)
    p = p.fma(r, 0x1.6c16c18438caep-10)
    p = p.fma(r, 0x1.1111111124739p-7)
    p = p.fma(r, 0x1.555555555079fp-5)
    p = p.fma(r, 0x1.555555555550cp-3)
    return p.fma(r, 0x1.000000000000ap-1)
}

/// (exp(r) − 1 − r − r²/2) / r³ for |r| <= 0.3466, by its series, within 2^-61 of (exp(r) − 1) / r³. P is made for exp(r), and next to 0 has not the digits
/// that exp(r) − 1 has.
@inline(always) func exponentialThirdQuotient(reduced r: Lanes) -> Lanes {
    var q = r.fma(lanes(1 / 87_178_291_200), 1 / 6_227_020_800)
    q = q.fma(r, 1 / 479_001_600)
    q = q.fma(r, 1 / 39_916_800)
    q = q.fma(r, 1 / 3_628_800)
    q = q.fma(r, 1 / 362_880)
    q = q.fma(r, 1 / 40_320)
    q = q.fma(r, 1 / 5040)
    q = q.fma(r, 1 / 720)
    q = q.fma(r, 1 / 120)
    q = q.fma(r, 1 / 24)
    return q.fma(r, 1 / 6)
}

/// 8 / ln 2, and ln 2 / 8 = eighthLn2High + eighthLn2Low; eighthLn2High has 36 bits, so that k * eighthLn2High is exact for |k| < 2^17.
let eighthsOfE = 0x1.71547652b82fep+3
let eighthLn2High = 0x1.62e42fefap-4
let eighthLn2Low = 0x1.cf79abc9e3b3ap-43
/// log c for the c of `xentPowerOfEighths`.
let logarithmOfPowerFactor = 0x1.427fde1bd055dp-20

/// k = round(8 x / ln 2) and the remainder r = x − k ln 2 / 8, for |x| < 1e4.
@inline(always) func reduceToEighths(_ x: Lanes) -> (reduced: Lanes, k: Lanes) {
    let k = x.fma(lanes(eighthsOfE), integerShift) - lanes(integerShift)
    return (k.fma(lanes(-eighthLn2Low), k.fma(lanes(-eighthLn2High), x)), k)
}

/// Splits x into a multiple k = round(x / ln 2) of ln 2 and a remainder. k is also an integer in the low bits of `shifted`. Needs |x| <
/// 5600 (13 bits of k).
@inline(always) func reduce(_ x: Lanes) -> (shifted: Lanes, reduced: Lanes, k: Lanes) {
    let shifted = x.fma(lanes(log2OfE), integerShift)
    let k = shifted - lanes(integerShift)
    return (shifted, k.fma(lanes(-ln2Low), k.fma(lanes(-ln2High), x)), k)
}

/// exp(x + rest) · 2^exponentBias for x <= 0 (−∞ included), |rest| <= ulp(x) / 2, and a bias in 0...600.
///
/// Error: at most 1.1 ULP (1.0043 seen, of all Float32 x; above 1 for that one x alone), subnormal results included. NaN gives NaN.
/// Valid range: [−∞, 0]; positive x up to 709.78 as well.
@inline(always) func exponential(_ x: Lanes, rest: Lanes = lanes(0), exponentBias: Int64 = 0) -> Lanes {
    // Below it the result is under half of the least subnormal, which is 0 all the same, −∞ included. NaN passes.
    let least = lanes(-760 - 0.6931471805599453 * Double(exponentBias))
    let clamped = x.replacing(with: least, where: x .< least)
    let (shifted, reducedX, _) = reduce(clamped)
    let r = reducedX + rest.replacing(with: lanes(0), where: x .< least)
    let significand = lanes(1) + exponentialMinusOne(reduced: r)
    // 2^k as 2^half * 2^(k − half): each is a normal number though 2^k may not be, and only the last product rounds.
    let k = (shifted.integerBits &<< LaneIntegers(repeating: 51)) &>> LaneIntegers(repeating: 51)
    let biased = k &+ LaneIntegers(repeating: exponentBias)
    let half = biased &>> LaneIntegers(repeating: 1)
    return (significand * powerOfTwo(half)) * powerOfTwo(biased &- half)
}

/// `exponential(x)`, the same bits, for x in [−700, 0]: no result is subnormal.
@inline(always) func exponential(moderate x: Lanes) -> Lanes {
    let (shifted, r, _) = reduce(x)
    let significand = lanes(1) + exponentialMinusOne(reduced: r)
    // Times 2^k, exactly: wrapping, since k may be negative.
    return Lanes(bits: significand.bits &+ (shifted.bits &<< laneBits(52)))
}

/// exp(x) for x in [−700, 0] as a pair that is rounded to its `high`, by the table and the polynomial of `terms`.
///
/// Error of the pair: 0.16 * 2^-53 of itself.
@inline(always) func exponentialPair<Group: LaneGroup>(moderate x: Group) -> GroupPair<Group> {
    let (power, minusOne) = exponentialParts(x)
    let value = power.fma(minusOne, power)
    return GroupPair(value, power.fma(minusOne, power - value))
}

/// exp(x) for x in [−700, 0], rounded: the upper part of `exponentialPair(moderate: x)`, within 1.16 * 2^-53 of itself.
@inline(always) func exponentialByTable<Group: LaneGroup>(_ x: Group) -> Group {
    let (power, minusOne) = exponentialParts(x)
    return power.fma(minusOne, power)
}

/// exp(x) = power (1 + minusOne) for x in [−700, 0].
@inline(always) private func exponentialParts<Group: LaneGroup>(_ x: Group) -> (power: Group, minusOne: Group) {
    let shift = Group(lanes(integerShift))
    let shifted = x.fma(eighthsOfE, shift)
    let k = shifted - shift
    // The table's powers are those of 2^(1/8) times c.
    let r = (k.fma(-eighthLn2Low, k.fma(-eighthLn2High, x)) - Group(lanes(logarithmOfPowerFactor))).met
    return (Group.powerOfEighths(shifted).met, exponentialMinusOne(ofSixteenth: r).met)
}

/// r + r² P(r) = exp(r) − 1 for |r| <= ln 2 / 16; P is the minimax polynomial of degree 5 that scripts/minimax.py prints (relative error of
/// exp 2^-58.3).
@inline(always) func exponentialMinusOne<Group: LaneGroup>(ofSixteenth r: Group) -> Group {
    var p = r.fma(0x1.a01675716e371p-13, Group(lanes(0x1.6c1cbd97558f9p-10)))
    p = p.fma(r, 0x1.111111250458fp-7)
    p = p.fma(r, 0x1.555555480decfp-5).met
    p = p.fma(r, 0x1.5555555555160p-3)
    p = p.fma(r, 0x1.000000000010bp-1)
    return r.squared.fma(p, r)
}

/// 2^k for −1023 < k < 1024, from the exponent field.
@inline(always) func powerOfTwo(_ k: LaneIntegers) -> Lanes {
    // Wrapping: k is within ±1023 by the callers' ranges.
    Lanes(bits: ((k &+ LaneIntegers(repeating: 1023)) &<< LaneIntegers(repeating: 52)).unsigned)
}
