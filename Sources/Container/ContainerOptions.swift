/// Limits and choices for opening and decompressing a file.
public struct ContainerOptions: Sendable {
    /// The most memory, in bytes, that one decoder may spend on a frame's window (which `zstd --long` enlarges).
    ///
    /// It binds where a frame is streamed. A frame of at most 8 MiB is decompressed in one piece and needs no window.
    public var maximumWindowByteCount: Int

    /// True if sizes that are written beside the frames are used: the table of the seekable format, pzstd's skippable frames, and the sizes
    /// in the headers of BGZF's blocks.
    ///
    /// If false, the ends and sizes of frames are taken from the frames themselves. Checksums of a seek table are still verified for frames
    /// that carry none of their own.
    public var usesSeekTable: Bool

    /// Returns true once the caller wants no more bytes. It is called again and again, from any thread, while a source waits for bytes;
    /// once it returns true, opening and reading throw `.cancelled`. nil: waits end when bytes come.
    public var isCancelled: (@Sendable () -> Bool)?

    /// Creates options. By default windows have at most 128 MiB (as in the `zstd` command), seek tables are used, and nothing cancels a
    /// wait.
    public init(maximumWindowByteCount: Int = 128 << 20, usesSeekTable: Bool = true, isCancelled: (@Sendable () -> Bool)? = nil) {
        self.maximumWindowByteCount = maximumWindowByteCount
        self.usesSeekTable = usesSeekTable
        self.isCancelled = isCancelled
    }
}
