/// The places of a file's frames, and whether they are certain.
struct Layout {
    var compression: Compression
    var frames = FrameTable()
    var decodedByteCount: Int?
    /// True if places or sizes of frames were written beside the frames, so that a contradiction is no proof of damage.
    var sizesAreHints = false
    var warnings: [String] = []

    /// Finds the layout of `file` from its content.
    ///
    /// - Throws: `.empty`, `.unsupported`, `.truncated`, `.damaged`, or a failure to read.
    init(of file: StoredBytes, options: ContainerOptions) throws(ContainerError) {
        guard file.byteCount > 0 else {
            // Spark writes `_SUCCESS` and the like beside its parts.
            let isMarker = file.path.utf8.split(separator: UInt8(ascii: "/")).last?.first == UInt8(ascii: "_")
            throw ContainerError(
                path: file.path, kind: .empty, problem: "the file is empty",
                remedy: isMarker ? "it marks a folder that was written: name the files beside it, such as part-*" : "was it ever written?")
        }
        let first = try HeaderWindow(file).copy(at: 0)
        try Self.refuse(first, file)
        if first.starts(with: GzipHeader.magic) {
            self = try Self.gzip(file, first, options)
            return
        }
        let isZstd = Self.isZstd(first)
        let finding = try SeekTable.find(in: file)
        guard isZstd else {
            if case .present = finding {
                throw ContainerError(
                    path: file.path, kind: .damaged, byteOffset: 0,
                    problem: "the file ends with a seek table of zstd, but it does not begin with a zstd frame",
                    remedy: ContainerError.copyAgain)
            }
            compression = .none
            decodedByteCount = file.byteCount
            return
        }
        compression = .zstdFrames

        switch finding {
        case .absent: break
        case .unusable(let reason):
            if options.usesSeekTable { setAside("the seek table", reason) }
        case .present(let table):
            if options.usesSeekTable {
                switch try table.frames() {
                case .frames(let frames):
                    compression = .zstdSeekable
                    self.frames = frames
                    decodedByteCount = frames.decodedByteCount
                    sizesAreHints = true
                    return
                case .unusable(let reason):
                    setAside("the seek table", reason)
                }
            }
            try walk(file, checksums: table.checksums(), framesEnd: table.byteOffset)
            return
        }
        let isPzstd = first.withUnsafeBytes { PzstdHeaders.begin($0) }
        if isPzstd, options.usesSeekTable {
            if var frames = try PzstdHeaders.frames(of: file) {
                compression = .zstdPzstd
                if !frames.hasDecodedByteCounts {
                    _ = try PzstdHeaders.learnSizes(of: &frames, in: file, options: options)
                }
                self.frames = frames
                decodedByteCount = frames.decodedByteCount
                sizesAreHints = true
                return
            }
            setAside("pzstd's list of frame sizes", "it does not lead from frame to frame to the end of the file")
        }
        try walk(file, checksums: [], framesEnd: file.byteCount)
        if isPzstd { compression = .zstdPzstd }
    }

    /// Returns true if the places of a file's frames would be found from frame to frame, through all of the file: in zstd without a list of
    /// its frames, and in BGZF.
    ///
    /// - Throws: A failure to read.
    static func needsWalk(_ file: StoredBytes) throws(ContainerError) -> Bool {
        let first = try HeaderWindow(file).copy(at: 0)
        if first.starts(with: GzipHeader.magic) {
            guard case .member(let header) = first.withUnsafeBytes({ GzipStart($0) }) else { return false }
            return header.blockByteCount != nil
        }
        guard isZstd(first), !first.withUnsafeBytes({ PzstdHeaders.begin($0) }) else { return false }
        if case .present = try SeekTable.find(in: file) { return false }
        return true
    }

    /// The number of bytes at the beginning of a zip archive that show the name of its first member.
    private static let memberNameByteCount = 128

    /// Finds the compression of a stream from its first bytes.
    ///
    /// - Throws: `.empty`, `.unsupported`, or a failure to read.
    init(ofStream file: StoredBytes) throws(ContainerError) {
        // A writer that stalls after a few bytes of text is not waited for: their first byte begins no compressed format.
        var first = try file.firstBytes(1)
        if Self.mayBegin(first) { first = try file.firstBytes(HeaderWindow.lookByteCount) }
        guard !first.isEmpty else {
            throw ContainerError(
                path: file.path, kind: .empty, problem: "the stream is empty", remedy: "did what should write it fail?")
        }
        try Self.refuse(first, file)
        if ZipArchive.isZip(first) {
            throw ContainerError(
                path: file.path, kind: .unsupported,
                problem: "a zip archive (npz) cannot be read from a stream: its directory is at its end",
                remedy: "write it to a file first", firstBytes: try file.firstBytes(Self.memberNameByteCount))
        }
        if first.starts(with: GzipHeader.magic) {
            compression = .gzip
        } else {
            compression = Self.isZstd(first) ? .zstdStream : .none
        }
    }

    /// Makes the layout of an archive's member.
    ///
    /// - Throws: `.unsupported`, `.damaged`, or a failure to read.
    init(of member: ZipArchive.Member, in file: StoredBytes) throws(ContainerError) {
        func refusal(_ problem: String, _ remedy: String) -> ContainerError {
            ContainerError(path: file.path, kind: .unsupported, byteOffset: member.byteRange.lowerBound, problem: problem, remedy: remedy)
        }
        if member.isEncrypted { throw refusal("this member of the archive is encrypted", "decrypt it first") }
        decodedByteCount = member.decodedByteCount
        switch member.method {
        case .stored: compression = .none
        case .deflated:
            compression = .deflate
            if member.decodedByteCount == 0 {
                guard try GzipBlocks.isEmpty(in: file, member.byteRange, Inflater()) else {
                    throw FrameFault.damaged(
                        "the archive's directory says that this member is empty, and it is not", found: nil, wanted: nil
                    )
                    .error(file, nil, member.byteRange.lowerBound)
                }
            } else {
                // The one frame of a table always fits.
                _ = frames.append(
                    byteOffset: member.byteRange.lowerBound, byteEnd: member.byteRange.upperBound,
                    decodedByteCount: member.decodedByteCount, checksum: nil)
            }
        case .other:
            throw refusal(
                "this member of the archive is compressed by \(member.method), which is not supported", "write it stored or deflated")
        }
    }

    private init(compression: Compression) { self.compression = compression }

    /// Finds the layout of a file of gzip members.
    private static func gzip(_ file: StoredBytes, _ first: [UInt8], _ options: ContainerOptions) throws(ContainerError) -> Layout {
        if case .method(let method) = first.withUnsafeBytes({ GzipStart($0) }) {
            throw GzipMembers.methodFault(method).error(file, 0, 0, term: Compression.gzip.frameTerm)
        }
        if options.usesSeekTable, let found = try GzipBlocks.find(in: file) {
            var layout = Layout(compression: .gzipBlocks)
            layout.frames = found.frames
            layout.decodedByteCount = found.frames.decodedByteCount
            layout.sizesAreHints = true
            if !found.hasEndBlock {
                layout.warnings.append(
                    "the empty block that ends a BGZF file is missing: the file may have been cut short between two blocks")
            }
            return layout
        }
        var layout = Layout(compression: .gzip)
        _ = layout.frames.append(byteOffset: 0, byteEnd: file.byteCount, decodedByteCount: nil, checksum: nil)
        return layout
    }

    /// Throws where `first`, the beginning of `file`, is that of a format that is not supported.
    private static func refuse(_ first: [UInt8], _ file: StoredBytes) throws(ContainerError) {
        if let format = UnsupportedFormat.allCases.first(where: { first.starts(with: $0.magic) }) {
            throw ContainerError(
                path: file.path, kind: .unsupported, problem: "\(format.rawValue) is not supported",
                remedy: "decompress it with \(format.tool), and compress it with zstd if you like")
        }
    }

    /// Returns true if `first`, the first byte of a file or none, may be that of a compressed one, or of an archive.
    private static func mayBegin(_ first: [UInt8]) -> Bool {
        // An archive begins as skippable frames of zstd do.
        isZstd(first) || first.starts(with: GzipHeader.magic.prefix(1))
            || UnsupportedFormat.allCases.contains { first.starts(with: $0.magic.prefix(1)) }
    }

    /// Returns true if `first` is the beginning of a zstd file.
    private static func isZstd(_ first: [UInt8]) -> Bool {
        first.withUnsafeBytes { bytes in
            if bytes.count < 4 { return FrameWalk.isBeginningOfMagic(bytes) }
            if case .unknown = FrameStart(bytes) { return false }
            return true
        }
    }

    private mutating func setAside(_ what: String, _ reason: String) {
        warnings.append("\(what) was set aside, and the frames were found one by one: \(reason)")
    }

    /// Fills the table from the frames themselves.
    ///
    /// - Parameters:
    ///   - checksums: The checksums of a seek table whose sizes are not used. They are given to the frames if their number
    ///     is that of all frames before `framesEnd`, as the format wants it, or of the frames with data.
    private mutating func walk(_ file: StoredBytes, checksums: [UInt32], framesEnd: Int) throws(ContainerError) {
        var walk = FrameWalk(file)
        var frameCount = 0
        var chosen: [UInt32] = []
        while let frame = try walk.next() {
            let number = frameCount
            if frame.byteOffset < framesEnd { frameCount += 1 }
            if frame.isEmpty { continue }
            if number < checksums.count { chosen.append(checksums[number]) }
            let added = frames.append(
                byteOffset: frame.byteOffset, byteEnd: frame.byteEnd, decodedByteCount: frame.decodedByteCount, checksum: nil)
            guard added else {
                throw ContainerError(
                    path: file.path, kind: .damaged, frameIndex: frames.count, byteOffset: frame.byteOffset,
                    problem: "the frames up to this one claim more than \(Int.max) bytes", remedy: ContainerError.copyAgain)
            }
        }
        if !checksums.isEmpty {
            if frameCount == checksums.count, chosen.count == frames.count {
                frames.setChecksums(chosen)
            } else if frames.count == checksums.count {
                frames.setChecksums(checksums)
            } else {
                warnings.append(
                    "the seek table's checksums were not verified: it has \(checksums.count), and there are \(frameCount) frames")
            }
        }
        decodedByteCount = frames.decodedByteCount
        compression = frames.count <= 1 ? .zstdSingleFrame : .zstdFrames
    }
}

/// A format that is recognised in order to be refused by name.
private enum UnsupportedFormat: String, CaseIterable {
    case xz
    case bzip2
    case lz4 = "LZ4"
    case oldZstd7 = "zstd's format before 0.8"

    var magic: [UInt8] {
        switch self {
        case .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
        case .bzip2: [0x42, 0x5A, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
        case .lz4: [0x04, 0x22, 0x4D, 0x18]
        case .oldZstd7: [0x27, 0xB5, 0x2F, 0xFD]
        }
    }

    var tool: String {
        switch self {
        case .xz: "unxz"
        case .bzip2: "bunzip2"
        case .lz4: "unlz4"
        case .oldZstd7: "a zstd built for it"
        }
    }
}
