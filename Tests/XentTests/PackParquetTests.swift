import Foundation
import Testing

/// `xent pack` to Parquet.
@Suite struct PackParquetTests {
    private static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        return scratch
    }

    /// The packed file has labels in it, and the bits of the arrays; its bytes do not depend on the threads.
    @Test func evalReadsIt() throws {
        let scratch = try PackTests.scratch()
        let names = scratch.names
        var first: Data?
        for threads in ["1", "2", "7"] {
            try XentRun.xent(["pack", "p.npy", "--labels", "y.npy", "-o", "o.PARQUET", "-j", threads], in: scratch).expectSuccess()
            let bytes = try scratch.bytes("o.PARQUET")
            if let first { #expect(bytes == first ? true : false, "\(threads) threads") } else { first = bytes }
        }
        #expect(scratch.names == (names + ["o.PARQUET"]).sorted())
        let expected = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-"] + SmallDump.task, in: scratch).json()
        for input in ["single.npy.zst", "stream.npy.zst", "seekable.npy.zst"] {
            try XentRun.xent(["pack", input, "--labels", "y.npy", "-o", "o.parquet"], in: scratch).expectSuccess()
            #expect(try scratch.bytes("o.parquet") == first ? true : false, "\(input)")
        }
        let found = try XentRun.xent(["eval", "o.parquet", "--json", "-"] + SmallDump.task, in: scratch).json()
        for key in ["mean_hex", "sum_hex"] { #expect(try found.text("loss", key) == expected.text("loss", key)) }
    }

    @Test func report() throws {
        let scratch = try PackTests.scratch()
        let run = try XentRun.xent(["pack", "p.npy", "--labels", "y.npy", "-o", "o.parquet", "--json", "r.json"], in: scratch)
        run.expectSuccess()
        for text in [
            "packed 3,000 × 50, f4\n", "Parquet, ", "1 row group", "up to 2,621 rows a page", "label: u1, labels, 6 bits a value",
            "scores: f4, list of 50, predictions, planes, literals alone (first page ", "layouts", "frames ", "/s a thread",
        ] {
            #expect(run.stdout.contains(text), "\(text) in \(run.stdout)")
        }
        let report = try JSONDocument(path: scratch.place("r.json"))
        #expect(try report.text("array", "format") == "parquet" && report.counts("array", "shape") == [3000, 50])
        #expect(try report.count("pages", "rows_per_page") == 2621 && report.count("pages", "row_groups") == 1)
        #expect(try report.count("output", "bytes") == scratch.bytes("o.parquet").count)
        // Frames say both layouts' figures as well.
        let frames = try XentRun.xent(["pack", "p.npy", "-o", "o.npy.zst"], in: scratch)
        #expect(frames.stdout.contains("layouts"), "\(frames.stdout)")
    }

    static let mistakes: [(arguments: [String], status: Int32, says: [String])] = [
        (["p.npy", "-o", "o.npy.zst", "--labels", "y.npy"], 64, ["--labels goes beside the predictions of a Parquet file"]),
        (["p.npy", "-o", "o.npy.zst", "--weights", "y.npy"], 64, ["--weights goes beside the predictions of a Parquet file"]),
        (["p.npy", "-o", "o.parquet", "--labels-output", "l"], 64, ["--labels-output is for a .npy"]),
        (["p.npy", "-o", "o.parquet", "--labels", "gone.npy"], 66, ["xent: gone.npy: no such file"]),
        (["p.npy", "-o", "o.parquet", "--labels", "few.npy"], 65, ["few.npy: 1 label for", "give the labels of the same rows"]),
        (["p.npy", "-o", "o.parquet", "--weights", "few.npy"], 65, ["few.npy: 1 weight for", "give the weights of the same rows"]),
        (["p.npy", "-o", "y.npy", "--json", "y.npy"], 64, ["--json y.npy is also"]),
    ]

    @Test(arguments: 0..<mistakes.count) func isRefusedAndLeavesNothing(index: Int) throws {
        let scratch = try Self.scratch()
        try scratch.write("few.npy", NPYFixture.labels([1]))
        let names = scratch.names
        let mistake = Self.mistakes[index]
        expectFailure(try XentRun.xent(["pack"] + mistake.arguments, in: scratch), status: mistake.status, says: mistake.says)
        #expect(scratch.names == names)
    }

    /// The labels' file is an input, which no output replaces.
    @Test func outputIsNoInput() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(["pack", "p.npy", "--labels", "y.npy", "-o", "a.parquet"], in: scratch).expectSuccess()
        let before = try scratch.bytes("a.parquet")
        expectFailure(
            try XentRun.xent(["pack", "p.npy", "--labels", "a.parquet", "-o", "a.parquet"], in: scratch), status: 64,
            says: ["--output a.parquet is also the input a.parquet"])
        #expect(try scratch.bytes("a.parquet") == before)
    }

    /// Neither a limit nor a full disk leaves a part of a file.
    @Test func noRoom() throws {
        let scratch = try PackTests.scratch()
        let names = scratch.names
        let limited = try XentRun.shell(
            "( (ulimit -f 100; exec \"$XENT\" pack p.npy --labels y.npy -o o.parquet --quiet 2>&3) 3>&1; echo status $? ) | cat >&2",
            in: scratch)
        #expect(limited.stderr.contains("xent: o.parquet: ") && limited.stderr.contains("File too large"), "\(limited.stderr)")
        #expect(limited.stderr.hasSuffix("status 74\n") && scratch.names == names)
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        try FileManager.default.createSymbolicLink(atPath: scratch.place("full.parquet"), withDestinationPath: "/dev/full")
        expectFailure(
            try XentRun.xent(["pack", "p.npy", "-o", "full.parquet", "--quiet"], in: scratch), status: 74, says: ["full.parquet: "])
    }

    /// A pipe gets the same bytes as a file.
    @Test func pipeAsOutput() throws {
        let scratch = try PackTests.scratch()
        try XentRun.xent(["pack", "p.npy", "-o", "o.parquet", "--quiet"], in: scratch).expectSuccess()
        let run = try XentRun.shell(
            "mkfifo pipe.parquet; cat < pipe.parquet > got & \"$XENT\" pack p.npy -o pipe.parquet --quiet; status=$?; wait; exit $status",
            in: scratch)
        run.expectSuccess()
        #expect(try scratch.bytes("got") == scratch.bytes("o.parquet") ? true : false)
    }

    /// Predictions of text, labels that are names, and weights of text come along.
    @Test func text() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "id,p_cat,p_dog,y,w\n1,0.25,0.75,dog,2\n2,0.5,0.5,cat,1\n3,0.125,0.875,cat,0.5\n")
        let columns = ["--prediction-columns", "p_cat,p_dog", "--label-column", "y", "--weight-column", "w"]
        let task = ["--task", "multiclass", "--input", "probabilities", "--json", "-"]
        try XentRun.xent(["pack", "t.csv", "-o", "o.parquet", "--classes", "cat,dog"] + columns, in: scratch).expectSuccess()
        let expected = try XentRun.xent(["eval", "t.csv", "--classes", "cat,dog"] + columns + task, in: scratch).json()
        let found = try XentRun.xent(
            ["eval", "o.parquet", "--label-column", "y", "--weight-column", "w"] + task, in: scratch).json()
        #expect(try found.text("loss", "sum_hex") == expected.text("loss", "sum_hex"))
    }
}
