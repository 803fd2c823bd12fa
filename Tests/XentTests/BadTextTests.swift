import Foundation
import Testing

/// What is wrong with text is said with file, line and column, or counted; never lost.
@Suite struct BadTextTests {
    static let binary = ["--task", "binary", "--input", "probabilities"]

    /// A table or a log with one bad line, its number (from 1), and words that the error must have.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let line: Int
        let words: [String]
        var file = "t.csv"
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "letter", text: "label,p\n0,0.5\n1,0.2x5\n0,0.1\n", line: 3, words: ["column p", "0.2x5"]),
        Case(name: "too few", text: "label,p\n0,0.5\n\n1\n0,0.1\n", line: 4, words: ["1", "2"]),
        Case(name: "too many", text: "label,p\n0,0.5\n1,0.5,7\n0,0.1\n", line: 3, words: ["3", "2"]),
        Case(name: "missing value", text: "label,p\n0,0.5\n1,\n0,0.1\n", line: 3, words: ["column p", "missing"]),
        Case(name: "missing label", text: "label,p\n0,0.5\n,0.5\n0,0.1\n", line: 3, words: ["column label", "missing"]),
        Case(name: "unclosed quote", text: "text,label,p\na,0,0.5\n\"b,1,0.5\n", line: 3, words: ["quote"]),
        Case(name: "label beyond 2^53", text: "label,p\n0,0.5\n9007199254740993,0.5\n0,0.1\n", line: 3, words: ["9007199254740993"]),
        Case(name: "UTF-8", text: "text,label,p\na,0,0.5\n\u{1}BAD,1,0.5\nb,0,0.5\n", line: 3, words: ["UTF-8"]),
        Case(
            name: "JSON cut", text: "{\"label\": 0, \"p\": 0.5}\n{\"label\": 1, \"p\": 0.\n{\"label\": 0, \"p\": 0.1}\n", line: 2,
            words: [], file: "t.jsonl"),
        Case(
            name: "JSON without the key", text: "{\"label\": 0, \"p\": 0.5}\n{\"label\": 1, \"q\": 0.5}\n{\"label\": 0, \"p\": 0.1}\n",
            line: 2,
            words: ["p"], file: "t.jsonl"),
        Case(
            name: "JSON null", text: "{\"label\": 0, \"p\": 0.5}\n{\"label\": 1, \"p\": null}\n{\"label\": 0, \"p\": 0.1}\n", line: 2,
            words: ["p", "null"], file: "t.jsonl"),
        Case(
            name: "JSON text", text: "{\"label\": 0, \"p\": 0.5}\n{\"label\": 1, \"p\": \"high\"}\n{\"label\": 0, \"p\": 0.1}\n", line: 2,
            words: ["p", "high"], file: "t.jsonl"),
    ]

    @Test(arguments: cases) func isToldOrCounted(_ bad: Case) throws {
        let scratch = try Scratch()
        let arguments = ["eval", bad.file] + Self.binary + ["--prediction-columns", "p", "--label-column", "label"]
        var bytes = Data(bad.text.utf8)
        if let place = bytes.firstIndex(of: 1) { bytes[place] = 0xFF }
        try scratch.write(bad.file, bytes)
        let run = try XentRun.xent(arguments, in: scratch)
        #expect(run.ending == .exit(65), "\(run.stderr)")
        #expect(run.stdout.isEmpty)
        #expect(run.stderr.contains("\(bad.file): line \(bad.line): "), "\(run.stderr)")
        for word in bad.words { #expect(run.stderr.contains(word), "\(word): \(run.stderr)") }

        let skipping = try XentRun.xent(arguments + ["--on-invalid", "skip", "--json", "-"], in: scratch)
        let report = try skipping.json()
        #expect(try report.count("rows", "invalid") == 1)
        #expect(try report.list("rows", "first_invalid").map { try $0.count("line") } == [bad.line])
        // The other rows' figures are theirs alone.
        var lines = bad.text.split(separator: "\n", omittingEmptySubsequences: false)
        lines.remove(at: bad.line - 1)
        try scratch.write(bad.file, lines.joined(separator: "\n"))
        #expect(
            try XentRun.xent(arguments + ["--json", "-"], in: scratch).json().text("loss", "sum_hex") == report.text("loss", "sum_hex"))
    }

    /// In a large file the first bad line is told by its number in the file, for any number of threads.
    @Test func firstOfManyInALargeFile() throws {
        let scratch = try Scratch()
        var text = "label,p\n"
        for row in 0..<400_000 { text += row == 250_000 || row == 390_000 || row == 150_001 ? "1,oops\n" : "0,0.25\n" }
        try scratch.write("t.csv", text)
        try scratch.write("t.zst", ZstdFixture(Data(text.utf8), pieceByteCount: 200_000).plain)
        for name in ["t.csv", "t.zst"] {
            for threads in ["1", "2", "4"] {
                let run = try XentRun.xent(["eval", name, "--threads", threads] + Self.binary, in: scratch)
                #expect(run.stderr.contains("\(name): line 150003: column p"), "\(threads): \(run.stderr)")
                let skipping = try XentRun.xent(
                    ["eval", name, "--threads", threads, "--on-invalid", "skip", "--json", "-"] + Self.binary, in: scratch)
                let report = try skipping.json()
                #expect(try report.list("rows", "first_invalid").map { try $0.count("line") } == [150_003, 250_002, 390_002])
                #expect(try report.list("rows", "first_invalid").map { try $0.count("row") } == [150_001, 250_000, 390_000])
                #expect(try report.count("rows", "scored") == 399_997)
            }
        }
    }

    /// A line of two bytes is a row of a thousand missing values: memory must not grow with them.
    @Test func shortLinesOfAWideTable() throws {
        let scratch = try Scratch()
        let columns = (0..<1000).map { "p_\($0)" }.joined(separator: ",")
        try scratch.write("t.csv", "label,\(columns)\n" + String(repeating: "1\n", count: 400_000) + "1" + String(repeating: ",0.001", count: 1000) + "\n")
        let run = try XentRun.shell(
            "ulimit -v 1200000; \"$XENT\" eval t.csv --on-invalid skip --threads 2 --json - \(TextDump.task.joined(separator: " "))", in: scratch)
        let report = try run.json()
        #expect(try report.count("rows", "invalid") == 400_000)
        #expect(try report.list("rows", "first_invalid").map { try $0.count("line") } == Array(2...11))
        #expect(!run.stderr.contains("labels are"), "\(run.stderr)")
    }

    @Test func columnTwice() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "label,p,p\n0,0.5,0.5\n")
        let run = try XentRun.xent(["eval", "t.csv", "--prediction-columns", "p"] + Self.binary, in: scratch)
        #expect(run.ending == .exit(65) || run.ending == .exit(64))
        #expect(run.stderr.contains("p"), "\(run.stderr)")
        #expect(run.stdout.isEmpty)
    }

    @Test func arrayOfAnotherLength() throws {
        let scratch = try Scratch()
        try scratch.write("t.jsonl", "{\"label\": 0, \"p\": [0.5, 0.5]}\n{\"label\": 1, \"p\": [0.5, 0.25, 0.25]}\n")
        let run = try XentRun.xent(["eval", "t.jsonl", "--prediction-columns", "p"] + TextDump.task, in: scratch)
        #expect(run.ending == .exit(65))
        #expect(run.stderr.contains("t.jsonl: line 2: ") && run.stderr.contains("3") && run.stderr.contains("2"), "\(run.stderr)")
    }

    @Test func noRows() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "label,p\n\n\n")
        let run = try XentRun.xent(["eval", "t.csv"] + Self.binary, in: scratch)
        #expect(run.ending == .exit(65))
        #expect(run.stderr.contains("t.csv: "), "\(run.stderr)")
    }

    /// `--expect-rows` makes sure that nothing is missing.
    @Test func expectedRows() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "label,p\n0,0.5\n1,0.5\n")
        try SmallDump.write(to: scratch)
        for (arguments, count) in [(["eval", "t.csv"] + Self.binary, 2), (SmallDump.eval, 6)] {
            try XentRun.xent(arguments + ["--expect-rows", "\(count)"], in: scratch).expectSuccess()
            for wrong in [count - 1, count + 1] {
                let run = try XentRun.xent(arguments + ["--expect-rows", "\(wrong)"], in: scratch)
                #expect(run.ending == .exit(65))
                #expect(run.stderr.contains("\(count) rows were read, and \(wrong) are expected"), "\(run.stderr)")
                #expect(run.stdout.isEmpty)
            }
        }
    }
}
