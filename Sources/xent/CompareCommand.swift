import ArgumentParser
import Engine
import Insight
import Scoring
import WorkStealing

struct CompareCommand: ScoringCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", _superCommandName: Xent.name,
        abstract: "Compare two models on the same rows.",
        discussion: """
            A is the baseline and B the candidate; a difference is B − A, so that a positive one says that B is worse. Rows are paired by their
            places. Both are scored against the same labels.
            """)

    static let usage = ["xent compare A B [--labels FILE…] --task TASK --input INPUT [options]"]

    static let examples = [
        "xent compare base.npy.zst new.npy.zst --labels labels.npy --task multiclass --input logits",
        "xent compare base.npy new.csv --labels y.npy --task binary --input logits --input-b probabilities --json difference.json",
        "xent compare a.npy b.npy --labels y.npy --clusters questions.npy --task multiclass --input logits",
    ]

    static let requiredOptions = ["--task", "--input"]

    @Argument(help: "The predictions of the baseline, and those of the candidate: the same rows in the same order.", completion: .file())
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
    var confidence: ConfidenceOptions

    @OptionGroup(title: "Output")
    var output: ComparisonOutputOptions

    @OptionGroup(title: "Run")
    var resources: ResourceOptions

    func validate() throws {
        guard predictions.count == 2 else {
            throw ValidationError("compare takes two files of predictions, A and B, and \(predictions.count) are named.")
        }
    }

    func run() throws {
        try CommandRun.run { run in
            let options = try options(&run.inputs)
            try OutputPaths.check(outputs: [("--json", output.json), ("--html", output.html)], inputs: run.inputs)
            let jsonOutput = try output.json.map { run.adding(try JSONOutput(path: $0)) }
            let pageOutput = try output.html.map { run.adding(try PageOutput(path: $0)) }
            let meter = ProgressMeter()
            let bar = output.progress.bar(meter, isQuiet: output.quiet)
            let report: ComparisonReport
            do {
                defer { bar?.finish() }
                report = try Comparison(options, progress: meter, cancellation: run.cancellation).report
            }
            try run.checkCancellation()
            run.warn(report.warnings, isSilent: false, isStrict: false)
            try jsonOutput?.write(report)
            try pageOutput?.write(Page(.comparison(report)))
            guard output.json != "-" else { return }
            try StandardOutput.print(output.quiet ? "\(report.difference.mean)" : ComparisonText(report, style: .output).text)
        }
    }

    private func options(_ inputs: inout InputFiles) throws -> ComparisonOptions {
        guard let task = loss.task, let input = loss.input else {
            throw EngineError(
                usage: "\(loss.task == nil ? "--task" : "--input") is missing",
                remedy: loss.task == nil
                    ? "--task " + LossTask.allCases.map(\.rawValue).joined(separator: ", or ")
                    : "--input takes " + PredictionInput.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let paths = try predictions.map { try inputs.expand([$0]) }
        var first = try evaluationOptions(paths[0], task, input, &inputs)
        first.clusterPaths = try inputs.expand(second.clusters)
        try inputs.requireOneStandardInput()
        try resources.apply(to: &first)
        var options = ComparisonOptions(first: first, secondPaths: paths[1])
        options.secondInput = second.inputB
        options.secondPredictionColumns = second.bPredictionColumns.map { $0.split(separator: ",").map(String.init) }
        if let confidence = confidence.confidence { options.confidence = confidence }
        return options
    }
}

/// Options for what the candidate has other than the baseline, and for rows that are not independent.
struct SecondModelOptions: ParsableArguments {
    @Option(help: "What the values of B are, if they are not what those of A are.")
    var inputB: PredictionInput?

    @Option(
        help: ArgumentHelp("The columns of B's predictions, if they are called otherwise than those of A.", valueName: "name,…"))
    var bPredictionColumns: String?

    @Option(
        help: ArgumentHelp(
            "An array of one number a row: rows of one number, such as the answers to one question, are not independent.",
            valueName: "file"), completion: .file())
    var clusters: [String] = []
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

    @Flag(name: .shortAndLong, help: "Print the difference of the means alone.")
    var quiet = false

    @Option(help: "Show progress on standard error; auto does on a terminal.")
    var progress: ProgressChoice = .auto
}
