public import Engine
internal import Messages
internal import Outputs
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file to which each run appends a line.
///
/// A line is appended by one write under a lock of the file (flock), and is on the disk when `append` returns. A line that a crash tore is
/// closed by the next run, so that it spoils no other. A write that fails leaves the file as it was.
public enum HistoryFile {
    /// Appends a line.
    ///
    /// - Parameters:
    ///   - line: the line, without a line feed at its end or inside.
    ///   - path: the file, which is made if it is missing.
    ///   - isCancelled: ends the wait for another run that appends at the moment.
    /// - Throws: `EngineError` of category `.inputOutput`, and `.cancelled`.
    public static func append(_ line: [UInt8], to path: String, isCancelled: () -> Bool = { false }) throws(EngineError) {
        let descriptor = openHistory(FileName.cString(path))
        guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw failure(path, "cannot be locked") }
            if isCancelled() { throw EngineError(cancelledBefore: "a line was appended to \(path)") }
            usleep(20_000)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path, "cannot be read") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw EngineError(.inputOutput, path: path, "it is no regular file", remedy: "name a file for the history")
        }
        let byteCount = status.st_size
        var bytes: [UInt8] = []
        if byteCount > 0 {
            var last: UInt8 = 0
            guard pread(descriptor, &last, 1, byteCount - 1) == 1 else { throw failure(path, "cannot be read") }
            if last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        }
        bytes += line
        bytes.append(UInt8(ascii: "\n"))
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = failure(path, "cannot be written")
                // The part of a line that was written is taken back.
                _ = ftruncate(descriptor, byteCount)
                throw error
            }
            written += count
        }
        while fsync(descriptor) != 0 {
            if errno == EINVAL || errno == ENOTSUP { break }
            if errno != EINTR { throw failure(path, "cannot be written to the disk") }
        }
    }

    /// Throws if a line could not be appended, so that this is found before the work and not after it.
    ///
    /// - Throws: `EngineError` of category `.inputOutput`.
    public static func checkPlace(_ path: String) throws(EngineError) {
        let descriptor = openHistory(FileName.cString(path))
        guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
        close(descriptor)
    }

    /// Splits the bytes of a history into its lines, without empty ones. O(bytes).
    public static func lines(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        bytes.split(separator: UInt8(ascii: "\n")).filter { line in line.contains { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") } }
    }

    private static func failure(_ path: String, _ what: String) -> EngineError {
        let reason = String(cString: strerror(errno))
        return EngineError(
            .inputOutput, path: path, "the history \(what): \(reason)", remedy: "check the folder, its permissions and the free space")
    }
}

/// Opens a file to read and to append, and makes it if it is missing.
private func openHistory(_ path: [CChar]) -> Int32 { open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o644) }
