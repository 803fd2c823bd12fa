internal import Messages
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A lock that processes hold on a file, by flock(2). The system takes it back when the process ends, however it ends.
///
/// The file holds a line about its holder, for people and for messages: process, host, since when. The file stays after the lock is given
/// back, so that all processes lock one file. Over NFS flock works with Linux 2.6.12 or newer on both sides; elsewhere it holds for
/// processes of one machine.
///
/// ```swift
/// let lock = try FileLock(path: "nightly.lock")
/// defer { lock.unlock() }
/// ```
public final class FileLock: Sendable {
    /// The process that holds a lock, as it wrote itself into the file.
    public struct Holder: Sendable, Equatable {
        /// The number of the process, on its own host.
        public let processNumber: Int
        /// The name of its host.
        public let host: String
        /// The time since which it has held the lock.
        public let since: Timestamp

        /// The holder in words, such as "process 4711 on host db1 has held it since 2026-11-29T03:00:02Z".
        public var text: String { "process \(processNumber) on host \(host) has held it since \(since.text)" }

        /// The line of the file.
        var line: String { "pid \(processNumber) host \(host) since \(since.text)\n" }

        init(processNumber: Int, host: String, since: Timestamp) {
            (self.processNumber, self.host, self.since) = (processNumber, host, since)
        }

        /// Reads the line of the file; nil if it is another text.
        init?(line: some StringProtocol) {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\n" })
            guard words.count == 6, words[0] == "pid", words[2] == "host", words[4] == "since", let number = Int(words[1]),
                let since = Timestamp(text: String(words[5]))
            else { return nil }
            self.init(processNumber: number, host: String(words[3]), since: since)
        }
    }

    /// The reason why a lock was not got.
    public enum Failure: Error, Sendable {
        /// Another process holds the lock. It is nil where the holder has not written who it is.
        case held(Holder?)
        /// The wait for the lock was given up.
        case cancelled
        /// The file cannot be opened or locked.
        case output(OutputError)
    }

    /// The path of the file, as it was given.
    public let path: String
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Parameters:
    ///   - path: the file, which is made if it is missing. Its folder must exist.
    ///   - wait: the time to wait for the lock while another process holds it.
    ///   - isCancelled: ends the wait when it returns true. It is asked some ten times a second.
    /// - Throws: `Failure`.
    public init(path: String, waiting wait: Duration = .zero, isCancelled: () -> Bool = { false }) throws(Failure) {
        self.path = path
        let deadline = ContinuousClock.now + wait
        while true {
            let descriptor = try Self.open(path)
            if try Self.tryLock(descriptor, path) {
                // Someone may have removed the file between opening and locking it: then it is no longer the one that others open.
                guard Self.isStill(descriptor, at: path) else {
                    close(descriptor)
                    continue
                }
                self.descriptor = descriptor
                Self.write(Self.ownHolder.line, to: descriptor)
                return
            }
            let holder = Self.holder(of: descriptor)
            close(descriptor)
            if ContinuousClock.now >= deadline { throw .held(holder) }
            if isCancelled() { throw .cancelled }
            usleep(100_000)
        }
    }

    /// Gives the lock back. It is called once; the end of the process does the same.
    public func unlock() {
        // The line would name a holder that is none.
        _ = ftruncate(descriptor, 0)
        close(descriptor)
    }

    private static func open(_ path: String) throws(Failure) -> Int32 {
        while true {
            let descriptor = openLockFile(FileName.cString(path))
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw failure(path, "cannot be opened as a lock") }
        }
    }

    /// Returns true if the lock was got, and false if another process holds it.
    private static func tryLock(_ descriptor: Int32, _ path: String) throws(Failure) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return false
            default:
                let failure = failure(path, "cannot be locked")
                close(descriptor)
                throw failure
            }
        }
        return true
    }

    private static func failure(_ path: String, _ what: String) -> Failure {
        .output(
            OutputError(
                path: path, problem: "\(what): \(String(cString: strerror(errno)))", remedy: "check the folder, its permissions and the free space"))
    }

    private static func isStill(_ descriptor: Int32, at path: String) -> Bool {
        var (open, named) = (stat(), stat())
        guard fstat(descriptor, &open) == 0, stat(FileName.cString(path), &named) == 0 else { return false }
        return open.st_dev == named.st_dev && open.st_ino == named.st_ino
    }

    private static var ownHolder: Holder {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let isWord = !host.isEmpty && !host.contains { $0 == " " || $0 == "\n" }
        return Holder(processNumber: Int(getpid()), host: isWord ? host : "unknown", since: .now)
    }

    /// The largest number of bytes of the file that are read.
    private static let lineByteCountLimit = 512

    private static func holder(of descriptor: Int32) -> Holder? {
        var bytes = [UInt8](repeating: 0, count: lineByteCountLimit)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Holder(line: String(decoding: bytes[..<count], as: UTF8.self)) : nil
    }

    /// Writes the line. A disk without room holds a lock as well as another: the line is for people.
    private static func write(_ line: String, to descriptor: Int32) {
        _ = ftruncate(descriptor, 0)
        let bytes = Array(line.utf8)
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }
}

/// Opens a file to read and write, and makes it if it is missing. It stays out of programs that the process starts.
private func openLockFile(_ path: [CChar]) -> Int32 { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
