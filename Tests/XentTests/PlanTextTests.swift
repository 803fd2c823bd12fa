import Foundation
import Testing

/// Plans of text, whose rows have numbers only once they are counted, and of Parquet.
@Suite struct PlanTextTests {
    private static let task = ["--task", "multiclass", "--input", "logits"]
    private static let figures = ["--insight", "--interval", "jackknife", "--on-invalid", "skip", "--show-column", "id", "--slice", "country"]

    /// A table with blank lines, and a row that is invalid every 97 rows.
    private static func csv(rows: Range<Int>, lastLineFeed: Bool = true) -> String {
        let logits = RandomDump.logits(rows: 400, columns: 3, seed: 51)
        let labels = RandomDump.labels(rows: 400, classes: 3, seed: 52)
        var text = "id,country,p_0,p_1,p_2,label\n"
        for row in rows {
            let label = row % 97 == 96 ? "7" : "\(labels[row])"
            text += "r\(row),\(["US", "FR"][row % 2])," + (0..<3).map { "\(logits[3 * row + $0])" }.joined(separator: ",") + ",\(label)\n"
            if row % 37 == 0 { text += "\n" }
        }
        return lastLineFeed ? text : String(text.dropLast())
    }

    @Test(arguments: [1, 2, 7, 24]) func oneFile(shards: Int) throws {
        let scratch = try Scratch()
        let text = Self.csv(rows: 0..<400, lastLineFeed: false)
        try scratch.write("t.csv", text)
        try scratch.write("t.csv.zst", ZstdFixture(Data(text.utf8), pieceByteCount: 211).seekable)
        for name in ["t.csv", "t.csv.zst"] {
            try PlanCommandTests.expectTheWhole([name] + Self.task + Self.figures, shards: shards, in: scratch)
        }
    }

    /// Files are shards where there are enough of them; fewer are cut, the largest first.
    @Test(arguments: [1, 2, 3, 5]) func severalFiles(shards: Int) throws {
        let scratch = try Scratch()
        try scratch.write("a.csv", Self.csv(rows: 0..<50))
        try scratch.write("b.csv", Self.csv(rows: 50..<390, lastLineFeed: false))
        try scratch.write("c.csv", Self.csv(rows: 390..<400))
        try PlanCommandTests.expectTheWhole(["a.csv", "b.csv", "c.csv"] + Self.task + Self.figures, shards: shards, in: scratch)
    }

    /// Parts of text take their labels from an array by number.
    @Test func labelsOfAnArray() throws {
        let scratch = try Scratch()
        let logits = RandomDump.logits(rows: 300, columns: 3, seed: 5)
        try scratch.write("p.csv", "p_0,p_1,p_2\n" + (0..<300).map { row in (0..<3).map { "\(logits[3 * row + $0])" }.joined(separator: ",") + "\n" }.joined())
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: 300, classes: 3, seed: 6)))
        try PlanCommandTests.expectTheWhole(["p.csv", "--labels", "y.npy"] + Self.task + ["--worst", "3"], shards: 4, in: scratch)
    }

    /// Text that can only be read from its beginning is a shard; more are refused, with the remedy.
    @Test func textThatCannotBeCut() throws {
        let scratch = try Scratch()
        for (name, rows) in [("a", 0..<200), ("b", 200..<400)] {
            try scratch.write(name + ".csv", Self.csv(rows: rows))
            try XentRun.tool("gzip", ["-n", name + ".csv"], in: scratch)
        }
        let request = ["a.csv.gz", "b.csv.gz"] + Self.task + ["--on-invalid", "skip"]
        try PlanCommandTests.expectTheWhole(request, shards: 2, in: scratch)
        expectFailure(
            try XentRun.xent(["plan"] + request + ["--shards", "3", "-o", "plan.json"], in: scratch), status: 64,
            says: [".csv.gz", "can only be read from its beginning", "2 shards at most"])
        // Labels in a text of their own cannot be cut with it.
        try scratch.write("t.csv", "p_0,p_1\n" + String(repeating: "1,2\n", count: 50))
        try scratch.write("y.csv", "label\n" + String(repeating: "1\n", count: 50))
        let apart = ["t.csv", "--labels", "y.csv"] + Self.task
        try PlanCommandTests.expectTheWhole(apart, shards: 1, in: scratch)
        expectFailure(
            try XentRun.xent(["plan"] + apart + ["--shards", "3", "-o", "plan.json"], in: scratch), status: 64,
            says: ["t.csv", "text files of their own", "plan one shard"])
        expectFailure(
            try XentRun.xent(["plan", "-"] + Self.task + ["--shards", "3", "-o", "plan.json"], in: scratch), status: 64,
            says: ["standard input cannot be planned"])
    }

    /// A quoted field with a line feed is an error of the shard that meets it, and never other numbers.
    @Test func quotedLineFeeds() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "p_0,p_1,note,label\n" + (0..<60).map { "1,2,\($0 == 40 ? "\"a\nb\"" : "x"),1\n" }.joined())
        try XentRun.xent(["plan", "t.csv"] + Self.task + ["--shards", "3", "-o", "plan.json"], in: scratch).expectSuccess()
        let runs = try (0..<3).map {
            try XentRun.xent(["eval", "--plan", "plan.json", "--shard", "\($0)", "--partial", "\($0).partial", "--quiet"], in: scratch)
        }
        #expect(runs.contains { $0.ending == .exit(65) && $0.stderr.contains("a quoted field holds a line feed") })
        // One shard reads it whole.
        try PlanCommandTests.expectTheWhole(["t.csv"] + Self.task, shards: 1, in: scratch)
    }

    @Test func parquet() throws {
        let scratch = try Scratch()
        let scratchCSV = Self.csv(rows: 0..<400)
        try scratch.write("t.csv", scratchCSV.replacingOccurrences(of: ",7\n", with: ",1\n"))
        try XentRun.xent(["pack", "t.csv", "-o", "t.parquet"], in: scratch).expectSuccess()
        for shards in [1, 5] { try PlanCommandTests.expectTheWhole(["t.parquet"] + Self.task + ["--insight"], shards: shards, in: scratch) }
        try PlanCommandTests.expectTheWhole(["t.parquet", "t.parquet"] + Self.task + ["--worst", "4"], shards: 3, in: scratch)
    }

    /// Records of text in JSON Lines, whose log-probabilities are summed.
    @Test func tokens() throws {
        let scratch = try Scratch()
        let lines = (0..<120).map { row in
            "{\"tokens\": [" + (0...row % 5).map { "{\"logprob\": -\(Double(row * 7 % 11 + $0) / 8)}" }.joined(separator: ", ") + "]}\n"
        }
        try scratch.write("log.jsonl", lines.joined())
        try PlanCommandTests.expectTheWhole(
            ["log.jsonl", "--task", "likelihood", "--input", "log-probabilities", "--prediction-columns", "tokens.*.logprob"], shards: 4, in: scratch)
    }
}
