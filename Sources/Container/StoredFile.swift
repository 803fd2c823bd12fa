import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An open file. A regular one is read at absolute offsets, so that any number of threads can share it; a stream once, in order.
final class StoredFile: Sendable {
    /// The path that stands for standard input.
    static let standardInputPath = "-"

    /// The name that it was opened by; of an archive's member that, and the member's name.
    let path: String
    /// The name that it was opened by.
    let filePath: String
    private let source: Source

    /// Whether the caller wants no more bytes; asked while a stream is waited for.
    private let isCancelled: (@Sendable () -> Bool)?

    private enum Source {
        /// A regular file, the place in it that is read as byte 0, and the number of bytes from there to its end when it was opened.
        case file(OpenDescriptor, firstByteOffset: Int, byteCount: Int)
        case stream(ByteStream)
    }

    /// Opens the file at `path` for reading, or standard input where that is `-` or leads to descriptor 0, as `/dev/stdin` does.
    ///
    /// Standard input that is a regular file begins at the descriptor's offset: somebody may have read a part of it before.
    ///
    /// - Throws: `ContainerError` of the kinds that a failure to open can have, `.readFailed` and `.cancelled`.
    init(path: String, isCancelled: (@Sendable () -> Bool)? = nil) throws(ContainerError) {
        self.path = path
        self.isCancelled = isCancelled
        filePath = path
        if path == Self.standardInputPath || LinkTarget(of: path).kind == .descriptor(0) {
            let status = try Self.statusOfStandardInput(path: path)
            switch status.type {
            case .regular:
                let fileByteCount = max(0, Int(clamping: status.size))
                let firstByteOffset = max(0, min(fileByteCount, Int(lseek(0, 0, SEEK_CUR))))
                source = .file(
                    OpenDescriptor(.standardInput, closesWhenDone: false), firstByteOffset: firstByteOffset,
                    byteCount: fileByteCount - firstByteOffset)
            case .directory: throw Self.directoryError(path)
            default: source = .stream(.standardInput)
            }
            return
        }
        // A C string ends at its first NUL: the system would open another file than the one that was named.
        if path.utf8.contains(0) || path.isEmpty {
            throw ContainerError(path: path, kind: .notFound, problem: "no file can have this name")
        }
        let descriptor: FileDescriptor
        do {
            // Without O_NONBLOCK a device, or a pipe that nobody writes to yet, could hold us up here.
            descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch {
            throw Self.openingError(error as? Errno ?? .ioError, path: path)
        }
        do throws(ContainerError) {
            let status = try Self.status(of: descriptor, path: path)
            switch status.type {
            case .regular:
                source = .file(
                    OpenDescriptor(descriptor, closesWhenDone: true), firstByteOffset: 0, byteCount: max(0, Int(clamping: status.size)))
            case .fifo:
                let stream = ByteStream(descriptor, closesWhenDone: true)
                source = .stream(stream)
                // Before its first writer comes a pipe reads as one that has ended.
                try stream.wait(path: path, isCancelled: isCancelled)
            case .directory: throw Self.directoryError(path)
            default: throw Self.notRegularError(path)
            }
        } catch {
            // A stream closes its descriptor itself.
            if error.kind != .cancelled { try? descriptor.close() }
            throw error
        }
    }

    /// A descriptor of a stream that somebody else has opened, which is closed in the end.
    init(stream descriptor: CInt, path: String, isCancelled: (@Sendable () -> Bool)? = nil) {
        self.path = path
        self.isCancelled = isCancelled
        filePath = path
        source = .stream(ByteStream(FileDescriptor(rawValue: descriptor), closesWhenDone: true))
    }

    /// The same file under a name that says which member of it is meant.
    init(_ file: StoredFile, member name: String) {
        filePath = file.path
        isCancelled = file.isCancelled
        path = "\(file.path): \(name)"
        source = file.source
    }

    /// Whether it is read once, in order.
    var isStream: Bool {
        if case .stream = source { true } else { false }
    }

    /// Its size when it was opened; of a stream, what has come of it so far.
    var byteCount: Int {
        switch source {
        case .file(_, _, let byteCount): byteCount
        case .stream(let stream): stream.byteCount
        }
    }

    /// How far a reader may ask for bytes: its size, which of a stream nobody knows.
    var endByteOffset: Int {
        if case .file(_, _, let byteCount) = source { byteCount } else { .max }
    }

    /// The status of descriptor 0. One that is closed, or cannot be read, is no standard input.
    private static func statusOfStandardInput(path: String) throws(ContainerError) -> Stat {
        let flags = fcntl(0, F_GETFL)
        guard flags >= 0, flags & O_ACCMODE != O_WRONLY else {
            throw ContainerError(
                path: path, kind: .cannotOpen, problem: "there is none: it was closed", remedy: "redirect a file or a pipe to it")
        }
        return try status(of: .standardInput, path: path)
    }

    private static func status(of descriptor: FileDescriptor, path: String) throws(ContainerError) -> Stat {
        do {
            return try descriptor.stat()
        } catch {
            throw ContainerError(path: path, kind: .readFailed, problem: "its status cannot be read: \(error)")
        }
    }

    private static func directoryError(_ path: String) -> ContainerError {
        ContainerError(path: path, kind: .isDirectory, problem: "this is a directory", remedy: "name the files in it")
    }

    private static func notRegularError(_ path: String) -> ContainerError {
        ContainerError(
            path: path, kind: .notRegularFile, problem: "this is a device or a socket, not a regular file or a pipe",
            remedy: "write it to a file first, or redirect it to standard input and name -")
    }

    private static func openingError(_ code: Errno, path: String) -> ContainerError {
        switch code {
        case .noSuchFileOrDirectory, .notDirectory:
            ContainerError(path: path, kind: .notFound, problem: "no such file", remedy: "check the name")
        case .permissionDenied, .notPermitted:
            ContainerError(
                path: path, kind: .permissionDenied, problem: "this user may not read it", remedy: "check the file's permissions")
        case .noSuchAddressOrDevice:
            // What open(2) says of a socket.
            notRegularError(path)
        default:
            ContainerError(path: path, kind: .cannotOpen, problem: "cannot be opened: \(code)")
        }
    }

    /// Fills `buffer` with the bytes from `byteOffset` on, which must lie within the file as it was opened.
    ///
    /// - Throws: `.readFailed`; `.fileChanged` where the file has become shorter, `.truncated` where a stream ends before.
    func read(at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ContainerError) {
        var filled = 0
        while filled < buffer.count {
            let count = try readSome(at: byteOffset + filled, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 {
                guard case .file(_, _, let byteCount) = source else {
                    throw ContainerError(
                        path: path, kind: .truncated, byteOffset: byteOffset + filled, problem: "the stream ends early",
                        remedy: "look at what writes it")
                }
                throw ContainerError(
                    path: path, kind: .fileChanged, byteOffset: byteOffset + filled,
                    problem: "the file became shorter while it was being read", found: "the end here",
                    allowed: "\(byteCount) bytes, as when it was opened", remedy: "let it be finished first")
            }
            filled += count
        }
    }

    /// Reads some of the bytes from `byteOffset` on, at least one unless there are no more.
    ///
    /// - Throws: `.readFailed`, `.cancelled`.
    func readSome(at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ContainerError) -> Int {
        switch source {
        case .file(let descriptor, let firstByteOffset, _):
            do {
                return try descriptor.value.read(fromAbsoluteOffset: Int64(firstByteOffset + byteOffset), into: buffer)
            } catch {
                throw ContainerError(path: path, kind: .readFailed, byteOffset: byteOffset, problem: "reading failed: \(error)")
            }
        case .stream(let stream):
            return try stream.read(at: byteOffset, into: buffer, path: path, isCancelled: isCancelled)
        }
    }

    /// Keeps so much of a stream's beginning.
    func keepRewindable(_ byteCount: Int) {
        if case .stream(let stream) = source { stream.keep(byteCount) }
    }

    /// The first `count` bytes, fewer only where there are no more.
    func firstBytes(_ count: Int) throws(ContainerError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        var filled = 0
        while filled < count {
            let more = try readSome(at: filled, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if more == 0 { break }
            filled += more
        }
        return Array(buffer[..<filled])
    }

    /// Tells the kernel that a range of the file is wanted soon. Never fails: it is advice.
    func adviseWillNeed(_ range: Range<Int>) {
        #if os(Linux)
            guard case .file(let descriptor, let firstByteOffset, _) = source else { return }
            _ = posix_fadvise(
                descriptor.value.rawValue, off_t(firstByteOffset + range.lowerBound), off_t(range.count), POSIX_FADV_WILLNEED)
        #endif
    }
}

/// A descriptor, closed when nobody has it any more.
private final class OpenDescriptor: Sendable {
    let value: FileDescriptor
    private let closesWhenDone: Bool

    init(_ value: FileDescriptor, closesWhenDone: Bool) {
        self.value = value
        self.closesWhenDone = closesWhenDone
    }

    deinit {
        // Nothing was written, so there is nothing that closing could lose.
        if closesWhenDone { try? value.close() }
    }
}
