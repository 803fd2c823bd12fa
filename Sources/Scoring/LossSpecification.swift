/// What is predicted (DESIGN.md, section 3).
public enum LossTask: String, Sendable, CaseIterable {
    /// One value a row and a label of 0 or 1.
    case binary
    /// C values a row and a class index in 0..<C.
    case multiclass
}

/// What the predicted values are.
public enum PredictionInput: String, Sendable, CaseIterable {
    case logits
    case probabilities
    case logProbabilities = "log-probabilities"
}

/// Whose conventions the loss follows.
public enum Dialect: String, Sendable, CaseIterable {
    /// Nothing clipped, nothing renormalised; the mean is divided by Σ of weights.
    case exact
}

/// Which loss is computed: a value, checked once, from which the kernel is chosen.
public struct LossSpecification: Sendable, Equatable {
    public let task: LossTask
    public let input: PredictionInput
    public let dialect: Dialect

    public init(task: LossTask, input: PredictionInput, dialect: Dialect = .exact) {
        self.task = task
        self.input = input
        self.dialect = dialect
    }

    /// The specification in one line that does not change between versions: partials carry it, and only equal ones merge.
    public var canonicalText: String { "task=\(task.rawValue) input=\(input.rawValue) dialect=\(dialect.rawValue)" }

    /// The inverse of `canonicalText`; nil for what this version does not know.
    public init?(canonicalText: String) {
        var fields: [Substring: Substring] = [:]
        for field in canonicalText.split(separator: " ") {
            let parts = field.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            fields[parts[0]] = parts[1]
        }
        guard
            let task = fields["task"].flatMap({ LossTask(rawValue: String($0)) }),
            let input = fields["input"].flatMap({ PredictionInput(rawValue: String($0)) }),
            let dialect = fields["dialect"].flatMap({ Dialect(rawValue: String($0)) })
        else { return nil }
        self.init(task: task, input: input, dialect: dialect)
        guard self.canonicalText == canonicalText else { return nil }
    }
}

/// How a prediction is stored, as the kernels read it: in the machine's byte order.
public enum PredictionElement: Sendable, CaseIterable {
    case float16, bfloat16, float32, float64

    public var byteCount: Int {
        switch self {
        case .float16, .bfloat16: 2
        case .float32: 4
        case .float64: 8
        }
    }
}
