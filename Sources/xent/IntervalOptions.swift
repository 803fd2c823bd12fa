import ArgumentParser
import Engine
import Insight

/// Options for the way in which the interval of a mean is found, and for rows that are not independent.
struct IntervalOptions: ParsableArguments {
    @Option(
        help: "How the interval of the mean is found. Default: clustered with --clusters, else normal.")
    var interval: Uncertainty.Kind?

    @Option(
        help: ArgumentHelp(
            "An array of one number a row: rows of one number, such as the answers to one question, are not independent.",
            valueName: "file"), completion: .file())
    var clusters: [String] = []

    @Option(
        help: ArgumentHelp(
            "The column of the predictions or the labels that holds the rows' clusters, in the place of --clusters.", valueName: "name"))
    var clusterColumn: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("The replicates of --interval bootstrap. Default: 1000.", valueName: "n"))
    var replicates: Int?

    @OptionGroup
    var confidence: ConfidenceOptions

    func validate() throws {
        if let replicates, replicates < 1 { throw ValidationError("--replicates must be at least 1, not \(replicates).") }
        if replicates != nil, interval != .bootstrap { throw ValidationError("--replicates are those of --interval bootstrap.") }
        if !clusters.isEmpty, clusterColumn != nil {
            throw ValidationError("--clusters and --cluster-column exclude each other: both say the clusters of rows.")
        }
    }

    /// Sets what the options say of an evaluation.
    func apply(to options: inout EvaluationOptions, _ inputs: inout InputFiles) throws {
        options.clusterPaths = try inputs.expand(clusters)
        options.clusterColumn = clusterColumn
        options.insight.interval = interval
        options.insight.hasClusters = !clusters.isEmpty || clusterColumn != nil
        if let replicates { options.insight.replicateCount = replicates }
        if let confidence = confidence.confidence { options.insight.confidence = confidence }
    }

    /// The interval of a difference.
    var choice: PairedFigures.IntervalChoice {
        var choice = PairedFigures.IntervalChoice(kind: interval)
        if let replicates { choice.replicateCount = replicates }
        if let confidence = confidence.confidence { choice.confidence = confidence }
        return choice
    }
}

/// Options for the intervals of figures.
struct ConfidenceOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("The confidence of all intervals. Default: 0.95.", valueName: "share"))
    var confidence: Double?

    func validate() throws {
        if let confidence, !(confidence > 0 && confidence < 1) { throw ValidationError("--confidence lies between 0 and 1, not \(confidence).") }
    }
}
