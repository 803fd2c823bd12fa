import ArgumentParser
import Engine
import Formats
import Insight
import Scoring
import WorkStealing

struct CompareCommand: ScoringCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", _superCommandName: Xent.name,
        abstract: "Compare two models on the same rows.",
        discussion: """
            A is the baseline and B the candidate; a difference is B − A, so that a positive one says that B is worse. Rows are paired by their
            places. Both are scored against the same labels: those of --labels, or those that lie with the predictions, which must be the same in
            both where both have some. The columns that --slice, --cluster-column and --show-column name are those of A's files or of the labels, and a
            predicted class is A's.

            Two partials of eval --interval jackknife, or of --clusters, give the means and their difference with the error of paired rows. Two
            reports of eval or merge give the difference with the error of different rows.

            --dialect llama.cpp adds the figures that llama-perplexity --kl-divergence prints.
            """)

    static let usage = [
        "xent compare A B [--labels FILE…] --task TASK --input INPUT [options]", "xent compare A.partial B.partial [options]",
        "xent compare A.json B.json [options]",
    ]

    static let examples = [
        "xent compare base.npy.zst new.npy.zst --labels labels.npy --task multiclass --input logits",
        "xent compare base.npy new.csv --labels y.npy --task binary --input logits --input-b probabilities --json difference.json",
        "xent compare a.npy b.npy --labels y.npy --clusters questions.npy --task multiclass --input logits",
        "xent compare a.csv b.csv --id-column id --slice country --worst 10 --show-column id --task multiclass --input probabilities",
        "xent compare base.kld new.kld --dialect llama.cpp --task multiclass --input log-probabilities",
        "xent compare monday.partial tuesday.partial",
    ]

    static let requiredOptions = ["--task", "--input"]

    @Argument(
        help: """
            The predictions of the baseline, and those of the candidate: the same rows in the same order. Or a partial of each, or a report.
            """, completion: .file())
    var predictions: [String]

    @OptionGroup(title: "Data")
    var data: DataOptions

    @OptionGroup(title: "Columns")
    var columns: ColumnOptions

    @OptionGroup(title: "Arrays")
    var axes: AxisOptions

    @OptionGroup(title: "Loss")
    var loss: LossOptions

    @OptionGroup(title: "Loss")
    var second: SecondModelOptions

    @OptionGroup(title: "Rows")
    var rows: RowOptions

    @OptionGroup(title: "Insight")
    var insight: ComparisonInsightOptions

    @OptionGroup(title: "Insight")
    var interval: IntervalOptions

    @OptionGroup(title: "Output")
    var output: ComparisonOutputOptions

    @OptionGroup(title: "Gates")
    var gates: GateOptions

    @OptionGroup(title: "Unattended")
    var unattended: UnattendedOptions

    @OptionGroup(title: "Unattended")
    var parent: ParentOptions

    @OptionGroup(title: "Run")
    var resources: ResourceOptions

    @OptionGroup(title: "Run")
    var connections: ConnectionOptions

    func validate() throws {
        guard predictions.count == 2 else {
            throw ValidationError("compare takes two files of predictions, A and B, and \(predictions.count) are named.")
        }
    }

    func run() throws {
        try CommandRun.run(unattended, isSilent: output.silent) { run in
            connections.apply()
            try parent.apply()
            let gates = try gates.gates()
            if let gate = gates.first(where: \.usesBaseline) {
                throw EngineError(
                    usage: "the requirement '\(gate.text)' names a baseline, and A is the baseline of a comparison",
                    remedy: "require something of the difference: 'difference.upper <= 0.01'")
            }
            let files = try predictions.map { try run.inputs.expand([$0]) }
            let compare = try comparison(files, run)
            try OutputPaths.check(outputs: [
                    ("--json", output.json), ("--html", output.html), ("--metrics", unattended.metrics), ("--lock", unattended.lock),
                ], inputs: run.inputs)
            let jsonOutput = try output.json.map { run.adding(try JSONOutput(path: $0)) }
            let pageOutput = try output.html.map { run.adding(try PageOutput(path: $0)) }
            let compared = try compare()
            try run.checkCancellation()
            run.warn(compared.warnings)
            let report = try compared.judged(by: gates)
            run.tell(report.gates ?? [], isQuiet: output.isQuiet)
            try jsonOutput?.write(report)
            try pageOutput?.write(Page(.comparison(report)))
            guard output.json != "-", !output.silent else { return }
            try StandardOutput.print(output.isQuiet ? "\(report.difference.mean)" : ComparisonText(report, minimumSliceRowCount: output.minSliceRows, style: .output).text)
        }
    }

    /// Finds what is to be compared, which the files themselves say where no loss is named.
    ///
    /// - Parameter files: the files of A, and those of B.
    private func comparison(_ files: [[String]], _ run: CommandRun) throws -> () throws -> ComparisonReport {
        let cancellation = run.cancellation
        let paths = files.flatMap { $0 }
        let arePartials = paths.map { PartialFile.isPartial($0, cancellation: cancellation) }
        if arePartials.contains(true) {
            guard paths.count == 2, !arePartials.contains(false) else {
                let index = arePartials.firstIndex(of: true) ?? 0
                throw EngineError(
                    usage: "\(paths[index]) is a partial, and \(paths.first { $0 != paths[index] } ?? "the other") is none",
                    remedy: "compare two partials, two reports, or two dumps")
            }
            try refuseOptionsOfDumps("partials")
            let choice = interval.choice
            return { try Comparison(partials: (paths[0], paths[1]), interval: choice, cancellation: cancellation).report }
        }
        if loss.task == nil, loss.input == nil, paths.count == 2, paths.allSatisfy({ ReportDocument.isReport($0, cancellation: cancellation) }) {
            try refuseOptionsOfDumps("reports")
            if let kind = interval.interval {
                throw EngineError(
                    usage: "--interval \(kind.rawValue) takes rows or groups of them, and reports hold none",
                    remedy: "leave it out, or compare partials")
            }
            let reports = try paths.map { try ReportDocument.evaluation(path: $0, cancellation: cancellation) }
            let confidence = interval.choice.confidence
            return {
                try Comparison(reports: ((paths[0], reports[0]), (paths[1], reports[1])), confidence: confidence).report
            }
        }
        let options = try options(files, &run.inputs)
        let (progress, isQuiet) = (output.progress, output.isQuiet)
        return {
            let meter = ProgressMeter()
            let bar = progress.bar(meter, isQuiet: isQuiet)
            let status = ServiceStatus(meter, isWatched: progress == .always)
            defer {
                bar?.finish()
                status?.finish()
            }
            return try Comparison(options, progress: meter, cancellation: cancellation).report
        }
    }

    /// Throws if an option is given that says how dumps are read or scored.
    private func refuseOptionsOfDumps(_ what: String) throws {
        let columns = try axes.adding(to: columns.columns())
        let given: [(name: String, isGiven: Bool)] = [
            ("--task", loss.task != nil), ("--input", loss.input != nil), ("--input-b", second.inputB != nil),
            ("--dialect", !loss.dialect.isEmpty), ("--labels", !data.labels.isEmpty), ("--weights", !data.weights.isEmpty),
            ("--id-column", data.idColumn != nil), ("--join", data.join != nil),
            ("--prediction-columns", !columns.predictions.isEmpty), ("--label-column", columns.label != nil),
            ("--b-prediction-columns", second.bPredictionColumns != nil), ("--b-label-column", second.bLabelColumn != nil),
            ("--slice", !insight.slices.slice.isEmpty), ("--groups", !insight.slices.groups.isEmpty), ("--worst", insight.worst != nil),
            ("--clusters", !interval.clusters.isEmpty), ("--cluster-column", interval.clusterColumn != nil),
            ("--on-invalid", rows.policy.onInvalid != nil), ("--shard", rows.shard != nil), ("--first-row", rows.firstRow != nil),
        ]
        guard let option = given.first(where: \.isGiven)?.name else { return }
        if option == "--worst" {
            throw EngineError(
                usage: "--worst lists the rows whose losses change the most, and \(what) do not hold the losses of all rows",
                remedy: "leave it \(insight.shown.showColumn.isEmpty ? "" : "and --show-column ")out, or compare the dumps")
        }
        throw EngineError(
            usage: "\(option) says how rows are read or scored, and \(what) hold rows that were scored",
            remedy: ["--slice", "--groups"].contains(option)
                ? "leave it out: slices are compared that both hold; or compare the dumps" : "leave it out, or compare the dumps")
    }

    var policy: RowPolicyOptions { rows.policy }

    private func options(_ files: [[String]], _ inputs: inout InputFiles) throws -> ComparisonOptions {
        guard let task = loss.task, let input = loss.input else {
            throw EngineError(
                usage: "\(loss.task == nil ? "--task" : "--input") is missing",
                remedy: loss.task == nil
                    ? "--task " + LossTask.allCases.map(\.rawValue).joined(separator: ", or ")
                    : "--input takes " + PredictionInput.allCases.map(\.rawValue).joined(separator: ", "))
        }
        var first = try evaluationOptions(files[0], task, input, &inputs)
        first.groupPaths = try inputs.expand(insight.slices.groups)
        try interval.apply(to: &first, &inputs)
        try inputs.requireOneStandardInput()
        try rows.applyPlace(to: &first)
        try resources.apply(to: &first)
        var options = ComparisonOptions(first: first, secondPaths: files[1])
        options.secondInput = second.inputB
        options.secondPredictionColumns = second.bPredictionColumns.map { $0.split(separator: ",").map(String.init) }
        options.secondLabelColumn = second.bLabelColumn
        options.interval = interval.choice
        options.slices = insight.slices.requests
        options.worstCount = insight.worst ?? 0
        options.shownColumns = insight.shown.showColumn
        options.hasLlamaCpp = loss.hasLlamaCpp
        return options
    }
}

/// Options for the figures beside the difference.
struct ComparisonInsightOptions: ParsableArguments {
    @OptionGroup
    var slices: SliceOptions

    @Option(
        parsing: .unconditional, help: ArgumentHelp("List the K rows whose losses are the most larger by B.", valueName: "k"))
    var worst: Int?

    @OptionGroup
    var shown: ShownColumnOptions

    func validate() throws {
        if let worst, worst < 1 { throw ValidationError("--worst must be at least 1, not \(worst).") }
        try shown.check(areRowsListed: worst != nil)
    }
}

/// Options for what the candidate has other than the baseline.
struct SecondModelOptions: ParsableArguments {
    @Option(help: "What the values of B are, if they are not what those of A are.")
    var inputB: PredictionInput?

    @Option(
        help: ArgumentHelp("The columns of B's predictions, if they are called otherwise than those of A.", valueName: "name,…"))
    var bPredictionColumns: String?

    @Option(help: ArgumentHelp("The column of B's labels, if it is called otherwise than that of A.", valueName: "name"))
    var bLabelColumn: String?
}

/// Options for the report of a comparison.
struct ComparisonOutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write the report as JSON to this file; - for standard output, and then nothing else goes there.", valueName: "file"),
        completion: .file())
    var json: String?

    @Option(
        help: ArgumentHelp("Write the report as a page with pictures, which needs no network, to this file.", valueName: "file"),
        completion: .file())
    var html: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Leave slices of fewer than N rows out of the text. JSON has them all.", valueName: "n"))
    var minSliceRows: UInt64 = 0

    @Flag(name: .shortAndLong, help: "Print the difference of the means alone.")
    var quiet = false

    @Flag(help: "Print nothing if the comparison succeeds. If it fails, say all at once, as xent eval --silent does.")
    var silent = false

    /// True if nothing but the figure is printed.
    var isQuiet: Bool { quiet || silent }

    @Option(help: "Show progress on standard error; auto does on a terminal.")
    var progress: ProgressChoice = .auto
}
