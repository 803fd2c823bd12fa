// Vectors that are worked on side by side, step by step: a step of a long chain waits for the one before, and a processor does not look far
// enough ahead to find the next vector's by itself.

import KernelABI

/// One, two, four or eight times eight lanes. The same operations on each: grouping changes the order of evaluation, never a result.
protocol LaneGroup {
    init(_ all: Lanes)
    func fma(_ factor: Self, _ addend: Self) -> Self
    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
    static prefix func - (a: Self) -> Self
    var squared: Self { get }
    /// self, at a point that each of its vectors reaches before any goes on (`xentInOrder`).
    var met: Self { get }
    /// c 2^(k/8) for an integer k in the low bits of `shifted`, as `xentPowerOfEighths` has it; wrapping.
    static func powerOfEighths(_ shifted: Self) -> Self
    /// c and −log c of the interval of each 1 + e with e in [0, 1] (`xentUnitReciprocal`).
    static func unitReciprocals(_ e: Self) -> (c: Self, logarithm: Self)
    /// The parts of positive normal numbers u = 2^k m: m, c and −log c of its interval, k − less in
    /// units of `xentExponentUnit`, and 2^-k (`Decomposed`).
    static func decomposed(_ u: Self, less: Double) -> (m: Self, c: Self, logarithm: Self, k: Self, inverseScale: Self)
}

extension LaneGroup {
    @inline(always) func fma(_ factor: Self, _ addend: Double) -> Self { fma(factor, Self(lanes(addend))) }
    @inline(always) func fma(_ factor: Double, _ addend: Self) -> Self { fma(Self(lanes(factor)), addend) }
}

extension SIMD8<Double>: LaneGroup {
    @inline(always) init(_ all: Lanes) { self = all }
    @inline(always) var met: Lanes { self }
    @inline(always) var squared: Lanes { self * self }
    @inline(always) static func powerOfEighths(_ shifted: Lanes) -> Lanes { xentPowerOfEighths(shifted.bits) }
    @inline(always) static func unitReciprocals(_ e: Lanes) -> (c: Lanes, logarithm: Lanes) {
        // The first interval, of 1 to 1.059, is cut where r would grow beyond what the polynomial is made for. Below 2 for e = 1.
        let place = e.fma(lanes(0.9287109375), 1.0703125).bits &>> laneBits(49)
        return (xentUnitReciprocal(place), xentLogarithmOfUnitReciprocal(place))
    }
    @inline(always) static func decomposed(_ u: Lanes, less: Double) -> (m: Lanes, c: Lanes, logarithm: Lanes, k: Lanes, inverseScale: Lanes) {
        let parts = Decomposed(u)
        return (parts.m, xentReciprocal(parts.place), xentLogarithmOfReciprocal(parts.place), parts.k(less: less), parts.inverseScale)
    }
}

/// Two groups side by side.
struct Twice<Half: LaneGroup>: LaneGroup {
    var low: Half, high: Half

    @inline(always) init(_ low: Half, _ high: Half) { (self.low, self.high) = (low, high) }
    @inline(always) init(_ all: Lanes) { (low, high) = (Half(all), Half(all)) }
    @inline(always) var met: Self { Self(low.met, high.met) }
    @inline(always) var squared: Self { Self(low.squared, high.squared) }
    @inline(always) func fma(_ factor: Self, _ addend: Self) -> Self { Self(low.fma(factor.low, addend.low), high.fma(factor.high, addend.high)) }
    @inline(always) static func + (x: Self, y: Self) -> Self { Self(x.low + y.low, x.high + y.high) }
    @inline(always) static func - (x: Self, y: Self) -> Self { Self(x.low - y.low, x.high - y.high) }
    @inline(always) static func * (x: Self, y: Self) -> Self { Self(x.low * y.low, x.high * y.high) }
    @inline(always) static prefix func - (x: Self) -> Self { Self(-x.low, -x.high) }
    @inline(always) static func powerOfEighths(_ x: Self) -> Self { Self(Half.powerOfEighths(x.low), Half.powerOfEighths(x.high)) }
    @inline(always) static func unitReciprocals(_ e: Self) -> (c: Self, logarithm: Self) {
        let (x, y) = (Half.unitReciprocals(e.low), Half.unitReciprocals(e.high))
        return (Self(x.c, y.c), Self(x.logarithm, y.logarithm))
    }
    @inline(always) static func decomposed(_ u: Self, less: Double) -> (m: Self, c: Self, logarithm: Self, k: Self, inverseScale: Self) {
        let (x, y) = (Half.decomposed(u.low, less: less), Half.decomposed(u.high, less: less))
        return (
            Self(x.m, y.m), Self(x.c, y.c), Self(x.logarithm, y.logarithm), Self(x.k, y.k), Self(x.inverseScale, y.inverseScale))
    }
}

typealias TwoLanes = Twice<Lanes>
typealias FourLanes = Twice<TwoLanes>
typealias EightLanes = Twice<FourLanes>

extension Twice where Half == Lanes {
    @inline(always) var a: Lanes { low }
    @inline(always) var b: Lanes { high }
}

extension Twice where Half == TwoLanes {
    @inline(always) init(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes) { self.init(TwoLanes(a, b), TwoLanes(c, d)) }
    @inline(always) var a: Lanes { low.low }
    @inline(always) var b: Lanes { low.high }
    @inline(always) var c: Lanes { high.low }
    @inline(always) var d: Lanes { high.high }
}
