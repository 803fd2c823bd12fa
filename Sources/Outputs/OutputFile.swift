internal import Container
internal import Locking
internal import Messages
internal import Synchronization
internal import SystemPackage
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file that appears whole or not at all. It is written without a name in its folder, and named at the end.
///
/// A symbolic link is followed: the file that it points to is replaced, or made if it is missing. A replaced file keeps its mode and owner.
/// Pipes, devices, and paths that lead to an open descriptor (`/dev/stdout`, `/dev/fd/3`) are written to in order, and never replaced.
///
/// On Linux an unfinished file has no name (O_TMPFILE), so nothing is left of it, whatever ends the process. If the file system has no such
/// files, the file has a random name, which `discard` and `discardAll` remove.
public final class OutputFile: Sendable {
    /// The path as it was given.
    public let path: String
    private let descriptor: FileDescriptor
    private let destination: Destination
    /// The number of bytes written to a destination that is written in order. Relaxed: it has one writer.
    private let writtenByteCount = Atomic<Int>(0)
    private let isOpen = Atomic<Bool>(true)

    private enum Destination {
        /// An open descriptor, to which the bytes are written.
        case descriptor
        /// A name in a folder, which the file gets at the end.
        case name(String, folder: String, temporaryPath: String?)
        /// No name: the writer reads the file back, and then it is gone.
        case nowhere(temporaryPath: String?)

        var temporaryPath: String? {
            switch self {
            case .descriptor: nil
            case .name(_, _, let temporaryPath), .nowhere(let temporaryPath): temporaryPath
            }
        }
    }

    /// The paths of unfinished files that have one. Files get their names with the lock held, so that `discardAll` finds every one.
    private static let temporaryPaths = Lock<Set<String>>([])

    /// Opens the file for writing. Nothing is seen under its name until `commit`.
    ///
    /// - Throws: `OutputError`.
    public convenience init(path: String) throws(OutputError) {
        try self.init(path: path, isNameless: true)
    }

    /// Opens the file for writing.
    ///
    /// - Parameter isNameless: false in tests of file systems without nameless files.
    init(path: String, isNameless: Bool) throws(OutputError) {
        self.path = path
        let target = LinkTarget(of: path)
        do {
            var status = stat()
            switch target.kind {
            case .descriptor(let number):
                // A duplicate shares the descriptor's offset and its append mode. The file opened anew would share neither.
                let duplicate = fcntl(number, F_DUPFD_CLOEXEC, 3)
                guard duplicate >= 0 else { throw Errno(rawValue: errno) }
                descriptor = FileDescriptor(rawValue: duplicate)
                destination = .descriptor
            case .foreignDescriptor:
                descriptor = try Self.openInPlace(target.path)
                destination = .descriptor
            case .name where stat(FileName.cString(target.path), &status) == 0 && status.st_mode & S_IFMT != S_IFREG:
                if status.st_mode & S_IFMT == S_IFDIR { throw Errno.isDirectory }
                descriptor = try Self.openInPlace(target.path)
                destination = .descriptor
            case .name:
                // Links in a circle, a name that is too long: no file could get this name when the work is done.
                if stat(target.path, &status) != 0, errno != ENOENT { throw Errno(rawValue: errno) }
                let (folder, name) = target.folderAndName
                guard Self.temporaryPath(in: folder).utf8.count < Int(PATH_MAX) else { throw Errno.fileNameTooLong }
                let temporaryPath: String?
                (descriptor, temporaryPath) = try Self.create(in: folder, isNameless: isNameless)
                destination = .name(name, folder: folder, temporaryPath: temporaryPath)
            }
        } catch {
            throw Self.failure(path, "cannot be created", error)
        }
    }

    /// Makes a file that is written in any order and read back, and never gets a name. It lies in this file's folder, or in the folder for
    /// temporary files if this file has none.
    ///
    /// - Throws: `OutputError`.
    public func scratchFile() throws(OutputError) -> OutputFile { try OutputFile(scratchFor: self) }

    private init(scratchFor output: OutputFile) throws(OutputError) {
        path = output.path
        var folder = getenv("TMPDIR").map { FileName.text($0) } ?? "/tmp"
        if case .name(_, let folderOfOutput, _) = output.destination { folder = folderOfOutput }
        do {
            let temporaryPath: String?
            (descriptor, temporaryPath) = try Self.create(in: folder, isNameless: true)
            destination = .nowhere(temporaryPath: temporaryPath)
        } catch {
            throw Self.failure(path, "a file beside it cannot be created in \(folder)", error)
        }
    }

    /// Lets everyone read the file, whatever the process's umask is: for programs of other users that collect it. A file that is replaced
    /// keeps its mode all the same. Does nothing for pipes, devices and open descriptors.
    public func letEveryoneRead() {
        if isRandomAccess { _ = fchmod(descriptor.rawValue, 0o644) }
    }

    /// True if bytes can be written at any offset and read back; false for pipes, devices and open descriptors.
    public var isRandomAccess: Bool {
        if case .descriptor = destination { false } else { true }
    }

    /// The path at which the bytes can be read before the file is committed; nil if they cannot.
    public var unfinishedPath: String? {
        switch destination {
        case .descriptor: nil
        case .name, .nowhere: destination.temporaryPath ?? Self.descriptorPath(descriptor)
        }
    }

    /// True if nothing is lost when the file is discarded and begun anew; false once bytes went to a pipe or a device.
    public var canBeginAnew: Bool { isRandomAccess || writtenByteCount.load(ordering: .relaxed) == 0 }

    /// Writes all of `bytes` at an offset, from any thread. A destination without random access takes bytes in order only.
    ///
    /// - Throws: `OutputError`.
    public func write(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws(OutputError) {
        do { try writeAll(bytes, at: byteOffset) } catch { throw Self.failure(path, "cannot be written", error) }
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws {
        if isRandomAccess {
            try descriptor.writeAll(toAbsoluteOffset: Int64(byteOffset), bytes)
        } else {
            guard byteOffset == writtenByteCount.load(ordering: .relaxed) else { throw Errno.illegalSeek }
            try descriptor.writeAllWaiting(bytes)
            writtenByteCount.store(byteOffset + bytes.count, ordering: .relaxed)
        }
    }

    /// Writes all of `bytes` at an offset, from any thread. A destination without random access takes bytes in order only.
    ///
    /// - Throws: `OutputError`.
    public func write(_ bytes: [UInt8], at byteOffset: Int) throws(OutputError) {
        do {
            try bytes.withUnsafeBytes { try writeAll($0, at: byteOffset) }
        } catch {
            throw Self.failure(path, "cannot be written", error)
        }
    }

    /// Reads written bytes back until `buffer` is full.
    ///
    /// - Throws: `OutputError`.
    public func read(_ buffer: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(OutputError) {
        var filled = 0
        while filled < buffer.count {
            let count: Int
            do {
                count = try descriptor.read(
                    fromAbsoluteOffset: Int64(byteOffset + filled), into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            } catch {
                throw Self.failure(path, "cannot be read back", error)
            }
            guard count > 0 else { throw OutputError(path: path, problem: "the file became shorter while it was written", remedy: nil) }
            filled += count
        }
    }

    /// Writes `bytes` to a file, whole or not at all.
    ///
    /// - Throws: `OutputError`.
    public static func write(_ bytes: [UInt8], to path: String) throws(OutputError) {
        let file = try OutputFile(path: path)
        do throws(OutputError) {
            try file.write(bytes, at: 0)
        } catch {
            file.discard()
            throw error
        }
        try file.commit()
    }

    /// Gives the file its name, after its bytes have reached the disk. Only the first call of `commit` or `discard` does anything.
    ///
    /// - Throws: `OutputError`. A file that had the name before is then unchanged.
    public func commit() throws(OutputError) {
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

    /// Removes the file that a path leads to, links followed: the one that `commit` puts there. It is no error if there is none.
    ///
    /// - Throws: `OutputError`.
    public static func remove(_ path: String) throws(OutputError) {
        let target = LinkTarget(of: path)
        guard target.kind == .name, unlink(FileName.cString(target.path)) != 0, errno != ENOENT else { return }
        throw failure(path, "cannot be removed", Errno(rawValue: errno))
    }

    /// Removes all unfinished files of the process, and calls `end`, which must end the process. No file gets its name any more.
    public static func discardAll(before end: () -> Void) {
        temporaryPaths.withLock { paths in
            for path in paths { unlink(FileName.cString(path)) }
            end()
        }
    }

    /// Removes the unfinished files of the process that have paths, without waiting and without memory: for a process that has to end
    /// because it has none. Nothing is removed if a thread is giving a file its name at the moment.
    public static func discardAllWithoutWaiting() {
        _ = temporaryPaths.withLockIfFree { paths in
            for path in paths { unlink(path) }
        }
    }

    /// Returns true if a path leads to a descriptor that some process has open. Such an output is written to, and the file behind it stays.
    public static func leadsToDescriptor(_ path: String) -> Bool { LinkTarget(of: path).kind != .name }

    // MARK: Names

    private static func failure(_ path: String, _ what: String, _ error: any Error) -> OutputError {
        OutputError(path: path, problem: "\(what): \(error)", remedy: remedy(for: error as? Errno))
    }

    private static func remedy(for code: Errno?) -> String {
        switch code {
        case .tooManyOpenFiles?, .tooManyOpenFilesInSystem?: "raise the limit of open files (ulimit -n)"
        case .fileTooLarge?: "raise the limit of a file's size (ulimit -f), or choose another file system"
        case .brokenPipe?: "let its reader read to the end"
        case .fileNameTooLong?: "give it a shorter name"
        default: "check the folder, its permissions and the free space"
        }
    }

    private static func descriptorPath(_ descriptor: FileDescriptor) -> String { "/proc/self/fd/\(descriptor.rawValue)" }

    /// Makes a name that no file has. It is random, since processes in two containers may have the same number and share a folder.
    private static func temporaryPath(in folder: String) -> String {
        folder + "/.xent-" + String(UInt64.random(in: .min ... .max), radix: 16) + ".unfinished"
    }

    // MARK: Opening

    /// Opens a pipe, a device, or the file behind another process's descriptor. Bytes are appended to it.
    private static func openInPlace(_ path: String) throws -> FileDescriptor {
        try FileDescriptor.open(FilePath(platformString: FileName.cString(path)), .writeOnly, options: [.append, .closeOnExec], retryOnInterrupt: true)
    }

    /// Makes a file in a folder, without a name where that is possible.
    private static func create(in folder: String, isNameless: Bool) throws -> (FileDescriptor, temporaryPath: String?) {
        if isNameless, let descriptor = createNameless(in: folder) { return (descriptor, nil) }
        let path = temporaryPath(in: folder)
        let result = temporaryPaths.withLock { paths in
            Result {
                let descriptor = try FileDescriptor.open(
                    FilePath(platformString: FileName.cString(path)), .readWrite, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead], retryOnInterrupt: true)
                paths.insert(path)
                return descriptor
            }
        }
        return (try result.get(), path)
    }

    /// Makes a file without a name.
    ///
    /// - Returns: nil if the system or the file system knows no such files, or could not name them. The reasons for which no file can be
    ///   made at all are found when one with a name is tried.
    private static func createNameless(in folder: String) -> FileDescriptor? {
        #if os(Linux)
        // O_TMPFILE is not imported by Swift. It is this bit and the bit of O_DIRECTORY.
        let number = open(FileName.cString(folder.isEmpty ? "/" : folder), 0o20000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o644 as mode_t)
        guard number >= 0 else { return nil }
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

    /// Removes the unfinished file, if it has a path.
    private func removeTemporary() {
        guard let path = destination.temporaryPath else { return }
        Self.temporaryPaths.withLock { paths in
            if paths.remove(path) != nil { unlink(FileName.cString(path)) }
        }
    }

    /// Gives the file its name, with the mode and the owner of the file that it replaces.
    private func takePlace(of target: String, in folder: String, _ temporaryPath: String?) throws {
        var status = stat()
        if stat(FileName.cString(target), &status) == 0 {
            guard fchmod(descriptor.rawValue, status.st_mode & 0o777) == 0 else { throw Errno(rawValue: errno) }
            // Only root can give a file away. Anyone else who may replace the file of another user becomes its owner.
            _ = fchown(descriptor.rawValue, status.st_uid, status.st_gid)
        }
        try Self.sync(descriptor)
        let code = Self.temporaryPaths.withLock { paths -> CInt in
            let path = temporaryPath ?? Self.temporaryPath(in: folder)
            if temporaryPath == nil, !link(to: path) {
                // Some file systems and some rules of security give such files no name.
                do throws(Errno) { try copy(to: path) } catch { return error.rawValue }
            }
            let code = rename(FileName.cString(path), FileName.cString(target)) == 0 ? 0 : errno
            // After a failure the path stays, since `removeTemporary` has to remove the file.
            if code == 0 { paths.remove(path) } else if temporaryPath == nil { unlink(FileName.cString(path)) }
            return code
        }
        switch code {
        case 0: try Self.syncFolder(folder)
        case EBUSY:
            // A file that is a mount, as containers make them, cannot be replaced.
            try overwrite(target)
            removeTemporary()
        default: throw Errno(rawValue: code)
        }
    }

    /// Gives the nameless file a name that no file has.
    private func link(to path: String) -> Bool {
        linkat(AT_FDCWD, Self.descriptorPath(descriptor), AT_FDCWD, FileName.cString(path), AT_SYMLINK_FOLLOW) == 0
    }

    /// Copies the bytes and the mode to a new file. If that fails there is no such file.
    private func copy(to path: String) throws(Errno) {
        do {
            var status = stat()
            guard fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
            let file = try FileDescriptor.open(
                FilePath(platformString: FileName.cString(path)), .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec], permissions: .ownerReadWrite,
                retryOnInterrupt: true)
            do {
                guard fchmod(file.rawValue, status.st_mode & 0o777) == 0 else { throw Errno(rawValue: errno) }
                _ = fchown(file.rawValue, status.st_uid, status.st_gid)
                try copy(to: file)
            } catch {
                unlink(FileName.cString(path))
                throw error
            }
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// Copies the bytes into the file that has the name.
    private func overwrite(_ target: String) throws {
        try copy(
            to: FileDescriptor.open(
                FilePath(platformString: FileName.cString(target)), .writeOnly, options: [.truncate, .closeOnExec], retryOnInterrupt: true))
    }

    /// Copies the bytes to an open file, waits until they are on the disk, and closes it.
    private func copy(to file: FileDescriptor) throws {
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

    /// Makes the file's name reach the disk. A folder that may be written to but not read cannot be opened for this.
    private static func syncFolder(_ folder: String) throws {
        guard let descriptor = try? FileDescriptor.open(FilePath(platformString: FileName.cString(folder)), .readOnly, options: [.directory, .closeOnExec]) else { return }
        try descriptor.closeAfter { try sync(descriptor) }
    }
}

extension FileDescriptor {
    /// Writes all bytes from an offset on.
    fileprivate func writeAll(toAbsoluteOffset offset: Int64, _ bytes: UnsafeRawBufferPointer) throws {
        var written = 0
        while written < bytes.count {
            written += try write(
                toAbsoluteOffset: offset + Int64(written), UnsafeRawBufferPointer(rebasing: bytes[written...]), retryOnInterrupt: true)
        }
    }

    /// Writes all bytes in order, even to a pipe in non-blocking mode.
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
