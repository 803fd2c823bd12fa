import Messages
import ObjectStore
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The output for everything but the report.
enum StandardError {
    /// Prints a line that is neither an error nor a warning.
    static func print(_ line: String) {
        let name = "xent: "
        RunLog.write(.note, .info, line.hasPrefix(name) ? String(line.dropFirst(name.count)) : line, text: line)
    }

    /// Prints an error. Every error of every command begins so. Arguments are quoted in errors: what would steer the terminal is escaped, and
    /// queries of URLs are left out.
    static func fail(_ text: String) {
        let message = QuotedBytes.message(ObjectStore.withoutQueries(in: text))
        RunLog.write(.error, .error, message, text: "\(TextStyle.error.failure("xent:")) \(message)")
    }

    /// Prints a warning.
    ///
    /// - Parameter code: the stable name of its kind.
    static func warn(_ text: String, code: NoticeCode = .other) {
        let message = QuotedBytes.message(text)
        RunLog.write(
            .warning, .warning, message, [("code", .text(code.rawValue))], text: "xent: \(TextStyle.error.warning("warning:")) \(message)")
    }

    /// Writes bytes as they are, past the log: a progress bar.
    static func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { writeBytes(2, $0.baseAddress, $0.count) }
            // Without a reader there is nowhere left to say so.
            guard count > 0 else { return Signals.dieOfClosedPipe() }
            bytes = bytes.dropFirst(count)
        }
    }

    static var isTerminal: Bool { Terminal.isTerminal(2) }
}

/// Calls write(2), and again if a signal interrupts it, or when a pipe in non-blocking mode has room.
func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    while true {
        let written = write(descriptor, bytes, count)
        if written >= 0 { return written }
        switch errno {
        case EINTR: continue
        case EAGAIN, EWOULDBLOCK:
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&request, 1, -1)
        default: return written
        }
    }
}
