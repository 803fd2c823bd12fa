import Foundation
import Testing

/// A JSON array of records, as one file or inside an object: the same bits as JSON Lines, in bounded memory.
@Suite struct JSONArrayTests {
    @Test func givesTheBitsOfLines() throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 40_000, columnCount: 3, seed: 81)
        let arrays = try XentRun.xent(
            ["eval", "p.npy", "--labels", "y.npy", "--weights", "w.npy", "--json", "-", "--partial", "a", "--per-row", "a.npy"]
                + TextDump.task,
            in: scratch
        ).json()
        let records = dump.jsonLines().split(separator: "\n").map(String.init)
        try scratch.write("line.json", "[" + records.joined(separator: ",") + "]")
        try scratch.write("lines.json", "[\n  " + records.joined(separator: ",\n  ") + "\n]\n")
        let pretty = records.map { $0.replacingOccurrences(of: ", ", with: ",\n    ") }.joined(separator: "\n,")
        try scratch.write("pretty.json", "[\(pretty)]")
        let list = records.joined(separator: ",\n")
        try scratch.write("envelope.json", "{\"model\": {\"name\": \"m]\"}, \"results\": [\(list)], \"end\": [1, 2]}\n")
        try scratch.write("frames.zst", ZstdFixture(scratch.bytes("lines.json"), pieceByteCount: 100_003).plain)
        try TableTests.gzip("pretty.json", in: scratch)
        for name in ["line.json", "lines.json", "pretty.json", "envelope.json", "frames.zst", "pretty.json.gz"] {
            for threads in ["1", "3"] {
                var arguments = [
                    "eval", name, "--threads", threads, "--weight-column", "weight", "--json", "-", "--partial", "b", "--per-row", "b.npy",
                ]
                if name == "envelope.json" { arguments += ["--records", "results"] }
                let report = try XentRun.xent(arguments + TextDump.task + RecordLogTests.paths, in: scratch).json()
                try TableTests.expectSame(report, arrays, "\(name), \(threads) threads")
                #expect(try scratch.bytes("a") == scratch.bytes("b") && scratch.bytes("a.npy") == scratch.bytes("b.npy"), "\(name)")
            }
        }
        // From a pipe, too.
        let options = (TextDump.task + RecordLogTests.paths).joined(separator: " ")
        let piped = try XentRun.shell("cat lines.json | \"$XENT\" eval - --weight-column weight --json - \(options)", in: scratch)
        try TableTests.expectSame(piped.json(), arrays, "pipe")
        let inspected = try XentRun.xent(["inspect", "envelope.json", "--records", "results"], in: scratch)
        #expect(inspected.stdout.contains("format        json") && inspected.stdout.contains("output.probs"), "\(inspected.stdout)")
    }

    @Test func linesOfProblemsAndWhatIsCut() throws {
        let scratch = try Scratch()
        let task = ["--task", "binary", "--input", "probabilities"]
        try scratch.write("bad.json", "[\n{\"p\": 0.5, \"y\": 1},\n{\n\"p\": \"x\",\n\"y\": 1},\n{\"p\": 0.5, \"y\": 0}\n]\n")
        expectFailure(
            try XentRun.xent(["eval", "bad.json"] + task, in: scratch), status: 65, says: ["bad.json: line 3: column p: 'x' is no number"])
        let skipped = try XentRun.xent(["eval", "bad.json", "--on-invalid", "skip", "--json", "-"] + task, in: scratch).json()
        #expect(try skipped.count("rows", "scored") == 2 && skipped.count("rows", "invalid") == 1)
        for (text, words) in [
            ("[\n{\"p\": 0.5, \"y\": 1},\n{\"p\": 0.5, \"y\": 0}", "ends inside its array"),
            ("[{\"p\": 0.5, \"y\": 1},\n{\"p\": 0.5,", "ends inside its array"),
            ("[{\"p\": 0.5, \"y\": 1},\n", "ends inside its array"),
            ("[{\"p\": 0.5, \"y\": 1},\n{\"p\": 0.5, \"y\": 1}]\n[{\"p\": 0.5, \"y\": 1}]\n", "more follows"),
        ] {
            try scratch.write("cut.json", text)
            expectFailure(
                try XentRun.xent(["eval", "cut.json", "--on-invalid", "skip"] + task, in: scratch), status: 65,
                says: ["cut.json: line ", words])
        }
        try scratch.write("object.json", "{\n  \"results\": [{\"p\": 0.5, \"y\": 1}]\n}\n")
        let asked = try XentRun.xent(["eval", "object.json"] + task, in: scratch)
        expectFailure(asked, status: 65, says: ["--records names the array of records: 'results'"])
        let wrong = try XentRun.xent(["eval", "object.json", "--records", "result"] + task, in: scratch)
        expectFailure(wrong, status: 65, says: ["no 'result' in the object", "'results'"])
        try scratch.write("frame.json", "{\"p\":{\"0\":0.5,\"1\":0.25},\"y\":{\"0\":1,\"1\":0}}")
        expectFailure(
            try XentRun.xent(["eval", "frame.json"] + task, in: scratch), status: 65,
            says: ["DataFrame.to_json()", "orient=\"records\", lines=True"])
    }

    /// The path to the records is for JSON documents alone: labels beside them may be a table.
    @Test func labelsOfATableBesideAnEnvelope() throws {
        let scratch = try Scratch()
        try scratch.write("split.json", "{\"columns\": [\"a\", \"b\"], \"index\": [0, 1], \"data\": [[0.2, 0.8], [0.6, 0.4]]}")
        try scratch.write("y.txt", "1\n0\n")
        let arguments = ["eval", "split.json", "--labels", "y.txt", "--prediction-columns", "*", "--records", "data", "--json", "-"]
        let report = try XentRun.xent(arguments + PlainTextTests.task, in: scratch).json()
        #expect(try report.number("loss", "mean") == PlainTextTests.mean)
        try scratch.write("p.csv", "p_0,p_1\n.2,.8\n.6,.4\n")
        let unused = try XentRun.xent(
            ["eval", "p.csv", "--labels", "y.txt", "--records", "data", "--ragged", "--json", "-"] + PlainTextTests.task, in: scratch)
        expectFailure(unused, status: 64, says: ["--records has no meaning here"])
    }
}
