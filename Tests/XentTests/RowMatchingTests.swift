import Foundation
import Testing

/// Rows of predictions and of labels in files of their own belong together by an identifier, where they share one.
@Suite struct RowMatchingTests {
    static let task = ["--task", "binary", "--input", "probabilities"]
    static let rows = [("a", "0.8", "1"), ("b", "0.4", "0"), ("c", "0.3", "0")]

    /// Predictions as `p.csv` and `p.jsonl`, and labels in the given order as `y.csv` and `y.jsonl`.
    private func write(_ labels: [Int], in scratch: Scratch) throws {
        try scratch.write("p.csv", "id,score\n" + Self.rows.map { "\($0.0),\($0.1)\n" }.joined())
        try scratch.write("p.jsonl", Self.rows.map { "{\"id\": \"\($0.0)\", \"score\": \($0.1)}\n" }.joined())
        try scratch.write("y.csv", "label,id\n" + labels.map { "\(Self.rows[$0].2),\(Self.rows[$0].0)\n" }.joined())
        try scratch.write("y.jsonl", labels.map { "{\"id\": \"\(Self.rows[$0].0)\", \"label\": \(Self.rows[$0].2)}\n" }.joined())
    }

    private static let mean = (-log(0.8) - log(0.6) - log(0.7)) / 3

    @Test("Rows in one order are compared and scored; the report names the column")
    func sameOrder() throws {
        let scratch = try Scratch()
        try write([0, 1, 2], in: scratch)
        for predictions in ["p.csv", "p.jsonl"] {
            for labels in ["y.csv", "y.jsonl"] {
                let report = try XentRun.xent(["eval", predictions, "--labels", labels, "--json", "-"] + Self.task, in: scratch).json()
                #expect(abs(try report.number("loss", "mean") - Self.mean) < 1e-15)
                #expect(try report.texts("columns", "identifiers") == ["id"])
            }
        }
    }

    @Test("The first row with another identifier is an error with both values and places, whatever the threads")
    func otherOrder() throws {
        let scratch = try Scratch()
        try write([0, 2, 1], in: scratch)
        for predictions in ["p.csv", "p.jsonl"] {
            for labels in ["y.csv", "y.jsonl"] {
                let run = try XentRun.xent(["eval", predictions, "--labels", labels, "--threads", "3"] + Self.task, in: scratch)
                #expect(run.ending == .exit(65))
                let line = predictions == "p.csv" ? 3 : 2, otherLine = labels == "y.csv" ? 3 : 2
                #expect(run.stderr.contains("\(predictions): line \(line): id is 'b', and that of \(labels), line \(otherLine), is 'c'"))
                #expect(run.stderr.contains("--join id") && run.stderr.contains("--id-column"), "\(run.stderr)")
            }
        }
    }

    @Test("A difference far into long files names its own row")
    func farAway() throws {
        let scratch = try Scratch()
        let count = 40_000
        let predictions = (0..<count).map { "\($0 * 7),0.5\n" }.joined()
        let labels = (0..<count).map { "\($0 == 31_234 ? 1 : $0 * 7).0,1\n" }.joined()
        try scratch.write("p.csv", "key,p\n" + predictions)
        try scratch.write("y.csv", "key,y\n" + labels)
        let run = try XentRun.xent(["eval", "p.csv", "--labels", "y.csv", "--threads", "4"] + Self.task, in: scratch)
        #expect(run.ending == .exit(65))
        #expect(run.stderr.contains("p.csv: line 31236: key is '218638', and that of y.csv, line 31236, is '1.0'"), "\(run.stderr)")
    }

    @Test("--join finds labels in any order; --id-column compares one of several columns")
    func join() throws {
        let scratch = try Scratch()
        try write([2, 0, 1], in: scratch)
        for predictions in ["p.csv", "p.jsonl"] {
            for labels in ["y.csv", "y.jsonl"] {
                let report = try XentRun.xent(
                    ["eval", predictions, "--labels", labels, "--join", "id", "--json", "-"] + Self.task, in: scratch
                ).json()
                #expect(abs(try report.number("loss", "mean") - Self.mean) < 1e-15)
            }
        }
        try scratch.write("p.csv", "id,when,score\na,1,0.8\nb,2,0.4\n")
        try scratch.write("y.csv", "id,when,label\na,1,1\nb,3,0\n")
        let run = try XentRun.xent(["eval", "p.csv", "--labels", "y.csv"] + Self.task, in: scratch)
        #expect(run.ending == .exit(65) && run.stderr.contains("when is '2'"))
        try XentRun.xent(["eval", "p.csv", "--labels", "y.csv", "--id-column", "id"] + Self.task, in: scratch).expectSuccess()
        let other = try XentRun.xent(["eval", "p.csv", "--labels", "y.csv", "--id-column", "nope"] + Self.task, in: scratch)
        #expect(other.ending == .exit(65) && other.stderr.contains("'nope'"))
    }

    @Test("--join refuses identifiers that are missing or there twice, and says which labels were left")
    func joinRefuses() throws {
        let scratch = try Scratch()
        func run(_ predictions: String, _ labels: String) throws -> XentRun {
            try scratch.write("p.csv", "id,score\n" + predictions)
            try scratch.write("y.csv", "id,label\n" + labels)
            return try XentRun.xent(["eval", "p.csv", "--labels", "y.csv", "--join", "id"] + Self.task, in: scratch)
        }
        for (predictions, labels, text) in [
            ("a,0.5\nb,0.5\n", "a,1\n", "p.csv: line 3: its id is not among the 1 of y.csv"),
            ("a,0.5\na,0.5\n", "a,1\nb,1\n", "its id is that of another row"),
            ("a,0.5\n", "a,1\nb,0\na,1\n", "y.csv: line 4: id 'a' is there twice"),
            ("a,0.5\n", "a,1\n,0\n", "y.csv: line 3: its id is missing"),
            (",0.5\n", "a,1\n", "p.csv: line 2: its id is missing"),
        ] {
            let found = try run(predictions, labels)
            #expect(found.ending == .exit(65) && found.stderr.contains(text), "\(found.stderr)")
        }
        let left = try run("a,0.5\n", "b,0\na,1\nc,0\n")
        left.expectSuccess()
        #expect(left.stderr.contains("2 of the 3 labels of y.csv belong to no row of the predictions"), "\(left.stderr)")
    }

    @Test("An index without a name is no identifier, since it begins anew in each file")
    func unnamedIndex() throws {
        let scratch = try Scratch()
        try scratch.write("a.csv", ",score\n0,0.8\n1,0.4\n")
        try scratch.write("b.csv", ",score\n0,0.3\n")
        try scratch.write("y.csv", ",label\n0,1\n1,0\n2,0\n")
        try XentRun.xent(["eval", "a.csv", "b.csv", "--labels", "y.csv"] + Self.task, in: scratch).expectSuccess()
    }
}
