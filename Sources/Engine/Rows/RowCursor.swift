internal import Formats
package import Messages

/// A reader of rows one after another, on one thread.
package protocol RowCursor: AnyObject {
    /// Reads the next rows into `buffer` from `byteOffset` on: their values alone, in the machine's byte order and all of one element type.
    /// The bytes before `byteOffset` stay.
    ///
    /// - Returns: the number of rows that were read. It is smaller than `rowCount` only after the last row.
    func read(rowCount: Int, into buffer: ByteBuffer, at byteOffset: Int) throws(EngineError) -> Int
    /// The doubts about the rows so far, such as a text that seems to be cut short.
    var warnings: [Message] { get }
}

extension RowCursor {
    package var warnings: [Message] { [] }
}

/// A reader of rows by their numbers, on one thread.
package protocol RandomRowReader: AnyObject {
    /// Reads the values of `rows`, one after another in the machine's byte order and all of one element type, with 64 readable bytes after
    /// the last. The pointer is valid until the next call.
    func bytes(of rows: Range<Int>) throws(EngineError) -> UnsafeRawPointer
}

/// The cursor of any ordered source. It takes, prepares, numbers and reads pieces by itself.
package final class PieceCursor<Source: OrderedRowSource>: RowCursor {
    private let rowByteCount: Int
    private var feed: Source.Feed
    private var numbering: Source.Numbering
    private let reader: Source.Reader
    private let piece: Source.Piece
    /// The values of the piece that was read last.
    private let pending = ByteBuffer()
    /// The rows of the piece that have not been given out.
    private var pendingRows = 0..<0
    private var isAtEnd = false

    package var warnings: [Message] { numbering.warnings }

    /// Begins before the first row of a source.
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

    /// Reads the next piece to `pending`, and returns false after the last.
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
            // A row that cannot be read is an error here, since nobody can leave out the row that it belongs to.
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
