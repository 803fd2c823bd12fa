import ArgumentParser
import Engine
import Insight
import Scoring
import WorkStealing

struct MergeCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", _superCommandName: Xent.name,
        abstract: "Merge partials of disjoint shards into one report.",
        discussion: """
            The result does not depend on the order, and is the one that a single run over all rows would give. Two shards whose rows have the
            same labels and losses are an error, unless --same-shard says how often they count.
            """)

    static let usage = ["xent merge PARTIALS… [options]", "xent merge --plan PLAN.json PARTIALS… [--missing] [options]"]

    static let requiredOptions = ["partials"]

    static let examples = [
        "xent merge shard-*.partial",
        "xent merge --plan plan.json *.partial --json report.json",
        "sbatch --array=$(xent merge --plan plan.json --missing *.partial) shards.sbatch",
        "xent merge a.partial b.partial --json report.json",
        "xent merge rack-1/*.partial --partial rack-1.partial --quiet",
    ]

    @Argument(help: "Files that xent eval --partial wrote; @FILE for a file of names.", completion: .file())
    var partials: [String] = []

    @Option(
        help: ArgumentHelp(
            "Merge the shards of this plan: all of them, or exit status 65 with the numbers of those that are missing. A shard that comes "
                + "twice counts once.", valueName: "file"), completion: .file())
    var plan: String?

    @Flag(
        help: """
            With --plan: print the numbers of the shards that are missing, as sbatch --array takes them (3,7-9), and nothing where none is. No \
            report is made.
            """)
    var missing = false

    @Option(
        help: ArgumentHelp(
            "How often a shard counts that comes twice, or whose rows equal another's: once, or each time. Without, it is an error."))
    var sameShard: SameShard?

    @Option(parsing: .unconditional, help: ArgumentHelp("Fail unless all shards together have N rows.", valueName: "n"))
    var expectRows: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Fail if more than N rows, or than P % of all, are invalid.", valueName: "n|p%"))
    var maxInvalid: InvalidRowLimit?

    @OptionGroup(title: "Insight")
    var confidence: ConfidenceOptions

    @Option(help: "How the interval of the mean is found, from what the partials hold. Default: clustered with clusters, else normal.")
    var interval: Uncertainty.Kind?

    @Option(parsing: .unconditional, help: ArgumentHelp("The replicates of --interval bootstrap. Default: 1000.", valueName: "n"))
    var replicates: Int?

    @OptionGroup(title: "Output")
    var output: OutputOptions

    @OptionGroup(title: "Gates")
    var gates: GateOptions

    @OptionGroup(title: "Gates")
    var earlier: EarlierRunOptions

    @OptionGroup(title: "Unattended")
    var unattended: UnattendedOptions

    @OptionGroup(title: "Run")
    var connections: ConnectionOptions

    func validate() throws {
        // As ArgumentParser says it of arguments that are always needed.
        if partials.isEmpty, plan == nil { throw ValidationError("Missing expected argument '<partials> ...'") }
        if missing, plan == nil { throw ValidationError("--missing names the shards of a plan: give --plan too.") }
        if plan != nil, sameShard != nil { throw ValidationError("--same-shard is for partials without a plan: with one, a shard counts once.") }
        if plan != nil, expectRows != nil {
            throw ValidationError("--expect-rows and --plan exclude each other: the plan says how many rows there are.")
        }
        if plan != nil, maxInvalid != nil { throw ValidationError("--max-invalid is fixed by the plan: plan with it.") }
        if let replicates, replicates < 1 { throw ValidationError("--replicates must be at least 1, not \(replicates).") }
        if replicates != nil, interval != .bootstrap { throw ValidationError("--replicates are those of --interval bootstrap.") }
        if let expectRows, expectRows < 0 { throw ValidationError("--expect-rows must be at least 0, not \(expectRows).") }
    }

    func run() throws {
        try CommandRun.run(unattended, historyPath: earlier.history, isSilent: output.silent) { run in
            connections.apply()
            let gates = try gates.gates()
            try earlier.check(gates)
            let paths = try run.inputs.expand(partials)
            if let plan { run.inputs.add(plan, as: "the plan") }
            try OutputPaths.checkStandardOutput(json: output.json, partial: output.partial)
            try OutputPaths.check(
                outputs: [
                    ("--json", output.json), ("--html", output.html), ("--partial", output.partial), ("--history", earlier.history),
                    ("--metrics", unattended.metrics), ("--lock", unattended.lock),
                ], inputs: run.inputs)
            let planned = try plan.map { try PlanDocument.plan(path: $0, cancellation: run.cancellation) }
            if missing, let planned {
                let numbers = try PartialFile.missingShards(paths, of: planned, cancellation: run.cancellation)
                if !numbers.isEmpty { try StandardOutput.print(ShardPlan.list(numbers)) }
                return
            }
            let baseline = try earlier.readBaseline(run.cancellation) { run.warn([$0], isStrict: output.strict) }
            let jsonOutput = try output.json.map { run.adding(try JSONOutput(path: $0)) }
            let pageOutput = try output.html.map { run.adding(try PageOutput(path: $0)) }
            let partialOutput = try output.partial.map { run.adding(try PartialOutput(path: $0)) }
            if !output.silent { run.announceTerminalInput() }
            let (report, merged) = try merge(paths, planned, run.cancellation)
            try run.checkCancellation()
            run.warn(report.warnings, isStrict: output.strict)
            if let maxInvalid { try report.requireInvalidRows(within: maxInvalid) }
            try partialOutput?.write(merged)
            do {
                try report.requireScoredRows()
            } catch {
                // Shards of nothing make a sound part of a whole.
                try partialOutput?.commit()
                throw error
            }
            let judged = run.judge(report.converted(to: output.unit), by: gates, baseline: baseline, isQuiet: output.isQuiet)
            try output.write(judged, to: jsonOutput, pageOutput)
        }
    }

    /// Merges partials, of a plan's shards where there is one.
    private func merge(
        _ paths: [String], _ planned: ShardPlan?, _ cancellation: Cancellation
    ) throws -> (report: Report, partial: Partial) {
        guard let planned, let plan else {
            var insight = InsightRequest()
            choose(&insight)
            return try PartialFile.merge(
                paths, sameShard: sameShard, expectedRowCount: expectRows, insight: insight, cancellation: cancellation)
        }
        let request = try PlannedOptions.command(planned, path: plan).plannedRequest(cancellation)
        var insight = request.insight
        choose(&insight)
        return try PartialFile.merge(paths, of: planned, request: request, insight: insight, cancellation: cancellation)
    }

    /// Sets the intervals that are asked for.
    private func choose(_ insight: inout InsightRequest) {
        if let confidence = confidence.confidence { insight.confidence = confidence }
        if let interval { insight.interval = interval }
        if let replicates { insight.replicateCount = replicates }
    }
}
