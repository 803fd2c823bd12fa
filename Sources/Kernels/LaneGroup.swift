// Vectors that are worked on side by side, step by step: a step of a long chain waits for the one before, and a processor does not look far
// enough ahead to find the next vector's by itself.

import KernelABI

/// One, two or four times eight lanes. The same operations on each: grouping changes the order of evaluation, never a result.
protocol LaneGroup {
    init(_ all: Lanes)
    func fma(_ factor: Self, _ addend: Self) -> Self
    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
    var squared: Self { get }
    /// self, at a point that each of its vectors reaches before any goes on (`xentInOrder`).
    var met: Self { get }
    /// c 2^(k/8) for an integer k in the low bits of `shifted`, as `xentPowerOfEighths` has it; wrapping.
    static func powerOfEighths(_ shifted: Self) -> Self
    /// c and −log c of the interval of each 1 + e with e in [0, 1] (`xentUnitReciprocal`).
    static func unitReciprocals(_ e: Self) -> (c: Self, logarithm: Self)
    /// The parts of positive normal numbers u = 2^k m: m, c and −log c of its interval, k and 2^-k (`Decomposed`).
    static func decomposed(_ u: Self) -> (m: Self, c: Self, logarithm: Self, k: Self, inverseScale: Self)
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
    @inline(always) static func decomposed(_ u: Lanes) -> (m: Lanes, c: Lanes, logarithm: Lanes, k: Lanes, inverseScale: Lanes) {
        let parts = Decomposed(u)
        return (parts.m, xentReciprocal(parts.place), xentLogarithmOfReciprocal(parts.place), floating(parts.k), parts.inverseScale)
    }
}

struct TwoLanes: LaneGroup {
    var a: Lanes, b: Lanes

    @inline(always) init(_ a: Lanes, _ b: Lanes) { (self.a, self.b) = (a, b) }
    @inline(always) init(_ all: Lanes) { (a, b) = (all, all) }
    @inline(always) var met: TwoLanes { TwoLanes(xentInOrder(a), xentInOrder(b)) }
    @inline(always) func fma(_ factor: TwoLanes, _ addend: TwoLanes) -> TwoLanes {
        TwoLanes(a.fma(factor.a, addend.a), b.fma(factor.b, addend.b))
    }
    @inline(always) static func + (x: TwoLanes, y: TwoLanes) -> TwoLanes { TwoLanes(x.a + y.a, x.b + y.b) }
    @inline(always) static func * (x: TwoLanes, y: TwoLanes) -> TwoLanes { TwoLanes(x.a * y.a, x.b * y.b) }
    @inline(always) static func unitReciprocals(_ e: TwoLanes) -> (c: TwoLanes, logarithm: TwoLanes) {
        let (a, b) = (Lanes.unitReciprocals(e.a), Lanes.unitReciprocals(e.b))
        return (TwoLanes(a.c, b.c), TwoLanes(a.logarithm, b.logarithm))
    }
    @inline(always)
    static func decomposed(_ u: TwoLanes) -> (m: TwoLanes, c: TwoLanes, logarithm: TwoLanes, k: TwoLanes, inverseScale: TwoLanes) {
        let (a, b) = (Lanes.decomposed(u.a), Lanes.decomposed(u.b))
        return (
            TwoLanes(a.m, b.m), TwoLanes(a.c, b.c), TwoLanes(a.logarithm, b.logarithm), TwoLanes(a.k, b.k),
            TwoLanes(a.inverseScale, b.inverseScale))
    }
    @inline(always) static func - (x: TwoLanes, y: TwoLanes) -> TwoLanes { TwoLanes(x.a - y.a, x.b - y.b) }
    @inline(always) var squared: TwoLanes { TwoLanes(a * a, b * b) }
    @inline(always) static func powerOfEighths(_ x: TwoLanes) -> TwoLanes { TwoLanes(Lanes.powerOfEighths(x.a), Lanes.powerOfEighths(x.b)) }
}

struct FourLanes: LaneGroup {
    var a: Lanes, b: Lanes, c: Lanes, d: Lanes

    @inline(always) init(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes) { (self.a, self.b, self.c, self.d) = (a, b, c, d) }
    @inline(always) init(_ all: Lanes) { (a, b, c, d) = (all, all, all, all) }
    @inline(always) var met: FourLanes { FourLanes(xentInOrder(a), xentInOrder(b), xentInOrder(c), xentInOrder(d)) }
    @inline(always) func fma(_ factor: FourLanes, _ addend: FourLanes) -> FourLanes {
        FourLanes(a.fma(factor.a, addend.a), b.fma(factor.b, addend.b), c.fma(factor.c, addend.c), d.fma(factor.d, addend.d))
    }
    @inline(always) static func + (x: FourLanes, y: FourLanes) -> FourLanes { FourLanes(x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d) }
    @inline(always) static func * (x: FourLanes, y: FourLanes) -> FourLanes { FourLanes(x.a * y.a, x.b * y.b, x.c * y.c, x.d * y.d) }
    @inline(always) private init(_ low: TwoLanes, _ high: TwoLanes) { self.init(low.a, low.b, high.a, high.b) }
    @inline(always) static func unitReciprocals(_ e: FourLanes) -> (c: FourLanes, logarithm: FourLanes) {
        let (x, y) = (TwoLanes.unitReciprocals(TwoLanes(e.a, e.b)), TwoLanes.unitReciprocals(TwoLanes(e.c, e.d)))
        return (FourLanes(x.c, y.c), FourLanes(x.logarithm, y.logarithm))
    }
    @inline(always)
    static func decomposed(_ u: FourLanes) -> (m: FourLanes, c: FourLanes, logarithm: FourLanes, k: FourLanes, inverseScale: FourLanes) {
        let (x, y) = (TwoLanes.decomposed(TwoLanes(u.a, u.b)), TwoLanes.decomposed(TwoLanes(u.c, u.d)))
        return (
            FourLanes(x.m, y.m), FourLanes(x.c, y.c), FourLanes(x.logarithm, y.logarithm), FourLanes(x.k, y.k),
            FourLanes(x.inverseScale, y.inverseScale))
    }
    @inline(always) static func - (x: FourLanes, y: FourLanes) -> FourLanes { FourLanes(x.a - y.a, x.b - y.b, x.c - y.c, x.d - y.d) }
    @inline(always) var squared: FourLanes { FourLanes(a * a, b * b, c * c, d * d) }
    @inline(always) static func powerOfEighths(_ x: FourLanes) -> FourLanes {
        FourLanes(Lanes.powerOfEighths(x.a), Lanes.powerOfEighths(x.b), Lanes.powerOfEighths(x.c), Lanes.powerOfEighths(x.d))
    }
}
