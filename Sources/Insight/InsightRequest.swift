internal import Messages
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

    /// The ways to cut confidences into intervals.
    public enum Binning: String, Sendable, CaseIterable {
        /// Intervals of equal width.
        case equalWidth = "equal-width"
        /// Intervals that hold equally many predictions, beside those of equal width.
        case equalMass = "equal-mass"
    }

    /// The kind of calibration; nil for none.
    public var calibration: CalibrationChoice?
    /// The numbers of intervals of confidences.
    public var binCounts = Calibration.usualBinCounts
    /// How the intervals of confidences are cut.
    public var binning = Binning.equalWidth
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
    /// The measure by which a row is bad.
    public var worstMeasure = WorstRows.Measure.loss

    /// True for the area under the ROC curve and the average precision.
    public var measuresRanking = false
    /// The columns of each request of slices.
    public var slices: [[Slices.Column]] = []
    /// The columns of the dump whose values are listed with the worst rows, in their order.
    public var shownColumns: [String] = []

    /// The way to find the interval of the mean; nil for the usual one: clustered where there are clusters, else normal.
    public var interval: Uncertainty.Kind?
    /// True if rows come with clusters.
    public var hasClusters = false
    /// True if the clusters are a column of texts, false if they are an array of numbers.
    public var areClustersTexts = false
    /// The number of replicates of a bootstrap.
    public var replicateCount = 1000
    /// The temperatures at which the mean is asked for.
    public var temperatures: [Double] = []
    /// True for the temperature of the least mean.
    public var fitsTemperature = false
    /// The confidence of all intervals, in (0, 1).
    public var confidence = Self.usualConfidence

    /// The confidence of intervals if none is named.
    public static let usualConfidence = 0.95

    /// The tags of all figures of this module.
    package static let tags: Set<String> = [
        LabelCounts.tag, ProbabilityScores.tag, Calibration.tag, ClassCalibration.tag, EqualMassCalibration.tag, TopAccuracy.tag,
        LossQuantiles.tag, Ranking.tag, WorstRows.tag, Slices.tag, Clusters.tag, RowGroups.tag, LabelFingerprint.tag,
        TemperatureCurve.tag,
    ]

    /// Nothing beside the figures that every report has.
    public init() {}

    /// The way to find the interval of the mean.
    public var usedInterval: Uncertainty.Kind { interval ?? (hasClusters ? .clustered : .normal) }

    /// The usual set: calibration, Brier score, sharpness, quantiles, the worst 20 rows, ranking of binary predictions, and slices by label, as far
    /// as the task has them.
    public mutating func addUsual(_ task: LossTask) {
        if task == .binary { measuresRanking = true }
        if task == .multiclass || task == .binary, !slices.contains([.label]) { slices.append([.label]) }
        if task.hasLabels, calibration == nil { calibration = .automatic }
        if task.hasLabels { (measuresBrier, measuresSharpness) = (true, true) }
        if quantiles.isEmpty { quantiles = LossQuantiles.usualOrders }
        if worstCount == 0 { worstCount = 20 }
    }

    /// Makes the observers of the figures, before any row. The counts of labels are among them where the task has them.
    ///
    /// - Parameters:
    ///   - specification: the loss.
    ///   - classCount: the number of values a row.
    /// - Throws: `SpecificationError` for a figure that the loss does not have.
    public func observers(
        _ specification: LossSpecification, classCount: Int
    ) throws(SpecificationError) -> [any RowObserver] {
        if specification.modifiers.temperature != nil, !temperatures.isEmpty || fitsTemperature {
            let setting: Setting = temperatures.isEmpty ? .fitTemperature : .temperatureSweep
            throw SpecificationError(
                problem: "\(setting: setting) is of the logits as they are stored, and \(setting: .temperature) divides them",
                remedy: "leave one of them out")
        }
        // Figures are those of the logits that are scored.
        let specification = specification.ofScaledRows
        var observers: [any RowObserver] = []
        if let labels = LabelCounts(specification, classCount: classCount) { observers.append(labels) }
        var scores: ProbabilityScores.Choice = []
        if measuresBrier { scores.insert(.brier) }
        if measuresSharpness { scores.insert(.sharpness) }
        if !scores.isEmpty { observers.append(try ProbabilityScores(specification, scores)) }
        if let calibration, calibration != .classwise {
            observers.append(
                try Calibration(specification, kind: calibration == .topLabel ? .topLabel : nil, binCounts: binCounts))
            if binning == .equalMass {
                observers.append(
                    try EqualMassCalibration(specification, kind: calibration == .topLabel ? .topLabel : nil, binCount: binCounts[0]))
            }
        }
        if calibration == .classwise || calibration == .both {
            observers.append(try ClassCalibration(specification, classCount: classCount, binCount: binCounts.first ?? 0))
        }
        if measuresRanking { observers.append(try Ranking(specification, classCount: classCount)) }
        if !slices.isEmpty { observers.append(try Slices(specification, by: slices)) }
        if hasClusters { observers.append(Clusters(specification, areTexts: areClustersTexts)) }
        switch usedInterval {
        case .normal: break
        case .clustered:
            guard hasClusters else {
                throw SpecificationError(
                    problem: "\(setting: .interval, .text("clustered")) needs clusters, and rows have none",
                    remedy: "name their file or column (\(setting: .clusters))")
            }
        case .jackknife, .bootstrap:
            guard (1...100_000).contains(replicateCount) else {
                throw SpecificationError(problem: "there are \(replicateCount) replicates", remedy: "give 1 to 100000")
            }
            if !hasClusters { observers.append(RowGroups(specification)) }
        }
        if hasClusters || usedInterval != .normal, let labels = LabelFingerprint(specification) { observers.append(labels) }
        if !temperatures.isEmpty || fitsTemperature {
            observers.append(try TemperatureCurve(specification, temperatures: temperatures, isFitted: fitsTemperature))
        }
        if !topKs.isEmpty { observers.append(try TopAccuracy(specification, ks: topKs)) }
        if !quantiles.isEmpty { observers.append(try LossQuantiles(specification, orders: quantiles)) }
        if worstCount != 0 {
            observers.append(try WorstRows(specification, count: worstCount, by: worstMeasure, shownColumns: shownColumns))
        } else {
            // Columns without rows are refused.
            _ = try ShownColumns(shownColumns, ofRows: 0)
        }
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
        .adding(ClassCalibration.tag) { configuration, specification, classCount throws(PartialError) in
            try ClassCalibration.make(configuration, specification, classCount)
        }
        .adding(EqualMassCalibration.tag) { configuration, specification, _ throws(PartialError) in
            try EqualMassCalibration.make(configuration, specification)
        }
        .adding(Ranking.tag) { _, specification, classCount throws(PartialError) in
            do throws(SpecificationError) {
                return try Ranking(specification, classCount: classCount)
            } catch {
                throw .unknownSettings(Ranking.tag)
            }
        }
        .adding(Slices.tag) { configuration, specification, _ throws(PartialError) in try Slices.make(configuration, specification) }
        .adding(Clusters.tag) { configuration, specification, _ throws(PartialError) in try Clusters.make(configuration, specification) }
        .adding(RowGroups.tag) { _, specification, _ in RowGroups(specification) }
        .adding(LabelFingerprint.tag) { _, specification, _ throws(PartialError) in
            guard let labels = LabelFingerprint(specification) else { throw .unknownSettings(LabelFingerprint.tag) }
            return labels
        }
        .adding(TemperatureCurve.tag) { configuration, specification, _ throws(PartialError) in
            try TemperatureCurve.make(configuration, specification)
        }
        .adding(TopAccuracy.tag) { configuration, specification, _ throws(PartialError) in try TopAccuracy.make(configuration, specification) }
        .adding(LossQuantiles.tag) { configuration, specification, _ throws(PartialError) in
            try LossQuantiles.make(configuration, specification)
        }
        .adding(WorstRows.tag) { configuration, specification, _ throws(PartialError) in try WorstRows.make(configuration, specification) }
    }
}
