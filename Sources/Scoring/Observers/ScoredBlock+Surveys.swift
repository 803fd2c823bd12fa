internal import Elements
internal import KernelABI

// The surveys of values that kernels do not have.
extension ScoredBlock {
    /// The number of values by whose digits a row is judged.
    private static let judgedValueCount = 16

    /// Returns the survey of Float64 rows of which some do not sum to 1, with the tolerance that their digits allow.
    ///
    /// Text and rounded numbers are Float64, though they may have as few digits as a Float32 has: at most nine that differ from 0. Such
    /// rows have the tolerance of Float32. What a row adds depends on the row alone.
    func heedingDigits(_ survey: RowSurvey) -> RowSurvey {
        var heeding = survey
        (heeding.deviatingRowCount, heeding.worstDeviation, heeding.worstRow) = (0, 0, -1)
        let lenient = ElementType.float32.epsilon.squareRoot()
        for row in 0..<survey.rowCount {
            let one = surveyRows(row..<row + 1)
            guard one.deviatingRowCount > 0 else { continue }
            if hasFewDigits(row: row) {
                guard one.worstDeviation > lenient else { continue }
                heeding.tolerance = lenient
            }
            heeding.deviatingRowCount += 1
            if one.worstDeviation > heeding.worstDeviation { (heeding.worstDeviation, heeding.worstRow) = (one.worstDeviation, row) }
        }
        return heeding
    }

    /// Returns true if the first values of a row that are neither 0 nor 1 are decimal numbers of at most nine digits, or if all of them are
    /// numbers of Float32.
    private func hasFewDigits(row: Int) -> Bool {
        judgedValues(ofRow: row) { $0 != 0 && $0 != 1 } areAll: { Self.hasFewDigits($0) } or: { Double(Float($0)) == $0 }
    }

    /// Returns true if the first values of a row that `counts` chooses all have one property, or all have the other.
    private func judgedValues(
        ofRow row: Int, _ counts: (Double) -> Bool, areAll first: (Double) -> Bool, or second: (Double) -> Bool
    ) -> Bool {
        var judgedCount = 0
        var (areFirst, areSecond) = (true, true)
        for column in 0..<classCount {
            let value = value(row: row, column: column)
            guard counts(value) else { continue }
            areFirst = areFirst && first(value)
            areSecond = areSecond && second(value)
            guard areFirst || areSecond else { return false }
            judgedCount += 1
            if judgedCount == Self.judgedValueCount { break }
        }
        return true
    }

    /// Returns true if a value is the Float64 nearest to a decimal number of at most nine digits. Values too small to matter in a sum are,
    /// and numbers of 10^9 and more are not.
    static func hasFewDigits(_ value: Double) -> Bool {
        let magnitude = value.magnitude
        guard magnitude >= 1e-13, magnitude < 1e9 else { return magnitude < 1e-13 }
        // Powers of ten up to 10^22 are exact, and so is the quotient rounded once, as the number was when it was read.
        var scale = 1.0
        while magnitude * scale < 1e8 { scale *= 10 }
        return (magnitude * scale).rounded() / scale == magnitude
    }

    /// The number of log-probabilities whose exponentials are added up at most.
    private static let surveyedValueCount = 1 << 20

    /// Compares the sum of the exponentials of each of the first rows with 1. Returns nil for a block after these rows.
    func surveyLogProbabilities() -> RowSurvey? {
        // At least 16 rows, however wide they are.
        let rowLimit = UInt64(max(16, min(InputWarnings.logitRowLimit, Self.surveyedValueCount / classCount)))
        guard rows.firstRow < rowLimit else { return nil }
        var survey = RowSurvey(
            values: rows.values, classCount: classCount, rowCount: min(rows.rowCount, Int(rowLimit - rows.firstRow)),
            elementCode: rows.element.code, tolerance: rows.element.epsilon.squareRoot(), deviatingRowCount: 0, worstDeviation: 0,
            worstRow: -1, outsideUnitCount: 0)
        let lenient = ElementType.float32.epsilon.squareRoot()
        for row in 0..<survey.rowCount {
            var sum = 0.0
            for column in 0..<classCount { sum += Self.exponential(value(row: row, column: column)) }
            let deviation = (sum - 1).magnitude
            guard deviation > survey.tolerance, deviation < .infinity else { continue }
            // Logarithms in text were rounded as well.
            if rows.element == .float64, deviation <= lenient, hasFewLogarithmDigits(row: row) { continue }
            survey.deviatingRowCount += 1
            if deviation > survey.worstDeviation { (survey.worstDeviation, survey.worstRow) = (deviation, row) }
        }
        return survey
    }

    /// Returns true if the first log-probabilities of a row have at most nine digits, or are numbers of Float32.
    private func hasFewLogarithmDigits(row: Int) -> Bool {
        judgedValues(ofRow: row) { $0 != 0 && $0.isFinite } areAll: { Self.hasFewDigits($0) } or: { Double(Float($0)) == $0 }
    }

    /// e^x within a few units in the last place, by plain multiplications and additions, so that it is the same number on every machine.
    static func exponential(_ x: Double) -> Double {
        guard x > -745 else { return x.isNaN ? x : 0 }
        guard x < 709 else { return .infinity }
        let exponent = (x * 0x1.71547652b82fep0).rounded()
        // ln 2 in two parts, of which the first has zeros at its end.
        let rest = x - exponent * 0x1.62e42feep-1 - exponent * 0x1.a39ef35793c76p-33
        var sum = 1.0
        for n in stride(from: 13.0, through: 1, by: -1) { sum = 1 + sum * rest / n }
        return Double(sign: .plus, exponent: Int(exponent), significand: sum)
    }

    /// The number of scored log-probabilities that are placeholders, such as −9999. A block that knows the number of each record says it;
    /// of others the losses tell.
    var placeholderCount: UInt64 {
        if let column = companion(named: InputWarnings.placeholderColumn), column.rowByteCount == 8 {
            var count: UInt64 = 0
            for row in 0..<rows.rowCount {
                count.addSaturating(column.bytes.loadUnaligned(fromByteOffset: 8 * row, as: UInt64.self))
            }
            return count
        }
        // Several losses a row, or weights, would make another number of it.
        let modifiers = specification.modifiers
        guard specification.task != .soft, specification.task != .multilabel, !specification.hasWeights, modifiers.labelSmoothing == 0,
            modifiers.focalGamma == nil, modifiers.positiveWeights == nil
        else { return 0 }
        let losses = losses(ofDialect: 0)
        var count: UInt64 = 0
        for row in 0..<rows.rowCount where losses[row] >= -LogProbability.greatestPlaceholder && losses[row] < .infinity { count += 1 }
        return count
    }
}
