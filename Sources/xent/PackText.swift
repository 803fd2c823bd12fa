import Engine

/// The report of `xent pack` for people.
enum PackText {
    static func text(_ report: PackReport) -> String {
        let shape = report.array.shape.map { Amount.grouped($0) }.joined(separator: " × ")
        var lines = ReportLines(title: "packed \(shape.isEmpty ? "one number" : shape), \(report.array.elementType)")
        lines.add("input", describe(report.input))
        if !report.columns.isEmpty { lines.add("columns", Amount.listed(report.columns)) }
        if let classes = report.classes, classes != report.columns { lines.add("classes", Amount.listed(classes)) }
        if let packing = report.packing {
            let rows = Amount.counted(packing.rows, "row")
            lines.add("output", describe(report.output) + " of up to \(rows), level \(packing.level), with checksums")
        }
        if let pages = report.pages { add(pages, of: report.output, to: &lines) }
        lines.add("ratio", "\(Amount.significant(report.ratio, digits: 4)), of \(Amount.bytes(report.array.bytes)) decompressed")
        if let layouts = report.run.layouts {
            lines.add("layouts", "Parquet's planes " + describe(layouts.parquet) + ", frames " + describe(layouts.frames) + " (first rows)")
        }
        for (number, change) in report.changes.enumerated() { lines.add(number == 0 ? "for eval" : "", change) }
        var run = "\(Amount.duration(report.run.seconds)), \(Amount.counted(report.run.threads, "thread"))"
        if report.run.seconds >= ReportText.leastSecondsOfRate {
            let verb = report.input.compression == nil ? "read" : "decompressed"
            run += ", \(Amount.bytes(Int(report.run.decodedBytesPerSecond)))/s \(verb)"
        }
        lines.add("run", run)
        return lines.text
    }

    private static func add(_ pages: PackReport.Pages, of output: PackReport.File, to lines: inout ReportLines) {
        lines.add(
            "output",
            "\(output.path), \(Amount.bytes(output.bytes)), Parquet, \(Amount.counted(pages.count, "page")) in "
                + "\(Amount.counted(pages.rowGroups, "row group")), up to \(Amount.counted(pages.rows, "row")) a page, with checksums")
        for (number, column) in pages.columns.enumerated() {
            var text = "\(column.name): \(column.elementType)"
            if let length = column.valuesPerRow { text += ", list of \(Amount.grouped(length))" }
            switch column.role {
            case .predictions: text += ", predictions"
            case .labels: text += ", labels"
            case .other: break
            }
            switch column.coding {
            case nil: break
            case "literals"?: text += ", planes, literals alone"
            case let coding? where coding.hasPrefix("level"): text += ", planes, zstd \(coding)"
            case let coding?: text += ", \(coding) a value"
            }
            if let literals = column.literalsByteCount, let level = column.levelByteCount {
                text += " (first page \(Amount.grouped(literals)) B; level 1 \(Amount.grouped(level)) B)"
            }
            lines.add(number == 0 ? "holds" : "", text)
        }
        if !pages.leftOut.isEmpty { lines.add("left out", Amount.listed(pages.leftOut)) }
    }

    private static func describe(_ figures: PackReport.Layouts.Figures) -> String {
        "\(Amount.significant(figures.ratio, digits: 4)) at \(Amount.bytes(Int(figures.decodedBytesPerSecond)))/s a thread"
    }

    private static func describe(_ file: PackReport.File) -> String {
        var text = "\(file.path), \(Amount.bytes(file.bytes))"
        if let compression = file.compression { text += ", \(compression)" } else { text += ", not compressed" }
        if let frames = file.frames { text += ", " + Amount.counted(frames, "frame") }
        return text
    }
}
