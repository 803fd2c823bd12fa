import Engine
import Locking
import WorkStealing

/// A line on standard error that shows the progress of a run, as wide as the terminal.
final class ProgressBar {
    private let isFinished = Lock(false)
    /// The thread that writes the line; nil if the system had none to give.
    private let thread: SystemThread?

    private static let firstMilliseconds = 300
    private static let intervalMilliseconds = 100

    /// Starts the line. It appears after a moment, since short runs need none.
    init(_ meter: ProgressMeter) {
        let clock = ContinuousClock()
        let start = clock.now
        thread = SystemThread.start { [isFinished] in
            var milliseconds = Self.firstMilliseconds
            while isFinished.waitUntil(milliseconds: milliseconds, { $0 ? true : nil }) == nil {
                milliseconds = Self.intervalMilliseconds
                let elapsed = clock.now - start
                let seconds = Double(elapsed.components.seconds) + 1e-18 * Double(elapsed.components.attoseconds)
                // The terminal may have got another width. In its last column some terminals begin a new line.
                let width = (Terminal.width(of: 2) ?? Terminal.usualWidth) - 1
                StandardError.write(
                    "\r\u{1B}[K" + Self.line(decoded: meter.decodedByteCount, total: meter.totalByteCount, seconds: seconds, width: width))
            }
        }
    }

    /// Removes the line. It is called once.
    func finish() {
        isFinished.withLock { $0 = true }
        isFinished.wake(.all)
        thread?.join()
        StandardError.write("\r\u{1B}[K")
    }

    /// The least number of columns in which a bar is worth having.
    private static let leastBarWidth = 6

    /// Writes the line: the bar, the share, the amounts, the rate and the time that is left, as far as there is room. Where the size is not
    /// known before the end there are the amount and the rate alone.
    static func line(decoded: Int, total: Int, seconds: Double, width: Int) -> String {
        let rate = seconds > 0 ? Double(decoded) / seconds : 0
        let rateText = "\(Amount.bytes(Int(rate)))/s"
        guard total > 0 else { return String("\(Amount.bytes(decoded))  \(rateText)".prefix(max(0, width))) }
        let share = min(1, Double(decoded) / Double(total))
        let percent = "\(Int(share * 100)) %"
        var parts = ["\(Amount.bytes(decoded)) of \(Amount.bytes(total))", rateText]
        if rate > 0, decoded < total { parts.append("\(Amount.duration(Double(total - decoded) / rate)) left") }
        func text() -> String { ([percent] + parts).joined(separator: "  ") }
        // What is left is worth more than the rate, and the rate more than the amounts.
        while !parts.isEmpty, text().count + 1 + leastBarWidth > width { parts.remove(at: parts.count > 2 ? 1 : 0) }
        let barWidth = width - text().count - 1
        guard barWidth >= leastBarWidth else { return String(text().prefix(max(0, width))) }
        let full = Int(share * Double(barWidth))
        return String(repeating: "█", count: full) + String(repeating: "░", count: barWidth - full) + " " + text()
    }
}
