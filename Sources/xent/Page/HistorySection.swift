import Engine
import Unattended

/// The course of a history on a page.
struct HistorySection: ReportSection {
    let trend: HistoryTrend

    var version: String { Version.current }
    var title: String { "History: \(HistoryText.title(trend))" }
    var warnings: [String] {
        trend.damagedLines == 0 ? [] : ["\(Amount.counted(trend.damagedLines, "line")) of the file cannot be read, and \(trend.damagedLines == 1 ? "is" : "are") left out"]
    }

    private var unit: String { trend.runs.last { $0.unit != nil }?.unit?.rawValue ?? "nats" }

    var headline: Markup {
        guard let run = trend.runs.last(where: { $0.mean != nil }), let mean = run.mean else {
            return Markup.element("p", ["class": "mean"], text: "no run has a report").line
        }
        let fitted = Amount.fitted(mean, error: run.standardError) ?? Amount.significant(mean, digits: 6)
        let unit = Markup.element("small", text: " \(unit), mean ± standard error of the last report")
        return Markup.element("p", ["class": "mean"], .text(fitted) + unit).line
            + Markup.element("p", ["class": "faint"], text: "of \(run.time)").line
    }

    var findings: [String] {
        var texts: [String] = []
        if let run = trend.runs.last, run.status != 0 {
            texts.append("The last run ended with exit status \(run.status)\(run.error.map { ": \($0)" } ?? "").")
        }
        if let run = trend.runs.last, let failed = run.failedGates, !failed.isEmpty { texts.append("Not met: \(failed.joined(separator: "; ")).") }
        if let run = trend.runs.max(by: { abs($0.changeInErrors ?? 0) < abs($1.changeInErrors ?? 0) }), let errors = run.changeInErrors,
            let change = run.change, abs(errors) > 2
        {
            texts.append(
                "The largest change was \(HistoryText.signed(change, digits: 3)) \(unit), \(HistoryText.signed(errors, digits: 2)) standard errors, in the run of \(run.time).")
        }
        return texts
    }

    var figures: Markup {
        let numbered = Array(trend.runs.suffix(Self.limit))
        var table = NumberTable(
            "All runs", ["ended", "status", "mean", "lower", "upper", "change", "accuracy", "rows", "seconds", "gates"], textColumnCount: 1)
        for run in numbered {
            func short(_ value: Double?) -> String { value.map { Amount.significant($0, digits: 6) } ?? "" }
            table.add([
                run.time, "\(run.status)", short(run.mean), short(run.lower), short(run.upper),
                run.change.map { HistoryText.signed($0, digits: 3) } ?? "", run.accuracy.map { Amount.percent($0) } ?? "",
                run.scoredRows.map { Amount.grouped($0) } ?? "", Amount.significant(run.seconds, digits: 3),
                run.mean == nil ? run.error ?? "" : HistoryText.gates(run),
            ])
        }
        let left = trend.runs.count - numbered.count
        return Figure.markup(
            "Mean of each run", drawing(numbered),
            caption:
                "The mean loss of each run with its interval, the oldest at the left. A run without a report is a mark at the bottom; one with "
                + "a gate that is not met has a mark there too." + (left > 0 ? " \(Amount.counted(left, "earlier run")) are not shown." : ""), table)
    }

    /// The largest number of runs that are drawn.
    private static let limit = 400

    private func drawing(_ runs: [HistoryTrend.Run]) -> Drawing? {
        guard runs.contains(where: { $0.mean?.isFinite == true }) else { return nil }
        let (left, right, top, bottom) = (56.0, 392.0, 24.0, 200.0)
        let axis = Axis(around: runs.flatMap { [$0.mean, $0.lower, $0.upper].compactMap(\.self) }, from: bottom, to: top)
        var drawing = Drawing(height: bottom + 44)
        drawing.vertical(axis, name: "mean loss, \(unit)", left: left, right: right, top: top)
        drawing.line(left, bottom + 12, right, bottom + 12, "axis")
        func x(_ index: Int) -> Double { runs.count == 1 ? (left + right) / 2 : left + 8 + (right - left - 16) * Double(index) / Double(runs.count - 1) }
        var points: [(x: Double, y: Double)] = []
        for (index, run) in runs.enumerated() {
            if let mean = run.mean, mean.isFinite { points.append((x(index), axis.place(mean))) }
        }
        if points.count > 1 { drawing.path(points, "curve") }
        for (index, run) in runs.enumerated() {
            let isBad = run.status != 0
            if let mean = run.mean, mean.isFinite {
                if let lower = run.lower, let upper = run.upper, lower.isFinite, upper.isFinite {
                    drawing.line(x(index), axis.place(lower), x(index), axis.place(upper), "bar")
                }
                let tip = "\(run.time): \(Amount.significant(mean, digits: 6))\(isBad ? ", exit status \(run.status)" : "")"
                drawing.dot(x(index), axis.place(mean), "dot", radius: runs.count > 60 ? 2 : 3.5, tip: tip)
            }
            if isBad {
                drawing.rectangle(x(index) - 2, bottom + 4, 4, 8, "warn", tip: "\(run.time): exit status \(run.status)")
            }
        }
        if let first = runs.first, let last = runs.last {
            drawing.label(String(first.time.prefix(10)), left, bottom + 28)
            if runs.count > 1 { drawing.label(String(last.time.prefix(10)), right, bottom + 28, .end) }
        }
        return drawing
    }

    var particulars: [(name: String, text: String)] {
        [("runs", Amount.grouped(trend.runs.count)), ("passed", Amount.grouped(trend.runs.count { $0.status == 0 }))]
    }
}
