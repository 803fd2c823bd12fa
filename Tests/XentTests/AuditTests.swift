import Foundation
import Testing

/// Habits of people's files that gave a wrong number in silence, or an error that misled.
@Suite struct AuditTests {
    static let binary = ["--task", "binary", "--input", "probabilities"]
    static let multiclass = ["--task", "multiclass", "--input", "probabilities"]

    @Test("A score beside the class that was decided for is no probability of label 1")
    func scoresOfDecisions() throws {
        let scratch = try Scratch()
        try scratch.write(
            "t.jsonl",
            "{\"label\":\"NEGATIVE\",\"score\":0.99,\"gold\":0}\n{\"label\":\"POSITIVE\",\"score\":0.8,\"gold\":1}\n")
        try scratch.write("t.csv", "gold,prediction,score\n0,cat,.9\n1,dog,.8\n")
        try scratch.write("gold.csv", "gold\n0\n1\n")
        for arguments in [
            ["t.jsonl", "--label-column", "gold"], ["t.jsonl", "--labels", "gold.csv"], ["t.csv", "--label-column", "gold"],
        ] {
            let run = try XentRun.xent(["eval"] + arguments + Self.binary, in: scratch)
            expectFailure(run, status: 64, says: ["may be the score of", "--prediction-columns"])
            let named = try XentRun.xent(["eval", "--prediction-columns=score"] + arguments + Self.binary, in: scratch)
            #expect(named.ending == .exit(0), "\(named.stderr)")
        }
        // The label itself, and a decision that is a number.
        try scratch.write("own.csv", "label,score\nyes,.9\nno,.2\n")
        #expect(try XentRun.xent(["eval", "own.csv", "--classes", "no,yes"] + Self.binary, in: scratch).ending == .exit(0))
        try scratch.write("number.csv", "label,score,pred_label\n1,.9,1\n0,.2,0\n")
        #expect(try XentRun.xent(["eval", "number.csv"] + Self.binary, in: scratch).ending == .exit(0))
    }

    @Test("Decisions in an array of an archive are no evidence of probabilities")
    func decisionsInArchives() throws {
        let scratch = try Scratch()
        for (name, values) in [("hard", [1.0, 0, 1]), ("soft", [0.75, 0.25, 1])] {
            try scratch.write("preds.npy", NPYFixture.doubles(values))
            try scratch.write("labels.npy", NPYFixture.labels([1, 0, 1]))
            try XentRun.tool("python3", ["-m", "zipfile", "-c", "\(name).npz", "preds.npy", "labels.npy"], in: scratch).expectSuccess()
        }
        let hard = try XentRun.xent(["eval", "hard.npz"] + Self.binary, in: scratch)
        expectFailure(hard, status: 64, says: ["column preds may be the class that was decided for", "--prediction-columns"])
        #expect(try XentRun.xent(["eval", "soft.npz"] + Self.binary, in: scratch).ending == .exit(0))
        #expect(try XentRun.xent(["eval", "hard.npz", "--prediction-columns", "preds"] + Self.binary, in: scratch).ending == .exit(0))
    }

    @Test("Names of identifiers that differ in case are one name, unless a file has both")
    func caseOfIdentifiers() throws {
        let scratch = try Scratch()
        try scratch.write("p.csv", "id,score\n1,.9\n2,.2\n")
        try scratch.write("y.csv", "Id,label\n2,0\n1,1\n")
        try scratch.write("y.jsonl", "{\"ID\":2,\"label\":0}\n{\"ID\":1,\"label\":1}\n")
        try scratch.write("both.csv", "Id,ID,label\n2,5,0\n1,6,1\n")
        for labels in ["y.csv", "y.jsonl"] {
            let run = try XentRun.xent(["eval", "p.csv", "--labels", labels] + Self.binary, in: scratch)
            expectFailure(run, status: 65, says: ["id is '1'", "--join id"])
            let report = try XentRun.xent(
                ["eval", "p.csv", "--labels", labels, "--join", "id", "--json", "-"] + Self.binary, in: scratch
            ).json()
            #expect(abs(try report.number("loss", "mean") - (-log(0.9) - log(0.8)) / 2) < 1e-15)
        }
        #expect(try XentRun.xent(["eval", "p.csv", "--labels", "both.csv"] + Self.binary, in: scratch).ending == .exit(0))
    }

    @Test("An index without a name that begins differently in two files draws a warning")
    func indices() throws {
        let scratch = try Scratch()
        try scratch.write("p.csv", ",score\n17,.9\n3,.2\n")
        try scratch.write("y.csv", ",label\n3,1\n17,0\n")
        try scratch.write("same.csv", "Unnamed: 0,label\n17,1\n3,0\n")
        for (labels, count) in [("y.csv", 1), ("same.csv", 0)] {
            let report = try XentRun.xent(["eval", "p.csv", "--labels", labels, "--json", "-"] + Self.binary, in: scratch).json()
            let codes = try report.list("notices").map { try $0.text("code") }
            #expect(codes.filter { $0 == "identifiers-not-compared" }.count == count, "\(codes)")
        }
    }

    @Test("An identifier that differs in JSON documents is told with both values")
    func valuesOfDocuments() throws {
        let scratch = try Scratch()
        try scratch.write("p.json", "[{\"id\": 1, \"score\": 0.9}, {\"id\": 2, \"score\": 0.2}, {\"id\": \"c\", \"score\": 0.5}]\n")
        try scratch.write("y.json", "[{\"id\": 1, \"label\": 1},\n{\"id\": 2, \"label\": 0}, {\"id\": \"d\", \"label\": 0}]\n")
        let run = try XentRun.xent(["eval", "p.json", "--labels", "y.json"] + Self.binary, in: scratch)
        expectFailure(run, status: 65, says: ["id is 'c'", "that of y.json, line 2, is 'd'"])
    }

    @Test("The rounding of Float32 draws no warning where its numbers were widened, or printed; other deviations do")
    func roundingOfFloat32() throws {
        let scratch = try Scratch()
        var logarithms: [[Float]] = [], probabilities: [[Float]] = []
        for row in 0..<200 {
            let logits = (0..<10).map { Float(sin(Double(row * 10 + $0) * 12.9898)) * 9 }
            let total = logits.reduce(Float(0)) { $0 + exp($1) }
            probabilities.append(logits.map { exp($0) / total })
            logarithms.append(logits.map { $0 - log(total) })
        }
        let labels = [UInt8](repeating: 0, count: 100) + [UInt8](repeating: 1, count: 100)
        try scratch.write("y.npy", NPYFixture.labels(labels))
        for (rows, input) in [(logarithms, "log-probabilities"), (probabilities, "probabilities")] {
            let task = ["--task", "multiclass", "--input", input, "--labels", "y.npy", "--strict", "--quiet"]
            let columns = ["--prediction-columns", "v"]
            let widened = rows.map { $0.map { Double($0) } }
            try scratch.write("widened.jsonl", widened.map { "{\"v\": [\($0.map { "\($0)" }.joined(separator: ","))]}\n" }.joined())
            try scratch.write("printed.jsonl", rows.map { "{\"v\": [\($0.map { "\($0)" }.joined(separator: ","))]}\n" }.joined())
            try scratch.write("widened.npy", NPYFixture.doubles(widened.flatMap { $0 }, columns: 10))
            for arguments in [["widened.jsonl"] + columns, ["printed.jsonl"] + columns, ["widened.npy"]] {
                let run = try XentRun.xent(["eval"] + arguments + task, in: scratch)
                #expect(run.ending == .exit(0), "\(input) \(arguments): \(run.stderr)")
            }
            let wrong = widened.map { $0.map { input == "probabilities" ? $0 * 1.001 : $0 + 0.001 } }
            try scratch.write("wrong.npy", NPYFixture.doubles(wrong.flatMap { $0 }, columns: 10))
            let run = try XentRun.xent(["eval", "wrong.npy"] + task.filter { $0 != "--strict" }, in: scratch)
            #expect(run.stderr.contains("do not sum to 1"), "\(input): \(run.stderr)")
        }
    }

    @Test("p_true and p_false are classes; a run in doubt says what is in doubt")
    func truthValues() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "p_True,p_False,label\n.9,.1,True\n.2,.8,False\n")
        let report = try XentRun.xent(["eval", "t.csv", "--json", "-"] + Self.multiclass, in: scratch).json()
        #expect(abs(try report.number("loss", "mean") - (-log(0.9) - log(0.8)) / 2) < 1e-15)
        try scratch.write("gap.csv", "p_0,p_1,p_3,label\n.9,.05,.05,0\n")
        let gap = try XentRun.xent(["eval", "gap.csv"] + Self.multiclass, in: scratch)
        expectFailure(
            gap, status: 64, says: ["could be the predictions: p_0, p_1, p_3; their names do not say that all of them are classes"])
    }

    @Test("Where labels are one too few, the error says that the first line was taken for a name")
    func firstLineOfLabels() throws {
        let scratch = try Scratch()
        try scratch.write("p.csv", "p_cat,p_dog\n.9,.1\n.2,.8\n")
        try scratch.write("y.txt", "cat\ndog\n")
        let run = try XentRun.xent(["eval", "p.csv", "--labels", "y.txt"] + Self.multiclass, in: scratch)
        expectFailure(
            run, status: 65, says: ["y.txt: 1 label for more rows", "its first line, 'cat', was taken for a name", "--no-header labels"])
        let told = try XentRun.xent(
            ["eval", "p.csv", "--labels", "y.txt", "--no-header", "labels", "--quiet"] + Self.multiclass, in: scratch)
        #expect(told.ending == .exit(0), "\(told.stderr)")
    }

    @Test("A header alone is a table without rows")
    func headerAlone() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "p_0,p_1,label\n")
        expectFailure(try XentRun.xent(["eval", "t.csv"] + Self.multiclass, in: scratch), status: 65, says: ["t.csv: it has no rows"])
    }

    @Test("pack warns of a text whose last line has no end")
    func packOfUnfinishedText() throws {
        let scratch = try Scratch()
        for (text, isWhole) in [("p_0,p_1\n.9,.1\n.2,.8", false), ("p_0,p_1\n.9,.1\n.2,.8\n", true)] {
            try scratch.write("t.csv", text)
            let run = try XentRun.xent(["pack", "t.csv", "-o", "out.npy.zst", "--strict"], in: scratch)
            #expect(run.ending == .exit(isWhole ? 0 : 65) && run.stderr.contains("its last line has no end") == !isWhole, "\(run.stderr)")
        }
    }

    @Test("Options that cannot apply are errors, also for arrays and in pack")
    func optionsWithoutUse() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try scratch.write("t.csv", "p_0,p_1,label\n.9,.1,0\n")
        let text = try XentRun.xent(SmallDump.eval + ["--text-column", "t"], in: scratch)
        expectFailure(text, status: 64, says: ["--text-column has no meaning for task multiclass"])
        let unknown = try XentRun.xent(["eval", "t.csv", "--label-column", "nope"] + Self.multiclass, in: scratch)
        expectFailure(unknown, status: 65, says: ["t.csv: column 'nope': found no such column, allowed: 'p_0', 'p_1', 'label'"])
        for (input, options) in [
            ("p.npy", ["--positive-class", "a"]), ("p.npy", ["--no-header"]), ("p.npy", ["--ragged"]), ("p.npy", ["--records", "a"]),
            ("p.npy", ["--weight-column", "w"]), ("p.npy", ["--classes", "a,b,c"]), ("t.csv", ["--records", "a"]),
            ("t.csv", ["--weight-column", "label"]), ("t.csv", ["--classes", "a,b"]), ("t.csv", ["--label-column", "nope"]),
            ("t.csv", ["--positive-class", "1", "--prediction-columns", "p_0,p_1"]),
        ] {
            let run = try XentRun.xent(["pack", input, "-o", "out.npy.zst"] + options, in: scratch)
            #expect(run.stderr.contains(options[0]) || run.stderr.contains("'nope'"), "\(run.stderr)")
            #expect(run.ending == .exit(64) || run.ending == .exit(65), "\(input) \(options)")
        }
    }
}
