public import Insight
public import Messages
internal import Scoring

/// The figures of two models on the same rows. The encoded report is the JSON that `xent compare` writes. Keys are only ever added to it.
///
/// Differences are B − A: positive where B is worse.
public struct ComparisonReport: Sendable, Codable {
    /// The knowledge of how the rows of A and of B belong together.
    public enum Pairing: String, Sendable, Codable {
        /// Each row was scored by both.
        case rows
        /// Groups of the same rows were scored by each: the means and the error of their difference are known.
        case groups
        /// Nothing: the error is that of different rows.
        case none
    }

    /// The figures of one of the models over the paired rows.
    public struct Model: Sendable, Codable {
        /// The loss of a model.
        public struct Loss: Sendable, Codable {
            /// The mean, and the same as C's `%a` writes it.
            public let mean: Double, meanHex: String
            /// The standard error of the mean.
            public let standardError: Double

            enum CodingKeys: String, CodingKey {
                case mean
                case meanHex = "mean_hex"
                case standardError = "standard_error"
            }
        }

        /// The loss.
        public let loss: Loss
        /// The share of right rows; absent for tasks without labels.
        public let accuracy: Double?
        /// The number of rows with a loss; absent where rows are paired one by one.
        public let rows: UInt64?
        /// The kind of the values.
        public let input: String
        /// The files that were read.
        public let inputs: [Report.Input]
    }

    /// The difference of the means.
    public struct Difference: Sendable, Codable {
        /// The mean of B less that of A, and the same as C's `%a` writes it.
        public let mean: Double, meanHex: String
        /// The standard error of the mean difference of paired rows, or of clusters.
        public let standardError: Double
        /// The bounds of the mean difference.
        public let lower: Double, upper: Double
        /// The mean over its standard error; NaN where that is 0.
        public let z: Double
        /// The chance of a difference so far from 0 without a cause, on either side.
        public let pValue: Double
        /// The correlation of the two losses of a row; absent where it is not known.
        public let correlation: Double?
        /// The standard error that the means of different rows would have.
        public let unpairedStandardError: Double
        /// The least difference that would be seen four times in five.
        public let minimumDetectable: Double
        /// The number of clusters; absent where rows have none.
        public let clusters: Int?
        /// The number of groups of rows from which the error comes; absent where it does not.
        public let groups: Int?
        /// The way in which the error was found; absent in reports of earlier versions.
        public let interval: Uncertainty.Kind?
        /// The number of replicates of a bootstrap; absent for other kinds.
        public let replicates: Int?

        enum CodingKeys: String, CodingKey {
            case mean, lower, upper, z, correlation, clusters, groups, interval, replicates
            case meanHex = "mean_hex"
            case standardError = "standard_error"
            case pValue = "p_value"
            case unpairedStandardError = "unpaired_standard_error"
            case minimumDetectable = "minimum_detectable"
        }
    }

    /// A figure and its standard error.
    public struct Estimate: Sendable, Codable {
        /// The figure.
        public let value: Double
        /// The standard error of the figure.
        public let standardError: Double

        enum CodingKeys: String, CodingKey {
            case value
            case standardError = "standard_error"
        }
    }

    /// A mean and its standard error.
    public struct MeanEstimate: Sendable, Codable {
        /// The mean.
        public let mean: Double
        /// The standard error of the mean.
        public let standardError: Double

        enum CodingKeys: String, CodingKey {
            case mean
            case standardError = "standard_error"
        }
    }

    /// The difference of the means of a slice of the rows.
    public struct SliceDifference: Sendable, Codable {
        /// The values of the slice's columns, by their names.
        public let by: [String: SliceValue]
        /// The number of rows, and their share of all.
        public let rows: UInt64, shareOfRows: Double
        /// The weight of the rows; absent where they have none.
        public let weight: Double?
        /// The means by A and by B.
        public let meanA: Double, meanB: Double
        /// The mean of B less that of A, and the same as C's `%a` writes it.
        public let difference: Double, differenceHex: String
        /// The standard error of the difference: of paired rows, where rows are paired one by one, else of different rows.
        public let standardError: Double
        /// The bounds of the difference by the normal distribution.
        public let lower: Double, upper: Double
        /// The shares of right rows by A and by B; absent for a task without.
        public let accuracyA: Double?, accuracyB: Double?
        /// The chance of so large a difference without a cause, and the same by Holm's correction for the number of slices.
        public let pValue: Double, pValueHolm: Double

        enum CodingKeys: String, CodingKey {
            case by, rows, weight, difference, lower, upper
            case shareOfRows = "share_of_rows"
            case meanA = "mean_a"
            case meanB = "mean_b"
            case differenceHex = "difference_hex"
            case standardError = "standard_error"
            case accuracyA = "accuracy_a"
            case accuracyB = "accuracy_b"
            case pValue = "p_value"
            case pValueHolm = "p_value_holm"
        }
    }

    /// A row whose loss is larger by B.
    public struct WorstChange: Sendable, Codable {
        /// The number of the row in the dump, from 0.
        public let row: UInt64
        /// The place of the row: its file, and its row or line there.
        public let place: String?
        /// The file of A's prediction, as A's inputs list it, and the number of the row there, from 0.
        public let file: String?, rowInFile: Int?
        /// The loss by B less that by A, without the row's weight.
        public let difference: Double
        /// The losses by A and by B.
        public let lossA: Double, lossB: Double
        /// The label; absent where it is no class.
        public let label: Int?
        /// The classes of the largest probabilities; absent where there are none.
        public let predictedA: Int?, predictedB: Int?
        /// The probabilities of the label.
        public let probabilityOfLabelA: Double, probabilityOfLabelB: Double
        /// The values of the columns of A's files that were to be shown, by their names; null where a row has none. Absent if none were.
        public let columns: [String: SliceValue]?

        enum CodingKeys: String, CodingKey {
            case row, place, file, difference, label, columns
            case rowInFile = "row_in_file"
            case lossA = "loss_a"
            case lossB = "loss_b"
            case predictedA = "predicted_a"
            case predictedB = "predicted_b"
            case probabilityOfLabelA = "probability_of_label_a"
            case probabilityOfLabelB = "probability_of_label_b"
        }
    }

    /// The figures of llama.cpp's `llama-perplexity --kl-divergence`, by its own formulas: A is its base, B its Q.
    public struct LlamaCpp: Sendable, Codable {
        /// "KL divergence statistics": the mean, its error, and the quantiles, with the least and the largest as orders 0 and 1.
        public struct Divergence: Sendable, Codable {
            /// "Mean KLD" and its error.
            public let mean: Double, standardError: Double
            /// "Minimum KLD", "Median KLD" and "Maximum KLD".
            public let minimum: Double, median: Double, maximum: Double
            /// The percentiles.
            public let quantiles: Report.Quantiles

            enum CodingKeys: String, CodingKey {
                case mean, minimum, median, maximum, quantiles
                case standardError = "standard_error"
            }
        }

        /// "Token probability statistics": Δp is the probability of the label by B less that by A.
        public struct Change: Sendable, Codable {
            /// "Mean Δp" and its error.
            public let mean: Double, standardError: Double
            /// "RMS Δp" and its error.
            public let rms: Double, rmsStandardError: Double
            /// "Minimum Δp", "Median Δp" and "Maximum Δp".
            public let minimum: Double, median: Double, maximum: Double
            /// The percentiles.
            public let quantiles: Report.Quantiles

            enum CodingKeys: String, CodingKey {
                case mean, rms, minimum, median, maximum, quantiles
                case standardError = "standard_error"
                case rmsStandardError = "rms_standard_error"
            }
        }

        /// "Mean PPL(Q)" and "Mean PPL(base)".
        public let perplexityB: Estimate, perplexityA: Estimate
        /// "Cor(ln(PPL(Q)), ln(PPL(base)))".
        public let correlation: Double
        /// "Mean ln(PPL(Q)/PPL(base))", "Mean PPL(Q)/PPL(base)" and "Mean PPL(Q)-PPL(base)".
        public let logPerplexityRatio: Estimate, perplexityRatio: Estimate, perplexityDifference: Estimate
        /// The divergence of rows, with terms of log p_A > −16 alone.
        public let divergence: Divergence
        /// The change of the probability of the label.
        public let probabilityOfLabelDifference: Change
        /// "Same top p".
        public let sameTop: Estimate

        enum CodingKeys: String, CodingKey {
            case correlation, divergence
            case perplexityB = "perplexity_b"
            case perplexityA = "perplexity_a"
            case logPerplexityRatio = "log_perplexity_ratio"
            case perplexityRatio = "perplexity_ratio"
            case perplexityDifference = "perplexity_difference"
            case probabilityOfLabelDifference = "probability_of_label_difference"
            case sameTop = "same_top"
        }
    }

    /// The figures of other programs, by their own formulas.
    public struct Dialects: Sendable, Codable {
        /// The figures of llama.cpp; absent unless they were asked for.
        public let llamaCpp: LlamaCpp?

        enum CodingKeys: String, CodingKey {
            case llamaCpp = "llama.cpp"
        }
    }

    /// The sign test.
    public struct SignTest: Sendable, Codable {
        /// The numbers of rows in which A is better, B is better, and neither.
        public let aBetter: UInt64, bBetter: UInt64, ties: UInt64
        /// The chance of numbers so uneven for equal models.
        public let pValue: Double

        enum CodingKeys: String, CodingKey {
            case ties
            case aBetter = "a_better"
            case bBetter = "b_better"
            case pValue = "p_value"
        }
    }

    /// McNemar's test.
    public struct McNemar: Sendable, Codable {
        /// The numbers of rows in which both are right, A alone, B alone, and neither.
        public let bothRight: UInt64, onlyARight: UInt64, onlyBRight: UInt64, bothWrong: UInt64
        /// The exact chance of numbers so uneven for equal models.
        public let pValue: Double
        /// χ² with Edwards' correction, and without.
        public let chiSquaredCorrected: Double, chiSquared: Double

        enum CodingKeys: String, CodingKey {
            case bothRight = "both_right"
            case onlyARight = "only_a_right"
            case onlyBRight = "only_b_right"
            case bothWrong = "both_wrong"
            case pValue = "p_value"
            case chiSquaredCorrected = "chi_squared_corrected"
            case chiSquared = "chi_squared"
        }
    }

    /// How often both predict the same class.
    public struct Agreement: Sendable, Codable {
        /// The share of rows.
        public let top1: Double
        /// The standard error of the share.
        public let standardError: Double

        enum CodingKeys: String, CodingKey {
            case top1 = "top_1"
            case standardError = "standard_error"
        }
    }

    /// The shares of rows whose predicted label changes, for task binary.
    public struct Flips: Sendable, Codable {
        /// From 0 by A to 1 by B, the other way, and both.
        public let negativeToPositive: Double, positiveToNegative: Double, symmetric: Double

        enum CodingKeys: String, CodingKey {
            case symmetric
            case negativeToPositive = "negative_to_positive"
            case positiveToNegative = "positive_to_negative"
        }
    }

    /// How far the two distributions of a row are apart, in nats. None is ever negative.
    public struct Divergence: Sendable, Codable {
        /// Σ p_A log(p_A / p_B), its standard error, its least and its largest value of a row, and its quantiles.
        public let klAB: Double, klABStandardError: Double, klABMin: Double, klABMax: Double, klABQuantiles: Report.Quantiles?
        /// Σ p_B log(p_B / p_A), and its standard error; absent in reports of earlier versions.
        public let klBA: Double, klBAStandardError: Double?
        /// The divergence of Jensen and Shannon, and its standard error.
        public let jensenShannon: Double, jensenShannonStandardError: Double?
        /// ½ Σ |p_A − p_B|, and its standard error.
        public let totalVariation: Double, totalVariationStandardError: Double?

        enum CodingKeys: String, CodingKey {
            case klAB = "kl_a_b"
            case klABStandardError = "kl_a_b_standard_error"
            case klABMin = "kl_a_b_min"
            case klABMax = "kl_a_b_max"
            case klABQuantiles = "kl_a_b_quantiles"
            case klBA = "kl_b_a"
            case klBAStandardError = "kl_b_a_standard_error"
            case jensenShannon = "jensen_shannon"
            case jensenShannonStandardError = "jensen_shannon_standard_error"
            case totalVariation = "total_variation"
            case totalVariationStandardError = "total_variation_standard_error"
        }
    }

    /// The probability of the label by B less that by A.
    public struct LabelProbability: Sendable, Codable {
        /// The mean, its standard error, and the root of the mean square.
        public let mean: Double, standardError: Double, rms: Double
        /// The largest magnitude of a row.
        public let max: Double
        /// The least and the largest value of a row.
        public let lowest: Double, highest: Double
        /// The quantiles.
        public let quantiles: Report.Quantiles?

        enum CodingKeys: String, CodingKey {
            case mean, rms, max, lowest, highest, quantiles
            case standardError = "standard_error"
        }
    }

    /// The numbers of rows.
    public struct Rows: Sendable, Codable {
        /// Rows with a loss by both.
        public let paired: UInt64
        /// Rows with a loss by one alone, or by neither.
        public let onlyA: UInt64, onlyB: UInt64, neither: UInt64

        enum CodingKeys: String, CodingKey {
            case paired, neither
            case onlyA = "only_a"
            case onlyB = "only_b"
        }
    }

    /// The version of xent that made the report.
    public let xent: String
    /// The loss that was computed, of A.
    public let specification: Report.Specification
    /// The knowledge of how the rows belong together; absent in reports of earlier versions, which are of paired rows.
    public let pairing: Pairing?
    /// The baseline and the candidate.
    public let a: Model, b: Model
    /// How the means differ.
    public let difference: Difference
    /// exp of the difference in nats: the perplexity of B over that of A.
    public let perplexityRatio: Estimate
    /// The sign test; absent where rows are not paired one by one.
    public let signTest: SignTest?
    /// McNemar's test; absent for tasks without labels.
    public let mcnemar: McNemar?
    /// The accuracy of B less that of A; absent for tasks without labels.
    public let accuracyDifference: MeanEstimate?
    /// How often both predict the same class; absent where rows have no one class.
    public let agreement: Agreement?
    /// How often the predicted label changes, for task binary.
    public let flips: Flips?
    /// How far the distributions of rows are apart; absent where rows have none.
    public let divergence: Divergence?
    /// How the probability of the label changes; absent for tasks without labels.
    public let probabilityOfLabelDifference: LabelProbability?
    /// The mean of 2 |p − q| / (p + q) of label 1, for task binary.
    public let symmetricPredictionDifference: Double?
    /// The slices of all requests, one request after the other, the largest differences first; absent if they were not asked for.
    public let slices: [SliceDifference]?
    /// The rows whose losses are the most larger by B, the worst first; absent if they were not asked for.
    public let worst: [WorstChange]?
    /// The figures of other programs; absent if they were not asked for.
    public let dialects: Dialects?
    /// The numbers of rows.
    public let rows: Rows
    /// The confidence of all intervals.
    public let confidence: Double
    /// The outcome of each requirement, if there were some.
    public internal(set) var gates: [GateResult]?
    /// The doubts that a reader of the figures should know of, in sentences.
    public let warnings: [Message]
    /// The run that made the report.
    public let run: Report.Run?

    enum CodingKeys: String, CodingKey {
        case xent, specification, pairing, a, b, difference, slices, worst, dialects, mcnemar, agreement, flips, divergence, rows, confidence, warnings, run, gates
        case perplexityRatio = "perplexity_ratio"
        case signTest = "sign_test"
        case accuracyDifference = "accuracy_difference"
        case probabilityOfLabelDifference = "probability_of_label_difference"
        case symmetricPredictionDifference = "symmetric_prediction_difference"
    }

    /// The orders of the quantiles of divergences, as llama.cpp prints them.
    private static let orders = [0.001, 0.01, 0.05, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999]

    /// The figures of rows that were scored by both.
    init(
        _ pairs: PairedRows, _ evaluation: Evaluation, _ specification: LossSpecification, _ second: EvaluationPlan,
        _ interval: PairedFigures.IntervalChoice
    ) {
        let task = specification.task, first = evaluation.report
        let isWeighted = specification.hasWeights && specification.dialect.dividesByWeights(task)
        let figures = PairedFigures(pairs, isWeighted: isWeighted, interval)
        xent = Version.current
        self.specification = first.specification
        pairing = .rows
        confidence = interval.confidence
        let pairCount = Double(pairs.pairCount)
        func model(_ figures: PairedFigures.Model, right: UInt64, _ input: PredictionInput, _ inputs: [Report.Input]) -> Model {
            Model(
                loss: Model.Loss(figures), accuracy: task.hasLabels ? Double(right) / pairCount : nil, rows: nil, input: input.rawValue,
                inputs: inputs)
        }
        a = model(figures.ofA, right: pairs.bothRightCount + pairs.onlyARightCount, specification.input, first.inputs)
        b = model(
            figures.ofB, right: pairs.bothRightCount + pairs.onlyBRightCount, second.specification.input,
            second.reportedInputs)
        difference = Difference(figures.difference)
        perplexityRatio = Self.perplexityRatio(figures.difference)
        signTest = SignTest(
            aBetter: pairs.aBetterCount, bBetter: pairs.bBetterCount, ties: pairs.tieCount, pValue: pairs.signTestPValue)
        let test = pairs.mcNemar
        mcnemar =
            task.hasLabels
            ? McNemar(
                bothRight: pairs.bothRightCount, onlyARight: pairs.onlyARightCount, onlyBRight: pairs.onlyBRightCount,
                bothWrong: pairs.bothWrongCount, pValue: test.pValue, chiSquaredCorrected: test.correctedChiSquare,
                chiSquared: test.chiSquare) : nil
        let accuracy = pairs.accuracyDifference
        accuracyDifference = task.hasLabels ? MeanEstimate(mean: accuracy.mean, standardError: accuracy.standardError) : nil
        let hasDistributions = task == .multiclass || task == .soft || task == .binary
        let share = pairs.agreement
        agreement = hasDistributions ? Agreement(top1: share.share, standardError: share.standardError) : nil
        flips =
            task == .binary
            ? Flips(
                negativeToPositive: Double(pairs.toPositiveCount) / pairCount, positiveToNegative: Double(pairs.toNegativeCount) / pairCount,
                symmetric: Double(pairs.toPositiveCount + pairs.toNegativeCount) / pairCount) : nil
        let range = pairs.divergenceRange
        divergence =
            hasDistributions && pairs.pairCount > 0
            ? Divergence(
                klAB: pairs.divergenceAB.mean, klABStandardError: pairs.divergenceAB.standardError, klABMin: range.least,
                klABMax: range.largest, klABQuantiles: Report.Quantiles(pairs.divergenceQuantiles(Self.orders)), klBA: pairs.divergenceBA.mean,
                klBAStandardError: pairs.divergenceBA.standardError, jensenShannon: pairs.jensenShannonDivergence.mean,
                jensenShannonStandardError: pairs.jensenShannonDivergence.standardError, totalVariation: pairs.meanTotalVariation.mean,
                totalVariationStandardError: pairs.meanTotalVariation.standardError) : nil
        let label = pairs.labelProbabilityDifference
        probabilityOfLabelDifference =
            task.hasLabels && pairs.pairCount > 0
            ? LabelProbability(
                mean: label.mean, standardError: label.standardError, rms: label.rootMeanSquare,
                max: max(label.least.magnitude, label.largest.magnitude), lowest: label.least, highest: label.largest,
                quantiles: Report.Quantiles(pairs.labelQuantiles(Self.orders))) : nil
        symmetricPredictionDifference = task == .binary ? pairs.meanSymmetricDifference : nil
        let z = NormalDistribution.quantile(upperTail: (1 - interval.confidence) / 2)
        slices = pairs.sliceDifferences(isWeighted: isWeighted, z: z).map { $0.joined().map { SliceDifference($0) } }
        worst = pairs.worst.map { changes in
            changes.rows.map { WorstChange($0, changes.shownColumns, evaluation.placesOfChanges[$0.number]) }
        }
        dialects = pairs.llamaCpp.map { Dialects(llamaCpp: LlamaCpp($0, figures, pairs)) }
        rows = Rows(paired: pairs.pairCount, onlyA: pairs.onlyACount, onlyB: pairs.onlyBCount, neither: pairs.neitherCount)
        // Those of settings and labels that both share are in the first report.
        warnings =
            first.warnings + second.warnings.filter { !first.warnings.contains($0) }
            + pairs.warningsAboutB { row in
                second.source.findPlace(ofRow: Int(clamping: row))?.text ?? "row \(row)"
            }.filter { !first.warnings.contains($0) }.map { warning in
                warning.code.map { Message(code: $0, "B: \(warning)") } ?? "B: \(warning)"
            }
        run = first.run
    }

    /// The figures of two evaluations that were made apart from one another.
    init(
        _ a: Report, _ b: Report, _ figures: PairedFigures, _ pairing: Pairing, confidence: Double, warnings: [Message]
    ) {
        xent = Version.current
        specification = a.specification
        self.pairing = pairing
        self.confidence = confidence
        func model(_ figures: PairedFigures.Model, _ report: Report) -> Model {
            Model(
                loss: Model.Loss(figures), accuracy: report.accuracy, rows: report.rows.scored, input: report.input.rawValue,
                inputs: report.inputs)
        }
        (self.a, self.b) = (model(figures.ofA, a), model(figures.ofB, b))
        difference = Difference(figures.difference)
        perplexityRatio = Self.perplexityRatio(figures.difference)
        (signTest, mcnemar, agreement, flips, divergence) = (nil, nil, nil, nil, nil)
        (probabilityOfLabelDifference, symmetricPredictionDifference, worst, dialects) = (nil, nil, nil, nil)
        // Of rows that are paired the error would be another.
        accuracyDifference =
            pairing == .none
            ? a.accuracy.flatMap { ofA in
                b.accuracy.map { ofB in
                    func variance(_ share: Double, _ rows: UInt64) -> Double { share * (1 - share) / (Double(rows) - 1) }
                    return MeanEstimate(
                        mean: ofB - ofA,
                        standardError: (variance(ofA, a.rows.scored) + variance(ofB, b.rows.scored)).squareRoot())
                }
            } : nil
        let z = NormalDistribution.quantile(upperTail: (1 - confidence) / 2)
        slices = Self.slices(a, b, z: z)
        let isOfPairs = pairing != .none
        rows = Rows(
            paired: isOfPairs ? a.rows.scored : 0, onlyA: isOfPairs ? 0 : a.rows.scored, onlyB: isOfPairs ? 0 : b.rows.scored,
            neither: isOfPairs ? a.rows.ignored + a.rows.invalid : 0)
        self.warnings = warnings + a.warnings + b.warnings.filter { !a.warnings.contains($0) }
        run = nil
    }

    private static func perplexityRatio(_ difference: PairedFigures.Difference) -> Estimate {
        let ratio = Moments.perplexity(mean: difference.mean)
        return Estimate(value: ratio, standardError: ratio * difference.standardError)
    }

    /// The differences of the slices that both reports have; nil where one has none.
    private static func slices(_ a: Report, _ b: Report, z: Double) -> [SliceDifference]? {
        guard let slicesA = a.slices, let slicesB = b.slices else { return nil }
        let ofB = Dictionary(slicesB.map { ($0.by, $0) }, uniquingKeysWith: { first, _ in first })
        var requests: [[String]] = []
        for slice in slicesA where !requests.contains(slice.by.keys.sorted()) { requests.append(slice.by.keys.sorted()) }
        return requests.flatMap { names in
            let figures = slicesA.filter { $0.by.keys.sorted() == names }.compactMap { one in
                ofB[one.by].map { other in
                    Insight.SliceDifference(
                        values: one.by.sorted { $0.key < $1.key }.map { (column: $0.key, value: $0.value) }, rowCount: one.rows,
                        weight: one.weight, shareOfRows: one.shareOfRows, meanA: one.mean, meanB: other.mean, difference: other.mean - one.mean,
                        standardError: (one.standardError * one.standardError + other.standardError * other.standardError).squareRoot(), z: z,
                        accuracyA: one.accuracy, accuracyB: other.accuracy)
                }
            }
            return Insight.SliceDifference.corrected(figures).map { SliceDifference($0) }
        }
    }
}

extension ComparisonReport.Model.Loss {
    fileprivate init(_ figures: PairedFigures.Model) {
        mean = figures.mean
        meanHex = figures.mean.hexadecimalText
        standardError = figures.standardError
    }
}

extension ComparisonReport.Difference {
    fileprivate init(_ figures: PairedFigures.Difference) {
        mean = figures.mean
        meanHex = figures.mean.hexadecimalText
        standardError = figures.standardError
        (lower, upper) = (figures.lower, figures.upper)
        (z, pValue) = (figures.z, figures.pValue)
        correlation = figures.correlation
        unpairedStandardError = figures.unpairedStandardError
        minimumDetectable = figures.minimumDetectable
        (clusters, groups, interval, replicates) = (figures.clusterCount, figures.groupCount, figures.kind, figures.replicateCount)
    }
}

extension ComparisonReport.SliceDifference {
    fileprivate init(_ figures: SliceDifference) {
        by = Dictionary(figures.values.map { ($0.column, $0.value) }, uniquingKeysWith: { first, _ in first })
        (rows, shareOfRows, weight) = (figures.rowCount, figures.shareOfRows, figures.weight)
        (meanA, meanB) = (figures.meanA, figures.meanB)
        (difference, differenceHex) = (figures.difference, figures.difference.hexadecimalText)
        standardError = figures.standardError
        (lower, upper) = (figures.lower, figures.upper)
        (accuracyA, accuracyB) = (figures.accuracyA, figures.accuracyB)
        (pValue, pValueHolm) = (figures.pValue, figures.pValueHolm)
    }
}

extension ComparisonReport.WorstChange {
    fileprivate init(_ row: WorstChanges.Row, _ shown: ShownColumns, _ place: RowPlace?) {
        self.row = row.number
        self.place = place?.text
        (file, rowInFile) = (place?.file, place?.rowInFile)
        difference = row.difference
        (lossA, lossB) = (row.lossA, row.lossB)
        label = row.label
        (predictedA, predictedB) = (row.predictedA, row.predictedB)
        (probabilityOfLabelA, probabilityOfLabelB) = (row.labelProbabilityA, row.labelProbabilityB)
        columns = shown.named(row.shown)
    }
}

extension ComparisonReport.LlamaCpp {
    /// Nil where no rows are paired.
    fileprivate init?(_ figures: LlamaCppFigures, _ pairs: PairedFigures, _ rows: PairedRows) {
        guard let ofDivergence = Report.Quantiles(figures.divergenceQuantiles), let ofChange = Report.Quantiles(figures.changeQuantiles)
        else { return nil }
        func perplexity(_ mean: Double, _ error: Double) -> ComparisonReport.Estimate {
            let value = Moments.perplexity(mean: mean)
            return ComparisonReport.Estimate(value: value, standardError: value * error)
        }
        let (errorA, errorB) = (pairs.ofA.standardError, pairs.ofB.standardError)
        let (ofA, ofB) = (perplexity(pairs.ofA.mean, errorA), perplexity(pairs.ofB.mean, errorB))
        (perplexityA, perplexityB) = (ofA, ofB)
        let error = rows.rowDifferenceStandardError
        let covariance = (errorA * errorA + errorB * errorB - error * error) / 2
        correlation = covariance / (errorA * errorB)
        let mean = pairs.difference.mean
        logPerplexityRatio = ComparisonReport.Estimate(value: mean, standardError: error)
        perplexityRatio = perplexity(mean, error)
        let spread =
            ofA.standardError * ofA.standardError + ofB.standardError * ofB.standardError - 2 * ofA.value * ofB.value * covariance
        perplexityDifference = ComparisonReport.Estimate(value: ofB.value - ofA.value, standardError: spread.squareRoot())
        let meanDivergence = figures.meanDivergence
        func value(_ quantiles: Report.Quantiles, _ order: Double) -> Double { quantiles.q.firstIndex(of: order).map { quantiles.values[$0] } ?? .nan }
        divergence = Divergence(
            mean: meanDivergence.mean, standardError: meanDivergence.standardError, minimum: value(ofDivergence, 0),
            median: value(ofDivergence, 0.5), maximum: value(ofDivergence, 1), quantiles: ofDivergence)
        let change = rows.labelProbabilityDifference, root = figures.rootMeanSquareChange
        probabilityOfLabelDifference = Change(
            mean: change.mean, standardError: change.standardError, rms: root.value, rmsStandardError: root.standardError,
            minimum: value(ofChange, 0), median: value(ofChange, 0.5), maximum: value(ofChange, 1), quantiles: ofChange)
        let agreement = rows.agreement
        sameTop = ComparisonReport.Estimate(value: agreement.share, standardError: agreement.standardError)
    }
}
