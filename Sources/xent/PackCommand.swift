import ArgumentParser
import Engine
import WorkStealing

struct PackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Rewrite a dump as row-aligned seekable zstd, with checksums, for every core to read.",
        discussion: """
            The input is a .npy file, raw or in zstd of any framing. Its header has a frame of its own, and each frame after it holds whole
            rows: as many as fit in the frame size, or one that is larger. The bytes of the output do not depend on the threads, and
            `zstd -d` gives the plain .npy again, bit for bit.

            EXAMPLES
              xent pack logits.npy -o logits.npy.zst
              xent pack single-frame.npy.zst -o logits.npy.zst --level 6 --json report.json
              xent pack labels.npy -o labels.npy.zst --frame-size 256K --threads 1
            """)

    @Argument(help: "The file to pack: an array, raw or in zstd.", completion: .file())
    var input: String

    @Option(name: .shortAndLong, help: "The file to write, whole or not at all.", completion: .file())
    var output: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "zstd's level, from \(PackingOptions.levels.lowerBound) (fastest) to \(PackingOptions.levels.upperBound) (smallest)."))
    var level = 3

    @Option(help: "How many bytes of rows a frame holds at most, up to 1G; a larger row has a frame of its own.")
    var frameSize = ByteCount(value: 1 << 20)

    @Option(help: "How many threads compress. (default: the cores this process may use)")
    var threads: Int?

    @Option(help: "The largest window that a zstd frame of the input may make xent keep in memory.")
    var memory = ByteCount(value: 128 << 20)

    @Option(help: "Write the report as JSON to this file; - for standard output, and then nothing else goes there.", completion: .file())
    var json: String?

    @Option(help: "Show progress on standard error.")
    var progress: ProgressChoice = .auto

    @Flag(help: "Print no report; nothing but errors on standard error.")
    var quiet = false

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, not \(threads).") }
    }

    func run() throws {
        // Before any file is made, so that no signal finds an unfinished one.
        let signals = Signals()
        var jsonOutput: JSONOutput?
        var packed: OutputFile?
        do {
            try reportingErrors {
                let options = try options()
                try OutputPaths.check(outputs: [("--output", output), ("--json", json)], inputs: [options.inputPath])
                jsonOutput = try json.map { try JSONOutput(path: $0) }
                let packing = try pack(options, signals)
                packed = packing.output
                // The catch below removes the unfinished files, and then the process dies.
                if signals.cancellation.isCancelled { throw EngineError(cancelledBefore: "anything was written") }
                if !quiet { for warning in packing.report.warnings { StandardError.print("xent: warning: \(warning)") } }
                try jsonOutput?.write(packing.report)
                if json != "-", !quiet { try StandardOutput.print(PackText.text(packing.report)) }
                try packed?.commit()
                try jsonOutput?.commit()
            }
        } catch {
            // What was committed stays; of the rest nothing does.
            packed?.discard()
            jsonOutput?.discard()
            signals.dieIfReceived()
            throw error
        }
    }

    private func options() throws -> PackingOptions {
        let paths = try PathList.expand([input])
        guard paths.count == 1, let path = paths.first else {
            throw EngineError(usage: "\(input) names \(paths.count) files, and one is packed at a time", remedy: "call xent pack for each")
        }
        guard output != "-" else {
            throw EngineError(usage: "--output - is not known: standard output takes the report", remedy: "name a file")
        }
        var options = PackingOptions(inputPath: path, outputPath: output)
        options.level = level
        options.frameByteCount = frameSize.value
        if let threads { options.threadCount = threads }
        options.maximumWindowByteCount = memory.value
        return options
    }

    private func pack(_ options: PackingOptions, _ signals: Signals) throws -> Packing {
        let meter = ProgressMeter()
        let bar = progress.bar(meter, isQuiet: quiet)
        defer { bar?.finish() }
        return try Packing(options, progress: meter, cancellation: signals.cancellation)
    }
}
