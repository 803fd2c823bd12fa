// Numbers of twice as many digits as Float64 has, in each lane.

import KernelABI

/// A number in each lane as a sum of two that is not rounded: `low` is at most a few hundredths of `high`, and has digits of its own.
struct GroupPair<Group: LaneGroup> {
    var high: Group
    var low: Group

    @inline(always) init(_ high: Group, _ low: Group) { (self.high, self.low) = (high, low) }

    /// The sum, rounded once.
    @inline(always) var rounded: Group { high + low }

    /// The pair, at a point that each of its vectors reaches before any goes on (`xentInOrder`).
    @inline(always) var met: GroupPair { GroupPair(high.met, low.met) }
}

typealias LanePair = GroupPair<Lanes>

extension GroupPair where Group == Lanes {
    /// `other` where the mask is set.
    @inline(always) func replacing(with other: LanePair, where mask: SIMDMask<LaneIntegers>) -> LanePair {
        LanePair(high.replacing(with: other.high, where: mask), low.replacing(with: other.low, where: mask))
    }

    /// The same sum with `high` as what it rounds to. |low| must be at most |high|.
    @inline(always) var normalized: LanePair {
        // The rest is exact, since low is the smaller (Dekker).
        let sum = high + low
        return LanePair(sum, low - (sum - high))
    }

    /// The sum, within 2^-104 of itself for numbers of the same sign. An infinite sum has no rest.
    @inline(always) static func + (a: LanePair, b: LanePair) -> LanePair {
        let (high, low) = twoSum(a.high, b.high)
        return LanePair(high, lanes(0).replacing(with: low + (a.low + b.low), where: high.absolute .< lanes(.infinity)))
    }

    /// The product of finite numbers of which one is rounded to its `high`, or nearly so, but for that one's `low` times the other's; within 2^-104 of
    /// itself if both are, while it is no subnormal.
    @inline(always) static func * (a: LanePair, b: LanePair) -> LanePair {
        let product = a.high * b.high
        let rest = a.low.fma(b.high, a.high.fma(b.high, -product))
        return LanePair(product, a.high.fma(b.low, rest))
    }

    /// The product with a number that may be infinite: 0 where self is 0, be the number infinite. An infinite product has no rest.
    @inline(always) func times(any number: LanePair) -> LanePair {
        let isSome = high .!= lanes(0)
        let product = self * number
        let isFinite = product.high.absolute .< lanes(.infinity)
        return LanePair(
            lanes(0).replacing(with: product.high, where: isSome), lanes(0).replacing(with: product.low, where: isSome .& isFinite))
    }
}
