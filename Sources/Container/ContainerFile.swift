/// A file of data, raw or compressed, and where its independently decodable frames lie.
///
/// Any number of threads may share one: it is read at absolute offsets, each `Decoder` on its own.
public final class ContainerFile: Sendable {
    let stored: StoredFile
    /// How the file is stored.
    public let compression: Compression
    /// The frames with data; empty for a raw file.
    public let frames: FrameTable
    /// The size of all data, decompressed. nil where only decompressing can tell (a frame without a content size).
    public let decodedByteCount: Int?
    /// What was put up with when the file was opened, such as a seek table set aside.
    public let warnings: [String]
    /// Whether places and sizes of frames come from beside the frames (`ContainerError.Kind.seekTableLies`).
    let sizesAreHints: Bool

    /// Opens a regular file and finds its layout from its content, never from its name.
    ///
    /// A raw file takes one look at its beginning. A seekable file takes its table. pzstd's files take a look at every
    /// frame's header, and their first and last frames are decompressed (they do not say how large they are). Of others
    /// every block header is visited, without decompressing: time proportional to the file's size over 128 KiB.
    ///
    /// - Parameters:
    ///   - path: The file's name, which errors begin with.
    ///   - options: Limits, and whether a seek table is to be used.
    /// - Throws: Why it cannot be opened (`.notFound`, `.isDirectory`, `.notRegularFile`, `.permissionDenied`,
    ///   `.cannotOpen`), what failed (`.readFailed`, `.fileChanged`, `.outOfMemory`), or what is wrong with its bytes
    ///   (`.empty`, `.truncated`, `.damaged`, `.checksumMismatch`, `.unsupported`, `.windowTooLarge`).
    public init(path: String, options: ContainerOptions = .init()) throws(ContainerError) {
        stored = try StoredFile(path: path)
        let layout = try Layout(of: stored, options: options)
        compression = layout.compression
        frames = layout.frames
        decodedByteCount = layout.decodedByteCount
        warnings = layout.warnings
        sizesAreHints = layout.sizesAreHints
    }

    /// The file's name, as it was given.
    public var path: String { stored.path }
    /// The file's size when it was opened.
    public var byteCount: Int { stored.byteCount }

    /// Whether the data can be decoded in pieces side by side: a raw file, or several frames of known sizes.
    public var isCuttable: Bool {
        compression == .none || (frames.count > 1 && frames.hasDecodedByteCounts)
    }

    /// Whether its first frame's content has a checksum, the frame's own or the seek table's; nil for a raw file.
    ///
    /// - Throws: `.readFailed`, `.fileChanged`.
    public func hasChecksums() throws(ContainerError) -> Bool? {
        guard let frame = frames.first else { return nil }
        if frame.checksum != nil { return true }
        let byteCount = min(ZstdFrameHeader.maximumByteCount, frame.byteCount)
        let start = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 8)
        defer { start.deallocate() }
        try stored.read(at: frame.byteOffset, into: start)
        guard case .data(let header) = FrameStart(UnsafeRawBufferPointer(start)) else { return false }
        return header.hasChecksum
    }

    /// The frame that the byte at `decodedByteOffset` of the decompressed data lies in; for messages. O(log frames).
    ///
    /// - Returns: nil for a raw file, beyond the data, and where decoded sizes are unknown.
    public func frame(containingDecodedByte decodedByteOffset: Int) -> Frame? {
        frames.index(ofFrameContainingDecodedByte: decodedByteOffset).map { frames[$0] }
    }
}
