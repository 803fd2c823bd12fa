import Foundation
import GoldenCases
import Testing

/// `--focal-gamma`: the factor (1 − p)^γ means the same in every task.
@Suite struct FocalTests {
    /// Of what happened these are the probabilities: one that is clipped from above, one from below, one that is not.
    private static let probabilities = [0.9375, 0.0625, 0.5]

    /// One case as each task has it: what happened is label 1, class 0, or all of the target.
    private static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        let pairs = probabilities.flatMap { [$0, 1 - $0] }
        try scratch.write("one.npy", NPYFixture.doubles(probabilities))
        try scratch.write("two.npy", NPYFixture.doubles(pairs, columns: 2))
        try scratch.write("ones.npy", NPYFixture.labels([1, 1, 1]))
        try scratch.write("zeros.npy", NPYFixture.labels([0, 0, 0]))
        try scratch.write("targets.npy", NPYFixture.doubles([1, 0, 1, 0, 1, 0], columns: 2))
        return scratch
    }

    static let tasks: [(name: String, files: [String])] = [
        ("binary", ["one.npy", "ones.npy"]), ("multilabel", ["two.npy", "targets.npy"]), ("multiclass", ["two.npy", "zeros.npy"]),
        ("soft", ["two.npy", "targets.npy"]),
    ]

    @Test(arguments: tasks) func clippedProbabilityIsTakenByTheFactorToo(task: (name: String, files: [String])) throws {
        let scratch = try Self.scratch()
        try XentRun.xent(
            [
                "eval", task.files[0], "--labels", task.files[1], "--task", task.name, "--input", "probabilities", "--clip", "0.125",
                "--focal-gamma", "2", "--per-row", "rows.npy",
            ], in: scratch
        ).expectSuccess()
        let losses = try Float64Array.values(of: scratch.bytes("rows.npy"))
        for (loss, p) in zip(losses, [0.875, 0.125, 0.5]) {
            let expected = (1 - p) * (1 - p) * -log(p)
            #expect(abs(loss / expected - 1) < 1e-14, "\(loss), should be \(expected)")
        }
        #expect(losses.count == 3)
    }

    /// Keras's BinaryFocalCrossentropy takes the p that was predicted, and clips for the logarithm alone; CategoricalFocalCrossentropy clips first.
    @Test func kerasTakesWhatKerasTakes() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.doubles([1e-9]))
        try scratch.write("y.npy", NPYFixture.labels([0]))
        let run = try XentRun.xent(
            [
                "eval", "p.npy", "--labels", "y.npy", "--task", "binary", "--input", "probabilities", "--dialect", "keras", "--focal-gamma", "1",
                "--json", "-",
            ], in: scratch)
        let expected = 1e-9 * -log1p(-1e-7)
        #expect(try abs(run.json().number("loss", "mean") / expected - 1) < 1e-14)
    }
}
