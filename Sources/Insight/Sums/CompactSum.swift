internal import Scoring

/// An exact sum of Float64 values that takes little memory for numbers of usual size, for figures that keep thousands of sums.
///
/// A number below 2^11 in magnitude is cut into a multiple of 2^-40 and a multiple of 2^-92, which are added up as integers. Whatever does not fit,
/// a larger number or digits below 2^-92, goes to an `ExactSum` of its own. Integers add up exactly, so the value does not depend on the
/// order or the grouping of additions and merges. The cuts are those of `Kernels/Fold.swift`.
///
/// A sum takes 80 bytes, and 1.1 KB more after the first number that does not fit.
struct CompactSum: Sendable {
    /// The sum of the parts in units of 2^-40. Each is below 2^52, so that 2^75 numbers fit, or 2^53 sums that were decoded.
    private(set) var coarse: Int128 = 0
    /// The sum of the parts in units of 2^-92, each below 2^52.
    private var fine: Int128 = 0
    /// The sum of everything else; nil where there is nothing else.
    private var rest: ExactSum?

    /// The sum of no numbers: zero.
    init() {}

    /// The sum of a whole number of units of 2^-92, of a magnitude below 2^126.
    private init(units: Int128) {
        coarse = units >> 52
        fine = units & ((1 << 52) - 1)
    }

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

    /// Takes off the numbers of another sum. O(1).
    mutating func subtract(_ other: CompactSum) {
        // Wrapping: 2^75 numbers fit.
        coarse &-= other.coarse
        fine &-= other.fine
        if let subtracted = other.rest {
            var sum = rest.take() ?? ExactSum()
            sum.subtract(subtracted)
            rest = sum
        }
    }

    /// The value in units of 2^-92; nil where it is no whole number of them, or too large.
    private var units: Int128? {
        guard rest == nil, coarse.magnitude < 1 << 73, fine.magnitude < 1 << 125 else { return nil }
        return (coarse << 52) + fine
    }

    /// The value without any rounding.
    var exact: ExactSum {
        var sum = rest ?? ExactSum()
        sum.add(coarse, scaledByPowerOfTwo: -40)
        sum.add(fine, scaledByPowerOfTwo: -92)
        return sum
    }

    /// The value, rounded once.
    var rounded: Double {
        guard let units else { return exact.rounded() }
        let magnitude = units.magnitude
        // The first 64 bits, of which the last is 1 where any below it is: they round to the 53 that all bits round to.
        let shift = max(0, 64 - magnitude.leadingZeroBitCount)
        var leading = UInt64(truncatingIfNeeded: magnitude >> shift)
        if magnitude & ((1 << shift) - 1) != 0 { leading |= 1 }
        return Double(leading) * Double(sign: units < 0 ? .minus : .plus, exponent: shift - 92, significand: 1) + 0
    }

    /// True if the value is zero and no number was infinite or NaN.
    var isZero: Bool { coarse == 0 && fine == 0 && rest == nil || exact.isZero }
}

// The encoding is that of the exact value, so that equal values give equal bytes: the layout stands in ExactSum+Encoding.swift. Its words count units
// of 2^(32 i − 2148), so that 2^-92 is bit 8 of word 64.
extension CompactSum {
    private static let firstWord = 64
    private static let shift = 8
    /// Words of 32 bits that hold a magnitude below 2^126 from that bit on.
    private static let wordCount = 5

    /// Appends the encoding of the exact value. O(1).
    func encode(into bytes: inout [UInt8]) {
        guard let units else { return exact.encode(into: &bytes) }
        let magnitude = units.magnitude
        guard magnitude != 0 else {
            bytes += [0, 0, 0]
            return
        }
        let first = (magnitude.trailingZeroBitCount + Self.shift) / 32
        let end = (128 - magnitude.leadingZeroBitCount + Self.shift + 31) / 32
        bytes.append(units < 0 ? 1 : 0)
        bytes.append(UInt8(Self.firstWord + first))
        bytes.append(UInt8(end - first))
        for index in first..<end {
            let word = UInt32(truncatingIfNeeded: index == 0 ? magnitude << Self.shift : magnitude >> (32 * index - Self.shift))
            for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * byte))) }
        }
    }

    /// Takes what `encode(into:)` wrote, and what `ExactSum` writes. A value that fits takes no `ExactSum`. O(1).
    ///
    /// - Throws: `PartialError` where the bytes are none that either writes.
    init(_ reader: inout SectionReader) throws(PartialError) {
        if let units = Self.takeUnits(&reader) {
            self.init(units: units)
        } else {
            self.init()
            let sum = try reader.exactSum()
            rest = sum.isZero ? nil : sum
        }
    }

    /// Takes the encoding of a value that is a whole number of units of 2^-92 and not too large. Nil, with nothing taken, where it is another one or
    /// damaged.
    private static func takeUnits(_ reader: inout SectionReader) -> Int128? {
        var ahead = reader
        guard let head = try? ahead.bytes(3), let flags = head.first, flags <= 1 else { return nil }
        let place = head[head.startIndex + 1], count = Int(head[head.startIndex + 2])
        if flags == 0, place == 0, count == 0 {
            reader = ahead
            return 0
        }
        let first = Int(place) - firstWord
        guard count > 0, first >= 0, first + count <= wordCount, let words = try? ahead.bytes(4 * count) else { return nil }
        var magnitude: UInt128 = 0
        for index in (0..<count).reversed() {
            var word: UInt32 = 0
            for byte in words[(words.startIndex + 4 * index)..<(words.startIndex + 4 * index + 4)].reversed() { word = word << 8 | UInt32(byte) }
            // Neither end is a zero in the one encoding that a value has.
            guard word != 0 || (index > 0 && index < count - 1) else { return nil }
            let bit = 32 * (first + index) - shift
            if bit < 0 {
                guard word.trailingZeroBitCount >= shift else { return nil }
                magnitude |= UInt128(word) >> shift
            } else {
                // The top word may have bits beyond those of the type.
                guard bit + 32 - word.leadingZeroBitCount <= 125 else { return nil }
                magnitude |= UInt128(word) << bit
            }
        }
        reader = ahead
        return flags == 1 ? -Int128(magnitude) : Int128(magnitude)
    }
}

extension CompactSum: Equatable {
    /// Returns true if the two values are equal.
    static func == (left: CompactSum, right: CompactSum) -> Bool {
        if let left = left.units, let right = right.units { return left == right }
        return left.exact == right.exact
    }
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
