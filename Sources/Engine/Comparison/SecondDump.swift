internal import Formats

/// The dump of a second model, whose rows are paired by their places with those that are evaluated.
struct SecondDump: Sendable {
    /// The rows of the predictions.
    let predictions: CompanionColumn
    /// The labels that lie with these predictions; nil if both models have the labels of one file.
    let labels: CompanionColumn?
    /// The classes that these labels mean which are numbers of an array; nil if they are the classes' places.
    let classOfNumber: [Int32: Int32]?
    /// The files of the predictions.
    let files: [DumpFile]
    /// The rows of the predictions where they are text.
    let texts: RecordRowSource?

    /// - Parameters:
    ///   - plan: how the dump is read.
    ///   - hasOwnLabels: true if the labels lie with the predictions.
    init(_ plan: EvaluationPlan, hasOwnLabels: Bool) {
        predictions = CompanionColumn(name: CompanionColumn.secondPredictions, rows: plan.source)
        labels = hasOwnLabels ? plan.labelRows.map { CompanionColumn(name: CompanionColumn.secondLabels, rows: $0) } : nil
        classOfNumber = plan.classOfNumber
        files = plan.inputs.filter { $0.role == .predictions }.map(\.file)
        texts = plan.source as? RecordRowSource
    }

    /// The columns with rows of their own.
    var columns: [CompanionColumn] { [predictions] + (labels.map { [$0] } ?? []) }
}
