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

    /// An array beside which nothing lies has no labels, and no array or column is both.
    @Test func labelsThatAreNoLabels() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.floats([1, 2, 3, 4], columns: 2))
        try scratch.write("p.npy.zst", ZstdFixture.singleFrame(scratch.bytes("p.npy")))
        try scratch.write("t.csv", "p_0,p_1,label\n0.25,0.75,1\n0.5,0.5,0\n")
        try scratch.write("t.jsonl", #"{"probs": [0.25, 0.75], "label": 1}"# + "\n")
        try XentRun.tool(
            "python3",
            [
                "-c",
                """
                import json, struct, zipfile
                with zipfile.ZipFile("one.npz", "w") as archive:
                    archive.write("p.npy", "labels.npy")
                with zipfile.ZipFile("two.npz", "w") as archive:
                    archive.write("p.npy", "probs.npy")
                    archive.write("p.npy", "labels.npy")
                with open("one.safetensors", "wb") as file:
                    header = json.dumps({"labels": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
                    file.write(struct.pack("<Q", len(header)) + header + struct.pack("<4f", 1, 2, 3, 4))
                """,
            ], in: scratch)
        let names = scratch.names
        func refuse(_ input: [String], says: [String]) throws {
            expectFailure(
                try XentRun.xent(["pack"] + input + ["-o", "o.zst", "--labels-output", "l.zst", "--json", "report.json"], in: scratch), status: 64,
                says: says)
            #expect(scratch.names == names, "\(input)")
        }
        for name in ["p.npy", "p.npy.zst"] {
            try refuse([name], says: ["xent: \(name): it is one array, and no labels lie beside it", "by itself"])
            try refuse([name, "--label-column", "label"], says: ["xent: \(name): --label-column has no meaning for it"])
        }
        for name in ["one.npz", "one.safetensors"] { try refuse([name], says: ["xent: \(name): one array is meant as predictions and as labels"]) }
        try refuse(["two.npz", "--prediction-columns", "labels"], says: ["one array is meant as predictions and as labels", "--prediction-columns"])
        try refuse(["two.npz", "--label-column", "probs"], says: ["one array is meant as predictions and as labels", "--label-column"])
        try refuse(["t.csv", "--prediction-columns", "*"], says: ["column label is meant twice, as a label and a prediction"])
        try refuse(["t.csv", "--label-column", "p_1"], says: ["column p_1 is meant twice, as a label and a prediction"])
        try refuse(["t.csv", "--label-columns", "label,label"], says: ["column label is meant twice, as a label and another label"])
        try refuse(["t.jsonl", "--label-columns", "probs"], says: ["column probs is meant twice, as a label and a prediction"])
        let pipe = try XentRun.shell("\"$XENT\" pack - -o o.zst --labels-output l.zst < p.npy", in: scratch)
        expectFailure(pipe, status: 64, says: ["no labels lie beside it"])
        try XentRun.xent(["pack", "two.npz", "-o", "o.zst", "--labels-output", "l.zst"], in: scratch).expectSuccess()
        try XentRun.xent(["pack", "one.npz", "-o", "o.zst"], in: scratch).expectSuccess()
    }
}
