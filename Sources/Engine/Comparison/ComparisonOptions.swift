internal import Formats
public import Scoring

/// Two dumps of the same rows by two models, A the baseline and B the candidate, and the settings of their comparison.
public struct ComparisonOptions: Sendable {
    /// The predictions of A with labels, weights and clusters, the loss, and the settings of the run.
    public var first: EvaluationOptions
    /// The files of B's predictions, whose rows are those of A in the same order.
    public var secondPaths: [String]
    /// The kind of B's values; nil for the same as A's.
    public var secondInput: PredictionInput?
    /// The columns of B's predictions; nil for the same as A's.
    public var secondPredictionColumns: [String]?
    /// The confidence of all intervals, in (0, 1).
    public var confidence = 0.95

    /// Makes options for files, with defaults for everything else.
    public init(first: EvaluationOptions, secondPaths: [String]) {
        self.first = first
        self.secondPaths = secondPaths
    }

    /// The options that B alone would be evaluated with.
    func second() throws(EngineError) -> EvaluationOptions {
        var options = first
        options.predictionPaths = secondPaths
        if let columns = secondPredictionColumns { options.columns.predictions = columns }
        if let input = secondInput {
            do throws(SpecificationError) {
                options.specification = try LossSpecification(
                    task: first.specification.task, input: input, dialects: first.specification.dialects,
                    modifiers: first.specification.modifiers)
            } catch {
                throw EngineError(error)
            }
        }
        return options
    }
}
