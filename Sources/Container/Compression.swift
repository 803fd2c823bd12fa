/// The way in which a file's bytes are stored. It is found out from the file's content.
public enum Compression: String, Sendable, CaseIterable {
    /// The bytes are stored as they are.
    case none
    /// zstd frames with a table of their sizes at the end (zstd's `contrib/seekable_format`).
    case zstdSeekable = "zstd-seekable"
    /// zstd frames, each behind a skippable frame with its compressed size, as `pzstd` writes them.
    case zstdPzstd = "zstd-pzstd"
    /// Several zstd frames, one after the other.
    case zstdFrames = "zstd-frames"
    /// One zstd frame, or none with data in it.
    case zstdSingleFrame = "zstd-single-frame"
    /// zstd frames of any kind from a stream, whose number is known only at its end.
    case zstdStream = "zstd-stream"
    /// gzip members (RFC 1952), whose ends are found only by decompressing.
    case gzip
    /// gzip members of at most 64 KiB with their sizes in their headers: BGZF, as `bgzip` writes it (SAMv1, section 4.1).
    case gzipBlocks = "gzip-blocks"
    /// One deflate stream (RFC 1951), as a zip archive holds it.
    case deflate
    /// Chunks of an array that a format stores by themselves, as HDF5 does.
    case chunks

    /// The term for an independent piece in this format, for messages.
    var frameTerm: String {
        switch self {
        case .none, .zstdSeekable, .zstdPzstd, .zstdFrames, .zstdSingleFrame, .zstdStream, .deflate, .chunks: "frame"
        case .gzip: "member"
        case .gzipBlocks: "block"
        }
    }
}
