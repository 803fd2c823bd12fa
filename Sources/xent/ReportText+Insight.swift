import Engine
import Insight

// The figures beside the mean, as far as they were asked for.
extension ReportText {
    /// Adds a section for each figure that was asked for.
    func addInsight(to lines: inout ReportLines) {
        addScores(to: &lines)
        if let calibration = report.calibration { add(calibration, to: &lines) }
        if let quantiles = report.quantiles {
            let shown = zip(quantiles.q, quantiles.values).map { order, value in
                "\(Amount.significant(100 * order, digits: 4)) % \(Amount.significant(value, digits: 4))"
            }
            lines.add("row losses up to", Amount.listed(shown, limit: 13))
        }
        if let topK = report.topK {
            let ordered = topK.compactMap { key, figures in Int(key).map { ($0, figures) } }.sorted { $0.0 < $1.0 }
            for (place, (k, figures)) in ordered.enumerated() {
                var text = "\(Amount.significant(100 * figures.accuracy, digits: 4)) % among the first \(k)"
                if figures.tiedRows > 0 {
                    text += ", \(Amount.significant(100 * figures.pessimistic, digits: 4)) to "
                        + "\(Amount.significant(100 * figures.optimistic, digits: 4)) % by the order of \(Amount.counted(figures.tiedRows, "tie"))"
                }
                lines.add(place == 0 ? "labels" : "", text)
            }
        }
        if let worst = report.worst { add(worst, to: &lines) }
    }

    private func addScores(to lines: inout ReportLines) {
        // Every report has the baseline: it is shown where more than the mean was asked for.
        let isAskedFor = report.brier != nil || report.sharpness != nil || report.calibration != nil
        if isAskedFor, let baseline = report.baseline {
            let explained = baseline.d2.map { ", of which predictions explain \(Amount.significant(100 * $0, digits: 4)) %" } ?? ""
            lines.add("labels alone", "\(Amount.significant(baseline.entropy, digits: 6)) \(report.unit)\(explained)")
        }
        if let brier = report.brier {
            let explained = brier.d2.map { ", \(Amount.significant(100 * $0, digits: 4)) % better than the labels' shares" } ?? ""
            lines.add("Brier score", "\(Amount.significant(brier.score, digits: 6))\(explained)")
        }
        if let sharpness = report.sharpness {
            let excess = sharpness.excessLoss.map { excess in
                "; \(Amount.significant(excess.magnitude, digits: 3)) \(report.unit) too \(excess > 0 ? "sure" : "unsure")"
            } ?? ""
            lines.add(
                "sharpness",
                "entropy \(Amount.significant(sharpness.meanEntropy, digits: 6)) \(report.unit), largest probability "
                    + "\(Amount.significant(sharpness.meanTopProbability, digits: 4))\(excess)")
        }
    }

    private func add(_ calibration: Report.CalibrationFigures, to lines: inout ReportLines) {
        let ofWhat = calibration.kind == .positive ? "of label 1" : "of the top class"
        lines.add(
            "calibration",
            "error \(Amount.significant(calibration.ece, digits: 4)) (ECE, \(Amount.counted(calibration.bins, "interval")) \(ofWhat)), "
                + "largest \(Amount.significant(calibration.mce, digits: 4))"
                + (calibration.smoothEce.map { ", smooth \(Amount.significant($0, digits: 4))" } ?? ""))
        for bin in calibration.reliability {
            func share(_ value: Double) -> String { "\(Amount.significant(100 * value, digits: 3)) %" }
            lines.add(
                line: "    \(Amount.significant(bin.lower, digits: 3)) to \(Amount.significant(bin.upper, digits: 3)): "
                    + "\(Amount.counted(bin.rows, "row")), said \(share(bin.confidence)), right \(share(bin.accuracy)) "
                    + "(\(share(bin.accuracyLower)) to \(share(bin.accuracyUpper)))")
        }
        for other in calibration.otherBinnings ?? [] {
            lines.add("", "\(Amount.significant(other.ece, digits: 4)) with \(Amount.counted(other.bins, "interval"))")
        }
    }

    private func add(_ worst: [Report.WorstRow], to lines: inout ReportLines) {
        lines.add("worst rows", worst.isEmpty ? "none" : "")
        for row in worst {
            var text = "    \(row.place ?? "row \(row.row)"): \(Amount.significant(row.loss, digits: 6))"
            if let label = row.label { text += ", label \(label) with \(Amount.significant(row.probabilityOfLabel, digits: 3))" }
            if let predicted = row.predicted, let probability = row.probabilityOfPredicted {
                text += ", predicted \(predicted) with \(Amount.significant(probability, digits: 3))"
            }
            lines.add(escaped: text)
        }
    }
}
