internal import Messages
internal import ObjectStore
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Makes the byte source of a path: of a regular file, a named pipe, or standard input.
enum SourcePath {
    /// The path that stands for standard input.
    static let standardInput = "-"

    /// Opens the file at `path` for reading, or standard input where the path is `-` or leads to descriptor 0, as `/dev/stdin` does.
    ///
    /// Standard input that is a regular file begins at the descriptor's offset: another process may have read a part of it before. A named
    /// pipe is waited for until it has its first writer.
    ///
    /// - Throws: `ContainerError` of the kinds that a failure to open can have, `.readFailed` and `.cancelled`.
    static func source(of path: String, isCancelled: (@Sendable () -> Bool)?) throws(ContainerError) -> any ByteSource {
        if path == standardInput { return try standardInputSource(path: path) }
        // A C string ends at its first NUL: the system would open another file than the one that was named.
        if path.utf8.contains(0) || path.isEmpty {
            throw ContainerError(path: path, kind: .notFound, problem: "no file can have this name")
        }
        if ObjectStore.isURL(path) { return try RemoteSource.source(of: path, isCancelled: isCancelled) }
        let kind = LinkTarget(of: path).kind
        if kind == .descriptor(0) { return try standardInputSource(path: path) }
        let status: Stat
        do { status = try FilePath(platformString: FileName.cString(path)).stat() } catch { throw openingError(error, path: path) }
        switch status.type {
        case .regular:
            if mayBeMadeWhenRead(status), let made = try sourceMadeWhenRead(path) { return made }
            return try kind == .name ? FileSource(path: path, cache: .shared) : FileSource(descriptorPath: path)
        case .fifo: return try namedPipe(path, isCancelled)
        default: throw typeError(status.type, path: path)
        }
    }

    private static func standardInputSource(path: String) throws(ContainerError) -> any ByteSource {
        // A descriptor that is closed, or cannot be read, is no standard input.
        let flags = fcntl(0, F_GETFL)
        guard flags >= 0, flags & O_ACCMODE != O_WRONLY else {
            throw ContainerError(
                path: path, kind: .cannotOpen, problem: "there is none: it was closed", remedy: "redirect a file or a pipe to it")
        }
        switch try status(of: .standardInput, path: path).type {
        case .regular:
            if try mayBeMadeWhenRead(status(of: .standardInput, path: path)), isMadeWhenRead(.standardInput) {
                return RewindableSource.standardInput
            }
            return try FileSource(.standardInput, closesWhenDone: false, path: path, firstByteOffset: Int(lseek(0, 0, SEEK_CUR)))
        case .directory: throw typeError(.directory, path: path)
        default: return RewindableSource.standardInput
        }
    }

    /// Returns true for a file whose size may be a lie: the kernel makes the files of `/proc` and `/sys` when they are read. The first have
    /// a size of 0, the others one of a page, and neither has blocks on a disk.
    private static func mayBeMadeWhenRead(_ status: Stat) -> Bool { status.size <= 0 || status.blocksAllocated == 0 }

    /// Returns true if a file has another number of bytes than its size says.
    private static func isMadeWhenRead(_ descriptor: FileDescriptor) -> Bool {
        guard let size = try? Int64(descriptor.stat().size) else { return false }
        var byte: UInt8 = 0
        return withUnsafeMutableBytes(of: &byte) { byte in
            if let count = try? descriptor.read(fromAbsoluteOffset: max(0, size), into: byte), count > 0 { return true }
            guard size > 0, let count = try? descriptor.read(fromAbsoluteOffset: size - 1, into: byte) else { return false }
            return count == 0
        }
    }

    /// Opens a file that the kernel makes when it is read, as a stream; nil for any other file.
    private static func sourceMadeWhenRead(_ path: String) throws(ContainerError) -> PipeSource? {
        let descriptor = try open(path)
        guard isMadeWhenRead(descriptor) else {
            try? descriptor.close()
            return nil
        }
        return PipeSource(descriptor: descriptor.rawValue, name: path, closesWhenDone: true)
    }

    private static func namedPipe(_ path: String, _ isCancelled: (() -> Bool)?) throws(ContainerError) -> any ByteSource {
        let descriptor = try open(path)
        // Closes the descriptor in any case.
        let source = PipeSource(descriptor: descriptor.rawValue, name: path, closesWhenDone: true)
        let type = try status(of: descriptor, path: path).type
        guard type == .fifo else { throw typeError(type, path: path) }
        // Before its first writer comes a pipe reads as one that has ended.
        do throws(ByteSourceError) { try source.wait(isCancelled: isCancelled) } catch { throw ContainerError(error, path: path) }
        return source
    }

    /// Opens the file at `path` for reading.
    ///
    /// - Throws: `.notFound`, `.notRegularFile`, `.permissionDenied`, `.tooManyOpenFiles`, `.cannotOpen`.
    static func open(_ path: String) throws(ContainerError) -> FileDescriptor {
        do {
            // Without O_NONBLOCK a device, or a pipe that nobody writes to yet, could hold us up here.
            return try FileDescriptor.open(FilePath(platformString: FileName.cString(path)), .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch {
            throw openingError(error as? Errno ?? .ioError, path: path)
        }
    }

    /// The status of an open descriptor.
    ///
    /// - Throws: `.readFailed`.
    static func status(of descriptor: FileDescriptor, path: String) throws(ContainerError) -> Stat {
        do {
            return try descriptor.stat()
        } catch {
            throw ContainerError(path: path, kind: .readFailed, problem: "its status cannot be read: \(error)")
        }
    }

    /// The error for a path that names a directory, a device or a socket.
    static func typeError(_ type: FileType, path: String) -> ContainerError {
        if type == .directory {
            return ContainerError(path: path, kind: .isDirectory, problem: "this is a directory", remedy: "name the files in it")
        }
        return ContainerError(
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
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem:
            ContainerError(path: path, kind: .tooManyOpenFiles, problem: "cannot be opened: \(code)", remedy: ContainerError.openFewer)
        case .noSuchAddressOrDevice:
            // The error of open(2) for a socket.
            typeError(.socket, path: path)
        default:
            ContainerError(path: path, kind: .cannotOpen, problem: "cannot be opened: \(code)")
        }
    }
}
