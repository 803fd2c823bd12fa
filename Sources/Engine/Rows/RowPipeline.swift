package import Messages
package import Scoring
package import WorkStealing

/// The one way of rows through a run. It takes units or pieces from the schedule, lines companion columns up with them by row, and hands
/// every batch to a consumer of the worker that read it.
///
/// Evaluation, measurement, and everything else that reads a whole dump on every core goes through the pipeline. Only the consumer differs.
///
/// ```swift
/// let pipeline = RowPipeline(source: numbers, companions: [labels], threadCount: 4)
/// let counted = try pipeline.run { RowCounter() }
/// let rowCount = counted.consumers.reduce(0) { $0 + $1.rowCount }
/// ```
package struct RowPipeline: Sendable {
    /// The source of the rows.
    package let source: any RowSource
    /// The columns that are lined up with the rows.
    package let companions: [CompanionColumn]
    /// The rows that are wanted; nil for all. Other rows are read if they lie in a unit with wanted ones, but they are not handed over.
    package let wantedRows: Range<Int>?
    /// The number of workers.
    package let threadCount: Int
    /// The progress and the cancellation of the run.
    package let control: RunControl
    /// The ledger of the run's units, with those that an earlier run finished; nil if nobody will resume this run.
    package let ledger: UnitLedger?

    /// Makes a pipeline.
    package init(
        source: any RowSource, companions: [CompanionColumn] = [], wantedRows: Range<Int>? = nil, threadCount: Int,
        control: RunControl = RunControl(), ledger: UnitLedger? = nil
    ) {
        self.ledger = ledger
        self.source = source
        self.companions = companions
        self.wantedRows = wantedRows
        self.threadCount = threadCount
        self.control = control
    }

    /// The result of a run.
    package struct Result<Consumer> {
        /// The consumers of the workers that read something.
        package let consumers: [Consumer]
        /// The numbers of units, steals and workers.
        package let statistics: Statistics
        /// The number of rows of the source.
        package let rowCount: Int
        /// The doubts that reading found, such as a text that seems to be cut short.
        package let warnings: [Message]
        /// Finds the place of a row by its number among all rows.
        package let place: (_ row: Int) -> RowPlace
    }

    /// Reads all rows, and blocks until the last one has been consumed.
    ///
    /// - Parameter makeConsumer: makes the consumer of a worker, on the worker's thread.
    /// - Throws: the error of the first unit or piece that failed, in the order of the rows, which is the same in every run; `.cancelled`.
    package func run<Consumer: RowConsumer>(
        makeConsumer: @Sendable () -> sending Consumer
    ) throws(EngineError) -> Result<Consumer> {
        try checkCounts()
        do throws(RunError<EngineError>) {
            return try source.run(self, makeConsumer)
        } catch {
            switch error {
            case .unit(let unit): throw unit.underlying
            case .cancelled: throw EngineError.cancelled
            }
        }
    }

    /// Throws if a companion column is known to have another number of rows than the source. A column that is read by number has no end
    /// that would show the difference.
    private func checkCounts() throws(EngineError) {
        guard let rowCount = source.rowCount else { return }
        for column in companions {
            if let found = column.rows?.rowCount, found != rowCount {
                throw column.countError(found: found, predictions: "\(rowCount)")
            }
        }
    }

    /// Shares units out by stealing, or, if companion columns can be read only in order, in order.
    func run<Source: UnitRowSource, Consumer: RowConsumer>(
        units source: Source, _ makeConsumer: @Sendable () -> sending Consumer
    ) throws(RunError<EngineError>) -> Result<Consumer> {
        if companions.contains(where: \.isInOrder) { return try run(ordered: UnitsInOrder(source), makeConsumer) }
        let units = wantedRows.map { source.units(touching: $0) } ?? 0..<source.unitCount
        let ledger = ledger
        ledger?.begin(source.splitRows)
        let result = try WorkStealingPool(workerCount: threadCount).run(
            unitCount: units.count, cancellation: control.cancellation,
            makeWorker: { _ throws(EngineError) in
                Worker(source.makeReader(control), makeConsumer(), CompanionRows(companions, control.withoutProgress), ledger)
            },
            body: { index, worker throws(EngineError) in
                let unit = units.lowerBound + index
                if let ledger, ledger.wasFinished(unit) { return }
                let worker = worker
                try worker.enter(unit) { () throws(EngineError) in
                    try worker.reader.read(unit: unit) { batch throws(EngineError) in
                        try worker.consume(batch, nil, wantedRows, source.layout)
                    }
                }
            })
        return Result(
            consumers: result.workers.map(\.consumer), statistics: result.statistics, rowCount: source.rowCount ?? 0,
            warnings: [], place: { source.place(ofRow: $0) })
    }

    /// Takes pieces in order, and shares out what needs no order.
    func run<Source: OrderedRowSource, Consumer: RowConsumer>(
        ordered source: Source, _ makeConsumer: @Sendable () -> sending Consumer
    ) throws(RunError<EngineError>) -> Result<Consumer> {
        let control = self.control.ofOneRun
        let ledger = ledger
        ledger?.begin(source.splitRows)
        let point = ledger?.resumePoint
        let firstPiece = point?.piece ?? 0
        let feed = try Self.unit { () throws(EngineError) in
            if let point { try source.makeFeed(control, from: point) } else { try source.makeFeed(control) }
        }
        let sequencer = try Self.unit { () throws(EngineError) in
            let numbering = if let point { try source.makeNumbering(from: point) } else { try source.makeNumbering() }
            return Sequencer(numbering: numbering, streams: try CompanionStreams(companions, control.withoutProgress))
        }
        // One piece is in each worker's hands, and there are as many again, so that the worker that reads need not wait for those that
        // score.
        let result = try OrderedPool(workerCount: threadCount, itemsPerWorker: 2).run(
            source: feed, sequencer: sequencer, cancellation: control.cancellation,
            makeItem: { Item(source.makePiece()) },
            makeWorker: { _ throws(EngineError) in
                Worker(source.makeReader(control), makeConsumer(), CompanionRows(companions, control.withoutProgress), ledger)
            },
            take: { feed, item throws(EngineError) in try feed.next(into: item.piece) },
            prepare: { item, worker throws(EngineError) in
                try control.noting { () throws(EngineError) in try worker.reader.prepare(item.piece) }
            },
            admit: { sequencer, item, index throws(EngineError) in
                item.number = firstPiece + index
                if let ledger, let state = sequencer.numbering.resumeState(before: item.piece) {
                    ledger.note(
                        ResumePoint(piece: item.number, state: state, decodedByteCount: control.progress.decodedByteCount))
                }
                return try control.noting { () throws(EngineError) in
                    guard let rows = try sequencer.numbering.number(item.piece) else {
                        ledger?.finishWithoutRows(item.number)
                        return false
                    }
                    if let wantedRows, rows.upperBound <= wantedRows.lowerBound || rows.lowerBound > wantedRows.upperBound {
                        ledger?.finishWithoutRows(item.number)
                        return false
                    }
                    // Companions that are read in order are read past its rows.
                    if let ledger, ledger.wasFinished(item.number) { return false }
                    let numbering = sequencer.numbering
                    try sequencer.streams.read(rows, into: item.companions, path: numbering.place(ofRow: rows.lowerBound).path)
                    return true
                }
            },
            finish: { item, worker throws(EngineError) in
                let (item, worker) = (item, worker)
                try control.noting { () throws(EngineError) in
                    try worker.enter(item.number) { () throws(EngineError) in
                        try worker.reader.read(item.piece) { batch throws(EngineError) in
                            try worker.consume(batch, item.companions, wantedRows, source.layout)
                        }
                    }
                }
            })
        var counted = result.sequencer
        let rowCount = counted.numbering.rowCount
        if wantedRows == nil {
            try Self.unit { () throws(EngineError) in try counted.streams.checkEnd(rowCount: rowCount) }
        }
        let numbering = counted.numbering
        return Result(
            consumers: result.workers.map(\.consumer), statistics: result.statistics, rowCount: rowCount,
            warnings: numbering.warnings + counted.streams.warnings, place: { numbering.place(ofRow: $0) })
    }

    /// The state of the step that runs in order.
    private struct Sequencer<Numbering: RowNumbering> {
        var numbering: Numbering
        var streams: CompanionStreams
    }

    /// A piece with its companion columns. Items are used again and again.
    private final class Item<Piece: AnyObject> {
        let piece: Piece
        /// The number of the piece among all pieces, once it is numbered.
        var number = 0
        let companions = CompanionBuffers()

        init(_ piece: Piece) { self.piece = piece }
    }

    /// The reader and the consumer of one worker.
    private final class Worker<Reader: AnyObject, Consumer: RowConsumer> {
        let reader: Reader
        let consumer: Consumer
        private let companions: CompanionRows
        /// The worker's page of the ledger; nil if there is no ledger.
        private let page: UnitLedger.Page?

        init(_ reader: Reader, _ consumer: Consumer, _ companions: CompanionRows, _ ledger: UnitLedger?) {
            self.reader = reader
            self.consumer = consumer
            self.companions = companions
            if ledger != nil { companions.remembersLookedUpRows = true }
            page = ledger?.addPage(consumer, companions)
        }

        /// Reads a unit, and enters it into the ledger once it is finished.
        func enter(_ unit: Int, _ read: () throws(EngineError) -> Void) throws(EngineError) {
            if let page { try page.enter(unit, read) } else { try read() }
        }

        func consume(
            _ batch: RowBatch, _ buffers: CompanionBuffers?, _ wantedRows: Range<Int>?, _ layout: RowLayout
        ) throws(EngineError) {
            let batch = wantedRows.map { batch.clamped(to: $0, layout) } ?? batch
            guard batch.rowCount > 0 else { return }
            try consumer.consume(batch, companions: try companions.pointers(for: batch, buffers))
        }
    }

    /// Turns an error outside of any unit into an error of the run.
    private static func unit<Result>(
        _ body: () throws(EngineError) -> sending Result
    ) throws(RunError<EngineError>) -> sending Result {
        do { return try body() } catch { throw .unit(UnitError(unit: 0, underlying: error)) }
    }
}

/// A consumer of the batches of one worker: it scores, counts or discards them.
package protocol RowConsumer: AnyObject, SendableMetatype {
    /// Takes the next rows. The pointers are valid during the call.
    ///
    /// - Parameter companions: the bytes of the pipeline's companion columns from the batch's first row on, in the machine's byte order.
    func consume(_ batch: RowBatch, companions: [UnsafeRawPointer]) throws(EngineError)
    /// Returns the states of the figures of the rows so far, and begins again without rows. It is called between two units, for a run that
    /// can be resumed.
    func takeStates() -> [any RowObserver]
}

extension RowConsumer {
    /// No figures.
    package func takeStates() -> [any RowObserver] { [] }
}

extension UnitRowSource {
    /// Finds the units in which a row of `rows` begins or ends.
    fileprivate func units(touching rows: Range<Int>) -> Range<Int> {
        let first = (0..<unitCount).firstIndex { self.rows(ofUnit: $0).upperBound > rows.lowerBound } ?? unitCount
        let last = (first..<unitCount).lastIndex { self.rows(ofUnit: $0).lowerBound <= rows.upperBound } ?? first - 1
        return first..<max(first, last + 1)
    }
}
