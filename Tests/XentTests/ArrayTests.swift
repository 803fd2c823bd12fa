import Foundation
import Testing

/// Arrays as people save them: axes, orders, and files in several parts.
@Suite struct ArrayTests {
    /// Logits of (2 sequences, 3 places, 4 classes), by their indices.
    private func logit(_ b: Int, _ t: Int, _ c: Int) -> Float { Float((7 * b + 5 * t + 3 * c) % 11) / 4 }
    private let labels: [Int64] = [0, 3, 1, 2, 2, 0]

    private func mean(_ arguments: [String], in scratch: Scratch) throws -> String {
        try XentRun.xent(["eval"] + arguments + ["--json", "-"] + SmallDump.task, in: scratch).json().text("loss", "mean_hex")
    }

    private func floats(_ values: [Float], _ shape: [Int], fortranOrder: Bool = false) -> Data {
        NPYFixture.header("<f4", shape, fortranOrder: fortranOrder)
            + values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
    }

    private func scratch() throws -> Scratch {
        let scratch = try Scratch()
        let indices = (0..<2).flatMap { b in (0..<3).map { t in (b, t) } }
        try scratch.write("last.npy", floats(indices.flatMap { b, t in (0..<4).map { logit(b, t, $0) } }, [2, 3, 4]))
        try scratch.write("flat.npy", floats(indices.flatMap { b, t in (0..<4).map { logit(b, t, $0) } }, [6, 4]))
        try scratch.write(
            "first.npy", floats((0..<2).flatMap { b in (0..<4).flatMap { c in (0..<3).map { logit(b, $0, c) } } }, [2, 4, 3]))
        try scratch.write(
            "fortran.npy", floats((0..<4).flatMap { c in indices.map { logit($0, $1, c) } }, [6, 4], fortranOrder: true))
        try scratch.write("y.npy", NPYFixture.wideLabels(labels))
        try scratch.write("y2.npy", NPYFixture.header("<i8", [2, 3]) + NPYFixture.wideLabels(labels).suffix(48))
        return scratch
    }

    @Test func oneDumpInManyShapes() throws {
        let scratch = try scratch()
        let expected = try mean(["flat.npy", "--labels", "y.npy"], in: scratch)
        for arguments in [
            ["last.npy", "--labels", "y2.npy"], ["last.npy", "--labels", "y.npy"], ["fortran.npy", "--labels", "y.npy"],
            ["first.npy", "--labels", "y2.npy", "--class-axis", "1"], ["last.npy", "--labels", "y2.npy", "--class-axis", "-1"],
        ] {
            #expect(try mean(arguments, in: scratch) == expected, "\(arguments)")
        }
        try XentRun.xent(["pack", "fortran.npy", "-o", "packed.npy.zst"], in: scratch).expectSuccess()
        #expect(try mean(["packed.npy.zst", "--labels", "y.npy"], in: scratch) == expected)
    }

    @Test func shiftedLabels() throws {
        let scratch = try scratch()
        let kept = [(0, 0), (0, 1), (1, 0), (1, 1)]
        try scratch.write("p.npy", floats(kept.flatMap { b, t in (0..<4).map { logit(b, t, $0) } }, [4, 4]))
        try scratch.write("l.npy", NPYFixture.wideLabels(kept.map { labels[3 * $0 + $1 + 1] }))
        let expected = try mean(["p.npy", "--labels", "l.npy"], in: scratch)
        #expect(try mean(["last.npy", "--labels", "y2.npy", "--shift-labels"], in: scratch) == expected)
        #expect(try mean(["first.npy", "--labels", "y2.npy", "--class-axis", "1", "--shift-labels"], in: scratch) == expected)
        let text = try XentRun.xent(["eval", "last.npy", "--labels", "y2.npy", "--shift-labels"] + SmallDump.task, in: scratch)
        #expect(text.stdout.contains("4 scored") && text.stdout.contains("labels shifted"), "\(text.stdout)")
    }

    @Test func remedies() throws {
        let scratch = try scratch()
        try scratch.write("hot.npy", floats([Float](repeating: 0, count: 24), [6, 4]))
        expectFailure(
            try XentRun.xent(["eval", "flat.npy", "--labels", "hot.npy"] + SmallDump.task, in: scratch), status: 65,
            says: ["hot.npy", "--task soft"])
        expectFailure(
            try XentRun.xent(["eval", "first.npy", "--labels", "y2.npy"] + SmallDump.task, in: scratch), status: 65,
            says: ["y2.npy", "--class-axis 1"])
        try scratch.write("ignored.npy", NPYFixture.wideLabels([0, 3, -100, 2, 2, 0]))
        expectFailure(
            try XentRun.xent(["eval", "flat.npy", "--labels", "ignored.npy"] + SmallDump.task, in: scratch), status: 65,
            says: ["ignored.npy: row 2: label -100", "--ignore-index -100 leaves such rows out"])
        let run = try XentRun.xent(
            ["eval", "flat.npy", "--labels", "ignored.npy", "--dialect", "pytorch", "--json", "-"] + SmallDump.task, in: scratch)
        #expect(try run.json().number("specification", "ignore_index") == -100)
    }

    @Test func inspectSaysWhatEvalTakes() throws {
        let scratch = try scratch()
        let run = try XentRun.xent(["inspect", "last.npy", "fortran.npy"], in: scratch)
        run.expectSuccess()
        for text in ["6 rows of 4 classes, labels of shape (2, 3) or (6,)", "--class-axis 1", "Fortran order", "labels of shape (6,) or (6, 1)"] {
            #expect(run.stdout.contains(text), "\(text): \(run.stdout)")
        }
    }

    /// All that is missing is told at once.
    @Test func whatIsMissing() throws {
        let scratch = try scratch()
        expectFailure(
            try XentRun.xent(["eval", "flat.npy"], in: scratch), status: 64,
            says: ["--task, --input and --labels are missing", "look like logits", "--labels names their file"])
        expectFailure(
            try XentRun.xent(["eval", "flat.npy", "--labels", "y.npy"], in: scratch), status: 64, says: ["--task and --input are missing"])
        expectFailure(
            try XentRun.xent(["eval", "flat.npy", "--task", "multiclass", "--labels", "y.npy"], in: scratch), status: 64,
            says: ["--input is missing, and is not guessed"])
        expectFailure(
            try XentRun.xent(["eval", "flat.npy", "--input", "logits"], in: scratch), status: 64, says: ["--task and --labels are missing"])
    }

    /// Twelve parts without leading zeros, one labels file in the order of their numbers.
    @Test func partsInTheOrderOfTheirNumbers() throws {
        let scratch = try Scratch()
        let logits = RandomDump.logits(rows: 24, columns: 3, seed: 91)
        for part in 0..<12 {
            try scratch.write("part_\(part).npy", NPYFixture.floats(Array(logits[6 * part..<6 * part + 6]), columns: 3))
        }
        try scratch.write("whole.npy", NPYFixture.floats(logits, columns: 3))
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: 24, classes: 3, seed: 92)))
        let expected = try mean(["whole.npy", "--labels", "y.npy"], in: scratch)
        let pattern = try XentRun.xent(["eval", "part_*.npy", "--labels", "y.npy", "--json", "-"] + SmallDump.task, in: scratch)
        #expect(try pattern.json().text("loss", "mean_hex") == expected && pattern.stderr == "", "\(pattern.stderr)")
        // As ls writes a list: taken in natural order, and said so.
        let byBytes = (0..<12).map { "part_\($0).npy" }.sorted()
        try scratch.write("list", byBytes.joined(separator: "\n") + "\n")
        let list = try XentRun.xent(["eval", "@list", "--labels", "y.npy", "--json", "-"] + SmallDump.task, in: scratch)
        #expect(try list.json().text("loss", "mean_hex") == expected)
        #expect(list.stderr.contains("list: its names stand in the order of letters"), "\(list.stderr)")
        // A list in an order of its own stays, and so does what a shell gives; a warning names the first two.
        try scratch.write("own", byBytes.reversed().joined(separator: "\n"))
        for (arguments, says) in [(["@own"], "part_9.npy is read before part_8.npy"), (byBytes, "part_11.npy is read before part_2.npy")] {
            let run = try XentRun.xent(["eval"] + arguments + ["--labels", "y.npy", "--json", "-"] + SmallDump.task, in: scratch)
            #expect(try run.json().text("loss", "mean_hex") != expected)
            #expect(run.stderr.contains(says), "\(run.stderr)")
        }
        for part in [1, 2] { try scratch.write("y_\(part).npy", NPYFixture.labels([0, 1])) }
        let twice = try XentRun.xent(
            ["eval", "part_1.npy", "part_1.npy", "--labels", "y_1.npy", "y_2.npy"] + SmallDump.task, in: scratch)
        twice.expectSuccess()
        #expect(twice.stderr.contains("named twice") && twice.stderr.contains("part_1.npy is paired with y_2.npy"), "\(twice.stderr)")
    }
}
