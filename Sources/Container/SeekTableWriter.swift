/// Collects the entries of a seekable zstd file's table, frame by frame in their order: 12 bytes each.
public struct SeekTableWriter: Sendable {
    /// The most frames that the format's readers accept.
    public static let frameCountLimit = SeekTable.maximumEntryCount

    /// The skippable frame as it will be written; the size in its header is filled in at the end.
    private var bytes: [UInt8] = []
    /// The number of frames that were added.
    public private(set) var frameCount = 0

    /// Creates a table without entries.
    public init() {
        append(FrameStart.skippableMagic | UInt32(SeekTable.frameVariant))
        append(0)
    }

    /// Adds a frame that a `FrameCompressor` made.
    ///
    /// - Parameters:
    ///   - frame: The frame's bytes.
    ///   - contentByteCount: The number of bytes that it was made of.
    /// - Throws: `SeekableWriterError` for more than `frameCountLimit` frames, and for a size beyond 32 bits.
    public mutating func append(_ frame: [UInt8], contentByteCount: Int) throws(SeekableWriterError) {
        guard frameCount < Self.frameCountLimit, let byteCount = UInt32(exactly: frame.count),
            let contentByteCount = UInt32(exactly: contentByteCount)
        else {
            throw SeekableWriterError(
                problem: "frame \(frameCount), of \(contentByteCount) bytes, is beyond the seekable format")
        }
        append(byteCount)
        append(contentByteCount)
        // The frame's own checksum, its last four bytes, is the one that the table holds: the low half of XXH64 of the content.
        // (Not `suffix`: here the compiler takes that of sequences, which walks over the whole frame.)
        bytes += frame[max(0, frame.count - 4)...]
        frameCount += 1
    }

    /// Makes the skippable frame that ends the file.
    public consuming func table() -> [UInt8] {
        // It fits: the limit on frames keeps the table below 2 GiB.
        let contentByteCount = UInt32(bytes.count - 8 + SeekTable.footerByteCount)
        for index in 0..<4 { bytes[4 + index] = UInt8(truncatingIfNeeded: contentByteCount >> UInt32(8 * index)) }
        append(UInt32(frameCount))
        // Descriptor: entries have checksums.
        bytes.append(0x80)
        append(SeekTable.footerMagic)
        return bytes
    }

    private mutating func append(_ value: UInt32) {
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
