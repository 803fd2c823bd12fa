import Engine
import Insight
import Scoring

/// The report of an evaluation or a merge on a page.
struct EvaluationSection: ReportSection {
    let report: Report

    var version: String { report.xent }

    var title: String {
        let loss = report.specification.divergence == .kullbackLeibler ? "KL divergence" : "Cross-entropy"
        return "\(loss), \(report.task.rawValue), from \(report.input.rawValue): \(Amount.counted(report.rows.read, "row"))"
            + (report.task.isSingleValued ? "" : " × \(Amount.counted(report.classes, "class", "classes"))")
    }

    /// The tokens where their mean is the figure, and not that of rows.
    private var tokens: Report.Tokens? { report.tokens.flatMap { $0.count == report.rows.scored ? nil : $0 } }

    var headline: Markup {
        let mean = tokens?.mean ?? report.loss.mean
        let error = tokens.map { $0.standardError } ?? report.uncertainty?.standardError ?? report.loss.standardError
        let fitted = Amount.fitted(mean, error: error) ?? Amount.significant(mean, digits: 6)
        let unit = Markup.element("small", text: " \(report.unit.rawValue)\(tokens == nil ? "" : " a token"), mean ± standard error")
        var content = Markup.element("p", ["class": "mean"], .text(fitted) + unit).line
        var lines = ["exactly \(mean)"]
        if tokens == nil, let interval {
            lines.append(
                "\(Axis.text(100 * (report.confidence ?? 0.95))) % interval \(short(interval.lower, 6)) to \(short(interval.upper, 6))"
                    + (report.uncertainty.map { ", \($0.interval.rawValue)" } ?? ""))
        }
        if let tokens {
            lines.append("a record \(Amount.fitted(report.loss.mean, error: report.loss.standardError) ?? short(report.loss.mean, 6))")
            if let bits = tokens.bitsPerByte { lines.append("\(short(bits, 6)) bits a byte") }
        }
        lines.append("perplexity \(short(tokens?.perplexity ?? report.loss.perplexity, 6))")
        content += Markup.element("p", ["class": "faint"], text: lines.joined(separator: "; ")).line
        return content
    }

    /// The interval of the mean over rows.
    var interval: (lower: Double, upper: Double)? {
        if let uncertainty = report.uncertainty { return (uncertainty.lower, uncertainty.upper) }
        guard let lower = report.loss.lower, let upper = report.loss.upper, !lower.isNaN, !upper.isNaN else { return nil }
        return (lower, upper)
    }

    var warnings: [String] { report.warnings.map(\.text) }

    var figures: Markup {
        lossFigures + calibrationFigures + sliceFigures + rankingFigures + temperatureFigure + topFigure + worstFigure + dialectFigure
    }

    var findings: [String] { ReportFindings(report).all.map(\.text) }

    // MARK: Words

    func short(_ value: Double, _ digits: Int) -> String { Amount.significant(value, digits: digits) }

    func percent(_ share: Double) -> String { Amount.percent(share) }

    /// The loss with its unit, as an axis names it.
    var lossName: String { "mean loss, \(report.unit.rawValue)" }

    // MARK: Particulars

    var particulars: [(name: String, text: String)] {
        var list: [(name: String, text: String)] = []
        let specification = report.specification
        var loss = ["\(specification.task.rawValue) from \(specification.input.rawValue)"]
        loss.append("dialect\(specification.dialects.count == 1 ? "" : "s") \(specification.dialects.joined(separator: ", "))")
        func add(_ name: String, _ values: [Double]?) {
            if let values { loss.append("\(name) \(Amount.listed(values.map { Axis.text($0) }, limit: 6))") }
        }
        add("class weights", specification.classWeights)
        add("weight of label 1", specification.posWeight)
        add("label smoothing", specification.labelSmoothing.map { [$0] })
        add("clip", specification.clip.map { [$0] })
        add("focal γ", specification.focalGamma.map { [$0] })
        add("focal α", specification.focalAlpha.map { [$0] })
        if let index = specification.ignoreIndex { loss.append("ignore index \(index)") }
        if specification.renormalize { loss.append("probabilities renormalised") }
        if specification.rowWeights { loss.append("row weights") }
        list.append(("loss", loss.joined(separator: "; ")))
        let rows = report.rows
        list.append(
            (
                "rows",
                "\(Amount.grouped(rows.read)) read, \(Amount.grouped(rows.scored)) scored, \(Amount.grouped(rows.ignored)) ignored, "
                    + "\(Amount.grouped(rows.invalid)) invalid"
            ))
        for row in rows.firstInvalid {
            list.append(
                ("left out", "\(row.path.map { "\($0): " } ?? "")\(row.line.map { "line \($0)" } ?? "row \(row.row)"): \(row.problem)"))
        }
        if let columns = report.columns {
            for (role, names) in [
                ("predictions", columns.predictions), ("classes by", columns.predictionClasses), ("labels", columns.labels),
                ("weights", columns.weights), ("text", columns.text), ("counts", columns.counts ?? []), ("rows by", columns.identifiers),
                ("classes", columns.classNames ?? []),
            ] where !names.isEmpty {
                list.append(("column: \(role)", Amount.listed(names)))
            }
        }
        list += Self.describe(report.inputs)
        list.append(("sum", "\(report.loss.sum) (\(report.loss.sumHex))"))
        list.append(("mean", "\(report.loss.mean) (\(report.loss.meanHex))"))
        list += Self.describe(report.run)
        list.append(("xent", report.xent))
        return list
    }

    /// The largest number of files that are named.
    private static let inputLimit = 20

    /// The files that were read.
    static func describe(_ inputs: [Report.Input]) -> [(name: String, text: String)] {
        var list = inputs.prefix(inputLimit).map { input in
            (
                name: input.role.rawValue,
                text: "\(input.path), \(Amount.bytes(input.bytes)), \(input.format)" + (input.compression.map { ", \($0)" } ?? "")
            )
        }
        if inputs.count > inputLimit { list.append(("files", "and \(Amount.grouped(inputs.count - inputLimit)) more")) }
        return list
    }

    /// The run that made a report.
    static func describe(_ run: Report.Run?) -> [(name: String, text: String)] {
        run.map { [("run", "\(Amount.duration($0.seconds)), \(Amount.counted($0.threads, "thread")), kernel \($0.kernel)")] } ?? []
    }
}
