import ArgumentParser
import Engine
import Messages
import ObjectStore

struct PlanCommand: RequestingCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", _superCommandName: Xent.name,
        abstract: "Cut a dump into shards for many machines.",
        discussion: """
            Opens the files, counts their rows, and writes a plan: the request, the files with their identities, and the rows of each shard.
            Then xent eval --plan PLAN --shard K evaluates shard K, counted from 0, on any machine, with no other option of the request, and
            xent merge --plan PLAN makes one report of all partials, or says which shards are missing.

            The same files and options give the same bytes. Rows of arrays and of Parquet are cut evenly; text is cut at records, or by whole
            files where it cannot be read from the middle.
            """)

    static let usage = [
        "xent plan PREDICTIONS… [--labels FILE…] --task TASK --input INPUT --shards N|--shard-size SIZE -o PLAN.json [options]"
    ]

    static let examples = [
        "xent plan logits.npy.zst --labels labels.npy --task multiclass --input logits --shards 16 -o plan.json",
        "xent plan shard-*.npy.zst --labels shard-*.y.npy --task multiclass --input logits --insight --shard-size 8G -o plan.json",
        "xent eval --plan plan.json --shard 3 --partial 3.partial",
        "xent merge --plan plan.json *.partial --json report.json",
    ]

    static let requiredOptions = ["--task", "--input", "--output"]

    @Argument(
        help: "Files of predictions, as xent eval takes them; standard input cannot be planned.", completion: .file())
    var predictions: [String]

    @Option(parsing: .unconditional, help: ArgumentHelp("The number of shards; fewer where there are fewer rows.", valueName: "n"))
    var shards: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("In place of --shards: about how many stored bytes of predictions a shard has, such as 8G.", valueName: "size"))
    var shardSize: ByteCount?

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Write the plan to this file; - for standard output.", valueName: "file"), completion: .file())
    var output: String?

    @OptionGroup(title: "Data")
    var data: DataOptions

    @OptionGroup(title: "Columns")
    var columns: ColumnOptions

    @OptionGroup(title: "Arrays")
    var axes: AxisOptions

    @OptionGroup(title: "Loss")
    var loss: LossOptions

    @OptionGroup(title: "Rows")
    var policy: RowPolicyOptions

    @OptionGroup(title: "Insight")
    var insight: InsightOptions

    @OptionGroup(title: "Insight")
    var interval: IntervalOptions

    @OptionGroup(title: "Run")
    var resources: ResourceOptions

    @OptionGroup(title: "Run")
    var connections: ConnectionOptions

    func validate() throws {
        if let shards, shards < 1 { throw ValidationError("--shards must be at least 1, not \(shards).") }
        if shards == nil, shardSize == nil {
            throw ValidationError("--shards or --shard-size is missing: give the number of shards, or how large each is.")
        }
        if shards != nil, shardSize != nil {
            throw ValidationError("--shards and --shard-size exclude each other: both say how many shards there are.")
        }
        if output == nil { throw ValidationError("--output is missing: give a file for the plan, or - for standard output.") }
    }

    func run() throws {
        try CommandRun.run { run in
            connections.apply()
            let options = try requestOptions(&run.inputs, run.cancellation)
            if let signed = run.inputs.files.first(where: { ObjectStore.shared.hidesQuery(of: $0.path) }) {
                throw EngineError(
                    usage: "\(signed.path): a plan lies about on many machines, and holds no query of a URL, which may be a signature",
                    remedy: "name the object as s3://BUCKET/KEY, or by a URL without a query")
            }
            try OutputPaths.check(outputs: output == "-" ? [] : [("--output", output)], inputs: run.inputs)
            let planOutput = try output.map { run.adding(try JSONOutput(path: $0)) }
            let cut = shardSize.map { ShardPlan.Cut.byteCount($0.value) } ?? .shards(shards ?? 1)
            let plan = try ShardPlan(
                options, arguments: GivenOptions.ofProcess(PlanCommand.self).words(where: PlannedOptions.isPlanned), cut: cut,
                cancellation: run.cancellation)
            try run.checkCancellation()
            run.warn(plan.notices.map { Message(code: $0.code, $0.text) })
            try planOutput?.write(plan)
            if let shards, plan.shards.count < shards {
                let found = Amount.counted(plan.shards.count, "shard")
                StandardError.print("xent: the plan has \(found) and not \(shards): there are no rows for more")
            }
            guard output != "-" else { return }
            let rows = plan.shards.map(\.rows.count)
            try StandardOutput.print(
                """
                plan     \(plan.id)
                shards   \(plan.shards.count), numbered 0 to \(plan.shards.count - 1), of \(rows.min() ?? 0) to \(rows.max() ?? 0) rows
                rows     \(plan.rowCount)
                """)
        }
    }
}

/// The options that a plan holds, so that no worker gives them.
enum PlannedOptions {
    /// The options of a request that a plan holds as numbers or among its files, and not as words.
    private static let heldOtherwise: Set<String> = ["--labels", "--weights", "--class-weights", "--pos-weight", "--groups", "--clusters"]
    /// The options of the run, which each worker has of its own.
    private static let ofRun: Set<String> = [
        "--shards", "--shard-size", "--output", "--threads", "--kernel", "--memory", "--plan", "--root", "--shard",
        "--connections", "--unpinned", "--no-sign-request", "--requester-pays",
    ]

    /// True if the plan holds the option's words.
    static func isPlanned(_ name: String) -> Bool { !heldOtherwise.contains(name) && !ofRun.contains(name) }

    /// The names of the options that a plan fixes.
    static var fixed: Set<String> {
        Set(ArgumentDescription.all(of: PlanCommand.self).filter { $0.kind != .positional }.map(\.longName)).subtracting(ofRun)
    }

    /// Parses the words of a plan.
    ///
    /// - Throws: `EngineError` if a word is none that a plan holds.
    static func command(_ plan: ShardPlan, path: String) throws -> EvalCommand {
        let known = fixed.subtracting(heldOtherwise)
        for word in plan.arguments {
            let name = String(word.prefix { $0 != "=" })
            guard known.contains(name) else {
                throw EngineError(
                    .data, path: path, "the plan has the option '\(QuotedBytes.short(word))', which is none of a plan",
                    remedy: "make it anew with xent plan")
            }
        }
        var command: EvalCommand
        do { command = try EvalCommand.parse(["planned"] + plan.arguments) } catch {
            throw EngineError(
                .data, path: path, "the plan has options that cannot be read: \(QuotedBytes.short(EvalCommand.message(for: error), limit: 300))",
                remedy: "make it anew with xent plan")
        }
        // The files are the plan's; figures depend on whether there are some.
        if plan.hasFiles(of: .groups) { command.insight.slices.groups = ["planned"] }
        if plan.hasFiles(of: .clusters) { command.interval.clusters = ["planned"] }
        return command
    }
}
