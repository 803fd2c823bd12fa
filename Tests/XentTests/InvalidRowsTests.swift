import Foundation
import Testing

/// `--on-invalid skip`: left out, counted, and the first places listed.
@Suite struct InvalidRowsTests {
    @Test func areLeftOutAndCounted() throws {
        let scratch = try ReportTests.scratch()
        var logits = SmallDump.logits
        logits[3 * 4] = .nan
        try scratch.write("p.npy", NPYFixture.floats(logits, columns: 3))
        try scratch.write("y.npy", NPYFixture.labels([2, 77, 1, 1, 0, 2]))
        let run = try XentRun.xent(SmallDump.eval + ["--on-invalid", "skip", "--json", "-"], in: scratch)
        let report = try run.json()
        #expect(try report.count("rows", "read") == 6)
        #expect(try report.count("rows", "scored") == 4)
        #expect(try report.count("rows", "invalid") == 2)
        let first = try report.list("rows", "first_invalid")
        #expect(try first.map { try $0.count("row") } == [1, 4])
        #expect(try first.map { try $0.text("path") } == ["y.npy", "p.npy"])
        #expect(try first.map { try $0.text("problem").contains("label 77 is outside 0..<3") } == [true, false])
        #expect(try report.texts("warnings").contains { $0.contains("2 of 6 rows were invalid") })
        #expect(run.stderr.contains("2 of 6 rows were invalid"))

        // The figures are those of the other rows alone, to the bit.
        let kept = [0, 2, 3, 5]
        let others = try Scratch()
        try others.write("p.npy", NPYFixture.floats(kept.flatMap { SmallDump.logits[3 * $0..<3 * $0 + 3] }, columns: 3))
        try others.write("y.npy", NPYFixture.labels(kept.map { SmallDump.labels[$0] }))
        let clean = try XentRun.xent(SmallDump.eval + ["--json", "-"], in: others).json()
        for key in ["mean_hex", "sum_hex"] { #expect(try report.text("loss", key) == clean.text("loss", key)) }
        for key in ["min", "max", "standard_error", "perplexity"] { #expect(try report.number("loss", key) == clean.number("loss", key)) }
        #expect(try report.number("accuracy") == clean.number("accuracy"))

        let text = try XentRun.xent(SmallDump.eval + ["--on-invalid", "skip"], in: scratch)
        #expect(text.stdout.contains("4 scored, 2 invalid"))
        #expect(text.stdout.contains("y.npy: row 1: label 77 is outside 0..<3"))
    }

    /// A row with the label to ignore is ignored, whatever its predictions are, in text as in an array.
    @Test(arguments: ["p.csv", "p.jsonl", "p.npy"])
    func ignoredRowsHaveNoValues(name: String) throws {
        let scratch = try Scratch()
        let columns = ["p.npy": ["--labels", "y.npy"]][name] ?? ["--prediction-columns", "a,b", "--label-column", "y"]
        try scratch.write("p.csv", "a,b,y\n1,2,0\nnan,2,9\n,3,9\n,4,1\n2,x,9\n1,1\n")
        let records = [
            #"{"a": 1, "b": 2, "y": 0}"#, #"{"a": NaN, "b": 2, "y": 9}"#, #"{"a": null, "b": 3, "y": 9}"#, #"{"b": 4, "y": 1}"#,
            #"{"a": 2, "b": "x", "y": 9}"#, #"{"a": 1, "b": 1}"#,
        ]
        try scratch.write("p.jsonl", records.joined(separator: "\n") + "\n")
        try scratch.write("p.npy", NPYFixture.floats([1, 2, .nan, 2, .nan, 3, .nan, 4, 2, .nan, 1, 1], columns: 2))
        try scratch.write("y.npy", NPYFixture.labels([0, 9, 9, 1, 9, 7]))
        let report = try XentRun.xent(
            ["eval", name, "--ignore-index", "9", "--on-invalid", "skip", "--json", "-"] + columns + SmallDump.task, in: scratch
        ).json()
        #expect(try report.count("rows", "ignored") == 3)
        #expect(try report.count("rows", "invalid") == 2)
        #expect(try report.count("rows", "scored") == 1)
    }

    /// The list is the same for any number of threads, in order and short.
    @Test func firstPlacesAreListed() throws {
        let scratch = try Scratch()
        let rows = 3000
        let predictions = NPYFixture.floats(RandomDump.logits(rows: rows, columns: 4, seed: 5), columns: 4)
        try scratch.write("p.npy.zst", ZstdFixture(predictions, pieceByteCount: 999).plain)
        var labels = RandomDump.labels(rows: rows, classes: 4, seed: 6)
        let bad = stride(from: 17, to: rows, by: 100)
        for row in bad { labels[row] = 4 }
        try scratch.write("y.npy", NPYFixture.labels(labels))
        for threads in ["1", "2", "8"] {
            let report = try XentRun.xent(
                ["eval", "p.npy.zst", "--labels", "y.npy", "--on-invalid", "skip", "--threads", threads, "--json", "-"] + SmallDump.task,
                in: scratch
            ).json()
            #expect(try report.count("rows", "invalid") == 30)
            #expect(try report.list("rows", "first_invalid").map { try $0.count("row") } == Array(bad.prefix(10)))
        }
    }

    /// Where all rows are left out there is no report, in arrays and in text.
    @Test func noRowIsLeft() throws {
        let scratch = try ReportTests.scratch()
        try scratch.write("y.npy", NPYFixture.labels([9, 9, 9, 9, 9, 9]))
        try scratch.write("t.csv", "p_0,p_1,label\n0.5,0.5,7\n\n0.25,oops,0\n")
        try scratch.write("header.csv", "p_0,p_1,label\n")
        let names = scratch.names
        let skip = ["--on-invalid", "skip", "--json", "report.json", "--per-row", "rows.npy"]
        expectFailure(
            try XentRun.xent(SmallDump.eval + skip, in: scratch), status: 65,
            says: ["xent: p.npy: no row was scored: all 6 are invalid, the first invalid one is y.npy: row 0: label 9 is outside 0..<3"])
        let text = TextDump.task + ["--prediction-columns", "p_*", "--label-column", "label"] + skip
        expectFailure(
            try XentRun.xent(["eval", "t.csv"] + text, in: scratch), status: 65,
            says: ["xent: t.csv: no row was scored: all 2 are invalid, the first invalid one is t.csv: line 2: ", "7"])
        expectFailure(
            try XentRun.xent(["eval", "t.csv", "--ignore-index", "7"] + text, in: scratch), status: 65,
            says: ["xent: t.csv: no row was scored: 1 are ignored and 1 invalid", "t.csv: line 4: column p_1"])
        expectFailure(try XentRun.xent(["eval", "header.csv"] + text, in: scratch), status: 65, says: ["xent: header.csv: "])
        #expect(scratch.names == names)
    }

    /// A logit of +∞ leaves the other classes probability 0, for an index and for soft labels alike; where it is scored itself, nothing is defined.
    @Test func infiniteLogits() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.doubles([1, .infinity, 2, 0, 1, 2], columns: 3))
        try scratch.write("index.npy", NPYFixture.labels([0, 1]))
        try scratch.write("soft.npy", NPYFixture.doubles([0.25, 0, 0.75, 0, 1, 0], columns: 3))
        try scratch.write("both.npy", NPYFixture.doubles([0.25, 0.25, 0.5, 0, 1, 0], columns: 3))
        func run(_ labels: String, _ task: String, _ options: [String] = []) throws -> XentRun {
            try XentRun.xent(
                ["eval", "p.npy", "--labels", labels, "--task", task, "--input", "logits", "--json", "-"] + options, in: scratch)
        }
        for (labels, task, options) in [("index.npy", "multiclass", []), ("index.npy", "multiclass", ["--focal-gamma", "0"]), ("soft.npy", "soft", [])] {
            let report = try run(labels, task, options).json()
            #expect(try report.text("loss", "mean") == "inf")
            #expect(try report.count("rows", "infinite") == 1)
            #expect(try report.count("rows", "scored") == 2)
        }
        for failed in [try run("both.npy", "soft"), try run("index.npy", "multiclass", ["--label-smoothing", "0.1"])] {
            expectFailure(failed, status: 65, says: ["p.npy: row 0: the loss is undefined"])
        }
    }
}
