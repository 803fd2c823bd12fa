internal import Elements
internal import Formats
internal import Insight
internal import Messages
internal import Scoring
public import WorkStealing

/// A comparison of two models on the same rows, in one pass over both dumps.
///
/// ```swift
/// var first = EvaluationOptions(predictionPaths: ["base.npy"], labelPaths: ["labels.npy"], specification: specification)
/// let report = try Comparison(ComparisonOptions(first: first, secondPaths: ["new.npy"])).report
/// print(report.difference.mean)
/// ```
public struct Comparison: Sendable {
    /// The figures.
    public let report: ComparisonReport

    /// Compares, and blocks until it is done. The result depends on the rows alone, not on threads, kernels, frames or timing.
    ///
    /// - Throws: `EngineError`.
    public init(
        _ options: ComparisonOptions, progress: ProgressMeter = ProgressMeter(), cancellation: Cancellation = Cancellation()
    ) throws(EngineError) {
        guard options.confidence > 0, options.confidence < 1 else {
            throw EngineError(usage: "the confidence is \(options.confidence)", remedy: "give a number between 0 and 1")
        }
        let control = RunControl(progress: progress, cancellation: cancellation)
        report = try ReadingMode.attempt { mode throws(EngineError) in
            let start = ContinuousClock.now
            let second = try EvaluationPlan(try options.second(), mode, control.withoutProgress)
            var first = options.first
            first.companions.append(CompanionColumn(name: PairedRows.column, rows: second.source))
            let labels = second.companions.first { $0.name == CompanionColumn.labels }
            first.observers.append(
                PairedRows(
                    second.specification,
                    PairedRows.Second(
                        second.specification, classCount: second.classCount, ignoredLabel: ClassLabels.ignored,
                        hasIndices: labels.map { !$0.elementType.isFloatingPoint } ?? true, instructionSet: first.instructionSet),
                    hasClusters: !first.clusterPaths.isEmpty))
            let plan = try EvaluationPlan(first, mode, control)
            try Self.check(plan, second)
            let evaluation = try Evaluation(plan, control, start)
            guard let pairs = evaluation.observers.first(PairedRows.self) else {
                throw EngineError(usage: "the rows were not paired", remedy: "this is a fault of xent: please report it")
            }
            try Self.check(pairs, second, first.invalidRows)
            return ComparisonReport(
                pairs, evaluation.report, plan.specification, second, confidence: options.confidence)
        }
    }

    /// Throws if the two do not have the same classes, or B's labels lie beside its predictions.
    private static func check(_ first: EvaluationPlan, _ second: EvaluationPlan) throws(EngineError) {
        guard first.classCount == second.classCount else {
            throw EngineError(
                .data, path: second.source.path,
                "it has \(second.classCount) values a row, and \(first.source.path ?? "the first") has \(first.classCount)",
                remedy: "compare predictions of the same classes")
        }
    }

    /// Throws if B cannot be scored in a row in which A can, and such rows end the run.
    private static func check(
        _ pairs: PairedRows, _ second: EvaluationPlan, _ policy: EvaluationOptions.InvalidRowPolicy
    ) throws(EngineError) {
        guard policy == .fail, pairs.onlyACount > 0 else { return }
        let row = Int(clamping: pairs.firstOnlyA)
        let place = second.source.findPlace(ofRow: row)
        throw EngineError(
            .data, path: place?.path ?? second.source.path, row: place?.line == nil ? place?.row ?? row : nil, line: place?.line,
            "the row cannot be scored, and the same row of the other model can",
            remedy: "\(setting: .invalidRows, .skip) leaves such rows out")
    }
}
