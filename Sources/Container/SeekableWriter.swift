/// Makes the frames and the seek table of a seekable zstd file (zstd's contrib/seekable_format): each frame with its content size and
/// checksum, the table with the same checksums. `zstd -d` reads such a file like any other.
public struct SeekableWriter {
    private let compressor: FrameCompressor
    private var table = SeekTableWriter()

    /// Creates a writer.
    ///
    /// - Parameter level: One of `FrameCompressor.levels`.
    public init(level: Int) {
        compressor = FrameCompressor(level: level)
    }

    /// Compresses at most 1 GiB of data to the next frame.
    ///
    /// - Throws: `SeekableWriterError` where libzstd reports an error (out of memory) or there are too many frames for the format.
    public mutating func frame(of bytes: ArraySlice<UInt8>) throws(SeekableWriterError) -> [UInt8] {
        let frame = try bytes.withUnsafeBufferPointer { content throws(SeekableWriterError) in
            try compressor.frame(of: UnsafeRawBufferPointer(content))
        }
        try table.append(frame, contentByteCount: bytes.count)
        return frame
    }

    /// Makes the skippable frame that ends the file.
    public consuming func seekTable() -> [UInt8] { table.table() }
}

/// A failure to write a frame.
public struct SeekableWriterError: Error, Sendable, CustomStringConvertible {
    /// The failure in words.
    public let problem: String
    /// The failure in words.
    public var description: String { problem }
}
