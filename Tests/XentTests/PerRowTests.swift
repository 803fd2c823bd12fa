import Foundation
import GoldenCases
import Testing

/// `--per-row`: the loss of every row, in order.
@Suite struct PerRowTests {
    /// A dump of several units of work, in frames that cut rows.
    static func write(to scratch: Scratch) throws {
        let rows = 3000
        let predictions = NPYFixture.floats(RandomDump.logits(rows: rows, columns: 7, seed: 11), columns: 7)
        try scratch.write("p.npy", predictions)
        try scratch.write("p.npy.zst", ZstdFixture(predictions, pieceByteCount: 4001).seekable)
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: rows, classes: 7, seed: 12)))
    }

    @Test func rawAndCompressedHoldTheSame() throws {
        let scratch = try Scratch()
        try Self.write(to: scratch)
        for file in ["p.npy", "p.npy.zst"] {
            let arguments = ["eval", file, "--labels", "y.npy"] + SmallDump.task
            let report = try XentRun.xent(arguments + ["--per-row", "rows.npy", "--json", "-"], in: scratch).json()
            #expect(try XentRun.xent(arguments + ["--per-row", "rows.npy.zst"], in: scratch).ending == .exit(0))
            let raw = try scratch.bytes("rows.npy")
            #expect(try ZstdFixture.decompressed(scratch.bytes("rows.npy.zst")) == raw)
            let losses = try Float64Array.values(of: raw)
            #expect(losses.count == 3000)
            #expect(try losses.min() == report.number("loss", "min"))
            #expect(try losses.max() == report.number("loss", "max"))
            // A plain sum is a little off.
            #expect(try abs(losses.reduce(0, +) / report.number("loss", "sum") - 1) < 1e-12)
        }
    }

    /// Losses stand at their rows: each is that of the row alone.
    @Test func rowsAreInOrder() throws {
        let scratch = try ReportTests.scratch()
        #expect(try XentRun.xent(SmallDump.eval + ["--per-row", "rows.npy"], in: scratch).ending == .exit(0))
        let losses = try Float64Array.values(of: scratch.bytes("rows.npy"))
        try #require(losses.count == 6)
        for row in 0..<6 {
            let logits = SmallDump.logits[3 * row..<3 * row + 3].map(Double.init)
            let expected = log(logits.reduce(0) { $0 + exp($1) }) - logits[Int(SmallDump.labels[row])]
            #expect(abs(losses[row] - expected) < 1e-13, "row \(row)")
        }
    }

    @Test func numpyReadsIt() throws {
        let scratch = try ReportTests.scratch()
        #expect(try XentRun.xent(SmallDump.eval + ["--per-row", "rows.npy"], in: scratch).ending == .exit(0))
        let inspection = try XentRun.xent(["inspect", "rows.npy", "--json", "-"], in: scratch).json().list()
        #expect(try inspection.map { try $0.text("element_type") } == ["f8"])
        #expect(try inspection.map { try $0.counts("shape") } == [[6]])
        // The header is NumPy's own, to the byte.
        #expect(try scratch.bytes("rows.npy").prefix(128) == NPYFixture.header("<f8", [6]))
    }

    /// A row that is left out has NaN in its place, so that the rows after it stay where they are.
    @Test func invalidRowIsNaN() throws {
        let scratch = try ReportTests.scratch()
        try scratch.write("y.npy", NPYFixture.labels([2, 0, 9, 1, 0, 2]))
        #expect(try XentRun.xent(SmallDump.eval + ["--on-invalid", "skip", "--per-row", "rows.npy"], in: scratch).ending == .exit(0))
        let losses = try Float64Array.values(of: scratch.bytes("rows.npy"))
        #expect(losses.map(\.isNaN) == [false, false, true, false, false, false])
    }

    /// So has a row that is ignored, in arrays and in text, in whatever dialect: a loss of 0 would be that of a perfect row. A row of weight 0
    /// has a loss, 0 as it is weighted.
    @Test(arguments: [["exact"], ["pytorch"], ["keras"], ["sklearn", "exact"], ["exact", "keras", "pytorch"]])
    func ignoredRowIsNaN(dialects: [String]) throws {
        let scratch = try Scratch()
        let rows: [(probabilities: [Double], label: Int64, weight: Double)] = [
            ([0.5, 0.25, 0.25], 0, 1), ([0.25, 0.5, 0.25], -7, 1), ([0.125, 0.75, 0.125], 1, 0), ([0.25, 0.25, 0.5], 8, 1),
            ([0.25, 0.25, 0.5], -7, 2), ([0.25, 0.25, 0.5], 2, 2),
        ]
        try scratch.write("p.npy", NPYFixture.doubles(rows.flatMap(\.probabilities), columns: 3))
        try scratch.write("y.npy", NPYFixture.wideLabels(rows.map(\.label)))
        try scratch.write("w.npy", NPYFixture.doubles(rows.map(\.weight)))
        let lines = rows.map { row in (row.probabilities.map { "\($0)" } + ["\(row.label)", "\(row.weight)"]).joined(separator: ",") + "\n" }
        try scratch.write("t.csv", "p_0,p_1,p_2,label,w\n" + lines.joined())
        try scratch.write(
            "t.jsonl",
            rows.map { "{\"probs\": \($0.probabilities), \"label\": \($0.label), \"w\": \($0.weight)}\n" }.joined())
        let options = TextDump.task + ["--ignore-index", "-7", "--on-invalid", "skip", "--per-row", "rows.npy"]
            + dialects.flatMap { ["--dialect", $0] }
        var bits: [[UInt64]] = []
        for input in [
            ["p.npy", "--labels", "y.npy", "--weights", "w.npy"], ["p.npy", "--labels", "y.npy", "--weights", "w.npy", "--kernel", "baseline"],
            ["t.csv", "--weight-column", "w"], ["t.jsonl", "--weight-column", "w"],
        ] {
            let report = try XentRun.xent(["eval"] + input + options + ["--json", "-"], in: scratch).json()
            #expect(try [report.count("rows", "scored"), report.count("rows", "ignored"), report.count("rows", "invalid")] == [3, 2, 1])
            let losses = try Float64Array.values(of: scratch.bytes("rows.npy"))
            #expect(losses.map(\.isNaN) == [false, true, false, true, true, false], "\(input)")
            #expect(losses[2] == 0)
            #expect(abs(losses[5] - 2 * log(2)) < 1e-6)
            bits.append(losses.map(\.bitPattern))
        }
        #expect(Set(bits).count == 1)
    }
}
