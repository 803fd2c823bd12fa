internal import Scoring

/// An exact sum of Float64 values that takes little memory for numbers of usual size, for figures that keep thousands of sums.
///
/// A number below 2^11 in magnitude is cut into a multiple of 2^-40 and a multiple of 2^-92, which are added up as integers. Whatever does not fit,
/// a larger number or digits below 2^-92, goes to an `ExactSum` of its own. Integers add up exactly, so the value does not depend on the
/// order or the grouping of additions and merges. The cuts are those of `Kernels/Fold.swift`.
///
/// A sum takes 80 bytes, and 1.1 KB more after the first number that does not fit.
struct CompactSum: Sendable {
    /// The sum of the parts in units of 2^-40. Each is below 2^52, so that 2^75 numbers fit.
    private(set) var coarse: Int128 = 0
    /// The sum of the parts in units of 2^-92, each below 2^52.
    private var fine: Int128 = 0
    /// The sum of everything else; nil where there is nothing else.
    private var rest: ExactSum?

    /// The sum of no numbers: zero.
    init() {}

    /// The sum with the value of `sum`.
    init(_ sum: ExactSum) { rest = sum.isZero ? nil : sum }

    /// Adds a number exactly. O(1).
    @inline(__always)
    mutating func add(_ number: Double) {
        guard number.magnitude < FixedPoint.limit else { return addToRest(number) }
        coarse &+= Int128(FixedPoint.units(number))  // Wrapping: 2^75 numbers fit.
        let remainder = FixedPoint.remainder(number)
        guard remainder != 0 else { return }
        let (units, last) = FixedPoint.fineUnits(remainder)
        fine &+= Int128(units)
        if last != 0 { addToRest(last) }
    }

    /// Adds `number`, and takes `other` off: the same as adding −other, and less work. O(1).
    @inline(__always)
    mutating func add(_ number: Double, minus other: Double) {
        guard number.magnitude < FixedPoint.limit, other.magnitude < FixedPoint.limit else {
            add(number)
            return add(-other)
        }
        let parts = FixedPoint.difference(number, other)
        add(coarse: parts.coarse, fine: parts.fine)
        if parts.rest != 0 { addToRest(parts.rest) }
        if parts.restOfOther != 0 { addToRest(-parts.restOfOther) }
    }

    /// Adds sums of parts in units of 2^-40 and 2^-92. O(1).
    @inline(__always)
    mutating func add(coarse: Int64, fine: Int64) {
        // Wrapping: 2^75 numbers fit.
        self.coarse &+= Int128(coarse)
        self.fine &+= Int128(fine)
    }

    /// Adds the sum of a block. O(residuals).
    mutating func add(_ numbers: FoldedNumbers) {
        // Wrapping: 2^75 numbers fit.
        coarse &+= Int128(numbers.coarse)
        fine &+= Int128(numbers.fine)
        guard numbers.finest != 0 || !numbers.residuals.isEmpty else { return }
        var sum = rest.take() ?? ExactSum()
        sum.add(numbers.finest, scaledByPowerOfTwo: -144)
        for number in numbers.residuals { sum.add(number) }
        rest = sum
    }

    @inline(never)
    private mutating func addToRest(_ number: Double) {
        var sum = rest.take() ?? ExactSum()
        sum.add(number)
        rest = sum
    }

    /// Adds the numbers of another sum. O(1).
    mutating func add(_ other: CompactSum) {
        // Wrapping: 2^75 numbers fit.
        coarse &+= other.coarse
        fine &+= other.fine
        if let added = other.rest {
            var sum = rest.take() ?? ExactSum()
            sum.add(added)
            rest = sum
        }
    }

    /// The value without any rounding.
    var exact: ExactSum {
        var sum = rest ?? ExactSum()
        sum.add(coarse, scaledByPowerOfTwo: -40)
        sum.add(fine, scaledByPowerOfTwo: -92)
        return sum
    }

    /// The value, rounded once.
    var rounded: Double { exact.rounded() }

    /// True if the value is zero and no number was infinite or NaN.
    var isZero: Bool { coarse == 0 && fine == 0 && rest == nil || exact.isZero }

    /// Appends the encoding of the exact value, so that equal values give equal bytes.
    func encode(into bytes: inout [UInt8]) { exact.encode(into: &bytes) }
}

extension CompactSum: Equatable {
    /// Returns true if the two values are equal.
    static func == (left: CompactSum, right: CompactSum) -> Bool { left.exact == right.exact }
}

extension ExactSum {
    /// The sum of as many ones.
    init(count: UInt64) {
        self.init()
        add(Int128(count), scaledByPowerOfTwo: 0)
    }

    /// Adds an integer of 128 bits times a power of two.
    mutating func add(_ integer: Int128, scaledByPowerOfTwo exponent: Int) {
        guard integer != 0 else { return }
        // Three digits in base 2^48, the highest with the sign: each fits Int64.
        let base = Int128(1) << 48
        add(Int64(truncatingIfNeeded: integer & (base - 1)), scaledByPowerOfTwo: exponent)
        add(Int64(truncatingIfNeeded: (integer >> 48) & (base - 1)), scaledByPowerOfTwo: exponent + 48)
        add(Int64(truncatingIfNeeded: integer >> 96), scaledByPowerOfTwo: exponent + 96)
    }
}
