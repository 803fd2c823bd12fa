import Engine
import Insight

/// The few sentences that matter most after the mean, in order: what a reader of the report should look at first.
struct ReportFindings {
    /// A sentence about a report.
    struct Finding {
        let text: String
        /// True if the text report has the same numbers in lines of their own.
        var isInLines = false
    }

    let report: Report

    init(_ report: Report) { self.report = report }

    /// All findings, the most important first.
    var all: [Finding] {
        func short(_ value: Double, _ digits: Int) -> String { Amount.significant(value, digits: digits) }
        var findings: [Finding] = []
        // A report is a file, whose numbers may be any.
        let (sum, isOver) = report.rows.invalid.addingReportingOverflow(report.rows.ignored)
        let left = isOver ? .max : sum
        if report.rows.infinite > 0 {
            findings.append(
                Finding(
                    text: "\(Amount.counted(report.rows.infinite, "row")) of \(Amount.grouped(report.rows.scored)) "
                        + "\(report.rows.infinite == 1 ? "has" : "have") an infinite loss.", isInLines: true))
        }
        if let explained = report.baseline?.d2, explained.isFinite {
            findings.append(
                Finding(
                    text: explained >= 0
                        ? "Predictions explain \(Amount.percent(explained)) of the labels' entropy."
                        : "Predictions are worse than the labels' shares, which are known without any model (D² \(short(explained, 3)))."))
        }
        if let worst = worstSlice {
            findings.append(
                Finding(
                    text: "\(worst.name) has \(Amount.percent(worst.slice.shareOfLoss)) of the loss with "
                        + "\(Amount.percent(worst.slice.shareOfRows)) of the rows: its mean is \(short(worst.slice.differenceFromRest, 3)) above "
                        + "that of the rest."))
        }
        if let error = report.calibration?.ece {
            let excess = report.sharpness?.excessLoss.map { ", and predictions are too \($0 > 0 ? "sure" : "unsure") of themselves" } ?? ""
            findings.append(Finding(text: "Confidences are \(Amount.percent(error)) off on average (ECE)\(excess)."))
        }
        if let temperature = report.temperature, let fitted = temperature.fitted, fitted.isFinite, fitted > 0, let gain = temperature.gain {
            findings.append(
                Finding(text: "Temperature \(short(fitted, 3)) would lower the mean by \(short(gain, 3)) \(report.unit.rawValue)."))
        }
        if let accuracy = report.accuracy, !accuracy.isNaN {
            let bounds = report.accuracyInterval.map { ", \(Amount.percent($0.lower)) to \(Amount.percent($0.upper))" } ?? ""
            findings.append(Finding(text: "\(Amount.percent(accuracy)) of the decisions are right\(bounds).", isInLines: true))
        }
        if left > 0 {
            findings.append(
                Finding(
                    text: "\(Amount.counted(left, "row")) of \(Amount.grouped(report.rows.read)) \(left == 1 ? "is" : "are") left out: "
                        + "\(Amount.grouped(report.rows.ignored)) ignored, \(Amount.grouped(report.rows.invalid)) invalid.", isInLines: true))
        }
        findings.append(
            Finding(
                text: "The losses of rows lie between \(short(report.loss.min, 4)) and \(short(report.loss.max, 4)).", isInLines: true))
        return findings
    }

    /// The slice whose mean is surely the furthest above the rest; nil if none is. Those by the predicted class are left out: they are
    /// chosen by being wrong.
    private var worstSlice: (name: String, slice: Report.Slice)? {
        let above = (report.slices ?? []).filter {
            $0.pValueHolm < 0.05 && $0.differenceFromRest > 0 && $0.shareOfLoss.isFinite && $0.by["predicted"] == nil
        }
        let worst = above.max { left, right in
            left.differenceFromRest - 1.96 * left.differenceStandardError < right.differenceFromRest - 1.96 * right.differenceStandardError
        }
        return worst.map { (EvaluationSection.name(of: $0), $0) }
    }
}

extension Amount {
    /// A share in percent: "12.5 %".
    static func percent(_ share: Double) -> String { share.isNaN ? "nan" : "\(significant(100 * share, digits: 3)) %" }
}
