import Dispatch
import Engine

/// A line on standard error that shows the progress of a run.
final class ProgressBar {
    private let timer: any DispatchSourceTimer
    private let queue: DispatchQueue

    /// Starts the line. It appears after a moment, since short runs need none.
    init(_ meter: ProgressMeter) {
        queue = DispatchQueue(label: "xent.progress")
        timer = DispatchSource.makeTimerSource(queue: queue)
        let clock = ContinuousClock()
        let start = clock.now
        timer.setEventHandler {
            let elapsed = clock.now - start
            let seconds = Double(elapsed.components.seconds) + 1e-18 * Double(elapsed.components.attoseconds)
            StandardError.write(
                "\r\u{1B}[K" + Self.line(decoded: meter.decodedByteCount, total: meter.totalByteCount, seconds: seconds))
        }
        timer.schedule(deadline: .now() + .milliseconds(300), repeating: .milliseconds(100))
        timer.activate()
    }

    /// Removes the line.
    func finish() {
        timer.cancel()
        queue.sync { StandardError.write("\r\u{1B}[K") }
    }

    static func line(decoded: Int, total: Int, seconds: Double) -> String {
        let share = total > 0 ? min(1, Double(decoded) / Double(total)) : 0
        let width = 30
        let full = Int(share * Double(width))
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
        let rate = seconds > 0 ? Double(decoded) / seconds : 0
        var line = "\(bar) \(Int(share * 100)) %  \(Amount.bytes(decoded)) of \(Amount.bytes(total))  \(Amount.bytes(Int(rate)))/s"
        if rate > 0, decoded < total { line += "  \(Amount.duration(Double(total - decoded) / rate)) left" }
        return line
    }
}
