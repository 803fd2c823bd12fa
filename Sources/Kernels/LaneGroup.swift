// Vectors that are worked on side by side, step by step: a step of a long chain waits for the one before, and a processor does not look far
// enough ahead to find the next vector's by itself.

import KernelABI

/// One, two or four times eight lanes. The same operations on each: grouping changes the order of evaluation, never a result.
protocol LaneGroup {
    init(_ all: Lanes)
    func fma(_ factor: Self, _ addend: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    var squared: Self { get }
    /// self, at a point that each of its vectors reaches before any goes on (`xentInOrder`).
    var met: Self { get }
    /// c 2^(k/8) for an integer k in the low bits of `shifted`, as `xentPowerOfEighths` has it; wrapping.
    static func powerOfEighths(_ shifted: Self) -> Self
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
}

struct TwoLanes: LaneGroup {
    var a: Lanes, b: Lanes

    @inline(always) init(_ a: Lanes, _ b: Lanes) { (self.a, self.b) = (a, b) }
    @inline(always) init(_ all: Lanes) { (a, b) = (all, all) }
    @inline(always) var met: TwoLanes { TwoLanes(xentInOrder(a), xentInOrder(b)) }
    @inline(always) func fma(_ factor: TwoLanes, _ addend: TwoLanes) -> TwoLanes {
        TwoLanes(a.fma(factor.a, addend.a), b.fma(factor.b, addend.b))
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
    @inline(always) static func - (x: FourLanes, y: FourLanes) -> FourLanes { FourLanes(x.a - y.a, x.b - y.b, x.c - y.c, x.d - y.d) }
    @inline(always) var squared: FourLanes { FourLanes(a * a, b * b, c * c, d * d) }
    @inline(always) static func powerOfEighths(_ x: FourLanes) -> FourLanes {
        FourLanes(Lanes.powerOfEighths(x.a), Lanes.powerOfEighths(x.b), Lanes.powerOfEighths(x.c), Lanes.powerOfEighths(x.d))
    }
}
