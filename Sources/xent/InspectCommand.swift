import ArgumentParser
import Engine

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a file is: format, shape, type, frames, and whether it can be sharded.",
        discussion: """
            EXAMPLES
              xent inspect logits.npy.zst labels.npy
              xent inspect logits.npy.zst --json -
            """)

    @Argument(help: "Files of predictions or labels; @FILE for a file of names.", completion: .file())
    var files: [String]

    @Option(help: "Write what was found as JSON, a list of one object a file, to this file; - for standard output.", completion: .file())
    var json: String?

    @Option(help: "The largest window that a zstd frame may make a thread keep in memory.")
    var memory = ByteCount(value: 128 << 20)

    /// One bad file is reported and the others are shown; the exit status is that of the first.
    func run() throws {
        let paths = try reportingErrors { try PathList.expand(files) }
        var inspections: [Inspection] = []
        var firstFailure: ExitCode?
        for path in paths {
            do {
                inspections.append(try reportingErrors { try Inspection(path: path, maximumWindowByteCount: memory.value) })
            } catch let failure as ExitCode {
                firstFailure = firstFailure ?? failure
            }
        }
        try reportingErrors {
            let output = try json.map { try JSONOutput(path: $0) }
            try output?.write(inspections)
            try output?.commit()
            if json != "-", !inspections.isEmpty { try StandardOutput.print(inspections.map { Self.text($0) }.joined(separator: "\n\n")) }
        }
        if let firstFailure { throw firstFailure }
    }

    static func text(_ inspection: Inspection) -> String {
        var lines = [inspection.path]
        func line(_ name: String, _ value: String) {
            lines.append("  " + name + String(repeating: " ", count: max(1, 14 - name.count)) + value)
        }
        let shape = inspection.shape.map { Amount.grouped($0) }.joined(separator: " × ")
        line("format", "\(inspection.format), \(inspection.elementType)" + (inspection.byteOrder == "none" ? "" : ", \(inspection.byteOrder)-endian"))
        line("shape", shape)
        line("bytes", "\(Amount.grouped(inspection.bytes)), decoded \(Amount.grouped(inspection.decodedBytes))")
        var compression = inspection.compression
        if let frames = inspection.frames { compression += ", \(Amount.grouped(frames)) frame\(frames == 1 ? "" : "s")" }
        if let largest = inspection.largestFrameBytes { compression += " of up to \(Amount.grouped(largest)) bytes" }
        if inspection.hasChecksums == true { compression += ", with checksums" }
        line("compression", compression)
        line("shardable", (inspection.isShardable ? "yes: " : "no: ") + inspection.shardingNote)
        for (number, row) in inspection.firstRows.enumerated() {
            let values = row.map { Amount.significant($0, digits: 6) }.joined(separator: "  ")
            let isCut = inspection.shape.dropFirst().reduce(1, *) > row.count
            line(number == 0 ? "first rows" : "", values + (isCut ? "  …" : ""))
        }
        for warning in inspection.warnings { line("warning", warning) }
        return lines.joined(separator: "\n")
    }
}
