internal import Elements
internal import KernelABI

// The surveys of values that kernels do not have.
extension ScoredBlock {
    /// Returns the survey of Float64 rows of which some do not sum to 1, with the tolerance that their digits allow.
    ///
    /// Text and rounded numbers are Float64, though they may have fewer digits, or may have been Float32 before. Such rows have the
    /// tolerance of Float32, or that of their digits if it is larger. What a row adds depends on the row alone.
    func heedingDigits(_ survey: RowSurvey) -> RowSurvey {
        var heeding = survey
        (heeding.deviatingRowCount, heeding.worstDeviation, heeding.worstRow) = (0, 0, -1)
        for row in 0..<survey.rowCount {
            let one = surveyRows(row..<row + 1)
            guard one.deviatingRowCount > 0 else { continue }
            if let tolerance = printedTolerance(row: row, deviation: one.worstDeviation) {
                guard one.worstDeviation > tolerance else { continue }
                heeding.tolerance = max(heeding.tolerance, tolerance)
            }
            heeding.deviatingRowCount += 1
            if one.worstDeviation > heeding.worstDeviation { (heeding.worstDeviation, heeding.worstRow) = (one.worstDeviation, row) }
        }
        return heeding
    }

    /// Returns how far from 1 the sum of a row of probabilities may be for its digits; nil if they are those of a Float64.
    private func printedTolerance(row: Int, deviation: Double) -> Double? {
        let ofFloat32 = ElementType.float32.epsilon.squareRoot()
        // Nearly all such rows were Float32, which costs least to see.
        let areFloat32 = (0..<classCount).allSatisfy { column in
            let value = value(row: row, column: column)
            return Double(Float(value)) == value
        }
        if areFloat32, deviation <= ofFloat32 { return ofFloat32 }
        var printed = PrintedRow()
        var sum = 0.0
        for column in 0..<classCount {
            let value = value(row: row, column: column)
            guard printed.add(value) else { return nil }
            sum += value
        }
        return max(ofFloat32, printed.sumError(isAbove: sum > 1))
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
        let leastTolerance = survey.tolerance
        for row in 0..<survey.rowCount {
            var sum = 0.0
            for column in 0..<classCount { sum += Self.exponential(value(row: row, column: column)) }
            let deviation = (sum - 1).magnitude
            guard deviation > leastTolerance, deviation < .infinity else { continue }
            // Logarithms in text were rounded as well.
            if rows.element == .float64, let tolerance = printedLogarithmTolerance(row: row) {
                guard deviation > tolerance else { continue }
                survey.tolerance = max(survey.tolerance, tolerance)
            }
            survey.deviatingRowCount += 1
            if deviation > survey.worstDeviation { (survey.worstDeviation, survey.worstRow) = (deviation, row) }
        }
        return survey
    }

    /// Returns how far from 1 the sum of the exponentials of a row may be for the digits of the logarithms; nil if they are those of a
    /// Float64.
    private func printedLogarithmTolerance(row: Int) -> Double? {
        let ofFloat32 = ElementType.float32.epsilon.squareRoot()
        let areFloat32 = (0..<classCount).allSatisfy { column in
            let value = value(row: row, column: column)
            return Double(Float(value)) == value
        }
        if areFloat32 { return ofFloat32 }
        var printed = PrintedRow()
        for column in 0..<classCount {
            let value = value(row: row, column: column)
            guard value.isInfinite || printed.add(value) else { return nil }
        }
        var error = 0.0
        for column in 0..<classCount {
            let value = value(row: row, column: column)
            guard value.isFinite, let digits = PrintedDigits(value) else { continue }
            error += Self.exponential(value) * (Self.exponential(printed.error(power: digits.power)) - 1)
        }
        return max(ofFloat32, error * (1 + 0x1p-20))
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
        guard stored == nil, specification.task != .soft, specification.task != .multilabel, !specification.hasWeights, modifiers.labelSmoothing == 0,
            modifiers.focalGamma == nil, modifiers.positiveWeights == nil
        else { return 0 }
        let losses = losses(ofDialect: 0)
        var count: UInt64 = 0
        for row in 0..<rows.rowCount where losses[row] >= -LogProbability.greatestPlaceholder && losses[row] < .infinity { count += 1 }
        return count
    }
}
