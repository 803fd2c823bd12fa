internal import Container
internal import Formats
public import Scoring
public import WorkStealing

/// One evaluation: plan, run, report.
public struct Evaluation: Sendable {
    /// The figures. They are those of nothing where no row was scored: `Report.requireScoredRows()` says so.
    public let report: Report
    /// The mergeable state.
    public let partial: Partial
    /// The losses of all rows, where they were asked for: whole, but without its name until it is committed.
    public let perRow: PerRowOutput?
    /// How the work was done, in lines for whoever asks to see more.
    public let notes: [String]

    /// Evaluates, blocking until it is done; its work is shared by `options.threadCount` workers.
    ///
    /// The result depends on the rows alone: not on threads, kernels, frames, compression or timing. Where several things are wrong, the
    /// error is the one that comes first in the order of the rows, in every run.
    /// - Throws: `EngineError`; then no output file has been written or changed.
    public init(
        _ options: EvaluationOptions, progress: ProgressMeter = ProgressMeter(), cancellation: Cancellation = Cancellation()
    ) throws(EngineError) {
        var usesSeekTable = true
        var isCuttingAllowed = true
        var warnings: [String] = []
        // Each attempt can fail for a reason that the next one mends, once.
        while true {
            do throws(EngineError) {
                self = try Self(
                    options, usesSeekTable: usesSeekTable, isCuttingAllowed: isCuttingAllowed, progress, cancellation, warnings: warnings)
                return
            } catch {
                if error.isSeekTableAtFault, usesSeekTable {
                    usesSeekTable = false
                    warnings.append(error.seekTableWarning)
                } else if error.isCutInsideQuotes, isCuttingAllowed {
                    isCuttingAllowed = false
                } else {
                    throw error
                }
            }
        }
    }

    private init(
        _ options: EvaluationOptions, usesSeekTable: Bool, isCuttingAllowed: Bool, _ progress: ProgressMeter, _ cancellation: Cancellation,
        warnings: [String]
    ) throws(EngineError) {
        let clock = ContinuousClock()
        let start = clock.now
        let plan = try Plan(options, usesSeekTable: usesSeekTable, cancellation)
        progress.begin(totalByteCount: plan.decodedByteCount ?? 0)

        var perRow: PerRowOutput?
        if let path = options.perRowPath {
            perRow = try PerRowOutput(path: path, rowCount: plan.schedule.isOfRecords ? nil : plan.predictions.rowCount)
        }
        let outcome: Outcome
        do throws(EngineError) {
            outcome = try Self.run(plan, isCuttingAllowed: isCuttingAllowed, perRow: perRow, progress, cancellation)
            for rows in [plan.predictions, plan.labels?.arrays, plan.weights?.arrays] { try rows?.verifyMemberChecksums() }
            try perRow?.finish(rowCount: outcome.rowCount, cancellation)
        } catch {
            perRow?.discard()
            throw error
        }
        let (workers, statistics) = (outcome.workers, outcome.statistics)
        let decodedByteCount = plan.decodedByteCount ?? progress.decodedByteCount

        var moments = [Moments](repeating: Moments(), count: plan.specification.dialects.count)
        var invalidRows = InvalidRows()
        var observations = Observations()
        var kernels: [InstructionSet] = []
        for worker in workers {
            for index in moments.indices { moments[index].merge(worker.moments[index]) }
            invalidRows.merge(worker.invalidRows)
            observations.merge(worker.observations)
            if let ran = worker.instructionSetThatRan, !kernels.contains(ran) { kernels.append(ran) }
        }
        self.perRow = perRow
        let seconds = (clock.now - start).seconds
        notes = [
            plan.scheduleText,
            "\(statistics.workersUsed) workers ran \(statistics.unitsRun) units with \(statistics.steals) steals",
        ]
        partial = Partial(specification: plan.specification, classCount: plan.classCount, moments: moments)
        report = Report(
            specification: plan.specification, columns: plan.columnNames,
            rowsPolicy: Report.RowsPolicy(onInvalid: options.invalidRows.rawValue, expectRows: options.expectedRowCount),
            classCount: plan.classCount, moments: moments, firstInvalid: invalidRows.first,
            warnings: warnings + plan.warnings + Self.warnings(about: moments, plan.specification)
                + observations.warnings(plan.specification, classCount: plan.classCount) { outcome.placeText($0) },
            inputs: plan.inputs.map { $0.file.reported(role: $0.role) },
            run: Report.Run(
                threads: options.threadCount, kernel: kernels.map(\.rawValue).joined(separator: "+"), seconds: seconds,
                decodedBytes: decodedByteCount, decodedBytesPerSecond: seconds > 0 ? Double(decodedByteCount) / seconds : 0))
    }

    /// What a worker leaves.
    private struct WorkerResult: Sendable {
        let moments: [Moments]
        let invalidRows: InvalidRows
        let observations: Observations
        let instructionSetThatRan: InstructionSet?

        init(_ scorer: RowScorer, tokens: TokenSums? = nil) {
            moments = scorer.moments.map { moments in
                var moments = moments
                moments.tokens = tokens
                return moments
            }
            invalidRows = scorer.invalidRows
            observations = scorer.observations
            instructionSetThatRan = scorer.instructionSetThatRan
        }
    }

    /// What all workers leave.
    private struct Outcome {
        let workers: [WorkerResult]
        let statistics: Statistics
        let rowCount: Int
        /// "p.npy: row 17" for a row of all.
        let placeText: (UInt64) -> String

        /// Of arrays.
        static func ofArrays(_ plan: Plan, _ workers: [WorkerResult], _ statistics: Statistics) -> Outcome {
            Outcome(
                workers: workers, statistics: statistics, rowCount: plan.predictions.rowCount, placeText: { plan.predictions.placeText($0) }
            )
        }
    }

    private static func run(
        _ plan: Plan, isCuttingAllowed: Bool, perRow: PerRowOutput?, _ progress: ProgressMeter, _ cancellation: Cancellation
    ) throws(EngineError) -> Outcome {
        do throws(RunError<EngineError>) {
            switch plan.schedule {
            case .stealing(let units):
                let seams = Seams()
                let result = try WorkStealingPool(workerCount: plan.options.threadCount).run(
                    unitCount: units.count, cancellation: cancellation,
                    makeWorker: { _ throws(EngineError) in
                        EvaluationWorker(plan, perRow: perRow, progress: progress, cancellation: cancellation)
                    },
                    body: { index, worker throws(EngineError) in
                        try worker.run(units[index], unitIndex: index, seams: seams, sides: EvaluationWorker.Sides())
                    })
                return .ofArrays(plan, result.workers.map { WorkerResult($0.scorer) }, result.statistics)
            case .inOrder(let units):
                return try runInOrder(plan, units: units, perRow: perRow, progress, cancellation)
            case .stream:
                return try runInOrder(plan, units: nil, perRow: perRow, progress, cancellation)
            case .records(let files):
                return try runRecords(plan, files, isCuttingAllowed: isCuttingAllowed, perRow: perRow, progress, cancellation)
            }
        } catch {
            switch error {
            case .unit(let unit): throw unit.underlying
            case .cancelled: throw EngineError.cancelled
            }
        }
    }

    /// Scores arrays in order. `units`: nil where the predictions cannot be cut.
    private static func runInOrder(
        _ plan: Plan, units: [WorkUnit]?, perRow: PerRowOutput?, _ progress: ProgressMeter, _ cancellation: Cancellation
    ) throws(RunError<EngineError>) -> Outcome {
        let companions = try Self.unit { () throws(EngineError) in try CompanionStreams(plan) }
        let firstRows = plan.predictions.firstRows
        let seams = Seams()
        // One in each worker's hands, and as many again, so that whoever reads need not wait for those that score.
        let result = try OrderedPool(workerCount: plan.options.threadCount, itemsPerWorker: 2).run(
            source: ArrayPieces(plan, units: units), sequencer: companions, cancellation: cancellation,
            makeItem: { ArrayPiece() },
            makeWorker: { _ throws(EngineError) in
                EvaluationWorker(plan, perRow: perRow, progress: progress, cancellation: cancellation)
            },
            take: { pieces, piece throws(EngineError) in try pieces.next(into: piece) },
            prepare: { _, _ throws(EngineError) in },
            admit: { companions, piece, _ throws(EngineError) in
                try companions.read(
                    rowCount: piece.rows.count, rowEnd: firstRows[piece.fileIndex] + piece.rows.upperBound, into: piece.companions,
                    path: plan.predictions.files[piece.fileIndex].path)
                return true
            },
            finish: { piece, worker throws(EngineError) in try worker.run(piece, seams: seams) })
        try Self.unit { () throws(EngineError) in try result.sequencer.checkEnd(rowCount: plan.predictions.rowCount) }
        return .ofArrays(plan, result.workers.map { WorkerResult($0.scorer) }, result.statistics)
    }

    /// Scores records, whose number is known in the end.
    private static func runRecords(
        _ plan: Plan, _ files: [RecordFile], isCuttingAllowed: Bool, perRow: PerRowOutput?, _ progress: ProgressMeter,
        _ cancellation: Cancellation
    ) throws(RunError<EngineError>) -> Outcome {
        let numbering = try Self.unit { () throws(EngineError) in try RecordNumbering(plan, files) }
        // One in each worker's hands, and as many again to choose from.
        let result = try OrderedPool(workerCount: plan.options.threadCount, itemsPerWorker: 2).run(
            source: RecordPieces(plan, files, isCuttingAllowed: isCuttingAllowed, progress: progress), sequencer: numbering,
            cancellation: cancellation,
            makeItem: { RecordPiece() },
            makeWorker: { _ throws(EngineError) in RecordWorker(plan, files, perRow: perRow) },
            take: { pieces, piece throws(EngineError) in try pieces.next(into: piece) },
            prepare: { piece, worker throws(EngineError) in try worker.decode(piece, progress) },
            admit: { numbering, piece, _ throws(EngineError) in try numbering.admit(piece) },
            finish: { piece, worker throws(EngineError) in try worker.score(piece) })
        let counted = result.sequencer
        try Self.unit { () throws(EngineError) in
            try counted.checkEnd()
            let path = files[files.count - 1].path
            guard counted.rowCount > 0 else {
                throw EngineError(.data, path: path, "it has no rows", remedy: "there is nothing to evaluate")
            }
            if let expected = plan.options.expectedRowCount, expected != counted.rowCount {
                throw EngineError(expected: expected, rowCount: counted.rowCount, path: path)
            }
        }
        return Outcome(
            workers: result.workers.map { WorkerResult($0.scorer, tokens: $0.tokens) }, statistics: result.statistics,
            rowCount: counted.rowCount, placeText: { counted.placeText($0) })
    }

    /// Errors outside of any unit as those of the run.
    private static func unit<Result>(_ body: () throws(EngineError) -> Result) throws(RunError<EngineError>) -> Result {
        do { return try body() } catch { throw .unit(UnitError(unit: 0, underlying: error)) }
    }

    /// `all`: the moments of each dialect of the specification.
    static func warnings(about all: [Moments], _ specification: LossSpecification) -> [String] {
        var warnings: [String] = []
        let moments = all[0]
        if moments.scoredCount > 0, moments.hasWeights, moments.meanOverWeight.isNaN, !moments.sum.rounded().isNaN {
            // What each dialect makes of it.
            let means = zip(specification.dialects, all).map { dialect, moments in
                let mean = moments.mean(specification.task, dialect)
                return "the mean is \(mean.isNaN ? "NaN" : mean == 0 ? "0" : "\(mean)") in dialect \(dialect.name)"
            }
            warnings.append("the weights of all scored rows are 0: " + means.joined(separator: ", "))
        }
        if moments.invalidCount > 0 {
            warnings.append("\(moments.invalidCount) of \(moments.readCount) rows were invalid and left out (--on-invalid skip)")
        }
        if moments.infiniteCount > 0 {
            warnings.append("\(moments.infiniteCount) rows have an infinite loss: the model gave what happened probability 0")
        }
        return warnings
    }
}

extension DumpFile {
    func reported(role: String) -> Report.Input {
        Report.Input(
            role: role, path: path, bytes: container.byteCount, format: format,
            compression: container.compression == .none ? nil : container.compression.rawValue,
            frames: container.compression == .none ? nil : container.frames.count)
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + 1e-18 * Double(components.attoseconds) }
}
