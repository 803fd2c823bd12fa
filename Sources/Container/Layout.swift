/// Where the frames of a file lie, and how far that is to be believed.
struct Layout {
    var compression: Compression
    var frames = FrameTable()
    var decodedByteCount: Int?
    /// Whether places or sizes of frames come from beside the frames, so that a contradiction is no proof of damage.
    var sizesAreHints = false
    var warnings: [String] = []

    /// Finds the layout of `file` from its content.
    ///
    /// - Throws: `.empty`, `.unsupported`, `.truncated`, `.damaged`, or a failure to read.
    init(of file: StoredFile, options: ContainerOptions) throws(ContainerError) {
        guard file.byteCount > 0 else {
            throw ContainerError(path: file.path, kind: .empty, problem: "the file is empty", remedy: "was it ever written?")
        }
        let first = try HeaderWindow(file).copy(at: 0)
        if let format = UnsupportedFormat.allCases.first(where: { first.starts(with: $0.magic) }) {
            throw ContainerError(
                path: file.path, kind: .unsupported, problem: "\(format.rawValue) is not supported",
                remedy: "decompress it with \(format.tool), and compress it with zstd if you like")
        }
        let isZstd = first.withUnsafeBytes { bytes in
            if bytes.count < 4 { return FrameWalk.isBeginningOfMagic(bytes) }
            if case .unknown = FrameStart(bytes) { return false }
            return true
        }
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

    private mutating func setAside(_ what: String, _ reason: String) {
        warnings.append("\(what) was set aside, and the frames were found one by one: \(reason)")
    }

    /// Fills the table from the frames themselves.
    ///
    /// - Parameters:
    ///   - checksums: The checksums of a seek table whose sizes are not used. They are given to the frames if their number
    ///     is that of all frames before `framesEnd`, as the format wants it, or of the frames with data.
    private mutating func walk(_ file: StoredFile, checksums: [UInt32], framesEnd: Int) throws(ContainerError) {
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

/// Formats that are recognised in order to be refused by name.
private enum UnsupportedFormat: String, CaseIterable {
    case gzip
    case xz
    case bzip2
    case lz4 = "LZ4"
    case oldZstd7 = "zstd's format before 0.8"

    var magic: [UInt8] {
        switch self {
        case .gzip: [0x1F, 0x8B]
        case .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
        case .bzip2: [0x42, 0x5A, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
        case .lz4: [0x04, 0x22, 0x4D, 0x18]
        case .oldZstd7: [0x27, 0xB5, 0x2F, 0xFD]
        }
    }

    var tool: String {
        switch self {
        case .gzip: "gunzip"
        case .xz: "unxz"
        case .bzip2: "bunzip2"
        case .lz4: "unlz4"
        case .oldZstd7: "a zstd built for it"
        }
    }
}
