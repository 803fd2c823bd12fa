import Foundation
import SeededRandom
import Testing

/// JSON records whose values come in any order, each beside the name of its class, as Hugging Face pipelines write them.
@Suite struct PredictionClassTests {
    static let task = ["--task", "multiclass", "--input", "probabilities"]
    static let classes = ["NEG", "NEU", "POS"]

    /// Rows of three probabilities, sorted by score, in several layouts; and the same rows by place as `p.npy`, `y.npy`.
    private static func write(_ rowCount: Int, in scratch: Scratch) throws {
        var random = SplitMix64(seed: 77)
        var values: [Double] = []
        var labels: [UInt8] = []
        var objects: [String] = [], parallel: [String] = [], numbered: [String] = [], bare: [String] = [], names = "gold\n"
        for row in 0..<rowCount {
            let weights = (0..<3).map { _ in Double(random.next() % 1000 + 1) }
            let scores = weights.map { $0 / weights.reduce(0, +) }
            let label = Int(random.next() % 3)
            values += scores
            labels.append(UInt8(label))
            names += classes[label] + "\n"
            let order = (0..<3).sorted { scores[$0] > scores[$1] }
            func list(_ name: (Int) -> String) -> String {
                order.map { "{\"label\": \"\(name($0))\", \"score\": \(scores[$0])}" }.joined(separator: ", ")
            }
            objects.append("{\"id\": \(row), \"gold\": \"\(classes[label])\", \"scores\": [\(list { classes[$0] })]}")
            bare.append("[\(list { classes[$0] })]")
            numbered.append("{\"gold\": \(label), \"scores\": [\(list { "LABEL_\($0)" })]}")
            parallel.append(
                "{\"sequence\": \"a\", \"gold\": \"\(classes[label])\""
                    + ", \"labels\": [\(order.map { "\"\(classes[$0])\"" }.joined(separator: ","))]"
                    + ", \"scores\": [\(order.map { "\(scores[$0])" }.joined(separator: ","))]}")
        }
        try scratch.write("p.npy", NPYFixture.doubles(values, columns: 3))
        try scratch.write("y.npy", NPYFixture.labels(labels))
        try scratch.write("names.csv", names)
        for (name, lines) in [("objects", objects), ("parallel", parallel), ("numbered", numbered), ("bare", bare)] {
            try scratch.write("\(name).jsonl", lines.joined(separator: "\n") + "\n")
            try scratch.write("\(name).json", "[" + lines.joined(separator: ",\n") + "]\n")
        }
    }

    @Test("Each value has the class of its name: the bits of arrays, in lines, documents, frames and pipes, whatever the threads")
    func givesTheBitsOfArrays() throws {
        let scratch = try Scratch()
        try Self.write(40_000, in: scratch)
        let outputs = ["--json", "-", "--per-row", "rows.npy"]
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy"] + Self.task + outputs, in: scratch).json()
        let rows = try scratch.bytes("rows.npy")
        try TableTests.gzip("objects.jsonl", in: scratch)
        let scores = ["--prediction-classes", "scores.*.label", "--label-column", "gold"]
        let runs: [(files: [String], options: [String])] = [
            (["objects.jsonl"], scores), (["objects.json"], scores), (["objects.jsonl.gz"], scores),
            (["objects.jsonl"], scores + ["--classes", "NEG,NEU,POS"]),
            (["parallel.jsonl"], ["--prediction-classes", "labels", "--label-column", "gold"]),
            (["parallel.json"], ["--prediction-classes", "labels", "--label-column", "gold"]),
            (["numbered.jsonl"], scores), (["numbered.json"], scores),
            (["numbered.jsonl", "--labels", "y.npy"], ["--prediction-classes", "scores.*.label"]),
            (["bare.json", "--labels", "names.csv"], ["--prediction-classes", "*.label"]),
            (["bare.json", "--labels", "y.npy"], ["--prediction-classes", "*.label", "--classes", "NEG,NEU,POS"]),
        ]
        for (files, options) in runs {
            for threads in ["1", "3"] {
                let report = try XentRun.xent(["eval"] + files + options + Self.task + outputs + ["--threads", threads], in: scratch).json()
                #expect(try report.text("loss", "mean_hex") == arrays.text("loss", "mean_hex"), "\(files) \(options)")
                #expect(try scratch.bytes("rows.npy") == rows, "\(files) \(options)")
                #expect(try report.texts("columns", "prediction_classes") == [options[1]])
            }
        }
        let piped = try XentRun.shell(
            "cat objects.jsonl | $XENT eval - \(scores.joined(separator: " ").replacingOccurrences(of: "*", with: "'*'")) --json - "
                + Self.task.joined(separator: " "), in: scratch
        ).json()
        #expect(try piped.text("loss", "mean_hex") == arrays.text("loss", "mean_hex"))
    }

    @Test("pack writes the classes in order and says it; the report and its text name the path and the classes")
    func packsAndShows() throws {
        let scratch = try Scratch()
        try Self.write(50, in: scratch)
        let options = ["--prediction-classes", "scores.*.label", "--label-column", "gold"]
        let pack = try XentRun.xent(
            ["pack", "objects.jsonl", "-o", "out.npy.zst", "--labels-output", "y.npy.zst", "--json", "-"] + options, in: scratch
        ).json()
        #expect(try pack.texts("classes") == Self.classes)
        let packed = try XentRun.xent(["eval", "out.npy.zst", "--labels", "y.npy.zst", "--json", "-"] + Self.task, in: scratch).json()
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-"] + Self.task, in: scratch).json()
        #expect(try packed.text("loss", "mean_hex") == arrays.text("loss", "mean_hex"))
        let text = try XentRun.xent(["eval", "objects.jsonl", "--verbose"] + options + Self.task, in: scratch).stdout
        #expect(text.contains("classes by scores.*.label") && text.contains("classes NEG, NEU, POS"), "\(text)")
    }

    @Test("Without the option, names that change place are an error that names it: in the first records, and however late")
    func changedPlaces() throws {
        let scratch = try Scratch()
        try Self.write(20, in: scratch)
        for (file, name) in [("objects.jsonl", "scores.*.label"), ("objects.json", "scores.*.label"), ("parallel.jsonl", "labels")] {
            for command in [["eval", file, "--label-column", "gold"] + Self.task, ["pack", file, "-o", "out.npy.zst"]] {
                let run = try XentRun.xent(command, in: scratch)
                #expect(run.ending == .exit(64) && run.stderr.contains("--prediction-classes \(name)"), "\(run.stderr)")
            }
        }
        // 60,000 records in one order, one in another, and one whose names are others.
        func record(_ names: [String]) -> String {
            "{\"gold\": 0, \"scores\": [" + names.map { "{\"label\": \"\($0)\", \"score\": 0.5}" }.joined(separator: ",") + "]}\n"
        }
        let usual = String(repeating: record(["a", "b"]), count: 60_000)
        try scratch.write("late.jsonl", usual + record(["b", "a"]) + usual)
        for threads in ["1", "4"] {
            let run = try XentRun.xent(
                ["eval", "late.jsonl", "--label-column", "gold", "--on-invalid", "skip", "--threads", threads] + Self.task, in: scratch)
            #expect(
                run.ending == .exit(65) && run.stderr.contains("late.jsonl: line 60001") && run.stderr.contains("'b'")
                    && run.stderr.contains("--prediction-classes scores.*.label"), "\(run.stderr)")
        }
        try scratch.write("same.jsonl", usual)
        let run = try XentRun.xent(["eval", "same.jsonl", "--label-column", "gold", "--json", "-"] + Self.task, in: scratch)
        #expect(try run.json().number("loss", "mean") == -log(0.5))
        // Texts of choices that differ from record to record are no classes.
        try scratch.write(
            "choices.jsonl",
            "{\"gold\":0,\"choices\":[{\"text\":\"yes\",\"score\":0.5},{\"text\":\"no\",\"score\":0.5}]}\n"
                + "{\"gold\":1,\"choices\":[{\"text\":\"no\",\"score\":0.5},{\"text\":\"maybe\",\"score\":0.5}]}\n")
        #expect(try XentRun.xent(["eval", "choices.jsonl", "--quiet"] + Self.task, in: scratch).ending == .exit(0))
        let named = try XentRun.xent(["eval", "same.jsonl", "--label-column", "gold", "--classes", "b,a"] + Self.task, in: scratch)
        #expect(named.ending == .exit(64) && named.stderr.contains("--prediction-classes"), "\(named.stderr)")
    }

    @Test("A name that is unknown, missing or there twice makes an invalid row with its place; absent ones are impossible with --ragged")
    func invalidRecords() throws {
        let scratch = try Scratch()
        let good = "{\"gold\":\"a\",\"scores\":[{\"label\":\"b\",\"score\":0.25},{\"label\":\"a\",\"score\":0.75}]}\n"
        let options = ["--prediction-classes", "scores.*.label"] + Self.task
        for (scores, text) in [
            ("{\"label\":\"c\",\"score\":0.25},{\"label\":\"a\",\"score\":0.75}", "'c' is no class; the classes are 'a', 'b'"),
            ("{\"label\":\"a\",\"score\":0.25},{\"label\":\"a\",\"score\":0.75}", "'a' is there twice"),
            ("{\"label\":\"a\",\"score\":0.75}", "no value is named 'b'"),
            ("{\"label\":\"a\",\"score\":0.75},{\"score\":0.25}", "has no 'label'"),
            ("{\"label\":\"a\",\"score\":0.75},{\"label\":null,\"score\":0.25}", "null"),
            ("{\"label\":\"a\",\"score\":0.75},{\"label\":\"b\"}", "has no 'score'"),
        ] {
            let bad = "{\"gold\":\"a\",\"scores\":[\(scores)]}\n"
            try scratch.write("t.jsonl", good + good + good + bad + good)
            let failed = try XentRun.xent(["eval", "t.jsonl"] + options, in: scratch)
            expectFailure(failed, status: 65, says: ["t.jsonl: line 4", text])
            let report = try XentRun.xent(["eval", "t.jsonl", "--on-invalid", "skip", "--json", "-"] + options, in: scratch).json()
            #expect(try report.number("loss", "mean") == -log(0.75))
            #expect(try report.count("rows", "invalid") == 1)
        }
        let few = "{\"gold\":\"a\",\"scores\":[{\"label\":\"a\",\"score\":0.75}]}\n"
        try scratch.write("t.jsonl", few + good)
        let ragged = try XentRun.xent(["eval", "t.jsonl", "--ragged", "--classes", "b,a", "--json", "-"] + options, in: scratch).json()
        #expect(try ragged.number("loss", "mean") == -log(0.75))
        let unknown = try XentRun.xent(["eval", "t.jsonl", "--ragged"] + options, in: scratch)
        #expect(unknown.ending == .exit(64) && unknown.stderr.contains("--classes"), "\(unknown.stderr)")
    }

    @Test("What needs an order of the classes asks for it; what cannot be named is refused")
    func doubts() throws {
        let scratch = try Scratch()
        try Self.write(12, in: scratch)
        let option = ["--prediction-classes", "scores.*.label"]
        for (arguments, status, text) in [
            (["objects.jsonl", "--labels", "y.npy"] + option + Self.task, 64, "--classes"),
            (["objects.jsonl", "--label-column", "gold", "--class-weights", "1,2,3"] + option + Self.task, 64, "--classes"),
            (["p.npy", "--labels", "y.npy"] + option + Self.task, 64, "--prediction-classes has no meaning"),
            (
                ["names.csv", "--labels", "y.npy", "--prediction-columns", "gold"] + option + Self.task, 64,
                "--prediction-classes has no meaning"
            ),
            (["objects.jsonl", "--prediction-classes", "scores.*.nope"] + Self.task, 65, "nope"),
            (["objects.jsonl"] + option + ["--task", "binary", "--input", "probabilities"], 64, "task multiclass"),
            (["objects.jsonl", "--label-column", "id"] + option + Self.task, 65, "is no class; the classes are"),
        ] as [([String], Int32, String)] {
            let run = try XentRun.xent(["eval"] + arguments, in: scratch)
            #expect(run.ending == .exit(status) && run.stderr.contains(text), "\(arguments): \(run.stderr)")
        }
    }
}
