import ArgumentParser
import Bench
import Engine
import Scoring

struct BenchCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", _superCommandName: Xent.name,
        abstract: "Measure decoding alone, the kernels alone, and an evaluation as a whole, by number of threads.",
        discussion: """
            Of the files named, or of a dump that is made in memory: random values by a seed, in seekable zstd of 1 MiB frames. Decoding,
            evaluation and kernels are measured in turn, round after round; figures are medians of the rounds, with the least and the
            greatest, and ratios are taken within a round. A first round warms up and does not count. No label is needed: where a file is
            missing, random ones are made.

            With --losses the kernels alone are measured for every loss, one thread, as a table in Markdown.
            """)

    static let usage = ["xent bench [PREDICTIONS…] [options]"]

    static let examples = [
        "xent bench",
        "xent bench --rows 20000 --classes 1000 --type bf16 --threads 1,2,4,8 --json bench.json",
        "xent bench logits.npy.zst --labels labels.npy --task multiclass --input logits",
        "xent bench --losses --type f16 --kernel avx2",
    ]

    @Argument(help: "Files of predictions to measure; @FILE for a file of names. Default: a dump made in memory.", completion: .file())
    var predictions: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Files of labels. Default: random ones, where there is one a row.", valueName: "file…"), completion: .file())
    var labels: [String] = []

    @Option(help: "What is predicted. Default: multiclass; with --losses, all.")
    var task: LossTask?

    @Option(help: "What the values are. Default: logits, or log-probabilities for likelihood; with --losses, all.")
    var input: PredictionInput?

    @Option(
        help: ArgumentHelp(
            "Whose conventions the loss follows; may be repeated, and one pass scores them all. Default: exact.", valueName: "name"),
        completion: .list(Dialect.allValueStrings))
    var dialect: [Dialect] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Rows of the dump that is made. Default: as many as make 50,000,000 values.", valueName: "n"))
    var rows: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Values a row of the dump that is made. Default: 100; one for binary and likelihood.", valueName: "n"))
    var classes: Int?

    @Option(help: "How the values that are made are stored. Default: f32.")
    var type: ElementChoice?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "zstd's level for the dump that is made, from \(PackingOptions.levels.lowerBound) to \(PackingOptions.levels.upperBound). "
                + "Default: 3.", valueName: "n"))
    var level: Int?

    @Option(help: "The layout of the dump that is made: zstd frames of .npy, or Parquet with values in planes. Default: frames.")
    var layout: SyntheticShape.Layout?

    @Option(help: ArgumentHelp("The seed of what is made.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(
        name: [.customShort("j", allowingJoined: true), .long],
        help: ArgumentHelp(
            "How many threads, one number after another. Default: 1,2,4,… up to the cores this process may use.", valueName: "n,n,…"))
    var threads: ThreadCounts?

    @Option(parsing: .unconditional, help: ArgumentHelp("How often everything is measured.", valueName: "n"))
    var repeats = 5

    @Option(parsing: .unconditional, help: ArgumentHelp("How many seconds the kernels alone run for one measurement.", valueName: "s"))
    var seconds = 0.05

    @Option(help: "The instruction set of the kernels of the whole; with --losses the only one to measure.")
    var kernel: KernelChoice = .auto

    @Flag(help: "Measure the kernels alone for every loss instead.")
    var losses = false

    @Option(help: ArgumentHelp("The largest window that a zstd frame may make a thread keep in memory.", valueName: "size"))
    var memory = ByteCount(value: 128 << 20)

    @Option(
        help: ArgumentHelp(
            "Write the report as JSON to this file; - for standard output, and then nothing else goes there.", valueName: "file"),
        completion: .file())
    var json: String?

    @Option(help: "Show on standard error what is being measured.")
    var progress: ProgressChoice = .auto

    func run() throws {
        try CommandRun.run { run in
            let paths = try run.inputs.expand(predictions)
            let labelPaths = try run.inputs.expand(labels)
            try checkOptions(paths, labelPaths)
            try OutputPaths.check(outputs: [("--json", json)], inputs: run.inputs)
            let jsonOutput = try json.map { run.adding(try JSONOutput(path: $0)) }
            if losses { try measureLosses(run, jsonOutput) } else { try measureDump(paths, labelPaths, run, jsonOutput) }
        }
    }

    private func measureDump(_ paths: [String], _ labelPaths: [String], _ run: CommandRun, _ jsonOutput: JSONOutput?) throws {
        let options = try benchOptions(paths, labelPaths)
        let steps = Steps(isShown: isProgressShown)
        defer { steps.finish() }
        let report = try Bench(options, cancellation: run.cancellation, step: steps.show).report
        steps.finish()
        run.warn(report.warnings)
        try jsonOutput?.write(report)
        if json != "-" { try StandardOutput.print(BenchText.text(report, width: Terminal.tableWidth(of: 1))) }
    }

    private func measureLosses(_ run: CommandRun, _ jsonOutput: JSONOutput?) throws {
        var options = LossBenchOptions()
        if let classes { options.classCount = classes }
        if let type { options.element = type.element }
        options.task = task
        options.input = input
        if kernel != .auto { options.instructionSets = [try kernel.instructionSet()] }
        options.repeatCount = repeats
        options.kernelSeconds = seconds
        options.seed = seed
        let steps = Steps(isShown: isProgressShown)
        defer { steps.finish() }
        let report = try LossBench(options, cancellation: run.cancellation, step: { steps.show($0.text) }).report
        steps.finish()
        run.warn(report.warnings)
        try jsonOutput?.write(report)
        if json != "-" { try StandardOutput.print(BenchText.losses(report, width: Terminal.tableWidth(of: 1))) }
    }

    private var isProgressShown: Bool { progress.isShown() }

    /// Refuses options and files that would have no effect.
    private func checkOptions(_ paths: [String], _ labelPaths: [String]) throws {
        func refuse(_ options: [(name: String, isGiven: Bool)], _ reason: String) throws {
            for option in options where option.isGiven {
                throw EngineError(usage: "\(option.name) has no meaning here: \(reason)", remedy: "leave it out")
            }
        }
        if losses {
            try refuse(
                [
                    ("a file of predictions", !paths.isEmpty), ("--labels", !labelPaths.isEmpty), ("--dialect", !dialect.isEmpty),
                    ("--rows", rows != nil), ("--level", level != nil), ("--threads", threads != nil),
                ], "--losses measures blocks in cache, on one thread, in dialect exact")
        } else if paths.isEmpty {
            try refuse([("--labels", !labelPaths.isEmpty)], "no predictions are named, and labels are made with the dump")
        } else {
            try refuse(
                [("--rows", rows != nil), ("--classes", classes != nil), ("--type", type != nil), ("--level", level != nil),
                    ("--layout", layout != nil)],
                "they describe a dump that is made, and files are named")
        }
    }

    private func benchOptions(_ paths: [String], _ labelPaths: [String]) throws -> BenchOptions {
        let task = task ?? .multiclass
        let specification: LossSpecification
        do throws(SpecificationError) {
            specification = try LossSpecification(
                task: task, input: input ?? (task.hasLabels ? .logits : .logProbabilities), dialects: dialect.isEmpty ? [.exact] : dialect)
        } catch {
            throw EngineError(error)
        }
        let classCount = classes ?? (task.isSingleValued ? 1 : 100)
        var shape = SyntheticShape(
            rowCount: rows ?? max(1, 50_000_000 / max(1, classCount)), classCount: classCount, element: (type ?? .f32).element)
        if let level { shape.level = level }
        if let layout { shape.layout = layout }
        var options = BenchOptions(
            source: paths.isEmpty ? .synthetic(shape) : .files(predictions: paths, labels: labelPaths), specification: specification)
        if let threads { options.threadCounts = threads.values }
        options.repeatCount = repeats
        options.kernelSeconds = seconds
        options.instructionSet = try kernel.instructionSet()
        options.maximumWindowByteCount = memory.value
        options.seed = seed
        return options
    }
}

/// A line on standard error that names the measurement. It changes between measurements, never within one.
private struct Steps {
    let isShown: Bool

    func show(_ text: String) {
        guard isShown else { return }
        // A line that is wrapped cannot be erased.
        StandardError.write("\r\u{1B}[K\(text.prefix((Terminal.width(of: 2) ?? Terminal.usualWidth) - 1))")
    }

    /// Removes the line.
    func finish() { if isShown { StandardError.write("\r\u{1B}[K") } }
}

extension SyntheticShape.Layout: NamedChoice {}
