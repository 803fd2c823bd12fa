import Engine
import Scoring

/// The report of a comparison for people.
struct ComparisonText {
    private let report: ComparisonReport
    private let style: TextStyle

    init(_ report: ComparisonReport, style: TextStyle = .plain) {
        self.report = report
        self.style = style
    }

    var text: String {
        let difference = report.difference
        func short(_ value: Double) -> String { Amount.significant(value, digits: 4) }
        func percent(_ value: Double) -> String { "\(Amount.significant(100 * value, digits: 4)) %" }
        var lines = ReportLines(
            title: style.heading("\(report.specification.task.rawValue) cross-entropy of two models")
                + ", \(Amount.counted(report.rows.paired, "paired row"))")
        lines.add("A, the baseline", "\(report.a.loss.mean) nats")
        lines.add("B, the candidate", "\(report.b.loss.mean) nats")
        let fitted = Amount.fitted(difference.mean, error: difference.standardError) ?? "\(difference.mean)"
        let verdict =
            report.signTest.ties == report.rows.paired ? "both are the same in every row" : difference.lower > 0 ? "B is worse" : difference.upper < 0 ? "B is better" : "either may be better"
        lines.add(
            "difference", style.figure("\(difference.mean > 0 ? "+" : "")\(difference.mean)") + "  (\(fitted) standard error)", isStyled: true)
        lines.add(
            "",
            "\(short(difference.lower)) to \(short(difference.upper)): \(verdict), p = \(Amount.significant(difference.pValue, digits: 2))"
                + (difference.clusters.map { ", by \(Amount.counted($0, "cluster"))" } ?? "")
                + ", correlation \(Amount.significant(difference.correlation, digits: 3))")
        lines.add(
            "", "differences below \(short(difference.minimumDetectable)) would often not be seen; of other rows the error would be "
                + short(difference.unpairedStandardError))
        let signs = report.signTest
        lines.add(
            "rows", "\(Amount.grouped(signs.bBetter)) better by B, \(Amount.grouped(signs.aBetter)) by A, \(Amount.grouped(signs.ties)) the same: "
                + "sign test p = \(Amount.significant(signs.pValue, digits: 2))")
        if let test = report.mcnemar, let accuracy = report.accuracyDifference, let ofA = report.a.accuracy, let ofB = report.b.accuracy {
            lines.add(
                "accuracy", "\(percent(ofA)) and \(percent(ofB)): \(accuracy.mean > 0 ? "+" : "")\(percent(accuracy.mean)) ± \(percent(accuracy.standardError)), "
                    + "\(Amount.grouped(test.onlyARight)) right by A alone and \(Amount.grouped(test.onlyBRight)) by B alone: McNemar p = "
                    + Amount.significant(test.pValue, digits: 2))
        }
        if let agreement = report.agreement {
            let kl = report.divergence.map { divergence in
                "; KL(A‖B) \(short(divergence.klAB)) ± \(Amount.significant(divergence.klABStandardError, digits: 2)) nats"
            } ?? ""
            lines.add("agreement", "the same class in \(percent(agreement.top1)) ± \(percent(agreement.standardError))\(kl)")
        }
        let left = report.rows.onlyA + report.rows.onlyB + report.rows.neither
        if left > 0 { lines.add("left out", "\(Amount.counted(left, "row")) without a loss by A, by B or by both") }
        lines.add(line: "")
        for (name, model) in [("A", report.a), ("B", report.b)] {
            for input in model.inputs where name == "A" || input.role == .predictions {
                lines.add(input.role == .predictions ? name : input.role.rawValue, "\(input.path), \(Amount.bytes(input.bytes)), \(input.format)")
            }
        }
        return lines.text
    }
}
