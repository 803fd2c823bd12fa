internal import Container
internal import Elements
internal import Formats
internal import Messages
internal import Outputs
internal import Parquet

extension Packing {
    /// Packs to a Parquet file.
    ///
    /// The file's bytes depend on the inputs' content, the settings and the version of libzstd alone.
    init(toParquet options: PackingOptions, _ mode: inout ReadingMode, _ control: RunControl) throws(EngineError) {
        let clock = ContinuousClock()
        let start = clock.now
        let containerOptions = mode.containerOptions(
            maximumWindowByteCount: options.maximumWindowByteCount, control.cancellation)
        let source = try ParquetPackingSource(options, containerOptions)
        let reader = try ParquetPackingReader(source, level: options.level, pageByteCount: options.frameByteCount, control)
        control.progress.begin(totalByteCount: source.predictions.layout.dataByteCount)
        let output = try EngineError.ofOutput { () throws(OutputError) in try OutputFile(path: options.outputPath) }
        do throws(EngineError) {
            let written = try ParquetOutput.write(to: output, workerCount: options.threadCount, source, reader: reader, control)
            for column in source.columns {
                if case .rows(let rows) = column.values { try rows.finishReading() }
            }
            try Self.lookAgain(at: output, source, written)
            let seconds = (clock.now - start).seconds
            self.init(
                PackReport(
                    source, written, outputPath: options.outputPath, warnings: mode.warnings + source.warnings,
                    threads: options.threadCount, seconds: seconds), output)
        } catch {
            // The bytes that were given to a pipe cannot be taken back.
            mode.mayBeginAgain = output.canBeginAnew
            output.discard()
            throw error
        }
    }

    /// Opens the packed file as an evaluation will, before it gets its name. A pipe or a device is not looked at.
    private static func lookAgain(
        at output: OutputFile, _ source: ParquetPackingSource, _ written: ParquetOutput.Result
    ) throws(EngineError) {
        guard let path = output.unfinishedPath else { return }
        let problem: Message
        do throws(EngineError) {
            let container: ContainerFile
            do throws(ContainerError) { container = try ContainerFile(path: path) } catch { throw EngineError(error) }
            let file: ParquetFile
            do throws(ParquetError) { file = try ParquetFile(container) } catch { throw EngineError(error) }
            if file.rowCount == source.rowCount, file.columns.map(\.name) == source.columns.map(\.written.name),
                file.rowGroups.count == written.rowGroupCount, container.byteCount == written.byteCount
            {
                return
            }
            problem = "it holds other rows, or other columns, than were written"
        } catch {
            problem = error.message
        }
        throw EngineError(
            .inputOutput, path: output.path, "what was written does not read back: \(problem)", remedy: "is the disk sound? Pack it again")
    }
}

extension PackReport {
    fileprivate init(
        _ source: ParquetPackingSource, _ written: ParquetOutput.Result, outputPath: String, warnings: [Message], threads: Int,
        seconds: Double
    ) {
        let predictions = source.predictions
        let layout = predictions.layout
        let container = predictions.file.container
        let isRaw = container.compression == .none
        let decodedByteCount = layout.dataByteCount
        self.init(
            array: Array(
                format: "parquet", elementType: layout.elementType.name, shape: layout.shape, rows: source.rowCount,
                bytes: layout.endByteOffset),
            columns: predictions.columnNames, classes: source.classNames,
            input: File(
                path: predictions.file.path, bytes: container.byteCount, compression: isRaw ? nil : container.compression.rawValue,
                frames: isRaw ? nil : container.frames.count, units: predictions.fileAccess?.unitCount),
            output: File(path: outputPath, bytes: written.byteCount, compression: "zstd", frames: nil, units: nil),
            packing: nil,
            pages: Pages(source, written),
            ratio: Double(layout.endByteOffset) / Double(max(1, written.byteCount)),
            changes: [], warnings: warnings,
            run: Run(
                threads: threads, seconds: seconds, decodedBytesPerSecond: seconds > 0 ? Double(decodedByteCount) / seconds : 0,
                layouts: Layouts(written.trial)))
    }
}

extension PackReport.Pages {
    fileprivate init(_ source: ParquetPackingSource, _ written: ParquetOutput.Result) {
        rows = written.shape.rowsPerPage
        count = written.pageCount
        rowGroups = written.rowGroupCount
        rowsPerGroup = written.shape.rowsPerGroup
        leftOut = source.leftOut
        columns = zip(source.columns, written.codings).enumerated().map { index, pair in
            let (column, coding) = pair
            let role: Column.Role =
                index == source.predictionIndex ? .predictions : column.written.name == source.labelName ? .labels : .other
            let type: String
            switch column.written.values {
            case .numbers(let element): type = element.name
            case .texts(let isText): type = isText ? "text" : "bytes"
            }
            return Column(
                name: column.written.name, role: role, elementType: type, valuesPerRow: column.written.listLength,
                coding: column.written.isInPlanes ? coding.map { $0.coding.text } : nil,
                literalsByteCount: coding?.literalsByteCount, levelByteCount: coding?.levelByteCount)
        }
    }
}

extension ColumnCoding {
    /// The coding in words: "literals", "level 1", "7 bits".
    fileprivate var text: String {
        switch self {
        case .planes(.literals): "literals"
        case .planes(.level(let level)): "level \(level)"
        case .indices(let bitCount): String.counted(bitCount, "bit")
        }
    }
}
