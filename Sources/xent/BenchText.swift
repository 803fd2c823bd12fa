import Bench
import Engine
import Messages

/// The report of `xent bench` for people.
enum BenchText {
    /// Writes the report. Where its tables are wider than `width`, they are lists.
    static func text(_ report: BenchReport, width: Int = .max) -> String {
        let (dump, settings, machine) = (report.dump, report.settings, report.machine)
        var lines = HelpText.wrapped(title(dump), width: width) + [""]
        func line(_ name: String, _ value: String) {
            let wrapped = HelpText.wrapped(value, width: width == .max ? .max : max(20, width - 18))
            lines.append("  " + name + String(repeating: " ", count: max(1, 16 - name.count)) + (wrapped.first ?? ""))
            lines += wrapped.dropFirst().map { String(repeating: " ", count: 18) + $0 }
        }
        for role in ["predictions", "labels"] {
            let inputs = dump.inputs.filter { $0.role == role }
            guard let first = inputs.first else { continue }
            let seed = dump.seed.map { ", seed \($0)" } ?? ""
            if inputs.count > 3 {
                line(role, "\(inputs.count) files, \(Amount.bytes(inputs.reduce(0) { $0 + $1.bytes })), \(first.elementType)")
            } else {
                for (index, input) in inputs.enumerated() {
                    line(index == 0 ? role : "", describe(input) + (input.path == nil ? seed : ""))
                }
            }
        }
        line(
            "compression",
            "\(Amount.bytes(dump.decodedBytes)) in \(Amount.bytes(dump.storedBytes)), ratio \(Amount.significant(dump.ratio, digits: 4))"
                + (dump.level.map { ", level \($0)" } ?? ""))
        line("schedule", dump.schedule)
        let cores = machine.cores == 1 ? "one core" : "\(machine.cores) cores"
        line("machine", (machine.processor.map { $0 + ", " } ?? "") + "\(cores) to use, libzstd \(machine.libzstd)")
        line("xent", "\(report.xent), kernel \(settings.kernel)")
        let share = Amount.significant(100 * report.processorShare.median, digits: 3)
        line(
            "measured",
            "all in turn, \(rounds(settings.repeats)) after \(settings.warmups) to warm up: medians, least–greatest in brackets; "
                + "the cores were free \(share) % of the time")
        line(
            "kernels alone",
            "\(Amount.counted(settings.blockRows, "row")) in cache, "
                + "\(Amount.bytes(settings.blockBytes)), for \(Amount.duration(settings.kernelSeconds)) each time")
        lines.append("")
        let first = report.threads.first?.threads ?? 1
        let header = [
            "threads", "", "s for the dump", "GB/s", "G elements/s", "M rows/s", "whole : this",
            "faster than \(first == 1 ? "one" : "\(first)")",
        ]
        let kernelHeader = ["kernel alone, one thread", "G elements/s", "M rows/s"]
        let kernelRows = report.kernels.map {
            [$0.kernel, spread($0.elementsPerSecond, over: 1e9), spread($0.rowsPerSecond, over: 1e6)]
        }
        let tables = [aligned([header] + report.threads.flatMap(rows)), aligned([kernelHeader] + kernelRows)]
        if tables.joined().allSatisfy({ $0.count <= width }) {
            lines += tables[0] + [""] + tables[1]
        } else {
            for run in report.threads { lines += list(run, rows(run), header) }
            lines += ["  " + kernelHeader[0]]
            for row in kernelRows { lines += ["    \(row[0])"] + zip(row, kernelHeader).dropFirst().map { "      \($0) \($1)" } }
        }
        return lines.joined(separator: "\n")
    }

    /// Writes the figures of a number of threads below one another, without those that say nothing.
    private static func list(_ run: BenchReport.Run, _ rows: [[String]], _ header: [String]) -> [String] {
        var lines = ["  \(Amount.counted(run.threads, "thread"))"]
        for row in rows {
            lines.append("    \(row[1])")
            for (value, name) in zip(row, header).dropFirst(2) where !value.isEmpty { lines.append("      \(value) \(name)") }
        }
        return lines + [""]
    }

    private static func title(_ dump: BenchReport.Dump) -> String {
        let dialects = dump.dialects.joined(separator: ", ")
        let noun = "dialect" + (dump.dialects.count == 1 ? "" : "s")
        return "\(dump.task) from \(dump.input), \(noun) \(dialects): \(Amount.counted(dump.rows, "row"))"
            + (dump.task == "binary" || dump.task == "likelihood" ? "" : " × \(Amount.counted(dump.columns, "class", "classes"))")
    }

    private static func describe(_ input: BenchReport.Input) -> String {
        var text = "\(input.path ?? "made in memory"), \(Amount.bytes(input.bytes)), \(input.elementType)"
        text += input.compression.map { ", \($0)" } ?? ", not compressed"
        if let frames = input.frames { text += ", \(Amount.counted(frames, "frame"))" }
        return text
    }

    private static func rows(_ run: BenchReport.Run) -> [[String]] {
        func row(_ name: String, _ figure: BenchReport.Figure, _ ratio: Spread?) -> [String] {
            [
                name == "decode" ? "\(run.threads)" : "", name, spread(figure.seconds, over: 1), rate(figure.bytesPerSecond / 1e9),
                rate(figure.elementsPerSecond / 1e9), rate(figure.rowsPerSecond / 1e6), ratio.map { spread($0, over: 1) } ?? "",
                spread(figure.speedup, over: 1),
            ]
        }
        return [
            row("decode", run.decode, run.wholeToDecode), row("kernels", run.kernels, run.wholeToKernels), row("whole", run.whole, nil),
        ]
    }

    /// Writes elements per second by loss and kernel: the table in Markdown, or a list where the table is wider than `width`.
    static func losses(_ report: LossBenchReport, width: Int) -> String {
        let table = markdown(report)
        guard table.split(separator: "\n").contains(where: { $0.count > width }) else { return table }
        var lines = HelpText.wrapped(introduction(report).joined(separator: " ").filter { $0 != "`" }, width: width)
        for loss in report.losses {
            lines += [""] + HelpText.wrapped([task(of: loss), loss.input, loss.modifier.text].joined(separator: ", "), width: width)
            let nameWidth = loss.kernels.map(\.kernel.count).max() ?? 0
            for kernel in loss.kernels {
                let name = kernel.kernel + String(repeating: " ", count: nameWidth - kernel.kernel.count)
                lines.append("  \(name)  \(spread(kernel.elementsPerSecond, over: 1e6))")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func task(of loss: LossBenchReport.Loss) -> String { loss.task + (loss.divergence == "ce" ? "" : " (\(loss.divergence))") }

    /// The explanation of the figures, in lines.
    private static func introduction(_ report: LossBenchReport) -> [String] {
        let classes = Amount.counted(report.classes, "value")
        let seconds = Amount.significant(report.kernelSeconds, digits: 2)
        let machine = report.machine.processor.map { ", \($0)" } ?? ""
        return [
            "Millions of elements a second of one thread, the kernels alone on blocks in cache, dialect `exact`, \(report.elementType),",
            "\(classes) a row for multiclass, multilabel and soft. Medians of \(rounds(report.repeats)) of \(seconds) s a kernel, all",
            "kernels in turn, after \(report.warmups) to warm up; least–greatest in brackets. xent \(report.xent)\(machine).",
        ]
    }

    /// Writes a table of elements per second by loss and kernel.
    private static func markdown(_ report: LossBenchReport) -> String {
        var kernels: [String] = []
        for kernel in report.losses.flatMap(\.kernels).map(\.kernel) where !kernels.contains(kernel) { kernels.append(kernel) }
        var lines = introduction(report) + [
            "", line(["task", "input", "with"] + kernels), "|---|---|---|" + String(repeating: "---:|", count: kernels.count),
        ]
        for loss in report.losses {
            let modifier = loss.modifier.beginsWithSetting ? "`\(loss.modifier.text)`" : loss.modifier.text
            let rates = kernels.map { kernel in
                loss.kernels.first { $0.kernel == kernel }.map { spread($0.elementsPerSecond, over: 1e6) } ?? ""
            }
            lines.append(line([task(of: loss), loss.input, modifier] + rates))
        }
        return lines.joined(separator: "\n")
    }

    private static func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

    private static func rate(_ value: Double) -> String { Amount.significant(value, digits: 3) }

    private static func rounds(_ count: Int) -> String { Amount.counted(count, "round") }

    /// Writes a median and its range: "1.02 (0.990–1.10)".
    private static func spread(_ spread: Spread, over unit: Double) -> String {
        "\(rate(spread.median / unit)) (\(rate(spread.min / unit))–\(rate(spread.max / unit)))"
    }

    /// Pads cells to columns of one width, two spaces apart.
    private static func aligned(_ rows: [[String]]) -> [String] {
        let columnCount = rows.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
            return String(("  " + cells.joined(separator: "  ")).reversed().drop { $0 == " " }.reversed())
        }
    }
}
