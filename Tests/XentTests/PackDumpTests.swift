import Foundation
import Testing

/// `xent pack` of text and archives: seekable arrays with the labels beside.
@Suite struct PackDumpTests {
    @Test func givesTheSameBits() throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 30_000, columnCount: 4, seed: 81)
        try scratch.write("t.csv", dump.table())
        try scratch.write("t.jsonl", dump.jsonLines())
        try TableTests.gzip("t.csv", in: scratch)
        try XentRun.tool(
            "python3",
            [
                "-c",
                """
                import zipfile
                with zipfile.ZipFile("t.npz", "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.write("p.npy", "probs.npy")
                    archive.write("y.npy", "labels.npy")
                """,
            ], in: scratch)
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-", "--partial", "a"] + TextDump.task, in: scratch)
            .json()
        for (name, columns) in [("t.csv", TextDump.columns), ("t.csv.gz", []), ("t.jsonl", []), ("t.npz", [])] {
            let run = try XentRun.xent(
                ["pack", name, "-o", "packed.npy.zst", "--labels-output", "labels.npy.zst", "--json", "-"] + columns, in: scratch)
            let report = try run.json()
            #expect(try report.counts("array", "shape") == [30_000, 4], "\(name)")
            #expect(try report.list("labels").map { try $0.counts("array", "shape") } == [[30_000]], "\(name)")
            // The very bytes that NumPy saves.
            #expect(
                try ZstdFixture.decompressed(scratch.bytes("packed.npy.zst")).suffix(8 * 120_000)
                    == scratch.bytes("p.npy").suffix(8 * 120_000))
            let packed = try XentRun.xent(
                ["eval", "packed.npy.zst", "--labels", "labels.npy.zst", "--json", "-", "--partial", "b"] + TextDump.task, in: scratch
            ).json()
            try TableTests.expectSame(packed, arrays, name)
            #expect(try scratch.bytes("a") == scratch.bytes("b"), "\(name)")
        }
    }

    @Test func refusals() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "label,p\n0,0.5\n1,oops\n")
        let run = try XentRun.xent(["pack", "t.csv", "-o", "p.npy.zst", "--labels-output", "y.npy.zst"], in: scratch)
        #expect(run.ending == .exit(65))
        #expect(run.stderr.contains("t.csv: line 3: column p"), "\(run.stderr)")
        #expect(scratch.names == ["t.csv"])
        let pipe = try XentRun.shell("cat t.csv | \"$XENT\" pack - -o p.npy.zst", in: scratch)
        #expect(pipe.ending == .exit(64))
        #expect(pipe.stderr.contains("write it to a file first"), "\(pipe.stderr)")
        #expect(scratch.names == ["t.csv"])
    }
}
