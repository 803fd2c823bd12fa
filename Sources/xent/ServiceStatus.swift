import Engine
import Locking
import Messages
import WorkStealing
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Tells a supervisor how far a run is: systemd by `STATUS=`, and a reader of a log in JSON by an event a minute, or by two a
/// second with `--progress always`.
///
/// systemd names its socket in NOTIFY_SOCKET. As long as bytes are decoded, each message asks for more time as well (`EXTEND_TIMEOUT_USEC`), so
/// that `TimeoutStartSec` of a service ends a run that stands still, and not one that is long. The protocol is that of sd_notify(3).
final class ServiceStatus {
    private let isFinished = Lock(false)
    /// The thread that tells; nil if the system had none to give.
    private let thread: SystemThread?

    /// The time between two messages to systemd, and between two events.
    private static let statusSeconds = 5.0
    private static let eventSeconds = 60.0
    /// The time between two looks at the meter, which is that between two events of a run that is watched.
    private static let lookMilliseconds = 500.0
    /// The time that each message asks for.
    private static let extendedSeconds = 120

    /// Starts to tell of a run; nil where nobody is to be told.
    ///
    /// - Parameter isWatched: true if a program shows the events of the log to somebody who waits.
    init?(_ meter: ProgressMeter, isWatched: Bool) {
        let socket = Self.notifySocket
        let hasEvents = RunLog.isJSON
        guard socket != nil || hasEvents else { return nil }
        // Tests of a run cannot wait for minutes.
        let factor = getenv("XENT_TEST_STATUS_SPEED").flatMap { Double(String(cString: $0)) } ?? 1
        let clock = ContinuousClock()
        let start = clock.now
        thread = SystemThread.start { [isFinished] in
            var (lastCount, lastEvent, lastStatus) = (-1, 0.0, -Double.infinity)
            while isFinished.waitUntil(milliseconds: max(1, Int(Self.lookMilliseconds / factor)), { $0 ? true : nil }) == nil {
                let seconds = (clock.now - start).seconds * factor
                let (decoded, total) = (meter.decodedByteCount, meter.totalByteCount)
                // The files are still being opened.
                if decoded == 0, total == 0 { continue }
                let text = Self.text(decoded: decoded, total: total, seconds: seconds / factor)
                if let socket, seconds - lastStatus >= Self.statusSeconds {
                    lastStatus = seconds
                    let extends = decoded > lastCount ? "\nEXTEND_TIMEOUT_USEC=\(Self.extendedSeconds * 1_000_000)" : ""
                    lastCount = decoded
                    Self.send("STATUS=\(text)\(extends)", to: socket)
                }
                if hasEvents, isWatched || seconds - lastEvent >= Self.eventSeconds {
                    lastEvent = seconds
                    RunLog.write(
                        .progress, .info, text, [("decoded_bytes", .count(decoded))] + (total > 0 ? [("total_bytes", .count(total))] : []), text: nil)
                }
            }
        }
    }

    /// Ends the messages. It is called once.
    func finish() {
        isFinished.withLock { $0 = true }
        isFinished.wake(.all)
        thread?.join()
    }

    /// The state of a run in a sentence: "42 % of 1.2 TB, about 9 min left".
    static func text(decoded: Int, total: Int, seconds: Double) -> String {
        guard total > 0 else { return "\(Amount.bytes(decoded)) read" }
        let share = min(1, Double(decoded) / Double(total))
        var text = "\(Int(100 * share)) % of \(Amount.bytes(total))"
        if decoded > 0, decoded < total, seconds > 1 {
            text += ", about \(Amount.duration(seconds * Double(total - decoded) / Double(decoded))) left"
        }
        return text
    }

    // MARK: The socket

    /// The path of systemd's socket; nil outside of a service that asks for messages.
    private static var notifySocket: String? {
        guard let text = getenv("NOTIFY_SOCKET") else { return nil }
        let path = FileName.text(text)
        return path.hasPrefix("/") || path.hasPrefix("@") ? path : nil
    }

    /// Sends a datagram. A supervisor that does not listen is no fault of the run.
    private static func send(_ text: String, to path: String) {
        #if canImport(Darwin)
        let descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
        #else
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        #endif
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = FileName.bytes(path)
        // An abstract name begins with a zero byte, which is written as '@'.
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        guard bytes.count < MemoryLayout<sockaddr_un>.size - offset else { return }
        // Unsafe: the path has room behind `offset`, as was checked.
        withUnsafeMutableBytes(of: &address) { $0.baseAddress?.advanced(by: offset).copyMemory(from: bytes, byteCount: bytes.count) }
        let length = socklen_t(offset + bytes.count)
        let message = Array(text.utf8)
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(descriptor, message, message.count, 0, address, length)
            }
        }
    }
}
