import Engine
import Scoring

/// The limit of the rows that `LargeRows` counts in these tests.
let largeLimit = 9.0

/// The observers of these tests' own, before any row.
func seamObservers(hasGroups: Bool = true) -> [any RowObserver] {
    [LargeRows(limit: largeLimit)] + (hasGroups ? [GroupTotals(groupCount: GeneratedDump.groupCount)] : [])
}

/// Options of an evaluation of logits, whose files are none or named in `byteSources`.
func seamOptions(
    threads: Int, predictions: [String] = [], labels: [String] = [], observers: [any RowObserver] = seamObservers()
) throws(EngineError) -> EvaluationOptions {
    let specification: LossSpecification
    do { specification = try LossSpecification(task: .multiclass, input: .logits) } catch { throw EngineError(error) }
    var options = EvaluationOptions(predictionPaths: predictions, labelPaths: labels, specification: specification)
    options.threadCount = threads
    options.observers = observers
    return options
}

/// Everything of an evaluation that must be the same to the bit however the rows came.
struct Figures: Equatable {
    let meanHex: String
    let sumHex: String
    let large: LargeRows?
    let groups: GroupTotals?
    /// It holds the states of all observers.
    let partial: [UInt8]

    init(_ evaluation: Evaluation) {
        meanHex = evaluation.report.loss.meanHex
        sumHex = evaluation.report.loss.sumHex
        large = evaluation.observers.first(LargeRows.self)
        groups = evaluation.observers.first(GroupTotals.self)
        partial = evaluation.partial.encoded()
    }
}
