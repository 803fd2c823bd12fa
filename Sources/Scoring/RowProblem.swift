public import Messages

/// The reason why a row has no loss.
public enum RowProblem: Sendable, Equatable {
    /// The label is not a class index: not a whole number, or outside of `0..<classCount` (binary: neither 0 nor 1).
    case label(classCount: Int, isBinary: Bool)
    /// The prediction in `column` is NaN (or, for probabilities, an infinity).
    case notANumber(column: Int, value: Double)
    /// The prediction in `column`, which is scored, cannot be what the input is said to be.
    case outOfRange(column: Int, value: Double, input: PredictionInput)
    /// The soft label in `column` is not in [0, 1].
    case target(column: Int, value: Double)
    /// The row's weight is not a finite number of at least 0.
    case weight(value: Double)
    /// Infinities that leave no distribution: the label's logit is +∞, or all logits are −∞.
    case undefined
    /// All probabilities of the row are 0, so they cannot be divided by their sum.
    case allZero

    /// The prediction or label of the row that is at fault, where it is one.
    public var column: Int? {
        switch self {
        case .notANumber(let column, _), .outOfRange(let column, _, _), .target(let column, _): column
        case .label, .weight, .undefined, .allZero: nil
        }
    }

    /// Says what was found and what was allowed, without the place.
    ///
    /// - Parameter labelText: the label as stored.
    public func message(labelText: String) -> String {
        switch self {
        case .label(_, isBinary: true):
            "label \(labelText) is neither 0 nor 1"
        case .label(let classCount, _):
            "label \(labelText) is outside 0..<\(classCount)"
        case .notANumber(let column, let value):
            "the prediction in column \(column) is \(value)"
        case .outOfRange(let column, let value, .logProbabilities):
            "the log-probability in column \(column) is \(value), above 0"
        case .outOfRange(let column, let value, _):
            "the probability in column \(column) is \(value), outside [0, 1]"
        case .target(let column, let value):
            "the label in column \(column) is \(value), outside [0, 1]"
        case .weight(let value):
            "the row's weight is \(value), not a finite number of at least 0"
        case .undefined:
            "the loss is undefined: infinite values leave no distribution"
        case .allZero:
            "all probabilities are 0, and cannot be divided by their sum"
        }
    }

    /// A way out for the user.
    public var remedy: Message {
        switch self {
        case .label(_, isBinary: true):
            "map the labels to 0 and 1, or leave such rows out with \(setting: .invalidRows, .skip)"
        case .label:
            "check that labels count from 0; \(setting: .invalidRows, .skip) leaves such rows out"
        case .outOfRange:
            "check \(setting: .input); \(setting: .invalidRows, .skip) leaves such rows out"
        case .target:
            "soft labels are probabilities; \(setting: .invalidRows, .skip) leaves such rows out"
        case .notANumber, .undefined, .allZero, .weight:
            "\(setting: .invalidRows, .skip) leaves such rows out"
        }
    }

    /// The short name under which rows of this kind are counted.
    public var kind: String {
        switch self {
        case .label: "label"
        case .notANumber: "not a number"
        case .outOfRange: "out of range"
        case .target: "target"
        case .weight: "weight"
        case .undefined: "undefined"
        case .allZero: "all zero"
        }
    }
}
