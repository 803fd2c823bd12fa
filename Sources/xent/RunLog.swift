import ArgumentParser
import Locking
import Messages
import Outputs
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The value of `--log`: the form of what goes to standard error.
enum LogFormat: String, NamedChoice {
    /// Sentences for people.
    case text
    /// A JSON object a line, for programs.
    case json
}

/// The log of a process on standard error: sentences for people, or JSON objects with stable names of events.
///
/// Under systemd, where standard error is the journal, each line begins with its level (`<4>`), as sd-daemon(3) describes, so that
/// `journalctl -p warning` finds it. A silent run keeps its lines back, and says them if it fails.
enum RunLog {
    /// The events. Their names are stable.
    enum Event: String {
        case start, resume, progress, warning, error, gate, checkpoint, end
        /// Anything else that is said.
        case note
    }

    /// The levels of syslog(3) that are used.
    enum Level: Int {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6

        var name: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            case .notice: "notice"
            case .info: "info"
            }
        }
    }

    /// A value of an event beside its message.
    enum Field {
        case text(String)
        case number(Double)
        case count(Int)

        var json: String {
            switch self {
            case .text(let text): RunLog.quoted(text)
            case .number(let number) where number.isFinite: "\(number)"
            case .number(let number): RunLog.quoted(number.isNaN ? "nan" : number > 0 ? "inf" : "-inf")
            case .count(let count): "\(count)"
            }
        }
    }

    private struct State {
        var format = LogFormat.text
        /// The lines that a silent run has not said; nil for runs that are not silent.
        var held: [String]?
        /// The number of lines that were dropped from `held`, the oldest first.
        var droppedCount = 0
        /// The first error that was told.
        var firstError: String?
    }

    /// The first error that was told; nil if there was none.
    static var firstError: String? { state.withLock { $0.firstError } }

    private static let state = Lock(State())

    /// The largest number of lines that a silent run keeps.
    private static let heldLimit = 200

    /// True if standard error is the journal's socket, which `JOURNAL_STREAM` names by device and inode.
    private static let isJournal: Bool = {
        var status = stat()
        guard let text = getenv("JOURNAL_STREAM"), fstat(2, &status) == 0 else { return false }
        return String(cString: text) == "\(status.st_dev):\(status.st_ino)"
    }()

    /// Sets the form, and whether lines are held back. It is called once, before the first line.
    static func begin(_ format: LogFormat, isSilent: Bool) {
        state.withLock {
            $0.format = format
            $0.held = isSilent ? [] : nil
        }
    }

    /// True if events are written as JSON.
    static var isJSON: Bool { state.withLock { $0.format == .json } }

    /// Writes an event. In text, events that have no sentence for people are left out.
    ///
    /// - Parameters:
    ///   - message: the sentence, of one line.
    ///   - fields: the values beside it, which are made for JSON alone: a command line may name thousands of files.
    ///   - text: the line for people, with its colours; nil if people are not told.
    static func write(_ event: Event, _ level: Level, _ message: String, _ fields: @autoclosure () -> [(String, Field)] = [], text: String?) {
        state.withLock { state in
            if event == .error, state.firstError == nil { state.firstError = message }
            let line: String
            if state.format == .json {
                let values: [(String, Field)] =
                    [("time", .text(Timestamp.now.text)), ("level", .text(level.name)), ("event", .text(event.rawValue)), ("message", .text(message))]
                    + fields()
                line = "{" + values.map { "\(quoted($0)):\($1.json)" }.joined(separator: ",") + "}"
            } else if let text {
                line = text
            } else {
                return
            }
            let prefixed = isJournal ? line.split(separator: "\n", omittingEmptySubsequences: false).map { "<\(level.rawValue)>\($0)" }.joined(separator: "\n") : line
            guard state.held != nil else { return StandardError.write(prefixed + "\n") }
            state.held?.append(prefixed)
            if let count = state.held?.count, count > heldLimit {
                state.held?.removeFirst(count - heldLimit)
                state.droppedCount += count - heldLimit
            }
        }
    }

    /// Says the lines that a silent run has kept, all at once, so that cron makes one message of them. Later ones are said at once.
    static func release(heading: [String]) {
        state.withLock { state in
            guard let held = state.held else { return }
            var lines = state.format == .json ? [] : heading
            if state.droppedCount > 0 { lines.append("(\(state.droppedCount) earlier lines are left out)") }
            lines += held
            StandardError.write(lines.map { $0 + "\n" }.joined())
            state.held = nil
        }
    }

    /// Writes a text as JSON does.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            default:
                if scalar.value < 0x20 {
                    let digits = String(scalar.value, radix: 16)
                    quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    quoted.unicodeScalars.append(scalar)
                }
            }
        }
        return quoted + "\""
    }
}
