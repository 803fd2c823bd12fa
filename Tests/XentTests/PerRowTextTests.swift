import Foundation
import GoldenCases
import Testing

/// `--per-row` as CSV, and endings that are none.
@Suite struct PerRowTextTests {
    @Test(arguments: ["l.csv", "L.CSV", "l.csv.zst"])
    func linesAreTheLosses(name: String) throws {
        let scratch = try Scratch()
        try PerRowTests.write(to: scratch)
        var labels = RandomDump.labels(rows: 3000, classes: 7, seed: 12)
        labels[5] = 9
        try scratch.write("y.npy", NPYFixture.labels(labels))
        let eval = ["eval", "p.npy.zst", "--labels", "y.npy", "--on-invalid", "skip", "--threads", "3", "--quiet"] + SmallDump.task
        for options in [["--per-row", name], ["--per-row", "l.npy"]] { try XentRun.xent(eval + options, in: scratch).expectSuccess() }
        let bytes = try scratch.bytes(name)
        let text = String(decoding: name.hasSuffix(".zst") ? try ZstdFixture.decompressed(bytes) : bytes, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "row,loss" && lines.last == "" && lines.count == 3002)
        let losses = try Float64Array.values(of: scratch.bytes("l.npy"))
        for (row, line) in lines.dropFirst().dropLast().enumerated() {
            let cells = line.split(separator: ",")
            try #require(cells.count == 2 && cells[0] == "\(row)")
            let loss = try #require(Double(cells[1]))
            #expect(loss.bitPattern == losses[row].bitPattern || (loss.isNaN && losses[row].isNaN && row == 5), "\(line)")
        }
        #expect(lines[6] == "5,nan")
    }

    /// A shard's rows have their numbers in the whole dump.
    @Test func shardsCountOn() throws {
        let scratch = try ReportTests.scratch()
        try XentRun.xent(SmallDump.eval + ["--per-row", "whole.csv"], in: scratch).expectSuccess()
        try XentRun.xent(SmallDump.eval + ["--per-row", "half.csv", "--shard", "1/2"], in: scratch).expectSuccess()
        let whole = try scratch.text("whole.csv").split(separator: "\n")
        #expect(try scratch.text("half.csv").split(separator: "\n").dropFirst() == whole.suffix(3))
        try XentRun.xent(SmallDump.eval + ["--per-row", "later.csv", "--first-row", "100"], in: scratch).expectSuccess()
        #expect(try scratch.text("later.csv").hasPrefix("row,loss\n100,"))
    }

    @Test(arguments: ["l.txt", "l", "l.parquet", "l.zst", "l.csv.gz", "csv"])
    func unknownEnding(name: String) throws {
        let scratch = try ReportTests.scratch()
        let names = scratch.names
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--per-row", name], in: scratch), status: 64,
            says: ["\(name): the ending", "--per-row takes a name that ends in .npy, .npy.zst, .csv or .csv.zst"])
        #expect(scratch.names == names)
    }
}
