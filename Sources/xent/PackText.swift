import Engine

/// The report of `xent pack` for people.
enum PackText {
    static func text(_ report: PackReport) -> String {
        let shape = report.array.shape.map { Amount.grouped($0) }.joined(separator: " × ")
        var lines = ["packed \(shape.isEmpty ? "one number" : shape), \(report.array.elementType)", ""]
        func line(_ name: String, _ value: String) {
            lines.append("  " + name + String(repeating: " ", count: max(1, 18 - name.count)) + value)
        }
        line("input", describe(report.input))
        let rows = Amount.grouped(report.packing.rows)
        line("output", describe(report.output) + " of up to \(rows) rows, level \(report.packing.level), with checksums")
        line("ratio", "\(Amount.significant(report.ratio, digits: 4)), of \(Amount.bytes(report.array.bytes)) decompressed")
        for (number, change) in report.changes.enumerated() { line(number == 0 ? "for eval" : "", change) }
        line(
            "run",
            "\(Amount.duration(report.run.seconds)), \(report.run.threads) thread\(report.run.threads == 1 ? "" : "s"), "
                + "\(Amount.bytes(Int(report.run.decodedBytesPerSecond)))/s decompressed")
        return lines.joined(separator: "\n")
    }

    private static func describe(_ file: PackReport.File) -> String {
        var text = "\(file.path), \(Amount.bytes(file.bytes))"
        if let compression = file.compression { text += ", \(compression)" } else { text += ", not compressed" }
        if let frames = file.frames { text += ", \(Amount.grouped(frames)) frame\(frames == 1 ? "" : "s")" }
        return text
    }
}
