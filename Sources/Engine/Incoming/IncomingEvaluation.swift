internal import Insight
internal import Messages
internal import Outputs
public import Scoring
public import WorkStealing

/// An evaluation of files that arrive in a folder: those that are new or have changed are scored, and the report is of all that are there.
///
/// The states of the files are kept in a folder of their own, so that each file is read once and the next night's run reads only what is new. A
/// run that is killed has lost the file that it was reading, and no other. Rows are numbered in the order in which their files were scored, so
/// that a file keeps its numbers when others come and go.
///
/// ```swift
/// let nightly = try IncomingEvaluation(options, folder: "state", settled: .quiet(.seconds(60)))
/// print(nightly.report.loss.mean, nightly.newFileCount, "new of", nightly.fileCount)
/// ```
public struct IncomingEvaluation: Sendable {
    /// The figures of all files that are there.
    public let report: Report
    /// The mergeable state of all files. Each file's rows are a part with its place.
    public let partial: Partial
    /// The number of files that this run scored.
    public let newFileCount: Int
    /// The number of files that the report is of.
    public let fileCount: Int
    /// The files that were left for a later run, each with the reason.
    public let unsettled: [(path: String, reason: String)]

    /// Evaluates, and blocks until it is done.
    ///
    /// - Parameters:
    ///   - options: the files of predictions and, where there are some, as many files of labels, weights, clusters and groups, which belong to
    ///     the predictions at the same places. Shards, a first row, losses of single rows, balanced class weights and standard input are
    ///     refused.
    ///   - path: the folder of the state, which is made if it is missing.
    ///   - settled: the rule by which a file is taken for whole.
    ///   - wait: the time to wait while another run has the state.
    ///   - progress: the meter, which begins anew with each file.
    ///   - cancellation: ends the run when it is set. The file that is being read is scored by the next run.
    ///   - willScore: is called before a file is scored, with its path.
    /// - Throws: `EngineError`; of category `.tryAgain` if another run has the state, or if there is no file yet that is whole. Files that were
    ///   scored before the error are kept.
    public init(
        _ options: EvaluationOptions, folder path: String, settled: SettleRule, waiting wait: Duration = .zero,
        progress: ProgressMeter = ProgressMeter(), cancellation: Cancellation = Cancellation(), willScore: (String) -> Void = { _ in }
    ) throws(EngineError) {
        let start = ContinuousClock.now
        try Self.check(options)
        let folder = try IncomingFolder(path, waiting: wait, isCancelled: { cancellation.isCancelled })
        defer { folder.close() }
        var run = try IncomingRun(options, folder)
        unsettled = try run.findFiles(settled)
        guard !run.files.isEmpty else {
            let first = unsettled.first.map { ": \($0.path): \($0.reason)" } ?? ""
            throw EngineError(
                .tryAgain, "none of the \(String.counted(options.predictionPaths.count, "file")) is settled yet\(first)",
                remedy: "run again later; \(setting: .settle) says when a file is taken for whole")
        }
        newFileCount = try run.scoreNewFiles(progress, cancellation, willScore)
        try run.forgetVanishedFiles()
        fileCount = run.files.count
        (report, partial) = try run.merged(start)
        if let expected = options.expectedRowCount, UInt64(clamping: expected) != report.rows.read {
            throw EngineError(expected: expected, rowCount: Int(clamping: report.rows.read), path: path)
        }
        if let limit = options.invalidRowLimit { try report.requireInvalidRows(within: limit) }
    }

    private static func check(_ options: EvaluationOptions) throws(EngineError) {
        func refuse(_ what: Message, _ why: String) -> EngineError {
            EngineError(usage: "\(what) and \(setting: .stateFolder) exclude each other: \(why)", remedy: "leave one of them out")
        }
        if options.shard != nil { throw refuse("\(setting: .shard)", "each file is scored whole, by itself") }
        if options.firstRow != nil { throw refuse("\(setting: .firstRow)", "rows are numbered in the order in which files were scored") }
        if options.perRowPath != nil { throw refuse("\(setting: .perRow)", "the losses of files that were scored before are not kept") }
        if options.checkpoint != nil {
            throw refuse("\(setting: .checkpoint)", "the state is one: a run that is interrupted goes on with the file that it was reading")
        }
        if options.usesBalancedClassWeights {
            throw refuse("\(setting: .balancedClassWeights)", "each file would have weights of its own, and each new one would change them")
        }
        let count = options.predictionPaths.count
        for (setting, paths) in [
            (Setting.labels, options.labelPaths), (.weights, options.weightPaths), (.clusters, options.clusterPaths), (.groups, options.groupPaths),
        ] where !paths.isEmpty && paths.count != count {
            throw EngineError(
                .data, "\(setting: setting) names \(String.counted(paths.count, "file")) for \(String.counted(count, "file")) of predictions",
                remedy: "with \(setting: .stateFolder) each file of predictions has its own; one that has not arrived is missing on either side")
        }
        if (options.predictionPaths + options.labelPaths + options.weightPaths).contains("-") {
            throw EngineError(usage: "standard input is no file that could be known again", remedy: "write it to a file first")
        }
    }
}

/// The work of an incoming evaluation.
private struct IncomingRun {
    /// A file of predictions with those that belong to it.
    struct File {
        let options: EvaluationOptions
        let sources: [(role: Report.Input.Role, path: String)]
        var path: String { sources[0].path }
    }

    let options: EvaluationOptions
    let folder: IncomingFolder
    private var journal: IncomingJournal?
    /// True if the file of the journal holds `journal`.
    private var isWritten: Bool
    var files: [File] = []
    private var warnings: [Message] = []
    private var decodedByteCount = 0
    private var kernels: [String] = []

    init(_ options: EvaluationOptions, _ folder: IncomingFolder) throws(EngineError) {
        self.options = options
        self.folder = folder
        isWritten = false
        guard let bytes = try folder.bytes() else { return }
        let name = folder.journalPath
        do throws(IncomingJournal.Fault) {
            let journal = try IncomingJournal(decoding: bytes)
            if journal.damagedByteCount > 0 {
                warnings.append(
                    Message(
                        code: .damagedRecord,
                        "\(name): \(String.counted(journal.damagedByteCount, "byte")) at the end \(journal.damagedByteCount == 1 ? "is" : "are") damaged, and the "
                            + "files that they were about are scored again"))
            }
            self.journal = journal
            isWritten = true
        } catch {
            switch error {
            case .notAJournal:
                throw EngineError(.data, path: name, "it is no state of incoming files", remedy: "give a folder of its own to \(setting: .stateFolder)")
            case .unusable(let problem):
                warnings.append(Message(code: .damagedRecord, "\(name): \(problem); all files are scored again"))
            }
        }
    }

    /// Finds the files that are whole.
    ///
    /// - Returns: the others, with the reason for each.
    mutating func findFiles(_ settled: SettleRule) throws(EngineError) -> [(path: String, reason: String)] {
        var unsettled: [(String, String)] = []
        let now = Timestamp.now
        var seen: Set<Name> = []
        for (index, path) in options.predictionPaths.enumerated() {
            guard seen.insert(Name(path)).inserted else {
                throw EngineError(usage: "\(path) is named twice", remedy: "name each file once")
            }
            var one = options
            var sources: [(Report.Input.Role, String)] = [(.predictions, path)]
            func take(_ role: Report.Input.Role, _ paths: WritableKeyPath<EvaluationOptions, [String]>) {
                guard !options[keyPath: paths].isEmpty else { return }
                one[keyPath: paths] = [options[keyPath: paths][index]]
                sources.append((role, options[keyPath: paths][index]))
            }
            one.predictionPaths = [path]
            take(.labels, \.labelPaths)
            take(.weights, \.weightPaths)
            take(.clusters, \.clusterPaths)
            take(.groups, \.groupPaths)
            // They hold for all files together, and are looked at there.
            (one.invalidRowLimit, one.expectedRowCount, one.warnings) = (nil, nil, [])
            if let reason = sources.lazy.compactMap({ settled.reason($0.1, now: now) }).first {
                unsettled.append((path, reason))
            } else {
                files.append(File(options: one, sources: sources))
            }
        }
        return unsettled
    }

    /// Scores the files that are new or have changed.
    ///
    /// - Returns: their number.
    mutating func scoreNewFiles(
        _ progress: ProgressMeter, _ cancellation: Cancellation, _ willScore: (String) -> Void
    ) throws(EngineError) -> Int {
        var count = 0
        let known = Dictionary((journal?.entries ?? []).map { (Name($0.path), $0) }) { _, last in last }
        for file in files {
            if cancellation.isCancelled { throw .cancelled }
            var sources: [IncomingEntry.Source] = []
            for (role, path) in file.sources {
                sources.append(IncomingEntry.Source(role: role, path: path, identity: try InputIdentity(path: path)))
            }
            if let entry = known[Name(file.path)], entry.sources == sources, !entry.sources.contains(where: \.identity.isRacy) { continue }
            willScore(file.path)
            try score(file, sources, RunControl(progress: progress, cancellation: cancellation))
            count += 1
        }
        // Files that are all known are still those of another request, if the request has changed.
        if count == 0, let first = files.first { try checkRequest(try EvaluationPlan(first.options), first.path) }
        return count
    }

    private mutating func score(_ file: File, _ sources: [IncomingEntry.Source], _ control: RunControl) throws(EngineError) {
        let firstRow = journal?.endOfRows ?? 0
        var one = file.options
        one.firstRow = Int(clamping: firstRow)
        let start = ContinuousClock.now
        let evaluation = try ReadingMode.attempt { mode throws(EngineError) in
            let plan = try EvaluationPlan(one, mode, control)
            try checkRequest(plan, file.path)
            return try Evaluation(plan, control, start)
        }
        for source in sources {
            if let difference = try InputIdentity(path: source.path).difference(from: source.identity) {
                throw EngineError(
                    .data, path: source.path, "the file was changed while it was read: it \(difference)",
                    remedy: "move whole files into the folder, or let \(setting: .settle) be longer")
            }
        }
        warnings += evaluation.inputWarnings
        if let run = evaluation.report.run {
            decodedByteCount += run.decodedBytes
            if !kernels.contains(run.kernel) { kernels.append(run.kernel) }
        }
        try add(
            .scored(
                IncomingEntry(
                    sources: sources, inputs: evaluation.report.inputs, firstRow: firstRow, rowCount: evaluation.report.rows.read,
                    partial: evaluation.partial.encoded())))
    }

    /// Throws if a file is to be scored otherwise than those before it; makes the journal with the first file.
    private mutating func checkRequest(_ plan: EvaluationPlan, _ path: String) throws(EngineError) {
        let settings = try plan.settingsOfEachFile()
        guard let journal else {
            self.journal = IncomingJournal(settings: settings)
            return
        }
        if let difference = journal.difference(to: settings) {
            throw EngineError(
                .data, path: path, "the files of \(folder.path) were scored otherwise: \(difference)",
                remedy: "give each request a state of its own with \(setting: .stateFolder), or remove the folder to score all files again")
        }
    }

    private mutating func add(_ record: IncomingJournal.Record) throws(EngineError) {
        guard var journal else { return }
        let place = journal.soundByteCount
        let bytes = journal.append(record)
        if isWritten {
            try folder.write(bytes, at: place)
        } else {
            try folder.replace(journal.compacted)
        }
        isWritten = true
        self.journal = journal
        if case .scored = record { DeathPoint.reachFile() }
    }

    /// Leaves out the files that are no longer named, and warns of them once.
    mutating func forgetVanishedFiles() throws(EngineError) {
        let named = Set(options.predictionPaths.names)
        let vanished = (journal?.entries ?? []).map(\.path).filter { !named.contains(Name($0)) }
        for path in vanished { try add(.forgotten(path: path)) }
        if let first = vanished.first {
            let others = vanished.count > 1 ? " and \(vanished.count - 1) more" : ""
            warnings.append(
                Message(
                    code: .vanishedFile,
                    "\(first)\(others): \(vanished.count == 1 ? "the file was" : "the files were") scored before, and \(vanished.count == 1 ? "is" : "are") no longer there; "
                        + "the report is of the files that are"))
        }
        if let journal, journal.isMostlyDead { try folder.replace(journal.compacted) }
    }

    /// Adds all files up.
    func merged(_ start: ContinuousClock.Instant) throws(EngineError) -> (Report, Partial) {
        let entries = Dictionary((journal?.entries ?? []).map { (Name($0.path), $0) }) { _, last in last }
        var partials: [Partial] = []
        var inputs: [Report.Input] = []
        var firstInvalid: [InvalidRow] = []
        var places: [(rows: Range<UInt64>, path: String)] = []
        for file in files {
            // Each of the files was scored, or is known.
            guard let entry = entries[Name(file.path)] else { continue }
            let partial = try Self.ofPartial(folder.journalPath) { () throws(PartialError) in try Partial(decoding: entry.partial, catalog: .engine) }
            let rows = try Self.ofPartial(folder.journalPath) { () throws(PartialError) in try partial.total(InvalidRows.self) }?.first ?? []
            firstInvalid += rows.map { InvalidRow(path: $0.path ?? file.path, row: $0.row, line: $0.line, problem: $0.problem, order: $0.order) }
            partials.append(partial)
            inputs += entry.inputs
            places.append((entry.firstRow..<entry.firstRow + entry.rowCount, file.path))
        }
        let merged = try Self.ofPartial(folder.journalPath) { () throws(PartialError) in try Partial.merging(partials).partial }
        let observers = try Self.ofPartial(folder.journalPath) { () throws(PartialError) in try merged.totals }
        if let problem = observers.insightProblem { throw EngineError(.data, problem.problem, remedy: problem.remedy) }
        let plan = try EvaluationPlan(files[0].options)
        let seconds = (ContinuousClock.now - start).seconds
        places.sort { $0.rows.lowerBound < $1.rows.lowerBound }
        let report = Report(
            specification: merged.specification, columns: plan.columnNames, rowsPolicy: Report.RowsPolicy(options), classCount: merged.classCount,
            observers: observers, warnings: options.warnings + warnings,
            place: { number in
                places.first { $0.rows.contains(number) }.map {
                    RowPlace(path: FileName.shown($0.path), row: Int(clamping: number - $0.rows.lowerBound))
                }
            },
            firstInvalid: Array(firstInvalid.sorted().prefix(InvalidRows.limit)), inputs: inputs,
            run: Report.Run(
                threads: options.threadCount, kernel: kernels.isEmpty ? "none" : kernels.joined(separator: "+"), seconds: seconds, decodedBytes: decodedByteCount,
                decodedBytesPerSecond: seconds > 0 ? Double(decodedByteCount) / seconds : 0),
            insight: options.insight)
        return (report, merged)
    }

    private static func ofPartial<Result>(
        _ path: String, _ body: () throws(PartialError) -> Result
    ) throws(EngineError) -> Result {
        do throws(PartialError) { return try body() } catch { throw EngineError(error, path: path) }
    }
}

extension EvaluationPlan {
    /// The parts of the request that all files of a state have alike: what a checkpoint compares, but for the place of the rows and what
    /// changes no figure, and with the columns that were found.
    fileprivate func settingsOfEachFile() throws(EngineError) -> [Checkpoint.Setting] {
        let scorer = try RowScorer.Settings(
            specification, classCount: classCount, companions, options, shownColumns: shownColumns, perRow: nil, perRowOffset: 0, RunControl())
        let ofPlaces = ["the number of the first row", "the shard", "the memory"]
        let names = [("predictions", columnNames.predictions), ("labels", columnNames.labels), ("weights", columnNames.weights), ("classes", columnNames.classNames ?? [])]
        let found = names.filter { !$1.isEmpty }.map { "\($0) \($1.joined(separator: ", "))" }.joined(separator: "; ")
        return checkpointSettings(scorer.observers).filter { !ofPlaces.contains($0.name) } + [Checkpoint.Setting(name: "the columns", value: found)]
    }
}
