/// How a file is opened and decompressed.
public struct ContainerOptions: Sendable {
    /// The most memory, in bytes, that one decoder may spend on a frame's window (what `zstd --long` enlarges).
    ///
    /// It binds where a frame is streamed. A frame of at most 8 MiB is decompressed in one piece and needs no window.
    public var maximumWindowByteCount: Int

    /// Whether sizes that stand beside the frames are used: the table of the seekable format, pzstd's skippable frames, the sizes in
    /// the headers of BGZF's blocks.
    ///
    /// When false, only the frames themselves say where they end and how large they are. Checksums of a seek table are
    /// still verified for the frames that carry none of their own.
    public var usesSeekTable: Bool

    /// Whether nobody wants the bytes any more. It is asked again and again, from any thread, while a pipe is waited for; once it is true,
    /// opening and reading throw `.cancelled`. nil: waits end when bytes come.
    public var isCancelled: (@Sendable () -> Bool)?

    /// Windows of at most 128 MiB (as the `zstd` command), seek tables used, waits that nothing cancels.
    public init(maximumWindowByteCount: Int = 128 << 20, usesSeekTable: Bool = true, isCancelled: (@Sendable () -> Bool)? = nil) {
        self.maximumWindowByteCount = maximumWindowByteCount
        self.usesSeekTable = usesSeekTable
        self.isCancelled = isCancelled
    }
}
