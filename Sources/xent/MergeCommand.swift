import ArgumentParser
import Engine

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Merge partials of disjoint shards into one report.",
        discussion: """
            The result does not depend on the order, and is the one that a single run over all rows would give. The same shard twice counts
            once, and a warning says so.

            EXAMPLES
              xent merge shard-*.partial
              xent merge a.partial b.partial --json report.json
            """)

    @Argument(help: "Files that xent eval --partial wrote; @FILE for a file of names.", completion: .file())
    var partials: [String]

    @Option(help: "Write the report as JSON to this file; - for standard output, and then nothing else goes there.", completion: .file())
    var json: String?

    @Flag(help: "Print the mean alone; nothing but errors on standard error.")
    var quiet = false

    func run() throws {
        try reportingErrors {
            let report = try PartialFile.merge(try PathList.expand(partials)).report
            if !quiet { for warning in report.warnings { StandardError.print("xent: warning: \(warning)") } }
            if let json { try JSONOutput.write(report, to: json) }
            if json != "-" { print(quiet ? "\(report.loss.mean)" : ReportText.text(report)) }
        }
    }
}
