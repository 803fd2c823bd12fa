import Engine
import Insight
import Scoring

/// The report of a comparison for people.
struct ComparisonText {
    private let report: ComparisonReport
    private let style: TextStyle

    /// The number of rows below which a slice is not shown.
    private let minimumSliceRowCount: UInt64

    init(_ report: ComparisonReport, minimumSliceRowCount: UInt64 = 0, style: TextStyle = .plain) {
        self.report = report
        self.minimumSliceRowCount = minimumSliceRowCount
        self.style = style
    }

    private func short(_ value: Double, _ digits: Int = 4) -> String { Amount.significant(value, digits: digits) }
    private func percent(_ share: Double, _ digits: Int = 4) -> String { "\(Amount.significant(100 * share, digits: digits)) %" }
    private func signed(_ text: String, _ value: Double) -> String { value > 0 ? "+" + text : text }

    /// Which model is better, as far as the interval tells.
    static func verdict(_ report: ComparisonReport) -> String {
        if let signs = report.signTest, signs.ties == report.rows.paired { return "both are the same in every row" }
        let difference = report.difference
        return difference.lower > 0 ? "B is worse" : difference.upper < 0 ? "B is better" : "either may be better"
    }

    var text: String {
        let task = report.specification.task.rawValue
        let rows =
            switch report.pairing ?? .rows {
            case .rows: Amount.counted(report.rows.paired, "paired row")
            case .groups: "\(Amount.counted(report.rows.paired, "row")) of each, paired by groups"
            case .none: "rows that are not paired"
            }
        var lines = ReportLines(title: style.heading("\(task) cross-entropy of two models") + ", \(rows)")
        for (name, model) in [("A, the baseline", report.a), ("B, the candidate", report.b)] {
            lines.add(
                name, "\(model.loss.mean) nats"
                    + (report.pairing == ComparisonReport.Pairing.none ? model.rows.map { ", \(Amount.counted($0, "row"))" } ?? "" : ""))
        }
        addDifference(to: &lines)
        addTests(to: &lines)
        addDivergences(to: &lines)
        if let figures = report.dialects?.llamaCpp { add(figures, to: &lines) }
        addSlices(to: &lines)
        addWorst(to: &lines)
        let left = report.rows.onlyA + report.rows.onlyB + report.rows.neither
        if left > 0, report.pairing != ComparisonReport.Pairing.none {
            lines.add("left out", "\(Amount.counted(left, "row")) without a loss by A, by B or by both")
        }
        lines.add(line: "")
        for (name, model) in [("A", report.a), ("B", report.b)] {
            for input in model.inputs where name == "A" || input.role == .predictions || input.role == .partial {
                lines.add(
                    input.role == .predictions || input.role == .partial ? name : input.role.rawValue,
                    "\(input.path), \(Amount.bytes(input.bytes)), \(input.format)")
            }
        }
        return lines.text
    }

    private func addDifference(to lines: inout ReportLines) {
        let difference = report.difference
        let fitted = Amount.fitted(difference.mean, error: difference.standardError) ?? "\(difference.mean)"
        lines.add("difference", style.figure(signed("\(difference.mean)", difference.mean)) + "  (\(fitted) standard error)", isStyled: true)
        let source =
            difference.clusters.map { ", by \(Amount.counted($0, "cluster"))" } ?? difference.groups.map { ", by \(Amount.counted($0, "group")) of rows" } ?? ""
        lines.add(
            "",
            "\(short(difference.lower)) to \(short(difference.upper)): \(Self.verdict(report)), p = \(short(difference.pValue, 2))\(source)"
                + (difference.correlation.map { ", correlation \(short($0, 3))" } ?? ""))
        guard report.pairing != ComparisonReport.Pairing.none else {
            lines.add(
                "", "unpaired: reports do not say which rows belong together, so that the error is that of different rows")
            lines.add("", "differences below \(short(difference.minimumDetectable)) would often not be seen; dumps or partials of the same rows tell more")
            return
        }
        lines.add(
            "", "differences below \(short(difference.minimumDetectable)) would often not be seen; of other rows the error would be "
                + short(difference.unpairedStandardError))
    }

    private func addTests(to lines: inout ReportLines) {
        if let signs = report.signTest {
            lines.add(
                "rows", "\(Amount.grouped(signs.bBetter)) better by B, \(Amount.grouped(signs.aBetter)) by A, \(Amount.grouped(signs.ties)) the same: "
                    + "sign test p = \(short(signs.pValue, 2))")
        }
        guard let ofA = report.a.accuracy, let ofB = report.b.accuracy else { return }
        let change = report.accuracyDifference.map { ": \(signed(percent($0.mean), $0.mean)) ± \(percent($0.standardError))" } ?? ""
        let test =
            report.mcnemar.map {
                ", \(Amount.grouped($0.onlyARight)) right by A alone and \(Amount.grouped($0.onlyBRight)) by B alone: McNemar p = "
                    + short($0.pValue, 2)
            } ?? ""
        lines.add("accuracy", "\(percent(ofA)) and \(percent(ofB))\(change)\(test)")
        if let flips = report.flips {
            lines.add(
                "flips", "\(percent(flips.negativeToPositive)) of the rows from 0 to 1, \(percent(flips.positiveToNegative)) from 1 to 0")
        }
    }

    private func addDivergences(to lines: inout ReportLines) {
        guard let agreement = report.agreement else { return }
        let kl =
            report.divergence.map { divergence in
                let quantile = divergence.klABQuantiles.flatMap { quantiles in
                    quantiles.q.firstIndex(of: 0.99).map { ", 99 % below \(short(quantiles.values[$0]))" }
                }
                return "; KL(A‖B) \(short(divergence.klAB)) ± \(short(divergence.klABStandardError, 2)) nats\(quantile ?? "")"
            } ?? ""
        lines.add("agreement", "the same class in \(percent(agreement.top1)) ± \(percent(agreement.standardError))\(kl)")
    }

    private func add(_ figures: ComparisonReport.LlamaCpp, to lines: inout ReportLines) {
        func estimate(_ value: Double, _ error: Double, _ digits: Int = 6) -> String { "\(short(value, digits)) ± \(short(error, 3))" }
        func estimate(_ figure: ComparisonReport.Estimate) -> String { estimate(figure.value, figure.standardError) }
        func quantile(_ quantiles: Report.Quantiles, _ order: Double) -> Double { quantiles.q.firstIndex(of: order).map { quantiles.values[$0] } ?? .nan }
        let divergence = figures.divergence, change = figures.probabilityOfLabelDifference
        lines.add("llama.cpp", "PPL(B) \(estimate(figures.perplexityB)), PPL(A) \(estimate(figures.perplexityA))")
        lines.add(
            "",
            "ln(PPL(B)/PPL(A)) \(estimate(figures.logPerplexityRatio)), Cor(ln(PPL(B)), ln(PPL(A))) \(percent(figures.correlation))")
        lines.add(
            "",
            "mean KLD \(estimate(divergence.mean, divergence.standardError)), median \(short(divergence.median)), 99 % "
                + "\(short(quantile(divergence.quantiles, 0.99))), 99.9 % \(short(quantile(divergence.quantiles, 0.999))), maximum "
                + "\(short(divergence.maximum)), minimum \(short(divergence.minimum))")
        lines.add(
            "",
            "mean Δp \(percent(change.mean)) ± \(percent(change.standardError, 3)), RMS Δp \(percent(change.rms)) ± "
                + "\(percent(change.rmsStandardError, 3)), same top p \(percent(figures.sameTop.value)) ± \(percent(figures.sameTop.standardError, 3))")
    }

    /// The largest number of slices of one request that are shown.
    private static let sliceLimit = 10

    private func addSlices(to lines: inout ReportLines) {
        guard let slices = report.slices else { return }
        if slices.isEmpty { lines.add("slices", "none that both have") }
        let requests = Dictionary(grouping: slices) { $0.by.keys.sorted() }
        for (columns, all) in requests.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let slices = all.filter { $0.rows >= minimumSliceRowCount }
            lines.add(
                "by \(columns.joined(separator: ", "))",
                Amount.counted(all.count, "slice") + SliceText.remark(hidden: all.count - slices.count, minimumSliceRowCount)
                    + ", the largest difference B − A first")
            // By the lower bound of the difference.
            func bound(_ slice: ComparisonReport.SliceDifference) -> Double { slice.lower.isNaN ? -.infinity : slice.lower }
            let worst = slices.enumerated().sorted { (-bound($0.element), $0.offset) < (-bound($1.element), $1.offset) }
            for (_, slice) in worst.prefix(Self.sliceLimit) {
                let name = columns.map { (slice.by[$0] ?? .missing).shownText }.joined(separator: ", ")
                let fitted = Amount.fitted(slice.difference, error: slice.standardError) ?? short(slice.difference, 6)
                lines.add(
                    escaped: "    \(name): \(signed(fitted, slice.difference)), \(Amount.counted(slice.rows, "row")), "
                        + "\(short(slice.meanA)) and \(short(slice.meanB)), p = \(short(slice.pValueHolm, 2)) (Holm)")
            }
            if slices.count > Self.sliceLimit { lines.add(line: "    and \(Amount.grouped(slices.count - Self.sliceLimit)) more") }
        }
    }

    private func addWorst(to lines: inout ReportLines) {
        guard let worst = report.worst else { return }
        lines.add("most larger by B", worst.isEmpty ? "none" : "\(Amount.counted(worst.count, "row")), the worst first")
        for row in worst {
            var text = "    \(row.place ?? "row \(row.row)"): \(signed(short(row.difference), row.difference)), from \(short(row.lossA)) to \(short(row.lossB))"
            if let label = row.label {
                text += ", label \(label) with \(short(row.probabilityOfLabelA, 3)) and \(short(row.probabilityOfLabelB, 3))"
            }
            if let predictedA = row.predictedA, let predictedB = row.predictedB {
                text += predictedA == predictedB ? ", predicted \(predictedA) by both" : ", predicted \(predictedA) by A and \(predictedB) by B"
            }
            lines.add(escaped: text + ShownValues.text(row.columns))
        }
    }
}

extension SliceValue {
    /// The value for people, in which an empty text is seen.
    var shownText: String { self == .text("") ? "''" : shown }
}
