internal import Formats

/// The pieces of arrays that are shared out in order, since the predictions or what goes beside them can only be read in order.
struct ArrayPieces {
    private enum Content {
        /// Predictions that are cut into units, which the workers decode.
        case units(ArraySlice<WorkUnit>)
        /// Predictions that are one stream.
        case stream(SequentialRows)
    }

    private let files: RowFiles
    private var content: Content
    private var nextUnitIndex = 0

    /// The size of a piece of a stream, in bytes, about.
    ///
    /// With `OrderedPool`'s rule the worker that decodes goes on decoding, so that pieces cost no more than a waking up that nobody waits for.
    private static let pieceByteCount = 2 * EvaluationWorker.blockByteCount

    /// - Parameter units: nil where the predictions cannot be cut.
    init(_ plan: Plan, units: [WorkUnit]?) {
        files = plan.predictions
        content = units.map { .units($0[...]) } ?? .stream(SequentialRows(plan.predictions, options: plan.containerOptions))
    }

    /// Fills a piece with the rows that come next: with their place, where they are a unit, else also with their values.
    ///
    /// - Returns: false after the last.
    mutating func next(into piece: ArrayPiece) throws(EngineError) -> Bool {
        switch content {
        case .units(var units):
            guard let unit = units.popFirst() else { return false }
            content = .units(units)
            piece.unit = (unit, nextUnitIndex)
            nextUnitIndex += 1
            piece.fileIndex = unit.fileIndex
            piece.rows = unit.rows
        case .stream(let stream):
            let available = try stream.availableRowCount()
            guard available.rowCount > 0 else { return false }
            let rowByteCount = files.files[available.fileIndex].layout.rowByteCount
            let rowCount = min(available.rowCount, max(1, Self.pieceByteCount / rowByteCount))
            try stream.read(rowCount: rowCount, into: piece.values)
            piece.unit = nil
            piece.fileIndex = available.fileIndex
            piece.rows = available.rowInFile..<available.rowInFile + rowCount
        }
        return true
    }
}

/// Some neighbouring rows of one file; used again and again.
final class ArrayPiece {
    /// The unit that the rows are, and its number in the plan; nil where the values have been read.
    var unit: (unit: WorkUnit, index: Int)?
    var fileIndex = 0
    /// The rows' numbers in the file.
    var rows = 0..<0
    let values = ByteBuffer()
    let companions = CompanionBuffers()
}
