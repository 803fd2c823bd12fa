// How eight stored predictions become lanes. Comparisons run on the narrower type where that is exact: half the work.

import KernelABI

/// Eight values as loaded, in a type wide enough to hold them exactly.
protocol Octet {
    /// Lane by lane: the larger of the two; `self` where either is NaN.
    func larger(_ other: Self) -> Self
    /// Lane by lane: `bound` where self is below it; NaN passes.
    func raised(to bound: Self) -> Self
    /// −∞ in lane `index`, if there is one, whose |index| is at most XentExclusionReach; a NaN stays.
    func excluding(_ index: Int) -> Self
    /// Lane by lane: the smaller of the two; `self` where either is NaN.
    func smaller(_ other: Self) -> Self
    /// Lanes from `count` on set to −∞.
    func keeping(first count: Int) -> Self
    /// Lanes from `count` on set to `other`'s.
    func keeping(first count: Int, or other: Self) -> Self
    var widened: Lanes { get }
    /// The largest lane, none of them NaN.
    var largest: Double { get }
    /// `value`, rounded to the type.
    init(all value: Double)
    /// The largest number of the type that is below `value`, a number of the type above −∞.
    init(allBelow value: Double)
    /// Returns the lanes that equal `other`'s as bits, the first lane lowest.
    func bitsOfLanes(equalTo other: Self) -> UInt8

    /// Eight counts.
    associatedtype Counts
    static var noCounts: Counts { get }
    /// Adds the lanes above `bound` to the counts.
    func count(above bound: Self, into counts: inout Counts)
    static func total(_ counts: Counts) -> Int
}

struct FloatOctet: Octet {
    let values: SIMD8<Float>

    @inline(always) init(_ values: SIMD8<Float>) { self.values = values }
    @inline(always) init(all value: Double) { values = SIMD8<Float>(repeating: Float(value)) }
    @inline(always) init(allBelow value: Double) { values = SIMD8<Float>(repeating: Float(value).nextDown) }
    @inline(always) func larger(_ other: Self) -> Self { raised(to: other) }
    @inline(always) func raised(to bound: Self) -> Self {
        Self(xentRaiseFloat8(values, bound.values))
    }
    @inline(always) func excluding(_ index: Int) -> Self { Self(xentExcludeFloat8(values, index)) }
    @inline(always) func smaller(_ other: Self) -> Self { Self(xentLowerFloat8(values, other.values)) }
    @inline(always) func keeping(first count: Int) -> Self { keeping(first: count, or: Self(all: -.infinity)) }
    @inline(always) func keeping(first count: Int, or other: Self) -> Self {
        let index = SIMD8<Int32>(repeating: Int32(truncatingIfNeeded: count))
        return Self(values.replacing(with: other.values, where: SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7) .>= index))
    }
    @inline(always) var widened: Lanes { widen(values) }
    @inline(always) var largest: Double {
        let a = values[0] < values[4] ? values[4] : values[0], b = values[1] < values[5] ? values[5] : values[1]
        let c = values[2] < values[6] ? values[6] : values[2], d = values[3] < values[7] ? values[7] : values[3]
        let e = a < c ? c : a, f = b < d ? d : b
        return Double(e < f ? f : e)
    }
    @inline(always) func bitsOfLanes(equalTo other: Self) -> UInt8 { xentEqualBitsFloat8(values, other.values) }
    @inline(always) static var noCounts: SIMD8<Int32> { SIMD8(repeating: 0) }
    @inline(always) func count(above bound: Self, into counts: inout SIMD8<Int32>) {
        counts = xentCountAboveFloat8(counts, values, bound.values)
    }
    @inline(always) static func total(_ counts: SIMD8<Int32>) -> Int { xentTotalInt32x8(counts) }
}

struct DoubleOctet: Octet {
    let values: Lanes

    @inline(always) init(_ values: Lanes) { self.values = values }
    @inline(always) init(all value: Double) { values = lanes(value) }
    @inline(always) init(allBelow value: Double) { values = lanes(value.nextDown) }
    @inline(always) func larger(_ other: Self) -> Self { Self(values.larger(other.values)) }
    @inline(always) func raised(to bound: Self) -> Self {
        // A NaN loses its payload: the kernels add to exponent fields, and the low bits of a payload would end there.
        Self(values.larger(bound.values).replacing(with: lanes(.nan), where: values .!= values))
    }
    @inline(always) func excluding(_ index: Int) -> Self { Self(xentExcludeDouble8(values, index)) }
    @inline(always) func smaller(_ other: Self) -> Self { Self(values.smaller(other.values)) }
    @inline(always) func keeping(first count: Int) -> Self { keeping(first: count, or: Self(all: -.infinity)) }
    @inline(always) func keeping(first count: Int, or other: Self) -> Self {
        Self(values.replacing(with: other.values, where: laneIndices .>= LaneIntegers(repeating: Int64(count))))
    }
    @inline(always) var widened: Lanes { values }
    @inline(always) var largest: Double { values.largestLane }
    @inline(always) func bitsOfLanes(equalTo other: Self) -> UInt8 { xentEqualBitsDouble8(values, other.values) }
    @inline(always) static var noCounts: LaneIntegers { LaneIntegers(repeating: 0) }
    @inline(always) func count(above bound: Self, into counts: inout LaneIntegers) {
        counts = xentCountAboveDouble8(counts, values, bound.values)
    }
    @inline(always) static func total(_ counts: LaneIntegers) -> Int { xentTotalInt64x8(counts) }
}

/// The index, or 8 where it is none of a vector's lanes: near enough to be excluded from it.
@inline(always) func lane(_ index: Int) -> Int { UInt(bitPattern: index) < 8 ? index : 8 }

/// A stored element type. Loads read at any alignment, within the readable bytes that KernelABI.h promises.
protocol Element {
    associatedtype Eight: Octet
    static var byteCount: Int { get }
    static func loadEight(_ pointer: UnsafeRawPointer) -> Eight
    /// Eight elements that lie `stride` bytes apart.
    static func gatherEight(_ pointer: UnsafeRawPointer, stride: Int) -> Eight
    static func load(_ pointer: UnsafeRawPointer) -> Double
}

enum Float32Element: Element {
    @inline(always) static var byteCount: Int { 4 }
    @inline(always) static func loadEight(_ pointer: UnsafeRawPointer) -> FloatOctet {
        FloatOctet(xentLoadFloat8(pointer))
    }
    @inline(always) static func gatherEight(_ pointer: UnsafeRawPointer, stride: Int) -> FloatOctet {
        FloatOctet(xentGatherFloat8(pointer, stride))
    }
    @inline(always) static func load(_ pointer: UnsafeRawPointer) -> Double { Double(xentLoadFloat(pointer)) }
}

enum Float64Element: Element {
    @inline(always) static var byteCount: Int { 8 }
    @inline(always) static func loadEight(_ pointer: UnsafeRawPointer) -> DoubleOctet {
        DoubleOctet(xentLoadDouble8(pointer))
    }
    @inline(always) static func gatherEight(_ pointer: UnsafeRawPointer, stride: Int) -> DoubleOctet {
        DoubleOctet(xentGatherDouble8(pointer, stride))
    }
    @inline(always) static func load(_ pointer: UnsafeRawPointer) -> Double { xentLoadDouble(pointer) }
}

enum Float16Element: Element {
    @inline(always) static var byteCount: Int { 2 }
    @inline(always) static func loadEight(_ pointer: UnsafeRawPointer) -> FloatOctet { FloatOctet(xentWidenHalf(xentLoadUInt16x8(pointer))) }
    @inline(always) static func gatherEight(_ pointer: UnsafeRawPointer, stride: Int) -> FloatOctet {
        FloatOctet(xentWidenHalf(xentGatherUInt16x8(pointer, stride)))
    }
    /// As `xentWidenHalf` has it without the instruction.
    @inline(always) static func load(_ pointer: UnsafeRawPointer) -> Double {
        let half = UInt32(xentLoadUInt16(pointer))
        let scaled = Float(bitPattern: (half & 0x7FFF) &<< 13) * 0x1p112
        let bits = scaled >= 65536 ? scaled.bitPattern | 0x7F80_0000 : scaled.bitPattern
        return Double(Float(bitPattern: bits | (half & 0x8000) &<< 16))
    }
}

enum BFloat16Element: Element {
    @inline(always) static var byteCount: Int { 2 }
    /// bfloat16 is the upper half of a Float32.
    @inline(always) static func loadEight(_ pointer: UnsafeRawPointer) -> FloatOctet { octet(xentLoadUInt16x8(pointer)) }
    @inline(always) static func gatherEight(_ pointer: UnsafeRawPointer, stride: Int) -> FloatOctet {
        octet(xentGatherUInt16x8(pointer, stride))
    }
    @inline(always) private static func octet(_ stored: SIMD8<UInt16>) -> FloatOctet {
        let half = widen(stored)
        return FloatOctet(unsafeBitCast(half &<< SIMD8<UInt32>(repeating: 16), to: SIMD8<Float>.self))
    }
    @inline(always) static func load(_ pointer: UnsafeRawPointer) -> Double {
        Double(Float(bitPattern: UInt32(xentLoadUInt16(pointer)) &<< 16))
    }
}

/// An element type that is known when it runs, for kernels whose work per value is so much more than a branch that a copy of each for each type
/// would buy nothing but compile time.
struct StoredElement {
    let code: Int32
    let byteCount: Int

    @inline(always) init(code: Int32) {
        self.code = code
        byteCount = code == Int32(XentElementFloat64) ? 8 : code == Int32(XentElementFloat32) ? 4 : 2
    }

    @inline(always) func loadEight(_ pointer: UnsafeRawPointer) -> Lanes {
        switch code {
        case Int32(XentElementFloat16): Float16Element.loadEight(pointer).widened
        case Int32(XentElementBFloat16): BFloat16Element.loadEight(pointer).widened
        case Int32(XentElementFloat32): Float32Element.loadEight(pointer).widened
        default: Float64Element.loadEight(pointer).widened
        }
    }

    /// Four vectors, one after the other in memory.
    @inline(always) func loadThirtyTwo(_ pointer: UnsafeRawPointer) -> FourLanes {
        @inline(always) func load<E: Element>(_: E.Type) -> FourLanes {
            FourLanes(
                E.loadEight(pointer).widened, E.loadEight(pointer + 8 &* E.byteCount).widened, E.loadEight(pointer + 16 &* E.byteCount).widened,
                E.loadEight(pointer + 24 &* E.byteCount).widened)
        }
        switch code {
        case Int32(XentElementFloat16): return load(Float16Element.self)
        case Int32(XentElementBFloat16): return load(BFloat16Element.self)
        case Int32(XentElementFloat32): return load(Float32Element.self)
        default: return load(Float64Element.self)
        }
    }

    @inline(always) func load(_ pointer: UnsafeRawPointer) -> Double {
        switch code {
        case Int32(XentElementFloat16): Float16Element.load(pointer)
        case Int32(XentElementBFloat16): BFloat16Element.load(pointer)
        case Int32(XentElementFloat32): Float32Element.load(pointer)
        default: Float64Element.load(pointer)
        }
    }
}
