import ArgumentParser
import Engine
import Messages
import Scoring
import WorkStealing

struct LossesCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "losses", _superCommandName: Xent.name,
        abstract: "Print the losses: tasks, inputs, dialects and modifiers, with their formulas.")

    static let usage = ["xent losses [--task TASK] [--input INPUT] [--dialect NAME] [options]"]

    static let examples = [
        "xent losses --task binary --input probabilities", "xent losses --dialect keras", "xent losses --json - | jq '.[] | .formula'",
    ]

    @Option(help: "The losses of one task alone.")
    var task: LossTask?

    @Option(help: "The losses of one kind of input alone.")
    var input: PredictionInput?

    @Option(
        help: ArgumentHelp("The losses of one dialect alone; may be repeated.", valueName: "name"),
        completion: .list(Dialect.allValueStrings))
    var dialect: [Dialect] = []

    @Option(
        help: ArgumentHelp("Write the table as JSON to this file; - for standard output.", valueName: "file"), completion: .file())
    var json: String?

    @Flag(help: "Print the whole table as Markdown, as README.md holds it.")
    var markdown = false

    func validate() throws {
        if markdown, task != nil || input != nil || !dialect.isEmpty {
            throw ValidationError("--markdown prints the whole table, and --task, --input and --dialect a part; leave it or them out.")
        }
    }

    func run() throws {
        try reportingErrors {
            if let json {
                try OutputPaths.check(outputs: [("--json", json)], inputs: InputFiles(Cancellation()))
                let output = try JSONOutput(path: json)
                try output.write(rows)
                try output.commit()
                if json == "-" { return }
            }
            try StandardOutput.print(
                markdown ? LossTable.markdown(.options) : LossTable.text(.options, rows: rows, width: Terminal.textWidth(of: 1)))
        }
    }

    /// The combinations that were asked for.
    private var rows: [LossTable.Row] {
        LossTable.rows.filter { row in
            (task == nil || row.task == task?.rawValue) && (input == nil || row.input == input?.rawValue)
                && (dialect.isEmpty || dialect.contains { $0.name == row.dialect })
        }
    }
}
