import Foundation
import Testing

/// `xent inspect` of text: columns with their first values, and how it is shared out.
@Suite struct InspectTextTests {
    @Test func columnsAndSharding() throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 3000, columnCount: 2, seed: 91)
        let table = Data(dump.table().utf8)
        try scratch.write("t.csv", table)
        try scratch.write("frames.zst", ZstdFixture(table, pieceByteCount: 50_000).plain)
        try TableTests.gzip("t.csv", in: scratch)
        try scratch.write("t.jsonl", dump.jsonLines())
        for (name, format, compression, isShardable) in [
            ("t.csv", "csv", "none", true), ("frames.zst", "csv", "zstd-frames", true), ("t.csv.gz", "csv", "gzip", false),
            ("t.jsonl", "jsonl", "none", true),
        ] {
            let report = try #require(try XentRun.xent(["inspect", name, "--json", "-"], in: scratch).json().list().first)
            #expect(try report.text("format") == format, "\(name)")
            #expect(try report.text("compression") == compression, "\(name)")
            #expect(try report.boolean("shardable") == isShardable, "\(name)")
            let columns = try report.list("columns")
            let names = try columns.map { try $0.text("name") }
            #expect(
                names == (format == "csv" ? ["id", "text", "label", "p_0", "p_1", "weight"] : ["id", "label", "output.probs", "weight"]))
            let contents = try columns.map { try $0.text("content") }
            #expect(
                contents
                    == (format == "csv"
                        ? ["text", "text", "number", "number", "number", "number"] : ["text", "number", "array", "number"]))
            let text = try XentRun.xent(["inspect", name], in: scratch).stdout
            #expect(text.contains("label") && text.contains("number"), "\(text)")
        }
    }

    /// Whole numbers are shown as they are, and others with six digits.
    @Test func wholeNumbers() throws {
        let scratch = try ReportTests.scratch()
        try scratch.write("wide.npy", NPYFixture.wideLabels([-7, 123_456_789]))
        let run = try XentRun.xent(["inspect", "y.npy", "wide.npy", "p.npy"], in: scratch)
        let values = run.stdout.split(separator: "\n").filter { $0.hasPrefix("  first rows ") }.map { $0.dropFirst(16) }
        #expect(values == ["2", "-7", "0.500000  -1.00000  2.00000"] && run.stdout.contains("  123456789\n"), "\(run.stdout)")
    }
}
