internal import Container
internal import Locking
internal import Synchronization
internal import SystemPackage
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file that appears whole or not at all: it is written without a name in its folder, and named at the end.
///
/// A symbolic link is followed, and what it points to is replaced, or made where it is missing. A replaced file's mode and owner are kept.
/// Pipes, devices, and paths that lead to an open descriptor (`/dev/stdout`, `/dev/fd/3`) are written to, in order, and never replaced.
///
/// On Linux nothing is left of an unfinished file whatever ends the process, since it has no name (O_TMPFILE). Where the file system has no
/// such files it has a random name, which `discard` and `discardAll` remove.
public final class OutputFile: Sendable {
    public let path: String
    private let descriptor: FileDescriptor
    private let destination: Destination
    /// How much has been written to a destination that is written in order. Relaxed: it has one writer.
    private let writtenByteCount = Atomic<Int>(0)
    private let isOpen = Atomic<Bool>(true)

    private enum Destination {
        /// The descriptor itself.
        case descriptor
        /// A name in a folder.
        case name(String, folder: String, temporaryPath: String?)
        /// None: the file is read back by whoever wrote it, and goes.
        case nowhere(temporaryPath: String?)

        var temporaryPath: String? {
            switch self {
            case .descriptor: nil
            case .name(_, _, let temporaryPath), .nowhere(let temporaryPath): temporaryPath
            }
        }
    }

    /// The paths of unfinished files that have one. Files are named with the lock held, so that `discardAll` finds every one.
    private static let temporaryPaths = Lock<Set<String>>([])

    /// Opens it for writing; nothing is seen of it under its own name until `commit`.
    ///
    /// - Throws: `EngineError` of category `.inputOutput`.
    public convenience init(path: String) throws(EngineError) {
        try self.init(path: path, isNameless: true)
    }

    /// - Parameter isNameless: false in tests of file systems that know no nameless files.
    init(path: String, isNameless: Bool) throws(EngineError) {
        self.path = path
        let target = LinkTarget(of: path)
        do {
            var status = stat()
            switch target.kind {
            case .descriptor(let number):
                // A duplicate goes on at the descriptor's offset and appends where it does; the file opened anew would do neither.
                let duplicate = fcntl(number, F_DUPFD_CLOEXEC, 3)
                guard duplicate >= 0 else { throw Errno(rawValue: errno) }
                descriptor = FileDescriptor(rawValue: duplicate)
                destination = .descriptor
            case .foreignDescriptor:
                descriptor = try Self.openInPlace(target.path)
                destination = .descriptor
            case .name where stat(target.path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG:
                if status.st_mode & S_IFMT == S_IFDIR { throw Errno.isDirectory }
                descriptor = try Self.openInPlace(target.path)
                destination = .descriptor
            case .name:
                let (folder, name) = Self.folderAndName(of: target.path)
                let temporaryPath: String?
                (descriptor, temporaryPath) = try Self.create(in: folder, isNameless: isNameless)
                destination = .name(name, folder: folder, temporaryPath: temporaryPath)
            }
        } catch {
            throw Self.failure(path, "cannot be created", error)
        }
    }

    /// A file to write in any order and to read back, which never gets a name: in this one's folder, or in the folder for temporary files
    /// where this one has none.
    func scratchFile() throws(EngineError) -> OutputFile { try OutputFile(scratchFor: self) }

    private init(scratchFor output: OutputFile) throws(EngineError) {
        path = output.path
        var folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        if case .name(_, let folderOfOutput, _) = output.destination { folder = folderOfOutput }
        do {
            let temporaryPath: String?
            (descriptor, temporaryPath) = try Self.create(in: folder, isNameless: true)
            destination = .nowhere(temporaryPath: temporaryPath)
        } catch {
            throw Self.failure(path, "a file beside it cannot be created in \(folder)", error)
        }
    }

    /// Whether bytes can be written at any offset, and read back; false for pipes, devices and open descriptors.
    var isRandomAccess: Bool {
        if case .descriptor = destination { false } else { true }
    }

    /// The path at which its bytes can be read before it is committed; nil where they cannot.
    var unfinishedPath: String? {
        switch destination {
        case .descriptor: nil
        case .name, .nowhere: destination.temporaryPath ?? Self.descriptorPath(descriptor)
        }
    }

    /// Whether nothing is lost if it is discarded and begun anew: false once a pipe or a device has been given something.
    var canBeginAnew: Bool { isRandomAccess || writtenByteCount.load(ordering: .relaxed) == 0 }

    /// Writes all of `bytes` at an offset; from any thread. A destination that is not random access takes them in their order only.
    func write(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws(EngineError) {
        do {
            if isRandomAccess {
                try descriptor.writeAll(toAbsoluteOffset: Int64(byteOffset), bytes)
            } else {
                guard byteOffset == writtenByteCount.load(ordering: .relaxed) else { throw Errno.illegalSeek }
                try descriptor.writeAllWaiting(bytes)
                writtenByteCount.store(byteOffset + bytes.count, ordering: .relaxed)
            }
        } catch {
            throw Self.failure(path, "cannot be written", error)
        }
    }

    public func write(_ bytes: [UInt8], at byteOffset: Int) throws(EngineError) {
        try bytes.withBytes { raw throws(EngineError) in try write(raw, at: byteOffset) }
    }

    /// Reads back what was written.
    func read(_ buffer: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(EngineError) {
        var filled = 0
        while filled < buffer.count {
            let count: Int
            do {
                count = try descriptor.read(
                    fromAbsoluteOffset: Int64(byteOffset + filled), into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            } catch {
                throw Self.failure(path, "cannot be read back", error)
            }
            guard count > 0 else { throw EngineError(.inputOutput, path: path, "the file became shorter while it was written") }
            filled += count
        }
    }

    /// Writes a file of these bytes, whole or not at all.
    public static func write(_ bytes: [UInt8], to path: String) throws(EngineError) {
        let file = try OutputFile(path: path)
        do throws(EngineError) {
            try file.write(bytes, at: 0)
        } catch {
            file.discard()
            throw error
        }
        try file.commit()
    }

    /// Gives the file its name, after its bytes have reached the disk. Only the first `commit` or `discard` does anything.
    ///
    /// - Throws: `EngineError` of category `.inputOutput`; the file that was there before, if any, is then as it was.
    public func commit() throws(EngineError) {
        guard isOpen.exchange(false, ordering: .sequentiallyConsistent) else { return }
        do {
            if case .name(let name, let folder, let temporaryPath) = destination {
                try takePlace(of: folder + "/" + name, in: folder, temporaryPath)
            }
            try descriptor.close()
        } catch {
            removeTemporary()
            throw Self.failure(path, "cannot be written", error)
        }
    }

    /// Closes the file and removes it, unless it was committed or discarded before.
    public func discard() {
        guard isOpen.exchange(false, ordering: .sequentiallyConsistent) else { return }
        try? descriptor.close()
        removeTemporary()
    }

    /// Removes all unfinished files of the process, and calls `end`, which must end the process: no file gets its name any more.
    public static func discardAll(before end: () -> Void) {
        temporaryPaths.withLock { paths in
            for path in paths { unlink(path) }
            end()
        }
    }

    /// Whether a path leads to a descriptor that some process has open: such an output is written to, and the file behind it stays.
    public static func leadsToDescriptor(_ path: String) -> Bool { LinkTarget(of: path).kind != .name }

    // MARK: Names

    /// The folder of a path, by its real path if it has one, and the name in it.
    static func folderAndName(of path: String) -> (folder: String, name: String) {
        let name = LinkTarget.lastName(of: path)
        let folder = String(path.dropLast(name.count))
        guard let resolved = realpath(folder.isEmpty ? "." : folder, nil) else { return (folder, name) }
        defer { free(resolved) }
        return (String(cString: resolved), name)
    }

    private static func failure(_ path: String, _ what: String, _ error: any Error) -> EngineError {
        EngineError(.inputOutput, path: path, "\(what): \(error)", remedy: "check the folder, its permissions and the free space")
    }

    private static func descriptorPath(_ descriptor: FileDescriptor) -> String { "/proc/self/fd/\(descriptor.rawValue)" }

    /// A name that no file has: random, since processes in two containers have the same number and may share a folder.
    private static func temporaryPath(in folder: String) -> String {
        folder + "/.xent-" + String(UInt64.random(in: .min ... .max), radix: 16) + ".unfinished"
    }

    // MARK: Opening

    /// Opens a pipe, a device, or the file behind another process's descriptor, which is added to.
    private static func openInPlace(_ path: String) throws -> FileDescriptor {
        try FileDescriptor.open(FilePath(path), .writeOnly, options: [.append, .closeOnExec], retryOnInterrupt: true)
    }

    /// Makes a file in a folder, without a name where that is possible.
    private static func create(in folder: String, isNameless: Bool) throws -> (FileDescriptor, temporaryPath: String?) {
        if isNameless, let descriptor = try createNameless(in: folder) { return (descriptor, nil) }
        let path = temporaryPath(in: folder)
        let result = temporaryPaths.withLock { paths in
            Result {
                let descriptor = try FileDescriptor.open(
                    FilePath(path), .readWrite, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead], retryOnInterrupt: true)
                paths.insert(path)
                return descriptor
            }
        }
        return (try result.get(), path)
    }

    /// - Returns: nil where the system or the file system knows no such files, or could not name them.
    private static func createNameless(in folder: String) throws -> FileDescriptor? {
        #if os(Linux)
        // O_TMPFILE, which Swift does not import: this bit, and that of O_DIRECTORY.
        let number = open(folder.isEmpty ? "/" : folder, 0o20000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o644 as mode_t)
        guard number >= 0 else {
            // A kernel that does not know the bit opens the folder.
            if [EOPNOTSUPP, EINVAL, EISDIR].contains(errno) { return nil }
            throw Errno(rawValue: errno)
        }
        let descriptor = FileDescriptor(rawValue: number)
        guard access(descriptorPath(descriptor), F_OK) == 0 else {
            try? descriptor.close()
            return nil
        }
        return descriptor
        #else
        return nil
        #endif
    }

    // MARK: Finishing

    private func removeTemporary() {
        guard let path = destination.temporaryPath else { return }
        Self.temporaryPaths.withLock { paths in
            if paths.remove(path) != nil { unlink(path) }
        }
    }

    private func takePlace(of target: String, in folder: String, _ temporaryPath: String?) throws {
        var status = stat()
        if stat(target, &status) == 0 {
            // Only root can give a file away; whoever may replace another's file has his own then.
            _ = fchown(descriptor.rawValue, status.st_uid, status.st_gid)
            guard fchmod(descriptor.rawValue, status.st_mode & 0o777) == 0 else { throw Errno(rawValue: errno) }
        }
        try Self.sync(descriptor)
        let code = Self.temporaryPaths.withLock { paths -> CInt in
            let path = temporaryPath ?? Self.temporaryPath(in: folder)
            if temporaryPath == nil,
                linkat(AT_FDCWD, Self.descriptorPath(descriptor), AT_FDCWD, path, AT_SYMLINK_FOLLOW) != 0
            {
                return errno
            }
            let code = rename(path, target) == 0 ? 0 : errno
            // After a failure it may be needed: `removeTemporary` removes it.
            if code == 0 { paths.remove(path) } else if temporaryPath == nil { unlink(path) }
            return code
        }
        switch code {
        case 0: try Self.syncFolder(folder)
        case EBUSY:
            // A mount, as containers make for single files, keeps it from being replaced.
            try overwrite(target)
            removeTemporary()
        default: throw Errno(rawValue: code)
        }
    }

    /// Copies the bytes into the file that is there.
    private func overwrite(_ target: String) throws {
        let file = try FileDescriptor.open(
            FilePath(target), .writeOnly, options: [.truncate, .closeOnExec], retryOnInterrupt: true)
        try file.closeAfter {
            var piece = [UInt8](repeating: 0, count: 1 << 20)
            var byteOffset: Int64 = 0
            while true {
                let count = try piece.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: byteOffset, into: $0) }
                if count == 0 { break }
                try piece.withUnsafeBytes { try file.writeAllWaiting(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                byteOffset += Int64(count)
            }
            try Self.sync(file)
        }
    }

    private static func sync(_ descriptor: FileDescriptor) throws {
        while fsync(descriptor.rawValue) != 0 {
            // Some file systems have nothing to wait for.
            if errno == EINVAL || errno == ENOTSUP { return }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    /// Has the disk know the file's name. A folder that may be written to and not read cannot be opened for this.
    private static func syncFolder(_ folder: String) throws {
        guard let descriptor = try? FileDescriptor.open(FilePath(folder), .readOnly, options: [.directory, .closeOnExec]) else { return }
        try descriptor.closeAfter { try sync(descriptor) }
    }
}

extension FileDescriptor {
    fileprivate func writeAll(toAbsoluteOffset offset: Int64, _ bytes: UnsafeRawBufferPointer) throws {
        var written = 0
        while written < bytes.count {
            written += try write(
                toAbsoluteOffset: offset + Int64(written), UnsafeRawBufferPointer(rebasing: bytes[written...]), retryOnInterrupt: true)
        }
    }

    /// Writes all in order, also to a pipe that somebody has made not to wait.
    fileprivate func writeAllWaiting(_ bytes: UnsafeRawBufferPointer) throws {
        var written = 0
        while written < bytes.count {
            do {
                written += try write(UnsafeRawBufferPointer(rebasing: bytes[written...]), retryOnInterrupt: true)
            } catch Errno.resourceTemporarilyUnavailable {
                var request = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            }
        }
    }
}
