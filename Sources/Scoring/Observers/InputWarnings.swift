internal import Elements
internal import KernelABI

/// Signs that the input contradicts what was said of it: rows of probabilities that do not sum to 1, labels that count from 1, and the
/// like.
///
/// `warnings(_:classCount:place:)` says them in sentences. Merging is commutative and associative: the sentences do not depend on threads
/// or frames.
public struct InputWarnings: RowObserver, Equatable {
    /// The number of rows of logits that are looked at, from the first one on. Probabilities are looked at in every row.
    public static let logitRowLimit = 1024
    /// The name of the companion with each row's number of log-probabilities that are placeholders, a UInt64 a row.
    public static let placeholderColumn = "placeholders"

    /// Rows whose values were added up; of them those that do not sum to 1, and the one furthest from it.
    var surveyedRowCount: UInt64 = 0
    var deviatingRowCount: UInt64 = 0
    var worstDeviation = 0.0
    var worstRow = UInt64.max
    /// The distance from 1 that rounding explains: the square root of the stored type's eps, as scikit-learn has it.
    var tolerance = 0.0
    /// Surveyed values outside of [0, 1].
    var outsideUnitCount: UInt64 = 0
    /// Values that a limit has cut or replaced: Float16 logits where the type ends, and log-probabilities that are placeholders.
    var saturatedCount: UInt64 = 0
    /// The least and the greatest label, classes or not, but for the ignored; binary and multiclass.
    var leastLabel = Double.infinity
    var greatestLabel = -Double.infinity
    var labelCount: UInt64 = 0
    /// Binary labels between 0 and 1, and the first one's row.
    var softLabelCount: UInt64 = 0
    var firstSoftRow = UInt64.max

    /// The warnings of no rows.
    public init() {}

    /// "warnings".
    public var tag: String { "warnings" }

    /// Looks at the predictions and labels of a block. O(rowCount × classCount) for probabilities, the first logits and Float16 logits,
    /// else O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        let block = block.ofStoredRows, rows = block.rows
        let task = block.specification.task, input = block.stored?.specification.input ?? block.specification.input
        var surveyedRowCount = 0
        switch input {
        case .logits where rows.firstRow < UInt64(Self.logitRowLimit):
            surveyedRowCount = min(rows.rowCount, Self.logitRowLimit - Int(rows.firstRow))
        case .probabilities where task.isOverClasses: surveyedRowCount = rows.rowCount
        case .logits, .probabilities, .logProbabilities: break
        }
        if surveyedRowCount > 0 {
            let survey = block.surveyRows(rowCount: surveyedRowCount)
            let isInDoubt = rows.element == .float64 && input == .probabilities && survey.deviatingRowCount > 0
            add(isInDoubt ? block.heedingDigits(survey) : survey, firstRow: rows.firstRow)
        }
        if input == .logProbabilities {
            if task.isOverClasses, let survey = block.surveyLogProbabilities() { add(survey, firstRow: rows.firstRow) }
            saturatedCount.addSaturating(block.placeholderCount)
        }
        if rows.element == .float16, input == .logits { saturatedCount.addSaturating(UInt64(block.countSaturated())) }
        if let survey = block.labelSurvey {
            add(survey)
        } else if task == .binary, let targets = rows.targets {
            add(targets: targets, rowCount: rows.rowCount, firstRow: rows.firstRow)
        }
    }

    /// Adds the rows of `other`, which must be others than the ones seen here.
    public mutating func merge(_ other: InputWarnings) {
        surveyedRowCount.addSaturating(other.surveyedRowCount)
        deviatingRowCount.addSaturating(other.deviatingRowCount)
        add(deviation: other.worstDeviation, row: other.worstRow)
        tolerance = max(tolerance, other.tolerance)
        outsideUnitCount.addSaturating(other.outsideUnitCount)
        saturatedCount.addSaturating(other.saturatedCount)
        leastLabel = min(leastLabel, other.leastLabel)
        greatestLabel = max(greatestLabel, other.greatestLabel)
        labelCount.addSaturating(other.labelCount)
        softLabelCount.addSaturating(other.softLabelCount)
        firstSoftRow = min(firstSoftRow, other.firstSoftRow)
    }

    // Row numbers wrap: the number of a first row may be anything, and must not trap.
    mutating func add(_ survey: RowSurvey, firstRow: UInt64) {
        surveyedRowCount.addSaturating(UInt64(survey.rowCount))
        deviatingRowCount.addSaturating(UInt64(survey.deviatingRowCount))
        tolerance = max(tolerance, survey.tolerance)
        outsideUnitCount.addSaturating(UInt64(survey.outsideUnitCount))
        if survey.worstRow >= 0 { add(deviation: survey.worstDeviation, row: firstRow &+ UInt64(survey.worstRow)) }
    }

    private mutating func add(deviation: Double, row: UInt64) {
        if deviation > worstDeviation || (deviation == worstDeviation && row < worstRow) { (worstDeviation, worstRow) = (deviation, row) }
    }

    /// Class indices.
    mutating func add(_ survey: LabelSurvey) {
        guard survey.countedRowCount > 0 else { return }
        leastLabel = min(leastLabel, Double(survey.least))
        greatestLabel = max(greatestLabel, Double(survey.greatest))
        labelCount.addSaturating(UInt64(survey.countedRowCount))
    }

    /// Binary labels as numbers; NaN is no label.
    mutating func add(targets: UnsafePointer<Double>, rowCount: Int, firstRow: UInt64) {
        for row in 0..<rowCount where !targets[row].isNaN {
            let target = targets[row]
            leastLabel = min(leastLabel, target)
            greatestLabel = max(greatestLabel, target)
            labelCount.addSaturating(1)
            if target > 0, target < 1 {
                softLabelCount.addSaturating(1)
                firstSoftRow = min(firstSoftRow, firstRow &+ UInt64(row))
            }
        }
    }
}
