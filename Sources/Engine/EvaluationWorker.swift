internal import Container
internal import Formats
internal import Scoring
internal import WorkStealing

/// What one worker owns who scores arrays: decoder, buffers, scorer. Its memory is a frame, a row and some labels; nothing grows with the
/// dump.
final class EvaluationWorker {
    private let plan: Plan
    private let progress: ProgressMeter
    private let cancellation: Cancellation
    private let decoder: Decoder
    private let buffer = ByteBuffer()
    private let labelReader: RowReader?
    private let weightReader: RowReader?
    let scorer: RowScorer

    typealias Sides = RowScorer.Sides

    /// How many bytes are decoded before they are scored: a piece that stays in a core's cache.
    static let blockByteCount = 512 << 10

    init(_ plan: Plan, perRow: PerRowOutput?, progress: ProgressMeter, cancellation: Cancellation) {
        self.plan = plan
        self.cancellation = cancellation
        self.progress = progress
        decoder = Decoder(options: plan.containerOptions)
        labelReader = plan.labels?.arrays.map { RowReader($0, options: plan.containerOptions) }
        weightReader = plan.weights?.arrays.map { RowReader($0, options: plan.containerOptions) }
        scorer = RowScorer(plan, perRow: perRow)
    }

    /// Decodes and scores a unit. `unitIndex` is its number in the plan, which names its seams.
    /// `given`, where labels and weights come in order, are those of the unit's rows; else they are read by row.
    func run(_ unit: WorkUnit, unitIndex: Int, seams: Seams, sides given: Sides) throws(EngineError) {
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
        var damage: EngineError?
        var remaining = unit.skippedByteCount + unit.decodedBytes.count + unit.trailingByteCount
        while true {
            // A unit may be a whole file.
            if cancellation.isCancelled { throw .cancelled }
            let wanted = decoder.nextByteCount
            if wanted > 0 {
                // The room depends on the unit alone, not on what this worker's buffer has grown to: what is gathered before a damaged frame
                // is met must not depend on threads. And never less than a block, or tiny frames would make the buffer grow by bytes.
                let room = max(wanted, Self.blockByteCount)
                // Room for the whole row at once: growing by blocks would copy a wide row again and again.
                buffer.reserve(max(filled, rowByteCount) + room, keeping: filled)
                var count = 0
                do {
                    count = try decoder.read(into: buffer.room(from: filled, count: room))
                } catch {
                    // The rows before the damage come first, and with them their errors.
                    damage = EngineError(error)
                }
                filled += count
                remaining -= count
                progress.advance(by: count)
                guard remaining >= 0 else { throw file.lengthError(decodedByteCount: file.endByteOffset - remaining) }
                if count == 0, remaining > 0, damage == nil {
                    throw file.lengthError(decodedByteCount: file.endByteOffset - remaining)
                }
                // Small frames are gathered.
                if count > 0, filled < Self.blockByteCount, remaining > 0 { continue }
            } else if remaining > 0 {
                throw file.lengthError(decodedByteCount: file.endByteOffset - remaining)
            }
            var start = min(skipping, filled)
            skipping -= start
            if headMissing > 0 {
                if filled - start >= headMissing {
                    let head = Array(UnsafeRawBufferPointer(buffer.room(from: start, count: headMissing)))
                    start += headMissing
                    headMissing = 0
                    if let tail = seams.bring(head: head, of: unitIndex) { try score(tail, end: head, of: unit.fileIndex) }
                } else if let damage {
                    throw damage
                } else if wanted > 0 {
                    // Never the last piece: a unit is longer than a row.
                    move(from: start, &filled)
                    continue
                }
            }
            let trailing = max(0, unit.trailingByteCount - remaining)
            let rowCount = max(0, filled - trailing - start) / rowByteCount
            if rowCount > 0 {
                let rows = nextRow..<nextRow + rowCount
                try score(
                    rows: rows, of: unit.fileIndex, values: buffer.base + start,
                    sides: given.advanced(by: nextRow - unit.rows.lowerBound, in: plan))
                nextRow += rowCount
                start += rowCount * rowByteCount
            }
            move(from: start, &filled)
            if let damage { throw damage }
            // A unit that is done has been read to its end, where a frame's checksum is.
            if wanted == 0 { break }
        }
        if unit.tailByteCount > 0 {
            let sides = try complete(
                given.advanced(by: nextRow - unit.rows.lowerBound, in: plan), rows: nextRow..<nextRow + 1, in: unit.fileIndex)
            let tail = Seams.Tail(
                bytes: Array(UnsafeRawBufferPointer(buffer.room(from: 0, count: filled - unit.trailingByteCount))), row: nextRow,
                labels: Array(UnsafeRawBufferPointer(start: sides.labels, count: sides.labels == nil ? 0 : labelByteCount)),
                weight: Array(UnsafeRawBufferPointer(start: sides.weights, count: sides.weights == nil ? 0 : weightByteCount)))
            if let head = seams.bring(tail: tail, before: unitIndex + 1) { try score(tail, end: head, of: unit.fileIndex) }
        }
    }

    /// Scores a piece of arrays that are read in order: decodes it first, where it is a unit.
    func run(_ piece: ArrayPiece, seams: Seams) throws(EngineError) {
        let sides = piece.companions.sides
        if let (unit, index) = piece.unit { return try run(unit, unitIndex: index, seams: seams, sides: sides) }
        progress.advance(by: piece.rows.count * plan.predictions.files[piece.fileIndex].layout.rowByteCount)
        try score(rows: piece.rows, of: piece.fileIndex, values: piece.values.base, sides: sides, isNative: true)
    }

    private var labelByteCount: Int { plan.labels?.rowByteCount ?? 0 }
    private var weightByteCount: Int { plan.weights?.rowByteCount ?? 0 }

    /// Reads by row what is not given.
    private func complete(_ given: Sides, rows: Range<Int>, in fileIndex: Int) throws(EngineError) -> Sides {
        let first = plan.predictions.firstRows[fileIndex]
        let place = first + rows.lowerBound..<first + rows.upperBound
        var sides = given
        if sides.labels == nil, let labelReader { sides.labels = try labelReader.bytes(of: place) }
        if sides.weights == nil, let weightReader { sides.weights = try weightReader.bytes(of: place) }
        return sides
    }

    private func move(from start: Int, _ filled: inout Int) {
        if start > 0 { buffer.base.copyMemory(from: buffer.base + start, byteCount: filled - start) }
        filled -= start
    }

    /// A row whose pieces have met.
    private func score(_ tail: Seams.Tail, end: [UInt8], of fileIndex: Int) throws(EngineError) {
        let row = ByteBuffer()
        row.reserve(tail.bytes.count + end.count)
        row.room(from: 0, count: tail.bytes.count).copyBytes(from: tail.bytes)
        row.room(from: tail.bytes.count, count: end.count).copyBytes(from: end)
        try tail.labels.withBytes { labels throws(EngineError) in
            try tail.weight.withBytes { weight throws(EngineError) in
                try score(
                    rows: tail.row..<tail.row + 1, of: fileIndex, values: row.base,
                    sides: Sides(labels: labels.baseAddress, weights: weight.baseAddress))
            }
        }
    }

    /// Scores whole rows of one file.
    private func score(
        rows: Range<Int>, of fileIndex: Int, values: UnsafeMutableRawPointer, sides given: Sides, isNative: Bool = false
    ) throws(EngineError) {
        let layout = plan.predictions.files[fileIndex].layout
        guard let element = PredictionElement(layout.elementType) else { return }
        let sides = try complete(given, rows: rows, in: fileIndex)
        if layout.isByteSwapped, !isNative {
            ByteOrder.swapInPlace(
                UnsafeMutableRawBufferPointer(start: values, count: rows.count * layout.rowByteCount),
                elementByteCount: layout.elementType.byteCount)
        }
        try scorer.score(
            values, element, rowCount: rows.count, firstRow: plan.predictions.firstRows[fileIndex] + rows.lowerBound, sides: sides
        ) { index, problem, labelText, label throws(EngineError) in
            try reportInvalid(row: rows.lowerBound + index, fileIndex, problem.message(labelText: labelText), problem, label: label)
        }
    }

    private func reportInvalid(
        row: Int, _ fileIndex: Int, _ message: String, _ problem: RowProblem, label: Int32
    ) throws(EngineError) {
        let file = plan.predictions.files[fileIndex]
        guard plan.options.invalidRows == .skip else {
            throw EngineError(
                .data, path: file.path, frame: file.frame(containingRow: row), row: row, message, remedy: remedy(problem, label: label))
        }
        scorer.add(InvalidRow(path: file.path, row: row, line: nil, problem: message, order: plan.predictions.firstRows[fileIndex] + row))
    }

    /// A label that is no class may be one of many: whether they count from 1 is worth another look at all of them, on the way out.
    private func remedy(_ problem: RowProblem, label: Int32) -> String {
        // Another label than C has refuted it already.
        guard case .label(let classCount, isBinary: false) = problem, label == classCount, let labels = plan.labels?.arrays,
            let census = try? LabelCensus(
                SequentialRows(labels, options: plan.containerOptions), elementType: labels.files[0].layout.elementType,
                classCount: classCount, ignoreIndex: plan.specification.modifiers.ignoreIndex),
            census.countsFromOne
        else { return problem.remedy }
        return "the labels run from 1 to \(classCount), so they seem to count from 1: subtract 1, they must count from 0"
    }
}
