import Messages
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The output for everything but the report.
enum StandardError {
    static func print(_ line: String) { write(line + "\n") }

    /// Prints an error. Every error of every command begins so. Arguments are quoted in errors: what would steer the terminal is escaped.
    static func fail(_ text: String) { print("\(TextStyle.error.failure("xent:")) \(QuotedBytes.message(text))") }

    /// Prints a warning.
    static func warn(_ text: String) { print("xent: \(TextStyle.error.warning("warning:")) \(QuotedBytes.message(text))") }

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
