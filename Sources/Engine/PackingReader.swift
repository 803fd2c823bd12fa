internal import Container
internal import Formats

/// The content of the frames that a file is packed into, in their order: its header, and then whole rows, all as they are stored.
///
/// The header has a frame of its own, so that each of the others begins and ends with a row, all but the last hold the same number of
/// rows, and whoever asks for the shape decompresses some hundred bytes and not a megabyte.
struct PackingReader {
    private let file: ArrayFile
    private let rows: SequentialRows
    /// How many rows a frame holds; the last one may hold fewer.
    let rowsPerFrame: Int
    /// The header, until it has been read.
    private var header: [UInt8]?

    /// - Throws: where the header cannot be read, a row is wider than is kept in memory, or there would be more frames than the format
    ///   allows.
    init(_ file: ArrayFile, frameByteCount: Int, options: ContainerOptions) throws(EngineError) {
        self.file = file
        try file.checkWidth()
        let rowByteCount = file.layout.rowByteCount
        rowsPerFrame = rowByteCount == 0 ? max(1, file.rowCount) : max(1, frameByteCount / rowByteCount)
        // A header alone may promise anything: where it is all that is known, the frames are counted as they are made.
        if file.container.decodedByteCount != nil, file.rowCount > 0 {
            let frameCount = 1 + (file.rowCount - 1) / rowsPerFrame + 1
            guard frameCount <= SeekTableWriter.frameCountLimit else {
                let least = file.layout.dataByteCount / (SeekTableWriter.frameCountLimit - 1) + rowByteCount
                throw EngineError(
                    .usage, path: file.path,
                    "frames of \(rowsPerFrame) rows would be \(frameCount), more than the \(SeekTableWriter.frameCountLimit) that the "
                        + "seekable format allows",
                    remedy: "give --frame-size of at least \(least)")
            }
        }
        rows = SequentialRows(try RowFiles([file]), options: options, keepsByteOrder: true)
        let decoder = Decoder(options: options)
        decoder.start(wholeOf: file.container)
        var bytes = [UInt8](repeating: 0, count: file.layout.dataByteOffset)
        try bytes.withMutableBytes { bytes throws(EngineError) in try decoder.fill(bytes, from: file) }
        header = bytes
    }

    /// Reads the content of the next frame to the start of `buffer`.
    ///
    /// - Returns: its size, at least 1; nil after the last, when the file was found to end where it should, with the right checksums.
    mutating func next(into buffer: ByteBuffer) throws(EngineError) -> Int? {
        if let header {
            buffer.reserve(header.count)
            buffer.room(from: 0, count: header.count).copyBytes(from: header)
            self.header = nil
            return header.count
        }
        while true {
            let available = try rows.availableRowCount().rowCount
            if available == 0 { return nil }
            let count = min(available, rowsPerFrame)
            try rows.read(rowCount: count, into: buffer)
            // Rows of no columns have no bytes.
            if file.layout.rowByteCount > 0 { return count * file.layout.rowByteCount }
        }
    }
}
