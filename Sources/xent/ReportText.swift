import Engine

/// The report for people.
enum ReportText {
    static func text(_ report: Report) -> String {
        var lines: [String] = []
        let rows = report.rows
        lines.append(
            "\(report.task) cross-entropy from \(report.input), \(Amount.grouped(rows.read)) rows"
                + (report.task == "binary" || report.task == "likelihood" ? "" : " × \(Amount.grouped(report.classes)) classes"))
        lines.append("")
        func line(_ name: String, _ value: String) { lines.append("  " + name + String(repeating: " ", count: max(1, 18 - name.count)) + value) }
        line("mean", "\(report.loss.mean) \(report.unit)  ± \(Amount.significant(report.loss.standardError, digits: 2)) standard error")
        line("", report.loss.meanHex)
        line("perplexity", Amount.significant(report.loss.perplexity, digits: 6))
        if let accuracy = report.accuracy {
            line("accuracy", accuracy.isNaN ? "nan" : "\(Amount.significant(100 * accuracy, digits: 4)) %")
        }
        line(
            "row losses",
            "\(Amount.significant(report.loss.min, digits: 4)) to \(Amount.significant(report.loss.max, digits: 4)), sum "
                + "\(report.loss.sum)")
        var counts = "\(Amount.grouped(rows.scored)) scored"
        if rows.ignored > 0 { counts += ", \(Amount.grouped(rows.ignored)) ignored" }
        if rows.invalid > 0 { counts += ", \(Amount.grouped(rows.invalid)) invalid" }
        if rows.infinite > 0 { counts += ", \(Amount.grouped(rows.infinite)) of them infinite" }
        line("rows", counts)
        for row in rows.firstInvalid { lines.append("    left out: \(row.path): row \(row.row): \(row.problem)") }
        if report.dialects.count > 1 || report.dialects.values.contains(where: { $0.clippedRows > 0 }) {
            lines.append("")
            for (name, loss) in report.dialects.sorted(by: { $0.key < $1.key }) {
                var text = "\(loss.mean) \(report.unit)"
                if loss.clippedRows > 0 {
                    text += ", \(Amount.grouped(loss.clippedRows)) rows clipped, \(Amount.significant(100 * loss.clippedShare, digits: 3)) % of the sum"
                }
                line(name, text)
            }
        }
        lines.append("")
        // Many files are told in one line.
        for role in ["predictions", "labels", "weights", "partial"] {
            let inputs = report.inputs.filter { $0.role == role }
            guard let first = inputs.first else { continue }
            if inputs.count > 3 {
                line(role, "\(inputs.count) files, \(Amount.bytes(inputs.reduce(0) { $0 + $1.bytes }))")
            } else {
                for input in inputs { line(input.path == first.path ? role : "", describe(input)) }
            }
        }
        if let run = report.run {
            line(
                "run",
                "\(Amount.duration(run.seconds)), \(run.threads) thread\(run.threads == 1 ? "" : "s"), kernel \(run.kernel), "
                    + "\(Amount.bytes(Int(run.decodedBytesPerSecond)))/s decoded")
        }
        return lines.joined(separator: "\n")
    }

    private static func describe(_ input: Report.Input) -> String {
        var text = "\(input.path), \(Amount.bytes(input.bytes)), \(input.format)"
        if let compression = input.compression { text += ", \(compression)" }
        if let frames = input.frames { text += ", \(Amount.grouped(frames)) frame\(frames == 1 ? "" : "s")" }
        return text
    }
}
