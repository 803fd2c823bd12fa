internal import Container
internal import Formats
internal import Messages

/// A reader of the contents of the frames that an array is packed into, in their order: the header, and then whole rows, as in the plain
/// file.
///
/// The header has a frame of its own. So every other frame begins and ends with a row, and all but the last hold the same number of rows. A
/// reader that asks for the shape decompresses some hundred bytes, and not a megabyte.
struct PackingReader {
    private let source: PackingSource
    private let rows: any RowCursor
    /// The number of rows that a frame holds; the last one may hold fewer.
    let rowsPerFrame: Int
    private var isHeaderRead = false

    /// Begins to read the rows.
    ///
    /// - Throws: `EngineError` of category `.usage` if there would be more frames than the format allows.
    init(_ source: PackingSource, frameByteCount: Int, _ control: RunControl) throws(EngineError) {
        self.source = source
        // Bytes count as packed once their frame is written.
        rows = try source.rows.makeCursor(control.withoutProgress)
        let layout = source.layout
        let (rowCount, rowByteCount) = (source.rowCount, source.rowByteCount)
        rowsPerFrame = rowByteCount == 0 ? max(1, rowCount) : max(1, frameByteCount / rowByteCount)
        // A header alone may promise any number of rows. If nothing else is known, the frames are counted as they are made.
        if source.file.container.decodedByteCount != nil, rowCount > 0 {
            let frameCount = 1 + (rowCount - 1) / rowsPerFrame + 1
            guard frameCount <= SeekTableWriter.frameCountLimit else {
                let least = layout.dataByteCount / (SeekTableWriter.frameCountLimit - 1) + rowByteCount
                throw EngineError(
                    .usage, path: source.file.path,
                    "frames of \(rowsPerFrame) rows would be \(frameCount), more than the \(SeekTableWriter.frameCountLimit) that the "
                        + "seekable format allows",
                    remedy: "give \(setting: .frameSize) of at least \(least)")
            }
        }
    }

    /// Reads the content of the next frame to the start of `buffer`.
    ///
    /// - Returns: the size of the content in bytes, at least 1; nil after the last frame. The file has then been found to end where it
    ///   should, with the right checksums.
    mutating func next(into buffer: ByteBuffer) throws(EngineError) -> Int? {
        if !isHeaderRead {
            buffer.reserve(source.header.count)
            buffer.room(from: 0, count: source.header.count).copyBytes(from: source.header)
            isHeaderRead = true
            return source.header.count
        }
        let rowByteCount = source.rowByteCount
        while true {
            let count = try rows.read(rowCount: rowsPerFrame, into: buffer, at: 0)
            if count == 0 { return nil }
            // Rows of no columns have no bytes.
            if rowByteCount > 0 { return count * rowByteCount }
        }
    }
}
