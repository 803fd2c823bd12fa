import ArgumentParser
import Engine
import WorkStealing

struct PackCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack", _superCommandName: Xent.name,
        abstract: "Rewrite a dump as row-aligned seekable zstd or as Parquet, with checksums, for every core to read.",
        discussion: """
            The input is a dump of any format that xent reads. The output is a .npy in zstd: its header has a frame of its own, and each frame
            after it holds whole rows: as many as fit in the frame size, or one that is larger. The bytes of the output do not depend on the
            threads, and `zstd -d` gives the plain .npy, of one that was packed bit for bit. Of text, predictions become numbers of 8 bytes.

            An output that ends in .parquet is a Parquet file of labels, predictions, weights and the input's other columns, whose values lie
            in planes of bytes: smaller, decompressed several times as fast, and read by pyarrow, DuckDB, Polars and Spark as well.
            """)

    static let usage = [
        "xent pack INPUT -o OUTPUT [--labels-output FILE] [options]",
        "xent pack INPUT -o OUTPUT.parquet [--labels FILE] [--weights FILE] [options]",
    ]

    static let examples = [
        "xent pack logits.npy -o logits.npy.zst",
        "xent pack single-frame.npy.zst -o logits.npy.zst --level 6 --json report.json",
        "xent pack labels.npy -o labels.npy.zst --frame-size 256K --threads 1",
        "xent pack logits.npy --labels y.npy -o logits.parquet",
        "xent pack oof.csv.gz -o p.npy.zst --label-column label --labels-output y.npy.zst",
    ]

    @Argument(help: "The dump to pack: one file.", completion: .file())
    var input: String

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The file to write, whole or not at all.", valueName: "file"), completion: .file())
    var output: String

    @Option(help: ArgumentHelp("Pack the dump's labels to this file as well.", valueName: "file"), completion: .file())
    var labelsOutput: String?

    @Option(
        help: ArgumentHelp("Labels that a Parquet file gets, from a file of their own.", valueName: "file"), completion: .file())
    var labels: String?

    @Option(
        help: ArgumentHelp("Row weights that a Parquet file gets, from a file of their own.", valueName: "file"), completion: .file())
    var weights: String?

    @OptionGroup(title: "Columns")
    var columns: ColumnOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "zstd's level, from \(PackingOptions.levels.lowerBound) (fastest) to \(PackingOptions.levels.upperBound) (smallest). Default: "
                + "3; for Parquet literals alone, or 1 where the first page is over 2 % smaller.",
            valueName: "n"))
    var level: Int?

    @Option(
        help: ArgumentHelp(
            "How many bytes of rows a frame or a page holds at most, up to 1G; a larger row has one of its own. Default: 1M; for Parquet "
                + "128 Ki values.", valueName: "size"))
    var frameSize: ByteCount?

    @Option(
        name: [.customShort("j", allowingJoined: true), .long],
        help: ArgumentHelp("How many threads compress. Default: the cores this process may use.", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "The most memory for a record of text (default 256M), and for the window of a zstd frame of the input (128M).",
            valueName: "size"))
    var memory: ByteCount?

    @Option(
        help: ArgumentHelp(
            "Write the report as JSON to this file; - for standard output, and then nothing else goes there.", valueName: "file"),
        completion: .file())
    var json: String?

    @Option(help: "Show progress on standard error; auto does on a terminal.")
    var progress: ProgressChoice = .auto

    @Flag(name: .shortAndLong, help: "Print no report. Warnings go to standard error still.")
    var quiet = false

    @Flag(help: "Print nothing if the run succeeds. If it fails, say all at once, as xent eval --silent does.")
    var silent = false

    @Flag(help: "Make every warning an error (exit status 65), after the files are written.")
    var strict = false

    @OptionGroup
    var connections: ConnectionOptions

    /// True if the output is a Parquet file, which its name says.
    private var isParquet: Bool { output.lowercased().hasSuffix(".parquet") }

    func validate() throws {
        for (option, name) in [
            ("text", columns.textColumn), ("tokens", columns.tokensColumn), ("bytes", columns.bytesColumn), ("words", columns.wordsColumn),
        ] where name != nil {
            throw ValidationError("--\(option)-column is for counts, and xent pack counts nothing; leave it out.")
        }
        if isParquet {
            if labelsOutput != nil { throw ValidationError("--labels-output is for a .npy: a Parquet file has labels in it; leave it out.") }
        } else {
            if columns.weightColumn != nil {
                throw ValidationError("--weight-column weighs rows, and a .npy has none; leave it out, or write .parquet.")
            }
            for (option, value) in [("labels", labels), ("weights", weights)] where value != nil {
                throw ValidationError("--\(option) goes beside the predictions of a Parquet file; write .parquet, or pack it by itself.")
            }
        }
        if columns.classes != nil, labelsOutput == nil, !isParquet, columns.predictionClasses == nil {
            throw ValidationError(
                "--classes names the classes of labels (--labels-output), or of values by name (--prediction-classes), and neither is "
                    + "given; leave it out.")
        }
        if columns.positiveClass != nil, columns.predictionColumns != nil {
            throw ValidationError(
                "--positive-class chooses one of two columns, and --prediction-columns names them; leave one of them out.")
        }
        if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, not \(threads).") }
    }

    func run() throws {
        try CommandRun.run(isSilent: silent) { run in
            connections.apply()
            let options = try options(&run.inputs)
            try OutputPaths.check(outputs: [("--output", output), ("--labels-output", labelsOutput), ("--json", json)], inputs: run.inputs)
            if !silent { run.announceTerminalInput() }
            let jsonOutput = try json.map { run.adding(try JSONOutput(path: $0)) }
            var labels: PackReport?
            if let labelsOutput {
                // First, since labels are small: an error in them is reported before the predictions take their time.
                var ofLabels = options
                ofLabels.part = .labels
                ofLabels.outputPath = labelsOutput
                labels = try pack(ofLabels, run)
            }
            var report = try pack(options, run)
            report.labels = labels.map { [$0] } ?? []
            try run.checkCancellation()
            run.warn(report.warnings, isStrict: strict)
            try jsonOutput?.write(report)
            if json != "-", !quiet, !silent {
                try StandardOutput.print(([report] + report.labels).map { PackText.text($0) }.joined(separator: "\n\n"))
            }
        }
    }

    private func options(_ inputs: inout InputFiles) throws -> PackingOptions {
        let paths = try inputs.expand([input])
        guard paths.count == 1, let path = paths.first else {
            throw EngineError(usage: "\(input) names \(paths.count) files, and one is packed at a time", remedy: "call xent pack for each")
        }
        var options = PackingOptions(inputPath: path, outputPath: output)
        options.columns = try columns.columns()
        if isParquet { options.layout = .parquet }
        options.labelPath = try companion(labels, "labels", &inputs)
        options.weightPath = try companion(weights, "weights", &inputs)
        options.level = level
        options.frameByteCount = frameSize?.value
        if let threads { options.threadCount = threads }
        if let memory { (options.maximumWindowByteCount, options.maximumRecordByteCount) = (memory.value, memory.value) }
        return options
    }

    /// Finds the one file that is named for labels or weights.
    private func companion(_ name: String?, _ what: String, _ inputs: inout InputFiles) throws -> String? {
        guard let name else { return nil }
        let paths = try inputs.expand([name])
        guard paths.count == 1 else {
            throw EngineError(usage: "\(name) names \(paths.count) files of \(what), and one is packed at a time", remedy: "name one")
        }
        return paths[0]
    }

    private func pack(_ options: PackingOptions, _ run: CommandRun) throws -> PackReport {
        let meter = ProgressMeter()
        let bar = progress.bar(meter, isQuiet: quiet || silent)
        defer { bar?.finish() }
        let packing = try Packing(options, progress: meter, cancellation: run.cancellation)
        _ = run.adding(packing.output)
        return packing.report
    }
}
