import ArgumentParser
import Engine
import Messages
import Scoring
import WorkStealing

struct LossesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "losses", _superCommandName: Xent.name,
        abstract: "Print the losses: tasks, inputs, dialects and modifiers, with their formulas.",
        discussion: """
            EXAMPLES
              xent losses
              xent losses --json - | jq '.[] | select(.dialect == "keras")'
              xent losses --markdown
            """)

    @Option(help: "Write the table as JSON to this file; - for standard output.", completion: .file())
    var json: String?

    @Flag(help: "Print the table as Markdown, as README.md holds it.")
    var markdown = false

    func run() throws {
        try reportingErrors {
            if let json {
                try OutputPaths.check(outputs: [("--json", json)], inputs: InputFiles(Cancellation()))
                let output = try JSONOutput(path: json)
                try output.write(LossTable.rows)
                try output.commit()
                if json == "-" { return }
            }
            try StandardOutput.print(markdown ? LossTable.markdown(.options) : LossTable.text(.options))
        }
    }
}
