import ArgumentParser
import Engine
import Scoring
import WorkStealing

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", _superCommandName: Xent.name,
        abstract: "Merge partials of disjoint shards into one report.",
        discussion: """
            The result does not depend on the order, and is the one that a single run over all rows would give. Two shards whose rows have the
            same labels and losses are an error, unless --same-shard says how often they count.

            EXAMPLES
              xent merge shard-*.partial
              xent merge a.partial b.partial --json report.json
              xent merge rack-1/*.partial --partial rack-1.partial --quiet
            """)

    @Argument(help: "Files that xent eval --partial wrote; @FILE for a file of names.", completion: .file())
    var partials: [String]

    @Option(
        help: ArgumentHelp(
            "How often a shard counts that comes twice, or whose rows equal another's: once, or each time. (default: it is an error)"))
    var sameShard: SameShard?

    @Option(help: "Write the report as JSON to this file; - for standard output, and then nothing else goes there.", completion: .file())
    var json: String?

    @Option(
        help: "Write the merged state to this file, for another merge; - for standard output, and then nothing else goes there.",
        completion: .file())
    var partial: String?

    @Option(parsing: .unconditional, help: "Fail unless all shards together have N rows.")
    var expectRows: Int?

    @Flag(help: "Print the mean alone; nothing but errors on standard error.")
    var quiet = false

    func validate() throws {
        if let expectRows, expectRows < 0 { throw ValidationError("--expect-rows must be at least 0, not \(expectRows).") }
    }

    func run() throws {
        try CommandRun.run { run in
            var inputs = InputFiles(run.cancellation)
            let paths = try inputs.expand(partials)
            try OutputPaths.check(outputs: [("--json", json), ("--partial", partial)], inputs: inputs)
            let isStandardOutputTaken = try OutputPaths.takeStandardOutput(json: json, partial: partial)
            let jsonOutput = try json.map { run.adding(try JSONOutput(path: $0)) }
            let partialOutput = try partial.map { run.adding(try PartialOutput(path: $0)) }
            let (report, merged) = try PartialFile.merge(
                paths, sameShard: sameShard, expectedRowCount: expectRows, cancellation: run.cancellation)
            try run.checkCancellation()
            if !quiet { run.warn(report.warnings) }
            try partialOutput?.write(merged)
            do {
                try report.requireScoredRows()
            } catch {
                // Shards of nothing make a sound part of a whole.
                try partialOutput?.commit()
                throw error
            }
            try jsonOutput?.write(report)
            if !isStandardOutputTaken { try StandardOutput.print(quiet ? "\(report.loss.mean)" : ReportText.text(report)) }
        }
    }
}
