import Engine

// The losses of rows: their histogram and quantiles, the worst rows, and other dialects.
extension EvaluationSection {
    /// The histogram and the quantiles, if the report has them.
    var lossFigures: Markup {
        guard let quantiles = report.quantiles else { return Markup() }
        var table = NumberTable("Quantiles of the loss", ["rows up to", "loss", "lower", "upper"])
        for index in quantiles.q.indices where index < min(quantiles.values.count, quantiles.lower.count, quantiles.upper.count) {
            table.add(
                ["\(Axis.text(100 * quantiles.q[index])) %"]
                    + [quantiles.values[index], quantiles.lower[index], quantiles.upper[index]].map { short($0, 6) })
        }
        let shown = zip(quantiles.q, quantiles.values).prefix(6).map { "\(Axis.text(100 * $0)) % of the rows lose at most \(short($1, 4))" }
        var caption = "\(shown.joined(separator: "; ")) \(report.unit.rawValue)."
        let intervals = quantiles.histogram ?? []
        if intervals.contains(where: { $0.upper <= Self.leastDrawnLoss && $0.lower >= 0 }) {
            caption += " The first bar has all losses below \(Axis.text(Self.leastDrawnLoss))."
        }
        if intervals.contains(where: { $0.lower >= Self.largestDrawnLoss }) { caption += " The last bar has the infinite ones." }
        return Figure.markup(
            "Losses of rows", quantiles.histogram.flatMap { Self.drawing($0, unit: report.unit.rawValue) }, caption: caption, table)
    }

    /// Losses below this are drawn in one bar, and so are infinite ones.
    private static let leastDrawnLoss = 0x1p-20
    private static let largestDrawnLoss = 1e300

    /// Draws bars over a scale that doubles, or a linear one where there are losses below 0.
    private static func drawing(_ intervals: [Report.HistogramInterval], unit: String) -> Drawing? {
        func amount(_ interval: Report.HistogramInterval) -> Double { interval.weight ?? Double(interval.rows) }
        let finite = intervals.filter { $0.lower > -largestDrawnLoss && $0.lower < largestDrawnLoss }
        let infinite = intervals.filter { $0.lower >= largestDrawnLoss }.reduce(0) { $0 + amount($1) }
        guard let least = finite.first?.lower, let last = finite.last else { return nil }
        let (left, right, top, bottom) = (60.0, infinite > 0 ? 350.0 : 392.0, 24.0, 190.0)
        let isLinear = least < 0
        let axis =
            isLinear
            ? Axis(least, last.upper, from: left, to: right)
            : Axis(max(leastDrawnLoss, least), max(last.upper, 2 * leastDrawnLoss), from: left, to: right, scale: .doubling)
        // Bars of a linear scale have areas by their rows, so that intervals of unlike widths compare.
        var bars: [(x1: Double, x2: Double, height: Double, tip: String)] = []
        var smallest = 0.0
        for interval in finite {
            let value = amount(interval)
            if !isLinear, interval.upper <= leastDrawnLoss {
                smallest += value
                continue
            }
            let (x1, x2) = (axis.place(interval.lower), axis.place(interval.upper))
            let width = max(x2 - x1, 2)
            bars.append(
                (
                    x1, x1 + width, isLinear ? value / width : value,
                    "\(Amount.significant(interval.lower, digits: 4)) to \(Amount.significant(interval.upper, digits: 4)): "
                        + Amount.counted(interval.rows, "row")
                ))
        }
        if smallest > 0 { bars.insert((left - 9, left - 1, smallest, "below \(Axis.text(leastDrawnLoss))"), at: 0) }
        if infinite > 0 { bars.append((366, 386, infinite, "infinite")) }
        let highest = bars.map(\.height).max() ?? 0
        guard highest > 0, highest.isFinite else { return nil }
        let heights = Axis(0, highest, from: bottom, to: top)
        var drawing = Drawing(height: bottom + 36)
        if !isLinear {
            let name = intervals.contains { $0.weight != nil } ? "weight of rows" : "rows"
            drawing.vertical(heights, name: name, left: left - 10, right: right, top: top, ticks: 4)
        }
        drawing.horizontal(
            axis, name: "loss of a row, \(unit)\(isLinear ? "" : " (doubling scale)")", top: top, bottom: bottom, from: left, to: right)
        for bar in bars {
            let y = heights.place(bar.height)
            drawing.rectangle(bar.x1, y, bar.x2 - bar.x1, bottom - y, "box", tip: bar.tip)
        }
        if infinite > 0 { drawing.label("∞", 376, bottom + 14, .middle) }
        return drawing
    }

    /// The worst rows as a table, if the report has them.
    var worstFigure: Markup {
        guard let worst = report.worst, !worst.isEmpty else { return Markup() }
        let shown = ShownValues(worst.map(\.columns))
        var table = NumberTable("The worst rows", ["row", "loss", "label", "its probability", "predicted", "its probability"] + shown.names)
        for row in worst.prefix(IntervalPlot.limit) {
            table.add([
                row.place ?? "row \(row.row)", short(row.loss, 5), row.label.map { className($0) } ?? "", short(row.probabilityOfLabel, 3),
                row.predicted.map { className($0) } ?? "", row.probabilityOfPredicted.map { short($0, 3) } ?? "",
            ] + shown.cells(row.columns))
        }
        let sum = worst.reduce(0) { $0 + $1.loss }
        let share =
            sum.isFinite && report.loss.sum.isFinite && report.loss.sum > 0 && !report.specification.rowWeights
                && report.specification.classWeights == nil && report.specification.posWeight == nil
            ? " Together they have \(percent(sum / report.loss.sum)) of all loss." : ""
        return Figure.markup(
            "The worst rows", nil, caption: "The \(Amount.counted(worst.count, "row")) with the largest losses, the worst first.\(share)",
            table)
    }

    /// A class by its name, or its index.
    private func className(_ index: Int) -> String {
        guard let names = report.columns?.classNames, names.indices.contains(index) else { return "\(index)" }
        return Drawing.cut(names[index], to: 40)
    }

    /// The means of the dialects, if there are several.
    var dialectFigure: Markup {
        guard report.dialects.count > 1 else { return Markup() }
        var table = NumberTable("The means of the dialects", ["dialect", "mean", "rows", "clipped rows"])
        for (name, loss) in report.dialects.sorted(by: { $0.key < $1.key }) {
            table.add([name, "\(loss.mean)", Amount.grouped(loss.scoredRows), Amount.grouped(loss.clippedRows)])
        }
        return Figure.markup(
            "Dialects", nil, caption: "The mean by the conventions of each library, in \(report.unit.rawValue).", table)
    }
}
