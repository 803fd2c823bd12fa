internal import Formats
public import Insight
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
    /// The column of the labels that lie with B's predictions; nil for the same as A's.
    public var secondLabelColumn: String?
    /// The interval of the difference.
    public var interval = PairedFigures.IntervalChoice()
    /// The columns of each request of slices.
    public var slices: [[Slices.Column]] = []
    /// The number of rows that are listed whose losses are the most larger by B; 0 for none.
    public var worstCount = 0
    /// The columns of A's files, or of the labels', whose values are listed with these rows, in their order.
    public var shownColumns: [String] = []
    /// True for the figures of llama.cpp's `llama-perplexity --kl-divergence`, by its own formulas.
    public var hasLlamaCpp = false

    /// Makes options for files, with defaults for everything else.
    public init(first: EvaluationOptions, secondPaths: [String]) {
        self.first = first
        self.secondPaths = secondPaths
    }

    /// True if rows come with clusters.
    var hasClusters: Bool { !first.clusterPaths.isEmpty || first.clusterColumn != nil }

    /// The options that B alone would be evaluated with: its weights, slices and clusters are those of A.
    func second() throws(EngineError) -> EvaluationOptions {
        var options = first
        options.predictionPaths = secondPaths
        if let columns = secondPredictionColumns { options.columns.predictions = columns }
        (options.weightPaths, options.columns.weight) = ([], nil)
        // A column by which rows are put into groups, or that is listed with rows, is no prediction of B either.
        var observed = first
        observed.slicesOfObservers = slices
        options.columns.keys += observed.keys.map(\.name) + shownColumns
        (options.clusterPaths, options.clusterColumn, options.groupPaths) = ([], nil, [])
        // Its rows are compared with those of A.
        options.columns.identifier = nil
        options.columns.label = first.labelPaths.isEmpty ? secondLabelColumn ?? first.columns.label : first.columns.label
        options.expectedRowCount = nil
        options.shard = nil
        options.usesBalancedClassWeights = false
        options.insight = InsightRequest()
        options.specification = try specification(first.specification.modifiers)
        return options
    }

    /// The loss of B: that of A with the kind of B's values.
    func specification(_ modifiers: LossModifiers) throws(EngineError) -> LossSpecification {
        do throws(SpecificationError) {
            return try LossSpecification(
                task: first.specification.task, input: secondInput ?? first.specification.input, dialects: first.specification.dialects,
                modifiers: modifiers)
        } catch {
            throw EngineError(error)
        }
    }
}
