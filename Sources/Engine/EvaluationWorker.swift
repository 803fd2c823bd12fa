internal import Container
internal import Formats
internal import Scoring
internal import WorkStealing

/// What one worker owns: decoder, buffers, scorer. Its memory is a frame, a row and some labels; nothing grows with the dump.
final class EvaluationWorker {
    private let plan: Plan
    private let perRow: PerRowOutput?
    private let progress: ProgressMeter
    private let cancellation: Cancellation
    private let decoder: Decoder
    private let buffer = ByteBuffer()
    private let labelReader: LabelReader
    private let classLabels: UnsafeMutablePointer<Int32>
    private let scorer: BlockScorer
    private(set) var invalidRows = InvalidRows()

    var moments: Moments { scorer.moments }
    var instructionSetThatRan: InstructionSet? { scorer.instructionSetThatRan }

    /// How many bytes are decoded before they are scored: a piece that stays in a core's cache.
    static let blockByteCount = 512 << 10

    init(_ plan: Plan, perRow: PerRowOutput?, progress: ProgressMeter, cancellation: Cancellation) {
        self.plan = plan
        self.cancellation = cancellation
        self.perRow = perRow
        self.progress = progress
        decoder = Decoder(options: plan.containerOptions)
        labelReader = LabelReader(plan.labels, options: plan.containerOptions)
        scorer = BlockScorer(
            specification: plan.options.specification, classCount: plan.classCount, ignoredLabel: ClassLabels.ignored,
            instructionSet: plan.options.instructionSet)
        let capacity = BlockScorer.rowLimit + BlockScorer.readableLabelCountAfterLast
        classLabels = .allocate(capacity: capacity)
        classLabels.initialize(repeating: 0, count: capacity)
    }

    deinit { classLabels.deallocate() }

    /// Decodes and scores a unit. `unitIndex` is its number in the plan, which names its seams.
    /// `labels`, where they come in order, are those of the unit's rows as stored; else they are read by row.
    func run(_ unit: WorkUnit, unitIndex: Int, seams: Seams, labels given: UnsafeRawPointer?) throws(EngineError) {
        let file = plan.predictions.files[unit.fileIndex]
        let rowByteCount = file.layout.rowByteCount
        switch unit.span {
        case .frames(let frames): decoder.start(file.container, frames: frames)
        case .bytes(let bytes): decoder.start(file.container, decodedBytes: bytes)
        case .whole: decoder.start(wholeOf: file.container)
        }
        // The rest of what the unit has before its first row: the header, or the end of the row that began in the unit before.
        var skipping = unit.skippedByteCount
        var headMissing = unit.headByteCount
        var nextRow = unit.rows.lowerBound
        var filled = 0
        var remaining = unit.skippedByteCount + unit.decodedBytes.count
        while true {
            // A unit may be a whole file.
            if cancellation.isCancelled { throw EngineError(.cancelled, "cancelled; nothing was written") }
            let wanted = decoder.nextByteCount
            if wanted > 0 {
                buffer.reserve(filled + wanted, keeping: filled)
                let count: Int
                do {
                    count = try decoder.read(into: buffer.room(from: filled, count: buffer.capacity - filled))
                } catch {
                    throw EngineError(error)
                }
                filled += count
                remaining -= count
                progress.advance(by: count)
                guard remaining >= 0 else { throw file.lengthError(decodedByteCount: file.layout.endByteOffset - remaining) }
                guard count > 0 || remaining == 0 else { throw file.lengthError(decodedByteCount: file.layout.endByteOffset - remaining) }
                // Small frames are gathered.
                if count > 0, filled < Self.blockByteCount, remaining > 0 { continue }
            } else if remaining > 0 {
                throw file.lengthError(decodedByteCount: file.layout.endByteOffset - remaining)
            }
            var start = min(skipping, filled)
            skipping -= start
            if headMissing > 0 {
                if filled - start >= headMissing {
                    let head = Array(UnsafeRawBufferPointer(buffer.room(from: start, count: headMissing)))
                    start += headMissing
                    headMissing = 0
                    if let tail = seams.bring(head: head, of: unitIndex) { try score(tail, end: head, of: unit.fileIndex) }
                } else if wanted > 0 {
                    // Never the last piece: a unit is longer than a row.
                    move(from: start, &filled)
                    continue
                }
            }
            let rowCount = (filled - start) / rowByteCount
            if rowCount > 0 {
                let rows = nextRow..<nextRow + rowCount
                try score(
                    rows: rows, of: unit.fileIndex, values: buffer.base + start,
                    labels: given.map { $0 + (nextRow - unit.rows.lowerBound) * labelByteCount })
                nextRow += rowCount
                start += rowCount * rowByteCount
            }
            move(from: start, &filled)
            // A unit that is done has been read to its end, where a frame's checksum is.
            if wanted == 0 { break }
        }
        if unit.tailByteCount > 0 {
            let label: UnsafeRawPointer
            if let given {
                label = given + (nextRow - unit.rows.lowerBound) * labelByteCount
            } else {
                label = try storedLabels(of: nextRow..<nextRow + 1, in: unit.fileIndex)
            }
            let tail = Seams.Tail(
                bytes: Array(UnsafeRawBufferPointer(buffer.room(from: 0, count: filled))), row: nextRow,
                label: Array(UnsafeRawBufferPointer(start: label, count: labelByteCount)))
            if let head = seams.bring(tail: tail, before: unitIndex + 1) { try score(tail, end: head, of: unit.fileIndex) }
        }
    }

    /// Scores rows that lie in a buffer, of a stream: `firstRow` is the first one's number in the file.
    func run(
        streamed rows: ByteBuffer, rowCount: Int, firstRow: Int, fileIndex: Int, labels given: UnsafeRawPointer?
    ) throws(EngineError) {
        let byteCount = rowCount * plan.predictions.files[fileIndex].layout.rowByteCount
        progress.advance(by: byteCount)
        try score(rows: firstRow..<firstRow + rowCount, of: fileIndex, values: rows.base, labels: given, isNative: true)
    }

    private var labelByteCount: Int { plan.labels.files[0].layout.rowByteCount }

    private func move(from start: Int, _ filled: inout Int) {
        if start > 0 { buffer.base.copyMemory(from: buffer.base + start, byteCount: filled - start) }
        filled -= start
    }

    private func storedLabels(of rows: Range<Int>, in fileIndex: Int) throws(EngineError) -> UnsafeRawPointer {
        let first = plan.predictions.firstRows[fileIndex]
        return try labelReader.labels(of: first + rows.lowerBound..<first + rows.upperBound)
    }

    /// A row whose pieces have met.
    private func score(_ tail: Seams.Tail, end: [UInt8], of fileIndex: Int) throws(EngineError) {
        let row = ByteBuffer()
        row.reserve(tail.bytes.count + end.count)
        row.room(from: 0, count: tail.bytes.count).copyBytes(from: tail.bytes)
        row.room(from: tail.bytes.count, count: end.count).copyBytes(from: end)
        try tail.label.withBytes { label throws(EngineError) in
            guard let label = label.baseAddress else { return }
            try score(rows: tail.row..<tail.row + 1, of: fileIndex, values: row.base, labels: label)
        }
    }

    /// Scores whole rows of one file, a kernel's block at a time.
    private func score(
        rows: Range<Int>, of fileIndex: Int, values: UnsafeMutableRawPointer, labels given: UnsafeRawPointer?,
        isNative: Bool = false
    ) throws(EngineError) {
        let file = plan.predictions.files[fileIndex]
        let labelType = plan.labels.files[0].layout.elementType
        guard let element = PredictionElement(file.layout.elementType) else { return }
        let rowByteCount = file.layout.rowByteCount
        let labels = if let given { given } else { try storedLabels(of: rows, in: fileIndex) }
        if file.layout.isByteSwapped, !isNative {
            ByteOrder.swapInPlace(
                UnsafeMutableRawBufferPointer(start: values, count: rows.count * rowByteCount),
                elementByteCount: file.layout.elementType.byteCount)
        }
        var row = rows.lowerBound
        while row < rows.upperBound {
            let count = min(BlockScorer.rowLimit, rows.upperBound - row)
            let done = row - rows.lowerBound
            let blockLabels = labels + done * labelByteCount
            ClassLabels.convert(blockLabels, elementType: labelType, rowCount: count, ignoreIndex: nil, into: classLabels)
            let firstRow = plan.predictions.firstRows[fileIndex] + row
            let losses = try scorer.score(
                values: values + done * rowByteCount, element: element, labels: classLabels, rowCount: count, firstRow: UInt64(firstRow)
            ) { index, problem throws(EngineError) in
                let message = problem.message(labelText: ClassLabels.text(blockLabels, elementType: labelType, at: index))
                try reportInvalid(row: row + index, fileIndex, message, problem)
            }
            try perRow?.write(losses, firstRow: firstRow)
            row += count
        }
    }

    private func reportInvalid(row: Int, _ fileIndex: Int, _ message: String, _ problem: RowProblem) throws(EngineError) {
        let file = plan.predictions.files[fileIndex]
        guard plan.options.invalidRows == .skip else {
            throw EngineError(
                .data, path: file.path, frame: file.frame(containingRow: row), row: row, message, remedy: problem.remedy)
        }
        invalidRows.add(InvalidRow(path: file.path, row: row, problem: message, order: plan.predictions.firstRows[fileIndex] + row))
    }
}
