/// A sum of Float64 values and of exact products of two Float64 values, held without any rounding.
///
/// The sum is a fixed-point integer in units of 2^-2148, the square of the least subnormal, wide enough for every
/// Float64 and every product of two. Addition is exact, hence associative and commutative: any order and any grouping of
/// additions and merges gives the same value, the same comparison and the same encoding, bit for bit. It is rounded
/// once, when it is read (`rounded()` and its relatives).
///
/// Infinities and NaN are counted apart and leave the finite part alone; reading follows IEEE 754: any NaN, or
/// infinities of both signs, give NaN, else infinities of one sign give that infinity. A sum of zero is +0.
///
/// Range: the magnitude must stay below 2^2171. Fewer than 2^64 terms, each of magnitude at most 2^2048, stay below 2^2112.
/// No run of additions gets to the limit, nor any number of decoded sums; only a sum merged with copies of itself could, in 59
/// doublings or more, and such a merge traps rather than giving a wrong value.
///
/// The design is Radford M. Neal's small superaccumulator, "Fast exact summation using small and large
/// superaccumulators", arXiv 1505.05571, widened from values to products.
///
/// A value takes about 1.1 KB, shared copy-on-write: copies are cheap until changed, and a sum never added to owns nothing.
public struct ExactSum: Sendable {
    /// How many limbs there are: 4260 bits reach from 2^-2148 to 2^2112, and 134 limbs of 32 bits hold them.
    static let limbCount = 134

    /// The power of two of the lowest bit of limb 0: least subnormal × least subnormal = 2^-1074 · 2^-1074.
    static let leastExponent = -2148

    /// Carries are propagated at the latest after so many terms (see `limbs`).
    static let pendingTermLimit = 1 << 29

    /// The limbs that every new sum shares until it is first added to.
    private static let zeroLimbs = [Int64](repeating: 0, count: limbCount)

    /// Limb i counts units of 2^(32 i - 2148); the value is the sum over all limbs. Limbs overlap: each has 32 bits of
    /// its own and 31 more in which carries wait, so that adding a term touches three limbs (five for a product) and no carry.
    ///
    /// Invariant, with k = `pendingTermCount` ≤ 2^29 on entry to and exit from every method:
    /// 1. Each limb but the last has a magnitude below (k + 1) · 2^32. After `propagateCarries` k is 0 and these limbs lie
    ///    in 0 ..< 2^32. A term changes a limb by less than 2^32 and raises k by 1. Merging a sum with k' adds less than
    ///    (k' + 1) · 2^32 to a limb and raises k by k' + 1.
    /// 2. Within a merge k reaches 2^29 + 2^29 + 1 at most, so limbs stay below (2^30 + 2) · 2^32 < 2^63.
    /// 3. In `propagateCarries` a limb takes a carry of magnitude below 2^31 from the limb below:
    ///    (2^30 + 2) · 2^32 + 2^31 < 2^63.
    ///    Hence no limb but the last can overflow an Int64, and `&+` on these is exact.
    /// 4. The last limb, from 2^2108 up, takes carries and merges only, since terms end below 2^2049, in limb 131.
    ///    Below 2^2112 it lies in -16 ..< 16. It is added to with the checked `+`.
    ///
    /// An array and not an `InlineArray<134, Int64>`: states of many sums are copied, returned and kept in optionals and
    /// dictionaries, where 1.1 KB inline is copied each time and an array is a reference; an unused sum costs no
    /// memory; and the price, one check of uniqueness for each call, is nothing beside the additions (none for each value in
    /// `add(_: UnsafeBufferPointer<Double>)`).
    private(set) var limbs: [Int64]

    /// How many terms were added since carries were last propagated: k of the invariant. 0 means canonical form.
    private(set) var pendingTermCount: Int

    /// How many terms were +infinity. Stays at `UInt64.max` once there.
    public private(set) var positiveInfinityCount: UInt64
    /// How many terms were -infinity. Stays at `UInt64.max` once there.
    public private(set) var negativeInfinityCount: UInt64
    /// How many terms were NaN, products such as 0 · infinity included. Stays at `UInt64.max` once there.
    public private(set) var nanCount: UInt64

    /// The sum of nothing: zero.
    public init() {
        limbs = Self.zeroLimbs
        pendingTermCount = 0
        positiveInfinityCount = 0
        negativeInfinityCount = 0
        nanCount = 0
    }

    /// A sum from canonical limbs, `limbCount` of them, each but the last in 0 ..< 2^32.
    init(
        canonicalLimbs: [Int64], positiveInfinityCount: UInt64, negativeInfinityCount: UInt64, nanCount: UInt64
    ) {
        assert(canonicalLimbs.count == Self.limbCount)
        assert(canonicalLimbs.dropLast().allSatisfy { $0 >= 0 && $0 >> 32 == 0 })
        self.limbs = canonicalLimbs
        self.pendingTermCount = 0
        self.positiveInfinityCount = positiveInfinityCount
        self.negativeInfinityCount = negativeInfinityCount
        self.nanCount = nanCount
    }

    // MARK: Adding

    /// Adds any Float64, exactly. Infinities and NaN are counted. O(1), a few nanoseconds.
    public mutating func add(_ value: Double) {
        makeRoomForTerm()
        let isFinite = limbs.withUnsafeMutableBufferPointer { Self.deposit(value, into: $0) }
        if !isFinite {
            countNonFinite(value)
        }
    }

    /// Adds every value of the buffer, exactly; the same as adding them one by one, but faster.
    public mutating func add(_ values: UnsafeBufferPointer<Double>) {
        var start = 0
        while start < values.count {
            if pendingTermCount >= Self.pendingTermLimit {
                propagateCarries()
            }
            let count = min(values.count - start, Self.pendingTermLimit - pendingTermCount)
            let block = UnsafeBufferPointer(rebasing: values[start..<start + count])
            // The buffer of limbs is taken once a block: through the array, each value would check for uniqueness.
            let allAreFinite = limbs.withUnsafeMutableBufferPointer { limbs in
                var allAreFinite = true
                for value in block {
                    allAreFinite = Self.deposit(value, into: limbs) && allAreFinite
                }
                return allAreFinite
            }
            if !allAreFinite {
                for value in block where !value.isFinite {
                    countNonFinite(value)
                }
            }
            pendingTermCount += count
            start += count
        }
    }

    /// Adds `integer` · 2^`exponent`, exactly.
    ///
    /// - Precondition: `exponent` is in -2148 ... 1985, so that the term is a multiple of 2^-2148 and at most 2^2048.
    public mutating func add(_ integer: Int64, scaledByPowerOfTwo exponent: Int) {
        precondition(
            (Self.leastExponent...1985).contains(exponent), "ExactSum: the exponent of a scaled integer must be in -2148...1985")
        makeRoomForTerm()
        let position = exponent - Self.leastExponent
        limbs.withUnsafeMutableBufferPointer {
            Self.deposit(high: 0, low: integer.magnitude, at: position, signMask: integer >> 63, into: $0)
        }
    }

    /// Adds the product of `a` and `b`, exactly: nothing is rounded, overflows or underflows on the way.
    /// The product that IEEE 754 gives is counted where a factor is infinite or NaN. O(1).
    public mutating func addProduct(_ a: Double, _ b: Double) {
        guard a.isFinite, b.isFinite else {
            countNonFinite(a * b)
            return
        }
        makeRoomForTerm()
        let (significandA, exponentA) = Self.integerSignificand(of: a)
        let (significandB, exponentB) = Self.integerSignificand(of: b)
        // 53 by 53 bits give 106.
        let (high, low) = significandA.multipliedFullWidth(by: significandB)
        let position = exponentA + exponentB - Self.leastExponent
        let signMask = Int64(bitPattern: a.bitPattern ^ b.bitPattern) >> 63
        limbs.withUnsafeMutableBufferPointer {
            Self.deposit(high: high, low: low, at: position, signMask: signMask, into: $0)
        }
    }

    /// Adds another sum, exactly: the result is the sum of all terms of both. O(1), about 134 additions.
    public mutating func add(_ other: ExactSum) {
        let last = Self.limbCount - 1
        for index in 0..<last {
            limbs[index] &+= other.limbs[index]  // cannot overflow: see `limbs`
        }
        limbs[last] += other.limbs[last]
        pendingTermCount += other.pendingTermCount + 1
        if pendingTermCount > Self.pendingTermLimit {
            propagateCarries()
        }
        positiveInfinityCount = Self.saturatingSum(positiveInfinityCount, other.positiveInfinityCount)
        negativeInfinityCount = Self.saturatingSum(negativeInfinityCount, other.negativeInfinityCount)
        nanCount = Self.saturatingSum(nanCount, other.nanCount)
    }

    /// Subtracts another sum, exactly: the result is the sum of all terms of this one and of the negatives of the other's. O(1), as `add`.
    public mutating func subtract(_ other: ExactSum) {
        let last = Self.limbCount - 1
        for index in 0..<last {
            limbs[index] &-= other.limbs[index]  // cannot overflow: see `limbs`
        }
        limbs[last] -= other.limbs[last]
        pendingTermCount += other.pendingTermCount + 1
        if pendingTermCount > Self.pendingTermLimit {
            propagateCarries()
        }
        positiveInfinityCount = Self.saturatingSum(positiveInfinityCount, other.negativeInfinityCount)
        negativeInfinityCount = Self.saturatingSum(negativeInfinityCount, other.positiveInfinityCount)
        nanCount = Self.saturatingSum(nanCount, other.nanCount)
    }

    // MARK: Reading

    /// True if the sum is exactly zero, with no infinity or NaN among its terms.
    public var isZero: Bool {
        !hasNonFiniteTerms && canonicalLimbs().allSatisfy { $0 == 0 }
    }

    /// The sign of the sum: 1, 0 or -1. Where terms were infinite it is that of the infinity, and 0 where the sum is NaN.
    public var sign: Int {
        if let value = nonFiniteValue {
            return value.isNaN ? 0 : (value < 0 ? -1 : 1)
        }
        let limbs = canonicalLimbs()
        if limbs[Self.limbCount - 1] < 0 {
            return -1
        }
        return limbs.contains { $0 != 0 } ? 1 : 0
    }

    /// True if any term was infinite or NaN.
    var hasNonFiniteTerms: Bool {
        positiveInfinityCount != 0 || negativeInfinityCount != 0 || nanCount != 0
    }

    /// The value where terms were infinite or NaN, by IEEE reasoning; nil where all were finite.
    var nonFiniteValue: Double? {
        guard hasNonFiniteTerms else { return nil }
        if nanCount != 0 || (positiveInfinityCount != 0 && negativeInfinityCount != 0) {
            return .nan
        }
        return positiveInfinityCount != 0 ? .infinity : -.infinity
    }

    /// The limbs of the finite part with all carries propagated: each but the last in 0 ..< 2^32, the last signed.
    /// Each value has exactly one such form.
    func canonicalLimbs() -> [Int64] {
        if pendingTermCount == 0 {
            return limbs
        }
        var copy = self
        copy.propagateCarries()
        return copy.limbs
    }

    /// Sign and magnitude of the finite part: the magnitude is Σ words[i] · 2^(32 i - 2148), with `limbCount` + 1 words.
    func signAndMagnitude() -> (isNegative: Bool, words: [UInt32]) {
        let limbs = canonicalLimbs()
        let last = limbs[Self.limbCount - 1]
        var words = limbs.map { UInt32(truncatingIfNeeded: $0) }
        words.append(UInt32(truncatingIfNeeded: last >> 32))
        guard last < 0 else {
            return (false, words)
        }
        // The words are the two's complement; so negated, even the least value of the last limb cannot overflow.
        var carry = true
        for index in words.indices {
            (words[index], carry) = (~words[index]).addingReportingOverflow(carry ? 1 : 0)
        }
        return (true, words)
    }

    // MARK: Inside

    /// Counts one more term, and propagates carries first where the limbs have no room for it.
    @inline(__always)
    private mutating func makeRoomForTerm() {
        if pendingTermCount >= Self.pendingTermLimit {
            propagateCarries()
        }
        pendingTermCount += 1
    }

    /// Brings the limbs to canonical form.
    private mutating func propagateCarries() {
        let last = Self.limbCount - 1
        var carry: Int64 = 0
        for index in 0..<last {
            let limb = limbs[index] &+ carry  // cannot overflow: see `limbs`
            limbs[index] = limb & 0xFFFF_FFFF
            carry = limb >> 32
        }
        limbs[last] += carry
        pendingTermCount = 0
    }

    private mutating func countNonFinite(_ value: Double) {
        if value.isNaN {
            nanCount = Self.saturatingSum(nanCount, 1)
        } else if value > 0 {
            positiveInfinityCount = Self.saturatingSum(positiveInfinityCount, 1)
        } else {
            negativeInfinityCount = Self.saturatingSum(negativeInfinityCount, 1)
        }
    }

    /// a + b, or `UInt64.max` where that is less: associative and commutative as well, and a hostile count cannot trap.
    private static func saturatingSum(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }

    /// |value| as significand · 2^exponent, for a finite value.
    @inline(__always)
    private static func integerSignificand(of value: Double) -> (significand: UInt64, exponent: Int) {
        let exponentField = Int((value.bitPattern >> 52) & 0x7FF)
        let fraction = value.bitPattern & 0xF_FFFF_FFFF_FFFF
        // Subnormals and zeros have the exponent of the least normal number and no leading one.
        return exponentField == 0 ? (fraction, -1074) : (fraction | 1 << 52, exponentField - 1075)
    }

    /// Adds a finite value to the limbs, touching three; leaves them alone and returns false where it is infinite or NaN.
    ///
    /// The buffer is not checked in release builds; `limbs` has `limbCount` elements, and the position, at most
    /// 971 + 2148 = 3119, keeps the third limb at 99 or below.
    @inline(__always)
    private static func deposit(_ value: Double, into limbs: UnsafeMutableBufferPointer<Int64>) -> Bool {
        guard value.isFinite else { return false }
        let (significand, exponent) = integerSignificand(of: value)
        let position = exponent - leastExponent
        let shift = UInt64(truncatingIfNeeded: position & 31)
        let upper = significand &>> (32 - shift)  // the shift is in 1...32: nothing is masked away
        let signMask = Int64(bitPattern: value.bitPattern) >> 63
        let index = position >> 5
        addDigit(significand &<< shift & 0xFFFF_FFFF, signMask, to: &limbs[index])
        addDigit(upper & 0xFFFF_FFFF, signMask, to: &limbs[index + 1])
        addDigit(upper >> 32, signMask, to: &limbs[index + 2])
        return true
    }

    /// Adds ±(high · 2^64 + low) · 2^position units to the limbs, negative where `signMask` is -1 (else it is 0).
    ///
    /// The highest limb touched is (position >> 5) + 4 where `high` is not 0, else + 2. Positions are at most
    /// 2 · 971 + 2148 = 4090 for products and 1985 + 2148 = 4133 for scaled integers: limb 131, within `limbCount`.
    @inline(__always)
    private static func deposit(
        high: UInt64, low: UInt64, at position: Int, signMask: Int64, into limbs: UnsafeMutableBufferPointer<Int64>
    ) {
        let shift = position & 31
        let index = position >> 5
        // 128 bits shifted by up to 31 take three words; Swift's >> gives 0 for a shift by 64.
        let word0 = low << shift
        let word1 = high << shift | low >> (64 - shift)
        addDigit(word0 & 0xFFFF_FFFF, signMask, to: &limbs[index])
        addDigit(word0 >> 32, signMask, to: &limbs[index + 1])
        addDigit(word1 & 0xFFFF_FFFF, signMask, to: &limbs[index + 2])
        if high != 0 {
            let word2 = high >> (64 - shift)
            addDigit(word1 >> 32, signMask, to: &limbs[index + 3])
            addDigit(word2, signMask, to: &limbs[index + 4])
        }
    }

    /// Adds ±digit, which is below 2^32, to a limb: with a mask of -1, (d ^ -1) - (-1) = -d.
    @inline(__always)
    private static func addDigit(_ digit: UInt64, _ signMask: Int64, to limb: inout Int64) {
        limb &+= (Int64(bitPattern: digit) ^ signMask) &- signMask  // cannot overflow: see `limbs`
    }
}

extension ExactSum: Equatable {
    /// Compares the values and the counts of infinities and NaN, whatever way the sums came to them.
    public static func == (left: ExactSum, right: ExactSum) -> Bool {
        left.positiveInfinityCount == right.positiveInfinityCount
            && left.negativeInfinityCount == right.negativeInfinityCount
            && left.nanCount == right.nanCount
            && left.canonicalLimbs() == right.canonicalLimbs()
    }
}
