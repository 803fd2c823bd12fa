public import Scoring

extension Report {
    /// The loss that was computed, with every modifier as it was applied. Modifiers that were not asked for are absent.
    public struct Specification: Sendable, Codable, Equatable {
        /// The task.
        public let task: LossTask
        /// The kind of the predicted values.
        public private(set) var input: PredictionInput
        /// The names of the dialects in the order asked for. The first one is the report's own.
        public let dialects: [String]
        /// The weight of each class. Balanced weights are given as they were computed.
        public let classWeights: [Double]?
        /// The weight of label 1, or one weight a column.
        public let posWeight: [Double]?
        /// The ε of label smoothing, in [0, 1].
        public let labelSmoothing: Double?
        /// The class index whose rows were left out.
        public let ignoreIndex: Int64?
        /// The bound to which probabilities were clipped: they lie in [clip, 1 − clip].
        public let clip: Double?
        /// True if the probabilities of a row were divided by their sum.
        public let renormalize: Bool
        /// The γ of focal loss.
        public let focalGamma: Double?
        /// The α of focal loss.
        public let focalAlpha: Double?
        /// The temperature by which logits were divided; absent for none.
        public let temperature: Double?
        /// The measure of task soft; absent for other tasks.
        public let divergence: Divergence?
        /// True if rows had weights of their own.
        public let rowWeights: Bool

        enum CodingKeys: String, CodingKey {
            case task, input, dialects, clip, renormalize, divergence, temperature
            case classWeights = "class_weights"
            case posWeight = "pos_weight"
            case labelSmoothing = "label_smoothing"
            case ignoreIndex = "ignore_index"
            case focalGamma = "focal_gamma"
            case focalAlpha = "focal_alpha"
            case rowWeights = "row_weights"
        }

        /// Returns true if both are one loss, be it computed from logits or from probabilities.
        func isSameLoss(as other: Specification) -> Bool {
            self == other.replacingInput(with: input)
        }

        /// The names of the modifiers in which two losses differ, with their values.
        func difference(from other: Specification) -> String {
            func text(_ value: (some Any)?) -> String { value.map { "\($0)" } ?? "none" }
            let all = [
                ("task", text(task.rawValue), text(other.task.rawValue)),
                ("dialects", dialects.joined(separator: ", "), other.dialects.joined(separator: ", ")),
                ("class weights", text(classWeights), text(other.classWeights)), ("weight of label 1", text(posWeight), text(other.posWeight)),
                ("label smoothing", text(labelSmoothing), text(other.labelSmoothing)),
                ("ignored label", text(ignoreIndex), text(other.ignoreIndex)), ("clipping", text(clip), text(other.clip)),
                ("renormalising", text(renormalize), text(other.renormalize)), ("focal γ", text(focalGamma), text(other.focalGamma)),
                ("focal α", text(focalAlpha), text(other.focalAlpha)),
                ("divergence", text(divergence?.rawValue), text(other.divergence?.rawValue)),
                ("row weights", text(rowWeights), text(other.rowWeights)),
            ]
            return all.filter { $1 != $2 }.map { "\($0) \($1) and \($2)" }.joined(separator: ", ")
        }

        private func replacingInput(with input: PredictionInput) -> Specification {
            var specification = self
            specification.input = input
            return specification
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
            temperature = modifiers.temperature
            divergence = specification.task == .soft ? modifiers.divergence : nil
            rowWeights = modifiers.hasRowWeights
        }
    }

    /// The names of the columns that were read: columns of a table, keys of records or arrays of an archive. An array without a name
    /// appears among the inputs alone. If there are several files, these are the names in the first, by which the columns of the others
    /// were found.
    public struct Columns: Sendable, Codable, Equatable {
        /// The columns of the predictions in the order of the classes; one name for an array of all classes.
        public internal(set) var predictions: [String] = []
        /// The path to the names by which values have their classes; empty if they have them by their places.
        public internal(set) var predictionClasses: [String] = []
        /// The column of the labels, or one column a class in the order of the predictions; empty for tasks without labels.
        public internal(set) var labels: [String] = []
        /// The column of the weights; empty if all rows weigh the same.
        public internal(set) var weights: [String] = []
        /// The column whose bytes and words were counted; empty if none was.
        public internal(set) var text: [String] = []
        /// The columns of counts of tokens, bytes and words, in this order; absent if none was named.
        public internal(set) var counts: [String]?
        /// The columns by which rows of different files were compared, or by which labels were looked up; empty if there were none.
        public internal(set) var identifiers: [String] = []
        /// The names that stand for class indices if labels are text, or if values have classes by name, in the order of the classes; else
        /// absent.
        public internal(set) var classNames: [String]?
        /// The axis of arrays that held the classes, as it was given; absent for the last.
        public internal(set) var classAxis: Int?
        /// True if each prediction was for the label one place on; else absent.
        public internal(set) var shiftedLabels: Bool?

        init() {}

        enum CodingKeys: String, CodingKey {
            case predictions, labels, weights, text, counts, identifiers
            case classNames = "class_names"
            case predictionClasses = "prediction_classes"
            case classAxis = "class_axis"
            case shiftedLabels = "shifted_labels"
        }
    }

    /// The treatment of rows that could not be scored, and the expected number of rows.
    public struct RowsPolicy: Sendable, Codable {
        /// The treatment of invalid rows.
        public let onInvalid: EvaluationOptions.InvalidRowPolicy
        /// The largest number of invalid rows; absent if it was not limited.
        public let maxInvalidRows: UInt64?
        /// The largest share of invalid rows in percent; absent if it was not limited.
        public let maxInvalidPercent: Double?
        /// The number of rows that there had to be; absent if any number would do.
        public let expectRows: Int?

        enum CodingKeys: String, CodingKey {
            case onInvalid = "on_invalid"
            case maxInvalidRows = "max_invalid_rows"
            case maxInvalidPercent = "max_invalid_percent"
            case expectRows = "expect_rows"
        }

        init(_ options: EvaluationOptions) {
            onInvalid = options.invalidRows
            switch options.invalidRowLimit {
            case .count(let count)?: (maxInvalidRows, maxInvalidPercent) = (count, nil)
            case .percent(let percent)?: (maxInvalidRows, maxInvalidPercent) = (nil, percent)
            case nil: (maxInvalidRows, maxInvalidPercent) = (nil, nil)
            }
            expectRows = options.expectedRowCount
        }
    }
}
