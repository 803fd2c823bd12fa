import Foundation
import Testing

/// Losses that cannot be meant, weights and soft labels that cannot be: each named, with the remedy, and nothing written.
@Suite struct SpecificationErrorTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        var status: Int32 = 64
        let says: [String]
        var testDescription: String { arguments.joined(separator: " ") }
    }

    // Six rows: of three logits, of three probabilities, of one probability, with labels of each kind.
    private static let multiclass = ["p.npy", "--labels", "y.npy", "--task", "multiclass", "--input", "logits"]
    private static let probabilities = ["q.npy", "--labels", "y.npy", "--task", "multiclass", "--input", "probabilities"]
    private static let binary = ["b.npy", "--labels", "t.npy", "--task", "binary", "--input", "probabilities"]
    private static let multilabel = ["p.npy", "--labels", "m.npy", "--task", "multilabel", "--input", "logits"]
    private static let likelihood = ["b.npy", "--task", "likelihood", "--input", "probabilities"]
    private static func soft(_ labels: String = "s.npy") -> [String] {
        ["p.npy", "--labels", labels, "--task", "soft", "--input", "logits"]
    }
    private static func dialect(_ name: String, _ task: String, _ input: String) -> [String] {
        let hasLabels = task != "likelihood"
        return (hasLabels ? ["p.npy", "--labels", "y.npy"] : ["b.npy"]) + ["--task", task, "--input", input, "--dialect", name]
    }

    private static let third = 1.0 / 3

    private static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let rows = (0..<6).flatMap { _ in [0.25, 0.25, 0.5] }
        try scratch.write("q.npy", NPYFixture.doubles(rows, columns: 3))
        try scratch.write("b.npy", NPYFixture.doubles([0.25, 0.75, 0.5, 0.125, 0.875, 1]))
        try scratch.write("t.npy", NPYFixture.labels([0, 1, 1, 0, 0, 1]))
        try scratch.write("m.npy", NPYFixture.doubles([0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0], columns: 3))
        try scratch.write("s.npy", NPYFixture.doubles(rows, columns: 3))
        func changed(_ values: [Double], _ changes: [Int: Double]) -> [Double] {
            values.enumerated().map { changes[$0] ?? $1 }
        }
        try scratch.write("s-negative.npy", NPYFixture.doubles(changed(rows, [3 * 4 + 1: -0.125, 3 * 5: -1]), columns: 3))
        try scratch.write("s-nan.npy", NPYFixture.doubles(changed(rows, [3 * 2 + 2: .nan]), columns: 3))
        try scratch.write("s-large.npy", NPYFixture.doubles(changed(rows, [0: 1.5]), columns: 3))
        try scratch.write("s-four.npy", NPYFixture.doubles([Double](repeating: 0.25, count: 24), columns: 4))
        try scratch.write("s-five-rows.npy", NPYFixture.doubles([Double](repeating: third, count: 15), columns: 3))
        let ones = [Double](repeating: 1, count: 6)
        try scratch.write("w-five.npy", NPYFixture.doubles([1, 1, 1, 1, 1]))
        try scratch.write("w-negative.npy", NPYFixture.doubles(changed(ones, [3: -2])))
        try scratch.write("w-nan.npy", NPYFixture.doubles(changed(ones, [1: .nan, 4: -1])))
        try scratch.write("w-infinite.npy", NPYFixture.doubles(changed(ones, [5: .infinity])))
        try scratch.write("w-zero.npy", NPYFixture.doubles([Double](repeating: 0, count: 6)))
        try scratch.write("c-two.npy", NPYFixture.doubles([1, 2]))
        try scratch.write("c-negative.npy", NPYFixture.doubles([1, -0.5, 2]))
        try scratch.write("c-nan.npy", NPYFixture.doubles([1, 2, .nan]))
        try scratch.write("c-infinite.npy", NPYFixture.doubles([.infinity, 1, 1]))
        return scratch
    }

    static let weights = [
        Mistake(arguments: multiclass + ["--class-weights", "1,2"], says: ["2 class weights for 3 classes", "one weight a class"]),
        Mistake(arguments: multiclass + ["--class-weights", "1,2,3,4"], says: ["4 class weights for 3 classes", "one weight a class"]),
        Mistake(arguments: multiclass + ["--class-weights", "c-two.npy"], says: ["2 class weights for 3 classes", "one weight a class"]),
        Mistake(arguments: soft() + ["--class-weights", "1,2"], says: ["2 class weights for 3 classes", "one weight a class"]),
        Mistake(arguments: multiclass + ["--class-weights", "1,-0.5,2"], says: ["class weight 1 is -0.5", "finite and not negative"]),
        Mistake(arguments: multiclass + ["--class-weights", "-1,1,2"], says: ["class weight 0 is -1.0", "finite and not negative"]),
        Mistake(
            arguments: multiclass + ["--class-weights", "c-negative.npy"], says: ["class weight 1 is -0.5", "finite and not negative"]),
        Mistake(arguments: multiclass + ["--class-weights", "1,nan,2"], says: ["class weight 1 is nan", "finite and not negative"]),
        Mistake(arguments: multiclass + ["--class-weights", "c-nan.npy"], says: ["class weight 2 is nan", "finite and not negative"]),
        Mistake(arguments: multiclass + ["--class-weights", "1,1,inf"], says: ["class weight 2 is inf", "finite and not negative"]),
        Mistake(
            arguments: multiclass + ["--class-weights", "c-infinite.npy"], says: ["class weight 0 is inf", "finite and not negative"]),
        Mistake(arguments: multiclass + ["--class-weights", "0,0,0"], says: ["no class weight is above 0", "at least one"]),
        Mistake(
            arguments: multiclass + ["--class-weights", "1,2,x"], says: ["--class-weights: weight 2 is 'x', no number", "W,W,…", ".npy"]),
        Mistake(arguments: multiclass + ["--class-weights", "1,,2"], says: ["--class-weights: weight 1 is '', no number", "W,W,…"]),
        Mistake(arguments: multiclass + ["--class-weights", ""], says: ["--class-weights: weight 0 is '', no number", "W,W,…"]),
        Mistake(arguments: multiclass + ["--class-weights", "none.npy"], status: 66, says: ["none.npy: no such file", "check the name"]),
        Mistake(
            arguments: multiclass + ["--class-weights", "q.npy"], status: 65,
            says: ["q.npy: shape (6, 3) is not a list", "save it as (N,)"]),
        Mistake(
            arguments: multilabel + ["--pos-weight", "1,2"], says: ["2 positive weights for 3 values a row", "give one, or one a column"]),
        Mistake(arguments: multilabel + ["--pos-weight", "c-two.npy"], says: ["2 positive weights for 3 values a row", "one a column"]),
        Mistake(arguments: binary + ["--pos-weight", "1,2,3"], says: ["3 positive weights for one value a row", "give one"]),
        Mistake(arguments: multilabel + ["--pos-weight", "1,1,-1"], says: ["positive weight 2 is -1.0", "finite and not negative"]),
        Mistake(arguments: binary + ["--pos-weight", "-2"], says: ["positive weight 0 is -2.0", "finite and not negative"]),
        Mistake(arguments: binary + ["--pos-weight", "nan"], says: ["positive weight 0 is nan", "finite and not negative"]),
        Mistake(arguments: binary + ["--pos-weight", "balanced"], says: ["--pos-weight balanced is not known", "give numbers"]),
        Mistake(
            arguments: multiclass + ["--weights", "w-five.npy"], status: 65,
            says: ["w-five.npy: 5 weights", "6 rows", "in the same order"]),
        Mistake(
            arguments: multiclass + ["--weights", "q.npy"], status: 65, says: ["q.npy: shape (6, 3) is not one weight a row", "(N,)"]),
        Mistake(
            arguments: multiclass + ["--weights", "w-negative.npy"], status: 65,
            says: ["w-negative.npy: row 3: the row's weight is -2.0", "at least 0", "--on-invalid skip"]),
        Mistake(
            arguments: binary + ["--weights", "w-nan.npy"], status: 65,
            says: ["w-nan.npy: row 1: the row's weight is nan", "at least 0", "--on-invalid skip"]),
        Mistake(
            arguments: likelihood + ["--weights", "w-infinite.npy"], status: 65,
            says: ["w-infinite.npy: row 5: the row's weight is inf", "at least 0", "--on-invalid skip"]),
    ]

    static let numbers = [
        Mistake(arguments: multiclass + ["--label-smoothing", "1.5"], says: ["label smoothing is 1.5", "[0, 1]"]),
        Mistake(arguments: multiclass + ["--label-smoothing", "-0.1"], says: ["label smoothing is -0.1", "[0, 1]"]),
        Mistake(arguments: soft() + ["--label-smoothing", "nan"], says: ["label smoothing is nan", "[0, 1]"]),
        Mistake(arguments: binary + ["--label-smoothing", "inf"], says: ["label smoothing is inf", "[0, 1]"]),
        Mistake(arguments: binary + ["--label-smoothing", "some"], says: ["--label-smoothing", "some", "[0, 1]"]),
        Mistake(arguments: binary + ["--focal-alpha", "0.25"], says: ["--focal-alpha without --focal-gamma", "0 leaves only α"]),
        Mistake(arguments: binary + ["--focal-gamma", "-1"], says: ["focal γ is -1.0", "[0, 100]"]),
        Mistake(arguments: binary + ["--focal-gamma", "nan"], says: ["focal γ is nan", "[0, 100]"]),
        Mistake(arguments: binary + ["--focal-gamma", "2", "--focal-alpha", "1.5"], says: ["focal α is 1.5", "[0, 1]"]),
        Mistake(arguments: binary + ["--focal-gamma", "2", "--focal-alpha", "-0.5"], says: ["focal α is -0.5", "[0, 1]"]),
        Mistake(arguments: binary + ["--clip", "0.5"], says: ["--clip is 0.5", "[0, 0.5)"]),
        Mistake(arguments: binary + ["--clip", "-1e-7"], says: ["--clip is -1e-07", "[0, 0.5)"]),
        Mistake(arguments: binary + ["--clip", "nan"], says: ["--clip is nan", "[0, 0.5)"]),
    ]

    static let softLabels = [
        Mistake(
            arguments: soft("s-negative.npy"), status: 65,
            says: ["s-negative.npy: row 4: the label in column 1 is -0.125, outside [0, 1]", "--on-invalid skip"]),
        Mistake(
            arguments: soft("s-negative.npy") + ["--divergence", "kl"], status: 65,
            says: ["s-negative.npy: row 4: the label in column 1 is -0.125, outside [0, 1]", "--on-invalid skip"]),
        Mistake(
            arguments: soft("s-nan.npy"), status: 65,
            says: ["s-nan.npy: row 2: the label in column 2 is nan, outside [0, 1]", "--on-invalid skip"]),
        Mistake(
            arguments: soft("s-large.npy"), status: 65,
            says: ["s-large.npy: row 0: the label in column 0 is 1.5, outside [0, 1]", "--on-invalid skip"]),
        Mistake(arguments: soft("s-four.npy"), status: 65, says: ["s-four.npy: shape (6, 4) is not 3 labels a row", "(N, 3)"]),
        Mistake(arguments: soft("y.npy"), status: 65, says: ["y.npy: shape (6,) is not 3 labels a row", "(N, 3)"]),
        Mistake(arguments: soft("s-five-rows.npy"), status: 65, says: ["s-five-rows.npy: 5 labels", "6 rows", "in the same order"]),
        Mistake(
            arguments: ["p.npy", "--labels", "s.npy", "--task", "multiclass", "--input", "logits"], status: 65,
            says: ["s.npy: shape (6, 3) is not one label a row", "--task soft"]),
        Mistake(
            arguments: soft() + ["--ignore-index", "1"],
            says: ["--ignore-index has no meaning for task soft: soft labels have no index", "leave --ignore-index out"]),
        Mistake(
            arguments: soft() + ["--class-weights", "balanced"],
            says: ["--class-weights balanced has no meaning for task soft", "only class indices"]),
    ]

    static let combinations =
        [
            Mistake(
                arguments: dialect("exact", "likelihood", "logits"),
                says: [
                    "exact has no likelihood loss from logits", "a logit alone does not say how likely", "probabilities, log-probabilities",
                ]),
            Mistake(
                arguments: dialect("keras", "likelihood", "probabilities"),
                says: [
                    "keras has no likelihood loss from probabilities", "it has the tasks binary, multiclass, multilabel, soft",
                    "exact, pytorch",
                ]),
            Mistake(
                arguments: dialect("keras-tensorflow", "multiclass", "log-probabilities"),
                says: [
                    "keras-tensorflow has no multiclass loss from log-probabilities", "it takes logits, probabilities for it",
                    "exact, pytorch",
                ]),
        ]
        + ["sklearn", "sklearn-1.4", "xgboost", "lightgbm", "spark", "h2o"].flatMap { name in
            [
                Mistake(
                    arguments: dialect(name, "multiclass", "logits"),
                    says: ["dialect \(name) has no multiclass loss from logits", "it takes probabilities for it", "exact, pytorch, keras"]),
                Mistake(
                    arguments: dialect(name, "binary", "log-probabilities"),
                    says: ["dialect \(name) has no binary loss from log-probabilities", "it takes probabilities for it", "exact, pytorch"]),
                Mistake(
                    arguments: dialect(name, "soft", "probabilities"),
                    says: [
                        "dialect \(name) has no soft loss from probabilities", "it has the tasks binary, multiclass",
                        "exact, pytorch, keras",
                    ]),
                Mistake(
                    arguments: dialect("exact", "multiclass", "logits") + ["--dialect", name],
                    says: ["dialect \(name) has no multiclass loss from logits"]),
                Mistake(
                    arguments: dialect(name, "multiclass", "probabilities") + ["--label-smoothing", "0.1"],
                    says: ["dialect \(name) has no label smoothing", "leave --label-smoothing out"]),
            ]
        } + [
            Mistake(
                arguments: binary + ["--dialect", "pytorch", "--label-smoothing", "0.1"],
                says: ["dialect pytorch has no label smoothing for task binary", "leave --label-smoothing out"]),
            Mistake(
                arguments: multiclass + ["--divergence", "kl"],
                says: [
                    "--divergence kl has no meaning for task multiclass: only soft labels are a distribution", "leave --divergence kl out",
                ]),
            Mistake(
                arguments: binary + ["--divergence", "kl"],
                says: ["--divergence kl has no meaning for task binary", "leave --divergence kl out"]),
            Mistake(arguments: soft() + ["--divergence", "hinge"], says: ["--divergence", "hinge", "takes ce, kl"]),
            Mistake(
                arguments: soft() + ["--divergence", "kl", "--label-smoothing", "0.1"],
                says: ["--divergence kl has no meaning with --label-smoothing or --class-weights", "leave one of them out"]),
            Mistake(
                arguments: soft() + ["--divergence", "kl", "--class-weights", "1,2,3"],
                says: ["--divergence kl has no meaning with --label-smoothing or --class-weights", "leave one of them out"]),
            Mistake(
                arguments: soft() + ["--divergence", "kl", "--focal-gamma", "2"],
                says: ["--focal-gamma has no meaning for task soft: KL divergence has no focal form", "leave --focal-gamma out"]),
            Mistake(
                arguments: likelihood + ["--class-weights", "1,2"],
                says: ["--class-weights has no meaning for task likelihood: there are no labels", "leave --class-weights out"]),
            Mistake(
                arguments: binary + ["--class-weights", "1"],
                says: ["1 class weight for 2 labels", "give that of label 0 and that of label 1"]),
            Mistake(
                arguments: binary + ["--class-weights", "1,2,3"],
                says: ["3 class weights for 2 labels", "give that of label 0 and that of label 1"]),
            Mistake(arguments: binary + ["--class-weights", "1,-2"], says: ["class weight 1 is -2.0", "finite and not negative"]),
            Mistake(arguments: multilabel + ["--class-weights", "1,2"], says: ["2 class weights for 3 columns", "one weight a column"]),
            Mistake(arguments: multilabel + ["--class-weights", "c-nan.npy"], says: ["class weight 2 is nan", "finite and not negative"]),
            Mistake(
                arguments: multilabel + ["--class-weights", "balanced"],
                says: ["--class-weights balanced has no meaning for task multilabel", "class indices"]),
            Mistake(
                arguments: binary + ["--dialect", "catboost"],
                says: ["catboost has no binary loss from probabilities", "it takes logits for it", "exact, pytorch, keras"]),
            Mistake(
                arguments: multilabel + ["--dialect", "catboost"],
                says: ["catboost has no multilabel loss from logits", "it has the tasks binary, multiclass"]),
            Mistake(
                arguments: binary + ["--dialect", "spark", "--focal-gamma", "2"],
                says: ["dialect spark has no focal loss", "leave --focal-gamma out"]),
            Mistake(
                arguments: binary + ["--dialect", "h2o", "--clip", "0.1"],
                says: ["--clip changes dialects exact and spark; dialect h2o has conventions of its own", "leave dialect h2o out, or --clip"]),
            Mistake(
                arguments: binary + ["--dialect", "spark", "--clip", "0"],
                says: ["--clip is 0 in dialect spark", "(0, 0.5)"]),
            Mistake(
                arguments: binary + ["--class-weights", "balanced"],
                says: ["--class-weights balanced has no meaning for task binary", "class indices"]),
            Mistake(
                arguments: multiclass + ["--pos-weight", "2"],
                says: ["--pos-weight has no meaning for task multiclass: there is no label 1", "leave --pos-weight out"]),
            Mistake(
                arguments: binary + ["--ignore-index", "0"],
                says: ["--ignore-index has no meaning for task binary", "leave --ignore-index out"]),
            Mistake(
                arguments: multiclass + ["--clip", "0.1"],
                says: [
                    "--clip has no meaning for task multiclass: only probabilities are clipped", "the input is logits", "leave --clip out",
                ]),
            Mistake(
                arguments: binary + ["--renormalize"],
                says: [
                    "--renormalize has no meaning for task binary: only the probabilities of a row of classes sum to 1",
                    "leave --renormalize out",
                ]),
            Mistake(
                arguments: multiclass + ["--renormalize"],
                says: ["--renormalize has no meaning for task multiclass", "leave --renormalize out"]),
            Mistake(
                arguments: probabilities + ["--clip", "0.1", "--dialect", "keras"],
                says: ["--clip changes dialects exact and spark; dialect keras has conventions of its own", "leave dialect keras out, or --clip"]),
            Mistake(
                arguments: probabilities + ["--renormalize", "--dialect", "exact", "--dialect", "sklearn"],
                says: ["--renormalize changes dialect exact; dialect sklearn has conventions of its own", "leave dialect sklearn out, or --renormalize"]
            ),
            Mistake(arguments: likelihood + ["--labels", "t.npy"], says: ["task likelihood has no labels", "leave --labels out"]),
            Mistake(
                arguments: likelihood + ["--label-smoothing", "0.1"],
                says: ["--label-smoothing has no meaning for task likelihood: there are no labels", "leave --label-smoothing out"]),
            Mistake(
                arguments: likelihood + ["--focal-gamma", "2"],
                says: ["--focal-gamma has no meaning for task likelihood", "there are no labels"]),
            Mistake(
                arguments: likelihood + ["--pos-weight", "2"],
                says: ["--pos-weight has no meaning for task likelihood", "leave --pos-weight out"]),
            Mistake(
                arguments: multiclass + ["--dialect", "torch"],
                says: [
                    "--dialect", "torch", "exact", "pytorch", "keras", "keras-tensorflow", "sklearn", "sklearn-1.4", "xgboost", "lightgbm",
                    "catboost", "spark", "h2o",
                ]),
        ]

    @Test(arguments: weights + numbers + softLabels + combinations)
    func isRefused(_ mistake: Mistake) throws {
        let scratch = try Self.scratch()
        let before = scratch.names
        let run = try XentRun.xent(
            ["eval"] + mistake.arguments + [
                "--per-row", "rows.npy", "--partial", "all.partial", "--json", "report.json", "--progress", "never",
            ],
            in: scratch)
        expectFailure(run, status: mistake.status, says: mistake.says)
        #expect(scratch.names == before)
    }

    /// None of the mistakes is in what they have in common.
    @Test(arguments: [multiclass, probabilities, binary, multilabel, likelihood, soft()])
    func isTaken(_ arguments: [String]) throws {
        try XentRun.xent(["eval"] + arguments, in: Self.scratch()).expectSuccess()
    }

    // MARK: Rows that are left out

    @Test func rowsWithInvalidWeightsAreCounted() throws {
        let scratch = try Self.scratch()
        let arguments = ["eval"] + Self.multiclass + ["--on-invalid", "skip", "--json", "-", "--weights"]
        let run = try XentRun.xent(arguments + ["w-nan.npy"], in: scratch)
        let report = try run.json()
        #expect(try report.count("rows", "read") == 6)
        #expect(try report.count("rows", "scored") == 4)
        #expect(try report.count("rows", "invalid") == 2)
        let first = try report.list("rows", "first_invalid")
        #expect(try first.map { try $0.count("row") } == [1, 4])
        #expect(try first.map { try $0.text("problem").contains("the row's weight is nan") } == [true, false])
        #expect(try first.map { try $0.text("problem").contains("the row's weight is -1.0") } == [false, true])
        #expect(try report.texts("warnings").contains { $0.contains("2 of 6 rows were invalid and left out") })
        #expect(run.stderr.contains("2 of 6 rows were invalid and left out"))

        // What is left are the other rows with weight 1.
        let kept = [0, 2, 3, 5]
        try scratch.write("kept.npy", NPYFixture.floats(kept.flatMap { SmallDump.logits[3 * $0..<3 * $0 + 3] }, columns: 3))
        try scratch.write("kept-labels.npy", NPYFixture.labels(kept.map { SmallDump.labels[$0] }))
        let others = try XentRun.xent(["eval", "kept.npy", "--labels", "kept-labels.npy", "--json", "-"] + SmallDump.task, in: scratch)
            .json()
        for key in ["mean_hex", "sum_hex"] { #expect(try report.text("loss", key) == others.text("loss", key)) }
        #expect(try report.number("accuracy") == others.number("accuracy"))
    }

    @Test func softLabelsOutsideTheUnitAreCounted() throws {
        let run = try XentRun.xent(["eval"] + Self.soft("s-negative.npy") + ["--on-invalid", "skip", "--json", "-"], in: Self.scratch())
        let report = try run.json()
        #expect(try report.count("rows", "scored") == 4)
        let first = try report.list("rows", "first_invalid")
        #expect(try first.map { try $0.count("row") } == [4, 5])
        #expect(try first.map { try $0.text("problem") }.first?.contains("the label in column 1 is -0.125") == true)
    }

    /// A row that several dialects find invalid is one row.
    @Test func rowsAreListedOnceForAllDialects() throws {
        let scratch = try Self.scratch()
        // Keras takes a probability above 1; no dialect takes NaN.
        try scratch.write(
            "q.npy", NPYFixture.doubles([1.5, 0, 0, 0, 0, 1] + [.nan, 0, 1] + [Double](repeating: 0.5, count: 9), columns: 3))
        try scratch.write("y.npy", NPYFixture.labels([0, 1, 2, 0, 1, 2]))
        let report = try XentRun.xent(
            ["eval"] + Self.probabilities + ["--on-invalid", "skip", "--json", "-", "--dialect", "exact", "--dialect", "keras"], in: scratch
        ).json()
        #expect(try report.list("rows", "first_invalid").map { try $0.count("row") } == [0, 2])
        #expect(try report.count("rows", "invalid") == 2)
        #expect(try report.count("dialects", "exact", "invalid_rows") == 2)
        #expect(try report.count("dialects", "keras", "invalid_rows") == 1)
        #expect(try report.count("dialects", "keras", "scored_rows") == 5)
    }

    // MARK: Means of nothing

    /// A run that scored nothing is an error in every dialect, also in those that call the mean of no rows 0. No report is written; the partial
    /// is, since a merge with other shards counts its rows.
    @Test(arguments: [["exact"], ["pytorch"], ["keras"], ["keras-tensorflow"], ["pytorch", "keras"]])
    func allRowsAreIgnored(dialects: [String]) throws {
        let scratch = try Self.scratch()
        try scratch.write("y.npy", NPYFixture.wideLabels([Int64](repeating: -100, count: 6)))
        let names = scratch.names
        let arguments = ["eval"] + Self.multiclass + ["--ignore-index", "-100"] + dialects.flatMap { ["--dialect", $0] }
        let says = ["xent: p.npy: no row was scored: all 6 are ignored; "]
        for outputs in [[], ["--quiet"], ["--json", "-"], ["--json", "report.json", "--per-row", "rows.npy"]] {
            expectFailure(try XentRun.xent(arguments + outputs, in: scratch), status: 65, says: says)
            #expect(scratch.names == names)
        }
        expectFailure(try XentRun.xent(arguments + ["--partial", "none.partial", "--json", "report.json"], in: scratch), status: 65, says: says)
        #expect(scratch.names == (names + ["none.partial"]).sorted())

        // A merge of it alone says the same; with another shard it is that shard's figures and all rows.
        expectFailure(
            try XentRun.xent(["merge", "none.partial", "--json", "report.json"], in: scratch), status: 65,
            says: ["xent: none.partial: no row was scored: all 6 are ignored; "])
        expectFailure(try XentRun.xent(["merge", "none.partial", "--quiet"], in: scratch), status: 65, says: ["no row was scored"])
        try scratch.write("y.npy", NPYFixture.labels([0, 1, 2, 0, 1, 2]))
        let other = try XentRun.xent(arguments + ["--partial", "some.partial", "--json", "-"], in: scratch).json()
        let merged = try XentRun.xent(["merge", "none.partial", "some.partial", "--json", "-"], in: scratch).json()
        #expect(try merged.text("loss", "mean_hex") == other.text("loss", "mean_hex"))
        #expect(try [merged.count("rows", "read"), merged.count("rows", "ignored"), merged.count("rows", "scored")] == [12, 6, 6])
    }

    /// Where one of the dialects scored nothing, its figures would stand in the report like any.
    @Test func nothingIsScoredInOneDialect() throws {
        let scratch = try Scratch()
        // Above 1, which Keras takes.
        try scratch.write("q.npy", NPYFixture.doubles([1.5, 1.25]))
        try scratch.write("z.npy", NPYFixture.labels([1, 0]))
        let arguments = ["eval", "q.npy", "--labels", "z.npy", "--task", "binary", "--input", "probabilities", "--on-invalid", "skip"]
        #expect(try XentRun.xent(arguments + ["--dialect", "keras", "--json", "-"], in: scratch).json().count("rows", "scored") == 2)
        for dialects in [["--dialect", "keras", "--dialect", "exact"], ["--dialect", "exact", "--dialect", "keras"]] {
            expectFailure(
                try XentRun.xent(arguments + dialects + ["--json", "-"], in: scratch), status: 65,
                says: ["xent: q.npy: no row was scored in dialect exact: all 2 are invalid, the first invalid one is q.npy: row 0: "])
        }
    }

    /// Without a label to count, balanced weights are all 1, and the labels' own trouble is what is told.
    @Test func balancedWeightsOfNoLabels() throws {
        let scratch = try Self.scratch()
        try scratch.write("y.npy", NPYFixture.labels([9, 9, 9, 9, 9, 9]))
        let arguments = ["eval"] + Self.multiclass + ["--class-weights", "balanced"]
        expectFailure(try XentRun.xent(arguments, in: scratch), status: 65, says: ["y.npy: row 0: label 9 is outside 0..<3"])
        expectFailure(
            try XentRun.xent(arguments + ["--ignore-index", "9", "--json", "-"], in: scratch), status: 65,
            says: ["no row was scored: all 6 are ignored"])
    }

    /// Rows that count nothing: 0 / 0 where weights divide, 0 where rows do.
    @Test(arguments: [("exact", "nan"), ("keras", "0")])
    func allWeightsAreZero(dialect: String, mean: String) throws {
        let scratch = try Self.scratch()
        let arguments = ["eval"] + Self.multiclass + ["--weights", "w-zero.npy", "--dialect", dialect]
        let run = try XentRun.xent(arguments + ["--json", "-"], in: scratch)
        let report = try run.json()
        #expect(try report.number("loss", "mean").isNaN == (mean == "nan"))
        #expect(try report.text("loss", "mean_over_weight") == "nan")
        #expect(try report.number("loss", "mean_over_count") == 0)
        #expect(try report.count("rows", "scored") == 6)
        let warning = "the weights of all scored rows are 0: the mean is \(mean == "nan" ? "NaN" : "0") in dialect \(dialect)"
        #expect(try report.texts("warnings").contains(warning))
        // No minus before it, on any processor.
        #expect(try XentRun.xent(arguments + ["--quiet"], in: scratch).stdout == (mean == "nan" ? "nan\n" : "0.0\n"))
    }

    // MARK: What is no mistake

    /// A dialect that is named twice counts once, and the first is the report's own.
    @Test func repeatedDialects() throws {
        let scratch = try Self.scratch()
        func report(_ dialects: [String]) throws -> JSONDocument {
            try XentRun.xent(["eval"] + Self.probabilities + dialects.flatMap { ["--dialect", $0] } + ["--json", "-"], in: scratch).json()
        }
        let repeated = try report(["keras", "exact", "keras", "keras", "exact"])
        #expect(try repeated.text("dialect") == "keras")
        #expect(try repeated.keys("dialects") == ["keras", "exact"])
        #expect(try repeated.without("run") == report(["keras", "exact"]).without("run"))
    }

    @Test func spacesInLists() throws {
        let scratch = try Self.scratch()
        func mean(_ weights: String) throws -> String {
            let run = try XentRun.xent(["eval"] + Self.multiclass + ["--class-weights", weights, "--quiet"], in: scratch)
            run.expectSuccess()
            return run.stdout
        }
        #expect(try mean(" 1, 2.5 ,3") == mean("1,2.5,3"))
        #expect(try mean("1,2.5,3") != mean("1,1,1"))
    }

    /// Clipping holds for every task that has probabilities.
    @Test func clippedLikelihoods() throws {
        let scratch = try Self.scratch()
        try scratch.write("b.npy", NPYFixture.doubles([0, 0.5, 1, 1e-300]))
        let arguments = ["eval"] + Self.likelihood + ["--per-row", "rows.npy", "--json", "-"]
        #expect(try XentRun.xent(arguments, in: scratch).json().text("loss", "mean") == "inf")
        let report = try XentRun.xent(arguments + ["--clip", "0.0625"], in: scratch).json()
        #expect(try report.number("loss", "max") == 4 * 0x1.62e42fefa39efp-1)
        #expect(try abs(report.number("loss", "min") - log(16.0 / 15)) <= 0x1p-55)
        #expect(try report.count("dialects", "exact", "clipped_rows") == 3)
    }
}
