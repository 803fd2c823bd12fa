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
}
