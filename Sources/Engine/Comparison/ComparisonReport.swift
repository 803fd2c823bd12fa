internal import Insight
public import Messages
internal import Scoring

/// The figures of two models on the same rows. The encoded report is the JSON that `xent compare` writes. Keys are only ever added to it.
///
/// Differences are B − A: positive where B is worse.
public struct ComparisonReport: Sendable, Codable {
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
        /// The correlation of the two losses of a row.
        public let correlation: Double
        /// The standard error that the means of different rows would have.
        public let unpairedStandardError: Double
        /// The least difference that would be seen four times in five.
        public let minimumDetectable: Double
        /// The number of clusters; absent where rows have none.
        public let clusters: Int?

        enum CodingKeys: String, CodingKey {
            case mean, lower, upper, z, correlation, clusters
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
        /// Σ p_B log(p_B / p_A).
        public let klBA: Double
        /// The divergence of Jensen and Shannon.
        public let jensenShannon: Double
        /// ½ Σ |p_A − p_B|.
        public let totalVariation: Double

        enum CodingKeys: String, CodingKey {
            case klAB = "kl_a_b"
            case klABStandardError = "kl_a_b_standard_error"
            case klABMin = "kl_a_b_min"
            case klABMax = "kl_a_b_max"
            case klABQuantiles = "kl_a_b_quantiles"
            case klBA = "kl_b_a"
            case jensenShannon = "jensen_shannon"
            case totalVariation = "total_variation"
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
    /// The baseline and the candidate.
    public let a: Model, b: Model
    /// How the means differ.
    public let difference: Difference
    /// exp of the difference in nats: the perplexity of B over that of A.
    public let perplexityRatio: Estimate
    /// The sign test.
    public let signTest: SignTest
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
    /// The numbers of rows.
    public let rows: Rows
    /// The confidence of all intervals.
    public let confidence: Double
    /// The doubts that a reader of the figures should know of, in sentences.
    public let warnings: [Message]
    /// The run that made the report.
    public let run: Report.Run?

    enum CodingKeys: String, CodingKey {
        case xent, specification, a, b, difference, mcnemar, agreement, flips, divergence, rows, confidence, warnings, run
        case perplexityRatio = "perplexity_ratio"
        case signTest = "sign_test"
        case accuracyDifference = "accuracy_difference"
        case probabilityOfLabelDifference = "probability_of_label_difference"
        case symmetricPredictionDifference = "symmetric_prediction_difference"
    }

    /// The orders of the quantiles of divergences, as llama.cpp prints them.
    private static let orders = [0.001, 0.01, 0.05, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999]

    init(_ pairs: PairedRows, _ first: Report, _ specification: LossSpecification, _ second: EvaluationPlan, confidence: Double) {
        let task = specification.task
        let isWeighted = specification.hasWeights && specification.dialect.dividesByWeights(task)
        let figures = PairedFigures(pairs, isWeighted: isWeighted, confidence: confidence)
        xent = Version.current
        self.specification = first.specification
        self.confidence = confidence
        let pairCount = Double(pairs.pairCount)
        func model(_ mean: Double, _ error: Double, right: UInt64, _ input: PredictionInput, _ inputs: [Report.Input]) -> Model {
            Model(
                loss: Model.Loss(mean: mean, meanHex: mean.hexadecimalText, standardError: error),
                accuracy: task.hasLabels ? Double(right) / pairCount : nil, input: input.rawValue, inputs: inputs)
        }
        a = model(
            figures.meanA, figures.standardErrorA, right: pairs.bothRightCount + pairs.onlyARightCount, specification.input, first.inputs)
        b = model(
            figures.meanB, figures.standardErrorB, right: pairs.bothRightCount + pairs.onlyBRightCount, second.specification.input,
            second.reportedInputs)
        let difference = figures.difference
        self.difference = Difference(
            mean: difference.mean, meanHex: difference.mean.hexadecimalText, standardError: difference.standardError,
            lower: difference.lower, upper: difference.upper, z: difference.z, pValue: difference.pValue,
            correlation: difference.correlation, unpairedStandardError: difference.unpairedStandardError,
            minimumDetectable: difference.minimumDetectable, clusters: difference.clusterCount)
        let ratio = Moments.perplexity(mean: difference.mean)
        perplexityRatio = Estimate(value: ratio, standardError: ratio * difference.standardError)
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
                jensenShannon: pairs.jensenShannonDivergence.mean, totalVariation: pairs.meanTotalVariation.mean) : nil
        let label = pairs.labelProbabilityDifference
        probabilityOfLabelDifference =
            task.hasLabels && pairs.pairCount > 0
            ? LabelProbability(
                mean: label.mean, standardError: label.standardError, rms: label.rootMeanSquare,
                max: max(label.least.magnitude, label.largest.magnitude), lowest: label.least, highest: label.largest,
                quantiles: Report.Quantiles(pairs.labelQuantiles(Self.orders))) : nil
        symmetricPredictionDifference = task == .binary ? pairs.meanSymmetricDifference : nil
        rows = Rows(paired: pairs.pairCount, onlyA: pairs.onlyACount, onlyB: pairs.onlyBCount, neither: pairs.neitherCount)
        warnings = first.warnings
        run = first.run
    }
}
