internal import Elements
internal import Formats
public import Insight
internal import Messages
internal import Scoring
public import WorkStealing

/// A comparison of two models on the same rows: in one pass over both dumps, or from what evaluations of them left.
///
/// ```swift
/// var first = EvaluationOptions(predictionPaths: ["base.npy"], labelPaths: ["labels.npy"], specification: specification)
/// let report = try Comparison(ComparisonOptions(first: first, secondPaths: ["new.npy"])).report
/// print(report.difference.mean)
/// ```
public struct Comparison: Sendable {
    /// The figures.
    public let report: ComparisonReport

    /// Compares two dumps, and blocks until it is done. The result depends on the rows alone, not on threads, kernels, frames or timing.
    ///
    /// Labels that lie with the predictions of both must be the same row by row; where B has none, those of A count.
    ///
    /// - Throws: `EngineError`.
    public init(
        _ options: ComparisonOptions, progress: ProgressMeter = ProgressMeter(), cancellation: Cancellation = Cancellation()
    ) throws(EngineError) {
        try Self.check(options.interval)
        guard options.first.specification.modifiers.temperature == nil else {
            throw EngineError(
                usage: "a temperature divides the logits of one model, and two are compared", remedy: "leave \(setting: .temperature) out")
        }
        let control = RunControl(progress: progress, cancellation: cancellation)
        report = try ReadingMode.attempt { mode throws(EngineError) in
            let start = ContinuousClock.now
            let (second, hasOwnLabels) = try Self.secondPlan(options, mode, control.withoutProgress)
            var first = options.first
            first.insight = InsightRequest()
            first.insight.confidence = options.interval.confidence
            first.second = SecondDump(second, hasOwnLabels: hasOwnLabels)
            first.slicesOfObservers = options.slices
            first.columnsShownByObservers = options.shownColumns
            let unpaired = try EvaluationPlan(first, mode, control)
            try Self.check(unpaired, second)
            let plan = unpaired.observing(try Self.observer(options, unpaired, second))
            let evaluation = try Evaluation(plan, control, start)
            guard let pairs = evaluation.observers.first(PairedRows.self) else {
                throw EngineError(usage: "the rows were not paired", remedy: "this is a fault of xent: please report it")
            }
            try Self.check(pairs, second, first.invalidRows)
            return ComparisonReport(
                pairs, evaluation, plan.specification, second, options.interval)
        }
    }

    /// Compares two evaluations whose partials were written: the means, and their difference with the error of paired rows, which follows from the
    /// groups of rows or the clusters that both hold.
    ///
    /// A partial holds such groups where its evaluation was asked for an interval from them (`InsightRequest.interval`), or for clusters. The
    /// result does not depend on how partials were merged.
    ///
    /// - Parameters:
    ///   - partials: the files of A and of B.
    ///   - interval: the interval of the difference.
    ///   - cancellation: ends the comparison when it is set.
    /// - Throws: `EngineError`, with both files if they are of other losses, labels, limits or groups.
    public init(
        partials: (a: String, b: String), interval: PairedFigures.IntervalChoice = PairedFigures.IntervalChoice(),
        cancellation: Cancellation = Cancellation()
    ) throws(EngineError) {
        try Self.check(interval)
        var insight = InsightRequest()
        insight.confidence = interval.confidence
        let (reportA, a) = try PartialFile.merge([partials.a], sameShard: .each, insight: insight, cancellation: cancellation)
        let (reportB, b) = try PartialFile.merge([partials.b], sameShard: .each, insight: insight, cancellation: cancellation)
        try Self.check((partials.a, reportA), (partials.b, reportB))
        let task = a.specification.task
        let (observersA, observersB) = (try PartialFile.figures(of: a, partials.a), try PartialFile.figures(of: b, partials.b))
        let groups: PairedGroups
        do throws(PairedGroups.Mismatch) {
            groups = try PairedGroups(observersA, observersB, hasLabels: task.hasLabels)
        } catch {
            let path = error.isSecond == false ? partials.a : partials.b
            let other: Message = error.isSecond == nil ? " (the other is \(partials.a))" : ""
            throw EngineError(.data, path: path, error.reason.problem + other, remedy: error.reason.remedy)
        }
        if interval.kind == .normal {
            throw EngineError(
                usage: "partials do not hold the rows that \(setting: .interval, .text("normal")) takes the error from",
                remedy: "leave it out, or compare the dumps")
        }
        if interval.kind == .clustered, !groups.areClusters {
            throw EngineError(
                .usage, path: partials.a, "\(setting: .interval, .text("clustered")) needs clusters, and the partials hold none",
                remedy: "evaluate both with \(setting: .clusters)")
        }
        guard let momentsA = observersA.first(LossTotals.self)?.moments[0], let momentsB = observersB.first(LossTotals.self)?.moments[0] else {
            throw EngineError(.data, path: partials.a, "it holds no losses", remedy: "give files that \(setting: .partial) wrote")
        }
        let isWeighted = a.specification.hasWeights && a.specification.dialect.dividesByWeights(task)
        let figures = PairedFigures(
            groups, Self.model(reportA), Self.model(reportB), mean: momentsA.meanDifference(to: momentsB, isWeighted: isWeighted),
            isWeighted: isWeighted, interval)
        report = ComparisonReport(reportA, reportB, figures, .groups, confidence: interval.confidence, warnings: [])
    }

    /// Compares two reports. Nothing is known of how their rows pair up, so that the error of the difference is that of different rows.
    ///
    /// - Parameters:
    ///   - reports: the reports of A and of B, with the names that errors call them by.
    ///   - confidence: of all intervals, in (0, 1).
    /// - Throws: `EngineError`, with both names if they are of other losses.
    public init(
        reports: (a: (name: String, report: Report), b: (name: String, report: Report)), confidence: Double = InsightRequest.usualConfidence
    ) throws(EngineError) {
        try Self.check(PairedFigures.IntervalChoice(confidence: confidence))
        let ((nameA, a), (nameB, b)) = reports
        try Self.check((nameA, a), (nameB, b))
        for (name, report) in [(nameA, a), (nameB, b)] where report.unit != .nats {
            throw EngineError(.data, path: name, "its figures are in \(report.unit)", remedy: "compare reports in nats")
        }
        var warnings: [Message] = []
        if a.rows.scored != b.rows.scored {
            warnings.append(
                Message(
                    code: .unpairedRows,
                    "\(nameA) is of \(String.counted(a.rows.scored, "row")), and \(nameB) of \(b.rows.scored): the means may differ for their rows"))
        }
        let figures = PairedFigures(unpaired: Self.model(a), Self.model(b), confidence: confidence)
        report = ComparisonReport(a, b, figures, .none, confidence: confidence, warnings: warnings)
    }

    private static func model(_ report: Report) -> PairedFigures.Model {
        PairedFigures.Model(mean: report.loss.mean, standardError: report.loss.standardError)
    }

    private static func check(_ interval: PairedFigures.IntervalChoice) throws(EngineError) {
        guard interval.confidence > 0, interval.confidence < 1 else {
            throw EngineError(usage: "the confidence is \(interval.confidence)", remedy: "give a number between 0 and 1")
        }
        guard interval.kind != .bootstrap || (1...100_000).contains(interval.replicateCount) else {
            throw EngineError(usage: "there are \(interval.replicateCount) replicates", remedy: "give 1 to 100000")
        }
    }

    /// Plans how B is read. Where no labels lie with its predictions, those of A count, which lie with A's.
    private static func secondPlan(
        _ options: ComparisonOptions, _ mode: ReadingMode, _ control: RunControl
    ) throws(EngineError) -> (plan: EvaluationPlan, hasOwnLabels: Bool) {
        var second = try options.second()
        let mayHaveLabels = second.labelPaths.isEmpty && second.specification.task.hasLabels
        do throws(EngineError) {
            return (try plan(second, options, mode, control), mayHaveLabels)
        } catch {
            guard error.isOfMissingColumn, mayHaveLabels, second.columns.labelNames.isEmpty else { throw error }
            second.labelPaths = options.first.predictionPaths
            do throws(EngineError) {
                return (try plan(second, options, mode, control), false)
            } catch let other {
                // Where A has no labels either, B's are what is missing.
                throw other.isOfMissingColumn ? error : other
            }
        }
    }

    /// Plans how B is read. The names of A's columns mean nothing for a file of one array.
    private static func plan(
        _ second: EvaluationOptions, _ options: ComparisonOptions, _ mode: ReadingMode, _ control: RunControl
    ) throws(EngineError) -> EvaluationPlan {
        do throws(EngineError) {
            return try EvaluationPlan(second, mode, control)
        } catch {
            guard error.category == .usage, options.secondPredictionColumns == nil, !second.columns.predictions.isEmpty else { throw error }
            var unnamed = second
            unnamed.columns.predictions = []
            let plan: EvaluationPlan
            do throws(EngineError) { plan = try EvaluationPlan(unnamed, mode, control) } catch let other {
                // A fault of the file's rows explains more than the names that it does not have.
                throw other.category == .usage ? error : other
            }
            guard plan.columnNames.predictions.isEmpty else { throw error }
            return plan
        }
    }

    /// Makes the observer of the pairs.
    private static func observer(
        _ options: ComparisonOptions, _ first: EvaluationPlan, _ second: EvaluationPlan
    ) throws(EngineError) -> PairedRows {
        let task = first.specification.task
        if options.interval.kind == .clustered, !options.hasClusters {
            throw EngineError(
                usage: "\(setting: .interval, .text("clustered")) needs clusters, and rows have none",
                remedy: "name their file or column (\(setting: .clusters))")
        }
        guard !options.hasLlamaCpp || task == .multiclass else {
            throw EngineError(
                usage: "llama.cpp has no figures for task \(task.rawValue)", remedy: "its tokens are classes: give task multiclass")
        }
        var choice = PairedRows.Choice()
        choice.hasClusters = options.hasClusters
        choice.slices = options.slices
        choice.worstCount = options.worstCount
        choice.shownColumns = options.shownColumns
        choice.hasLlamaCpp = options.hasLlamaCpp
        let specification = try options.specification(first.specification.modifiers)
        do throws(SpecificationError) {
            return try PairedRows(
                first.specification,
                PairedRows.Second(
                    specification, classCount: second.classCount, ignoredLabel: ClassLabels.ignored,
                    instructionSet: options.first.instructionSet), choice)
        } catch {
            throw EngineError(error)
        }
    }

    /// Throws if the two do not have the same rows and classes.
    private static func check(_ first: EvaluationPlan, _ second: EvaluationPlan) throws(EngineError) {
        guard first.classCount == second.classCount else {
            throw EngineError(
                .data, path: second.source.path,
                "it has \(second.classCount) values a row, and \(first.source.path ?? "the first") has \(first.classCount)",
                remedy: "compare predictions of the same classes")
        }
        if first.options.shard != nil, first.source is RecordRowSource {
            throw EngineError(
                .usage, path: first.source.path, "rows of text have no numbers before all of it is read, so that shards of it are not paired",
                remedy: "leave \(setting: .shard) out, or pack both first")
        }
        try checkClasses(first, second)
        guard let rowCount = first.source.rowCount, let other = second.source.rowCount, rowCount != other else { return }
        throw EngineError(
            .data, path: second.source.path,
            "it has \(String.counted(other, "row")), and \(first.source.path ?? "the first") has \(rowCount)",
            remedy: "compare predictions of the same rows")
    }

    /// Throws if both name the same classes in other orders.
    private static func checkClasses(_ first: EvaluationPlan, _ second: EvaluationPlan) throws(EngineError) {
        let (a, b) = (first.columnNames, second.columnNames)
        for (ours, theirs) in [(a.classNames ?? [], b.classNames ?? []), (a.predictions, b.predictions)] {
            guard ours.count > 1, ours.count == theirs.count, Set(ours.names) == Set(theirs.names),
                let place = ours.indices.first(where: { !ours[$0].isSameName(as: theirs[$0]) })
            else { continue }
            throw EngineError(
                .usage, path: second.source.path,
                "its class \(place) is \(ColumnName.list([theirs[place]])), and that of \(first.source.path ?? "the first") is \(ColumnName.list([ours[place]]))",
                remedy: "name the columns of both in one order of the classes with \(setting: .predictionColumns)")
        }
    }

    /// Throws if two evaluations are not of one loss.
    private static func check(
        _ a: (name: String, report: Report), _ b: (name: String, report: Report)
    ) throws(EngineError) {
        func refuse(_ problem: String) -> EngineError {
            EngineError(.data, path: b.name, "\(problem) (the other is \(a.name))", remedy: "compare evaluations of one loss")
        }
        let (ofA, ofB) = (a.report, b.report)
        guard ofA.specification.isSameLoss(as: ofB.specification) else {
            let differing = ofA.specification.difference(from: ofB.specification)
            throw refuse("the two are of different losses: " + differing)
        }
        guard ofA.classes == ofB.classes else { throw refuse("it has \(ofB.classes) classes, and the other has \(ofA.classes)") }
        for (name, report) in [a, b] where report.rows.scored == 0 {
            throw EngineError(.data, path: name, "no row was scored", remedy: "there is nothing to compare")
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
