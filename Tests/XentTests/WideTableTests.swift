import Foundation
import Testing

/// Tables and records whose first line is longer than what is looked at first of a text.
@Suite struct WideTableTests {
    static let columnCount = 120_000
    static let rowCount = 6
    static let task = ["--task", "multiclass", "--input", "logits"]

    /// As text with a header of 4.7 MB and records of more than 1 MiB: several units of work, and more than what is kept of a pipe unasked.
    struct Dump {
        let logits: [Float]
        let labels: [UInt8]

        init() {
            logits = RandomDump.logits(rows: rowCount, columns: columnCount, seed: 71)
            labels = RandomDump.labels(rows: rowCount, classes: 250, seed: 72)
        }

        func row(_ index: Int) -> ArraySlice<Float> { logits[index * columnCount..<(index + 1) * columnCount] }

        /// `label`, then the logits by their names.
        func table(delimiter: String, label: String = "label") -> String {
            var text = ([label] + (0..<columnCount).map { "the_logit_of_the_class_of_number_\($0)" }).joined(separator: delimiter) + "\n"
            for index in 0..<rowCount { text += (["\(labels[index])"] + row(index).map { "\(Double($0))" }).joined(separator: delimiter) + "\n" }
            return text
        }

        /// The logits alone, without names.
        func lines() -> String {
            (0..<rowCount).map { index in row(index).map { "\(Double($0))" }.joined(separator: ",") + "\n" }.joined()
        }

        /// Each class a key of its own.
        func jsonLines() -> String {
            (0..<rowCount).map { index in
                let logits = row(index).enumerated().map { "\"the_logit_of_the_class_of_number_\($0)\": \(Double($1))" }.joined(separator: ", ")
                return "{\"label\": \(labels[index]), \(logits)}\n"
            }.joined()
        }
    }

    static func expect(_ run: XentRun, _ arrays: JSONDocument, _ what: String) throws {
        run.expectSuccess()
        try TableTests.expectSame(run.json(), arrays, what)
    }

    /// Raw, compressed and from a pipe: the bits of the arrays.
    @Test func headerIsLongerThanAUnit() throws {
        let scratch = try Scratch()
        let dump = Dump()
        try scratch.write("p.npy", NPYFixture.floats(dump.logits, columns: Self.columnCount))
        try scratch.write("y.npy", NPYFixture.labels(dump.labels))
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-"] + Self.task, in: scratch).json()
        let table = Data(dump.table(delimiter: ",").utf8)
        try scratch.write("t.csv", table)
        try scratch.write("t.tsv", dump.table(delimiter: "\t"))
        try scratch.write("single.zst", ZstdFixture.singleFrame(table))
        try scratch.write("seekable.zst", ZstdFixture(table, pieceByteCount: 300_000).seekable)
        try TableTests.gzip("t.csv", in: scratch)
        for name in ["t.csv", "t.tsv", "single.zst", "seekable.zst", "t.csv.gz"] {
            for options in [["--prediction-columns", "the_logit_*"], ["--on-invalid", "skip", "--expect-rows", "\(Self.rowCount)"]] {
                try Self.expect(try XentRun.xent(["eval", name, "--json", "-"] + options + Self.task, in: scratch), arrays, "\(name), \(options)")
            }
            let pipe = try XentRun.shell(
                "cat \(name) | \"$XENT\" eval - --json - --label-column label \(Self.task.joined(separator: " "))", in: scratch)
            try Self.expect(pipe, arrays, "\(name), from a pipe")
        }
    }

    /// A line feed in a quoted name, no names at all, and records of JSON after a blank line.
    @Test func otherLongFirstLines() throws {
        let scratch = try Scratch()
        let dump = Dump()
        try scratch.write("p.npy", NPYFixture.floats(dump.logits, columns: Self.columnCount))
        try scratch.write("y.npy", NPYFixture.labels(dump.labels))
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-"] + Self.task, in: scratch).json()
        // The header ends with the first line feed outside of quotes.
        try scratch.write("quoted.csv", dump.table(delimiter: ",", label: "\"the\nlabel\""))
        try scratch.write("lines.csv", dump.lines())
        try scratch.write("t.jsonl", "\n" + dump.jsonLines())
        for arguments in [["quoted.csv", "--label-column", "the\nlabel"], ["lines.csv", "--no-header", "--labels", "y.npy"], ["t.jsonl"]] {
            try Self.expect(try XentRun.xent(["eval", "--json", "-"] + arguments + Self.task, in: scratch), arrays, arguments[0])
            let words = arguments.dropFirst().map { "'\($0)'" }.joined(separator: " ")
            let pipe = try XentRun.shell(
                "cat \(arguments[0]) | \"$XENT\" eval - --json - \(words) \(Self.task.joined(separator: " "))", in: scratch)
            try Self.expect(pipe, arrays, "\(arguments[0]), from a pipe")
        }
    }

    /// There is a bound, which is said: a line of names is kept in memory whole.
    @Test func endlessHeader() throws {
        let scratch = try Scratch()
        // Of 64 MiB and more, without a line feed.
        try XentRun.tool("sh", ["-c", "yes 'column,' | tr -d '\\n' | head -c 70000000 > t.csv; yes '{\"a\":' | tr -d '\\n' | head -c 70000000 > t.jsonl"], in: scratch)
        for name in ["t.csv", "t.jsonl"] {
            let says = ["of up to 64 MiB"]
            expectFailure(
                try XentRun.xent(["eval", name, "--labels", "y.npy", "--memory", "64M"] + Self.task, in: scratch), status: 65,
                says: ["xent: \(name): "] + says)
            expectFailure(
                try XentRun.shell("cat \(name) | \"$XENT\" eval - --labels y.npy --memory 64M \(Self.task.joined(separator: " "))", in: scratch), status: 65,
                says: ["xent: standard input: "] + says)
        }
    }

    /// Columns are found by their names in time in proportion to their number: 32,000 took eleven seconds.
    @Test func manyColumnsAreFoundByName() throws {
        let scratch = try Scratch()
        var seconds: [Double] = []
        for count in [10_000, 80_000] {
            let names = (0..<count).map { "p_\($0)" }.joined(separator: ",")
            try scratch.write("t.csv", "label,\(names)\n" + "3,\(Array(repeating: "0.5", count: count).joined(separator: ","))\n")
            // The fastest of three.
            let times = try (0..<3).map { _ in
                let start = Date()
                try XentRun.xent(["eval", "t.csv"] + Self.task, in: scratch).expectSuccess()
                return Date().timeIntervalSince(start)
            }
            seconds.append(times.min() ?? 0)
        }
        // Eight times the columns: 64 times as long if each were looked for among all.
        #expect(seconds[1] < 24 * seconds[0], "\(seconds)")
    }
}
