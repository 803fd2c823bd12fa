internal import Messages
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A regular file, read at absolute offsets, so that any number of threads can share it.
///
/// The file is open only while it is read: its descriptor is one of a bounded number that the process has for all files, and is opened
/// again by the file's path when it is needed. A file that is then another than before (in device, number, size or time of modification)
/// gives `.fileChanged`. A relative path is taken from the working directory, which must stay the same.
///
/// A path that leads to an open descriptor, such as `/dev/fd/3`, cannot be opened again at will; that descriptor stays open as long as the
/// source exists.
public final class FileSource: ByteSource {
    /// The path, as it was given.
    public let name: String
    private let place: Place
    /// The offset in the file that is read as byte 0.
    private let firstByteOffset: Int
    private let sizeWhenOpened: Int
    private let identityWhenOpened: ByteSourceIdentity

    private enum Place {
        /// A path that is opened when its bytes are needed.
        case path(String, DescriptorCache.Slot, DescriptorCache)
        /// A descriptor that stays open.
        case descriptor(FileDescriptor, closesWhenDone: Bool)
    }

    /// Opens the regular file at `path`.
    ///
    /// - Throws: `ContainerError` of kind `.notFound`, `.isDirectory`, `.notRegularFile`, `.permissionDenied`, `.cannotOpen`,
    ///   `.tooManyOpenFiles` or `.readFailed`.
    public convenience init(path: String) throws(ContainerError) {
        if LinkTarget(of: path).kind == .name {
            try self.init(path: path, cache: .shared)
        } else {
            try self.init(descriptorPath: path)
        }
    }

    /// Opens a path that leads to an open descriptor.
    convenience init(descriptorPath path: String) throws(ContainerError) {
        let descriptor = try SourcePath.open(path)
        do throws(ContainerError) {
            try self.init(descriptor, closesWhenDone: true, path: path, firstByteOffset: 0)
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    /// Opens the regular file at `path` with a descriptor of `cache`.
    init(path: String, cache: DescriptorCache) throws(ContainerError) {
        let slot = DescriptorCache.Slot()
        do throws(ContainerError) {
            let status = try cache.withDescriptor(of: slot, open: { () throws(ContainerError) in try SourcePath.open(path) }) {
                (descriptor) throws(ContainerError) in try SourcePath.status(of: descriptor, path: path)
            }
            guard status.type == .regular else { throw SourcePath.typeError(status.type, path: path) }
            name = path
            place = .path(path, slot, cache)
            firstByteOffset = 0
            sizeWhenOpened = max(0, Int(clamping: status.size))
            identityWhenOpened = ByteSourceIdentity(status)
        } catch {
            cache.forget(slot)
            throw error
        }
    }

    /// Takes a descriptor that is open already.
    ///
    /// - Parameters:
    ///   - path: The name for messages.
    ///   - firstByteOffset: The offset in the file that is read as byte 0. Beyond the file's end there is nothing.
    init(
        _ descriptor: FileDescriptor, closesWhenDone: Bool, path: String, firstByteOffset: Int
    ) throws(ContainerError) {
        let status = try SourcePath.status(of: descriptor, path: path)
        guard status.type == .regular else { throw SourcePath.typeError(status.type, path: path) }
        let fileByteCount = max(0, Int(clamping: status.size))
        name = path
        self.firstByteOffset = max(0, min(fileByteCount, firstByteOffset))
        sizeWhenOpened = fileByteCount - self.firstByteOffset
        identityWhenOpened = ByteSourceIdentity(status)
        // Last: where an error is thrown, the descriptor stays the caller's.
        place = .descriptor(descriptor, closesWhenDone: closesWhenDone)
    }

    deinit {
        switch place {
        case .path(_, let slot, let cache): cache.forget(slot)
        case .descriptor(let descriptor, let closesWhenDone):
            // Nothing was written, so there is nothing that closing could lose.
            if closesWhenDone { try? descriptor.close() }
        }
    }

    /// The file's size in bytes when it was opened.
    public var byteCount: Int? { sizeWhenOpened }

    /// Any part of the file can be read.
    public var access: ByteAccess { .random }

    /// True.
    public var isLocal: Bool { true }

    /// The file's device, number, size and time of modification at the moment.
    ///
    /// - Throws: `.readFailed`; `.fileChanged` where the path leads to another file.
    public func identity() throws(ByteSourceError) -> ByteSourceIdentity? {
        try withDescriptor { (descriptor) throws(ByteSourceError) in
            do {
                return ByteSourceIdentity(try descriptor.stat())
            } catch {
                throw ByteSourceError(problem: "its status cannot be read: \(error)")
            }
        }
    }

    /// Reads bytes from `byteOffset` on. Reading a file is not a wait that could be cancelled.
    ///
    /// - Throws: `.readFailed`; `.fileChanged` where the path leads to another file.
    public func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        let (fileByteOffset, isTooLarge) = firstByteOffset.addingReportingOverflow(byteOffset)
        guard byteOffset >= 0, !isTooLarge else { return 0 }
        return try withDescriptor { (descriptor) throws(ByteSourceError) in
            do {
                return try descriptor.read(fromAbsoluteOffset: Int64(fileByteOffset), into: buffer)
            } catch {
                throw ByteSourceError(byteOffset: byteOffset, problem: "reading failed: \(error)")
            }
        }
    }

    /// Asks the kernel to read a range of the file ahead. It never fails.
    public func adviseWillRead(_ byteRange: Range<Int>) {
        #if os(Linux)
            let (fileByteOffset, isTooLarge) = firstByteOffset.addingReportingOverflow(byteRange.lowerBound)
            guard !isTooLarge else { return }
            do throws(ByteSourceError) {
                try withDescriptor { (descriptor) throws(ByteSourceError) in
                    _ = posix_fadvise(descriptor.rawValue, off_t(fileByteOffset), off_t(byteRange.count), POSIX_FADV_WILLNEED)
                }
            } catch {
                // It is advice: the read that follows tells what is wrong.
            }
        #endif
    }

    /// Calls `body` with a descriptor of the file, which is opened if it is not open.
    private func withDescriptor<Result>(_ body: (FileDescriptor) throws(ByteSourceError) -> Result) throws(ByteSourceError) -> Result {
        switch place {
        case .descriptor(let descriptor, _): try body(descriptor)
        case .path(let path, let slot, let cache):
            try cache.withDescriptor(of: slot, open: { () throws(ByteSourceError) in try reopen(path) }, body)
        }
    }

    private func reopen(_ path: String) throws(ByteSourceError) -> FileDescriptor {
        let descriptor: FileDescriptor
        do {
            // Without O_NONBLOCK a pipe that was put in the file's place could hold the thread up.
            descriptor = try FileDescriptor.open(FilePath(platformString: FileName.cString(path)), .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch {
            let code = error as? Errno ?? .ioError
            if code == .tooManyOpenFiles || code == .tooManyOpenFilesInSystem {
                throw ByteSourceError(
                    kind: .tooManyOpenFiles, problem: "it cannot be opened again: \(code)", remedy: ContainerError.openFewer)
            }
            guard code == .noSuchFileOrDirectory || code == .notDirectory else {
                throw ByteSourceError(problem: "it cannot be opened again: \(code)")
            }
            throw ByteSourceError(
                kind: .fileChanged, problem: "the file was removed or renamed while it was being read",
                remedy: "leave it in its place until it is read")
        }
        if let status = try? descriptor.stat(), ByteSourceIdentity(status) == identityWhenOpened { return descriptor }
        try? descriptor.close()
        throw .changed
    }
}

extension ByteSourceIdentity {
    /// The identity of a file: its device, number, size and time of modification.
    init(_ status: Stat) {
        let time = status.st_mtim
        self.init(
            numbers: [
                UInt64(truncatingIfNeeded: status.deviceID.rawValue), UInt64(truncatingIfNeeded: status.inode.rawValue),
                UInt64(truncatingIfNeeded: status.size), UInt64(truncatingIfNeeded: time.tv_sec), UInt64(truncatingIfNeeded: time.tv_nsec),
            ])
    }
}
