public import Insight
internal import Scoring

// The sections of a report that say more than the mean. Each is absent where it was not asked for, or the loss does not have it.
extension Report {
    /// Two bounds between which a figure lies.
    public struct Interval: Sendable, Codable {
        /// The bounds.
        public let lower: Double, upper: Double
    }

    /// The loss of the best constant prediction, which knows the labels' shares and nothing of the rows; for tasks multiclass and binary.
    public struct Baseline: Sendable, Codable {
        /// The entropy of the labels: the mean cross-entropy of predicting their shares for every row.
        public internal(set) var entropy: Double
        /// The mean loss over the entropy; absent where the loss is not the plain cross-entropy. Infinite or NaN where all labels are the same.
        public let normalizedEntropy: Double?
        /// 1 − the mean loss over the entropy: the share of the entropy that predictions explain (D², McFadden's R²).
        public let d2: Double?
        /// The mean label, for task binary.
        public let meanLabel: Double?
        /// The mean probability of label 1, for task binary with Brier scores.
        public let meanPrediction: Double?
        /// The reason for which the ratios are absent.
        public let reason: String?

        enum CodingKeys: String, CodingKey {
            case entropy, d2, reason
            case normalizedEntropy = "normalized_entropy"
            case meanLabel = "mean_label"
            case meanPrediction = "mean_prediction"
        }
    }

    /// The mean square distance of probabilities from what happened.
    public struct Brier: Sendable, Codable {
        /// The score: Σ (p − y)² over the classes, in [0, 2]; of decisions (p − y)², in [0, 1], for task multilabel their mean over the columns.
        public let score: Double
        /// Σ (p − y)² over the classes, also of a decision's two.
        public let scoreUnscaled: Double
        /// Half of that.
        public let scoreScaledByHalf: Double
        /// 1 − the score over that of predicting the labels' shares for every row (the Brier skill score); absent where labels are not counted.
        public let d2: Double?
        /// Murphy's parts over the intervals of `calibration`, for decisions; absent without it.
        public let reliability: Double?, resolution: Double?, uncertainty: Double?

        enum CodingKeys: String, CodingKey {
            case score, d2, reliability, resolution, uncertainty
            case scoreUnscaled = "score_unscaled"
            case scoreScaledByHalf = "score_scaled_by_half"
        }
    }

    /// How sure predictions are of themselves.
    public struct Sharpness: Sendable, Codable {
        /// The mean entropy of a row's probabilities.
        public internal(set) var meanEntropy: Double
        /// The mean of a row's largest probability.
        public let meanTopProbability: Double
        /// The mean loss less the mean entropy: above 0 where predictions are too sure of themselves. Absent where the loss is not the plain
        /// cross-entropy.
        public internal(set) var excessLoss: Double?

        enum CodingKeys: String, CodingKey {
            case meanEntropy = "mean_entropy"
            case meanTopProbability = "mean_top_probability"
            case excessLoss = "excess_loss"
        }
    }

    /// The figures of calibration by intervals of confidence.
    public struct CalibrationFigures: Sendable, Codable {
        /// An interval of confidences that holds predictions.
        public struct Bin: Sendable, Codable {
            /// The bounds; the upper one belongs to the interval.
            public let lower: Double, upper: Double
            /// The number of predictions.
            public let rows: UInt64
            /// The weight of the predictions; absent where rows have no weights.
            public let weight: Double?
            /// The mean confidence.
            public let confidence: Double
            /// The share of right predictions.
            public let accuracy: Double
            /// The bounds of Wilson's interval of that share.
            public let accuracyLower: Double, accuracyUpper: Double

            enum CodingKeys: String, CodingKey {
                case lower, upper, rows, weight, confidence, accuracy
                case accuracyLower = "accuracy_lower"
                case accuracyUpper = "accuracy_upper"
            }
        }

        /// The distances of a number of intervals.
        public struct Binning: Sendable, Codable {
            /// The number of intervals.
            public let bins: Int
            /// The expected calibration error.
            public let ece: Double
            /// Its square mean.
            public let eceL2: Double
            /// The largest distance.
            public let mce: Double
            /// The mean distance of intervals, each counting the same.
            public let ace: Double
            /// The square mean less what chance gives; absent where rows have weights.
            public let eceL2Debiased: Double?
            /// The intervals that hold predictions.
            public let reliability: [Bin]

            enum CodingKeys: String, CodingKey {
                case bins, ece, mce, ace, reliability
                case eceL2 = "ece_l2"
                case eceL2Debiased = "ece_l2_debiased"
            }
        }

        /// The figures of each class's probability.
        public struct Classwise: Sendable, Codable {
            /// The mean of the classes' expected errors.
            public let ece: Double
            /// The square mean of the classes' square means.
            public let eceL2: Double
            /// The largest distance of an interval of a class.
            public let mce: Double
            /// The expected error of each class.
            public let byClass: [Double]
            /// The number of classes that some label has.
            public let classesPresent: Int

            enum CodingKeys: String, CodingKey {
                case ece, mce
                case eceL2 = "ece_l2"
                case byClass = "by_class"
                case classesPresent = "classes_present"
            }
        }

        /// The errors that a library gives, whose intervals are closed at other ends or are others.
        public struct LibraryErrors: Sendable, Codable {
            /// The expected calibration error, its square mean, the largest distance, and the unweighted mean.
            public var ece: Double?, eceL2: Double?, mce: Double?, ace: Double?
            /// The curve of intervals of equal mass: shares of right predictions, and mean confidences.
            public var probTrue: [Double]?, probPred: [Double]?

            enum CodingKeys: String, CodingKey {
                case ece, mce, ace
                case eceL2 = "ece_l2"
                case probTrue = "prob_true"
                case probPred = "prob_pred"
            }

            init() {}

            init(_ errors: CalibrationErrors) {
                (ece, eceL2, mce, ace) = (errors.expected, errors.squareMean, errors.largest, errors.unweightedMean)
            }
        }

        /// The kind of confidence: `top-label`, the largest probability; or `positive`, that of label 1. It and the figures up to `reliability` are
        /// absent where only those of classes were asked for.
        public let kind: Calibration.Kind?
        /// The number of intervals of the figures that follow.
        public let bins: Int?
        /// The expected calibration error: Σ of the intervals' shares times |confidence − accuracy|.
        public let ece: Double?
        /// √Σ of the intervals' shares times (confidence − accuracy)².
        public let eceL2: Double?
        /// The largest distance of an interval.
        public let mce: Double?
        /// The mean distance of intervals, each counting the same.
        public let ace: Double?
        /// The square mean less what chance gives; absent where rows have weights.
        public let eceL2Debiased: Double?
        /// The smooth calibration error; absent where rows have weights.
        public let smoothEce: Double?
        /// The bandwidth of the smooth calibration error.
        public let smoothEceBandwidth: Double?
        /// Σ p over Σ y of label 1; absent for the top label.
        public let ratio: Double?
        /// The mean confidence.
        public let meanConfidence: Double?
        /// The intervals that hold predictions.
        public let reliability: [Bin]?
        /// The figures of intervals that hold equally many predictions; absent if they were not asked for.
        public let equalMass: Binning?
        /// The figures of each class's probability; absent if they were not asked for.
        public let classwise: Classwise?
        /// The figures of other numbers of intervals; absent if one was asked for.
        public let otherBinnings: [Binning]?
        /// The errors that libraries give for `bins`, by their names; absent where rows have weights, and in reports of earlier versions.
        public let dialects: [String: LibraryErrors]?

        enum CodingKeys: String, CodingKey {
            case kind, bins, ece, mce, ace, ratio, reliability, classwise, dialects
            case equalMass = "equal_mass"
            case eceL2 = "ece_l2"
            case eceL2Debiased = "ece_l2_debiased"
            case smoothEce = "smooth_ece"
            case smoothEceBandwidth = "smooth_ece_bandwidth"
            case meanConfidence = "mean_confidence"
            case otherBinnings = "other_binnings"
        }
    }

    /// The share of rows whose label is among the k largest predictions.
    public struct TopK: Sendable, Codable {
        /// The share, where of equal predictions the first index comes first.
        public let accuracy: Double
        /// The share of the rows' weight; absent where rows have no weights.
        public let accuracyWeighted: Double?
        /// The share if the label came first of equals.
        public let optimistic: Double
        /// The share if the label came last of equals.
        public let pessimistic: Double
        /// The number of rows in which equal predictions decide.
        public let tiedRows: UInt64

        enum CodingKeys: String, CodingKey {
            case accuracy, optimistic, pessimistic
            case accuracyWeighted = "accuracy_weighted"
            case tiedRows = "tied_rows"
        }
    }

    /// The top-k accuracies by k, and those of libraries that order equal predictions otherwise.
    public struct TopKFigures: Sendable, Codable {
        /// The share of rows by a library's order.
        public struct LibraryShare: Sendable, Codable {
            /// The share.
            public let accuracy: Double
        }

        /// The figures by k.
        public let byK: [Int: TopK]
        /// The shares of `sklearn`, where the larger index comes first, and of `keras`, where the label does, by k; absent in reports of earlier
        /// versions.
        public let dialects: [String: [Int: LibraryShare]]?

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        private static let dialectsKey = Key(stringValue: "dialects")

        init(_ figures: [TopAccuracy.Figures]) {
            byK = Dictionary(uniqueKeysWithValues: figures.map { ($0.k, TopK($0)) })
            func shares(_ share: (TopAccuracy.Figures) -> Double) -> [Int: LibraryShare] {
                Dictionary(uniqueKeysWithValues: figures.map { ($0.k, LibraryShare(accuracy: share($0))) })
            }
            dialects = ["sklearn": shares(\.lastIndexAccuracy), "keras": shares(\.optimistic)]
        }

        /// Writes an object with a key for each k, and `dialects`.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            for (k, figures) in byK { try container.encode(figures, forKey: Key(stringValue: "\(k)")) }
            try container.encodeIfPresent(
                dialects?.mapValues { Dictionary(uniqueKeysWithValues: $0.map { ("\($0)", $1) }) }, forKey: Self.dialectsKey)
        }

        /// Reads what `encode(to:)` wrote.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            var byK: [Int: TopK] = [:]
            for key in container.allKeys {
                if let k = Int(key.stringValue) { byK[k] = try container.decode(TopK.self, forKey: key) }
            }
            self.byK = byK
            let dialects = try container.decodeIfPresent([String: [String: LibraryShare]].self, forKey: Self.dialectsKey)
            self.dialects = dialects?.mapValues { shares in
                var byK: [Int: LibraryShare] = [:]
                for (key, share) in shares {
                    if let k = Int(key) { byK[k] = share }
                }
                return byK
            }
        }
    }

    /// The quantiles of the loss.
    public struct Quantiles: Sendable, Codable {
        /// The shares of the rows.
        public let q: [Double]
        /// For each share the least loss that so many rows do not exceed, within `relativeError`.
        public internal(set) var values: [Double]
        /// The bounds between which each value lies for sure.
        public internal(set) var lower: [Double], upper: [Double]
        /// The largest distance of a value from the true one, relative to it.
        public let relativeError: Double
        /// True if all values are the true ones.
        public let exact: Bool
        /// A coarse histogram: the neighbouring intervals that hold losses, in ascending order; absent for the figures of a comparison.
        public internal(set) var histogram: [HistogramInterval]?
        /// The values by linear interpolation, `numpy-linear`; absent where the losses of rows were not all kept, and in reports of earlier versions.
        public internal(set) var dialects: [String: LibraryValues]?

        /// The values that a library gives.
        public struct LibraryValues: Sendable, Codable {
            /// The values in the order of `q`.
            public internal(set) var values: [Double]
        }

        enum CodingKeys: String, CodingKey {
            case q, values, lower, upper, exact, histogram, dialects
            case relativeError = "relative_error"
        }
    }

    /// An interval of losses.
    public struct HistogramInterval: Sendable, Codable {
        /// The bounds. A loss that equals the upper one lies in the next interval, or in the last.
        public internal(set) var lower: Double, upper: Double
        /// The number of rows.
        public let rows: UInt64
        /// The weight of the rows; absent where rows have none.
        public let weight: Double?
    }

    /// A row with one of the largest losses.
    public struct WorstRow: Sendable, Codable {
        /// The number of the row in the dump, from 0.
        public let row: UInt64
        /// The place of the row in words: its file, and its row there. Absent after a merge without a plan.
        public let place: String?
        /// The file of the row's prediction, as the inputs list it. Absent where there is none, and after a merge without a plan: partials do not
        /// know how rows were cut into files.
        public let file: String?
        /// The number of the row in the file, from 0. Absent where there is no file, and in a shard of text: the rows before it were not counted.
        public let rowInFile: Int?
        /// The loss without the row's weight.
        public internal(set) var loss: Double
        /// The label; absent where it is no class.
        public let label: Int?
        /// The class of the largest probability; absent where there is none.
        public let predicted: Int?
        /// The probability of the label.
        public let probabilityOfLabel: Double
        /// The probability of the predicted class; absent where there is none.
        public let probabilityOfPredicted: Double?
        /// The values of the columns that were to be shown, by their names; null where a row has none. Absent if none were.
        public let columns: [String: SliceValue]?

        enum CodingKeys: String, CodingKey {
            case row, place, file, loss, label, predicted, columns
            case rowInFile = "row_in_file"
            case probabilityOfLabel = "probability_of_label"
            case probabilityOfPredicted = "probability_of_predicted"
        }
    }

    /// Adds the sections of the figures that were observed.
    ///
    /// - Parameters:
    ///   - request: the confidence and the kind of intervals.
    ///   - place: finds the place of a row by its number; nil where it is not known.
    mutating func addInsight(
        _ observers: [any RowObserver], _ specification: LossSpecification, _ request: InsightRequest, place: (UInt64) -> RowPlace?
    ) {
        let z = NormalDistribution.quantile(upperTail: (1 - request.confidence) / 2)
        let labels = observers.first(LabelCounts.self), scores = observers.first(ProbabilityScores.self)
        let calibration = observers.first(Calibration.self)
        let plainLoss = Self.reasonAgainstRatios(specification) == nil ? loss.meanOverWeight : nil
        if let labels { baseline = Baseline(labels, scores, plainLoss, reason: Self.reasonAgainstRatios(specification)) }
        if let scores { brier = Brier(scores, labels, calibration, specification.task) }
        if let scores { sharpness = Sharpness(scores, plainLoss) }
        let (classes, mass) = (observers.first(ClassCalibration.self), observers.first(EqualMassCalibration.self))
        if calibration != nil || classes != nil {
            self.calibration = CalibrationFigures(calibration, classes, mass, specification, z: z)
        }
        ranking = observers.first(Ranking.self).flatMap { RankingSection($0, observers.first(LabelCounts.self)) }
        if let slices = observers.first(Slices.self) {
            let figures = slices.figures
            self.slices = figures.enumerated().flatMap { request, figures in
                figures.map {
                    var slice = Slice($0)
                    slice.request = request
                    return slice
                }
            }
            if let index = slices.requests.firstIndex(of: [.label]) {
                let ofLabels = figures[index]
                func mean(_ figure: (Slices.Figures) -> Double?) -> Double? {
                    // Of a label whose rows are all invalid nothing is known.
                    let values = ofLabels.filter { $0.rowCount > 0 }.compactMap(figure)
                    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
                }
                macroMean = mean { $0.mean }
                balancedAccuracy = mean { $0.accuracy }
            }
        }
        uncertainty = UncertaintySection(observers, specification, loss, request)
        if let bounds = uncertainty?.tokens?["mean"] {
            tokens?.lower = bounds.lower
            tokens?.upper = bounds.upper
        }
        temperature = TemperatureSection(observers.first(TemperatureCurve.self), evaluatedAt: specification.modifiers.temperature)
        if let top = observers.first(TopAccuracy.self) {
            topK = TopKFigures(top.figures)
        }
        if let losses = observers.first(LossQuantiles.self) {
            quantiles = Quantiles(losses.quantiles)
            quantiles?.histogram = losses.bins.map {
                HistogramInterval(lower: $0.lower, upper: $0.upper, rows: $0.rowCount, weight: losses.hasWeights ? $0.weight : nil)
            }
        }
        quantiles?.dialects = observers.first(LossQuantiles.self)?.interpolated.map { ["numpy-linear": Quantiles.LibraryValues(values: $0)] }
        if let rows = observers.first(WorstRows.self) { worst = rows.rows.map { WorstRow($0, rows.shownColumns, place($0.number)) } }
    }

    /// The reason for which the loss cannot be compared with the labels' entropy; nil if it can.
    private static func reasonAgainstRatios(_ specification: LossSpecification) -> String? {
        let modifiers = specification.modifiers
        if modifiers.labelSmoothing > 0 { return "label smoothing changes the loss" }
        if modifiers.focalGamma != nil { return "the loss is focal" }
        if modifiers.classWeights != nil || modifiers.positiveWeights != nil { return "classes have weights" }
        return nil
    }
}

extension Report.Baseline {
    fileprivate init?(_ labels: LabelCounts, _ scores: ProbabilityScores?, _ plainLoss: Double?, reason: String?) {
        guard let entropy = labels.entropy else { return nil }
        self.entropy = entropy
        normalizedEntropy = plainLoss.map { $0 / entropy }
        d2 = normalizedEntropy.map { 1 - $0 }
        meanLabel = labels.meanLabel
        meanPrediction = scores?.meanPositive
        self.reason = reason
    }
}

extension Report.Brier {
    fileprivate init?(_ scores: ProbabilityScores, _ labels: LabelCounts?, _ calibration: Calibration?, _ task: LossTask) {
        guard let mean = scores.meanBrier else { return nil }
        score = mean
        // A decision has two classes, whose terms are equal.
        scoreUnscaled = task.isOverClasses ? mean : 2 * mean
        scoreScaledByHalf = task.isOverClasses ? mean / 2 : mean
        d2 = labels?.brierOfShares.map { 1 - mean / $0 }
        let parts = calibration?.brierParts
        (reliability, resolution, uncertainty) = (parts?.reliability, parts?.resolution, parts?.uncertainty)
    }
}

extension Report.Sharpness {
    fileprivate init?(_ scores: ProbabilityScores, _ plainLoss: Double?) {
        guard let entropy = scores.meanEntropy, let top = scores.meanTopProbability else { return nil }
        meanEntropy = entropy
        meanTopProbability = top
        excessLoss = plainLoss.map { $0 - entropy }
    }
}

extension Report.CalibrationFigures {
    fileprivate init?(
        _ calibration: Calibration?, _ classes: ClassCalibration?, _ mass: EqualMassCalibration?, _ specification: LossSpecification, z: Double
    ) {
        let hasWeights = specification.modifiers.hasRowWeights
        let binnings: [Binning] =
            calibration.map { calibration in
                calibration.binCounts.indices.compactMap { index in
                    calibration.errors(binning: index).map { errors in
                        Binning(
                            bins: calibration.binCounts[index], errors,
                            calibration.reliability(binning: index).map { Bin($0, hasWeights: hasWeights, z: z) })
                    }
                }
            } ?? []
        let first = binnings.first
        kind = calibration?.kind
        bins = first?.bins
        (ece, eceL2, mce, ace, eceL2Debiased) = (first?.ece, first?.eceL2, first?.mce, first?.ace, first?.eceL2Debiased)
        reliability = first?.reliability
        let smooth = calibration?.smoothError
        (smoothEce, smoothEceBandwidth) = (smooth?.error, smooth?.bandwidth)
        ratio = calibration?.ratio
        meanConfidence = calibration?.meanConfidence
        otherBinnings = binnings.count > 1 ? Array(binnings.dropFirst()) : nil
        classwise = classes.flatMap { Classwise($0) }
        equalMass = mass.flatMap { mass in
            mass.errors.map { Binning(bins: mass.binCount, $0, mass.reliability.map { Bin($0, hasWeights: false, z: z) }) }
        }
        var libraries: [String: LibraryErrors] = [:]
        for library in CalibrationDialect.allCases {
            if let errors = calibration?.errors(of: library) { libraries[library.rawValue] = LibraryErrors(errors) }
        }
        if let curve = mass?.quantileCurve {
            var errors = LibraryErrors()
            (errors.probTrue, errors.probPred) = (curve.shares, curve.confidences)
            libraries["sklearn"] = errors
        }
        dialects = libraries.isEmpty ? nil : libraries
        if first == nil, classwise == nil { return nil }
    }
}

extension Report.CalibrationFigures.Classwise {
    fileprivate init?(_ classes: ClassCalibration) {
        guard let errors = classes.errors, let all = classes.errorsOfClasses else { return nil }
        (ece, eceL2, mce) = errors
        byClass = all.map(\.expected)
        classesPresent = classes.occurringClassCount
    }
}

extension Report.CalibrationFigures.Binning {
    fileprivate init(bins: Int, _ errors: CalibrationErrors, _ reliability: [Report.CalibrationFigures.Bin]) {
        self.bins = bins
        (ece, eceL2, mce, ace) = (errors.expected, errors.squareMean, errors.largest, errors.unweightedMean)
        eceL2Debiased = errors.debiasedSquareMean
        self.reliability = reliability
    }
}

extension Report.CalibrationFigures.Bin {
    fileprivate init(_ interval: ReliabilityInterval, hasWeights: Bool, z: Double) {
        (lower, upper, rows) = (interval.lower, interval.upper, interval.rowCount)
        weight = hasWeights ? interval.weight : nil
        (confidence, accuracy) = (interval.confidence, interval.accuracy)
        let bounds = WilsonInterval.interval(hits: interval.hits, trials: Double(interval.rowCount), z: z) ?? (0, 1)
        (accuracyLower, accuracyUpper) = bounds
    }
}

extension Report.TopK {
    fileprivate init(_ figures: TopAccuracy.Figures) {
        accuracy = figures.accuracy
        accuracyWeighted = figures.accuracyOverWeight
        optimistic = figures.optimistic
        pessimistic = figures.pessimistic
        tiedRows = figures.tiedRowCount
    }
}

extension Report.Quantiles {
    /// - Parameter relativeError: the largest distance of a value from the true one, where it is not known.
    init?(_ quantiles: [Quantile], relativeError: Double = LossQuantiles.relativeError) {
        guard !quantiles.isEmpty else { return nil }
        q = quantiles.map(\.order)
        values = quantiles.map(\.value)
        lower = quantiles.map(\.lower)
        upper = quantiles.map(\.upper)
        exact = quantiles.allSatisfy { $0.lower == $0.upper }
        self.relativeError = exact ? 0 : relativeError
    }
}

extension Report.WorstRow {
    fileprivate init(_ row: WorstRows.Row, _ shown: ShownColumns, _ place: RowPlace?) {
        self.row = row.number
        self.place = place?.text
        (file, rowInFile) = (place?.file, place?.rowInFile)
        loss = row.loss
        label = row.label
        predicted = row.predicted
        probabilityOfLabel = row.labelProbability
        probabilityOfPredicted = row.topProbability.isNaN ? nil : row.topProbability
        columns = shown.named(row.shown)
    }
}
