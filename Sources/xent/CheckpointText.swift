import Engine
import Messages

/// A checkpoint as `xent inspect` shows it.
enum CheckpointText {
    static func text(_ checkpoint: CheckpointInspection) -> String {
        var lines = [QuotedBytes.printable(checkpoint.path)]
        func line(_ name: String, _ value: String) {
            lines.append("  " + name + String(repeating: " ", count: max(1, 14 - name.count)) + QuotedBytes.printable(value))
        }
        line("format", "checkpoint of an evaluation, of xent \(checkpoint.xent)")
        line("bytes", Amount.grouped(Int(clamping: checkpoint.bytes)))
        let units =
            checkpoint.units.map { "\(Amount.grouped(checkpoint.finishedUnits)) of \(Amount.counted($0, "unit"))" }
            ?? "\(Amount.counted(checkpoint.finishedUnits, "piece")) of what is read in order"
        line("done", (checkpoint.fraction.map { Amount.part($0, of: checkpoint.decodedBytes) + ", " } ?? "") + units)
        if checkpoint.waitingRows > 0 { line("waiting", Amount.counted(checkpoint.waitingRows, "row") + " over two units") }
        line(
            "worked",
            "\(Amount.duration(checkpoint.seconds)), from \(checkpoint.started) to \(checkpoint.written)"
                + (checkpoint.resumes > 0 ? ", resumed \(checkpoint.resumes == 1 ? "once" : "\(checkpoint.resumes) times")" : ""))
        for input in checkpoint.inputs {
            line(
                input.role,
                "\(input.path), \(Amount.counted(Int(clamping: input.bytes), "byte"))"
                    + (input.difference.map { "; a run would begin anew, for it \($0)" } ?? ""))
        }
        for setting in checkpoint.settings where setting.name == "the loss" || setting.name == "the choice of columns" {
            if !setting.value.isEmpty { line(setting.name == "the loss" ? "loss" : "columns", setting.value) }
        }
        line("figures", checkpoint.figures.joined(separator: ", "))
        return lines.joined(separator: "\n")
    }
}
