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
    /// The largest number of each lane over the vectors; beside a NaN either number.
    var largestLanes: Lanes { get }
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
    @inline(always) var largestLanes: Lanes { self }
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

// Groups of two groups. They are written out: a generic type with conformances, or a protocol with an associated type, has metadata, whose helpers are weak
// symbols that every object shares, and that would be compiled for this target's instruction set (scripts/check-binary.sh).

struct TwoLanes: LaneGroup {
    let low: Lanes, high: Lanes

    @inline(always) init(_ low: Lanes, _ high: Lanes) { (self.low, self.high) = (low, high) }
    @inline(always) init(_ all: Lanes) { self.init(Lanes(all), Lanes(all)) }
    @inline(always) var a: Lanes { low }
    @inline(always) var b: Lanes { high }
    @inline(always) var met: TwoLanes { TwoLanes(low.met, high.met) }
    @inline(always) var squared: TwoLanes { TwoLanes(low.squared, high.squared) }
    @inline(always) func fma(_ factor: TwoLanes, _ addend: TwoLanes) -> TwoLanes {
        TwoLanes(low.fma(factor.low, addend.low), high.fma(factor.high, addend.high))
    }
    @inline(always) static func + (x: TwoLanes, y: TwoLanes) -> TwoLanes { TwoLanes(x.low + y.low, x.high + y.high) }
    @inline(always) static func - (x: TwoLanes, y: TwoLanes) -> TwoLanes { TwoLanes(x.low - y.low, x.high - y.high) }
    @inline(always) static func * (x: TwoLanes, y: TwoLanes) -> TwoLanes { TwoLanes(x.low * y.low, x.high * y.high) }
    @inline(always) static prefix func - (x: TwoLanes) -> TwoLanes { TwoLanes(-x.low, -x.high) }
    @inline(always) var largestLanes: Lanes { low.largestLanes.larger(high.largestLanes) }
    @inline(always) static func powerOfEighths(_ x: TwoLanes) -> TwoLanes { TwoLanes(Lanes.powerOfEighths(x.low), Lanes.powerOfEighths(x.high)) }
    @inline(always) static func unitReciprocals(_ e: TwoLanes) -> (c: TwoLanes, logarithm: TwoLanes) {
        let (x, y) = (Lanes.unitReciprocals(e.low), Lanes.unitReciprocals(e.high))
        return (TwoLanes(x.c, y.c), TwoLanes(x.logarithm, y.logarithm))
    }
    @inline(always)
    static func decomposed(_ u: TwoLanes, less: Double) -> (m: TwoLanes, c: TwoLanes, logarithm: TwoLanes, k: TwoLanes, inverseScale: TwoLanes) {
        let (x, y) = (Lanes.decomposed(u.low, less: less), Lanes.decomposed(u.high, less: less))
        return (
            TwoLanes(x.m, y.m), TwoLanes(x.c, y.c), TwoLanes(x.logarithm, y.logarithm), TwoLanes(x.k, y.k), TwoLanes(x.inverseScale, y.inverseScale))
    }
}

struct FourLanes: LaneGroup {
    let low: TwoLanes, high: TwoLanes

    @inline(always) init(_ low: TwoLanes, _ high: TwoLanes) { (self.low, self.high) = (low, high) }
    @inline(always) init(_ all: Lanes) { self.init(TwoLanes(all), TwoLanes(all)) }
    @inline(always) init(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes) { self.init(TwoLanes(a, b), TwoLanes(c, d)) }
    @inline(always) var a: Lanes { low.low }
    @inline(always) var b: Lanes { low.high }
    @inline(always) var c: Lanes { high.low }
    @inline(always) var d: Lanes { high.high }
    @inline(always) var met: FourLanes { FourLanes(low.met, high.met) }
    @inline(always) var squared: FourLanes { FourLanes(low.squared, high.squared) }
    @inline(always) func fma(_ factor: FourLanes, _ addend: FourLanes) -> FourLanes {
        FourLanes(low.fma(factor.low, addend.low), high.fma(factor.high, addend.high))
    }
    @inline(always) static func + (x: FourLanes, y: FourLanes) -> FourLanes { FourLanes(x.low + y.low, x.high + y.high) }
    @inline(always) static func - (x: FourLanes, y: FourLanes) -> FourLanes { FourLanes(x.low - y.low, x.high - y.high) }
    @inline(always) static func * (x: FourLanes, y: FourLanes) -> FourLanes { FourLanes(x.low * y.low, x.high * y.high) }
    @inline(always) static prefix func - (x: FourLanes) -> FourLanes { FourLanes(-x.low, -x.high) }
    @inline(always) var largestLanes: Lanes { low.largestLanes.larger(high.largestLanes) }
    @inline(always) static func powerOfEighths(_ x: FourLanes) -> FourLanes { FourLanes(TwoLanes.powerOfEighths(x.low), TwoLanes.powerOfEighths(x.high)) }
    @inline(always) static func unitReciprocals(_ e: FourLanes) -> (c: FourLanes, logarithm: FourLanes) {
        let (x, y) = (TwoLanes.unitReciprocals(e.low), TwoLanes.unitReciprocals(e.high))
        return (FourLanes(x.c, y.c), FourLanes(x.logarithm, y.logarithm))
    }
    @inline(always)
    static func decomposed(_ u: FourLanes, less: Double) -> (m: FourLanes, c: FourLanes, logarithm: FourLanes, k: FourLanes, inverseScale: FourLanes) {
        let (x, y) = (TwoLanes.decomposed(u.low, less: less), TwoLanes.decomposed(u.high, less: less))
        return (
            FourLanes(x.m, y.m), FourLanes(x.c, y.c), FourLanes(x.logarithm, y.logarithm), FourLanes(x.k, y.k), FourLanes(x.inverseScale, y.inverseScale))
    }
}

struct EightLanes: LaneGroup {
    let low: FourLanes, high: FourLanes

    @inline(always) init(_ low: FourLanes, _ high: FourLanes) { (self.low, self.high) = (low, high) }
    @inline(always) init(_ all: Lanes) { self.init(FourLanes(all), FourLanes(all)) }
    @inline(always) var met: EightLanes { EightLanes(low.met, high.met) }
    @inline(always) var squared: EightLanes { EightLanes(low.squared, high.squared) }
    @inline(always) func fma(_ factor: EightLanes, _ addend: EightLanes) -> EightLanes {
        EightLanes(low.fma(factor.low, addend.low), high.fma(factor.high, addend.high))
    }
    @inline(always) static func + (x: EightLanes, y: EightLanes) -> EightLanes { EightLanes(x.low + y.low, x.high + y.high) }
    @inline(always) static func - (x: EightLanes, y: EightLanes) -> EightLanes { EightLanes(x.low - y.low, x.high - y.high) }
    @inline(always) static func * (x: EightLanes, y: EightLanes) -> EightLanes { EightLanes(x.low * y.low, x.high * y.high) }
    @inline(always) static prefix func - (x: EightLanes) -> EightLanes { EightLanes(-x.low, -x.high) }
    @inline(always) var largestLanes: Lanes { low.largestLanes.larger(high.largestLanes) }
    @inline(always) static func powerOfEighths(_ x: EightLanes) -> EightLanes { EightLanes(FourLanes.powerOfEighths(x.low), FourLanes.powerOfEighths(x.high)) }
    @inline(always) static func unitReciprocals(_ e: EightLanes) -> (c: EightLanes, logarithm: EightLanes) {
        let (x, y) = (FourLanes.unitReciprocals(e.low), FourLanes.unitReciprocals(e.high))
        return (EightLanes(x.c, y.c), EightLanes(x.logarithm, y.logarithm))
    }
    @inline(always)
    static func decomposed(_ u: EightLanes, less: Double) -> (m: EightLanes, c: EightLanes, logarithm: EightLanes, k: EightLanes, inverseScale: EightLanes) {
        let (x, y) = (FourLanes.decomposed(u.low, less: less), FourLanes.decomposed(u.high, less: less))
        return (
            EightLanes(x.m, y.m), EightLanes(x.c, y.c), EightLanes(x.logarithm, y.logarithm), EightLanes(x.k, y.k), EightLanes(x.inverseScale, y.inverseScale))
    }
}
