package import WorkStealing

/// The one way of rows through a run: it takes units or pieces from the schedule, lines companion columns up with them by row, and hands
/// every batch to a consumer of the worker that read it.
///
/// Evaluating, measuring and whatever else reads a whole dump on every core goes through here; what differs is the consumer.
///
/// ```swift
/// let pipeline = RowPipeline(source: numbers, companions: [labels], threadCount: 4)
/// let counted = try pipeline.run { RowCounter() }
/// let rowCount = counted.consumers.reduce(0) { $0 + $1.rowCount }
/// ```
package struct RowPipeline: Sendable {
    package let source: any RowSource
    package let companions: [CompanionColumn]
    /// The rows that are wanted; nil for all. A row outside of them is read where it lies in a unit with wanted ones, and not handed over.
    package let wantedRows: Range<Int>?
    package let threadCount: Int
    package let control: RunControl

    package init(
        source: any RowSource, companions: [CompanionColumn] = [], wantedRows: Range<Int>? = nil, threadCount: Int,
        control: RunControl = RunControl()
    ) {
        self.source = source
        self.companions = companions
        self.wantedRows = wantedRows
        self.threadCount = threadCount
        self.control = control
    }

    /// The consumers of the workers that read something, and the figures of the run.
    package struct Result<Consumer> {
        package let consumers: [Consumer]
        package let statistics: Statistics
        /// The number of rows of the source.
        package let rowCount: Int
        /// Finds the place of a row by its number among all rows.
        package let place: (_ row: Int) -> RowPlace
    }

    /// Reads all rows, blocking until the last has been consumed.
    ///
    /// - Parameter makeConsumer: makes the consumer of a worker, on the worker's thread.
    /// - Throws: the error of the first unit or piece that failed, in the order of the rows, the same in every run; `.cancelled`.
    package func run<Consumer: RowConsumer>(
        makeConsumer: @Sendable () -> sending Consumer
    ) throws(EngineError) -> Result<Consumer> {
        try checkCounts()
        do throws(RunError<EngineError>) {
            if let units = source as? any UnitRowSource {
                return try run(units: units, makeConsumer)
            }
            if let ordered = source as? any OrderedRowSource {
                return try run(ordered: ordered, makeConsumer)
            }
        } catch {
            switch error {
            case .unit(let unit): throw unit.underlying
            case .cancelled: throw EngineError.cancelled
            }
        }
        preconditionFailure("a RowSource is a UnitRowSource or an OrderedRowSource")
    }

    /// Throws where a companion column is known to have another number of rows than the source: a column that is read by number has no end
    /// at which that would be found.
    private func checkCounts() throws(EngineError) {
        guard let rowCount = source.rowCount else { return }
        for column in companions {
            if let found = column.rows?.rowCount, found != rowCount {
                throw column.countError(found: found, predictions: "\(rowCount)")
            }
        }
    }

    private func run<Source: UnitRowSource, Consumer: RowConsumer>(
        units source: Source, _ makeConsumer: @Sendable () -> sending Consumer
    ) throws(RunError<EngineError>) -> Result<Consumer> {
        if companions.contains(where: \.isInOrder) { return try run(ordered: UnitsInOrder(source), makeConsumer) }
        let units = wantedRows.map { source.units(touching: $0) } ?? 0..<source.unitCount
        let result = try WorkStealingPool(workerCount: threadCount).run(
            unitCount: units.count, cancellation: control.cancellation,
            makeWorker: { _ throws(EngineError) in
                Worker(source.makeReader(control), makeConsumer(), CompanionRows(companions, control.withoutProgress))
            },
            body: { index, worker throws(EngineError) in
                try worker.reader.read(unit: units.lowerBound + index) { batch throws(EngineError) in
                    try worker.consume(batch, nil, wantedRows, source.layout)
                }
            })
        return Result(
            consumers: result.workers.map(\.consumer), statistics: result.statistics, rowCount: source.rowCount ?? 0,
            place: { source.place(ofRow: $0) })
    }

    private func run<Source: OrderedRowSource, Consumer: RowConsumer>(
        ordered source: Source, _ makeConsumer: @Sendable () -> sending Consumer
    ) throws(RunError<EngineError>) -> Result<Consumer> {
        let feed = try Self.unit { () throws(EngineError) in try source.makeFeed(control) }
        let sequencer = try Self.unit { () throws(EngineError) in
            Sequencer(numbering: try source.makeNumbering(), streams: try CompanionStreams(companions, control.withoutProgress))
        }
        // One piece in each worker's hands, and as many again, so that whoever reads need not wait for those that score.
        let result = try OrderedPool(workerCount: threadCount, itemsPerWorker: 2).run(
            source: feed, sequencer: sequencer, cancellation: control.cancellation,
            makeItem: { Item(source.makePiece()) },
            makeWorker: { _ throws(EngineError) in
                Worker(source.makeReader(control), makeConsumer(), CompanionRows(companions, control.withoutProgress))
            },
            take: { feed, item throws(EngineError) in try feed.next(into: item.piece) },
            prepare: { item, worker throws(EngineError) in try worker.reader.prepare(item.piece) },
            admit: { sequencer, item, _ throws(EngineError) in
                guard let rows = try sequencer.numbering.number(item.piece) else { return false }
                if let wantedRows, rows.upperBound <= wantedRows.lowerBound || rows.lowerBound > wantedRows.upperBound { return false }
                let numbering = sequencer.numbering
                try sequencer.streams.read(rows, into: item.companions, path: numbering.place(ofRow: rows.lowerBound).path)
                return true
            },
            finish: { item, worker throws(EngineError) in
                try worker.reader.read(item.piece) { batch throws(EngineError) in
                    try worker.consume(batch, item.companions, wantedRows, source.layout)
                }
            })
        let counted = result.sequencer
        let rowCount = counted.numbering.rowCount
        if wantedRows == nil {
            try Self.unit { () throws(EngineError) in try counted.streams.checkEnd(rowCount: rowCount) }
        }
        let numbering = counted.numbering
        return Result(
            consumers: result.workers.map(\.consumer), statistics: result.statistics, rowCount: rowCount,
            place: { numbering.place(ofRow: $0) })
    }

    /// The state of the step that goes in order.
    private struct Sequencer<Numbering: RowNumbering> {
        var numbering: Numbering
        var streams: CompanionStreams
    }

    /// A piece with its companion columns; used again and again.
    private final class Item<Piece: AnyObject> {
        let piece: Piece
        let companions = CompanionBuffers()

        init(_ piece: Piece) { self.piece = piece }
    }

    /// A reader and a consumer of one worker.
    private final class Worker<Reader: AnyObject, Consumer: RowConsumer> {
        let reader: Reader
        let consumer: Consumer
        private let companions: CompanionRows

        init(_ reader: Reader, _ consumer: Consumer, _ companions: CompanionRows) {
            self.reader = reader
            self.consumer = consumer
            self.companions = companions
        }

        func consume(
            _ batch: RowBatch, _ buffers: CompanionBuffers?, _ wantedRows: Range<Int>?, _ layout: RowLayout
        ) throws(EngineError) {
            let batch = wantedRows.map { batch.clamped(to: $0, layout) } ?? batch
            guard batch.rowCount > 0 else { return }
            try consumer.consume(batch, companions: try companions.pointers(for: batch, buffers))
        }
    }

    /// Makes errors outside of any unit those of the run.
    private static func unit<Result>(
        _ body: () throws(EngineError) -> sending Result
    ) throws(RunError<EngineError>) -> sending Result {
        do { return try body() } catch { throw .unit(UnitError(unit: 0, underlying: error)) }
    }
}

/// What is done with the batches of a worker: scoring them, counting them, throwing them away.
package protocol RowConsumer: AnyObject, SendableMetatype {
    /// Takes the next rows. The pointers are valid during the call.
    ///
    /// - Parameter companions: the bytes of the pipeline's companion columns from the batch's first row on, in the machine's byte order.
    func consume(_ batch: RowBatch, companions: [UnsafeRawPointer]) throws(EngineError)
}

extension UnitRowSource {
    /// The units in which a row of `rows` begins or ends.
    fileprivate func units(touching rows: Range<Int>) -> Range<Int> {
        let first = (0..<unitCount).firstIndex { self.rows(ofUnit: $0).upperBound > rows.lowerBound } ?? unitCount
        let last = (first..<unitCount).lastIndex { self.rows(ofUnit: $0).lowerBound <= rows.upperBound } ?? first - 1
        return first..<max(first, last + 1)
    }
}
