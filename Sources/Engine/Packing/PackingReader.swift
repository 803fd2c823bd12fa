internal import Container
internal import Elements
internal import Formats
internal import Messages
internal import Parquet

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
    /// True if rows have been read.
    private var hasRows = false
    /// True until both layouts have been tried on the first rows.
    private var awaitsTrial = true

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
            hasRows = true
            // Rows of no columns have no bytes.
            if rowByteCount > 0 { return count * rowByteCount }
        }
    }

    /// Tries both layouts on the first rows, which have just been read; nil for all others.
    ///
    /// - Parameter byteCount: the number of bytes that were read to `buffer`, if any were.
    mutating func takeTrial(_ byteCount: Int?, _ buffer: ByteBuffer, level: Int) -> LayoutTrial? {
        guard awaitsTrial, hasRows, let byteCount else { return nil }
        awaitsTrial = false
        let layout = source.layout
        guard layout.elementType.isFloatingPoint, !layout.isByteSwapped || layout.elementType.byteCount == 1, source.rowByteCount > 0 else {
            return nil
        }
        let column = WrittenColumn(
            "values", layout.elementType, listLength: source.rowByteCount / layout.elementType.byteCount)
        let rows = PageRows(
            rowCount: byteCount / source.rowByteCount, values: UnsafeRawBufferPointer(buffer.room(from: 0, count: byteCount)))
        return LayoutTrial(rows, of: column, level: level)
    }
}
