public import Scoring

/// The figures beside the mean that an evaluation is asked for.
///
/// ```swift
/// var request = InsightRequest()
/// request.calibration = .automatic
/// request.topKs = [1, 5]
/// options.observers += try request.observers(specification, classCount: 10)
/// ```
public struct InsightRequest: Sendable, Equatable {
    /// The kinds of calibration.
    public enum CalibrationChoice: String, Sendable, CaseIterable {
        /// The usual one of the task: the probability of label 1 for decisions, else the largest.
        case automatic = "auto"
        /// The largest probability of a row.
        case topLabel = "top-label"
        /// The probability of each class.
        case classwise = "class-wise"
        /// The usual one, and that of each class.
        case both
    }

    /// The kind of calibration; nil for none.
    public var calibration: CalibrationChoice?
    /// The numbers of intervals of confidences.
    public var binCounts = Calibration.usualBinCounts
    /// True for the Brier score.
    public var measuresBrier = false
    /// True for the entropy of predictions and their largest probability.
    public var measuresSharpness = false
    /// The k of top-k accuracies; empty for none.
    public var topKs: [Int] = []
    /// The orders of quantiles of the loss; empty for none.
    public var quantiles: [Double] = []
    /// The number of the worst rows that are listed; 0 for none.
    public var worstCount = 0
    /// What makes a row bad.
    public var worstMeasure = WorstRows.Measure.loss

    /// The confidence of all intervals, in (0, 1).
    public var confidence = Self.usualConfidence

    /// The confidence of intervals if none is named.
    public static let usualConfidence = 0.95

    /// The tags of all figures of this module.
    package static let tags: Set<String> = [
        LabelCounts.tag, ProbabilityScores.tag, Calibration.tag, TopAccuracy.tag, LossQuantiles.tag, WorstRows.tag,
    ]

    /// Nothing beside the figures that every report has.
    public init() {}

    /// The usual set: calibration, Brier score, sharpness, quantiles and the worst 20 rows, as far as the task has them.
    public mutating func addUsual(_ task: LossTask) {
        if task.hasLabels, calibration == nil { calibration = .automatic }
        if task == .multiclass || task == .binary { measuresBrier = true }
        if task == .multiclass || task == .binary || task == .soft { measuresSharpness = true }
        if quantiles.isEmpty { quantiles = LossQuantiles.usualOrders }
        if worstCount == 0 { worstCount = 20 }
    }

    /// Makes the observers of the figures, before any row. The counts of labels are among them where the task has them.
    ///
    /// - Parameter classCount: the number of values a row.
    /// - Throws: `SpecificationError` for a figure that the loss does not have.
    public func observers(
        _ specification: LossSpecification, classCount: Int
    ) throws(SpecificationError) -> [any RowObserver] {
        var observers: [any RowObserver] = []
        if let labels = LabelCounts(specification, classCount: classCount) { observers.append(labels) }
        var scores: ProbabilityScores.Choice = []
        if measuresBrier { scores.insert(.brier) }
        if measuresSharpness { scores.insert(.sharpness) }
        if !scores.isEmpty { observers.append(try ProbabilityScores(specification, scores)) }
        if let calibration, calibration != .classwise {
            observers.append(
                try Calibration(specification, kind: calibration == .topLabel ? .topLabel : nil, binCounts: binCounts))
        }
        if !topKs.isEmpty { observers.append(try TopAccuracy(specification, ks: topKs)) }
        if !quantiles.isEmpty { observers.append(try LossQuantiles(specification, orders: quantiles)) }
        if worstCount != 0 { observers.append(try WorstRows(specification, count: worstCount, by: worstMeasure)) }
        return observers
    }
}

extension ObserverCatalog {
    /// The catalog with the figures of this module.
    public var withInsight: ObserverCatalog {
        self.adding(LabelCounts.tag) { _, specification, classCount throws(PartialError) in
            guard let labels = LabelCounts(specification, classCount: classCount) else { throw .unknownSettings(LabelCounts.tag) }
            return labels
        }
        .adding(ProbabilityScores.tag) { configuration, specification, _ throws(PartialError) in
            try ProbabilityScores.make(configuration, specification)
        }
        .adding(Calibration.tag) { configuration, specification, _ throws(PartialError) in try Calibration.make(configuration, specification) }
        .adding(TopAccuracy.tag) { configuration, specification, _ throws(PartialError) in try TopAccuracy.make(configuration, specification) }
        .adding(LossQuantiles.tag) { configuration, specification, _ throws(PartialError) in
            try LossQuantiles.make(configuration, specification)
        }
        .adding(WorstRows.tag) { configuration, specification, _ throws(PartialError) in try WorstRows.make(configuration, specification) }
    }
}
