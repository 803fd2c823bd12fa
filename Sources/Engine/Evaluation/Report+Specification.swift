public import Scoring

extension Report {
    /// The loss that was computed, with every modifier as it was applied. Modifiers that were not asked for are absent.
    public struct Specification: Sendable, Codable {
        public let task: LossTask
        public let input: PredictionInput
        /// The names of the dialects in the order asked for; the first is the report's own.
        public let dialects: [String]
        /// One weight a class, balanced ones as they were computed.
        public let classWeights: [Double]?
        /// One weight of label 1, or one a column.
        public let posWeight: [Double]?
        public let labelSmoothing: Double?
        /// Rows with this class index were left out.
        public let ignoreIndex: Int64?
        /// Probabilities were clipped to [clip, 1 − clip].
        public let clip: Double?
        /// Whether the probabilities of a row were divided by their sum.
        public let renormalize: Bool
        public let focalGamma: Double?
        public let focalAlpha: Double?
        /// The measure of task soft; absent for other tasks.
        public let divergence: Divergence?
        /// Whether rows had weights of their own.
        public let rowWeights: Bool

        enum CodingKeys: String, CodingKey {
            case task, input, dialects, clip, renormalize, divergence
            case classWeights = "class_weights"
            case posWeight = "pos_weight"
            case labelSmoothing = "label_smoothing"
            case ignoreIndex = "ignore_index"
            case focalGamma = "focal_gamma"
            case focalAlpha = "focal_alpha"
            case rowWeights = "row_weights"
        }

        init(_ specification: LossSpecification) {
            let modifiers = specification.modifiers
            task = specification.task
            input = specification.input
            dialects = specification.dialects.map(\.name)
            classWeights = modifiers.classWeights
            posWeight = modifiers.positiveWeights
            labelSmoothing = modifiers.labelSmoothing == 0 ? nil : modifiers.labelSmoothing
            ignoreIndex = modifiers.ignoreIndex
            clip = modifiers.clip
            renormalize = modifiers.renormalizes
            focalGamma = modifiers.focalGamma
            focalAlpha = modifiers.focalAlpha
            divergence = specification.task == .soft ? modifiers.divergence : nil
            rowWeights = modifiers.hasRowWeights
        }
    }

    /// The columns of a table, keys of records or arrays of an archive that were read, by their names. An array that has no name is
    /// told among the inputs alone. Of several files these are the names in the first; the others' columns were found by them.
    public struct Columns: Sendable, Codable {
        /// In the order of the classes; one name for an array of all.
        public internal(set) var predictions: [String] = []
        /// One, or one a class in the order of the predictions; empty for tasks without labels.
        public internal(set) var labels: [String] = []
        /// One, or none where all rows weigh the same.
        public internal(set) var weights: [String] = []
        /// The column whose bytes were counted, or none.
        public internal(set) var text: [String] = []
        /// The names that stand for class indices where labels are text, in the order of the classes; absent elsewhere.
        public internal(set) var classNames: [String]?

        init() {}

        enum CodingKeys: String, CodingKey {
            case predictions, labels, weights, text
            case classNames = "class_names"
        }
    }

    /// The treatment of rows that could not be scored, and the number that was expected.
    public struct RowsPolicy: Sendable, Codable {
        /// The treatment of rows that are invalid.
        public let onInvalid: EvaluationOptions.InvalidRowPolicy
        /// The number of rows that there had to be; absent where any number would do.
        public let expectRows: Int?

        enum CodingKeys: String, CodingKey {
            case onInvalid = "on_invalid"
            case expectRows = "expect_rows"
        }
    }
}
