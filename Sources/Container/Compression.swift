/// How a file's bytes are stored, found out from its content.
public enum Compression: String, Sendable, CaseIterable {
    /// As they are.
    case none
    /// zstd frames with a table of their sizes at the end (zstd's `contrib/seekable_format`).
    case zstdSeekable = "zstd-seekable"
    /// zstd frames, each behind a skippable frame with its compressed size, as `pzstd` writes them.
    case zstdPzstd = "zstd-pzstd"
    /// Several zstd frames, one after the other.
    case zstdFrames = "zstd-frames"
    /// One zstd frame, or none with data in it.
    case zstdSingleFrame = "zstd-single-frame"
}
