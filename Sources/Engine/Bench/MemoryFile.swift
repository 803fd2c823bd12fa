internal import SystemPackage
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file without a name that lives as long as its object does, whatever ends the process.
///
/// On Linux it lies in memory (memfd_create(2)), so no disk takes part in reading it; elsewhere it is an unlinked file of the folder for
/// temporary files. It is opened like any other by `path`.
final class MemoryFile: Sendable {
    private let descriptor: FileDescriptor

    /// What it can be opened by, within this process.
    var path: String {
        #if os(Linux)
        "/proc/self/fd/\(descriptor.rawValue)"
        #else
        "/dev/fd/\(descriptor.rawValue)"
        #endif
    }

    /// - Parameter isInMemory: tests ask for the other kind.
    init(isInMemory: Bool = true) throws(EngineError) {
        if isInMemory, let descriptor = Self.inMemory() {
            self.descriptor = descriptor
            return
        }
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let name = "\(folder)/.xent-bench-\(getpid())-\(UInt64.random(in: .min ... .max))"
        do {
            descriptor = try FileDescriptor.open(
                FilePath(name), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: [.ownerReadWrite],
                retryOnInterrupt: true)
            unlink(name)
        } catch {
            throw EngineError(
                .inputOutput, path: name, "cannot be created: \(error)", remedy: "name a folder with free space in TMPDIR")
        }
    }

    deinit {
        // Nothing is lost with it.
        try? descriptor.close()
    }

    /// Writes after what was written before. One writer at a time.
    func append(_ bytes: [UInt8]) throws(EngineError) {
        do {
            _ = try descriptor.writeAll(bytes)
        } catch {
            throw EngineError(
                .inputOutput, "a dump cannot be made in memory: \(error)", remedy: "make a smaller one, or name the files of one")
        }
    }

    private static func inMemory() -> FileDescriptor? {
        #if os(Linux)
        // By name, since glibc hides its declaration from Swift.
        guard let symbol = dlsym(nil, "memfd_create") else { return nil }
        // Unsafe: int memfd_create(const char *name, unsigned int flags), as its manual page has it.
        let create = unsafeBitCast(symbol, to: (@convention(c) (UnsafePointer<CChar>, UInt32) -> Int32).self)
        // MFD_CLOEXEC is 1.
        let descriptor = create("xent-bench", 1)
        return descriptor >= 0 ? FileDescriptor(rawValue: descriptor) : nil
        #else
        return nil
        #endif
    }
}
