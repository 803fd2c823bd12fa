import Foundation
import Testing

/// Text in a zip archive, as pandas and Kaggle have it, and archives and files of formats that are not read.
@Suite struct ZippedTextTests {
    private static func zip(_ members: [(name: String, path: String)], as name: String, stored: Bool = false, in scratch: Scratch) throws {
        let list = members.map { "(\"\($0.name)\", \"\($0.path)\")" }.joined(separator: ", ")
        let script = """
            import zipfile
            with zipfile.ZipFile("\(name)", "w", zipfile.\(stored ? "ZIP_STORED" : "ZIP_DEFLATED")) as archive:
                for member, path in [\(list)]:
                    archive.write(path, member)
            """
        try XentRun.tool("python3", ["-c", script], in: scratch)
    }

    @Test func givesTheBitsOfTheText() throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 40_000, columnCount: 3, seed: 71)
        let arrays = try XentRun.xent(
            ["eval", "p.npy", "--labels", "y.npy", "--json", "-", "--partial", "a"] + TextDump.task, in: scratch
        ).json()
        try scratch.write("t.csv", dump.table())
        try scratch.write("t.tsv", dump.table(delimiter: "\t"))
        try scratch.write("t.jsonl", dump.jsonLines())
        try scratch.write("junk", "not a table")
        for (name, columns) in [("t.csv", TextDump.columns), ("t.tsv", TextDump.columns), ("t.jsonl", RecordLogTests.paths)] {
            for isStored in [false, true] {
                try Self.zip([(name, name), ("__MACOSX/._t", "junk")], as: "t.zip", stored: isStored, in: scratch)
                for threads in ["1", "3"] {
                    let report = try XentRun.xent(
                        ["eval", "t.zip", "--threads", threads, "--json", "-", "--partial", "b"] + TextDump.task + columns, in: scratch
                    ).json()
                    try TableTests.expectSame(report, arrays, "\(name), stored \(isStored), \(threads) threads")
                    #expect(try scratch.bytes("a") == scratch.bytes("b"))
                }
            }
        }
        // The checksum of a stored member holds, though workers read it in parts.
        try Self.zip([("t.csv", "t.csv")], as: "t.zip", stored: true, in: scratch)
        var bytes = try scratch.bytes("t.zip")
        let place = try #require(bytes.lastRange(of: Data("words".utf8))).lowerBound
        bytes[place] ^= 1
        try scratch.write("damaged.zip", bytes)
        for threads in ["1", "3"] {
            let run = try XentRun.xent(["eval", "damaged.zip", "--threads", threads] + TextDump.task + TextDump.columns, in: scratch)
            #expect(run.ending == .exit(65) && run.stderr.contains("checksum"), "\(run.stderr)")
        }
        let inspected = try XentRun.xent(["inspect", "t.zip"], in: scratch)
        #expect(inspected.stdout.contains("format        csv") && inspected.stdout.contains("p_0"), "\(inspected.stdout)")
    }

    @Test func severalFilesAreListed() throws {
        let scratch = try Scratch()
        try scratch.write("a.csv", "p_0,p_1,label\n.2,.8,1\n")
        try Self.zip([("a.csv", "a.csv"), ("b/c\u{1B}.csv", "a.csv")], as: "two.zip", in: scratch)
        let run = try XentRun.xent(["eval", "two.zip", "--task", "multiclass", "--input", "probabilities"], in: scratch)
        expectFailure(run, status: 65, says: ["two.zip: it is a zip archive of 2 files", "a.csv", "b/c", "unzip it"])
        #expect(!run.stderr.contains("\u{1B}"))
    }

    @Test func otherFormatsAreToldByName() throws {
        let scratch = try Scratch()
        try scratch.write("y.npy", NPYFixture.labels([0, 1]))
        try scratch.write("data", "x")
        try Self.zip([("m/data.pkl", "data"), ("m/constants.pkl", "data"), ("m/code/m.py", "data")], as: "model.pt", in: scratch)
        try Self.zip([("[Content_Types].xml", "data"), ("xl/workbook.xml", "data")], as: "p.xlsx", in: scratch)
        try scratch.write("p.feather", Data("FEA1".utf8) + Data([0, 0, 0, 0, 0, 0]))
        try scratch.write("p.pkl", "(lp0\nF0.25\na.")
        try scratch.write("lfs.npy", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n")
        for (name, words) in [
            ("model.pt", "TorchScript"), ("p.xlsx", "Excel"), ("p.feather", "Feather"), ("p.pkl", "pickle"),
            ("lfs.npy", "git lfs pull"),
        ] {
            let run = try XentRun.xent(["eval", name, "--labels", "y.npy", "--task", "multiclass", "--input", "logits"], in: scratch)
            expectFailure(run, status: 65, says: ["\(name): this is ", words, "; "])
            let inspected = try XentRun.xent(["inspect", name], in: scratch)
            #expect(inspected.ending == .exit(65) && inspected.stderr.contains(words))
        }
    }
}
