import Foundation
import SeededRandom
import Testing

/// `--shard` of text: a record belongs to the shard in which it begins, wherever lines, frames and shards end.
@Suite struct TextShardTests {
    static let rowCount = 400

    static func csv() -> String {
        let logits = RandomDump.logits(rows: rowCount, columns: 3, seed: 51)
        let labels = RandomDump.labels(rows: rowCount, classes: 3, seed: 52)
        var text = "p_0,p_1,p_2,label\n"
        for row in 0..<rowCount {
            text += (0..<3).map { "\(logits[3 * row + $0])" }.joined(separator: ",") + ",\(labels[row])\n"
            // Blank lines are no rows, wherever a shard begins.
            if row % 37 == 0 { text += "\n" }
        }
        return text
    }

    @Test(arguments: [1, 2, 5, 16, 300, 5000])
    func shardsMakeUpTheWhole(count: Int) throws {
        let scratch = try Scratch()
        let text = Self.csv()
        // With and without a last line feed; in one piece, and in small frames that can be read from anywhere.
        try scratch.write("a.csv", text)
        try scratch.write("b.csv", String(text.dropLast()))
        try scratch.write("c.csv.zst", ZstdFixture(Data(text.utf8), pieceByteCount: 97).pzstd)
        let xent = try RunningCommand.binaryPath()
        let task = "--task multiclass --input logits"
        for name in ["a.csv", "b.csv", "c.csv.zst"] {
            let whole = try XentRun.shell("\(xent) eval \(name) \(task) --json -", in: scratch).json()
            // A shard without rows is one all the same: its status is 65, and its partial is there.
            let indices = count <= 300 ? Array(0..<count) : stride(from: 0, to: count, by: 71).map { $0 }
            let list = indices.map(String.init).joined(separator: " ")
            try XentRun.shell(
                "for i in \(list); do \(xent) eval \(name) \(task) --shard $i/\(count) --partial $i.partial --quiet 2> error || "
                    + "grep -q 'no row was scored: there are none' error || exit 1; done", in: scratch
            ).expectSuccess()
            guard count <= 300 else { continue }
            let merged = try XentRun.xent(
                ["merge"] + indices.map { "\($0).partial" } + ["--json", "-", "--expect-rows", "\(Self.rowCount)"], in: scratch
            ).json()
            let doubts = ["warnings", "notices"]
            #expect(
                try merged.without("inputs", doubts[0], doubts[1])
                    == whole.without("inputs", "run", "columns", "rows_policy", doubts[0], doubts[1]), "\(name) in \(count) shards")
            // A merge has all that is doubtful of the rows. What is of the file is told by the shard that has its end.
            let codes = try whole.list("notices").map { try $0.text("code") }
            #expect(codes.contains("no-final-line-feed") == (name == "b.csv"))
            #expect(try merged.list("notices").map { try $0.text("code") } == codes.filter { $0 != "no-final-line-feed" })
        }
    }

    /// Records that are longer than a shard belong to the one in which they begin.
    @Test func longRecords() throws {
        let scratch = try Scratch()
        var lines = ""
        for row in 0..<5 {
            let values = (0..<200).map { "\(Double(($0 * 7 + row * 13) % 11))" }.joined(separator: ", ")
            lines += "{\"logits\": [\(values)], \"label\": \(row), \"note\": \"\(String(repeating: "x", count: 3000 * row))\"}\n"
        }
        try scratch.write("a.jsonl", lines)
        let xent = try RunningCommand.binaryPath()
        let task = "--task multiclass --input logits --prediction-columns logits"
        let whole = try XentRun.shell("\(xent) eval a.jsonl \(task) --json -", in: scratch).json()
        try XentRun.shell(
            "for i in $(seq 0 22); do \(xent) eval a.jsonl \(task) --shard $i/23 --partial $i.partial --quiet 2> error || "
                + "grep -q 'no row was scored: there are none' error || exit 1; done", in: scratch
        ).expectSuccess()
        let merged = try XentRun.xent(["merge"] + (0..<23).map { "\($0).partial" } + ["--json", "-", "--expect-rows", "5"], in: scratch)
        #expect(try merged.json().text("loss", "mean_hex") == whole.text("loss", "mean_hex"))
    }

    /// Texts of several spans, which are a mebibyte each, with a record that is longer than a span, raw and in frames.
    @Test(arguments: [3, 8, 40])
    func spansAndGiants(count: Int) throws {
        let scratch = try Scratch()
        var random = SplitMix64(seed: 61)
        var lines = ""
        for row in 0..<600 {
            let noteLength = row == 300 ? 2_500_000 : Int(random.next() % 9000)
            lines += "{\"logits\": [\(row % 7), 1.5, \(row % 3)], \"label\": \(row % 3), \"note\": \""
            lines += String(repeating: "x", count: noteLength) + "\"}\n"
        }
        try scratch.write("a.jsonl", lines)
        try scratch.write("b.jsonl.zst", ZstdFixture(Data(lines.utf8), pieceByteCount: 300_001).pzstd)
        let xent = try RunningCommand.binaryPath()
        let task = "--task multiclass --input logits --prediction-columns logits"
        let whole = try XentRun.shell("\(xent) eval a.jsonl \(task) --json -", in: scratch).json()
        for name in ["a.jsonl", "b.jsonl.zst"] {
            try XentRun.shell(
                "for i in $(seq 0 \(count - 1)); do \(xent) eval \(name) \(task) --shard $i/\(count) --partial $i.partial --quiet 2> error || "
                    + "grep -q 'no row was scored: there are none' error || exit 1; done", in: scratch
            ).expectSuccess()
            let merged = try XentRun.xent(
                ["merge"] + (0..<count).map { "\($0).partial" } + ["--json", "-", "--expect-rows", "600"], in: scratch
            ).json()
            let doubts = ["warnings", "notices"]
            #expect(
                try merged.without("inputs", doubts[0], doubts[1])
                    == whole.without("inputs", "run", "columns", "rows_policy", doubts[0], doubts[1]), "\(name) in \(count) shards")
            // A merge has all that is doubtful of the rows. What is of the file is told by the shard that has its end.
            let codes = try whole.list("notices").map { try $0.text("code") }
            #expect(codes.contains("no-final-line-feed") == (name == "b.csv"))
            #expect(try merged.list("notices").map { try $0.text("code") } == codes.filter { $0 != "no-final-line-feed" })
        }
    }

    @Test func textThatCannotBeCut() throws {
        let scratch = try Scratch()
        try scratch.write("a.csv", "p_0,p_1,label\n1,2,0\n2,1,1\n")
        try XentRun.tool("gzip", ["-k", "a.csv"], in: scratch)
        let task = ["--task", "multiclass", "--input", "logits"]
        expectFailure(
            try XentRun.xent(["eval", "a.csv.gz", "--shard", "0/2"] + task, in: scratch), status: 64,
            says: ["xent: a.csv.gz: ", "cannot be cut into shards", "pack it first"])
        expectFailure(
            try XentRun.xent(["eval", "a.csv", "a.csv", "--shard", "0/2"] + task, in: scratch), status: 64, says: ["xent: a.csv: ", "one file"])
    }
}
