import Foundation
import GoldenCases
import Testing

/// Which columns are the predictions and the labels: found by name where that leaves no doubt, told in the report, and the same in every
/// file.
@Suite struct ColumnTests {
    static let binary = ["--task", "binary", "--input", "probabilities"]
    static let multiclass = ["--task", "multiclass", "--input", "probabilities"]

    /// One record as a table or as JSON Lines.
    private func write(_ columns: [(name: String, value: String)], to scratch: Scratch) throws {
        try scratch.write("t.csv", columns.map(\.name).joined(separator: ",") + "\n" + columns.map(\.value).joined(separator: ",") + "\n")
        try scratch.write("t.jsonl", "{" + columns.map { "\"\($0.name)\": \($0.value)" }.joined(separator: ", ") + "}\n")
    }

    struct Doubt: Sendable, CustomTestStringConvertible {
        let names: [String]
        let task: [String]
        let candidates: String
        let option: String
        var isPacked = false
        var testDescription: String { names.joined(separator: ",") + " " + task[1] }
    }

    static let doubts: [Doubt] = [
        Doubt(names: ["label", "y_true", "p_0", "p_1"], task: multiclass, candidates: "label, y_true", option: "--label-column"),
        Doubt(names: ["y", "target", "prob"], task: binary, candidates: "y, target", option: "--label-column"),
        Doubt(
            names: ["label", "prediction", "score"], task: binary, candidates: "prediction, score", option: "--prediction-columns",
            isPacked: true),
        Doubt(
            names: ["label", "pred", "proba_1"], task: binary, candidates: "pred, proba_1", option: "--prediction-columns", isPacked: true),
        Doubt(
            names: ["label", "pred", "p_0", "p_1"], task: binary, candidates: "pred; or p_0, p_1", option: "--prediction-columns",
            isPacked: true),
        Doubt(
            names: ["label", "p_0", "p_1", "p_sum"], task: multiclass, candidates: "p_0, p_1, p_sum", option: "--prediction-columns",
            isPacked: true),
        Doubt(
            names: ["label", "p_0", "p_1", "score_0", "score_1"], task: ["--task", "multiclass", "--input", "logits"],
            candidates: "p_0, p_1; or score_0, score_1", option: "--prediction-columns", isPacked: true),
        Doubt(
            names: ["label", "p_0", "p_1", "p_3"], task: multiclass, candidates: "p_0, p_1, p_3", option: "--prediction-columns",
            isPacked: true),
    ]

    @Test("A doubt is an error that lists the candidates and the option that decides", arguments: doubts)
    func isAnError(_ doubt: Doubt) throws {
        let scratch = try Scratch()
        // Rows that could be scored: what a column is called decides, never that its values are 0 or 1.
        try write(doubt.names.map { ($0, $0.hasPrefix("p") || $0.hasPrefix("score") ? "0.5" : "1") }, to: scratch)
        for file in ["t.csv", "t.jsonl"] {
            let run = try XentRun.xent(["eval", file] + doubt.task, in: scratch)
            expectFailure(run, status: 64, says: ["\(file): several columns could be the ", doubt.candidates + "; ", doubt.option])
            if doubt.isPacked {
                let pack = try XentRun.xent(["pack", file, "-o", "p.npy.zst"], in: scratch)
                expectFailure(pack, status: 64, says: ["\(file): several columns could be the ", doubt.candidates + "; ", doubt.option])
            }
        }
    }

    struct Plain: Sendable, CustomTestStringConvertible {
        let columns: [(name: String, value: String)]
        let task: [String]
        let predictions: [String]
        let mean: Double
        var testDescription: String { columns.map(\.name).joined(separator: ",") }
    }

    static let plainNames: [Plain] = [
        // Features are no predictions; a run of names is taken whole, numbers at the end of some or not.
        Plain(
            columns: [("label", "1"), ("x_0", "0.5"), ("x_1", "0.5"), ("x_2", "0.5"), ("p_cat", "0.75"), ("p_dog", "0.25")],
            task: multiclass, predictions: ["p_cat", "p_dog"], mean: log(4)),
        Plain(
            columns: [("p_cat", "0.25"), ("p_dog", "0.25"), ("p_k0", "0.375"), ("p_k1", "0.125"), ("label", "3")], task: multiclass,
            predictions: ["p_cat", "p_dog", "p_k0", "p_k1"], mean: log(8)),
        // One value a row is no class index's predictions.
        Plain(
            columns: [("p_0", "0.75"), ("p_1", "0.25"), ("pred", "0"), ("label", "1")], task: multiclass, predictions: ["p_0", "p_1"],
            mean: log(4)),
        // By their numbers, not as they stand.
        Plain(
            columns: [("p_1", "0.75"), ("p_0", "0.25"), ("label", "0")], task: multiclass, predictions: ["p_0", "p_1"], mean: log(4)),
        // What is named is no candidate for anything else.
        Plain(
            columns: [("y_true", "1"), ("label", "0.25"), ("prediction", "1")],
            task: binary + ["--prediction-columns", "label"], predictions: ["label"], mean: log(4)),
    ]

    @Test("What names leave no doubt of is taken, and named in the report", arguments: plainNames)
    func isTaken(_ plain: Plain) throws {
        let scratch = try Scratch()
        try write(plain.columns, to: scratch)
        for file in ["t.csv", "t.jsonl"] {
            let report = try XentRun.xent(["eval", file, "--json", "-"] + plain.task, in: scratch).json()
            #expect(try report.number("loss", "mean").ulpDistance(to: plain.mean) <= 4, "\(file)")
            #expect(try report.texts("columns", "predictions") == plain.predictions, "\(file)")
            let labels = try report.texts("columns", "labels")
            #expect(labels == [plain.columns.contains { $0.name == "y_true" } ? "y_true" : "label"])
            #expect(try report.texts("columns", "weights").isEmpty)
            let text = try XentRun.xent(["eval", file] + plain.task, in: scratch).stdout
            #expect(text.contains("columns           predictions \(plain.predictions.joined(separator: ", "))\n"), "\(text)")
            #expect(text.contains("labels \(labels[0])\n"), "\(text)")
        }
    }

    @Test("pack takes all columns of a run, and says which")
    func packTakesAll() throws {
        let scratch = try Scratch()
        try write([("p_cat", "0.25"), ("p_dog", "0.25"), ("p_k0", "0.375"), ("p_k1", "0.125"), ("label", "3")], to: scratch)
        for file in ["t.csv", "t.jsonl"] {
            let report = try XentRun.xent(
                ["pack", file, "-o", "p.npy.zst", "--labels-output", "y.npy.zst", "--json", "-"], in: scratch
            ).json()
            #expect(try report.counts("array", "shape") == [1, 4])
            #expect(try report.texts("columns") == ["p_cat", "p_dog", "p_k0", "p_k1"])
            #expect(try report.list("labels").map { try $0.texts("columns") } == [["label"]])
            let text = try XentRun.xent(["pack", file, "-o", "p.npy.zst"], in: scratch).stdout
            #expect(text.contains("columns           p_cat, p_dog, p_k0, p_k1\n"), "\(text)")
        }
    }

    @Test("Arrays of an archive: a doubt is an error, types and shapes decide, the report names them")
    func archives() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.doubles([0.25, 0.75, 0.5, 0.5], columns: 2))
        try scratch.write("y.npy", NPYFixture.labels([1, 0]))
        let script = """
            import zipfile
            for name, members in [
                ("labels.npz", {"probs": "p", "label": "y", "y_true": "y"}), ("hard.npz", {"scores": "p", "pred": "y", "label": "y"}),
                ("soft.npz", {"class_probs": "p", "pred": "p", "label": "y"}), ("other.npz", {"probs": "p", "label": "y"}),
            ]:
                with zipfile.ZipFile(name, "w") as archive:
                    for member, path in members.items():
                        archive.write(path + ".npy", member + ".npy")
            """
        try XentRun.tool("python3", ["-c", script], in: scratch)
        let labels = try XentRun.xent(["eval", "labels.npz"] + Self.multiclass, in: scratch)
        expectFailure(labels, status: 64, says: ["labels.npz: several columns could be the labels: label, y_true; ", "--label-column"])
        let soft = try XentRun.xent(["eval", "soft.npz"] + Self.multiclass, in: scratch)
        expectFailure(soft, status: 64, says: ["soft.npz: several columns could be the predictions: pred, class_probs; "])
        let report = try XentRun.xent(["eval", "hard.npz", "--json", "-"] + Self.multiclass, in: scratch).json()
        #expect(try report.texts("columns", "predictions") == ["scores"])
        #expect(try report.texts("columns", "labels") == ["label"])
        // Files that follow one another hold the same arrays.
        let mixed = try XentRun.xent(["eval", "hard.npz", "other.npz"] + Self.multiclass, in: scratch)
        expectFailure(mixed, status: 64, says: ["other.npz: its predictions are the array probs, those of hard.npz are scores"])
        // An array without a name is told among the inputs, so that the report does not depend on the names of files elsewhere.
        let plain = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-"] + Self.multiclass, in: scratch).json()
        #expect(try plain.texts("columns", "predictions").isEmpty)
        #expect(try plain.texts("columns", "labels").isEmpty)
        let text = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy"] + Self.multiclass, in: scratch).stdout
        #expect(!text.contains("columns"), "\(text)")
    }

    @Test("Columns of several files are found by name, in the first file's order of classes")
    func orderOfColumns() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.doubles([0.25, 0.75, 0.125, 0.875, 0.5, 0.5], columns: 2))
        try scratch.write("y.npy", NPYFixture.labels([0, 1, 0]))
        try scratch.write("a.csv", "p_0,p_1,label\n0.25,0.75,0\n")
        try scratch.write("b.csv", "label,p_1,p_0\n1,0.875,0.125\n")
        try scratch.write("c.jsonl", "{\"p_1\": 0.5, \"label\": 0, \"p_0\": 0.5}\n")
        let wanted = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-"] + Self.multiclass, in: scratch).json()
        for options in [[], ["--prediction-columns", "p_*"], ["--prediction-columns", "p_0,p_1"]] {
            let report = try XentRun.xent(["eval", "a.csv", "b.csv", "c.jsonl", "--json", "-"] + Self.multiclass + options, in: scratch)
                .json()
            try TableTests.expectSame(report, wanted, "\(options)")
            #expect(try report.texts("columns", "predictions") == ["p_0", "p_1"])
        }
        // One that a file lacks, and one more that matches: by default and by the option.
        try scratch.write("more.csv", "p_0,p_1,p_2,label\n0.25,0.5,0.25,0\n")
        for options in [[], ["--prediction-columns", "p_*"]] {
            let more = try XentRun.xent(["eval", "a.csv", "more.csv"] + Self.multiclass + options, in: scratch)
            expectFailure(more, status: 64, says: ["more.csv: column p_2 would be among the predictions, and is not among those of a.csv"])
            let less = try XentRun.xent(["eval", "more.csv", "a.csv"] + Self.multiclass + options, in: scratch)
            expectFailure(less, status: 64, says: ["a.csv: column p_2 is among the predictions of more.csv, and is not among those of"])
        }
        // The same of the labels.
        try scratch.write("target.csv", "p_0,p_1,target\n0.25,0.75,0\n")
        let target = try XentRun.xent(["eval", "a.csv", "target.csv"] + Self.multiclass, in: scratch)
        expectFailure(target, status: 64, says: ["target.csv: column label is among the labels of a.csv"])
    }

    @Test("Names of places, too, are names: a table of another order is found out")
    func placesOverFiles() throws {
        let scratch = try Scratch()
        try scratch.write("a.csv", "cat,dog,label\n0.25,0.75,0\n")
        try scratch.write("b.csv", "dog,cat,label\n0.75,0.25,0\n")
        let mean = try XentRun.xent(["eval", "a.csv", "b.csv", "--quiet", "--prediction-columns", "0,1"] + Self.multiclass, in: scratch)
        #expect(mean.stdout == "1.3862943611198906\n", "\(mean.stderr)")
    }

    @Test("Label columns stand in the order of the classes")
    func orderOfLabelColumns() throws {
        let scratch = try Scratch()
        let task = ["--task", "soft", "--input", "probabilities"]
        try scratch.write("p.npy", NPYFixture.doubles([0.25, 0.75, 0.25, 0.75], columns: 2))
        try scratch.write("y.npy", NPYFixture.doubles([1, 0, 1, 0], columns: 2))
        try scratch.write("a.csv", "y_dog,y_cat,p_cat,p_dog\n0,1,0.25,0.75\n")
        try scratch.write("b.csv", "p_dog,p_cat,y_cat,y_dog\n0.75,0.25,1,0\n")
        let wanted = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-"] + task, in: scratch).json()
        let report = try XentRun.xent(["eval", "a.csv", "b.csv", "--label-columns", "y_*", "--json", "-"] + task, in: scratch).json()
        try TableTests.expectSame(report, wanted, "by name")
        #expect(try report.texts("columns", "labels") == ["y_cat", "y_dog"])
        // In files of their own.
        try scratch.write("ya.csv", "y_dog,y_cat\n0,1\n")
        try scratch.write("yb.csv", "y_cat,y_dog\n1,0\n")
        for files in [["a.csv", "b.csv"], ["p.npy"]] {
            let columns = files.count == 1 ? "y_cat,y_dog" : "y_*"
            let apart = try XentRun.xent(
                ["eval"] + files + ["--labels", "ya.csv", "yb.csv", "--label-columns", columns, "--json", "-"] + task, in: scratch
            ).json()
            try TableTests.expectSame(apart, wanted, "\(files)")
        }
        let crossed = try XentRun.xent(["eval", "a.csv", "--label-columns", "y_dog,y_cat"] + task, in: scratch)
        expectFailure(crossed, status: 64, says: ["a.csv: the label columns y_dog, y_cat are in another order of classes", "p_cat, p_dog"])
        try scratch.write("more.csv", "y_dog,y_cat,y_ant,p_cat,p_dog\n0,1,0,0.25,0.75\n")
        let more = try XentRun.xent(["eval", "a.csv", "more.csv", "--label-columns", "y_*"] + task, in: scratch)
        expectFailure(more, status: 64, says: ["more.csv: column y_ant would be among the labels, and is not among those of a.csv"])
    }

    @Test("Labels in a file of their own have the names of the prediction columns, as beside them")
    func labelsElsewhere() throws {
        let scratch = try Scratch()
        try scratch.write("p.csv", "id,Class_1,Class_2\n7,0.25,0.75\n8,0.5,0.5\n")
        for labels in ["1\n2\n", "Class_1\nClass_2\n"] {
            try scratch.write("y.csv", "target\n" + labels)
            let report = try XentRun.xent(["eval", "p.csv", "--labels", "y.csv", "--json", "-"] + Self.multiclass, in: scratch).json()
            #expect(try report.number("loss", "sum").ulpDistance(to: log(8)) <= 4)
            #expect(try report.texts("columns", "class_names") == ["Class_1", "Class_2"])
        }
    }

    @Test("A table without names holds predictions alone where the labels lie elsewhere")
    func withoutHeader() throws {
        let scratch = try Scratch()
        try scratch.write("p.csv", "0.25,0.75\n0.5,0.5\n")
        try scratch.write("y.npy", NPYFixture.labels([0, 1]))
        let report = try XentRun.xent(["eval", "p.csv", "--no-header", "--labels", "y.npy", "--json", "-"] + Self.multiclass, in: scratch)
            .json()
        #expect(try report.texts("columns", "predictions") == ["0", "1"])
        // With names that are numbers only the option says what they are.
        try scratch.write("t.csv", "label,0,1\n0,0.25,0.75\n")
        let run = try XentRun.xent(["eval", "t.csv"] + Self.multiclass, in: scratch)
        expectFailure(run, status: 64, says: ["t.csv: no column is known by its name", "label, 0, 1", "--prediction-columns"])
    }

    @Test("32,000 columns are found by their names in a time that grows with them")
    func manyColumns() throws {
        let scratch = try Scratch()
        let names = (0..<32_000).map { "p_\($0)" }
        try scratch.write(
            "t.csv", "label," + names.joined(separator: ",") + "\n7," + names.map { _ in "0.5" }.joined(separator: ",") + "\n")
        let task = ["--task", "multiclass", "--input", "logits"]
        try scratch.write("names.txt", names.joined(separator: ","))
        // Three runs; one took eleven seconds where each name was looked for among all.
        let start = Date()
        for options in ["", "--prediction-columns \"$(cat names.txt | cut -c 1-120000)\"", "--prediction-columns 'p_*'"] {
            let run = try XentRun.shell("\"$XENT\" eval t.csv \(task.joined(separator: " ")) \(options) --json -", in: scratch)
            #expect(run.ending == .exit(0) || options.contains("cut"), "\(run.stderr)")
        }
        #expect(Date().timeIntervalSince(start) < 20)
        let text = try XentRun.xent(["eval", "t.csv"] + task, in: scratch).stdout
        #expect(text.contains("predictions p_0, p_1, p_2, p_3, p_4, p_5, …, p_31999 (32,000)\n"), "\(text)")
    }

    @Test("The specification has every modifier as it was applied, in text, JSON and after a merge")
    func specification() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try scratch.write("w.npy", NPYFixture.doubles([1, 2, 1, 2, 1, 2]))
        let run = try XentRun.xent(
            SmallDump.eval + [
                "--dialect", "pytorch", "--dialect", "exact", "--class-weights", "1,2.5,3", "--label-smoothing", "0.1", "--ignore-index",
                "-7",
                "--focal-gamma", "2", "--focal-alpha", "0.25", "--weights", "w.npy", "--on-invalid", "skip", "--expect-rows", "6",
                "--partial", "a", "--json", "j",
            ], in: scratch)
        let heading =
            "with dialects pytorch, exact; class weights 1, 2.5, 3; row weights; label smoothing 0.1; ignore index -7; focal γ 2, α 0.25"
        #expect(run.stdout.contains("classes\n\(heading); invalid rows left out\n"), "\(run.stdout) \(run.stderr)")
        let report = try JSONDocument(path: scratch.place("j"))
        let merged = try XentRun.xent(["merge", "a", "--json", "-"], in: scratch).json()
        for report in [report, merged] {
            #expect(try report.text("specification", "task") == "multiclass")
            #expect(try report.text("specification", "input") == "logits")
            #expect(try report.texts("specification", "dialects") == ["pytorch", "exact"])
            #expect(try report.list("specification", "class_weights").map { try $0.number() } == [1, 2.5, 3])
            #expect(try report.number("specification", "label_smoothing") == 0.1)
            #expect(try report.count("specification", "ignore_index") == -7)
            #expect(try report.number("specification", "focal_gamma") == 2)
            #expect(try report.number("specification", "focal_alpha") == 0.25)
            #expect(try report.boolean("specification", "row_weights"))
            #expect(try !report.boolean("specification", "renormalize"))
        }
        #expect(try report.text("rows_policy", "on_invalid") == "skip")
        #expect(try report.count("rows_policy", "expect_rows") == 6)
        #expect(try report.texts("columns", "weights").isEmpty)
        let mergedText = try XentRun.xent(["merge", "a"], in: scratch).stdout
        #expect(mergedText.contains("classes\n\(heading)\n"), "\(mergedText)")
        // Nothing but defaults leaves nothing to say.
        let plain = try XentRun.xent(SmallDump.eval + ["--json", "-"], in: scratch).json()
        #expect(try plain.keys("specification") == ["task", "input", "dialects", "renormalize", "row_weights"])
        #expect(try XentRun.xent(SmallDump.eval, in: scratch).stdout.contains("classes\n\n  mean"))
    }

    @Test("Balanced weights, pos_weight, clipping, renormalising and divergence are named too")
    func otherModifiers() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try scratch.write("q.npy", NPYFixture.doubles([0.25, 0.75, 0.5, 0.5], columns: 2))
        try scratch.write("t.npy", NPYFixture.doubles([1, 0, 0, 1], columns: 2))
        let soft = ["eval", "q.npy", "--labels", "t.npy", "--input", "probabilities", "--task"]
        for (arguments, heading, key) in [
            (SmallDump.eval + ["--class-weights", "balanced"], "\nwith class weights 1, 1, 1\n", "class_weights"),
            (soft + ["multilabel", "--pos-weight", "3"], "\nwith pos_weight 3\n", "pos_weight"),
            (soft + ["soft", "--clip", "0.125"], "\nwith probabilities clipped to [0.125, 1 − 0.125]\n", "clip"),
            (soft + ["soft", "--renormalize"], "\nwith probabilities renormalised\n", "renormalize"),
            (soft + ["soft", "--divergence", "kl"], "soft KL divergence from probabilities", "divergence"),
        ] {
            let run = try XentRun.xent(arguments + ["--json", "j"], in: scratch)
            #expect(run.stdout.contains(heading), "\(run.stdout) \(run.stderr)")
            #expect(try JSONDocument(path: scratch.place("j")).keys("specification").contains(key))
        }
    }
}
