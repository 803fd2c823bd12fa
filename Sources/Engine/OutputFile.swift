internal import Synchronization
internal import SystemPackage
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file that appears whole or not at all: written under a temporary name beside its place, renamed at the end, removed on any error.
///
/// A link is followed: what it points to is replaced. What exists and is not a regular file (a pipe, `/dev/null`) is written to as it is.
public final class OutputFile: Sendable {
    public let path: String
    /// What is renamed in the end, and to what; nil where the file itself is written to.
    private let renaming: (from: String, to: String)?
    private let descriptor: FileDescriptor
    /// How much a file that is not regular has been given. Relaxed: such a file has one writer.
    private let writtenByteCount = Atomic<Int>(0)
    private let isOpen = Atomic<Bool>(true)

    /// Where its bytes can be read before it is committed; nil where the file itself is written to.
    var unfinishedPath: String? { renaming?.from }

    /// Whether nothing is lost if it is discarded and begun anew: false once a pipe or a device has been given something.
    var canBeginAnew: Bool { renaming != nil || writtenByteCount.load(ordering: .relaxed) == 0 }

    /// Opens it for writing; nothing is seen of it under its own name until `commit`.
    ///
    /// `distinction` tells two unfinished files for one place apart.
    public init(path: String, distinction: String = "") throws(EngineError) {
        self.path = path
        var target = path
        if let resolved = realpath(path, nil) {
            target = String(cString: resolved)
            free(resolved)
        }
        var status = stat()
        let exists = stat(target, &status) == 0
        do {
            if exists, status.st_mode & S_IFMT == S_IFDIR { throw Errno.isDirectory }
            if exists, status.st_mode & S_IFMT != S_IFREG {
                renaming = nil
                descriptor = try FileDescriptor.open(FilePath(target), .writeOnly, options: [.closeOnExec], retryOnInterrupt: true)
                return
            }
            let name = target.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? target
            let temporary = "\(target.dropLast(name.count)).\(name).\(getpid())\(distinction).xent-unfinished"
            renaming = (temporary, target)
            descriptor = try FileDescriptor.open(
                FilePath(temporary), .readWrite, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead], retryOnInterrupt: true)
        } catch {
            throw Self.failure(path, "cannot be created", error)
        }
    }

    /// Writes all of `bytes` at an offset; from any thread.
    func write(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws(EngineError) {
        do {
            if renaming == nil {
                guard byteOffset == writtenByteCount.load(ordering: .relaxed) else { throw Errno.illegalSeek }
                _ = try descriptor.writeAll(bytes)
                writtenByteCount.store(byteOffset + bytes.count, ordering: .relaxed)
            } else {
                try descriptor.writeAll(toAbsoluteOffset: Int64(byteOffset), bytes)
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

    /// Closes the file and gives it its name. Only the first `commit` or `discard` does anything.
    public func commit() throws(EngineError) {
        guard isOpen.exchange(false, ordering: .sequentiallyConsistent) else { return }
        do {
            try descriptor.close()
            if let renaming, rename(renaming.from, renaming.to) != 0 { throw Errno(rawValue: errno) }
        } catch {
            if let renaming { unlink(renaming.from) }
            throw Self.failure(path, "cannot be written", error)
        }
    }

    /// Closes the file and removes it, unless it was committed or discarded before.
    public func discard() {
        guard isOpen.exchange(false, ordering: .sequentiallyConsistent) else { return }
        try? descriptor.close()
        if let renaming { unlink(renaming.from) }
    }

    private static func failure(_ path: String, _ what: String, _ error: any Error) -> EngineError {
        EngineError(.inputOutput, path: path, "\(what): \(error)", remedy: "check the folder, its permissions and the free space")
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
}
