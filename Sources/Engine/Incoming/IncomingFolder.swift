internal import Messages
internal import Outputs
internal import WorkStealing
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The folder of the state of incoming files: a journal, and a lock that the run holds.
final class IncomingFolder {
    /// The path as it was given.
    let path: String
    private let lock: FileLock
    var journalPath: String { path + "/journal" }

    /// Opens the folder, and makes it if it is missing. Its own parent must be there.
    ///
    /// - Throws: `EngineError`, of category `.tryAgain` where another run has the folder.
    init(_ path: String, waiting wait: Duration, isCancelled: () -> Bool) throws(EngineError) {
        self.path = path
        if mkdir(FileName.cString(path), 0o755) != 0, errno != EEXIST { throw Self.failure(path, "cannot be made") }
        do throws(FileLock.Failure) {
            lock = try FileLock(path: path + "/lock", waiting: wait, isCancelled: isCancelled)
        } catch {
            switch error {
            case .held(let holder):
                throw EngineError(
                    .tryAgain, path: path, "another run has this state: \(holder?.text ?? "it has not said who it is")",
                    remedy: "run again when it has ended")
            case .cancelled: throw .cancelled
            case .output(let error): throw EngineError(error)
            }
        }
    }

    /// Gives the folder back to other runs.
    func close() { lock.unlock() }

    /// Reads the journal; nil if there is none yet.
    func bytes() throws(EngineError) -> [UInt8]? {
        guard access(FileName.cString(journalPath), F_OK) == 0 else { return nil }
        return try FileContents.read(journalPath, byteCountLimit: 1 << 34, Cancellation())
    }

    /// Writes bytes at a place of the journal, behind which it ends then. They are on the disk when this returns.
    ///
    /// - Throws: `EngineError` of category `.inputOutput`. The journal then ends at `byteOffset`.
    func write(_ bytes: [UInt8], at byteOffset: Int) throws(EngineError) {
        let descriptor = openJournal(FileName.cString(journalPath))
        guard descriptor >= 0 else { throw Self.failure(journalPath, "cannot be opened") }
        defer { closeJournal(descriptor) }
        func fail() -> EngineError {
            let error = Self.failure(journalPath, "cannot be written")
            _ = ftruncate(descriptor, off_t(byteOffset))
            return error
        }
        guard ftruncate(descriptor, off_t(byteOffset)) == 0 else { throw fail() }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written, off_t(byteOffset + written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw fail() }
            written += count
        }
        while fsync(descriptor) != 0 {
            if errno == EINVAL || errno == ENOTSUP { break }
            guard errno == EINTR else { throw fail() }
        }
    }

    /// Replaces the journal, whole or not at all.
    func replace(_ bytes: [UInt8]) throws(EngineError) {
        let path = journalPath
        try EngineError.ofOutput { () throws(OutputError) in try OutputFile.write(bytes, to: path) }
    }

    private static func failure(_ path: String, _ what: String) -> EngineError {
        EngineError(
            .inputOutput, path: path, "the state \(what): \(String(cString: strerror(errno)))",
            remedy: "check the folder, its permissions and the free space")
    }
}

/// Closes a file: `close` is the folder's own name.
private func closeJournal(_ descriptor: Int32) { close(descriptor) }

/// Opens a file to read and write, and makes it if it is missing.
private func openJournal(_ path: [CChar]) -> Int32 { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
