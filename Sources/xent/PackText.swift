import Engine

/// The report of `xent pack` for people.
enum PackText {
    static func text(_ report: PackReport) -> String {
        let shape = report.array.shape.map { Amount.grouped($0) }.joined(separator: " × ")
        var lines = ReportLines(title: "packed \(shape.isEmpty ? "one number" : shape), \(report.array.elementType)")
        lines.add("input", describe(report.input))
        if !report.columns.isEmpty { lines.add("columns", Amount.listed(report.columns)) }
        if let classes = report.classes, classes != report.columns { lines.add("classes", Amount.listed(classes)) }
        let rows = Amount.counted(report.packing.rows, "row")
        lines.add("output", describe(report.output) + " of up to \(rows), level \(report.packing.level), with checksums")
        lines.add("ratio", "\(Amount.significant(report.ratio, digits: 4)), of \(Amount.bytes(report.array.bytes)) decompressed")
        for (number, change) in report.changes.enumerated() { lines.add(number == 0 ? "for eval" : "", change) }
        var run = "\(Amount.duration(report.run.seconds)), \(Amount.counted(report.run.threads, "thread"))"
        if report.run.seconds >= ReportText.leastSecondsOfRate {
            let verb = report.input.compression == nil ? "read" : "decompressed"
            run += ", \(Amount.bytes(Int(report.run.decodedBytesPerSecond)))/s \(verb)"
        }
        lines.add("run", run)
        return lines.text
    }

    private static func describe(_ file: PackReport.File) -> String {
        var text = "\(file.path), \(Amount.bytes(file.bytes))"
        if let compression = file.compression { text += ", \(compression)" } else { text += ", not compressed" }
        if let frames = file.frames { text += ", " + Amount.counted(frames, "frame") }
        return text
    }
}
