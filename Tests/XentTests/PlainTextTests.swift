import Foundation
import Testing

/// Text as `numpy.savetxt` and the like write it: blanks between the numbers, no line of names, or one behind `#`.
@Suite struct PlainTextTests {
    static let task = ["--task", "multiclass", "--input", "probabilities"]
    /// −(ln 0.8 + ln 0.6) / 2.
    static let mean = 0.3669845875401002

    private func mean(_ arguments: [String], in scratch: Scratch, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let report = try XentRun.xent(["eval"] + arguments + Self.task + ["--json", "-"], in: scratch).json()
        #expect(try report.number("loss", "mean") == Self.mean, "\(arguments)", sourceLocation: sourceLocation)
        #expect(try report.count("rows", "scored") == 2, "\(arguments)", sourceLocation: sourceLocation)
    }

    @Test func savetxtByDefault() throws {
        let scratch = try Scratch()
        try scratch.write(
            "p.txt",
            "2.000000000000000111e-01 8.000000000000000444e-01\n5.999999999999999778e-01 4.000000000000000222e-01\n")
        try scratch.write("y.txt", "1.000000000000000000e+00\n0.000000000000000000e+00\n")
        try mean(["p.txt", "--labels", "y.txt"], in: scratch)
        try scratch.write("named.txt", "# p_0 p_1\n" + scratch.text("p.txt"))
        try mean(["named.txt", "--labels", "y.txt"], in: scratch)
        try scratch.write("aligned.txt", "   p_0   p_1   y\n   0.2   0.8   1\n   0.6   0.4   0\n")
        try mean(["aligned.txt"], in: scratch)
        try TableTests.gzip("aligned.txt", in: scratch)
        try mean(["aligned.txt.gz"], in: scratch)
        let inspected = try XentRun.xent(["inspect", "aligned.txt"], in: scratch)
        #expect(inspected.stdout.contains("format        txt"), "\(inspected.stdout)")
    }

    /// The same bits as of arrays, for text that is cut into units.
    @Test func givesTheBitsOfArrays() throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 60_000, columnCount: 3, seed: 44)
        let arrays = try XentRun.xent(
            ["eval", "p.npy", "--labels", "y.npy", "--json", "-", "--partial", "a"] + TextDump.task, in: scratch
        ).json()
        var text = ""
        for row in 0..<dump.rowCount {
            // A first line with tabs would have tabs between its fields.
            let blanks = row % 5 == 1 ? "  \t" : " "
            text += (row % 3 == 0 ? " " : "") + dump.row(row).map { "\($0)" }.joined(separator: blanks) + "\n"
        }
        try scratch.write("t.txt", text)
        #expect(text.utf8.count > 3 << 20)
        for threads in ["1", "3"] {
            let report = try XentRun.xent(
                ["eval", "t.txt", "--labels", "y.npy", "--threads", threads, "--json", "-", "--partial", "b"] + TextDump.task, in: scratch
            ).json()
            try TableTests.expectSame(report, arrays, threads)
            #expect(try scratch.bytes("a") == scratch.bytes("b"))
        }
    }

    @Test func namesInOneFileAndNoneInTheOther() throws {
        let scratch = try Scratch()
        try scratch.write("p.csv", "p_0,p_1\n.2,.8\n.6,.4\n")
        try scratch.write("bare.csv", ".2,.8\n.6,.4\n")
        try scratch.write("y.txt", "1\n0\n")
        try scratch.write("named.txt", "y\n1\n0\n")
        try scratch.write("w.txt", "1\n1\n")
        try mean(["p.csv", "--labels", "y.txt"], in: scratch)
        try mean(["p.csv", "--labels", "y.txt", "--weights", "w.txt"], in: scratch)
        try mean(["p.csv", "--labels", "y.txt", "--no-header", "labels"], in: scratch)
        try mean(["bare.csv", "--labels", "y.txt", "--no-header"], in: scratch)
        try mean(["bare.csv", "--labels", "named.txt", "--no-header", "predictions"], in: scratch)
        try mean(["bare.csv", "--labels", "named.txt", "--no-header=predictions,weights", "--weights", "w.txt"], in: scratch)
        try mean(["--no-header", "bare.csv", "--labels", "y.txt"], in: scratch)
        // The labels' names are a label.
        let run = try XentRun.xent(["eval", "bare.csv", "--labels", "named.txt", "--no-header"] + Self.task, in: scratch)
        expectFailure(run, status: 65, says: ["named.txt", "'y' is no class index"])
        // Two numbers may be the names of columns.
        try scratch.write("pair.csv", "1,0\n0,1\n")
        let asked = try XentRun.xent(
            ["eval", "p.csv", "--labels", "pair.csv", "--task", "soft", "--input", "probabilities"], in: scratch)
        expectFailure(asked, status: 65, says: ["pair.csv", "first line of numbers alone, '1,0'", "--no-header labels"])
    }

    /// A class's name that is a label again further on is no column's name.
    @Test func labelsThatAreNamesWithoutALineOfNames() throws {
        let scratch = try Scratch()
        try scratch.write("p.csv", "p_0,p_1\n.2,.8\n.6,.4\n.5,.5\n")
        try scratch.write("y.txt", "dog\ncat\ndog\n")
        let report = try XentRun.xent(
            ["eval", "p.csv", "--labels", "y.txt", "--classes", "cat,dog", "--json", "-"] + Self.task, in: scratch
        ).json()
        #expect(try report.count("rows", "scored") == 3)
    }
}
