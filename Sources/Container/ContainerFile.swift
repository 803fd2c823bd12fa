/// A file of data, raw or compressed, and where its independently decodable frames lie; or a member of a zip archive; or a stream.
///
/// Any number of threads may share one: it is read at absolute offsets, each `Decoder` on its own. A stream (`isStream`) comes once and
/// in order: one decoder reads it at a time.
public final class ContainerFile: Sendable {
    let stored: StoredBytes
    /// How the file is stored.
    public let compression: Compression
    /// The frames with data; empty for a raw file and for a stream. A file of compression `.gzip` counts as one frame of unknown size.
    public let frames: FrameTable
    /// The size of all data, decompressed. nil where only decompressing can tell (a frame without a content size, gzip, a stream).
    public let decodedByteCount: Int?
    /// What was put up with when the file was opened, such as a seek table set aside.
    public let warnings: [String]
    /// Whether places and sizes of frames come from beside the frames (`ContainerError.Kind.seekTableLies`).
    let sizesAreHints: Bool
    /// Where a raw file's bytes begin: 0, but for a member of an archive.
    let rawByteOffset: Int
    /// The stored size of a member of an archive.
    private let memberByteCount: Int?
    /// The CRC-32 that an archive's directory gives the content of this member.
    let memberChecksum: UInt32?
    /// What has been read of a stored member.
    let memberContent: MemberContent?

    /// How much of a stream's beginning is kept, in stored bytes, so that runs can begin there again; more after `keepRewindable`.
    public static let rewindableByteCount = RewindableSource.keptByteCountLimit

    /// Keeps so much of a stream's beginning, as long as it is there whole: for who has seen that what is looked at first is longer.
    public func keepRewindable(_ byteCount: Int) { stored.keepRewindable(byteCount) }

    /// Opens a file, a named pipe, or standard input where the path is `-`, and finds its layout from its content, never from its name.
    ///
    /// A raw file takes one look at its beginning. A seekable file takes its table. pzstd's files take a look at every
    /// frame's header, and their first and last frames are decompressed (they do not say how large they are). Of others
    /// every block header is visited, without decompressing: time proportional to the file's size over 128 KiB. Of BGZF every
    /// block's header and trailer are visited, as long as each block says where it ends: to the file's size over 64 KiB or less.
    ///
    /// Standard input that is a regular file is read like any other, from the descriptor's offset on. If it is a pipe, a socket or a terminal, it is a
    /// stream, of which the first bytes are waited for here; so is a named pipe, whose first writer is waited for.
    /// Opening `-` again finds the same stream and its beginning, as far as that is kept.
    ///
    /// - Parameters:
    ///   - path: The file's name, which errors begin with; `-` for standard input.
    ///   - options: Limits, and whether a seek table is to be used.
    /// - Throws: Why it cannot be opened (`.notFound`, `.isDirectory`, `.notRegularFile`, `.permissionDenied`,
    ///   `.cannotOpen`), what failed (`.readFailed`, `.fileChanged`, `.outOfMemory`, `.cancelled`), or what is wrong with its bytes
    ///   (`.empty`, `.truncated`, `.damaged`, `.checksumMismatch`, `.unsupported`, `.windowTooLarge`).
    public convenience init(path: String, options: ContainerOptions = .init()) throws(ContainerError) {
        try self.init(StoredBytes(path: path, isCancelled: options.isCancelled), options)
    }

    /// Reads from a source, and finds the layout of its bytes from their content, as `init(path:options:)` does.
    ///
    /// A source of sequential access is a stream. Its beginning is kept by the file (`rewindableByteCount`), so two files must not share one.
    ///
    /// - Parameters:
    ///   - source: The stored bytes.
    ///   - options: Limits, and whether a seek table is to be used.
    /// - Throws: The errors of the source, or what is wrong with its bytes.
    public convenience init(source: any ByteSource, options: ContainerOptions = .init()) throws(ContainerError) {
        try self.init(StoredBytes(source, isCancelled: options.isCancelled), options)
    }

    /// Finds the layout of an opened file.
    init(_ stored: StoredBytes, _ options: ContainerOptions) throws(ContainerError) {
        let layout = try stored.isStream ? Layout(ofStream: stored) : Layout(of: stored, options: options)
        self.stored = stored
        rawByteOffset = 0
        memberByteCount = nil
        memberChecksum = nil
        memberContent = nil
        compression = layout.compression
        frames = layout.frames
        decodedByteCount = layout.decodedByteCount
        warnings = layout.warnings
        sizesAreHints = layout.sizesAreHints
    }

    /// Opens a member of a zip archive as a file of its own.
    ///
    /// A stored member is a raw file: any range of it can be read. Its CRC-32 is verified by a run that reads it from its beginning to its
    /// end, and, where it was read in parts, by `verifyMemberChecksum()`. A deflated one is one frame of known size, whose CRC-32 is always
    /// verified.
    /// The archive itself is shared: nothing is opened again.
    ///
    /// - Throws: `.unsupported` for an encrypted member and for other methods; `.damaged` for an empty member with data.
    public init(member: ZipArchive.Member, of archive: ZipArchive) throws(ContainerError) {
        let stored = StoredBytes(archive.stored, member: member.name)
        let layout = try Layout(of: member, in: stored)
        self.stored = stored
        compression = layout.compression
        frames = layout.frames
        decodedByteCount = layout.decodedByteCount
        warnings = []
        sizesAreHints = false
        rawByteOffset = member.byteRange.lowerBound
        memberByteCount = member.byteRange.count
        memberChecksum = member.checksum
        memberContent = layout.compression == .none ? MemberContent() : nil
    }

    /// The bytes of a file as they are stored, or its first ones where it has more than `byteCountLimit`.
    ///
    /// - Parameters:
    ///   - path: The file's name, or `-`, as `init(path:options:)` takes it.
    ///   - byteCountLimit: The most bytes to read.
    ///   - isCancelled: As in `ContainerOptions`.
    /// - Throws: As `init(path:options:)` where it cannot be opened or read.
    public static func storedBytes(
        path: String, byteCountLimit: Int, isCancelled: (@Sendable () -> Bool)? = nil
    ) throws(ContainerError) -> [UInt8] {
        let stored = try StoredBytes(path: path, isCancelled: isCancelled)
        var bytes: [UInt8] = []
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { room.deallocate() }
        while bytes.count < byteCountLimit {
            let piece = UnsafeMutableRawBufferPointer(rebasing: room[..<min(room.count, byteCountLimit - bytes.count)])
            let count = try stored.readSome(at: bytes.count, into: piece)
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return bytes
    }

    /// The file's name, as it was given; of a member of an archive `archive.npz: member.npy`.
    public var path: String { stored.path }
    /// The name of the file itself, as it was given.
    public var filePath: String { stored.filePath }
    /// The file's size when it was opened; of a member of an archive its stored size; of a stream the bytes that have come so far.
    public var byteCount: Int { memberByteCount ?? stored.byteCount }

    /// Whether it is a stream (standard input that is a pipe, a named pipe): read once and in order, by one decoder at a time.
    public var isStream: Bool { stored.isStream }

    /// Whether the data can be decoded in pieces side by side: a raw file, or several frames of known sizes; never a stream.
    public var isCuttable: Bool {
        !isStream && (compression == .none || (frames.count > 1 && frames.hasDecodedByteCounts))
    }

    /// Whether its first frame's content has a checksum, the frame's own or the seek table's; gzip and zip always have. nil for a raw file
    /// that is no member of an archive, and for a stream of zstd frames.
    ///
    /// - Throws: `.readFailed`, `.fileChanged`.
    public func hasChecksums() throws(ContainerError) -> Bool? {
        switch compression {
        case .gzip, .gzipBlocks, .deflate: return true
        case .none where memberChecksum != nil: return true
        default: break
        }
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
