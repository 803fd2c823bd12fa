internal import Formats
internal import Messages

/// The companion columns that can be read only in order, beside rows that are numbered in order.
struct CompanionStreams {
    private struct Stream {
        let column: CompanionColumn
        /// The column's index among all companion columns.
        let index: Int
        let cursor: any RowCursor
        /// The bytes of the last row that was read.
        var lastRow: [UInt8] = []
    }

    private let columns: [CompanionColumn]
    private var streams: [Stream] = []
    /// The number of rows that have been read.
    private var rowCount = 0

    init(_ columns: [CompanionColumn], _ control: RunControl) throws(EngineError) {
        self.columns = columns
        for (index, column) in columns.enumerated() where column.isInOrder {
            guard let rows = column.rows else { continue }
            streams.append(Stream(column: column, index: index, cursor: try rows.makeCursor(control)))
        }
    }

    /// The doubts about the columns' rows so far.
    var warnings: [Message] { streams.flatMap(\.cursor.warnings) }

    /// Reads the columns of the next rows.
    ///
    /// - Parameter path: the predictions' file, for messages.
    mutating func read(_ rows: Range<Int>, into buffers: CompanionBuffers, path: @autoclosure () -> String) throws(EngineError) {
        for column in columns {
            guard let own = column.rows, let count = own.rowCount, count < rows.upperBound else { continue }
            if column.name == CompanionColumn.secondPredictions { throw column.countError(found: count, predictions: "more") }
            throw EngineError(
                .data, path: own.path, "\(count) \(column.plural) for more rows of predictions: \(path()) goes on",
                remedy: "give the \(column.plural) of the same rows")
        }
        if rows.lowerBound > rowCount { try skip(rows.lowerBound - rowCount) }
        for index in streams.indices {
            let column = streams[index].column
            let rowByteCount = column.rowByteCount
            let buffer = buffers.buffer(ofColumn: streams[index].index)
            // Two pieces may share a row. It belongs to the first piece, but may be handed over with the second, so the last row is kept.
            let kept = streams[index].lastRow
            buffer.reserve(rowByteCount)
            if !kept.isEmpty { buffer.room(from: 0, count: rowByteCount).copyBytes(from: kept) }
            let count = try streams[index].cursor.read(rowCount: rows.count, into: buffer, at: rowByteCount)
            guard count == rows.count else {
                throw column.countError(found: rows.lowerBound + count, predictions: "more")
            }
            if count > 0 {
                streams[index].lastRow = Array(UnsafeRawBufferPointer(buffer.room(from: count * rowByteCount, count: rowByteCount)))
            }
        }
        buffers.firstRow = rows.lowerBound - 1
        rowCount = rows.upperBound
    }

    /// Reads past rows that are not wanted. The last of them may be handed over with the next piece, so it is kept.
    private mutating func skip(_ count: Int) throws(EngineError) {
        let buffer = ByteBuffer()
        for index in streams.indices {
            var missing = count
            let rowByteCount = streams[index].column.rowByteCount
            while missing > 0 {
                let piece = min(missing, max(1, (1 << 20) / max(1, rowByteCount)))
                let read = try streams[index].cursor.read(rowCount: piece, into: buffer, at: 0)
                guard read == piece else {
                    throw streams[index].column.countError(found: rowCount + count - missing + read, predictions: "more")
                }
                missing -= piece
                if missing == 0 {
                    streams[index].lastRow = Array(
                        UnsafeRawBufferPointer(buffer.room(from: (piece - 1) * rowByteCount, count: rowByteCount)))
                }
            }
        }
        rowCount += count
    }

    /// Throws if a column has another number of rows than the predictions. It is called after the last row.
    mutating func checkEnd(rowCount: Int) throws(EngineError) {
        // The rows of the last pieces were scored by an earlier run.
        if rowCount > self.rowCount { try skip(rowCount - self.rowCount) }
        for (index, column) in columns.enumerated() {
            guard let rows = column.rows else { continue }
            var found = rows.rowCount ?? rowCount
            if let stream = streams.first(where: { $0.index == index }) {
                found = rowCount + (try stream.cursor.read(rowCount: 1, into: ByteBuffer(), at: 0))
            }
            guard found == rowCount else { throw column.countError(found: found, predictions: "\(rowCount)") }
        }
    }
}

extension CompanionColumn {
    /// Makes the error for another number of rows than the predictions have.
    func countError(found: Int, predictions: String) -> EngineError {
        if name == Self.secondPredictions || name == Self.secondLabels {
            return EngineError(
                .data, path: rows?.path, "it has \(String.counted(found, "row")), and the predictions of the other model have \(predictions)",
                remedy: "compare predictions of the same rows")
        }
        return EngineError(
            .data, path: rows?.path, "\(found) \(found == 1 ? singular : plural) for \(predictions) rows of predictions",
            remedy: headerRemedy(found: found, predictions: predictions) ?? "give the \(plural) of the same rows")
    }

    /// The remedy where the first line of a text was taken for the name of its only column, and may be a row, or the other way round.
    private func headerRemedy(found: Int, predictions: String) -> Message? {
        guard let texts = rows as? RecordRowSource, let format = texts.files.first?.format else { return nil }
        // A number at the top of a column of numbers may be a name, as pandas writes it.
        if Int(predictions).map({ $0 < found }) == true, texts.files.contains(where: { $0.format.isTable && !$0.format.hasNames }) {
            return "give the \(plural) of the same rows; if the first line is a name, leave it out: it was taken for one of the \(plural)"
        }
        guard format.isTable, format.hasNames, format.columns.count == 1,
            predictions == "more" || Int(predictions) == found + texts.files.count
        else { return nil }
        return "give the \(plural) of the same rows; its first line, '\(ColumnName.list([format.columns[0].name]))', was taken for a name: "
            + "\(setting: .noHeader, .text(name)) if it is one of them"
    }

    /// The word for one of the column's values.
    private var singular: String { [Self.labels, Self.weights].contains(name) ? String(name.dropLast()) : plural }

    /// The word for several of the column's values: "labels", "weights", or "values of group" for a column of the caller's own.
    fileprivate var plural: String {
        [Self.labels, Self.weights, Self.tokenCounts, Self.byteCounts, Self.wordCounts].contains(name) ? name : "values of \(name)"
    }
}
