import ArgumentParser
import Engine
import Messages
import Scoring
import WorkStealing

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", _superCommandName: Xent.name,
        abstract: "Evaluate predictions against labels.",
        discussion: """
            The mean cross-entropy in nats, correctly rounded, and the story behind it. The result does not depend on threads, frames or the
            machine.

            EXAMPLES
              xent eval logits.npy.zst --labels labels.npy --task multiclass --input logits
              xent eval p.npy --labels y.npy --task binary --input probabilities --on-invalid skip
              xent eval @shards.txt --labels labels.npy.zst --task multiclass --input logits --json report.json --progress never
              loss=$(xent eval logits.npy --labels y.npy --task multiclass --input logits --quiet)
              xent eval dump.npz --task multiclass --input logits --label-column y_true
              xent eval oof.csv.gz --task multiclass --input probabilities --prediction-columns 'p_*' --label-column label
              xent eval logits.npy.zst --labels labels.npy --task multiclass --input logits --shard 0/2 --partial 0.partial --quiet
              xent eval - --task likelihood --input log-probabilities --prediction-columns 'tokens.*.logprob' < log.jsonl.gz
            """)

    @Argument(
        help: """
            Files of predictions, whose rows follow one another: .npy, .npz, .safetensors, CSV, TSV or JSON Lines, raw, in zstd or in gzip; \
            - for standard input, @FILE for a file of names, a quoted 'pattern*' for all that match, part-2 before part-10.
            """, completion: .file())
    var predictions: [String]

    @Option(
        parsing: .upToNextOption, help: "Files of labels, whose rows follow one another. Without, labels lie beside the predictions.",
        completion: .file())
    var labels: [String] = []

    @OptionGroup(title: "Columns")
    var columns: ColumnOptions

    @OptionGroup(title: "Arrays")
    var axes: AxisOptions

    @Option(parsing: .upToNextOption, help: "Files of row weights, whose rows follow one another.", completion: .file())
    var weights: [String] = []

    @Option(help: "What is predicted.")
    var task: LossTask?

    @Option(help: "What the values are. It is required: guessing is how wrong numbers get published.")
    var input: PredictionInput?

    @Option(help: "Whose conventions the loss follows; may be repeated, and one pass scores them all. The first is the report's own.")
    var dialect: [Dialect] = []

    // Unconditional, so that a negative number is a value, which is refused by the option's name, and not an option.
    @Option(
        parsing: .unconditional,
        help: "One weight a class: W,W,… or a .npy file, or balanced (N / (C · n_c), from a first pass over the labels).")
    var classWeights: String?

    @Option(
        parsing: .unconditional, help: "The weight of label 1 in binary decisions: one number, or W,W,… one a column, or a .npy file.")
    var posWeight: String?

    @Option(parsing: .unconditional, help: "Label smoothing, in [0, 1].")
    var labelSmoothing = 0.0

    @Option(parsing: .unconditional, help: "Rows with this class index are left out.")
    var ignoreIndex: Int64?

    @Option(parsing: .unconditional, help: "Clip probabilities to [E, 1 − E] (dialect exact).")
    var clip: Double?

    @Flag(help: "Divide the probabilities of each row by their sum (dialect exact).")
    var renormalize = false

    @Option(parsing: .unconditional, help: "Focal loss: each term times (1 − p)^G.")
    var focalGamma: Double?

    @Option(parsing: .unconditional, help: "Focal loss: the class balance α.")
    var focalAlpha: Double?

    @Option(help: "For soft labels: cross-entropy, or Kullback-Leibler divergence.")
    var divergence: Divergence = .crossEntropy

    @Option(help: "Whether an invalid row (label out of range, NaN, probability outside [0, 1]) ends the run or is left out and counted.")
    var onInvalid: EvaluationOptions.InvalidRowPolicy = .fail

    @Option(parsing: .unconditional, help: "Fail unless there are N rows: a pipe that ends early at the end of a line looks whole.")
    var expectRows: Int?

    @Option(
        parsing: .unconditional,
        help: "The number, from 0, that the first row has in the whole dump: the partial then says its place, and overlaps are found.")
    var firstRow: Int?

    @Option(
        parsing: .unconditional,
        help: "Evaluate part K of N of the rows, K from 0; the cut depends on the rows alone, and the partial says its place.")
    var shard: Shard?

    @Option(
        help: "Write the loss of every row, in order, to this .npy (or .npy.zst) file; NaN for a row that is ignored or invalid.",
        completion: .file())
    var perRow: String?

    @Option(help: """
            Write the mergeable state, for xent merge, to this file, also where no row of this shard was scored; - for standard output, and \
            then nothing else goes there.
            """, completion: .file())
    var partial: String?

    @Option(help: "Write the report as JSON to this file; - for standard output, and then nothing else goes there.", completion: .file())
    var json: String?

    @Option(help: "How many threads work. (default: the cores this process may use)")
    var threads: Int?

    @Option(help: "The instruction set of the kernels; results are the same on all.")
    var kernel: KernelChoice = .auto

    @Option(help: "The largest window that a zstd frame may make a thread keep in memory.")
    var memory = ByteCount(value: 128 << 20)

    @Option(help: "Show progress on standard error.")
    var progress: ProgressChoice = .auto

    @Flag(help: "Print the mean alone; nothing but errors on standard error.")
    var quiet = false

    @Flag(help: "Say on standard error how the work was done.")
    var verbose = false

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, not \(threads).") }
        if let expectRows, expectRows < 0 { throw ValidationError("--expect-rows must be at least 0, not \(expectRows).") }
        if let firstRow, firstRow < 0 { throw ValidationError("--first-row must be at least 0, not \(firstRow).") }
        if quiet, verbose { throw ValidationError("--quiet and --verbose exclude each other.") }
    }

    func run() throws {
        try CommandRun.run { run in
            var inputs = InputFiles(run.cancellation)
            let options = try options(&inputs, run.cancellation)
            try OutputPaths.check(outputs: [("--per-row", perRow), ("--partial", partial), ("--json", json)], inputs: inputs)
            let isStandardOutputTaken = try OutputPaths.takeStandardOutput(json: json, partial: partial)
            let jsonOutput = try json.map { run.adding(try JSONOutput(path: $0)) }
            let partialOutput = try partial.map { run.adding(try PartialOutput(path: $0)) }
            let evaluation = try evaluate(options, run.cancellation)
            if let perRow = evaluation.perRow { _ = run.adding(perRow) }
            try run.checkCancellation()
            if !quiet { run.warn(evaluation.report.warnings) }
            if verbose { for note in evaluation.notes { StandardError.print("xent: \(note)") } }
            try partialOutput?.write(evaluation.partial)
            do {
                try evaluation.report.requireScoredRows()
            } catch {
                // A report of nothing is none. A shard of nothing is a shard: the merged counts have its rows.
                try partialOutput?.commit()
                throw error
            }
            try jsonOutput?.write(evaluation.report)
            if !isStandardOutputTaken {
                try StandardOutput.print(quiet ? "\(evaluation.report.loss.mean)" : ReportText.text(evaluation.report))
            }
        }
    }

    private func options(_ inputs: inout InputFiles, _ cancellation: Cancellation) throws -> EvaluationOptions {
        let paths = try inputs.expand(predictions)
        guard let task, let input else { throw try missing(paths, cancellation) }
        var modifiers = LossModifiers()
        var usesBalancedClassWeights = false
        switch try classWeights.map({ try WeightList($0, option: "--class-weights", &inputs) }) {
        case .numbers(let numbers)?: modifiers.classWeights = numbers
        case .balanced?: usesBalancedClassWeights = true
        case nil: break
        }
        switch try posWeight.map({ try WeightList($0, option: "--pos-weight", &inputs) }) {
        case .numbers(let numbers)?: modifiers.positiveWeights = numbers
        case .balanced?:
            throw EngineError(usage: "--pos-weight balanced is not known", remedy: "give numbers")
        case nil: break
        }
        modifiers.labelSmoothing = labelSmoothing
        modifiers.ignoreIndex = ignoreIndex
        modifiers.clip = clip
        modifiers.renormalizes = renormalize
        modifiers.focalGamma = focalGamma
        modifiers.focalAlpha = focalAlpha
        modifiers.divergence = divergence
        let specification: LossSpecification
        do throws(SpecificationError) {
            specification = try LossSpecification(
                task: task, input: input, dialects: dialect.isEmpty ? [.exact] : dialect, modifiers: modifiers)
        } catch {
            throw EngineError(error)
        }
        var options = EvaluationOptions(
            predictionPaths: paths, labelPaths: try inputs.expand(labels), specification: specification)
        options.weightPaths = try inputs.expand(weights)
        // The order of the files decides which rows are paired, unless each has labels of its own.
        if ![0, paths.count].contains(options.labelPaths.count) || ![0, paths.count].contains(options.weightPaths.count) {
            options.warnings = inputs.reorderedLists.map {
                Message("\($0): its names stand in the order of letters, and are read in the order of their numbers, as labels must be")
            }
        }
        options.columns = try axes.adding(to: columns.columns())
        options.expectedRowCount = expectRows
        options.firstRow = firstRow
        options.shard = shard
        guard inputs.standardInputCount <= 1 else {
            throw EngineError(usage: "standard input is named twice, and can be read once", remedy: "write one of them to a file first")
        }
        guard perRow != "-" else {
            throw EngineError(usage: "--per-row - is not known: the losses are an array of one size", remedy: "name a file")
        }
        options.usesBalancedClassWeights = usesBalancedClassWeights
        options.invalidRows = onInvalid
        if let threads { options.threadCount = threads }
        options.instructionSet = try kernel.instructionSet()
        options.maximumWindowByteCount = memory.value
        options.perRowPath = perRow
        return options
    }

    /// Makes the error for a command without task or input, which names everything that is missing.
    private func missing(_ paths: [String], _ cancellation: Cancellation) throws -> EngineError {
        let columns = try axes.adding(to: columns.columns())
        var names: [String] = []
        var remedies: [String] = []
        if task == nil {
            names.append("--task")
            remedies.append("--task " + LossTask.allCases.map(\.rawValue).joined(separator: ", or "))
        }
        if input == nil {
            names.append("--input")
            let look =
                try paths.first.map { try InputGuess.describe(path: $0, columns: columns, task: task, cancellation: cancellation) }
                ?? "no file was named"
            remedies.append(look + "; --input takes " + PredictionInput.allCases.map(\.rawValue).joined(separator: ", "))
        }
        if labels.isEmpty, task?.hasLabels ?? true, let path = paths.first,
            (try? InputGuess.isOneArray(path: path, cancellation: cancellation)) == true
        {
            names.append("--labels")
            remedies.append("--labels names their file")
        }
        let list = names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
        let isGuessed = input == nil ? (names.count == 1 ? ", and is not guessed" : "; the input is not guessed") : ""
        return EngineError(
            usage: "\(list) \(names.count == 1 ? "is" : "are") missing\(isGuessed)", remedy: remedies.joined(separator: "; "))
    }

    private func evaluate(_ options: EvaluationOptions, _ cancellation: Cancellation) throws -> Evaluation {
        let meter = ProgressMeter()
        let bar = progress.bar(meter, isQuiet: quiet)
        defer { bar?.finish() }
        return try Evaluation(options, progress: meter, cancellation: cancellation)
    }
}
