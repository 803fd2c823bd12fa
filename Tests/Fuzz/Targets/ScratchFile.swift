#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A file in memory where there is such a thing, for readers that take a path: one for the process, with each input in its turn.
enum ScratchFile {
    private static let folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    static let path = "\(folder)/xent-fuzz-\(getpid())"

    /// Calls `body` with the path of a file that holds `bytes`. One call at a time.
    static func with(_ bytes: UnsafeRawBufferPointer, _ body: (String) -> Void) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
        precondition(descriptor >= 0, "no scratch file")
        var written = 0
        while written < bytes.count {
            let count = write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            precondition(count > 0, "the scratch file cannot be written")
            written += count
        }
        close(descriptor)
        body(path)
        unlink(path)
    }
}
