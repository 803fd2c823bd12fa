internal import KernelABI

/// What was seen of predictions and labels in passing, for the warnings: where the input contradicts what was said of it.
///
/// Merging is commutative and associative: what is warned of does not depend on threads or frames.
public struct Observations: Sendable, Equatable {
    /// Rows of logits that are looked at: the first ones. Probabilities are looked at in every row.
    public static let logitRowLimit = 1024

    /// Rows whose values were added up; of them those that do not sum to 1, and the one furthest from it.
    var surveyedRowCount: UInt64 = 0
    var deviatingRowCount: UInt64 = 0
    var worstDeviation = 0.0
    var worstRow = UInt64.max
    /// The distance from 1 that rounding explains: the square root of the stored type's eps, as scikit-learn has it.
    var tolerance = 0.0
    /// Surveyed values outside of [0, 1].
    var outsideUnitCount: UInt64 = 0
    /// Float16 values where the type ends.
    var saturatedCount: UInt64 = 0
    /// The least and the greatest label, classes or not, but for the ignored; binary and multiclass.
    var leastLabel = Double.infinity
    var greatestLabel = -Double.infinity
    var labelCount: UInt64 = 0
    /// Binary labels between 0 and 1, and the first one's row.
    var softLabelCount: UInt64 = 0
    var firstSoftRow = UInt64.max

    public init() {}

    public mutating func merge(_ other: Self) {
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

    mutating func add(_ survey: RowSurvey, firstRow: UInt64) {
        surveyedRowCount.addSaturating(UInt64(survey.rowCount))
        deviatingRowCount.addSaturating(UInt64(survey.deviatingRowCount))
        tolerance = max(tolerance, survey.tolerance)
        outsideUnitCount.addSaturating(UInt64(survey.outsideUnitCount))
        if survey.worstRow >= 0 { add(deviation: survey.worstDeviation, row: firstRow + UInt64(survey.worstRow)) }
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
                firstSoftRow = min(firstSoftRow, firstRow + UInt64(row))
            }
        }
    }
}
