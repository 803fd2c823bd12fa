import Engine
import Scoring

/// The report of an evaluation for people.
enum ReportText {
    static func text(_ report: Report) -> String {
        let rows = report.rows
        let loss = report.specification.divergence == .kullbackLeibler ? "KL divergence" : "cross-entropy"
        let modifiers = modifiers(report.specification, report.rowsPolicy)
        var lines = ReportLines(
            title: "\(report.task.rawValue) \(loss) from \(report.input.rawValue), \(Amount.grouped(rows.read)) rows"
                + (report.task.isSingleValued ? "" : " × \(Amount.grouped(report.classes)) classes")
                + (modifiers.isEmpty ? "" : "\nwith " + modifiers.joined(separator: "; ")))
        lines.add(
            "mean", "\(report.loss.mean) \(report.unit)  ± \(Amount.significant(report.loss.standardError, digits: 2)) standard error")
        lines.add("", report.loss.meanHex)
        lines.add("perplexity", Amount.significant(report.loss.perplexity, digits: 6))
        if let tokens = report.tokens {
            lines.add("per token", "\(tokens.mean) \(report.unit), \(Amount.grouped(tokens.count)) tokens")
            lines.add("", "perplexity \(Amount.significant(tokens.perplexity, digits: 6))")
            if let bits = tokens.bitsPerByte, let bytes = tokens.bytes {
                lines.add("bits per byte", "\(bits), \(Amount.grouped(bytes)) bytes of text")
            }
        }
        if let accuracy = report.accuracy {
            lines.add("accuracy", share(accuracy))
            if let weighted = report.accuracyWeighted { lines.add("", "\(share(weighted)) by weight") }
        }
        lines.add(
            "row losses",
            "\(Amount.significant(report.loss.min, digits: 4)) to \(Amount.significant(report.loss.max, digits: 4)), sum "
                + "\(report.loss.sum)")
        var counts = "\(Amount.grouped(rows.scored)) scored"
        if rows.ignored > 0 { counts += ", \(Amount.grouped(rows.ignored)) ignored" }
        if rows.invalid > 0 { counts += ", \(Amount.grouped(rows.invalid)) invalid" }
        if rows.infinite > 0 { counts += ", \(Amount.grouped(rows.infinite)) of them infinite" }
        lines.add("rows", counts)
        for row in rows.firstInvalid {
            lines.add(line: "    left out: \(row.path.map { "\($0): " } ?? "")\(row.line.map { "line \($0)" } ?? "row \(row.row)"): \(row.problem)")
        }
        if report.dialects.count > 1 || report.dialects.values.contains(where: { $0.clippedRows > 0 }) {
            lines.add(line: "")
            for (name, loss) in report.dialects.sorted(by: { $0.key < $1.key }) {
                var text = "\(loss.mean) \(report.unit)"
                if loss.clippedRows > 0 {
                    text +=
                        ", \(Amount.grouped(loss.clippedRows)) rows clipped, \(Amount.significant(100 * loss.clippedShare, digits: 3)) % of the sum"
                }
                lines.add(name, text)
            }
        }
        lines.add(line: "")
        // Many files are described in one line.
        for role in [Report.Input.Role.predictions, .labels, .weights, .partial] {
            let inputs = report.inputs.filter { $0.role == role }
            guard let first = inputs.first else { continue }
            if inputs.count > 3 {
                lines.add(role.rawValue, "\(inputs.count) files, \(Amount.bytes(inputs.reduce(0) { $0 + $1.bytes }))")
            } else {
                for input in inputs { lines.add(input.path == first.path ? role.rawValue : "", describe(input)) }
            }
        }
        if let columns = report.columns {
            for (number, text) in describe(columns).enumerated() { lines.add(number == 0 ? "columns" : "", text) }
        }
        if let run = report.run {
            lines.add(
                "run",
                "\(Amount.duration(run.seconds)), \(run.threads) thread\(run.threads == 1 ? "" : "s"), kernel \(run.kernel), "
                    + "\(Amount.bytes(Int(run.decodedBytesPerSecond)))/s decoded")
        }
        return lines.text
    }

    /// Describes the modifiers of a loss that differ from the defaults, each in a few words.
    private static func modifiers(_ specification: Report.Specification, _ policy: Report.RowsPolicy?) -> [String] {
        func number(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
        func numbers(_ values: [Double]) -> String { Amount.listed(values.map(number), limit: 6) }
        var texts: [String] = []
        if specification.dialects != ["exact"] { texts.append("dialect " + specification.dialects.joined(separator: ", ")) }
        if let weights = specification.classWeights { texts.append("class weights " + numbers(weights)) }
        if let weights = specification.posWeight { texts.append("pos_weight " + numbers(weights)) }
        if specification.rowWeights { texts.append("row weights") }
        if let smoothing = specification.labelSmoothing { texts.append("label smoothing \(number(smoothing))") }
        if let index = specification.ignoreIndex { texts.append("ignore index \(index)") }
        if let clip = specification.clip { texts.append("probabilities clipped to [\(number(clip)), 1 − \(number(clip))]") }
        if specification.renormalize { texts.append("probabilities renormalised") }
        if let gamma = specification.focalGamma {
            texts.append("focal γ \(number(gamma))" + (specification.focalAlpha.map { ", α \(number($0))" } ?? ""))
        }
        if policy?.onInvalid == .skip { texts.append("invalid rows left out") }
        return texts
    }

    private static func share(_ share: Double) -> String { share.isNaN ? "nan" : "\(Amount.significant(100 * share, digits: 4)) %" }

    /// Writes a line for each role whose columns have names. Files without names are listed as inputs.
    private static func describe(_ columns: Report.Columns) -> [String] {
        var lines: [String] = []
        for (role, names) in [
            ("predictions", columns.predictions), ("labels", columns.labels), ("weights", columns.weights), ("text", columns.text),
        ] where !names.isEmpty {
            lines.append("\(role) \(Amount.listed(names))")
        }
        if let names = columns.classNames, names != columns.predictions { lines.append("classes \(Amount.listed(names))") }
        if let axis = columns.classAxis { lines.append("classes on axis \(axis)") }
        if columns.shiftedLabels == true { lines.append("labels shifted: each prediction is for the next label") }
        return lines
    }

    private static func describe(_ input: Report.Input) -> String {
        var text = "\(input.path), \(Amount.bytes(input.bytes)), \(input.format)"
        if let compression = input.compression { text += ", \(compression)" }
        if let frames = input.frames { text += ", " + Amount.counted(frames, "frame") }
        return text
    }
}
