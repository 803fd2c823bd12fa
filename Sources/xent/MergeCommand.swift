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
            """)

    @Argument(help: "Files that xent eval --partial wrote; @FILE for a file of names.", completion: .file())
    var partials: [String]

    @Option(
        help: ArgumentHelp(
            "How often a shard counts that comes twice, or whose rows equal another's: once, or each time. (default: it is an error)"))
    var sameShard: SameShard?

    @Option(help: "Write the report as JSON to this file; - for standard output, and then nothing else goes there.", completion: .file())
    var json: String?

    @Flag(help: "Print the mean alone; nothing but errors on standard error.")
    var quiet = false

    func run() throws {
        // Before any file is made, so that no signal finds an unfinished one.
        let signals = Signals()
        var output: JSONOutput?
        do {
            try reportingErrors {
                var inputs = InputFiles(signals.cancellation)
                let paths = try inputs.expand(partials)
                try OutputPaths.check(outputs: [("--json", json)], inputs: inputs)
                output = try json.map { try JSONOutput(path: $0) }
                let report = try PartialFile.merge(paths, sameShard: sameShard, cancellation: signals.cancellation).report
                if signals.cancellation.isCancelled { throw EngineError(cancelledBefore: "anything was written") }
                if !quiet { for warning in report.warnings { StandardError.print("xent: warning: \(warning)") } }
                try report.requireScoredRows()
                try output?.write(report)
                if json != "-" { try StandardOutput.print(quiet ? "\(report.loss.mean)" : ReportText.text(report)) }
                try output?.commit()
            }
        } catch {
            output?.discard()
            signals.dieIfReceived()
            throw error
        }
    }
}
