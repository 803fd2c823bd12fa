import Engine
import Messages
import Unattended

/// The course of a history for people: a line a run, the oldest first.
struct HistoryText {
    private let trend: HistoryTrend
    private let style: TextStyle

    init(_ trend: HistoryTrend, style: TextStyle) { (self.trend, self.style) = (trend, style) }

    var text: String {
        let heads = ["ended", "status", "mean", "change", "in errors", "accuracy", "rows", "invalid", "speed", "gates"]
        var rows: [[String]] = [heads]
        for run in trend.runs {
            var cells = [run.time, "\(run.status)"]
            if let mean = run.mean {
                cells += [
                    Amount.fitted(mean, error: run.standardError) ?? Amount.significant(mean, digits: 6),
                    run.change.map { Self.signed($0, digits: 3) } ?? "", run.changeInErrors.map { Self.signed($0, digits: 2) } ?? "",
                    run.accuracy.map { Amount.percent($0) } ?? "", run.scoredRows.map { Amount.grouped($0) } ?? "",
                    run.invalidRows.map { Amount.grouped($0) } ?? "",
                    run.decodedBytesPerSecond.map { "\(Amount.bytes(Int($0)))/s" } ?? "", Self.gates(run),
                ]
            } else {
                cells.append(QuotedBytes.printable(run.error ?? "no report"))
            }
            rows.append(cells)
        }
        // Columns that no run has anything for are left out. The reason of a run without a report runs across the columns.
        let shown = heads.indices.filter { index in index < 3 || rows.dropFirst().contains { index < $0.count && !$0[index].isEmpty } }
        let widths = shown.map { index in
            rows.filter { $0.count == heads.count || index < 2 }.map { index < $0.count ? $0[index].count : 0 }.max() ?? 0
        }
        let lines = rows.enumerated().map { number, cells in
            var line = " "
            for (index, width) in zip(shown, widths) where index < cells.count {
                let cell = cells[index]
                line += " " + cell + String(repeating: " ", count: max(0, width - cell.count)) + " "
            }
            while line.last == " " { line.removeLast() }
            return number == 0 ? style.heading(line) : line
        }
        return ([style.heading(Self.title(trend)), ""] + lines).joined(separator: "\n")
    }

    /// The number of runs, and how many of them passed.
    static func title(_ trend: HistoryTrend) -> String {
        let passed = trend.runs.count { $0.status == 0 }
        return "\(Amount.counted(trend.runs.count, "run")), \(passed) passed"
            + (trend.runs.first.map { first in ", \(first.time) to \(trend.runs.last?.time ?? first.time)" } ?? "")
    }

    static func signed(_ value: Double, digits: Int) -> String {
        value == 0 ? "0" : (value > 0 ? "+" : "") + Amount.significant(value, digits: digits)
    }

    static func gates(_ run: HistoryTrend.Run) -> String {
        guard let count = run.gates, let failed = run.failedGates else { return "" }
        return failed.isEmpty ? "\(count) met" : "not met: " + QuotedBytes.printable(failed.joined(separator: "; "))
    }
}
