internal import Formats
internal import Scoring

extension ColumnRequest {
    /// Makes the request for the columns from which a loss is computed.
    init(_ columns: DumpColumns, _ specification: LossSpecification, hasLabelFiles: Bool, hasWeightFiles: Bool) {
        self.init(
            columns,
            predictions: PredictionRequest(
                values: PredictionRequest.Values(specification.input), width: PredictionRequest.Width(specification.task)),
            labels: Labels(specification.task), hasLabelFiles: hasLabelFiles, hasWeightFiles: hasWeightFiles,
            ignoredLabel: specification.modifiers.ignoreIndex)
    }

    /// Makes the request for predictions of any meaning, with as many values a row as a task takes; nil for any number.
    init(predictions columns: DumpColumns, task: LossTask? = nil, hasLabelsBeside: Bool) {
        // Columns of labels stay among the candidates where nothing else is wanted, and a table without names has predictions alone.
        self.init(
            columns, predictions: PredictionRequest(width: task.map { PredictionRequest.Width($0) }),
            labels: hasLabelsBeside ? .classIndex : .none, hasLabelFiles: !hasLabelsBeside)
    }
}

extension ColumnRequest.Labels {
    /// The labels of a task.
    init(_ task: LossTask) {
        switch task {
        case .binary: self = .number
        case .multiclass: self = .classIndex
        case .multilabel: self = .numberAClass
        case .soft: self = .distribution
        case .likelihood: self = .none
        }
    }
}

extension PredictionRequest.Values {
    /// The meaning of an input's values.
    init(_ input: PredictionInput) {
        switch input {
        case .logits: self = .logits
        case .probabilities: self = .probabilities
        case .logProbabilities: self = .logProbabilities
        }
    }
}

extension PredictionRequest.Width {
    /// The number of values a row of a task.
    init(_ task: LossTask) {
        switch task {
        case .binary: self = .one
        case .multiclass, .multilabel, .soft: self = .oneAClass
        case .likelihood: self = .sum
        }
    }
}
