import Foundation
import SeededRandom
import Testing

/// One dump for each schedule, with invalid rows, and commands that evaluate them.
struct InterruptibleDump: Sendable, CustomTestStringConvertible {
    let name: String
    /// The arguments of `xent eval`, without outputs.
    let arguments: [String]
    var testDescription: String { name }

    private static let loss = ["--task", "multiclass", "--input", "logits", "--on-invalid", "skip"]
    private static let dialects = ["exact", "pytorch", "keras"].flatMap { ["--dialect", $0] }

    /// Units that are stolen, units in order, streams, text that is cut and text that is not, records, columns.
    static let all: [InterruptibleDump] = [
        InterruptibleDump(name: "raw", arguments: ["p.npy", "--labels", "y.npy"] + loss + dialects),
        InterruptibleDump(name: "packed", arguments: ["p.npy.zst", "--labels", "y.npy"] + loss),
        InterruptibleDump(name: "seams", arguments: ["seams.npy.zst", "--labels", "y.npy"] + loss + dialects),
        InterruptibleDump(name: "seams in order", arguments: ["seams.npy.zst", "--labels", "y.npy.gz"] + loss),
        InterruptibleDump(
            name: "insight",
            arguments: ["seams.npy.zst", "--labels", "y.npy", "--groups", "g.npy", "--slice", "group", "--insight", "--worst", "7"] + loss),
        InterruptibleDump(name: "streams", arguments: ["a.npy.gz", "b.npy.gz", "--labels", "y.npy.gz"] + loss),
        InterruptibleDump(name: "columns of an array", arguments: ["f.npy", "--labels", "y.npy"] + loss),
        InterruptibleDump(name: "shard", arguments: ["seams.npy.zst", "--labels", "y.npy", "--shard", "1/2"] + loss),
        InterruptibleDump(name: "text", arguments: ["t.csv", "--slice", "country"] + loss + dialects),
        InterruptibleDump(name: "text in frames", arguments: ["t.csv.zst", "--slice", "country", "--insight"] + loss),
        InterruptibleDump(name: "streams of text", arguments: ["t.csv.gz", "t.csv.gz", "--slice", "country"] + loss),
        InterruptibleDump(name: "shard of text", arguments: ["t.csv", "--shard", "0/2"] + loss),
        InterruptibleDump(name: "records", arguments: ["r.jsonl", "--slice", "country"] + loss),
        InterruptibleDump(name: "array of records", arguments: ["r.json", "--insight"] + loss),
        InterruptibleDump(name: "Parquet", arguments: ["p.parquet", "--insight"] + loss),
        InterruptibleDump(
            name: "looked up", arguments: ["i.csv", "--labels", "l.csv", "--join", "id", "--task", "multiclass", "--input", "logits"]),
    ]

    /// The folder with all dumps, written once. Their time of change lies an hour back, so that nobody takes them for being written.
    static let folder = Result { try write() }

    private static let rowCount = 600_000
    private static let textRowCount = 60_000
    private static let classCount = 8

    private static func write() throws -> Scratch {
        let scratch = try Scratch()
        let logits = RandomDump.logits(rows: rowCount, columns: classCount, seed: 18)
        var labels = RandomDump.labels(rows: rowCount, classes: classCount, seed: 19)
        for row in stride(from: 5, to: rowCount, by: 9_973) { labels[row] = 200 }
        let array = NPYFixture.floats(logits, columns: classCount)
        try scratch.write("p.npy", array)
        try scratch.write("y.npy", NPYFixture.labels(labels))
        try scratch.write("g.npy", NPYFixture.labels(labels.indices.map { UInt8($0 / 7 % 5) }))
        // Frames that end inside rows.
        try scratch.write("seams.npy.zst", ZstdFixture(array, pieceByteCount: 700_001).plain)
        let half = rowCount / 2
        try scratch.write("a.npy", NPYFixture.floats(Array(logits[..<(half * classCount)]), columns: classCount))
        try scratch.write("b.npy", NPYFixture.floats(Array(logits[(half * classCount)...]), columns: classCount))
        var columns = [Float](repeating: 0, count: logits.count)
        for row in 0..<rowCount {
            for column in 0..<classCount { columns[column * rowCount + row] = logits[row * classCount + column] }
        }
        try scratch.write(
            "f.npy",
            NPYFixture.header("<f4", [rowCount, classCount], fortranOrder: true)
                + columns.withUnsafeBytes { Data($0) })
        try writeTexts(logits, labels, to: scratch)
        for name in ["y.npy", "a.npy", "b.npy", "t.csv"] { try XentRun.tool("gzip", ["-k", "-1", name], in: scratch) }
        for arguments in [["p.npy", "-o", "p.npy.zst"], ["p.npy", "--labels", "y.npy", "-o", "p.parquet"]] {
            let run = try XentRun.xent(["pack"] + arguments, in: scratch)
            guard run.ending == .exit(0) else { throw HarnessError("\(run.command): \(run.stderr)") }
        }
        for name in scratch.names { try settle(name, in: scratch) }
        return scratch
    }

    private static func writeTexts(_ logits: [Float], _ labels: [UInt8], to scratch: Scratch) throws {
        var table = (0..<classCount).map { "p_\($0)" }.joined(separator: ",") + ",label,country\n"
        var records: [String] = []
        var identified = "id," + (0..<classCount).map { "p_\($0)" }.joined(separator: ",") + "\n"
        var labelled: [String] = []
        for row in 0..<textRowCount {
            let values = logits[row * classCount..<(row + 1) * classCount].map { "\($0)" }.joined(separator: ",")
            let country = ["Kenya", "Peru", "Norway"][row / 11 % 3]
            table += "\(values),\(row % 997 == 3 ? "none" : "\(labels[row] % UInt8(classCount))"),\(country)\n"
            let label = row % 997 == 3 ? 99 : Int(labels[row]) % classCount
            records.append("{\"logits\": [\(values)], \"label\": \(label), \"country\": \"\(country)\"}")
            identified += "r\(row),\(values)\n"
            labelled.append("r\(row),\(Int(labels[row]) % classCount)")
        }
        try scratch.write("t.csv", table)
        try scratch.write("t.csv.zst", ZstdFixture(Data(table.utf8), pieceByteCount: 300_001).plain)
        try scratch.write("r.jsonl", records.joined(separator: "\n") + "\n")
        try scratch.write("r.json", "[" + records.joined(separator: ",\n") + "]")
        try scratch.write("i.csv", identified)
        // Some labels are of no row, which is worth a warning.
        labelled += (0..<40).map { "x\($0),1" }
        var random = SplitMix64(seed: 20)
        labelled.shuffle(using: &random)
        try scratch.write("l.csv", "id,label\n" + labelled.joined(separator: "\n") + "\n")
    }

    /// Sets a file's time of change an hour back.
    static func settle(_ name: String, in scratch: Scratch, seconds: Double = -3600) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: seconds)], ofItemAtPath: scratch.place(name))
    }
}

/// What an evaluation leaves, without what may differ between two runs.
struct EvaluationOutputs: Equatable {
    let report: [String: JSONDocument.Value]
    let partial: Data
    let warnings: [Substring]

    /// Reads the outputs of a run.
    ///
    /// - Parameter name: the name of the outputs in the folder, before `.json` and `.partial`.
    init(_ run: XentRun, _ name: String, in scratch: Scratch) throws {
        guard run.ending == .exit(0) else { throw HarnessError("\(run.command): \(run.ending): \(run.stderr)") }
        report = try JSONDocument(path: scratch.place(name + ".json")).without("run")
        partial = try scratch.bytes(name + ".partial")
        warnings = run.stderr.split(separator: "\n")
    }

    static func arguments(_ name: String) -> [String] { ["--quiet", "--json", name + ".json", "--partial", name + ".partial"] }
}
