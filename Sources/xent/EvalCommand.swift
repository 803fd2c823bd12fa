import ArgumentParser
import Engine
import Formats
import Insight
import Messages
import Scoring
import WorkStealing

struct EvalCommand: RequestingCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", _superCommandName: Xent.name,
        abstract: "Evaluate predictions against labels.",
        discussion: """
            The mean cross-entropy, correctly rounded, and the story behind it. The result does not depend on threads, frames or the
            machine.
            """)

    static let usage = [
        "xent eval PREDICTIONS… [--labels FILE…] --task TASK --input INPUT [options]",
        "xent eval --plan PLAN.json --shard K [--root OLD=NEW]… [options of the run and of its outputs]",
    ]

    static let examples = [
        "xent eval logits.npy.zst --labels labels.npy --task multiclass --input logits",
        "xent eval p.npy --labels y.npy --task binary --input probabilities --on-invalid skip",
        "xent eval @shards.txt --labels labels.npy.zst --task multiclass --input logits --json report.json --progress never",
        "loss=$(xent eval logits.npy --labels y.npy --task multiclass --input logits --quiet)",
        "xent eval dump.npz --task multiclass --input logits --label-column y_true",
        "xent eval oof.csv.gz --task multiclass --input probabilities --prediction-columns 'p_*' --label-column label",
        "xent eval logits.npy.zst --labels labels.npy --task multiclass --input logits --shard 0/2 --partial 0.partial --quiet",
        "xent eval --plan plan.json --shard 3 --partial 3.partial --quiet",
        "xent eval - --task likelihood --input log-probabilities --prediction-columns 'tokens.*.logprob' < log.jsonl.gz",
    ]

    static let requiredOptions = ["--task", "--input", "predictions"]

    @Argument(
        help: """
            Files of predictions, whose rows follow one another: .npy, .npz, .safetensors, .pt, pickles of arrays, CSV, TSV, JSON Lines, \
            Parquet or Arrow, raw, in zstd or in gzip; - for standard input, @FILE for a file of names, a quoted 'pattern*' for all that match, \
            part-2 before part-10.
            """, completion: .file())
    var predictions: [String] = []

    @OptionGroup(title: "Plan")
    var planned: PlanOptions

    @OptionGroup(title: "Data")
    var data: DataOptions

    @OptionGroup(title: "Columns")
    var columns: ColumnOptions

    @OptionGroup(title: "Arrays")
    var axes: AxisOptions

    @OptionGroup(title: "Loss")
    var loss: LossOptions

    @OptionGroup(title: "Rows")
    var rows: RowOptions

    @OptionGroup(title: "Insight")
    var insight: InsightOptions

    @OptionGroup(title: "Insight")
    var interval: IntervalOptions

    @OptionGroup(title: "Output")
    var output: OutputOptions

    @OptionGroup(title: "Output")
    var extra: ExtraOutputOptions

    @OptionGroup(title: "Gates")
    var gates: GateOptions

    @OptionGroup(title: "Gates")
    var earlier: EarlierRunOptions

    @OptionGroup(title: "Unattended")
    var interruption: CheckpointOptions

    @OptionGroup(title: "Unattended")
    var unattended: UnattendedOptions

    @OptionGroup(title: "Unattended")
    var incoming: StateOptions

    @OptionGroup(title: "Unattended")
    var parent: ParentOptions

    @OptionGroup(title: "Run")
    var resources: ResourceOptions

    @OptionGroup(title: "Run")
    var connections: ConnectionOptions

    private var plan: String? { planned.plan }

    func validate() throws {
        // As ArgumentParser says it of arguments that are always needed.
        if predictions.isEmpty, plan == nil { throw ValidationError("Missing expected argument '<predictions> ...'") }
        if output.isQuiet, extra.verbose {
            throw ValidationError("\(output.silent ? "--silent" : "--quiet") and --verbose exclude each other.")
        }
    }

    func run() throws {
        try CommandRun.run(unattended, historyPath: earlier.history, isSilent: output.silent) { run in
            connections.apply()
            try parent.apply()
            try planned.check(EvalCommand.self, predictions: predictions, rows: rows, state: incoming.state)
            let gates = try gates.gates()
            try earlier.check(gates)
            var options = try options(&run.inputs, run.cancellation)
            try OutputPaths.checkStandardOutput(json: output.json, partial: output.partial)
            try OutputPaths.check(
                outputs: [
                    ("--per-row", extra.perRow), ("--partial", output.partial), ("--json", output.json), ("--html", output.html),
                    ("--history", earlier.history), ("--metrics", unattended.metrics), ("--lock", unattended.lock),
                    ("--checkpoint", interruption.checkpoint), ("--checkpoint", interruption.checkpoint.map { $0 + ".lock" }),
                ], inputs: run.inputs)
            if interruption.checkpoint != nil { try RunCheckpoint.check(options) }
            options.checkpoint = try interruption.open(
                waiting: unattended.lockWait?.duration ?? .zero, isQuiet: output.isQuiet, run.cancellation)
            // The first to be added is the last to be committed.
            if let checkpoint = options.checkpoint { _ = run.adding(CheckpointRemoval(checkpoint: checkpoint)) }
            let baseline = try earlier.readBaseline(run.cancellation) { run.warn([$0], isStrict: output.strict) }
            let jsonOutput = try output.json.map { run.adding(try JSONOutput(path: $0)) }
            let pageOutput = try output.html.map { run.adding(try PageOutput(path: $0)) }
            let partialOutput = try output.partial.map { run.adding(try PartialOutput(path: $0)) }
            if !output.silent { run.announceTerminalInput() }
            let evaluation = try evaluate(options, run)
            if let perRow = evaluation.perRow { _ = run.adding(perRow) }
            try run.checkCancellation()
            run.warn(evaluation.report.warnings, isStrict: output.strict)
            if extra.verbose { for note in evaluation.notes { StandardError.print("xent: \(note)") } }
            try partialOutput?.write(evaluation.partial)
            do {
                try evaluation.report.requireScoredRows()
            } catch {
                // A report of nothing is none. A shard of nothing is a shard: the merged counts have its rows.
                try partialOutput?.commit()
                guard plan != nil else { throw error }
                // No engine should try it again.
                return StandardError.print("xent: no row of the shard was scored; its partial says so, and there is no other report")
            }
            let report = run.judge(
                evaluation.report.converted(to: output.unit), by: gates, baseline: baseline, isQuiet: output.isQuiet)
            try output.write(report, to: jsonOutput, pageOutput, isVerbose: extra.verbose)
        }
    }

    var policy: RowPolicyOptions { rows.policy }

    private func options(_ inputs: inout InputFiles, _ cancellation: Cancellation) throws -> EvaluationOptions {
        var options = try plan == nil ? requestOptions(&inputs, cancellation) : planned.options(self, shard: rows.shard, &inputs, cancellation)
        if plan == nil { try rows.applyPlace(to: &options) }
        options.perRowPath = extra.perRow
        return options
    }

    /// The request of a plan whose words were parsed to this command.
    func plannedRequest(_ cancellation: Cancellation) throws -> EvaluationOptions {
        // No file is looked at: they are the plan's.
        var inputs = InputFiles(cancellation)
        return try requestOptions(&inputs, cancellation)
    }

    /// The result of an evaluation, be it of files or of a folder of incoming ones.
    private struct Outcome {
        let report: Report
        let partial: Partial
        var perRow: PerRowOutput?
        let notes: [String]
    }

    private func evaluate(_ options: EvaluationOptions, _ run: CommandRun) throws -> Outcome {
        let meter = ProgressMeter()
        let limit = try interruption.timeout.map { time throws(EngineError) in
            try TimeLimit(time.duration, checkpoint: options.checkpoint, meter, run.cancellation)
        }
        if let checkpoint = options.checkpoint {
            run.setLastWork { if let progress = checkpoint.save() { CheckpointOptions.tellSaved(progress, in: checkpoint.path) } }
        }
        let bar = extra.progress.bar(meter, isQuiet: output.isQuiet)
        let status = ServiceStatus(meter, isWatched: extra.progress == .always)
        defer {
            bar?.finish()
            status?.finish()
            run.setLastWork(nil)
            limit?.end()
        }
        do throws(EngineError) {
            let outcome = try outcome(options, meter, run)
            // The time was up at the last moment, and the run is cancelled.
            if let limit, limit.end() { throw limit.error }
            return outcome
        } catch {
            guard error.category == .cancelled, let limit, limit.isUp else { throw error }
            throw limit.error
        }
    }

    private func outcome(_ options: EvaluationOptions, _ meter: ProgressMeter, _ run: CommandRun) throws(EngineError) -> Outcome {
        guard let folder = incoming.state else {
            let evaluation = try Evaluation(options, progress: meter, cancellation: run.cancellation)
            return Outcome(report: evaluation.report, partial: evaluation.partial, perRow: evaluation.perRow, notes: evaluation.notes)
        }
        let evaluation = try IncomingEvaluation(
            options, folder: folder, settled: incoming.settle?.rule ?? SettleChoice.standard, waiting: unattended.lockWait?.duration ?? .zero,
            progress: meter, cancellation: run.cancellation)
        run.noteFiles(new: evaluation.newFileCount, of: evaluation.fileCount)
        let files = "\(Amount.counted(evaluation.newFileCount, "file")) scored anew, the report is of \(evaluation.fileCount)"
        let left = evaluation.unsettled.map { "\($0.path) is left for a later run: \($0.reason)" }
        return Outcome(report: evaluation.report, partial: evaluation.partial, notes: [files] + left)
    }
}

/// Options for what only an evaluation has besides the report.
struct ExtraOutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Write the loss of every row, in order, to this .npy or .csv file (.npy.zst, .csv.zst: compressed); NaN for a row that is \
            ignored or invalid.
            """, valueName: "file"), completion: .file())
    var perRow: String?

    @Option(help: "Show progress on standard error; auto does on a terminal.")
    var progress: ProgressChoice = .auto

    @Flag(name: .shortAndLong, help: "Say on standard error how the work was done, and show the bits of the mean.")
    var verbose = false
}

/// Options for what a run may use. They change the time, never a bit of the result.
struct ResourceOptions: ParsableArguments {
    @Option(
        name: [.customShort("j", allowingJoined: true), .long],
        help: ArgumentHelp("How many threads work. Default: the cores this process may use.", valueName: "n"))
    var threads: Int?

    @Option(help: "The instruction set of the kernels; results are the same on all.")
    var kernel: KernelChoice = .auto

    @Option(
        help: ArgumentHelp(
            "The most memory for a record of text (default 256M), for the window of a zstd frame in each thread, and for labels to look up by --join (128M each).",
            valueName: "size"))
    var memory: ByteCount?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, not \(threads).") }
    }

    /// Sets what the options say.
    func apply(to options: inout EvaluationOptions) throws {
        if let threads { options.threadCount = threads }
        options.instructionSet = try kernel.instructionSet()
        if let memory { (options.maximumWindowByteCount, options.maximumRecordByteCount) = (memory.value, memory.value) }
    }
}
