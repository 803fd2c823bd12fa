internal import SystemPackage
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file that appears whole or not at all: written under a temporary name beside its place, renamed at the end, removed on any error.
public final class OutputFile: Sendable {
    let path: String
    private let temporaryPath: String
    private let descriptor: FileDescriptor

    /// `distinction` tells two unfinished files for one place apart.
    init(path: String, distinction: String = "") throws(EngineError) {
        self.path = path
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? path
        let folder = path.dropLast(name.count)
        temporaryPath = "\(folder).\(name).\(getpid())\(distinction).xent-unfinished"
        do {
            descriptor = try FileDescriptor.open(
                FilePath(temporaryPath), .readWrite, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead], retryOnInterrupt: true)
        } catch {
            throw Self.failure(path, "cannot be created", error)
        }
    }

    /// Writes all of `bytes` at an offset; from any thread.
    func write(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws(EngineError) {
        do {
            _ = try descriptor.writeAll(toAbsoluteOffset: Int64(byteOffset), bytes)
        } catch {
            throw Self.failure(path, "cannot be written", error)
        }
    }

    func write(_ bytes: [UInt8], at byteOffset: Int) throws(EngineError) {
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

    /// Closes the file and gives it its name. After it, or after `discard`, nothing else may be called.
    func commit() throws(EngineError) {
        do {
            try descriptor.close()
        } catch {
            unlink(temporaryPath)
            throw Self.failure(path, "cannot be written", error)
        }
        guard rename(temporaryPath, path) == 0 else {
            let error = Errno(rawValue: errno)
            unlink(temporaryPath)
            throw Self.failure(path, "cannot be created", error)
        }
    }

    /// Closes the file and removes it.
    func discard() {
        try? descriptor.close()
        unlink(temporaryPath)
    }

    private static func failure(_ path: String, _ what: String, _ error: any Error) -> EngineError {
        EngineError(.inputOutput, path: path, "\(what): \(error)", remedy: "check the folder, its permissions and the free space")
    }
}

extension FileDescriptor {
    fileprivate func writeAll(toAbsoluteOffset offset: Int64, _ bytes: UnsafeRawBufferPointer) throws -> Int {
        var written = 0
        while written < bytes.count {
            written += try write(
                toAbsoluteOffset: offset + Int64(written), UnsafeRawBufferPointer(rebasing: bytes[written...]), retryOnInterrupt: true)
        }
        return written
    }
}
