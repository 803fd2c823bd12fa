internal import Container
internal import Elements
internal import Formats

/// The array of an opened file: its bytes, and their layout.
final class ArrayFile: Sendable {
    let container: ContainerFile
    let layout: ArrayLayout
    /// The rows as they are read.
    let rows: ArrayRows
    /// The end of the file's decoded bytes, as the header promises it: the end of the array, or of the last array.
    let endByteOffset: Int

    /// The faults that did not keep the file from being opened, in sentences.
    let warnings: [String]

    var path: String { container.path }
    var rowCount: Int { rows.rowCount }
    /// The number of bytes of the values of one row.
    var rowByteCount: Int { rows.valuesPerRow * elementByteCount }
    /// The number of bytes of one element.
    var elementByteCount: Int { layout.elementType.byteCount }
    /// The range of decoded bytes that the array covers.
    var dataBytes: Range<Int> { layout.dataByteOffset..<layout.endByteOffset }

    /// True if the file holds no other array.
    let isAlone: Bool

    /// The largest size in bytes of frames that are decoded again for a few rows. Larger frames are read once, in order.
    static let randomAccessFrameLimit = 16 << 20
    /// True if any row can be read without decoding much that comes before it.
    let allowsRandomAccess: Bool

    /// Opens a file that holds one array.
    ///
    /// - Throws: `EngineError`, which lists the file's arrays if it holds several.
    static func open(_ path: String, options: ContainerOptions) throws(EngineError) -> ArrayFile {
        try DumpFile(path, options: options).onlyArray()
    }

    /// Verifies the checksum of a stored member of an archive, once the member has been read in parts.
    func verifyMemberChecksum() throws(EngineError) {
        do throws(ContainerError) { try container.verifyMemberChecksum() } catch { throw EngineError(error) }
    }

    /// Compares the rows that the header promises with the number of bytes, if it is known beforehand.
    ///
    /// - Parameter endByteOffset: the end of the file's last array, if the file has several.
    init(_ container: ContainerFile, _ layout: ArrayLayout, endByteOffset: Int? = nil, options: ContainerOptions, warnings: [String])
        throws(EngineError)
    {
        self.container = container
        self.layout = layout
        self.warnings = warnings
        self.endByteOffset = endByteOffset ?? layout.endByteOffset
        isAlone = endByteOffset == nil
        rows = ArrayRows(of: layout)
        let isInMemory = container.compression == .none && !container.isStream
        allowsRandomAccess =
            isInMemory
            || (container.decodedByteCount != nil && !container.isStream
                && container.frames.allSatisfy { $0.decodedByteCount <= Self.randomAccessFrameLimit } && !container.frames.isEmpty)
        if let decodedByteCount = container.decodedByteCount, decodedByteCount != self.endByteOffset {
            // The table may be wrong, and not the frames.
            let isFromTable = container.compression == .zstdSeekable || container.compression == .zstdPzstd
            throw lengthError(decodedByteCount: decodedByteCount, isFromTable ? .seekTable : nil)
        }
    }

    /// Makes the same array with its rows counted in another way.
    private init(_ other: ArrayFile, _ rows: ArrayRows) {
        container = other.container
        layout = other.layout
        self.rows = rows
        endByteOffset = other.endByteOffset
        warnings = other.warnings
        isAlone = other.isAlone
        allowsRandomAccess = other.allowsRandomAccess
    }

    /// Returns the same array with its rows counted in another way.
    func counting(_ rows: ArrayRows) -> ArrayFile { rows == self.rows ? self : ArrayFile(self, rows) }

    /// Makes the error for a file with another number of bytes than its header promises.
    func lengthError(decodedByteCount: Int, _ readingFault: EngineError.ReadingFault? = nil) -> EngineError {
        if decodedByteCount < endByteOffset {
            let remedy = "it was cut short: write or copy it again"
            guard rows.isContiguous else {
                return EngineError(
                    .data, path: path, "the file ends after \(decodedByteCount) of the \(endByteOffset) bytes that its header promises",
                    remedy: remedy, readingFault: readingFault)
            }
            let whole =
                rowByteCount == 0 ? 0 : max(0, min(decodedByteCount, layout.endByteOffset) - layout.dataByteOffset) / rowByteCount
            return EngineError(
                .data, path: path, row: whole,
                "the file ends after \(whole) of the \(rowCount) rows that its header promises (\(decodedByteCount) of "
                    + "\(endByteOffset) bytes)",
                remedy: remedy, readingFault: readingFault)
        }
        // Where the size is not known beforehand, nothing is read after the first byte too many.
        let excess = container.decodedByteCount == nil ? "more bytes follow" : "\(decodedByteCount - endByteOffset) bytes follow"
        return EngineError(
            .data, path: path,
            isAlone
                ? "\(excess) the last of the \(rowCount) rows that the header promises"
                : "\(excess) the last array that the header promises",
            remedy: isAlone ? "is it two arrays in one file? Give each a file of its own" : "write or copy it again", readingFault: readingFault)
    }

    /// Computes the number of first rows to read for a look: up to `limit`, and no more than fit in 8 MiB, but at least one.
    func rowCountToLookAt(limit: Int) -> Int {
        min(rowCount, limit, max(1, (8 << 20) / max(1, rowByteCount)))
    }

    /// Reads the first `count` rows, in the machine's byte order.
    func firstRows(_ count: Int, options: ContainerOptions) throws(EngineError) -> ByteBuffer {
        let buffer = ByteBuffer()
        let arrays = try ConcatenatedArrays([self])
        // A look at a small array does not read the arrays after it.
        let cursor: any RowCursor =
            rows.isContiguous ? ArrayCursor(arrays, options: options, readsToEnd: false) : try arrays.column(options).makeCursor()
        _ = try cursor.read(rowCount: count, into: buffer, at: 0)
        return buffer
    }

    /// Throws if a row has more values than `RowLayout.valueCountLimit`.
    func checkWidth() throws(EngineError) {
        guard rows.valuesPerRow <= RowLayout.valueCountLimit else {
            throw EngineError(
                .data, path: path, "\(rows.valuesPerRow) values a row, up to \(RowLayout.valueCountLimit) are read",
                remedy: "is the array transposed, or the header damaged?")
        }
    }

    /// Finds the compressed frame that holds a row's first byte, for messages.
    func frame(containingRow row: Int) -> Frame? {
        container.frame(containingDecodedByte: layout.dataByteOffset + rows.firstElement(ofRow: row) * elementByteCount)
    }
}
