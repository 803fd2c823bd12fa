internal import Formats
internal import Scoring

/// Hands out work in the order of the rows, where something can only be read in order. Whoever comes takes the lock, reads the next piece
/// into buffers of its own, and scores it after giving the lock back; no worker waits for one that is not at work.
final class OrderedFeed: Sendable {
    private struct State {
        var nextIndex = 0
        /// nil where predictions are cut into units.
        var predictions: SequentialRows?
        /// nil where they are read by row.
        let labels: (any RowStream)?
        let weights: (any RowStream)?
        var firstFailure: (index: Int, error: EngineError)?

        func readSides(rowCount: Int, into buffers: StreamBuffers, _ plan: Plan) throws(EngineError) {
            try read(rowCount, labels, into: buffers.labels, plan.labels, "labels", plan)
            try read(rowCount, weights, into: buffers.weights, plan.weights, "weights", plan)
            buffers.sides = EvaluationWorker.Sides(
                labels: labels == nil ? nil : UnsafeRawPointer(buffers.labels.base),
                weights: weights == nil ? nil : UnsafeRawPointer(buffers.weights.base))
        }

        private func read(
            _ rowCount: Int, _ stream: (any RowStream)?, into buffer: ByteBuffer, _ column: SideColumn?, _ what: String, _ plan: Plan
        ) throws(EngineError) {
            guard let stream, let column else { return }
            // Of arrays the plan has counted the rows.
            guard try stream.readAcrossFiles(rowCount: rowCount, into: buffer) == rowCount else {
                throw column.countError(what, found: nil, predictions: "\(plan.predictions.rowCount)")
            }
        }
    }

    private let plan: Plan
    private let units: [WorkUnit]
    private let state: Lock<State>

    /// Of a stream of predictions, decoded at a time: several blocks, since with each piece the decompressor's state and the lock move to
    /// another core, which may first have to wake up.
    private static let pieceByteCount = 4 * EvaluationWorker.blockByteCount

    init(_ plan: Plan, units: [WorkUnit]?) throws(EngineError) {
        self.plan = plan
        self.units = units ?? []
        state = Lock(
            State(
                predictions: units == nil ? SequentialRows(plan.predictions, options: plan.containerOptions) : nil,
                labels: try plan.labels?.stream(plan.containerOptions), weights: try plan.weights?.stream(plan.containerOptions)))
    }

    /// The error of the lowest piece that failed: all below it were handed out before it, and are done.
    var failure: EngineError? { state.withLock { $0.firstFailure?.error } }

    /// After the run: whether labels and weights end where the predictions do.
    func finish() throws(EngineError) {
        let (labels, weights) = state.withLock { ($0.labels, $0.weights) }
        try plan.labels?.checkEnd(labels, "labels", rowCount: plan.predictions.rowCount)
        try plan.weights?.checkEnd(weights, "weights", rowCount: plan.predictions.rowCount)
    }

    /// Works until there is no more to hand out. `buffers` are the worker's own.
    func run(_ worker: EvaluationWorker, seams: Seams, buffers: StreamBuffers, isCancelled: () -> Bool) {
        while !isCancelled(), let job = next(buffers) {
            do throws(EngineError) {
                switch job {
                case .unit(let index):
                    try worker.run(units[index], unitIndex: index, seams: seams, sides: buffers.sides)
                case .rows(_, let rowCount, let firstRow, let fileIndex):
                    try worker.run(
                        streamed: buffers.predictions, rowCount: rowCount, firstRow: firstRow, fileIndex: fileIndex,
                        sides: buffers.sides)
                }
            } catch {
                fail(job.index, error)
            }
        }
    }

    private enum Job {
        case unit(index: Int)
        case rows(index: Int, rowCount: Int, firstRow: Int, fileIndex: Int)

        var index: Int {
            switch self {
            case .unit(let index), .rows(let index, _, _, _): index
            }
        }
    }

    private func fail(_ index: Int, _ error: EngineError) {
        state.withLock { state in
            if index < state.firstFailure?.index ?? .max { state.firstFailure = (index, error) }
        }
    }

    private func next(_ buffers: StreamBuffers) -> Job? {
        state.withLock { state in
            guard state.firstFailure == nil else { return nil }
            let index = state.nextIndex
            state.nextIndex += 1
            do throws(EngineError) {
                guard let predictions = state.predictions else {
                    guard index < units.count else { return nil }
                    try state.readSides(rowCount: units[index].rows.count, into: buffers, plan)
                    return .unit(index: index)
                }
                let available = try predictions.availableRowCount()
                guard available.rowCount > 0 else { return nil }
                let rowByteCount = plan.predictions.files[available.fileIndex].layout.rowByteCount
                let rowCount = min(available.rowCount, max(1, Self.pieceByteCount / rowByteCount))
                try predictions.read(rowCount: rowCount, into: buffers.predictions)
                try state.readSides(rowCount: rowCount, into: buffers, plan)
                return .rows(index: index, rowCount: rowCount, firstRow: available.rowInFile, fileIndex: available.fileIndex)
            } catch {
                if index < state.firstFailure?.index ?? .max { state.firstFailure = (index, error) }
                return nil
            }
        }
    }
}

/// Where one worker's pieces of streams are read to.
final class StreamBuffers {
    let predictions = ByteBuffer()
    let labels = ByteBuffer()
    let weights = ByteBuffer()
    /// What was read in order of labels and weights.
    var sides = EvaluationWorker.Sides()
}
