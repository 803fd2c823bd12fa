/// A file of data, raw or compressed, with the places of its independently decodable frames; or a member of a zip archive; or a stream.
///
/// ```swift
/// let file = try ContainerFile(path: "predictions.npy.zst")
/// let decoder = Decoder()
/// decoder.start(wholeOf: file)
/// while try decoder.read(into: buffer) > 0 {}
/// ```
///
/// Any number of threads may share a file: it is read at absolute offsets, by each `Decoder` on its own. A stream (`isStream`) comes once
/// and in order, and one decoder reads it at a time.
public final class ContainerFile: Sendable {
    let stored: StoredBytes
    /// The way in which the file is stored.
    public let compression: Compression
    /// The frames with data; empty for a raw file and for a stream. A file of compression `.gzip` is one frame of unknown size.
    public let frames: FrameTable
    /// The decompressed size of all data, in bytes; nil where it is known only after decompressing (a frame without a content size, gzip, a
    /// stream).
    public let decodedByteCount: Int?
    /// Faults that were tolerated when the file was opened, such as a seek table that was set aside.
    public let warnings: [String]
    /// True if places and sizes of frames come from beside the frames (`ContainerError.Kind.seekTableLies`).
    let sizesAreHints: Bool
    /// The offset of a raw file's first byte in the source: 0, but for a member of an archive.
    let rawByteOffset: Int
    /// The stored size of a member of an archive, or of another part of a file.
    private let memberByteCount: Int?
    /// The CRC-32 that an archive's directory gives the content of this member.
    let memberChecksum: UInt32?
    /// The parts of a stored member that have been read.
    let memberContent: MemberContent?
    /// The source of the frames of a file of compression `.chunks`; nil for any other.
    let frameSource: (any FrameSource)?

    /// The number of stored bytes of a stream's beginning that are kept, so that runs can begin there again; more after
    /// `keepRewindable(_:)`.
    public static let rewindableByteCount = RewindableSource.keptByteCountLimit

    /// Keeps the first `byteCount` stored bytes of a stream, unless some of them have gone by already. It is for a caller that looks at
    /// more than `rewindableByteCount` bytes before the stream is read as a whole.
    public func keepRewindable(_ byteCount: Int) { stored.keepRewindable(byteCount) }

    /// Opens a file, a named pipe, or standard input where the path is `-`, and finds its layout from its content, never from its name.
    ///
    /// In a raw file only the beginning and the end are looked at, in a seekable file the table. In a file of pzstd the header of every
    /// frame is looked at, and the first and the last frame are decompressed, since pzstd does not write their sizes. In other zstd files
    /// the header of every block is visited, without decompressing: time is proportional to the file's size over 128 KiB. In BGZF the
    /// header and the trailer of every block are visited: time is proportional to the file's size over at most 64 KiB.
    ///
    /// The file is open only while it is read (`FileSource`). A named pipe is a stream, whose first writer is waited for. Standard input
    /// that is a regular file is read from the descriptor's offset on; otherwise it is a stream, whose first bytes are waited for. Opening
    /// `-` again finds the same stream and its beginning, as far as that is kept.
    ///
    /// - Parameters:
    ///   - path: The file's name, which errors begin with; `-` for standard input.
    ///   - options: Limits, and whether a seek table is to be used.
    /// - Throws: The reason for which the file cannot be opened (`.notFound`, `.isDirectory`, `.notRegularFile`, `.permissionDenied`,
    ///   `.cannotOpen`), a failure (`.readFailed`, `.fileChanged`, `.outOfMemory`, `.cancelled`), or the fault of its bytes (`.empty`,
    ///   `.truncated`, `.damaged`, `.checksumMismatch`, `.unsupported`, `.windowTooLarge`).
    public convenience init(path: String, options: ContainerOptions = .init()) throws(ContainerError) {
        try self.init(StoredBytes(path: path, isCancelled: options.isCancelled), options)
    }

    /// Reads from a source, and finds the layout of its bytes from their content, as `init(path:options:)` does.
    ///
    /// A source of sequential access is a stream. Its beginning is kept by the file (`rewindableByteCount`), so two files must not share
    /// one.
    ///
    /// - Parameters:
    ///   - source: The stored bytes.
    ///   - options: Limits, and whether a seek table is to be used.
    /// - Throws: The errors of the source, or the fault of its bytes.
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
        frameSource = nil
        compression = layout.compression
        frames = layout.frames
        decodedByteCount = layout.decodedByteCount
        warnings = layout.warnings
        sizesAreHints = layout.sizesAreHints
    }

    /// Opens a member of a zip archive as a file of its own.
    ///
    /// A stored member is a raw file: any range of it can be read. Its CRC-32 is verified by a run of the whole member, and, where it was
    /// read in parts, by `verifyMemberChecksum()`. A deflated member is one frame of known size, whose CRC-32 is always verified.
    ///
    /// The archive's source is shared.
    ///
    /// - Parameter allowsMissingChecksum: true for archives of writers that can leave checksums out, such as PyTorch: the CRC-32 0 of a
    ///   stored member then stands for none.
    /// - Throws: `.unsupported` for an encrypted member and for other methods; `.damaged` for an empty member with data.
    public init(member: ZipArchive.Member, of archive: ZipArchive, allowsMissingChecksum: Bool = false) throws(ContainerError) {
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
        let isMissing = allowsMissingChecksum && member.checksum == 0 && layout.compression == .none
        memberChecksum = isMissing ? nil : member.checksum
        memberContent = layout.compression == .none && !isMissing ? MemberContent() : nil
        frameSource = nil
    }

    /// Reads from a source whose bytes are known to be no compressed file, whatever they begin with.
    ///
    /// - Throws: The errors of the source.
    package init(raw source: any ByteSource) throws(ContainerError) {
        stored = try StoredBytes(source)
        compression = .none
        frames = FrameTable()
        decodedByteCount = stored.isStream ? nil : stored.byteCount
        warnings = []
        sizesAreHints = false
        rawByteOffset = 0
        memberByteCount = nil
        memberChecksum = nil
        memberContent = nil
        frameSource = nil
    }

    /// Makes a file of a part of another.
    init(
        _ stored: StoredBytes, _ compression: Compression, _ frames: FrameTable, decodedByteCount: Int?, rawByteOffset: Int, byteCount: Int,
        _ frameSource: (any FrameSource)?
    ) {
        self.stored = stored
        self.compression = compression
        self.frames = frames
        self.decodedByteCount = decodedByteCount
        self.rawByteOffset = rawByteOffset
        self.frameSource = frameSource
        memberByteCount = byteCount
        warnings = []
        sizesAreHints = false
        memberChecksum = nil
        memberContent = nil
    }

    /// Reads the bytes of a file as they are stored, up to `byteCountLimit` of them.
    ///
    /// - Parameters:
    ///   - path: The file's name, or `-`, as `init(path:options:)` takes it.
    ///   - byteCountLimit: The most bytes to read.
    ///   - beginning: The first bytes that are wanted. Of a file that begins with others, no more than as many are read.
    ///   - isCancelled: `ContainerOptions.isCancelled`.
    /// - Throws: The errors of `init(path:options:)` for a file that cannot be opened or read.
    public static func storedBytes(
        path: String, byteCountLimit: Int, beginning: [UInt8] = [], isCancelled: (@Sendable () -> Bool)? = nil
    ) throws(ContainerError) -> [UInt8] {
        let stored = try StoredBytes(path: path, isCancelled: isCancelled)
        var bytes = beginning.isEmpty ? [] : try stored.firstBytes(min(beginning.count, byteCountLimit))
        guard bytes.starts(with: beginning) else { return bytes }
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

    /// The name by which the file was opened; for a member of an archive `archive.npz: member.npy`.
    public var path: String { stored.path }

    /// The version of the object that is read; nil for files and pipes.
    public var version: StoredVersion? { stored.version }
    /// The name by which the file, or the archive of a member, was opened.
    public var filePath: String { stored.filePath }
    /// The file's stored size in bytes when it was opened; for a member of an archive and for another part of a file the part's; for a stream the number of bytes that
    /// have come so far.
    public var byteCount: Int { memberByteCount ?? stored.byteCount }

    /// True if the file is a stream (a pipe, or another source of sequential access), which one decoder at a time reads once and in order.
    public var isStream: Bool { stored.isStream }

    /// True if the data can be decoded in pieces side by side: for a raw file, and for several frames of known sizes, but not for a stream.
    public var isCuttable: Bool {
        !isStream && (compression == .none || (frames.count > 1 && frames.hasDecodedByteCounts))
    }

    /// Returns true if the content of the first frame has a checksum, the frame's own or the seek table's. Members of gzip files and of zip
    /// archives always have one.
    ///
    /// - Returns: nil for a raw file that is no member of an archive, and for a stream of zstd frames.
    ///
    /// - Throws: `.readFailed`, `.fileChanged`.
    public func hasChecksums() throws(ContainerError) -> Bool? {
        switch compression {
        case .gzip, .gzipBlocks, .deflate: return true
        case .none where memberChecksum != nil: return true
        case .chunks: return frameSource?.hasChecksums
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

    /// The frame that holds the byte at `decodedByteOffset` of the decompressed data; for messages. O(log frames).
    ///
    /// - Returns: nil for a raw file, beyond the data, where decoded sizes are unknown, and for frames that have no one place in the file.
    public func frame(containingDecodedByte decodedByteOffset: Int) -> Frame? {
        compression == .chunks ? nil : frames.index(ofFrameContainingDecodedByte: decodedByteOffset).map { frames[$0] }
    }
}
