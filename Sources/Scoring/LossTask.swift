/// The kind of prediction that is scored.
public enum LossTask: String, Sendable, Codable, CaseIterable {
    /// One value a row and a label of 0 or 1, or a probability.
    case binary
    /// C values a row and a class index in 0..<C.
    case multiclass
    /// C values and C labels a row, each a binary decision; the row's loss is their mean.
    case multilabel
    /// C values a row and a distribution over the classes.
    case soft
    /// The log-probability (or probability) of what happened, one value a row; no labels.
    case likelihood

    /// True if the task has labels.
    public var hasLabels: Bool { self != .likelihood }
    /// True if a row has one value.
    public var isSingleValued: Bool { self == .binary || self == .likelihood }
    /// True if the classes of a row exclude one another.
    package var isOverClasses: Bool { self == .multiclass || self == .soft }
}

/// The kind of the predicted values.
public enum PredictionInput: String, Sendable, Codable, CaseIterable {
    /// Real numbers of any size. Softmax or the logistic function makes probabilities of them.
    case logits
    /// Numbers in [0, 1].
    case probabilities
    /// Natural logarithms of probabilities.
    case logProbabilities = "log-probabilities"
}

/// The measure between soft labels and predictions.
public enum Divergence: String, Sendable, Codable, CaseIterable {
    /// Cross-entropy, −Σ t log p.
    case crossEntropy = "ce"
    /// Kullback-Leibler, Σ t log (t / p).
    case kullbackLeibler = "kl"
}
