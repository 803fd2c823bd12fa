import Engine
import Insight

// The figures beside the mean, as far as they were asked for.
extension ReportText {
    /// Adds a section for each figure that was asked for.
    func addInsight(to lines: inout ReportLines) {
        if let uncertainty = report.uncertainty { add(uncertainty, to: &lines) }
        addScores(to: &lines)
        if let calibration = report.calibration { add(calibration, to: &lines) }
        if let ranking = report.ranking { add(ranking, to: &lines) }
        if let temperature = report.temperature { add(temperature, to: &lines) }
        if let quantiles = report.quantiles {
            let shown = zip(quantiles.q, quantiles.values).map { order, value in
                "\(Self.percent(order)) \(Amount.significant(value, digits: 4))"
            }
            lines.add("row losses up to", Amount.listed(shown, limit: 13))
        }
        if let topK = report.topK {
            for (place, (k, figures)) in topK.byK.sorted(by: { $0.key < $1.key }).enumerated() {
                var text = "\(Amount.significant(100 * figures.accuracy, digits: 4)) % among the first \(k)"
                if figures.tiedRows > 0 {
                    text += ", \(Amount.significant(100 * figures.pessimistic, digits: 4)) to "
                        + "\(Amount.significant(100 * figures.optimistic, digits: 4)) % by the order of \(Amount.counted(figures.tiedRows, "tie"))"
                }
                lines.add(place == 0 ? "labels" : "", text)
            }
        }
        if let slices = report.slices { add(slices, to: &lines) }
        if let worst = report.worst { add(worst, to: &lines) }
    }

    /// The share in as many digits as it was asked for with: 50 %, 99.9 %.
    static func percent(_ share: Double) -> String {
        let text = Amount.significant(100 * share, digits: 6)
        guard text.contains("."), !text.contains("e") else { return text + " %" }
        var digits = Substring(text)
        while digits.last == "0" { digits.removeLast() }
        return (digits.last == "." ? digits.dropLast() : digits) + " %"
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
        func share(_ value: Double) -> String { "\(Amount.significant(100 * value, digits: 3)) %" }
        var name = "calibration"
        if let error = calibration.ece, let largest = calibration.mce, let bins = calibration.bins {
            let ofWhat = calibration.kind == .positive ? "of label 1" : "of the top class"
            lines.add(
                name,
                "error \(Amount.significant(error, digits: 4)) (ECE, \(Amount.counted(bins, "interval")) \(ofWhat)), "
                    + "largest \(Amount.significant(largest, digits: 4))"
                    + (calibration.smoothEce.map { ", smooth \(Amount.significant($0, digits: 4))" } ?? ""))
            name = ""
        }
        for bin in calibration.reliability ?? [] {
            lines.add(
                line: "    \(Amount.significant(bin.lower, digits: 3)) to \(Amount.significant(bin.upper, digits: 3)): "
                    + "\(Amount.counted(bin.rows, "row")), said \(share(bin.confidence)), right \(share(bin.accuracy)) "
                    + "(\(share(bin.accuracyLower)) to \(share(bin.accuracyUpper)))")
        }
        for other in calibration.otherBinnings ?? [] {
            lines.add("", "\(Amount.significant(other.ece, digits: 4)) with \(Amount.counted(other.bins, "interval"))")
        }
        if let mass = calibration.equalMass {
            lines.add("", "\(Amount.significant(mass.ece, digits: 4)) with \(Amount.counted(mass.bins, "interval")) of equally many rows")
        }
        if let classes = calibration.classwise {
            lines.add(
                name, "error \(Amount.significant(classes.ece, digits: 4)) of the classes' probabilities, largest "
                    + Amount.significant(classes.mce, digits: 4))
        }
    }

    private func add(_ uncertainty: Report.UncertaintySection, to lines: inout ReportLines) {
        let groups =
            uncertainty.clusters.map { Amount.counted($0, "cluster") } ?? uncertainty.groups.map { Amount.counted($0, "group") + " of rows" } ?? ""
        let fitted = Amount.fitted(report.loss.mean, error: uncertainty.standardError) ?? "\(report.loss.mean)"
        lines.add(
            uncertainty.interval.rawValue,
            "\(fitted) standard error, \(Amount.significant(uncertainty.lower, digits: 6)) to "
                + "\(Amount.significant(uncertainty.upper, digits: 6)) by \(groups)"
                + (uncertainty.designEffect.map { ", design effect \(Amount.significant($0, digits: 3))" } ?? ""))
    }

    private func add(_ ranking: Report.RankingSection, to lines: inout ReportLines) {
        func figure(_ value: Double, _ lower: Double?, _ upper: Double?) -> String {
            guard let lower, let upper, lower < upper else { return Amount.significant(value, digits: 6) }
            return "\(Amount.significant(value, digits: 6)) (surely \(Amount.significant(lower, digits: 6)) to \(Amount.significant(upper, digits: 6)))"
        }
        if let area = ranking.rocAuc, let precision = ranking.averagePrecision {
            let error = ranking.rocAucStandardError.map { " ± \(Amount.significant($0, digits: 2))" } ?? ""
            lines.add("ROC AUC", figure(area, ranking.rocAucLower, ranking.rocAucUpper) + error)
            lines.add("average precision", figure(precision, ranking.averagePrecisionLower, ranking.averagePrecisionUpper))
        }
        if let classes = ranking.oneVersusRest {
            lines.add("ROC AUC", "\(Amount.significant(classes.rocAuc, digits: 6)), the mean of each class against the rest")
        }
    }

    private func add(_ temperature: Report.TemperatureSection, to lines: inout ReportLines) {
        if let fitted = temperature.fitted {
            let least = temperature.meanAtFitted.map { ", where the mean is \(Amount.significant($0, digits: 6)) \(report.unit)" } ?? ""
            let gain = temperature.gain.map { ", \(Amount.significant($0, digits: 3)) less" } ?? ""
            let shown =
                fitted.isNaN ? "none: a loss is infinite"
                : fitted == 0 ? "below 1/8: the mean falls all the way" : fitted == .infinity ? "above 8: the mean falls all the way"
                : Amount.significant(fitted, digits: 6) + least + gain
            lines.add("best temperature", shown)
        }
        for (place, point) in temperature.sweep.enumerated() {
            lines.add(place == 0 ? "at temperature" : "", "\(Amount.significant(point.temperature, digits: 6)): \(point.mean) \(report.unit)")
        }
    }

    /// The largest number of slices of one request that are shown.
    private static let sliceLimit = 10

    private func add(_ slices: [Report.Slice], to lines: inout ReportLines) {
        for (columns, all) in slices.byRequest {
            let slices = all.filter { $0.rows >= minimumSliceRowCount }
            lines.add(
                "by \(columns.joined(separator: ", "))",
                Amount.counted(all.count, "slice") + SliceText.remark(hidden: all.count - slices.count, minimumSliceRowCount) + ", the worst first")
            // By the lower bound of the difference from the rest.
            func bound(_ slice: Report.Slice) -> Double {
                let bound = slice.differenceFromRest - 1.96 * slice.differenceStandardError
                return bound.isNaN ? -.infinity : bound
            }
            let worst = slices.enumerated().sorted { (-bound($0.element), $0.offset) < (-bound($1.element), $1.offset) }
            for (_, slice) in worst.prefix(Self.sliceLimit) {
                let name = columns.map { (slice.by[$0] ?? .missing).shownText }.joined(separator: ", ")
                let fitted = Amount.fitted(slice.mean, error: slice.standardError) ?? Amount.significant(slice.mean, digits: 6)
                let share = { (value: Double) in "\(Amount.significant(100 * value, digits: 3)) %" }
                lines.add(
                    escaped: "    \(name): \(fitted), \(Amount.counted(slice.rows, "row"))"
                        + (slice.invalidRows.map { " and \(Amount.grouped($0)) invalid" } ?? "")
                        + (slice.accuracy.map { ", right \(share($0))" } ?? "") + ", \(share(slice.shareOfLoss)) of the loss")
            }
            if slices.count > Self.sliceLimit { lines.add(line: "    and \(Amount.grouped(slices.count - Self.sliceLimit)) more") }
        }
        if let mean = report.macroMean {
            lines.add(
                "mean of labels", "\(Amount.significant(mean, digits: 6)) \(report.unit)"
                    + (report.balancedAccuracy.map { ", accuracy \(Amount.significant(100 * $0, digits: 4)) %" } ?? ""))
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
            lines.add(escaped: text + ShownValues.text(row.columns))
        }
    }
}

/// The request of a slice, with the names of its columns.
private struct SliceRequest: Hashable {
    let place: Int
    let columns: [String]
}

extension [Report.Slice] {
    /// The slices of each request, in the order of the requests, with the names of their columns. In reports of earlier versions slices of the same
    /// columns are one request.
    var byRequest: [(columns: [String], slices: [Report.Slice])] {
        let requests = Dictionary(grouping: self) { SliceRequest(place: $0.request ?? -1, columns: $0.by.keys.sorted()) }
        return requests.sorted { left, right in
            left.key.place != right.key.place
                ? left.key.place < right.key.place : left.key.columns.lexicographicallyPrecedes(right.key.columns)
        }.map { ($0.key.columns, $0.value) }
    }
}
