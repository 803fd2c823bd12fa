internal import Container
internal import Formats
internal import Insight
internal import Messages
public import Scoring
public import WorkStealing

/// An evaluation of a dump: it plans, runs and reports.
///
/// ```swift
/// let specification = try LossSpecification(task: .multiclass, input: .logits)
/// let options = EvaluationOptions(
///     predictionPaths: ["logits.npy.zst"], labelPaths: ["labels.npy"], specification: specification)
/// let report = try Evaluation(options).report
/// ```
public struct Evaluation: Sendable {
    /// The figures. If no row was scored they describe nothing, and `Report.requireScoredRows()` throws.
    public let report: Report
    /// The mergeable state of the evaluation.
    public let partial: Partial
    /// The losses of all rows, if they were asked for. The file is whole, but has no name until it is committed.
    public let perRow: PerRowOutput?
    /// The way in which the work was done, in lines for people.
    public let notes: [String]
    /// The states of all observers, including those of `EvaluationOptions.observers`.
    public let observers: [any RowObserver]
    /// The warnings about the files and how they were read, which observers do not have.
    let inputWarnings: [Message]
    /// The places of the rows that a comparison lists, by their numbers.
    let placesOfChanges: [UInt64: RowPlace]

    /// Evaluates, and blocks until it is done. `options.threadCount` workers share the work.
    ///
    /// The result depends on the rows alone, not on threads, kernels, frames, compression or timing. If several things are wrong, the error
    /// is the first one in the order of the rows, in every run.
    ///
    /// - Throws: `EngineError`. No output file has been written or changed then.
    public init(
        _ options: EvaluationOptions, progress: ProgressMeter = ProgressMeter(), cancellation: Cancellation = Cancellation()
    ) throws(EngineError) {
        let control = RunControl(progress: progress, cancellation: cancellation)
        let first = try options.checkpoint?.prepare(options, cancellation) ?? ReadingMode()
        self = try ReadingMode.attempt(from: first) { mode throws(EngineError) in
            let start = ContinuousClock.now
            return try Self(try EvaluationPlan(options, mode, control), control, start, mode, options.checkpoint)
        }
    }

    /// Evaluates rows of any source.
    ///
    /// - Parameters:
    ///   - companions: the columns with rows of their own, such as labels and weights.
    ///   - options: the settings. Paths and columns are ignored.
    /// - Throws: `EngineError`, as for files.
    package init(
        rows: any RowSource, companions: [CompanionColumn], _ options: EvaluationOptions, _ control: RunControl = RunControl()
    ) throws(EngineError) {
        let start = ContinuousClock.now
        self = try Self(try EvaluationPlan(rows: rows, companions: companions, options), control, start)
    }

    /// Runs a plan, whose preparation began at `start`.
    ///
    /// - Parameters:
    ///   - mode: the way in which the plan's files are read.
    ///   - checkpoint: the checkpoint of the run, which was prepared for it; nil for none.
    init(
        _ plan: EvaluationPlan, _ control: RunControl, _ start: ContinuousClock.Instant, _ mode: ReadingMode = ReadingMode(),
        _ checkpoint: RunCheckpoint? = nil
    ) throws(EngineError) {
        let options = plan.options
        try options.check()
        try options.planned?.check(plan)
        let wantedRows = try plan.wantedRows()
        control.progress.begin(totalByteCount: plan.source.decodedByteCount ?? 0)
        let perRow = try options.perRowPath.map { path throws(EngineError) in
            try PerRowOutput(
                path: path, rowCount: wantedRows?.count ?? plan.source.rowCount,
                firstRow: (options.firstRow ?? 0) + (wantedRows?.lowerBound ?? 0))
        }
        let settings = try RowScorer.Settings(
            plan.specification, classCount: plan.classCount, plan.companions, options, checks: plan.checks,
            labelRows: plan.labelRows, classOfNumber: plan.classOfNumber, shownColumns: plan.shownColumns, perRow: perRow,
            perRowOffset: wantedRows?.lowerBound ?? 0, control)
        let prototypes: [any RowObserver] = settings.observers + [InvalidRows()]
        let ledger = checkpoint?.begin(plan, mode, observers: prototypes, start, control)
        let decodedBefore = control.progress.decodedByteCount
        let result: RowPipeline.Result<RowScorer>
        let rowCount: Int
        do throws(EngineError) {
            let pipeline = RowPipeline(
                source: plan.source, companions: plan.companions, wantedRows: wantedRows, threadCount: options.threadCount, control: control,
                ledger: ledger)
            result = try pipeline.run { RowScorer(settings) }
            rowCount = wantedRows?.count ?? result.rowCount
            try plan.checkRowCount(rowCount)
            try options.planned?.check(rowCount: rowCount, path: plan.source.path)
            try plan.source.finishReading()
            for column in plan.companions { try column.rows?.finishReading() }
            try perRow?.finish(rowCount: rowCount, control.cancellation)
            try checkpoint?.checkInputs()
        } catch {
            checkpoint?.abandonRun()
            perRow?.discard()
            throw error
        }
        // Then no other thread touches the workers' figures any more.
        checkpoint?.endRun()
        var observers = ledger?.work?.observers ?? prototypes
        var kernels: [InstructionSet] = []
        for scorer in result.consumers {
            // With a ledger they hold no rows any more.
            do throws(PartialError) { try observers.merge(scorer.observers) } catch { throw EngineError(error, path: nil) }
            if let ran = scorer.instructionSetThatRan, !kernels.contains(ran) { kernels.append(ran) }
        }
        do throws(EngineError) {
            if let problem = observers.insightProblem {
                throw EngineError(.data, path: plan.source.path, problem.problem, remedy: problem.remedy)
            }
            try observers.show(plan.shownColumns, rowOffset: settings.rowOffset, control, threadCount: options.threadCount)
        } catch {
            perRow?.discard()
            throw error
        }
        if let planned = options.planned {
            observers += [InvalidRowPlaces(observers.first(InvalidRows.self), planned), ShardNotices(mode.warnings)] as [any RowObserver]
        }
        self.perRow = perRow
        self.observers = observers
        let changes = observers.first(PairedRows.self)?.worst?.rows.map(\.number) ?? []
        placesOfChanges = Dictionary(
            uniqueKeysWithValues: changes.map { ($0, result.place(Int(clamping: $0) - settings.rowOffset)) })
        let seconds = (ContinuousClock.now - start).seconds
        let decodedByteCount = plan.source.decodedByteCount ?? control.progress.decodedByteCount
        let decodedNow = decodedBefore == 0 ? decodedByteCount : max(0, control.progress.decodedByteCount - decodedBefore)
        let statistics = result.statistics
        notes = [
            plan.scheduleText,
            String.counted(statistics.workersUsed, "worker") + " ran " + String.counted(statistics.unitsRun, "unit") + " with "
                + String.counted(statistics.steals, "steal"),
        ] + plan.notesOfLookedUpRows + (checkpoint == nil ? [] : plan.notesOfCheckpoint)
        partial = Partial(
            specification: plan.specification, classCount: plan.classCount, place: plan.place(rowCount: rowCount, wantedRows),
            observers: observers)
        inputWarnings = plan.warnings + result.warnings + plan.warningsOfLookedUpRows
        report = Report(
            specification: plan.specification, columns: plan.columnNames,
            rowsPolicy: Report.RowsPolicy(options),
            classCount: plan.classCount, observers: observers, warnings: inputWarnings,
            place: { result.place(Int(clamping: $0) - settings.rowOffset) },
            inputs: plan.reportedInputs,
            run: Report.Run(
                threads: options.threadCount, kernel: kernels.isEmpty ? options.instructionSet.rawValue : kernels.map(\.rawValue).joined(separator: "+"), seconds: seconds,
                decodedBytes: decodedByteCount, decodedBytesPerSecond: seconds > 0 ? Double(decodedNow) / seconds : 0,
                resumes: checkpoint.flatMap { $0.resumeCount > 0 ? $0.resumeCount : nil }),
            insight: options.insight)
        guard let limit = options.invalidRowLimit else { return }
        do throws(EngineError) {
            try report.requireInvalidRows(within: limit)
        } catch {
            perRow?.discard()
            throw error
        }
    }
}

extension EvaluationPlan {
    /// Finds the rows of the shard; nil for all rows.
    fileprivate func wantedRows() throws(EngineError) -> Range<Int>? {
        if let planned = options.planned { return planned.wantedRows }
        // A shard of text is a range of its bytes, and not of its rows.
        guard let shard = options.shard, !(source is RecordRowSource) else { return nil }
        guard let rowCount = source.rowCount else {
            throw EngineError(
                .usage, path: source.path, "its rows have to be counted before they can be cut into shards",
                remedy: "pack it first, or evaluate it whole")
        }
        return shard.range(of: rowCount)
    }

    /// Finds the place of the rows in their dump; `.unplaced` if it is not known.
    fileprivate func place(rowCount: Int, _ wantedRows: Range<Int>?) -> PartPlace {
        if let planned = options.planned {
            return .placed(
                dump: planned.dump, unit: .rows,
                ranges: [UInt64(clamping: planned.rows.lowerBound)..<UInt64(clamping: planned.rows.upperBound)])
        }
        if let window = (source as? RecordRowSource)?.window {
            let bytes = UInt64(clamping: window.byteRange.lowerBound)..<UInt64(clamping: window.byteRange.upperBound)
            return .placed(dump: .unnamed, unit: .bytes, ranges: [bytes])
        }
        guard options.firstRow != nil || wantedRows != nil else { return .unplaced }
        let first = (options.firstRow ?? 0) + (wantedRows?.lowerBound ?? 0)
        return .placed(
            dump: .unnamed, unit: .rows, ranges: [UInt64(clamping: first)..<UInt64(clamping: first + rowCount)])
    }

    /// Throws if there are no rows, or another number than expected. Arrays have been counted before.
    fileprivate func checkRowCount(_ rowCount: Int) throws(EngineError) {
        let path = inputs.last { $0.role == .predictions }?.file.path ?? source.path ?? "the rows"
        guard rowCount > 0 || options.shard != nil else {
            throw EngineError(.data, path: path, "it has no rows", remedy: "there is nothing to evaluate")
        }
        if let expected = options.expectedRowCount, expected != rowCount {
            throw EngineError(expected: expected, rowCount: rowCount, path: path)
        }
    }
}

extension DumpFile {
    /// Describes the file for a report.
    func reported(role: Report.Input.Role) -> Report.Input {
        Report.Input(
            role: role, path: FileName.shown(path), bytes: container.byteCount, format: format,
            compression: container.compression == .none ? nil : container.compression.rawValue,
            frames: container.compression == .none ? nil : container.frames.count, etag: container.version?.entityTag,
            versionID: container.version?.versionID)
    }
}

extension Duration {
    /// The duration in seconds.
    package var seconds: Double { Double(components.seconds) + 1e-18 * Double(components.attoseconds) }
}
