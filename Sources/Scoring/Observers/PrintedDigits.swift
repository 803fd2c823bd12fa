internal import Elements

/// The digits with which a number was printed, as far as its Float64 tells.
///
/// Text is read as Float64, though it was printed with a few decimals (`%.2f`), a few significant digits (`%g`), or all digits of what was
/// a Float32 before. The sum of a row of such numbers may be as far from 1 as their digits allow.
struct PrintedDigits {
    /// The number of decimals: 2 of 0.25.
    let decimalCount: Int
    /// The number of digits from the first that is not 0: 2 of 0.025. It is 0 of 0.
    let significantCount: Int
    /// The power of ten above the number: 0.1 of 0.025.
    let power: Double

    /// The most digits that a Float32 needs to be told from all others.
    static let float32Count = 9
    /// A row is not held to have fewer digits than these, since zeros at an end are not seen.
    static let leastCount = 2
    /// The most digits that are looked for; a Float64 has no more.
    private static let countLimit = 15
    /// Numbers below it do not matter in a sum.
    private static let leastMagnitude = 1e-13

    /// Finds the digits of a number below 10^9. Returns nil if it has more digits than a decimal number that people or programs cut short.
    init?(_ value: Double) {
        let magnitude = value.magnitude
        guard magnitude >= Self.leastMagnitude else {
            self.init(decimalCount: 0, significantCount: 0, power: 0)
            return
        }
        // Powers of ten up to 10^22 are exact, and so is the quotient rounded once, as the number was when it was read.
        var (decimalCount, scale) = (0, 1.0)
        while decimalCount <= 22 {
            let whole = (magnitude * scale).rounded()
            guard whole < 1e15 else { return nil }
            if whole / scale == magnitude {
                var (count, power) = (0, 1.0)
                while power <= whole {
                    power *= 10
                    count += 1
                }
                self.init(decimalCount: decimalCount, significantCount: count, power: power / scale)
                return
            }
            decimalCount += 1
            scale *= 10
        }
        return nil
    }

    private init(decimalCount: Int, significantCount: Int, power: Double) {
        (self.decimalCount, self.significantCount, self.power) = (decimalCount, significantCount, power)
    }

    /// True if the number has no more digits than a Float32.
    var areFew: Bool { significantCount <= Self.float32Count }

    /// Returns 10^-count.
    static func unit(_ count: Int) -> Double {
        var unit = 1.0
        for _ in 0..<count { unit /= 10 }
        return unit
    }

    /// Returns true if a number was a Float32, as far as its digits tell: it is one, or the nearest one has the same digits.
    static func wasFloat32(_ value: Double) -> Bool {
        let distance = (value - Double(Float(value))).magnitude
        if distance <= value.ulp { return true }
        guard let digits = PrintedDigits(value) else { return false }
        return digits.areFew || distance <= 0.5 * unit(digits.decimalCount) + value.ulp
    }
}

/// The digits of all numbers of a row that was printed in one way.
struct PrintedRow {
    private var count = 0
    private var presentCount = 0
    private var decimalCount = PrintedDigits.leastCount
    private var significantCount = PrintedDigits.leastCount
    private var sumOfPowers = 0.0
    /// True if all numbers have few digits, which then bound their errors.
    private(set) var areFew = true

    /// Adds a number of the row. Returns false if it has the digits of a Float64 that was none before.
    mutating func add(_ value: Double) -> Bool {
        count += 1
        guard value != 0 else { return true }
        presentCount += 1
        guard let digits = PrintedDigits(value), digits.areFew else {
            areFew = false
            return PrintedDigits.wasFloat32(value)
        }
        decimalCount = max(decimalCount, digits.decimalCount)
        significantCount = max(significantCount, digits.significantCount)
        sumOfPowers += digits.power
        return true
    }

    /// The largest error of the sum of the row's numbers: half of a unit in the last decimal of each, or in the last significant digit.
    ///
    /// A number that was printed as 0 may have been more, and never less.
    func sumError(isAbove: Bool) -> Double {
        guard areFew else { return 0 }
        let ofDecimals = Double(isAbove ? presentCount : count) * 0.5 * PrintedDigits.unit(decimalCount)
        let ofSignificantDigits = sumOfPowers * 0.5 * PrintedDigits.unit(significantCount)
        // The sum was rounded as well.
        return max(ofDecimals, ofSignificantDigits) * (1 + 0x1p-20) + 1e-12
    }

    /// The largest error of a number in the row, which is the power of ten below `power`.
    func error(power: Double) -> Double {
        guard areFew else { return 0 }
        return 0.5 * max(PrintedDigits.unit(decimalCount), power * PrintedDigits.unit(significantCount))
    }
}
