internal import Container
internal import Elements
internal import Formats
internal import Locking
internal import Messages
public import Outputs
internal import Parquet
public import WorkStealing

/// A dump rewritten, compressed by many workers: as seekable zstd, frames of whole rows with checksums, of which `zstd -d` gives the plain
/// `.npy` again, bit for bit; or as a Parquet file, which other programs read as well.
public struct Packing: Sendable {
    /// The report of the packing.
    public let report: PackReport
    /// The packed file. It is whole, but has no name until it is committed.
    public let output: OutputFile

    /// Packs, and blocks until it is done. `options.threadCount` workers compress, and one of them at a time reads.
    ///
    /// The file's bytes depend on the input's content, the level, the frame size and the version of libzstd alone, and not on threads,
    /// timing or the input's compression. Memory is at most about five frames (or rows, if they are larger) and libzstd's context for each
    /// worker.
    ///
    /// - Throws: `EngineError`. No file has been written or changed then. A faulty input gives the errors of `Evaluation`.
    public init(
        _ options: PackingOptions, progress: ProgressMeter = ProgressMeter(), cancellation: Cancellation = Cancellation()
    ) throws(EngineError) {
        try options.check()
        let control = RunControl(progress: progress, cancellation: cancellation)
        self = try ReadingMode.attempt { mode throws(EngineError) in
            options.layout == .parquet ? try Self(toParquet: options, &mode, control) : try Self(options, &mode, control)
        }
    }

    /// Makes the result of a packing.
    init(_ report: PackReport, _ output: OutputFile) {
        self.report = report
        self.output = output
    }

    private init(
        _ options: PackingOptions, _ mode: inout ReadingMode, _ control: RunControl
    ) throws(EngineError) {
        let clock = ContinuousClock()
        let start = clock.now
        let containerOptions = mode.containerOptions(
            maximumWindowByteCount: options.maximumWindowByteCount, control.cancellation)
        let source = try PackingSource(options, containerOptions)
        let trial = Lock<LayoutTrial?>(nil)
        let reader = try PackingReader(source, frameByteCount: options.bytesPerFrame, control)
        let rowsPerFrame = reader.rowsPerFrame
        control.progress.begin(totalByteCount: source.layout.endByteOffset)

        let output = try EngineError.ofOutput { () throws(OutputError) in try OutputFile(path: options.outputPath) }
        do throws(EngineError) {
            let written = try SeekableOutput.write(
                to: output, workerCount: options.threadCount, level: options.frameLevel, control, reader: reader
            ) { reader, buffer throws(EngineError) in
                let count = try reader.next(into: buffer)
                if let found = reader.takeTrial(count, buffer, level: options.frameLevel) { trial.withLock { $0 = found } }
                return count
            }
            let (frameCount, byteCount) = (written.frameCount, written.byteCount)
            try source.rows.finishReading()
            let outputFacts = try Self.lookAgain(at: output, layout: source.layout, frameCount: frameCount)
            let seconds = (clock.now - start).seconds
            report = PackReport(
                source, outputPath: options.outputPath, outputByteCount: byteCount, frameCount: frameCount, outputFacts,
                packing: PackReport.Frames(rows: rowsPerFrame, level: options.frameLevel == 0 ? FrameCompressor.defaultLevel : options.frameLevel),
                trial: trial.withLock { $0 }, warnings: mode.warnings + source.warnings, threads: options.threadCount, seconds: seconds)
            self.output = output
        } catch {
            // The bytes that were given to a pipe cannot be taken back.
            mode.mayBeginAgain = output.canBeginAnew
            output.discard()
            throw error
        }
    }

    /// Opens the packed file as an evaluation will, before it gets its name.
    ///
    /// - Returns: nil for a pipe or a device.
    private static func lookAgain(
        at output: OutputFile, layout: ArrayLayout, frameCount: Int
    ) throws(EngineError) -> FileAccess? {
        guard let path = output.unfinishedPath else { return nil }
        let facts: FileAccess
        let problem: Message
        do throws(EngineError) {
            let file = try ArrayFile.open(path, options: ContainerOptions())
            facts = try FileAccess(file)
            if file.layout == layout, file.container.compression == .zstdSeekable, file.container.frames.count == frameCount {
                return facts
            }
            problem = "it holds another array, or other frames, than were written"
        } catch {
            problem = error.message
        }
        throw EngineError(
            .inputOutput, path: output.path, "what was written does not read back: \(problem)", remedy: "is the disk sound? Pack it again")
    }
}

extension PackReport {
    fileprivate init(
        _ source: PackingSource, outputPath: String, outputByteCount: Int, frameCount: Int, _ outputFacts: FileAccess?, packing: Frames,
        trial: LayoutTrial?, warnings: [Message], threads: Int, seconds: Double
    ) {
        let layout = source.layout
        let container = source.file.container
        let isRaw = container.compression == .none
        let decodedByteCount = layout.endByteOffset
        self.init(
            array: Array(
                format: "npy", elementType: layout.elementType.name, shape: layout.shape, rows: source.rowCount, bytes: decodedByteCount),
            columns: source.columnNames, classes: source.classNames,
            input: File(
                path: source.file.path, bytes: container.byteCount, compression: isRaw ? nil : container.compression.rawValue,
                frames: isRaw ? nil : container.frames.count, units: source.fileAccess?.unitCount),
            output: File(
                path: outputPath, bytes: outputByteCount, compression: Compression.zstdSeekable.rawValue, frames: frameCount,
                units: outputFacts?.unitCount),
            packing: packing, pages: nil, ratio: Double(decodedByteCount) / Double(max(1, outputByteCount)),
            changes: outputFacts.map { output in
                source.fileAccess?.changes(with: output) ?? output.changesFromText(source.file.format)
            } ?? [],
            warnings: warnings,
            run: Run(
                threads: threads, seconds: seconds, decodedBytesPerSecond: seconds > 0 ? Double(decodedByteCount) / seconds : 0,
                layouts: Layouts(trial)))
    }
}
