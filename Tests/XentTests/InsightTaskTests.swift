import Foundation
import SeededRandom
import Testing

/// Figures beside the mean for soft labels and several decisions a row, by their definitions; and which tasks have none, with the reason.
@Suite struct InsightTaskTests {
    private static let columns = 4, rowCount = 120

    /// Probabilities and labels of rows, by a seed: those of a row sum to 1 where it is one distribution.
    private static func values(_ seed: UInt64, sumsToOne: Bool) -> [Double] {
        var random = SplitMix64(seed: seed)
        return (0..<rowCount).flatMap { _ in
            let row = (0..<columns).map { _ in Double.random(in: 0.001...0.999, using: &random) }
            let sum = sumsToOne ? row.reduce(0, +) : 1
            return row.map { $0 / sum }
        }
    }

    private static func close(_ found: Double, _ expected: Double, _ what: String) {
        #expect(abs(found - expected) <= 1e-9 * abs(expected) + 1e-12, "\(what): \(found), should be \(expected)")
    }

    @Test("The Brier score, the sharpness and the calibration of soft labels and of several decisions are those of their definitions", arguments: ["soft", "multilabel"], ["probabilities", "logits"])
    func areByDefinition(task: String, input: String) throws {
        let scratch = try Scratch()
        let isSoft = task == "soft"
        let p = Self.values(31, sumsToOne: isSoft), t = Self.values(32, sumsToOne: isSoft).map { isSoft ? $0 : $0.rounded() }
        let stored = input == "probabilities" ? p : p.map { isSoft ? log($0) : log($0 / (1 - $0)) }
        try scratch.write("p.npy", NPYFixture.doubles(stored, columns: Self.columns))
        try scratch.write("t.npy", NPYFixture.doubles(t, columns: Self.columns))
        let report = try XentRun.xent(
            ["eval", "p.npy", "--labels", "t.npy", "--task", task, "--input", input, "--brier", "--sharpness", "--calibration", "both", "--calibration-bins", "5", "--json", "-"],
            in: scratch
        ).json()
        let squares = zip(p, t).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let decisions = Double(Self.rowCount * Self.columns)
        let score = squares / (isSoft ? Double(Self.rowCount) : decisions)
        Self.close(try report.number("brier", "score"), score, "Brier")
        Self.close(try report.number("brier", "score_unscaled"), isSoft ? score : 2 * score, "Brier, unscaled")
        let entropies = p.map { isSoft ? -$0 * log($0) : -$0 * log($0) - (1 - $0) * log(1 - $0) }
        let entropy = entropies.reduce(0, +) / (isSoft ? Double(Self.rowCount) : decisions)
        Self.close(try report.number("sharpness", "mean_entropy"), entropy, "entropy")
        let tops = stride(from: 0, to: p.count, by: Self.columns).map { start -> Double in
            let row = p[start..<start + Self.columns]
            return isSoft ? row.max() ?? 0 : row.map { max($0, 1 - $0) }.reduce(0, +) / Double(Self.columns)
        }
        Self.close(try report.number("sharpness", "mean_top_probability"), tops.reduce(0, +) / Double(Self.rowCount), "top")

        /// Σ W_b/W |confidence − outcome| over the intervals (k/5, (k + 1)/5].
        func error(_ pairs: [(confidence: Double, outcome: Double)]) -> Double {
            let bins = Dictionary(grouping: pairs) { min(4, max(0, Int(($0.confidence * 5).rounded(.up)) - 1)) }
            return bins.values.reduce(0) { sum, bin in
                sum + abs(bin.reduce(0) { $0 + $1.confidence - $1.outcome }) / Double(pairs.count)
            }
        }
        let rows = (0..<Self.rowCount).map { $0 * Self.columns..<($0 + 1) * Self.columns }
        let pairs: [(confidence: Double, outcome: Double)] =
            isSoft
            ? rows.map { row in
                let top = row.max { p[$0] < p[$1] } ?? row.lowerBound
                return (p[top], t[top])
            } : p.indices.map { (p[$0], t[$0]) }
        Self.close(try report.number("calibration", "ece"), error(pairs), "ECE")
        let ofClasses = (0..<Self.columns).map { column in error(rows.map { (p[$0.lowerBound + column], t[$0.lowerBound + column]) }) }
        Self.close(try report.number("calibration", "classwise", "ece"), ofClasses.reduce(0, +) / Double(Self.columns), "class-wise ECE")
    }

    @Test("A figure that a task does not have is refused with the reason", arguments: [
        ("soft", "--ranking", "it is of labels 0 and 1, or of a class against all others"), ("multilabel", "--ranking", "it is of labels 0 and 1"),
        ("soft", "--top-k 1", "it is of the rank of a label among the classes"), ("soft", "--slice label", "its rows have no one class there"),
        ("multilabel", "--slice predicted", "its rows have no one class there"), ("multilabel", "--calibration top-label", "its columns are decisions of their own"),
        ("soft", "--calibration-binning equal-mass", "they count right and wrong predictions"), ("multilabel", "--worst 3 --worst-by margin", "have no predicted class"),
        ("likelihood", "--calibration auto", "what happened has a label nowhere"), ("likelihood", "--brier", "probabilities of what did not happen"),
        ("likelihood", "--sharpness", "that of what happened alone"), ("likelihood", "--fit-temperature", "does not say those of all that did not"),
        ("likelihood", "--ranking", "it is of labels 0 and 1"), ("likelihood", "--worst 3 --worst-by confident-wrong", "have no predicted class"),
    ])
    func refusals(task: String, options: String, reason: String) throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.doubles(Self.values(33, sumsToOne: task == "soft"), columns: Self.columns))
        try scratch.write("one.npy", NPYFixture.doubles([0.5, 0.25]))
        let files = task == "likelihood" ? ["one.npy"] : ["p.npy", "--labels", "p.npy"]
        let run = try XentRun.xent(
            ["eval"] + files + ["--task", task, "--input", "probabilities"] + options.split(separator: " ").map(String.init), in: scratch)
        #expect(run.ending == .exit(64), "\(run.stderr)")
        #expect(run.stderr.contains(reason), "\(run.stderr)")
    }

    @Test("The usual set is of what each task has", arguments: ["multiclass", "soft", "multilabel", "binary", "likelihood"])
    func usualSet(task: String) throws {
        let scratch = try Scratch()
        let isSingle = task == "binary" || task == "likelihood"
        let p = Self.values(34, sumsToOne: !isSingle && task != "multilabel")
        try scratch.write("p.npy", isSingle ? NPYFixture.doubles(p) : NPYFixture.doubles(p, columns: Self.columns))
        try scratch.write("y.npy", NPYFixture.labels((0..<(isSingle ? p.count : Self.rowCount)).map { UInt8($0 % 2) }))
        let labels = task == "soft" || task == "multilabel" ? ["--labels", "p.npy"] : task == "likelihood" ? [] : ["--labels", "y.npy"]
        let report = try XentRun.xent(
            ["eval", "p.npy"] + labels + ["--task", task, "--input", "probabilities", "--insight", "--json", "-"], in: scratch
        ).json()
        let sections: Set = ["brier", "sharpness", "calibration", "quantiles", "worst", "slices", "ranking"]
        var expected: Set = ["quantiles", "worst"]
        if task != "likelihood" { expected.formUnion(["brier", "sharpness", "calibration"]) }
        if task == "multiclass" || task == "binary" { expected.insert("slices") }
        if task == "binary" { expected.insert("ranking") }
        #expect(try report.keys().intersection(sections) == expected)
    }
}
