import Engine
import Insight

// Where the loss comes from, how predictions rank, and what other temperatures would give.
extension EvaluationSection {
    /// The values of a slice's columns: "country US, age 3".
    static func name(of slice: Report.Slice) -> String {
        slice.by.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.shownText)" }.joined(separator: ", ")
    }

    /// The number of slices above which a plot is longer than others.
    private static let shortSliceCount = 40

    /// A forest plot for the slices of each request, classes among them, the worst first.
    var sliceFigures: Markup {
        var figures = Markup()
        // Long plots come last.
        let requests = (report.slices ?? []).byRequest
        let sorted =
            requests.filter { $0.slices.count <= Self.shortSliceCount } + requests.filter { $0.slices.count > Self.shortSliceCount }
        for (columns, slices) in sorted {
            figures += figure(columns, slices)
        }
        return figures
    }

    private func figure(_ columns: [String], _ slices: [Report.Slice]) -> Markup {
        func order(_ value: Double) -> Double { value.isNaN ? -.infinity : value }
        let sorted = slices.enumerated().sorted { (order($1.element.mean), $0.offset) < (order($0.element.mean), $1.offset) }.map(\.element)
        let z = 1.959963984540054
        func shown(_ slice: Report.Slice) -> String { columns.map { (slice.by[$0] ?? .missing).shownText }.joined(separator: ", ") }
        let plot = IntervalPlot(
            rows: sorted.map {
                IntervalPlot.Row(
                    name: shown($0), value: $0.mean, lower: $0.mean - z * $0.standardError, upper: $0.mean + z * $0.standardError)
            }, measure: lossName, reference: (report.loss.mean, "all rows"))
        let isLabel = columns == ["label"], isPredicted = columns == ["predicted"]
        let title = isLabel ? "Classes, by label" : isPredicted ? "Classes, by prediction" : "Slices by \(columns.joined(separator: ", "))"
        let hasAccuracy = slices.contains { $0.accuracy != nil }
        var table = NumberTable(
            "The numbers of \(title.prefix(1).lowercased() + title.dropFirst())",
            [columns.joined(separator: ", "), "rows", "mean", "error"] + (hasAccuracy ? ["right"] : [])
                + ["share of loss", "less the rest", "p (Holm)"])
        for slice in sorted.prefix(IntervalPlot.limit) {
            table.add(
                [shown(slice), Amount.grouped(slice.rows), short(slice.mean, 5), short(slice.standardError, 2)]
                    + (hasAccuracy ? [slice.accuracy.map { percent($0) } ?? ""] : [])
                    + [percent(slice.shareOfLoss), short(slice.differenceFromRest, 3), short(slice.pValueHolm, 2)])
        }
        let unlike = slices.count { $0.pValueHolm < 0.05 }
        var caption =
            "\(Amount.counted(slices.count, "slice")), the largest mean first, each with its 95 % interval; the dashed line is the mean of "
            + "all rows. \(Amount.grouped(unlike)) differ\(unlike == 1 ? "s" : "") from the rest (p below 0.05 by Holm's correction)."
        if isLabel, let mean = report.macroMean {
            caption +=
                " The mean of the labels' means is \(short(mean, 5))"
                + (report.balancedAccuracy.map { ", of their accuracies \(percent($0))" } ?? "") + "."
        }
        return Figure.markup(title, plot.drawing, caption: caption + plot.remainder, table)
    }

    /// The areas with their enclosures, and those of classes.
    var rankingFigures: Markup {
        guard let ranking = report.ranking else { return Markup() }
        var figures = Markup()
        if let area = ranking.rocAuc, let precision = ranking.averagePrecision {
            let z = 1.959963984540054
            var rows: [IntervalPlot.Row] = []
            if let error = ranking.rocAucStandardError {
                rows.append(IntervalPlot.Row(name: "AUC ± sampling", value: area, lower: area - z * error, upper: area + z * error))
            }
            rows.append(
                IntervalPlot.Row(name: "AUC, enclosed", value: area, lower: ranking.rocAucLower ?? area, upper: ranking.rocAucUpper ?? area)
            )
            rows.append(
                IntervalPlot.Row(
                    name: "precision, encl.", value: precision, lower: ranking.averagePrecisionLower ?? precision,
                    upper: ranking.averagePrecisionUpper ?? precision))
            let plot = IntervalPlot(rows: rows, measure: "area", reference: nil)
            let counts =
                ranking.positives.flatMap { positives in
                    ranking.negatives.map { "\(Amount.counted(positives, "row")) of label 1, \(Amount.grouped($0)) of label 0. " }
                } ?? ""
            figures += Figure.markup(
                "Ranking", plot.drawing,
                caption: "The area under the ROC curve is \(short(area, 6)), the average precision \(short(precision, 6)). \(counts)"
                    + (ranking.exact == true
                        ? "All scores are told apart: the areas are exact." : "Each area surely lies in its enclosure."),
                plot.table("The areas"))
        }
        if let curve = ranking.curve, !curve.isEmpty { figures += curveFigures(curve) }
        if let classes = ranking.oneVersusRest {
            let sorted = classes.byClass.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }
            let plot = IntervalPlot(
                rows: sorted.map { IntervalPlot.Row(name: "class \($0.offset)", value: $0.element, lower: .nan, upper: .nan) },
                measure: "area under the ROC curve", reference: (classes.rocAuc, "mean"))
            var table = NumberTable("The areas of classes", ["class", "ROC AUC"])
            for (index, area) in sorted.prefix(IntervalPlot.limit) { table.add(["\(index)", short(area, 6)]) }
            figures += Figure.markup(
                "Ranking of classes", plot.drawing,
                caption:
                    "Each class against the rest, the worst first. The mean area is \(short(classes.rocAuc, 6)), the mean "
                    + "average precision "
                    + "\(short(classes.averagePrecision, 6)).\(plot.remainder)", table)
        }
        return figures
    }

    /// The ROC curve, and the curve of precision and recall.
    private func curveFigures(_ curve: [RankingFigures.CurvePoint]) -> Markup {
        func percentage(_ share: Double) -> String { "\(short(100 * share, 3)) %" }
        func tip(_ point: RankingFigures.CurvePoint) -> String {
            "from \(short(point.threshold, 4)) on: \(percentage(point.truePositiveRate)) of label 1, "
                + "\(percentage(point.falsePositiveRate)) of label 0, precision \(percentage(point.precision))"
        }
        var table = NumberTable(
            "Points of the curves", ["threshold", "true positive rate", "false positive rate", "precision"], textColumnCount: 0)
        // A tenth of a scale apart, as far as there are such points.
        var shown = -1.0
        for point in curve where point.truePositiveRate + point.falsePositiveRate - shown >= 0.1 {
            table.add([point.threshold, point.truePositiveRate, point.falsePositiveRate, point.precision].map { short($0, 4) })
            shown = point.truePositiveRate + point.falsePositiveRate
        }
        let roc = Self.unitSquare(
            [(0, 0)] + curve.map { ($0.falsePositiveRate, $0.truePositiveRate) }, tips: [nil] + curve.map { tip($0) },
            across: "share of label 0 called 1", up: "share of label 1 called 1", reference: ((0, 0), (1, 1)))
        let recalls = Self.unitSquare(
            curve.map { ($0.truePositiveRate, $0.precision) }, tips: curve.map { tip($0) }, across: "recall", up: "precision",
            reference: curve.last.map { ((0, $0.precision), (1, $0.precision)) })
        let half = curve.last { $0.falsePositiveRate <= 0.05 }
        return Figure.markup(
            "ROC curve", roc,
            caption: "The shares of each label that a threshold calls 1; the dashed line is what chance gives."
                + (half.map { " With 5 % of label 0 called 1, it is \(percentage($0.truePositiveRate)) of label 1 (threshold \(short($0.threshold, 4)))." } ?? ""),
            table)
            + Figure.markup(
                "Precision and recall", recalls,
                caption: "How many of those called 1 are of label 1, and how many of label 1 are called so; the dashed line is the share of "
                    + "label 1.", nil)
    }

    /// Draws a curve between 0 and 1, with a dot for each point that tells its numbers.
    private static func unitSquare(
        _ points: [(x: Double, y: Double)], tips: [String?], across: String, up: String,
        reference: (from: (x: Double, y: Double), to: (x: Double, y: Double))?
    ) -> Drawing {
        let (left, right, top, bottom) = (48.0, 348.0, 24.0, 264.0)
        let x = Axis(0, 1, from: left, to: right), y = Axis(0, 1, from: bottom, to: top)
        var drawing = Drawing(height: bottom + 36)
        drawing.vertical(y, name: up, left: left, right: right, top: top)
        drawing.horizontal(x, name: across, top: top, bottom: bottom, from: left, to: right)
        if let (from, to) = reference { drawing.line(x.place(from.x), y.place(from.y), x.place(to.x), y.place(to.y), "reference") }
        drawing.path(points.map { (x.place($0.x), y.place($0.y)) }, "curve")
        for (point, tip) in zip(points, tips) {
            if let tip { drawing.dot(x.place(point.x), y.place(point.y), "dot", radius: 2, tip: tip) }
        }
        return drawing
    }

    /// The mean by temperature, if the report has it.
    var temperatureFigure: Markup {
        guard let section = report.temperature else { return Markup() }
        var points = section.sweep.map { ($0.temperature, $0.mean) }
        let fitted = section.fitted.flatMap { value in
            section.meanAtFitted.flatMap { value.isFinite && value > 0 && $0.isFinite ? (value, $0) : nil }
        }
        if !points.contains(where: { $0.0 == 1 }), let gain = section.gain, let fitted, gain.isFinite {
            points.append((1, fitted.1 + gain))
        }
        if let fitted { points.append(fitted) }
        points.sort { $0.0 < $1.0 }
        var table = NumberTable("Means by temperature", ["temperature", "mean"], textColumnCount: 0)
        for point in points { table.add([short(point.0, 6), short(point.1, 8)]) }
        var caption = "The mean loss with logits divided by a temperature."
        if let value = section.fitted {
            caption +=
                value.isNaN
                ? " None is best: a loss is infinite."
                : value == 0
                    ? " The mean falls all the way to 1/8."
                    : value == .infinity
                        ? " The mean falls all the way to 8."
                        : " The least mean is at temperature \(short(value, 6)) (the large dot)"
                            + (section.gain.map { ", \(short($0, 3)) \(report.unit.rawValue) below that at 1." } ?? ".")
        }
        let drawn = points.filter { $0.0 > 0 && $0.0.isFinite && $0.1.isFinite }
        guard drawn.count > 1, let first = drawn.first, let last = drawn.last else {
            return Figure.markup("Temperature", nil, caption: caption, table)
        }
        let (left, right, top, bottom) = (56.0, 392.0, 24.0, 184.0)
        let x = Axis(first.0 * 0.9, last.0 * 1.1, from: left, to: right, scale: .doubling)
        let y = Axis(around: drawn.map(\.1), from: bottom, to: top)
        var drawing = Drawing(height: bottom + 36)
        drawing.vertical(y, name: lossName, left: left, right: right, top: top, ticks: 4)
        drawing.horizontal(x, name: "temperature (doubling scale)", top: top, bottom: bottom, from: left, to: right)
        drawing.path(drawn.map { (x.place($0.0), y.place($0.1)) }, "curve")
        for point in drawn { drawing.dot(x.place(point.0), y.place(point.1), "dot", tip: "\(short(point.0, 6)): \(short(point.1, 8))") }
        if let fitted { drawing.dot(x.place(fitted.0), y.place(fitted.1), "mark", radius: 7, tip: "best: \(short(fitted.0, 6))") }
        return Figure.markup("Temperature", drawing, caption: caption, table)
    }

    /// The shares of labels among the first few predictions, if the report has them.
    var topFigure: Markup {
        let ordered = (report.topK?.byK ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        guard !ordered.isEmpty else { return Markup() }
        let plot = IntervalPlot(
            rows: ordered.map {
                IntervalPlot.Row(name: "first \($0.0)", value: $0.1.accuracy, lower: $0.1.pessimistic, upper: $0.1.optimistic)
            }, measure: "share of rows", reference: nil)
        var table = NumberTable("Top-k accuracies", ["k", "right", "label last of ties", "label first of ties", "tied rows"])
        for (k, figures) in ordered {
            table.add(
                ["\(k)"] + [figures.accuracy, figures.pessimistic, figures.optimistic].map { short($0, 5) } + [
                    Amount.grouped(figures.tiedRows)
                ])
        }
        let shown = ordered.prefix(6).map { "\(percent($0.1.accuracy)) among the first \($0.0)" }
        return Figure.markup(
            "Labels among the first predictions", plot.drawing,
            caption: "The label is in \(shown.joined(separator: ", ")). Bars are what the order of equal predictions may change.", table)
    }
}
