import ArgumentParser
import Engine
import Formats
import Messages
import WorkStealing

/// The description of a file, by its kind.
enum Inspected: Encodable {
    case dump(Inspection)
    case checkpoint(CheckpointInspection)

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .dump(let inspection): try inspection.encode(to: encoder)
        case .checkpoint(let checkpoint): try checkpoint.encode(to: encoder)
        }
    }

    var text: String {
        switch self {
        case .dump(let inspection): InspectCommand.text(inspection)
        case .checkpoint(let checkpoint): CheckpointText.text(checkpoint)
        }
    }
}

struct InspectCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", _superCommandName: Xent.name,
        abstract: "Show what a file is: format, columns, shape, type, frames, and whether it can be sharded; or how far a checkpoint is.")

    static let usage = ["xent inspect FILES… [options]"]

    static let examples = [
        "xent inspect logits.npy.zst labels.npy",
        "xent inspect dump.npz oof.csv.gz log.jsonl.zst model.safetensors",
        "xent inspect logits.npy.zst --json -",
    ]

    @Argument(help: "Files of predictions or labels; @FILE for a file of names.", completion: .file())
    var files: [String]

    @Option(name: .customLong(HeaderOption.name), help: HeaderOption.help, completion: HeaderOption.completion)
    var noHeader: HeaderOption.HeaderRoles?

    @Option(help: ArgumentHelp("The path to the array of records in files that are one JSON document, such as results.", valueName: "path"))
    var records: String?

    @Option(
        help: ArgumentHelp(
            "Write what was found as JSON, a list of one object a file, to this file; - for standard output.", valueName: "file"),
        completion: .file())
    var json: String?

    @Option(
        help: ArgumentHelp(
            "The most memory for a record of text (default 256M), and for the window of a zstd frame (128M).", valueName: "size"))
    var memory: ByteCount?

    @OptionGroup
    var connections: ConnectionOptions

    /// Describes every file. An error of one file is reported, and the others are still described; the exit status is that of the first
    /// error.
    func run() throws {
        var firstFailure: ExitCode?
        try CommandRun.run { run in
            connections.apply()
            let paths = try run.inputs.expand(files)
            try OutputPaths.check(outputs: [("--json", json)], inputs: run.inputs)
            run.announceTerminalInput()
            let output = try json.map { run.adding(try JSONOutput(path: $0)) }
            var columns = DumpColumns()
            columns.hasHeader = noHeader == nil
            columns.recordPath = records
            var inspections: [Inspected] = []
            for path in paths {
                do {
                    let inspection = try Self.reportingErrors(suggestion: { run.inputs.suggestion(for: $0) }) {
                        if CheckpointFile.isCheckpoint(path, cancellation: run.cancellation) {
                            return Inspected.checkpoint(try CheckpointInspection(path: path, cancellation: run.cancellation))
                        }
                        return Inspected.dump(try Inspection(
                            path: path, maximumWindowByteCount: memory?.value ?? 128 << 20,
                            maximumRecordByteCount: memory?.value ?? 256 << 20, columns: columns, cancellation: run.cancellation))
                    }
                    inspections.append(inspection)
                } catch let failure as ExitCode {
                    if run.cancellation.isCancelled { throw failure }
                    firstFailure = firstFailure ?? failure
                }
            }
            try run.checkCancellation()
            try output?.write(inspections)
            if json != "-", !inspections.isEmpty {
                try StandardOutput.print(inspections.map(\.text).joined(separator: "\n\n"))
            }
        }
        if let firstFailure { throw firstFailure }
    }

    /// The number of columns that are listed; further ones are only counted. JSON has them all.
    private static let columnLimit = 40

    /// Writes a value with six digits, or a whole number of an array of whole numbers as it is.
    private static func text(_ value: Double, _ elementType: String?) -> String {
        let isWhole = elementType.map { $0.hasPrefix("i") || $0.hasPrefix("u") || $0 == "bool" } ?? false
        if isWhole, let number = Int64(exactly: value) { return "\(number)" }
        return Amount.significant(value, digits: 6)
    }

    private static func text(shape: [Int]) -> String { shape.map { Amount.grouped($0) }.joined(separator: " × ") }

    private static func text(_ column: Inspection.Column) -> String {
        if let problem = column.problem {
            // A dataset of HDF5 that is not read still has a type and a shape.
            let known = [column.elementType, column.shape.map { text(shape: $0) }].compactMap { $0 }
            let facts = column.chunkShape == nil && column.filters == nil ? [] : known
            return (facts + [problem.text]).joined(separator: ", ")
        }
        if let elementType = column.elementType, let shape = column.shape {
            let values = (column.examples ?? []).compactMap { Double($0) }.map { Self.text($0, elementType) }
            return "\(elementType), \(text(shape: shape))" + (column.compression.map { ", \($0)" } ?? "")
                + (column.chunkShape.map { ", chunks of \(text(shape: $0))" } ?? "")
                + (column.filters.map { $0.isEmpty ? "" : " in \($0.joined(separator: ", "))" } ?? "")
                + (column.isShardable == false && column.chunkShape != nil ? ", not shardable: one block of rows" : "")
                + (column.strides.map { ", strides (\($0.map { "\($0)" }.joined(separator: ", ")))" } ?? "")
                + (column.place.map { ", \($0)" } ?? "")
                + (values.isEmpty ? "" : ": " + values.joined(separator: "  ") + (shape.dropFirst().reduce(1, *) > values.count ? "  …" : ""))
        }
        if let storage = column.storage {
            let parts = [storage.type, storage.codecs.joined(separator: " and "), storage.encodings.joined(separator: " ")]
            return parts.filter { !$0.isEmpty }.joined(separator: ", ") + (storage.pages.map { ", " + Amount.counted($0, "page") } ?? "")
        }
        let content = (column.content ?? "") + (column.count.map { " of \($0)" } ?? "")
        let examples = column.examples ?? []
        return content + (examples.isEmpty ? "" : ": " + examples.joined(separator: ", "))
    }

    static func text(_ inspection: Inspection) -> String {
        var lines = [QuotedBytes.printable(inspection.path)]
        func line(_ name: String, _ value: String) {
            lines.append("  " + name + String(repeating: " ", count: max(1, 14 - name.count)) + QuotedBytes.printable(value))
        }
        var format = inspection.format
        if let elementType = inspection.elementType { format += ", \(elementType)" }
        if let byteOrder = inspection.byteOrder, byteOrder != "none" { format += ", \(byteOrder)-endian" }
        if inspection.isFortranOrder == true { format += ", Fortran order" }
        line("format", format)
        if let shape = inspection.shape { line("shape", Self.text(shape: shape)) }
        line(
            "bytes",
            Amount.grouped(inspection.bytes) + (inspection.decodedBytes.map { ", decoded \(Amount.grouped($0))" } ?? ""))
        var compression = inspection.compression
        if let frames = inspection.frames { compression += ", \(Amount.counted(frames, "frame"))" }
        if let largest = inspection.largestFrameBytes { compression += " of up to \(Amount.counted(largest, "byte"))" }
        if inspection.hasChecksums == true { compression += ", with checksums" }
        line("compression", compression)
        line("shardable", (inspection.isShardable ? "yes: " : "no: ") + inspection.shardingNote)
        if let rows = inspection.rows, let rowGroups = inspection.rowGroups {
            line("rows", Amount.grouped(rows) + " in " + Amount.counted(rowGroups, "row group"))
        }
        if let rows = inspection.rows, let batches = inspection.recordBatches {
            line("rows", Amount.grouped(rows) + " in " + Amount.counted(batches, "record batch", "record batches"))
        }
        if let createdBy = inspection.createdBy { line("written by", createdBy) }
        let stored = [inspection.strides.map { "strides (" + $0.map { "\($0)" }.joined(separator: ", ") + ")" }, inspection.place]
        if inspection.place != nil { line("stored", stored.compactMap { $0 }.joined(separator: ", ")) }
        if let reading = inspection.reading { line("eval takes", reading.text.text) }
        for (number, row) in inspection.firstRows.enumerated() {
            let values = row.map { Self.text($0, inspection.elementType) }.joined(separator: "  ")
            let isCut = (inspection.shape ?? []).dropFirst().last ?? 1 > row.count
            line(number == 0 ? "first rows" : "", values + (isCut ? "  …" : ""))
        }
        let columns = inspection.columns ?? []
        let names = columns.prefix(columnLimit).map { QuotedBytes.printable($0.name) }
        let width = names.reduce(0) { max($0, min(30, $1.count)) }
        for (number, column) in columns.prefix(columnLimit).enumerated() {
            let name = names[number] + String(repeating: " ", count: max(0, width - names[number].count))
            line(number == 0 ? "columns" : "", "\(name)  \(Self.text(column))")
        }
        if columns.count > columnLimit { line("", "and \(columns.count - columnLimit) more") }
        for (number, callable) in (inspection.callables ?? []).prefix(columnLimit).enumerated() {
            let refusal = callable.isRead ? "" : " at byte \(callable.byteOffset), which is not read: eval refuses the file"
            line(number == 0 ? "names" : "", callable.name + refusal)
        }
        for warning in inspection.warnings { line("warning", warning.text) }
        return lines.joined(separator: "\n")
    }
}
