import Engine
import Insight

// How far confidences can be believed.
extension EvaluationSection {
    /// The reliability diagram and the confidences, if the report has them, and the errors of classes.
    var calibrationFigures: Markup {
        guard let calibration = report.calibration else { return Markup() }
        var figures = Markup()
        if let bins = calibration.reliability, !bins.isEmpty { figures += reliability(calibration, bins) + confidences(calibration, bins) }
        if let classes = calibration.classwise {
            let sorted = classes.byClass.enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
            var table = NumberTable("Calibration errors of classes", ["class", "ECE"])
            for (index, error) in sorted.prefix(IntervalPlot.limit) { table.add(["\(index)", short(error, 5)]) }
            figures += Figure.markup(
                "Calibration of classes", nil,
                caption: "The mean error of the classes' probabilities is \(short(classes.ece, 4)), the largest of an interval "
                    + "\(short(classes.mce, 4)). The worst classes come first.", table)
        }
        return figures
    }

    private func reliability(_ calibration: Report.CalibrationFigures, _ bins: [Report.CalibrationFigures.Bin]) -> Markup {
        let isTop = calibration.kind == .topLabel
        let (left, right, top, bottom) = (48.0, 392.0, 24.0, 324.0)
        let x = Axis(0, 1, from: left, to: right), y = Axis(0, 1, from: bottom, to: top)
        var drawing = Drawing(height: bottom + 36)
        drawing.vertical(y, name: isTop ? "share that is right" : "share of label 1", left: left, right: right, top: top)
        drawing.horizontal(x, name: isTop ? "confidence" : "probability of label 1", top: top, bottom: bottom, from: left, to: right)
        drawing.line(x.place(0), y.place(0), x.place(1), y.place(1), "reference")
        drawing.path(bins.map { (x.place($0.confidence), y.place($0.accuracy)) }, "curve")
        for bin in bins {
            let place = x.place(bin.confidence)
            drawing.line(place, y.place(bin.accuracyLower), place, y.place(bin.accuracyUpper), "bar")
            for bound in [bin.accuracyLower, bin.accuracyUpper] {
                drawing.line(place - 4, y.place(bound), place + 4, y.place(bound), "bar")
            }
            drawing.dot(
                place, y.place(bin.accuracy), "dot",
                tip: "said \(percent(bin.confidence)), right \(percent(bin.accuracy)) of \(Amount.counted(bin.rows, "row"))")
        }
        var caption = "Dots on the dashed line are confidences that come true; bars are Wilson intervals."
        if let error = calibration.ece, let largest = calibration.mce, let count = calibration.bins {
            caption += " Expected error (ECE, \(Amount.counted(count, "interval"))) \(short(error, 4)), largest \(short(largest, 4))"
            if let smooth = calibration.smoothEce { caption += ", smooth \(short(smooth, 4))" }
            caption += "."
        }
        return Figure.markup("Reliability", drawing, caption: caption, table(bins))
    }

    private func table(_ bins: [Report.CalibrationFigures.Bin]) -> NumberTable {
        var table = NumberTable("Intervals of confidence", ["interval", "rows", "said", "right", "lower", "upper"])
        for bin in bins {
            table.add(
                ["\(short(bin.lower, 3)) to \(short(bin.upper, 3))", Amount.grouped(bin.rows)]
                    + [bin.confidence, bin.accuracy, bin.accuracyLower, bin.accuracyUpper].map { short($0, 4) })
        }
        return table
    }

    private func confidences(_ calibration: Report.CalibrationFigures, _ bins: [Report.CalibrationFigures.Bin]) -> Markup {
        let (left, right, top, bottom) = (56.0, 392.0, 24.0, 164.0)
        func amount(_ bin: Report.CalibrationFigures.Bin) -> Double { bin.weight ?? Double(bin.rows) }
        let highest = bins.map(amount).max() ?? 0
        guard highest > 0, highest.isFinite else { return Markup() }
        let x = Axis(0, 1, from: left, to: right), y = Axis(0, highest, from: bottom, to: top)
        var drawing = Drawing(height: bottom + 36)
        drawing.vertical(
            y, name: bins.contains { $0.weight != nil } ? "weight of rows" : "predictions", left: left, right: right, top: top, ticks: 4)
        drawing.horizontal(
            x, name: calibration.kind == .topLabel ? "confidence" : "probability of label 1", top: top, bottom: bottom, from: left,
            to: right)
        for bin in bins {
            drawing.rectangle(
                x.place(bin.lower), y.place(amount(bin)), x.place(bin.upper) - x.place(bin.lower), bottom - y.place(amount(bin)), "box",
                tip: "\(short(bin.lower, 3)) to \(short(bin.upper, 3)): \(Amount.counted(bin.rows, "prediction"))")
        }
        let fullest = bins.max { amount($0) < amount($1) }
        let mean = calibration.meanConfidence.map { "The mean is \(percent($0)). " } ?? ""
        let most =
            fullest.map { "Most, \(Amount.counted($0.rows, "prediction")), lie from \(short($0.lower, 3)) to \(short($0.upper, 3))." } ?? ""
        return Figure.markup("Confidences", drawing, caption: mean + most, nil)
    }
}
