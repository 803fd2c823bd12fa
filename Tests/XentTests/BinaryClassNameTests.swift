import Foundation
import Testing

/// Labels of task binary that are names of two classes.
@Suite struct BinaryClassNameTests {
    static let task = ["--task", "binary", "--input", "probabilities"]
    private static let mean = (-log(0.8) - log(0.6)) / 2

    private func mean(_ arguments: [String], in scratch: Scratch) throws -> Double {
        try XentRun.xent(["eval"] + arguments + ["--json", "-"] + Self.task, in: scratch).json().number("loss", "mean")
    }

    @Test("--classes names label 0 and label 1; --positive-class names label 1, and the first labels show the other")
    func names() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "score,label\n0.8,yes\n0.4,no\n")
        try scratch.write("t.jsonl", "{\"score\": 0.8, \"label\": \"yes\"}\n{\"score\": 0.4, \"label\": \"no\"}\n")
        try scratch.write("p.csv", "score\n0.8\n0.4\n")
        try scratch.write("y.txt", "label\nyes\nno\n")
        for files in [["t.csv"], ["t.jsonl"], ["p.csv", "--labels", "y.txt"]] {
            for options in [["--classes", "no,yes"], ["--positive-class", "yes"], ["--classes", "yes,no", "--positive-class", "yes"]] {
                #expect(abs(try mean(files + options, in: scratch) - Self.mean) < 1e-15, "\(files) \(options)")
            }
            let other = try mean(files + ["--positive-class", "no"], in: scratch)
            #expect(abs(other - (-log(0.2) - log(0.4)) / 2) < 1e-15)
        }
        let report = try XentRun.xent(["eval", "t.csv", "--classes", "no,yes", "--json", "-"] + Self.task, in: scratch).json()
        #expect(try report.texts("columns", "class_names") == ["no", "yes"])
    }

    @Test("Of two columns of probabilities, --positive-class takes its own")
    func column() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "p_no,p_yes,label\n0.2,0.8,yes\n0.6,0.4,no\n")
        #expect(abs(try mean(["t.csv", "--positive-class", "yes"], in: scratch) - Self.mean) < 1e-15)
        #expect(abs(try mean(["t.csv", "--positive-class", "no"], in: scratch) - Self.mean) < 1e-15)
    }

    @Test("A third name, a doubt and a contradiction are errors")
    func refused() throws {
        let scratch = try Scratch()
        for (labels, options, text) in [
            (["yes", "no", "maybe"], ["--classes", "no,yes"], "'maybe'"),
            (["yes", "yes"], ["--positive-class", "yes"], "--classes"),
            (["yes", "no", "maybe"], ["--positive-class", "yes"], "--classes"),
            (["yes", "no"], ["--classes", "a,b,c"], "--classes names 3 classes"),
            (["yes", "no"], ["--classes", "no,yes", "--positive-class", "maybe"], "--positive-class"),
        ] {
            try scratch.write("t.csv", "score,label\n" + labels.map { "0.5,\($0)\n" }.joined())
            let run = try XentRun.xent(["eval", "t.csv"] + options + Self.task, in: scratch)
            #expect(run.ending != .exit(0) && run.stderr.contains(text), "\(run.stderr)")
        }
    }

    @Test("A column of zeros and ones is no evidence of probabilities where its name may mean a decision")
    func decisions() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "prediction,label\n1,1\n0,0\n1,0\n")
        let run = try XentRun.xent(["eval", "t.csv"] + Self.task, in: scratch)
        #expect(run.ending == .exit(64) && run.stderr.contains("prediction") && run.stderr.contains("--prediction-columns"), "\(run.stderr)")
        try scratch.write("t.csv", "prediction,label\n1,1\n0,0\n0.75,0\n")
        try XentRun.xent(["eval", "t.csv"] + Self.task, in: scratch).expectSuccess()
    }
}
