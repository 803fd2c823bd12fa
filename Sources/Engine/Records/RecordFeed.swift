internal import Container
internal import Formats
internal import Scoring

#if canImport(Glibc)
    internal import func Glibc.sched_yield
#elseif canImport(Darwin)
    internal import func Darwin.sched_yield
#endif

/// Hands out the text of records in its order, and numbers its rows.
///
/// A row's number is needed before it is scored, and to count the rows of a text it must be decoded. So there are two steps, and whoever
/// comes takes what is there to do: a piece that is numbered is parsed and scored; else the next piece of text is decoded and counted. Where
/// a file can be cut, pieces are decoded side by side; where it cannot, by one worker at a time, while others parse and score. A piece is
/// numbered as soon as all before it are counted, by whoever brought the missing count.
final class RecordFeed: Sendable {
    private struct State {
        /// What is cut next.
        var fileIndex = -1
        var spans: ArraySlice<WorkUnit.Span> = []
        var spanCount = 0
        /// Of a file that cannot be cut.
        var isStreaming = false
        let text: RecordText
        /// Pieces that were begun, that were numbered, and that are not scored yet.
        var pieceCount = 0
        var numberedCount = 0
        var outstandingCount = 0
        /// Counted, and waiting for one before them.
        var counted: [Int: RecordPiece] = [:]
        var ready: [RecordPiece] = []
        var free: [RecordPiece] = []

        // Where the next piece to be numbered begins.
        var carry: [UInt8] = []
        var parser: (any RecordParser)?
        var row = 0
        var line = 0
        /// The number of each file's first row, as far as it is known.
        var firstRows: [Int] = []

        /// nil where they lie in the records, or are read by row.
        let labels: (any RowStream)?
        let weights: (any RowStream)?
        var firstFailure: (index: Int, error: EngineError)?

        mutating func fail(_ index: Int, _ error: EngineError) {
            if index < firstFailure?.index ?? .max { firstFailure = (index, error) }
        }
    }

    private enum Job {
        case decode(RecordPiece, WorkUnit.Span)
        case score(RecordPiece)
        /// Everything waits for a piece that is in somebody's hands.
        case wait
        case none
    }

    private let plan: Plan
    private let files: [RecordFile]
    private let isCuttingAllowed: Bool
    private let pieceLimit: Int
    private let progress: ProgressMeter
    private let state: Lock<State>

    /// `isCuttingAllowed`: files may be cut at line feeds.
    init(_ plan: Plan, _ files: [RecordFile], isCuttingAllowed: Bool, progress: ProgressMeter) throws(EngineError) {
        self.plan = plan
        self.files = files
        self.isCuttingAllowed = isCuttingAllowed
        self.progress = progress
        // One in each worker's hands, and as many again to choose from.
        pieceLimit = 2 * max(1, plan.options.threadCount)
        state = Lock(
            State(
                text: RecordText(files, options: plan.containerOptions), labels: try plan.labels?.stream(plan.containerOptions),
                weights: try plan.weights?.stream(plan.containerOptions)))
    }

    /// The error of the lowest piece that failed.
    var failure: EngineError? { state.withLock { $0.firstFailure?.error } }

    /// Rows of all files; after the run.
    var rowCount: Int { state.withLock { $0.row } }

    /// "p.csv: row 17" for a row of all the files; after the run.
    func placeText(_ row: UInt64) -> String {
        let firstRows = state.withLock { $0.firstRows }
        let row = Int(clamping: row)
        let fileIndex = firstRows.lastIndex { $0 <= row } ?? 0
        return "\(files[fileIndex].path): row \(row - (firstRows.isEmpty ? 0 : firstRows[fileIndex]))"
    }

    /// Works until there is no more to do.
    func run(_ worker: RecordWorker, isCancelled: () -> Bool) {
        while !isCancelled() {
            switch next() {
            case .decode(let piece, let span):
                do throws(EngineError) {
                    try worker.decode(piece, span)
                    progress.advance(by: piece.decoded.count)
                    state.withLock { add(piece, &$0) }
                } catch {
                    state.withLock { state in
                        state.fail(piece.index, error)
                        state.outstandingCount -= 1
                    }
                }
            case .score(let piece):
                do throws(EngineError) {
                    try worker.score(piece)
                } catch {
                    state.withLock { $0.fail(piece.index, error) }
                }
                state.withLock { state in
                    state.free.append(piece)
                    state.outstandingCount -= 1
                }
            case .wait:
                // Never for one that has not begun: pieces are decoded in their order, so the one that is missing is in the hands of a worker
                // that runs. Rare, since there are twice as many pieces as workers.
                sched_yield()
            case .none:
                return
            }
        }
    }

    private func next() -> Job {
        state.withLock { state in
            while true {
                if !state.ready.isEmpty {
                    let piece = state.ready.removeFirst()
                    if piece.index < state.firstFailure?.index ?? .max { return .score(piece) }
                    state.free.append(piece)
                    state.outstandingCount -= 1
                    continue
                }
                if state.firstFailure != nil { return .none }
                // Whoever decodes the last ones scores them.
                if state.outstandingCount >= pieceLimit { return .wait }
                do throws(EngineError) {
                    if state.isStreaming {
                        if state.numberedCount < state.pieceCount { return .wait }
                        if try readStream(&state) { continue }
                        state.isStreaming = false
                    }
                    if let span = state.spans.popFirst() {
                        let piece = take(&state)
                        piece.isCut = state.spanCount > 1
                        piece.isFirst = state.spans.count == state.spanCount - 1
                        piece.isLast = state.spans.isEmpty
                        return .decode(piece, span)
                    }
                    guard state.fileIndex + 1 < files.count else { return .none }
                    try beginFile(&state)
                } catch {
                    state.fail(state.pieceCount, error)
                    return .none
                }
            }
        }
    }

    private func beginFile(_ state: inout State) throws(EngineError) {
        state.fileIndex += 1
        let spans = isCuttingAllowed ? files[state.fileIndex].spans : []
        state.spans = spans[...]
        state.spanCount = spans.count
        state.isStreaming = spans.isEmpty
    }

    private func take(_ state: inout State) -> RecordPiece {
        let piece = state.free.popLast() ?? RecordPiece()
        piece.index = state.pieceCount
        piece.fileIndex = state.fileIndex
        state.pieceCount += 1
        state.outstandingCount += 1
        return piece
    }

    /// Reads the next piece of a file that cannot be cut. Returns whether there was one.
    private func readStream(_ state: inout State) throws(EngineError) -> Bool {
        if state.text.fileIndex != state.fileIndex {
            try state.text.begin(state.fileIndex)
            state.firstRows.append(state.row)
        }
        let piece = take(&state)
        state.numberedCount += 1
        guard let read = try state.text.next(into: piece.buffer) else {
            state.free.append(piece)
            state.outstandingCount -= 1
            return false
        }
        progress.advance(by: read.decodedByteCount)
        piece.isCut = false
        piece.text = 0..<read.extent.byteCount
        piece.extent = read.extent
        piece.firstLine = read.line
        try number(piece, &state)
        return true
    }

    /// Takes a piece of a unit that was decoded and counted, and numbers all that can be.
    private func add(_ piece: RecordPiece, _ state: inout State) {
        state.counted[piece.index] = piece
        while let piece = state.counted.removeValue(forKey: state.numberedCount) {
            state.numberedCount += 1
            do throws(EngineError) {
                if try join(piece, &state) { continue }
                state.free.append(piece)
                state.outstandingCount -= 1
            } catch {
                state.fail(piece.index, error)
                state.outstandingCount -= 1
            }
        }
    }

    /// Makes whole records of a piece of a unit. Returns false where it holds no end of any.
    private func join(_ piece: RecordPiece, _ state: inout State) throws(EngineError) -> Bool {
        let file = files[piece.fileIndex]
        if piece.isFirst {
            state.parser = try file.makeParser()
            state.carry = []
            state.line = file.format.headerLineCount
            state.firstRows.append(state.row)
        }
        guard let parser = state.parser else { return false }
        let start = state.carry.count
        guard start + piece.body.lowerBound - piece.decoded.lowerBound <= RecordFormats.recordByteCountLimit else {
            throw file.lengthError(line: state.line + 1)
        }
        // What stands before the body is a record's end, or, in a file's first piece, its header.
        if !piece.isFirst, !piece.isLast, piece.body.lowerBound == piece.decoded.upperBound, piece.bytes(piece.decoded).last != 0x0A {
            state.carry += piece.bytes(piece.decoded)
            return false
        }
        if start > 0 { piece.prepend(state.carry) }
        let begin = piece.isFirst ? piece.body.lowerBound : piece.decoded.lowerBound - start
        let end = piece.isLast ? piece.decoded.upperBound : piece.body.upperBound
        var extent = piece.bodyExtent
        func count(_ range: Range<Int>, isEnd: Bool) {
            guard !range.isEmpty else { return }
            let part = parser.measure(piece.bytes(range), isEnd: isEnd, assumesNoLineFeedsInRecords: true)
            extent.rowCount += part.rowCount
            extent.lineCount += part.lineCount
        }
        count(begin..<piece.body.lowerBound, isEnd: piece.isLast && piece.body.isEmpty && end == piece.body.lowerBound)
        count(piece.body.upperBound..<end, isEnd: true)
        extent.byteCount = end - begin
        state.carry = piece.isLast ? [] : Array(piece.bytes(end..<piece.decoded.upperBound))
        piece.text = begin..<end
        piece.extent = extent
        piece.firstLine = state.line
        state.line += extent.lineCount
        try number(piece, &state)
        return true
    }

    /// Gives a piece of whole records its rows' numbers, and what is read beside them in order.
    private func number(_ piece: RecordPiece, _ state: inout State) throws(EngineError) {
        piece.firstRow = state.row
        piece.firstRowInFile = state.row - (state.firstRows.last ?? 0)
        let rowCount = piece.extent.rowCount
        state.row += rowCount
        try checkCount(plan.labels, "labels", upTo: state.row, piece)
        try checkCount(plan.weights, "weights", upTo: state.row, piece)
        try Self.read(rowCount, state.labels, into: piece.labels, plan.labels, "labels", state.row)
        try Self.read(rowCount, state.weights, into: piece.weights, plan.weights, "weights", state.row)
        state.ready.append(piece)
    }

    private func checkCount(_ column: SideColumn?, _ what: String, upTo row: Int, _ piece: RecordPiece) throws(EngineError) {
        guard let rows = column?.arrays, rows.rowCount < row else { return }
        throw EngineError(
            .data, path: rows.files[0].path,
            "\(rows.rowCount) \(what) for more rows of predictions: \(files[piece.fileIndex].path) goes on",
            remedy: "give the \(what) of the same rows")
    }

    private static func read(
        _ rowCount: Int, _ stream: (any RowStream)?, into buffer: ByteBuffer, _ column: SideColumn?, _ what: String, _ row: Int
    ) throws(EngineError) {
        guard let stream, let column else { return }
        let count = try stream.readAcrossFiles(rowCount: rowCount, into: buffer)
        guard count == rowCount else { throw column.countError(what, found: row - rowCount + count, predictions: "more") }
    }

    /// After the run: whether labels and weights end where the predictions do.
    func finish() throws(EngineError) {
        let (rowCount, labels, weights) = state.withLock { ($0.row, $0.labels, $0.weights) }
        try plan.labels?.checkEnd(labels, "labels", rowCount: rowCount)
        try plan.weights?.checkEnd(weights, "weights", rowCount: rowCount)
    }
}

extension SideColumn {
    /// `found`: nil for fewer.
    func countError(_ what: String, found: Int?, predictions: String) -> EngineError {
        EngineError(
            .data, path: arrays?.files[0].path ?? recordFiles.first?.path,
            (found.map { "\($0)" } ?? "fewer") + " \(what) for \(predictions) rows of predictions",
            remedy: "give the \(what) of the same rows")
    }

    /// Throws where there are more rows than the predictions have.
    func checkEnd(_ stream: (any RowStream)?, _ what: String, rowCount: Int) throws(EngineError) {
        if let stream {
            let buffer = ByteBuffer()
            guard try stream.readAcrossFiles(rowCount: 1, into: buffer) == 0 else {
                throw countError(what, found: rowCount + 1, predictions: "\(rowCount)")
            }
        } else if let count = self.rowCount, count != rowCount {
            throw countError(what, found: count, predictions: "\(rowCount)")
        }
    }
}

extension RecordFile {
    /// The least size of a unit of text, where the file has as much.
    static let leastUnitByteCount = 1 << 20

    /// The stretches that can be decoded side by side; none where it has to be read in order. By the file alone.
    var spans: [WorkUnit.Span] {
        guard container.isCuttable, let byteCount = container.decodedByteCount else { return [] }
        let target = max(Self.leastUnitByteCount, byteCount / WorkUnit.countLimit)
        var spans: [WorkUnit.Span] = []
        if container.compression == .none {
            var start = 0
            while start < byteCount {
                // The first one has the header whole.
                let body = max(start, format.headerByteCount)
                let end = byteCount - body < 2 * target ? byteCount : body + target
                spans.append(.bytes(start..<end))
                start = end
            }
            return spans
        }
        // A unit is decoded whole.
        guard container.frames.allSatisfy({ $0.decodedByteCount <= ArrayFile.randomAccessFrameLimit }) else { return [] }
        var (first, gathered) = (0, 0)
        for frame in container.frames {
            gathered += frame.decodedByteCount
            let least = first == 0 ? max(target, format.headerByteCount) : target
            guard gathered >= least || frame.index == container.frames.count - 1 else { continue }
            spans.append(.frames(first..<frame.index + 1))
            (first, gathered) = (frame.index + 1, 0)
        }
        return spans
    }
}
