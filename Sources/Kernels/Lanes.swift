// Eight Float64 lanes: one AVX-512 register, two of AVX2, four of NEON or SSE2. Swift never contracts a*b+c by
// itself and `fma` is a fused multiply-add on every machine, so the same source gives the same bits.

import KernelABI

typealias Lanes = SIMD8<Double>
typealias LaneBits = SIMD8<UInt64>
typealias LaneIntegers = SIMD8<Int64>

@inline(always) func lanes(_ value: Double) -> Lanes { Lanes(repeating: value) }
@inline(always) func laneBits(_ value: UInt64) -> LaneBits { LaneBits(repeating: value) }

extension SIMD8<Double> {
    /// The lanes as their IEEE 754 encodings. Unsafe only in name: both types are 64 bytes of plain bits.
    @inline(always) var bits: LaneBits { unsafeBitCast(self, to: LaneBits.self) }
    @inline(always) var integerBits: LaneIntegers { unsafeBitCast(self, to: LaneIntegers.self) }
    @inline(always) init(bits: LaneBits) { self = unsafeBitCast(bits, to: Lanes.self) }

    /// self * factor + addend, rounded once.
    @inline(always) func fma(_ factor: Lanes, _ addend: Lanes) -> Lanes { xentFusedDouble8(self, factor, addend) }
    @inline(always) func fma(_ factor: Lanes, _ addend: Double) -> Lanes { xentFusedDouble8(self, factor, lanes(addend)) }

    /// −|self|, −0 for 0.
    @inline(always) var negativeMagnitude: Lanes { Lanes(bits: bits | laneBits(0x8000_0000_0000_0000)) }
    @inline(always) var absolute: Lanes { Lanes(bits: bits & laneBits(0x7FFF_FFFF_FFFF_FFFF)) }
    /// The larger of the two by lane; `self` where either is NaN.
    @inline(always) func larger(_ other: Lanes) -> Lanes { xentRaiseDouble8(self, other) }

    /// The smaller of the two by lane; `self` where either is NaN.
    @inline(always) func smaller(_ other: Lanes) -> Lanes { xentLowerDouble8(self, other) }

    /// `other` where the mask is set. Shadows the standard library's, which goes lane by lane: LLVM then splits what surrounds it.
    @inline(always) func replacing(with other: Lanes, where mask: SIMDMask<LaneIntegers>) -> Lanes {
        // A mask lane is all ones or all zeros.
        let chosen = unsafeBitCast(mask, to: LaneBits.self)
        return Lanes(bits: bits ^ ((bits ^ other.bits) & chosen))
    }
    @inline(always) mutating func replace(with other: Lanes, where mask: SIMDMask<LaneIntegers>) {
        self = replacing(with: other, where: mask)
    }

    /// The largest lane, none of them NaN. Halves are folded by hand: SIMD's own `max()` compiles to a scalar loop.
    @inline(always) var largestLane: Double {
        let a = self[0] < self[4] ? self[4] : self[0], b = self[1] < self[5] ? self[5] : self[1]
        let c = self[2] < self[6] ? self[6] : self[2], d = self[3] < self[7] ? self[7] : self[3]
        let e = a < c ? c : a, f = b < d ? d : b
        return e < f ? f : e
    }
    /// Lanes from `count` on set to NaN.
    @inline(always) func masked(first count: Int) -> Lanes {
        self.replacing(with: lanes(.nan), where: laneIndices .>= LaneIntegers(repeating: Int64(count)))
    }

    /// Reading is within the caller's promise of readable bytes (KernelABI.h); no alignment is asked for.
    @inline(always) static func load(_ pointer: UnsafePointer<Double>) -> Lanes {
        xentLoadDouble8(pointer)
    }
    @inline(always) func store(_ pointer: UnsafeMutablePointer<Double>) {
        xentStoreDouble8(pointer, self)
    }
}

@inline(always) func widen(_ values: SIMD8<Float>) -> Lanes { xentWidenFloat(values) }
@inline(always) func widen(_ values: SIMD8<UInt16>) -> SIMD8<UInt32> { xentWidenUInt16(values) }
@inline(always) func widen(_ values: SIMD8<Int32>) -> LaneIntegers { xentWidenInt32(values) }
// Halves by hand: the standard library's are generic functions, not always inlined, and then weak symbols compiled for this target's
// instruction set under a name that every object shares.
extension SIMD8<Double> {
    @inline(always) var low: SIMD4<Double> { SIMD4(self[0], self[1], self[2], self[3]) }
    @inline(always) var high: SIMD4<Double> { SIMD4(self[4], self[5], self[6], self[7]) }
}
extension SIMD4<Double> {
    @inline(always) var low: SIMD2<Double> { SIMD2(self[0], self[1]) }
    @inline(always) var high: SIMD2<Double> { SIMD2(self[2], self[3]) }
}
extension SIMD8<Int64> {
    /// All lanes added up, wrapping.
    @inline(always) var wrappedTotal: Int64 {
        ((self[0] &+ self[4]) &+ (self[2] &+ self[6])) &+ ((self[1] &+ self[5]) &+ (self[3] &+ self[7]))
    }
}
extension SIMD8<Int64> {
    @inline(always) func store(_ pointer: UnsafeMutablePointer<Int64>) { xentStoreInt64x8(pointer, self) }
    @inline(always) func replacing(with other: LaneIntegers, where mask: SIMDMask<LaneIntegers>) -> LaneIntegers {
        let chosen = unsafeBitCast(mask, to: LaneIntegers.self)
        return self ^ ((self ^ other) & chosen)
    }
    @inline(always) var unsigned: LaneBits { unsafeBitCast(self, to: LaneBits.self) }
}
extension SIMD8<Float> {
    @inline(always) func replacing(with other: Self, where mask: SIMDMask<SIMD8<Int32>>) -> Self {
        let chosen = unsafeBitCast(mask, to: SIMD8<UInt32>.self)
        let bits = unsafeBitCast(self, to: SIMD8<UInt32>.self)
        return unsafeBitCast(bits ^ ((bits ^ unsafeBitCast(other, to: SIMD8<UInt32>.self)) & chosen), to: Self.self)
    }
}
extension SIMD8<UInt64> {
    @inline(always) func replacing(with other: LaneBits, where mask: SIMDMask<LaneIntegers>) -> LaneBits {
        let chosen = unsafeBitCast(mask, to: LaneBits.self)
        return self ^ ((self ^ other) & chosen)
    }
    @inline(always) var signed: LaneIntegers { unsafeBitCast(self, to: LaneIntegers.self) }
}

/// `min`, which is generic and not always inlined (see above).
@inline(always) func smaller(_ a: Int, _ b: Int) -> Int { a < b ? a : b }

/// 0, 1, … 7.
var laneIndices: LaneIntegers { @inline(always) get { LaneIntegers(0, 1, 2, 3, 4, 5, 6, 7) } }

/// The exact sum of a and b as its rounding and what the rounding lost (Knuth, TAOCP 2, 4.2.2, theorem B): a + b = sum + rest.
/// Exact wherever sum is finite.
@inline(always) func twoSum(_ a: Lanes, _ b: Lanes) -> (sum: Lanes, rest: Lanes) {
    let sum = a + b
    let bRounded = sum - a
    return (sum, (a - (sum - bRounded)) + (b - bRounded))
}
@inline(always) func twoSum(_ a: Double, _ b: Double) -> (sum: Double, rest: Double) {
    let sum = a + b
    let bRounded = sum - a
    return (sum, (a - (sum - bRounded)) + (b - bRounded))
}
@inline(always) func twoSum(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> (sum: SIMD4<Double>, rest: SIMD4<Double>) {
    let sum = a + b
    let bRounded = sum - a
    return (sum, (a - (sum - bRounded)) + (b - bRounded))
}
@inline(always) func twoSum(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> (sum: SIMD2<Double>, rest: SIMD2<Double>) {
    let sum = a + b
    let bRounded = sum - a
    return (sum, (a - (sum - bRounded)) + (b - bRounded))
}

/// Eight compensated sums side by side (Ogita, Rump and Oishi, Sum2): the error of each does not grow with the number of terms
/// until that number nears 2^26.
struct CompensatedLanes {
    var sum = lanes(0)
    var rest = lanes(0)

    @inline(always) init() {}

    @inline(always) mutating func add(_ terms: Lanes) {
        let (newSum, newRest) = twoSum(sum, terms)
        sum = newSum
        rest += newRest
    }

    /// `add` to a sum of 0 is the terms, and nothing is lost: seven operations less.
    @inline(always) mutating func add(_ terms: Lanes, isFirst: Bool) {
        if isFirst { sum = terms } else { add(terms) }
    }

    /// Adds terms that are not above the sum so far, in magnitude: three operations less.
    @inline(always) mutating func add(smaller terms: Lanes) {
        let newSum = sum + terms
        // Exact (Dekker).
        rest += terms - (newSum - sum)
        sum = newSum
    }

    /// Adds products without what rounding them would lose.
    @inline(always) mutating func add(_ a: Lanes, times b: Lanes) {
        let product = a * b
        add(product)
        rest += a.fma(b, -product)
    }

    /// Moves what the rest has of the sum's digits to the sum.
    @inline(always) mutating func normalize() {
        let (newSum, newRest) = twoSum(sum, rest)
        (sum, rest) = (newSum, newRest)
    }

    /// `normalize()` where the rest is not above the sum, in magnitude: three operations less.
    @inline(always) mutating func normalizeLesserRest() {
        let newSum = sum + rest
        // Exact (Dekker).
        (sum, rest) = (newSum, rest - (newSum - sum))
    }

    /// All eight lanes added up, rounded a little over once: within 1.01 half ULP of the sum of terms for terms of one sign.
    @inline(always) var total: Double { totalAndRest.total }

    /// All eight lanes added up: their total, rounded, and what the rounding lost.
    @inline(always) var totalAndRest: (total: Double, rest: Double) {
        // Halves are folded by hand: SIMD's own `sum()` compiles to a scalar loop.
        let four = twoSum(sum.low, sum.high)
        let fourRest = (rest.low + rest.high) + four.rest
        let two = twoSum(four.sum.low, four.sum.high)
        let twoRest = (fourRest.low + fourRest.high) + two.rest
        let one = twoSum(two.sum[0], two.sum[1])
        let oneRest = one.rest + (twoRest[0] + twoRest[1])
        let total = one.sum + oneRest
        // Exact, since the rest is the smaller (Dekker).
        return (total, oneRest - (total - one.sum))
    }

    /// `totalAndRest` of eight sums, a lane each, from memory that holds eight lanes of each: the same operations in the same order. What is in
    /// order is added up as vectors: LLVM would else trace each lane back to where it came from, and add most of them up alone.
    @inline(always) static func totals(sums: UnsafePointer<Double>, rests: UnsafePointer<Double>) -> (totals: Lanes, rests: Lanes) {
        @inline(always) func load(_ lanes: UnsafePointer<Double>, _ index: Int) -> Lanes { Lanes.load(lanes + 8 &* index) }
        @inline(always) func halves(_ i: Int) -> (sum: Lanes, rest: Lanes) {
            let (a, b) = (load(sums, i), load(sums, i &+ 1))
            let (restA, restB) = (load(rests, i), load(rests, i &+ 1))
            let (sum, rest) = twoSum(xentLowHalves(a, b), xentHighHalves(a, b))
            return (xentInOrder(sum), xentInOrder((xentLowHalves(restA, restB) + xentHighHalves(restA, restB)) + rest))
        }
        @inline(always) func pairs(_ a: (sum: Lanes, rest: Lanes), _ b: (sum: Lanes, rest: Lanes)) -> (sum: Lanes, rest: Lanes) {
            let (sum, rest) = twoSum(xentLowPairs(a.sum, b.sum), xentHighPairs(a.sum, b.sum))
            return (xentInOrder(sum), xentInOrder((xentLowPairs(a.rest, b.rest) + xentHighPairs(a.rest, b.rest)) + rest))
        }
        let (a, b) = (pairs(halves(0), halves(2)), pairs(halves(4), halves(6)))
        let (sum, rest) = twoSum(xentEvenLanes(a.sum, b.sum), xentOddLanes(a.sum, b.sum))
        let oneRest = rest + (xentEvenLanes(a.rest, b.rest) + xentOddLanes(a.rest, b.rest))
        let totals = sum + oneRest
        return (totals, oneRest - (totals - sum))
    }

    /// The same, and +∞ where a term was: the compensation makes NaN of it.
    @inline(always) var totalOrInfinity: Double {
        let total = total
        if !total.isNaN { return total }
        // Σ of the plain lanes is +∞ if a term is, and NaN if one is NaN.
        let four = sum.low + sum.high
        let two = four.low + four.high
        return two[0] + two[1]
    }
}

/// The largest of the eight lanes at `vectors`, `vectors + 8`, …: a lane each; none of them NaN.
@inline(always) func largestOfEight(_ vectors: UnsafePointer<Double>) -> Lanes {
    @inline(always) func halves(_ i: Int) -> Lanes {
        let (a, b) = (Lanes.load(vectors + 8 &* i), Lanes.load(vectors + 8 &* (i &+ 1)))
        return xentLowHalves(a, b).larger(xentHighHalves(a, b))
    }
    @inline(always) func pairs(_ a: Lanes, _ b: Lanes) -> Lanes { xentLowPairs(a, b).larger(xentHighPairs(a, b)) }
    let (a, b) = (pairs(halves(0), halves(2)), pairs(halves(4), halves(6)))
    return xentEvenLanes(a, b).larger(xentOddLanes(a, b))
}

/// Returns true if any lane is set. The standard library's `all` and `any` are generic, and not always inlined (see above).
@inline(always) func any(_ mask: SIMDMask<LaneIntegers>) -> Bool { xentAnyLane(unsafeBitCast(mask, to: LaneIntegers.self)) != 0 }
/// Returns true if all lanes are set.
@inline(always) func isFull(_ mask: SIMDMask<LaneIntegers>) -> Bool { xentAnyLane(~unsafeBitCast(mask, to: LaneIntegers.self)) == 0 }

/// The mask as bits, the first lane lowest.
@inline(always) func bits(_ mask: SIMDMask<LaneIntegers>) -> UInt8 { xentBitsOfLanes(unsafeBitCast(mask, to: LaneIntegers.self)) }

/// How many of the mask's lanes are set, added to `counts` lane by lane.
@inline(always) func count(_ mask: SIMDMask<SIMD8<Int64>>, into counts: inout LaneIntegers) {
    // Wrapping: a count of rows in memory cannot reach 2^63.
    counts &+= LaneIntegers(repeating: 0).replacing(with: LaneIntegers(repeating: 1), where: mask)
}
@inline(always) func total(_ counts: LaneIntegers) -> Int { Int(counts.wrappedTotal) }
