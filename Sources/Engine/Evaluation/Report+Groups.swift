public import Insight
internal import Scoring

// The sections of a report about groups of rows, ranking and temperatures.
extension Report {
    /// How well predictions rank what happened.
    public struct RankingSection: Sendable, Codable {
        /// The figures of each class against all others.
        public struct OneVersusRest: Sendable, Codable {
            /// The mean of the classes' areas under the ROC curve.
            public let rocAuc: Double
            /// The mean of the areas, each counting as often as its class occurs; absent if labels are not counted.
            public let rocAucWeighted: Double?
            /// The area of each class.
            public let byClass: [Double]
            /// The mean of the classes' average precisions.
            public let averagePrecision: Double
            /// True if the scores of all classes were told apart.
            public let exact: Bool

            enum CodingKeys: String, CodingKey {
                case exact
                case rocAuc = "roc_auc"
                case rocAucWeighted = "roc_auc_weighted"
                case byClass = "by_class"
                case averagePrecision = "average_precision"
            }
        }

        /// The area under the ROC curve, and bounds between which it lies for sure; for task binary.
        public let rocAuc: Double?, rocAucLower: Double?, rocAucUpper: Double?
        /// The standard error of the area by DeLong's method; absent where rows have weights.
        public let rocAucStandardError: Double?
        /// The average precision, and bounds between which it lies for sure; for task binary.
        public let averagePrecision: Double?, averagePrecisionLower: Double?, averagePrecisionUpper: Double?
        /// True if all scores were told apart.
        public let exact: Bool?
        /// The number of different scores.
        public let distinctScores: Int?
        /// The numbers of rows whose label is 1, and 0.
        public let positives: UInt64?, negatives: UInt64?
        /// Points of the ROC curve and of the curve of precision and recall, from the highest threshold down, for task binary; absent where
        /// an outcome is missing. A rate changes by less than 1/64 between neighbours but for one score's own rows.
        public let curve: [RankingFigures.CurvePoint]?
        /// The figures of each class against all others, for task multiclass.
        public let oneVersusRest: OneVersusRest?

        enum CodingKeys: String, CodingKey {
            case exact, positives, negatives, curve
            case rocAuc = "roc_auc"
            case rocAucLower = "roc_auc_lower"
            case rocAucUpper = "roc_auc_upper"
            case rocAucStandardError = "roc_auc_standard_error"
            case averagePrecision = "average_precision"
            case averagePrecisionLower = "average_precision_lower"
            case averagePrecisionUpper = "average_precision_upper"
            case distinctScores = "distinct_scores"
            case oneVersusRest = "one_vs_rest"
        }
    }

    /// The figures of a slice of the rows.
    public struct Slice: Sendable, Codable {
        /// The values of the slice's columns, by their names.
        public let by: [String: SliceValue]
        /// The place of the request of the slice among those that were given, from 0; absent in reports of earlier versions.
        public internal(set) var request: Int?
        /// The number of rows with a loss.
        public let rows: UInt64
        /// The number of invalid rows, which have no loss; absent if there are none.
        public let invalidRows: UInt64?
        /// The weight of the rows; absent where they have none.
        public let weight: Double?
        /// The mean loss, the same as C's `%a` writes it, and the sum of losses.
        public internal(set) var mean: Double, meanHex: String, sum: Double
        /// The standard error of the mean.
        public internal(set) var standardError: Double
        /// exp of the mean in nats; absent in reports of earlier versions.
        public let perplexity: Double?
        /// The share of right rows; absent for a task without.
        public let accuracy: Double?
        /// The slice's share of all rows, and of the sum of losses.
        public let shareOfRows: Double, shareOfLoss: Double
        /// The mean less that of all other rows, and the standard error of that.
        public internal(set) var differenceFromRest: Double, differenceStandardError: Double
        /// The chance of so large a difference without a cause, and the same by Holm's correction for the number of slices.
        public let pValue: Double, pValueHolm: Double

        enum CodingKeys: String, CodingKey {
            case by, request, rows, weight, mean, sum, accuracy, perplexity
            case invalidRows = "invalid_rows"
            case meanHex = "mean_hex"
            case standardError = "standard_error"
            case shareOfRows = "share_of_rows"
            case shareOfLoss = "share_of_loss"
            case differenceFromRest = "difference_from_rest"
            case differenceStandardError = "difference_standard_error"
            case pValue = "p_value"
            case pValueHolm = "p_value_holm"
        }
    }

    /// The uncertainty of the mean, from groups of rows.
    public struct UncertaintySection: Sendable, Codable {
        /// The way in which it was found.
        public let interval: Uncertainty.Kind
        /// The confidence of the bounds.
        public let confidence: Double
        /// The standard error of the mean, and its bounds.
        public internal(set) var standardError: Double, lower: Double, upper: Double
        /// The number of clusters; absent where rows have none.
        public let clusters: Int?
        /// The number of groups of rows; absent where there are clusters.
        public let groups: Int?
        /// The square of the standard error over that of rows which are taken to be independent; for kind clustered.
        public let designEffect: Double?
        /// The number of replicates of a bootstrap.
        public let replicates: Int?
        /// The same of the figures of `tokens`, by their names; absent where the report has no tokens.
        public internal(set) var tokens: [String: Bounds]?
        /// The standard errors that others define, by their names: `cr0`, without G / (G − 1), and `miller-2024`; absent for other kinds than
        /// clustered.
        public internal(set) var dialects: [String: LibraryError]?

        /// The standard error and the bounds of a figure. Those of a perplexity are of its logarithm: its error is the figure times that one's.
        public struct Bounds: Sendable, Codable {
            /// The standard error and the bounds.
            public internal(set) var standardError: Double, lower: Double, upper: Double

            enum CodingKeys: String, CodingKey {
                case lower, upper
                case standardError = "standard_error"
            }
        }

        /// The standard error of another definition.
        public struct LibraryError: Sendable, Codable {
            /// The standard error of the mean.
            public internal(set) var standardError: Double

            enum CodingKeys: String, CodingKey {
                case standardError = "standard_error"
            }
        }

        enum CodingKeys: String, CodingKey {
            case interval, confidence, lower, upper, clusters, groups, replicates, tokens, dialects
            case standardError = "standard_error"
            case designEffect = "design_effect"
        }
    }

    /// The mean loss with logits divided by other temperatures.
    public struct TemperatureSection: Sendable, Codable {
        /// The mean at a temperature.
        public struct Point: Sendable, Codable {
            /// The temperature.
            public let temperature: Double
            /// The mean loss.
            public internal(set) var mean: Double
        }

        /// The temperature at which all other figures of the report are; absent in reports of earlier versions.
        public let evaluatedAt: Double?
        /// The temperature of the least mean, and bounds between which it lies for sure; absent if it was not asked for. 0 or infinite where the
        /// mean falls beyond 1/8 or 8; NaN where a loss is infinite.
        public let fitted: Double?, fittedLower: Double?, fittedUpper: Double?
        /// The mean at the fitted temperature.
        public internal(set) var meanAtFitted: Double?
        /// The mean at temperature 1 less that.
        public internal(set) var gain: Double?
        /// The means at the temperatures that were asked for.
        public internal(set) var sweep: [Point]

        enum CodingKeys: String, CodingKey {
            case fitted, gain, sweep
            case evaluatedAt = "evaluated_at"
            case fittedLower = "fitted_lower"
            case fittedUpper = "fitted_upper"
            case meanAtFitted = "mean_at_fitted"
        }
    }
}

extension Report.RankingSection {
    init?(_ ranking: Ranking, _ labels: LabelCounts?) {
        let figures = ranking.figures
        rocAuc = figures?.rocArea.value
        rocAucLower = figures?.rocArea.lower
        rocAucUpper = figures?.rocArea.upper
        rocAucStandardError = figures?.rocAreaStandardError
        averagePrecision = figures?.averagePrecision.value
        averagePrecisionLower = figures?.averagePrecision.lower
        averagePrecisionUpper = figures?.averagePrecision.upper
        exact = figures?.isExact
        distinctScores = figures?.distinctCount
        positives = figures?.positiveCount
        negatives = figures?.negativeCount
        curve = ranking.curve
        oneVersusRest = ranking.figuresOfClasses.map { OneVersusRest($0, labels) }
        if figures == nil, oneVersusRest == nil { return nil }
    }
}

extension Report.RankingSection.OneVersusRest {
    fileprivate init(_ classes: [RankingFigures], _ labels: LabelCounts?) {
        let areas = classes.map(\.rocArea.value)
        byClass = areas
        rocAuc = areas.reduce(0, +) / Double(classes.count)
        averagePrecision = classes.map(\.averagePrecision.value).reduce(0, +) / Double(classes.count)
        exact = classes.allSatisfy(\.isExact)
        rocAucWeighted = labels?.shares.map { shares in zip(shares, areas).reduce(0) { $0 + $1.0 * $1.1 } }
    }
}

extension Report.Slice {
    init(_ figures: Slices.Figures) {
        by = Dictionary(figures.values.map { ($0.column.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        (rows, weight) = (figures.rowCount, figures.weight)
        invalidRows = figures.invalidCount > 0 ? figures.invalidCount : nil
        perplexity = Moments.perplexity(mean: figures.mean)
        (mean, meanHex, sum) = (figures.mean, figures.mean.hexadecimalText, figures.sum)
        standardError = figures.standardError
        accuracy = figures.accuracy
        (shareOfRows, shareOfLoss) = (figures.shareOfRows, figures.shareOfLoss)
        (differenceFromRest, differenceStandardError) = (figures.differenceFromRest, figures.differenceStandardError)
        (pValue, pValueHolm) = (figures.pValue, figures.pValueHolm)
    }

    func converted(_ change: (Double) -> Double) -> Report.Slice {
        var slice = self
        (slice.mean, slice.sum, slice.standardError) = (change(mean), change(sum), change(standardError))
        slice.meanHex = slice.mean.hexadecimalText
        (slice.differenceFromRest, slice.differenceStandardError) = (change(differenceFromRest), change(differenceStandardError))
        return slice
    }
}

extension Report.UncertaintySection {
    /// Nil for the normal interval, which `loss` has, and where the groups were not observed.
    init?(_ observers: [any RowObserver], _ specification: LossSpecification, _ loss: Report.Loss, _ request: InsightRequest) {
        let clusters = observers.first(Clusters.self)
        let kind = request.interval ?? (clusters == nil ? .normal : .clustered)
        guard kind != .normal else { return nil }
        let isWeighted = specification.hasWeights && specification.dialect.dividesByWeights(specification.task)
        guard
            let uncertainty = Uncertainty(
                kind, clusters: clusters, rowGroups: observers.first(RowGroups.self), isWeighted: isWeighted,
                mean: isWeighted ? loss.meanOverWeight : loss.meanOverCount, confidence: request.confidence,
                replicateCount: request.replicateCount)
        else { return nil }
        interval = kind
        confidence = request.confidence
        (standardError, lower, upper) = (uncertainty.standardError, uncertainty.lower, uncertainty.upper)
        self.clusters = clusters == nil ? nil : uncertainty.groupCount
        groups = clusters == nil ? uncertainty.groupCount : nil
        let ratio = uncertainty.standardError / loss.standardError
        designEffect = kind == .clustered ? ratio * ratio : nil
        replicates = uncertainty.replicateCount
        if kind == .clustered {
            let count = Double(uncertainty.groupCount), plain = loss.standardError
            let withoutFactor = uncertainty.standardError * ((count - 1) / count).squareRoot()
            dialects = ["cr0": LibraryError(standardError: withoutFactor)]
            // Miller (2024) has the factor n / (n − 1), and for the squares of single rows alone. It is defined without weights.
            if !specification.hasWeights, let rowCount = observers.first(LossTotals.self)?.moments.first?.scoredCount {
                let sum = withoutFactor * withoutFactor + plain * plain / Double(rowCount)
                dialects?["miller-2024"] = LibraryError(standardError: sum.squareRoot())
            }
        }
        tokens = Self.tokens(kind, observers, request)
    }

    /// Finds the uncertainties of the figures of tokens; nil where there are none.
    private static func tokens(
        _ kind: Uncertainty.Kind, _ observers: [any RowObserver], _ request: InsightRequest
    ) -> [String: Bounds]? {
        guard let moments = observers.first(LossTotals.self)?.moments.first, let tokens = observers.first(TokenSums.self) else { return nil }
        var figures: [String: Bounds] = [:]
        /// Adds a mean, and its perplexity. `scale` is the number of units of the mean in a nat.
        func add(_ unit: TokenSpread.Unit, _ mean: Double?, _ name: String, perplexity: String, scale: Double = 1) {
            guard let mean,
                let found = Uncertainty(
                    kind, clusters: observers.first(Clusters.self), rowGroups: observers.first(RowGroups.self), per: unit, mean: mean,
                    confidence: request.confidence, replicateCount: request.replicateCount)
            else { return }
            figures[name] = Bounds(
                standardError: found.standardError * scale, lower: found.lower * scale, upper: found.upper * scale)
            figures[perplexity] = Bounds(
                standardError: found.standardError * Moments.perplexity(mean: mean), lower: Moments.perplexity(mean: found.lower),
                upper: Moments.perplexity(mean: found.upper))
        }
        add(.tokens, tokens.meanPerToken(moments), "mean", perplexity: "perplexity")
        add(.bytes, tokens.meanPerByte(moments), "bits_per_byte", perplexity: "byte_perplexity", scale: 1 / Report.Tokens.ln2)
        add(.words, observers.first(WordSums.self)?.meanPerWord(moments), "mean_per_word", perplexity: "word_perplexity")
        return figures.isEmpty ? nil : figures
    }

    func converted(_ change: (Double) -> Double) -> Report.UncertaintySection {
        var section = self
        for name in ["mean", "mean_per_word"] {
            section.tokens?[name] = tokens?[name].map {
                Bounds(standardError: change($0.standardError), lower: change($0.lower), upper: change($0.upper))
            }
        }
        section.dialects = dialects?.mapValues { LibraryError(standardError: change($0.standardError)) }
        (section.standardError, section.lower, section.upper) = (change(standardError), change(lower), change(upper))
        return section
    }
}

extension Report.TemperatureSection {
    /// Nil where nothing was asked for.
    init?(_ curve: TemperatureCurve?, evaluatedAt temperature: Double?) {
        guard curve != nil || temperature != nil else { return nil }
        evaluatedAt = temperature ?? 1
        let fit = curve?.fit
        (fitted, fittedLower, fittedUpper) = (fit?.temperature, fit?.lower, fit?.upper)
        (meanAtFitted, gain) = (fit?.mean, fit?.gain)
        sweep = (curve?.sweep ?? []).map { Point(temperature: $0.temperature, mean: $0.mean) }
    }

    func converted(_ change: (Double) -> Double) -> Report.TemperatureSection {
        var section = self
        section.meanAtFitted = meanAtFitted.map(change)
        section.gain = gain.map(change)
        section.sweep = sweep.map { Point(temperature: $0.temperature, mean: change($0.mean)) }
        return section
    }
}
