import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An open regular file, read at absolute offsets, so that any number of threads can share it.
final class StoredFile: Sendable {
    /// The name that it was opened by.
    let path: String
    /// Its size when it was opened.
    let byteCount: Int
    private let descriptor: FileDescriptor

    /// Opens the file at `path` for reading.
    ///
    /// - Throws: `ContainerError` of the kinds that a failure to open can have, and `.readFailed`.
    init(path: String) throws(ContainerError) {
        // A C string ends at its first NUL: the system would open another file than the one that was named.
        if path.utf8.contains(0) || path.isEmpty {
            throw ContainerError(path: path, kind: .notFound, problem: "no file can have this name")
        }
        let descriptor: FileDescriptor
        do {
            // Without O_NONBLOCK a pipe would block here until somebody writes to it.
            descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch {
            throw Self.openingError(error as? Errno ?? .ioError, path: path)
        }
        let status: Stat
        do {
            status = try descriptor.stat()
        } catch {
            try? descriptor.close()
            throw ContainerError(path: path, kind: .readFailed, problem: "its status cannot be read: \(error)")
        }
        guard status.type == .regular else {
            try? descriptor.close()
            if status.type == .directory {
                throw ContainerError(
                    path: path, kind: .isDirectory, problem: "this is a directory", remedy: "name the files in it")
            }
            throw ContainerError(
                path: path, kind: .notRegularFile, problem: "this is a pipe, a device or a socket, not a regular file",
                remedy: "write it to a file first")
        }
        self.path = path
        self.byteCount = max(0, Int(clamping: status.size))
        self.descriptor = descriptor
    }

    deinit {
        // Nothing was written, so there is nothing that closing could lose.
        try? descriptor.close()
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
            ContainerError(
                path: path, kind: .notRegularFile, problem: "this is a pipe, a device or a socket, not a regular file",
                remedy: "write it to a file first")
        default:
            ContainerError(path: path, kind: .cannotOpen, problem: "cannot be opened: \(code)")
        }
    }

    /// Fills `buffer` with the bytes from `byteOffset` on, which must lie within the file as it was opened.
    ///
    /// - Throws: `.readFailed`; `.fileChanged` where the file has become shorter.
    func read(at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ContainerError) {
        var filled = 0
        while filled < buffer.count {
            let count: Int
            do {
                count = try descriptor.read(
                    fromAbsoluteOffset: Int64(byteOffset + filled),
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            } catch {
                throw ContainerError(
                    path: path, kind: .readFailed, byteOffset: byteOffset + filled, problem: "reading failed: \(error)")
            }
            if count == 0 {
                throw ContainerError(
                    path: path, kind: .fileChanged, byteOffset: byteOffset + filled,
                    problem: "the file became shorter while it was being read", found: "the end here",
                    allowed: "\(byteCount) bytes, as when it was opened", remedy: "let it be finished first")
            }
            filled += count
        }
    }

    /// Tells the kernel that a range of the file is wanted soon. Never fails: it is advice.
    func adviseWillNeed(_ range: Range<Int>) {
        #if os(Linux)
            _ = posix_fadvise(descriptor.rawValue, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_WILLNEED)
        #endif
    }
}
