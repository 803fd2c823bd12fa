import Engine
import Insight
import Scoring

/// The report of a comparison on a page.
struct ComparisonSection: ReportSection {
    let report: ComparisonReport

    var version: String { report.xent }

    var title: String {
        let rows =
            switch report.pairing ?? .rows {
            case .rows: Amount.counted(report.rows.paired, "paired row")
            case .groups: "\(Amount.counted(report.rows.paired, "row")) of each, paired by groups"
            case .none: "rows that are not paired"
            }
        return "Cross-entropy of two models, \(report.specification.task.rawValue), \(rows)"
    }

    private func short(_ value: Double, _ digits: Int = 4) -> String { Amount.significant(value, digits: digits) }
    private func percent(_ share: Double) -> String { share.isNaN ? "nan" : "\(Amount.significant(100 * share, digits: 3)) %" }
    private func signed(_ text: String, _ value: Double) -> String { value > 0 ? "+" + text : text }

    private var verdict: String { ComparisonText.verdict(report) }
    /// True if the error of the difference is that of pairs.
    private var isPaired: Bool { report.pairing != ComparisonReport.Pairing.none }

    var headline: Markup {
        let difference = report.difference
        let fitted = signed(Amount.fitted(difference.mean, error: difference.standardError) ?? short(difference.mean, 6), difference.mean)
        let unit = Markup.element("small", text: " nats, B − A ± standard error: \(verdict)")
        return Markup.element("p", ["class": "mean"], .text(fitted) + unit).line
            + Markup.element(
                "p", ["class": "faint"],
                text:
                    "exactly \(difference.mean); \(Axis.text(100 * report.confidence)) % interval \(short(difference.lower)) to "
                    + "\(short(difference.upper)); "
                    + "p = \(short(difference.pValue, 2))"
                    + (difference.clusters.map { "; by \(Amount.counted($0, "cluster"))" }
                        ?? difference.groups.map { "; by \(Amount.counted($0, "group")) of rows" } ?? "")
            ).line
    }

    var warnings: [String] { report.warnings.map(\.text) }

    var findings: [String] {
        var texts: [String] = []
        if let signs = report.signTest {
            texts.append(
                "\(Amount.counted(signs.bBetter, "row")) \(signs.bBetter == 1 ? "is" : "are") better by B, "
                    + "\(Amount.grouped(signs.aBetter)) by A, "
                    + "\(Amount.grouped(signs.ties)) the same (sign test p = \(short(signs.pValue, 2))).")
        }
        if !isPaired {
            texts.append("Reports do not say which rows belong together: the error is that of different rows, and not of pairs.")
        }
        if let slice = report.slices?.first(where: { $0.pValueHolm < 0.05 && $0.difference > 0 }) {
            texts.append(
                "B loses most in \(Self.name(of: slice)): \(signed(short(slice.difference, 3), slice.difference)) ± "
                    + "\(short(slice.standardError, 2)) nats in \(Amount.counted(slice.rows, "row")) (p = \(short(slice.pValueHolm, 2)) by Holm's correction).")
        }
        if let accuracy = report.accuracyDifference, let test = report.mcnemar {
            texts.append(
                "Accuracy changes by \(signed(percent(accuracy.mean), accuracy.mean)) ± \(percent(accuracy.standardError)) "
                    + "(McNemar p = \(short(test.pValue, 2))).")
        }
        if let agreement = report.agreement {
            let divergence = report.divergence.map { "; KL(A‖B) is \(short($0.klAB)) ± \(short($0.klABStandardError, 2)) nats" } ?? ""
            texts.append("Both predict the same class in \(percent(agreement.top1)) of the rows\(divergence).")
        }
        texts.append(
            "Differences below \(short(report.difference.minimumDetectable)) would often not have been seen"
                + (report.difference.correlation.map { "; rows correlate by \(short($0, 3))" } ?? "") + ".")
        return Array(texts.prefix(5))
    }

    var figures: Markup { means + difference + contingency + divergences + llamaCpp + worst + slices }

    /// The values of a slice's columns: "country US, age 3".
    private static func name(of slice: ComparisonReport.SliceDifference) -> String {
        slice.by.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.shownText)" }.joined(separator: ", ")
    }

    /// A forest plot of the differences in the slices of each request, the largest first.
    private var slices: Markup {
        var figures = Markup()
        let requests = Dictionary(grouping: report.slices ?? []) { $0.by.keys.sorted() }
        // Long plots come last.
        let sorted = requests.sorted { left, right in
            let isLong = (left.value.count > 40, right.value.count > 40)
            return isLong.0 == isLong.1 ? left.key.lexicographicallyPrecedes(right.key) : isLong.1
        }
        for (columns, slices) in sorted {
            func shown(_ slice: ComparisonReport.SliceDifference) -> String {
                columns.map { (slice.by[$0] ?? .missing).shownText }.joined(separator: ", ")
            }
            let plot = IntervalPlot(
                rows: slices.map { IntervalPlot.Row(name: shown($0), value: $0.difference, lower: $0.lower, upper: $0.upper) },
                measure: "difference B − A, nats", reference: (0, "no difference"))
            let hasAccuracy = slices.contains { $0.accuracyA != nil }
            var table = NumberTable(
                "The differences by \(columns.joined(separator: ", "))",
                [columns.joined(separator: ", "), "rows", "A", "B", "B − A", "error", "p (Holm)"] + (hasAccuracy ? ["right, A", "right, B"] : []))
            for slice in slices.prefix(IntervalPlot.limit) {
                table.add(
                    [
                        shown(slice), Amount.grouped(slice.rows), short(slice.meanA), short(slice.meanB),
                        signed(short(slice.difference, 3), slice.difference), short(slice.standardError, 2), short(slice.pValueHolm, 2),
                    ] + (hasAccuracy ? [slice.accuracyA, slice.accuracyB].map { $0.map { percent($0) } ?? "" } : []))
            }
            let (worse, better) = (
                slices.count { $0.pValueHolm < 0.05 && $0.difference > 0 }, slices.count { $0.pValueHolm < 0.05 && $0.difference < 0 }
            )
            let errors = report.pairing ?? .rows == .rows ? "the error is that of paired rows" : "the error is that of different rows"
            figures += Figure.markup(
                "Differences by \(columns.joined(separator: ", "))", plot.drawing,
                caption: "\(Amount.counted(slices.count, "slice")), the largest difference first; \(errors). B is worse in \(Amount.grouped(worse)) of "
                    + "them and better in \(Amount.grouped(better)) (p below 0.05 by Holm's correction).\(plot.remainder)", table)
        }
        return figures
    }

    /// The rows that have changed the most as a table.
    private var worst: Markup {
        guard let worst = report.worst, !worst.isEmpty else { return Markup() }
        let shown = ShownValues(worst.map(\.columns))
        var table = NumberTable("The rows most larger by B", ["row", "B − A", "A", "B", "label", "predicted by A", "by B"] + shown.names)
        for row in worst.prefix(IntervalPlot.limit) {
            table.add([
                row.place ?? "row \(row.row)", signed(short(row.difference), row.difference), short(row.lossA), short(row.lossB),
                row.label.map { "\($0)" } ?? "", row.predictedA.map { "\($0)" } ?? "", row.predictedB.map { "\($0)" } ?? "",
            ] + shown.cells(row.columns))
        }
        return Figure.markup(
            "The largest changes", nil,
            caption: "The \(Amount.counted(worst.count, "row")) whose losses are the most larger by B, the worst first.", table)
    }

    /// The figures of llama.cpp as a table.
    private var llamaCpp: Markup {
        guard let figures = report.dialects?.llamaCpp else { return Markup() }
        var table = NumberTable("The figures of llama.cpp", ["", "value", "error"])
        func add(_ name: String, _ value: Double, _ error: Double?) { table.add([name, short(value, 7), error.map { short($0, 3) } ?? ""]) }
        for (name, figure) in [
            ("PPL(B)", figures.perplexityB), ("PPL(A)", figures.perplexityA), ("ln(PPL(B)/PPL(A))", figures.logPerplexityRatio),
            ("PPL(B)/PPL(A)", figures.perplexityRatio), ("PPL(B) − PPL(A)", figures.perplexityDifference),
        ] {
            add(name, figure.value, figure.standardError)
        }
        add("Cor(ln(PPL(B)), ln(PPL(A)))", figures.correlation, nil)
        let divergence = figures.divergence, change = figures.probabilityOfLabelDifference
        add("mean KLD", divergence.mean, divergence.standardError)
        for (order, value) in zip(divergence.quantiles.q, divergence.quantiles.values) { add("KLD, \(Axis.text(100 * order)) %", value, nil) }
        add("mean Δp", change.mean, change.standardError)
        add("RMS Δp", change.rms, change.rmsStandardError)
        for (order, value) in zip(change.quantiles.q, change.quantiles.values) { add("Δp, \(Axis.text(100 * order)) %", value, nil) }
        add("same top p", figures.sameTop.value, figures.sameTop.standardError)
        return Figure.markup(
            "By llama.cpp's formulas", nil,
            caption: "The figures that llama-perplexity --kl-divergence prints: tokens count in the divergence only where A's log-probability is above "
                + "−16, and Δp is the probability of the label by B less that by A.", table)
    }

    private var means: Markup {
        let z = 1.959963984540054
        let plot = IntervalPlot(
            rows: [("A, the baseline", report.a), ("B, the candidate", report.b)].map { name, model in
                IntervalPlot.Row(
                    name: name, value: model.loss.mean, lower: model.loss.mean - z * model.loss.standardError,
                    upper: model.loss.mean + z * model.loss.standardError)
            }, measure: "mean loss, nats", reference: nil)
        var table = NumberTable("The two models", ["", "mean", "error", "accuracy"])
        for (name, model) in [("A", report.a), ("B", report.b)] {
            table.add([name, short(model.loss.mean, 7), short(model.loss.standardError, 3), model.accuracy.map { percent($0) } ?? ""])
        }
        return Figure.markup(
            "Means", plot.drawing,
            caption:
                "A \(short(report.a.loss.mean, 6)), B \(short(report.b.loss.mean, 6)) nats, each with the 95 % interval that it "
                + "has alone."
                + (isPaired
                    ? " Whether they differ is told by the difference of paired rows, whose interval is narrower where rows correlate." : ""), table)
    }

    private var difference: Markup {
        let figures = report.difference
        let z = 1.959963984540054
        let name = !isPaired ? "different rows" : report.pairing == .groups ? "groups of rows" : "paired rows"
        var rows = [IntervalPlot.Row(name: name, value: figures.mean, lower: figures.lower, upper: figures.upper)]
        if isPaired {
            rows.append(
                IntervalPlot.Row(
                    name: "if not paired", value: figures.mean, lower: figures.mean - z * figures.unpairedStandardError,
                    upper: figures.mean + z * figures.unpairedStandardError))
        }
        let plot = IntervalPlot(rows: rows, measure: "difference B − A, nats", reference: (0, "no difference"))
        return Figure.markup(
            "Difference", plot.drawing,
            caption:
                "B − A is \(signed(short(figures.mean, 5), figures.mean)) nats, \(short(figures.lower)) to "
                + "\(short(figures.upper)): \(verdict). The "
                + "perplexity changes by the factor \(short(report.perplexityRatio.value, 5)).", plot.table("The difference"))
    }

    private var contingency: Markup {
        guard let test = report.mcnemar else { return Markup() }
        var table = NumberTable("Rows by who is right", ["", "B right", "B wrong"])
        table.add(["A right", Amount.grouped(test.bothRight), Amount.grouped(test.onlyARight)])
        table.add(["A wrong", Amount.grouped(test.onlyBRight), Amount.grouped(test.bothWrong)])
        let flips =
            report.flips.map {
                " The predicted label changes from 0 to 1 in \(percent($0.negativeToPositive)) of the rows, from 1 to 0 in "
                    + "\(percent($0.positiveToNegative))."
            } ?? ""
        return Figure.markup(
            "Who is right", nil,
            caption:
                "\(Amount.grouped(test.onlyARight)) right by A alone, \(Amount.grouped(test.onlyBRight)) by B alone: McNemar's exact p = "
                + "\(short(test.pValue, 2)).\(flips)", table)
    }

    private var divergences: Markup {
        var markup = Markup()
        if let divergence = report.divergence {
            markup += quantiles(
                "Divergence of rows", "KL(A‖B) of a row, nats", divergence.klABQuantiles,
                "KL(A‖B) has the mean \(short(divergence.klAB)) ± \(short(divergence.klABStandardError, 2)) and lies between "
                    + "\(short(divergence.klABMin)) and \(short(divergence.klABMax)). KL(B‖A) has the mean "
                    + "\(short(divergence.klBA)), Jensen and "
                    + "Shannon's divergence \(short(divergence.jensenShannon)), the total variation \(short(divergence.totalVariation)).")
        }
        if let label = report.probabilityOfLabelDifference {
            markup += quantiles(
                "Probability of the label", "B − A", label.quantiles,
                "The probability of the label changes by \(signed(short(label.mean), label.mean)) ± "
                    + "\(short(label.standardError, 2)) on average, by "
                    + "\(short(label.rms)) in the root of the mean square, and by \(short(label.max)) at most.")
        }
        return markup
    }

    /// Draws a quantile function: the shares of the rows upwards.
    private func quantiles(_ title: String, _ measure: String, _ quantiles: Report.Quantiles?, _ caption: String) -> Markup {
        guard let quantiles, quantiles.q.count == quantiles.values.count, !quantiles.q.isEmpty else {
            return Figure.markup(title, nil, caption: caption, nil)
        }
        var table = NumberTable("Quantiles", ["rows up to", measure])
        for (order, value) in zip(quantiles.q, quantiles.values) { table.add(["\(Axis.text(100 * order)) %", short(value, 5)]) }
        let (left, right, top, bottom) = (48.0, 392.0, 24.0, 184.0)
        let drawn = zip(quantiles.values, quantiles.q).filter { $0.0.isFinite }
        guard drawn.count > 1 else { return Figure.markup(title, nil, caption: caption, table) }
        let x = Axis(around: drawn.map(\.0), from: left, to: right), y = Axis(0, 1, from: bottom, to: top)
        var drawing = Drawing(height: bottom + 36)
        drawing.vertical(y, name: "share of rows up to", left: left, right: right, top: top)
        drawing.horizontal(x, name: measure, top: top, bottom: bottom, from: left, to: right)
        drawing.path(drawn.map { (x.place($0.0), y.place($0.1)) }, "curve")
        for (value, order) in drawn {
            drawing.dot(x.place(value), y.place(order), "dot", tip: "\(Axis.text(100 * order)) %: \(short(value, 5))")
        }
        return Figure.markup(title, drawing, caption: caption, table)
    }

    var particulars: [(name: String, text: String)] {
        var list: [(name: String, text: String)] = []
        list.append(("loss", "\(report.specification.task.rawValue); A from \(report.a.input), B from \(report.b.input)"))
        let rows = report.rows
        list.append(
            (
                "rows",
                !isPaired
                    ? "\(Amount.grouped(rows.onlyA)) of A, \(Amount.grouped(rows.onlyB)) of B"
                    : report.pairing == .groups
                    ? "\(Amount.grouped(rows.paired)) of each, paired by groups; \(Amount.grouped(rows.neither)) left out"
                    : "\(Amount.grouped(rows.paired)) paired; left out: \(Amount.grouped(rows.onlyA)) with a loss by A alone, "
                    + "\(Amount.grouped(rows.onlyB)) by B "
                    + "alone, \(Amount.grouped(rows.neither)) by neither"
            ))
        for (name, model) in [("A", report.a), ("B", report.b)] {
            list += EvaluationSection.describe(model.inputs).map { ("\(name), \($0.name)", $0.text) }
        }
        for (name, model) in [("A", report.a), ("B", report.b)] {
            list.append(("\(name), mean", "\(model.loss.mean) (\(model.loss.meanHex))"))
        }
        list.append(("difference", "\(report.difference.mean) (\(report.difference.meanHex))"))
        list += EvaluationSection.describe(report.run)
        list.append(("xent", report.xent))
        return list
    }
}
