internal import Formats

/// A reader of rows one after another, on one thread.
package protocol RowCursor: AnyObject {
    /// Reads the next rows into `buffer` from `byteOffset` on: their values alone, in the machine's byte order and all of one element type.
    /// The bytes before `byteOffset` stay.
    ///
    /// - Returns: the number of rows, smaller than asked for only at the end of all.
    func read(rowCount: Int, into buffer: ByteBuffer, at byteOffset: Int) throws(EngineError) -> Int
}

/// A reader of rows by their numbers, on one thread.
package protocol RandomRowReader: AnyObject {
    /// The values of `rows`, one after another in the machine's byte order and all of one element type, with 64 readable bytes after the
    /// last; valid until the next call.
    func bytes(of rows: Range<Int>) throws(EngineError) -> UnsafeRawPointer
}

/// The cursor of any source in order: it takes pieces, prepares, numbers and reads them, all by itself.
package final class PieceCursor<Source: OrderedRowSource>: RowCursor {
    private let rowByteCount: Int
    private var feed: Source.Feed
    private var numbering: Source.Numbering
    private let reader: Source.Reader
    private let piece: Source.Piece
    /// The values of the piece that was read last, and the rows of it that have not been given out.
    private let pending = ByteBuffer()
    private var pendingRows = 0..<0
    private var isAtEnd = false

    package init(_ source: Source, _ control: RunControl) throws(EngineError) {
        rowByteCount = source.layout.rowByteCount
        feed = try source.makeFeed(control)
        numbering = try source.makeNumbering()
        reader = source.makeReader(control)
        piece = source.makePiece()
    }

    package func read(rowCount: Int, into buffer: ByteBuffer, at byteOffset: Int) throws(EngineError) -> Int {
        var done = 0
        while done < rowCount {
            if pendingRows.isEmpty {
                guard try readPiece() else { break }
                continue
            }
            let count = min(rowCount - done, pendingRows.count)
            let start = byteOffset + done * rowByteCount
            buffer.reserve(start + count * rowByteCount, keeping: start)
            buffer.room(from: start, count: count * rowByteCount).copyMemory(
                from: UnsafeRawBufferPointer(pending.room(from: pendingRows.lowerBound * rowByteCount, count: count * rowByteCount)))
            pendingRows = pendingRows.lowerBound + count..<pendingRows.upperBound
            done += count
        }
        return done
    }

    /// Reads the next piece to `pending`; false after the last.
    private func readPiece() throws(EngineError) -> Bool {
        guard !isAtEnd, try feed.next(into: piece) else {
            isAtEnd = true
            return false
        }
        try reader.prepare(piece)
        guard let rows = try numbering.number(piece) else { return true }
        pending.reserve(rows.count * rowByteCount)
        var done = 0
        try reader.read(piece) { batch throws(EngineError) in
            // A row without a value is an error here: nothing says that the row that it belongs to is to be left out.
            if let problem = batch.problems.first { throw EngineError(problem, at: batch.place(problem.rowIndex)) }
            let byteCount = batch.rowCount * rowByteCount
            pending.reserve((done + batch.rowCount) * rowByteCount, keeping: done * rowByteCount)
            pending.room(from: done * rowByteCount, count: byteCount).copyMemory(
                from: UnsafeRawBufferPointer(start: batch.values, count: byteCount))
            done += batch.rowCount
        }
        pendingRows = 0..<done
        return true
    }
}
