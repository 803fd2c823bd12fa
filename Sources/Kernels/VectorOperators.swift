// The operators of whole vectors. They shadow the standard library's, which are generic and go lane by lane (KernelABI.h): what is written with
// them compiles in a fraction of the time, and stays a vector.

import KernelABI

extension SIMD8<Double> {
    /// The lanes with the other sign, zeros as well. As a term or factor of `fma` it costs nothing; 0 − x would be an instruction.
    @inline(always) static prefix func - (a: Self) -> Self { xentNegateDouble8(a) }
    @inline(always) static func + (a: Self, b: Self) -> Self { xentAddDouble8(a, b) }
    @inline(always) static func + (a: Self, b: Double) -> Self { xentAddDouble8(a, Self(repeating: b)) }
    @inline(always) static func + (a: Double, b: Self) -> Self { xentAddDouble8(Self(repeating: a), b) }
    @inline(always) static func += (a: inout Self, b: Self) { a = xentAddDouble8(a, b) }
    @inline(always) static func - (a: Self, b: Self) -> Self { xentSubtractDouble8(a, b) }
    @inline(always) static func - (a: Self, b: Double) -> Self { xentSubtractDouble8(a, Self(repeating: b)) }
    @inline(always) static func - (a: Double, b: Self) -> Self { xentSubtractDouble8(Self(repeating: a), b) }
    @inline(always) static func -= (a: inout Self, b: Self) { a = xentSubtractDouble8(a, b) }
    @inline(always) static func * (a: Self, b: Self) -> Self { xentMultiplyDouble8(a, b) }
    @inline(always) static func * (a: Self, b: Double) -> Self { xentMultiplyDouble8(a, Self(repeating: b)) }
    @inline(always) static func * (a: Double, b: Self) -> Self { xentMultiplyDouble8(Self(repeating: a), b) }
    @inline(always) static func *= (a: inout Self, b: Self) { a = xentMultiplyDouble8(a, b) }
    @inline(always) static func / (a: Self, b: Self) -> Self { xentDivideDouble8(a, b) }
    @inline(always) static func / (a: Self, b: Double) -> Self { xentDivideDouble8(a, Self(repeating: b)) }
    @inline(always) static func / (a: Double, b: Self) -> Self { xentDivideDouble8(Self(repeating: a), b) }
}

extension SIMD4<Double> {
    @inline(always) static func + (a: Self, b: Self) -> Self { xentAddDouble4(a, b) }
    @inline(always) static func += (a: inout Self, b: Self) { a = xentAddDouble4(a, b) }
    @inline(always) static func - (a: Self, b: Self) -> Self { xentSubtractDouble4(a, b) }
    @inline(always) static func -= (a: inout Self, b: Self) { a = xentSubtractDouble4(a, b) }
    @inline(always) static func * (a: Self, b: Self) -> Self { xentMultiplyDouble4(a, b) }
    @inline(always) static func *= (a: inout Self, b: Self) { a = xentMultiplyDouble4(a, b) }
    @inline(always) static func / (a: Self, b: Self) -> Self { xentDivideDouble4(a, b) }
}

extension SIMD2<Double> {
    @inline(always) static func + (a: Self, b: Self) -> Self { xentAddDouble2(a, b) }
    @inline(always) static func += (a: inout Self, b: Self) { a = xentAddDouble2(a, b) }
    @inline(always) static func - (a: Self, b: Self) -> Self { xentSubtractDouble2(a, b) }
    @inline(always) static func -= (a: inout Self, b: Self) { a = xentSubtractDouble2(a, b) }
    @inline(always) static func * (a: Self, b: Self) -> Self { xentMultiplyDouble2(a, b) }
    @inline(always) static func *= (a: inout Self, b: Self) { a = xentMultiplyDouble2(a, b) }
    @inline(always) static func / (a: Self, b: Self) -> Self { xentDivideDouble2(a, b) }
}

extension SIMD8<UInt64> {
    @inline(always) static func & (a: Self, b: Self) -> Self { xentAndUInt64x8(a, b) }
    @inline(always) static func | (a: Self, b: Self) -> Self { xentOrUInt64x8(a, b) }
    @inline(always) static func ^ (a: Self, b: Self) -> Self { xentExclusiveOrUInt64x8(a, b) }
    @inline(always) static func &<< (a: Self, b: Self) -> Self { xentShiftLeftUInt64x8(a, b) }
    @inline(always) static func &>> (a: Self, b: Self) -> Self { xentShiftRightUInt64x8(a, b) }
    @inline(always) static prefix func ~ (a: Self) -> Self { xentNotUInt64x8(a) }
}

extension SIMD8<Int64> {
    @inline(always) static func & (a: Self, b: Self) -> Self { xentAndInt64x8(a, b) }
    @inline(always) static func | (a: Self, b: Self) -> Self { xentOrInt64x8(a, b) }
    @inline(always) static func ^ (a: Self, b: Self) -> Self { xentExclusiveOrInt64x8(a, b) }
    @inline(always) static func &<< (a: Self, b: Self) -> Self { xentShiftLeftInt64x8(a, b) }
    @inline(always) static func &>> (a: Self, b: Self) -> Self { xentShiftRightInt64x8(a, b) }
    @inline(always) static prefix func ~ (a: Self) -> Self { xentNotInt64x8(a) }
}

extension SIMD8<UInt32> {
    @inline(always) static func & (a: Self, b: Self) -> Self { xentAndUInt32x8(a, b) }
    @inline(always) static func | (a: Self, b: Self) -> Self { xentOrUInt32x8(a, b) }
    @inline(always) static func ^ (a: Self, b: Self) -> Self { xentExclusiveOrUInt32x8(a, b) }
    @inline(always) static func &<< (a: Self, b: Self) -> Self { xentShiftLeftUInt32x8(a, b) }
    @inline(always) static func &>> (a: Self, b: Self) -> Self { xentShiftRightUInt32x8(a, b) }
    @inline(always) static prefix func ~ (a: Self) -> Self { xentNotUInt32x8(a) }
}
