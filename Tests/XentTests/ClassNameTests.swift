import Foundation
import Testing

/// Labels that are names of classes mean the same in every format.
@Suite struct ClassNameTests {
    static let task = ["--task", "multiclass", "--input", "logits"]

    /// A table and the same as JSON Lines, numbers bare and labels as given.
    private func write(_ columns: [String], _ rows: [(label: String, values: [String])], in scratch: Scratch) throws {
        let header = (["label"] + columns).joined(separator: ",")
        let lines = rows.map { row in ([row.label] + row.values).joined(separator: ",") }
        try scratch.write("t.csv", ([header] + lines).joined(separator: "\n") + "\n")
        for (name, quote) in [("bare.jsonl", ""), ("text.jsonl", "\"")] {
            let records = rows.map { row -> String in
                let values = zip(columns, row.values).map { "\"\($0)\": \($1)" }
                return "{" + (["\"label\": " + quote + row.label + quote] + values).joined(separator: ", ") + "}\n"
            }
            try scratch.write(name, records.joined())
        }
    }

    private func means(_ options: [String], _ files: [String] = ["t.csv", "bare.jsonl", "text.jsonl"], in scratch: Scratch) throws
        -> [Double]
    {
        try files.map {
            try XentRun.xent(["eval", $0, "--json", "-"] + Self.task + options, in: scratch).json().number("loss", "mean")
        }
    }

    @Test("Where names are whole numbers, labels are names, bare and as text, by --classes and by the columns")
    func numbers() throws {
        let scratch = try Scratch()
        let rows = [("1", ["1", "2"]), ("0", ["1", "2"]), ("0", ["2", "5"])]
        try write(["p_a", "p_b"], rows, in: scratch)
        // Class 1 is the first: losses log(1 + e), log(1 + 1/e), log(1 + e^-3).
        let wanted = (1.3132616875182228 + 0.31326168751822286 + 0.04858735157374206) / 3
        for mean in try means(["--prediction-columns", "p_*", "--classes", "1,0"], in: scratch) { #expect(abs(mean - wanted) < 1e-15) }
        try write(["p_1", "p_0"], rows, in: scratch)
        for mean in try means(["--prediction-columns", "p_1,p_0"], in: scratch) { #expect(abs(mean - wanted) < 1e-15) }
        try write(["p_1", "p_2"], [("1", ["1", "2"]), ("2", ["1", "2"]), ("2.0", ["2", "5"])], in: scratch)
        for mean in try means(["--prediction-columns", "p_1,p_2"], in: scratch) { #expect(abs(mean - wanted) < 1e-15) }
        for name in ["t.csv", "bare.jsonl", "text.jsonl"] {
            let text = try scratch.text(name).replacingOccurrences(of: "2.0", with: "3")
            try scratch.write(name, text)
            let run = try XentRun.xent(["eval", name, "--prediction-columns", "p_1,p_2"] + Self.task, in: scratch)
            #expect(run.ending == .exit(65) && run.stderr.contains("'3'") && run.stderr.contains("--classes"), "\(run.stderr)")
        }
    }

    @Test("Columns name the classes in JSON Lines too")
    func columns() throws {
        let scratch = try Scratch()
        for labels in [["cat", "dog"], ["p_cat", "p_dog"]] {
            try write(["p_cat", "p_dog"], [(labels[1], ["1", "2"]), (labels[0], ["1", "2"])], in: scratch)
            let found = try means(["--prediction-columns", "p_*"], ["t.csv", "text.jsonl"], in: scratch)
            #expect(found[0] == found[1] && abs(found[0] - (0.31326168751822286 + 1.3132616875182228) / 2) < 1e-15)
        }
    }

    @Test("--ignore-index is no name of a class, and ignored; other labels below 0 are outside", arguments: ["-1", "-100", "255"])
    func ignored(label: String) throws {
        let scratch = try Scratch()
        try write(
            ["p_0", "p_1"], [("0", ["1", "2"]), (label, ["1", "2"]), ("\(label).0", ["7", "2"]), ("1", ["1", "2"])], in: scratch)
        for name in ["t.csv", "bare.jsonl", "text.jsonl"] {
            let report = try XentRun.xent(
                ["eval", name, "--prediction-columns", "p_*", "--ignore-index", label, "--json", "-"] + Self.task, in: scratch
            ).json()
            #expect(try report.count("rows", "ignored") == 2 && report.count("rows", "scored") == 2, "\(name)")
            let run = try XentRun.xent(["eval", name, "--prediction-columns", "p_*"] + Self.task, in: scratch)
            #expect(run.ending == .exit(65) && run.stderr.contains(label), "\(run.stderr)")
        }
    }

    @Test("Numbers at the end of columns' names are names of classes, with and without an underscore")
    func numbersAtTheEnd() throws {
        let scratch = try Scratch()
        let wanted = (0.31326168751822286 + 1.3132616875182228) / 2
        for names in [["p1", "p2"], ["class1", "class2"], ["V1", "V2"], ["p_01", "p_02"], ["prob_k1", "prob_k2"]] {
            try write(names, [("2", ["1", "2"]), ("1", ["1", "2"])], in: scratch)
            for mean in try means(["--prediction-columns", names.joined(separator: ",")], in: scratch) {
                #expect(abs(mean - wanted) < 1e-15, "\(names)")
            }
        }
    }

    @Test("Labels in an array mean the columns' numbers, as labels of text do; labels from 1 to C get their remedy in text too")
    func numbersInArrays() throws {
        let scratch = try Scratch()
        try write(["p_1", "p_2"], [("2", ["1", "2"]), ("1", ["1", "2"])], in: scratch)
        try scratch.write("y.npy", NPYFixture.labels([2, 1]))
        let wanted = (0.31326168751822286 + 1.3132616875182228) / 2
        let files = ["t.csv", "--labels", "y.npy", "--prediction-columns", "p_1,p_2"]
        let report = try XentRun.xent(["eval"] + files + ["--json", "-"] + Self.task, in: scratch).json()
        #expect(abs(try report.number("loss", "mean") - wanted) < 1e-15)
        #expect(try report.texts("columns", "class_names") == ["p_1", "p_2"])
        try scratch.write("y.npy", NPYFixture.labels([2, 0]))
        let run = try XentRun.xent(["eval"] + files + Self.task, in: scratch)
        #expect(run.ending == .exit(65) && run.stderr.contains("label 0 is none of the classes' names, 1, 2"), "\(run.stderr)")

        try scratch.write("a.jsonl", "{\"logits\": [1, 2], \"label\": 2}\n{\"logits\": [1, 2], \"label\": 1}\n")
        try scratch.write("a.csv", "u,v,label\n1,2,1\n1,2,2\n")
        for (name, columns) in [("a.jsonl", "logits"), ("a.csv", "u,v")] {
            let run = try XentRun.xent(["eval", name, "--prediction-columns", columns] + Self.task, in: scratch)
            #expect(run.ending == .exit(65) && run.stderr.contains("run from 1 to 2"), "\(run.stderr)")
        }
    }

    @Test("Names that are too many or too few are told; so are options that are of no use")
    func unused() throws {
        let scratch = try Scratch()
        try write(["p_a", "p_b"], [("a", ["1", "2"])], in: scratch)
        for name in ["t.csv", "text.jsonl"] {
            let run = try XentRun.xent(["eval", name, "--prediction-columns", "p_*", "--classes", "a,b,c"] + Self.task, in: scratch)
            #expect(run.ending == .exit(64) && run.stderr.contains("--classes names 3 classes, and rows have 2 predictions"))
        }
        try SmallDump.write(to: scratch)
        for option in [
            ["--prediction-columns", "p"], ["--label-column", "y"], ["--label-columns", "y,z"], ["--weight-column", "w"],
            ["--classes", "a,b"], ["--no-header"], ["--id-column", "i"], ["--join", "i"],
        ] {
            let run = try XentRun.xent(SmallDump.eval + option, in: scratch)
            #expect(run.ending == .exit(64) && run.stderr.contains(option[0]), "\(option): \(run.stderr)")
        }
        for option in [["--prediction-columns", "p"], ["--label-column", "y"], ["--classes", "a,b"]] {
            let run = try XentRun.xent(["pack", SmallDump.eval[1], "-o", "packed.npy.zst"] + option, in: scratch)
            #expect(run.ending == .exit(64) && run.stderr.contains(option[0]), "\(option): \(run.stderr)")
        }
    }
}
