import Foundation
import Testing

/// CSV and TSV: the same bits as arrays of the same numbers, however they are stored and cut.
@Suite struct TableTests {
    static func scratch(rowCount: Int = 3000, columnCount: Int = 4, seed: UInt64 = 41) throws -> (Scratch, TextDump) {
        let scratch = try Scratch()
        let dump = TextDump(rowCount: rowCount, columnCount: columnCount, seed: seed)
        try dump.writeArrays(to: scratch)
        return (scratch, dump)
    }

    static func gzip(_ name: String, in scratch: Scratch) throws { try XentRun.tool("gzip", ["-k", name], in: scratch) }

    /// Everything but the names of files and the time.
    static func expectSame(_ text: JSONDocument, _ arrays: JSONDocument, _ what: String) throws {
        for key in ["mean_hex", "sum_hex"] { #expect(try text.text("loss", key) == arrays.text("loss", key), "\(what)") }
        for key in ["min", "max", "standard_error"] { #expect(try text.number("loss", key) == arrays.number("loss", key), "\(what)") }
        for key in ["read", "scored", "ignored", "invalid"] { #expect(try text.count("rows", key) == arrays.count("rows", key), "\(what)") }
        #expect(try text.number("accuracy") == arrays.number("accuracy"), "\(what)")
    }

    @Test func givesTheBitsOfArrays() throws {
        let (scratch, dump) = try Self.scratch()
        let outputs = ["--json", "-", "--per-row", "rows.npy", "--partial", "partial"]
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy"] + TextDump.task + outputs, in: scratch).json()
        let rows = try scratch.bytes("rows.npy")
        let partial = try scratch.bytes("partial")

        let table = Data(dump.table().utf8)
        try scratch.write("t.csv", table)
        try scratch.write("t.tsv", dump.table(delimiter: "\t", newline: "\r\n"))
        try scratch.write("semicolons.csv", dump.table(delimiter: ";"))
        try scratch.write("single.zst", ZstdFixture.singleFrame(table))
        try scratch.write("stream.zst", ZstdFixture.stream(table))
        try scratch.write(
            "tiny-frames.zst",
            ZstdFixture(table.prefix(4000), pieceByteCount: 37).plain + ZstdFixture(table.dropFirst(4000), pieceByteCount: 70_001).plain)
        try scratch.write("seekable.zst", ZstdFixture(table, pieceByteCount: 10_000).seekable)
        try Self.gzip("t.csv", in: scratch)
        for name in ["t.csv", "t.tsv", "semicolons.csv", "single.zst", "stream.zst", "tiny-frames.zst", "seekable.zst", "t.csv.gz"] {
            for threads in ["1", "2", "5"] {
                let report = try XentRun.xent(
                    ["eval", name, "--threads", threads] + TextDump.task + TextDump.columns + outputs, in: scratch
                ).json()
                try Self.expectSame(report, arrays, "\(name), \(threads) threads")
                #expect(try scratch.bytes("rows.npy") == rows, "\(name), \(threads) threads")
                #expect(try scratch.bytes("partial") == partial, "\(name), \(threads) threads")
            }
        }
    }

    /// More text than a unit holds, so that lines are cut between workers.
    @Test(arguments: ["raw", "frames"]) func linesStraddleUnits(_ how: String) throws {
        let (scratch, dump) = try Self.scratch(rowCount: 60_000, columnCount: 3, seed: 42)
        let arrays = try XentRun.xent(
            ["eval", "p.npy", "--labels", "y.npy", "--weights", "w.npy", "--json", "-", "--partial", "a"] + TextDump.task, in: scratch
        ).json()
        let table = Data(dump.table().utf8)
        #expect(table.count > 4 << 20)
        try scratch.write("t", how == "raw" ? table : try ZstdFixture(table, pieceByteCount: 300_007).plain)
        let run = try XentRun.xent(
            ["eval", "t", "--weight-column", "weight", "--threads", "3", "--json", "-", "--partial", "b", "--verbose"] + TextDump.task
                + TextDump.columns, in: scratch)
        try Self.expectSame(run.json(), arrays, how)
        #expect(try scratch.bytes("a") == scratch.bytes("b"))
        #expect(run.stderr.contains("units of text, decompressed, parsed and scored by all"), "\(run.stderr)")
    }

    /// A line feed inside quotes where the text is cut: it is read again in order.
    @Test func lineFeedsInQuotes() throws {
        let (scratch, dump) = try Self.scratch(rowCount: 45_000, columnCount: 3, seed: 43)
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-", "--partial", "a"] + TextDump.task, in: scratch)
            .json()
        var text = "text,label,p_0,p_1,p_2\n"
        for row in 0..<dump.rowCount {
            text += row % 5 == 0 ? "\"a\n\nb,0,1\n\"\"c\"\"\"" : "word"
            text += ",\(dump.labels[row])," + dump.row(row).map { "\($0)" }.joined(separator: ",") + "\n"
        }
        try scratch.write("t.csv", text)
        #expect(text.utf8.count > 2 << 20)
        let report = try XentRun.xent(
            ["eval", "t.csv", "--threads", "2", "--json", "-", "--partial", "b"] + TextDump.task + TextDump.columns, in: scratch
        ).json()
        try Self.expectSame(report, arrays, "quotes")
        #expect(try scratch.bytes("a") == scratch.bytes("b"))
    }

    @Test func columnsAreKnownByName() throws {
        let (scratch, dump) = try Self.scratch(rowCount: 50)
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-"] + TextDump.task, in: scratch).json()
        try scratch.write("t.csv", dump.table())
        // Nothing named: `label` is known, `p_0`… are the one run of numbered names.
        let run = try XentRun.xent(["eval", "t.csv", "--json", "-"] + TextDump.task, in: scratch)
        try Self.expectSame(run.json(), arrays, "by default")
        #expect(run.stderr.contains("the column weight is not used"))
        // In another order than they stand in.
        let report = try XentRun.xent(
            ["eval", "t.csv", "--json", "-", "--prediction-columns", "p_0, p_1,p_2,p_3", "--label-column", "label"] + TextDump.task,
            in: scratch
        ).json()
        try Self.expectSame(report, arrays, "by name")
        // One that is not there, and several that could be meant.
        let unknown = try XentRun.xent(["eval", "t.csv", "--label-column", "gold"] + TextDump.task, in: scratch)
        #expect(unknown.ending == .exit(65) || unknown.ending == .exit(64))
        #expect(unknown.stderr.contains("gold") && unknown.stderr.contains("p_0") && unknown.stderr.contains("label"), "\(unknown.stderr)")
        // The input that was asked for decides between columns that say which one they are.
        try scratch.write("two.csv", "label,prob,score\n0,0.5,0.25\n")
        let binary = ["--task", "binary", "--input", "probabilities"]
        let first = try XentRun.xent(["eval", "two.csv", "--quiet"] + binary, in: scratch)
        #expect(first.stdout == "0.6931471805599453\n", "\(first.stderr)")
        try scratch.write("doubt.csv", "y_true,prob,probability\n0,0.5,0.25\n")
        let doubt = try XentRun.xent(["eval", "doubt.csv"] + binary, in: scratch)
        #expect(doubt.ending == .exit(64))
        #expect(doubt.stderr.contains("several columns could be the predictions: prob, probability"), "\(doubt.stderr)")
        try scratch.write("none.csv", "a,b,c\n0,0.5,0.25\n")
        let none = try XentRun.xent(["eval", "none.csv"] + binary, in: scratch)
        #expect(none.ending == .exit(64))
        #expect(none.stderr.contains("a, b, c") && none.stderr.contains("--prediction-columns"), "\(none.stderr)")
    }

    @Test("A column is meant once: PREFIX* takes no column twice, and neither the labels nor the weights along")
    func roles() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "p_a,p_b,p_label,p_weight\n1,2,0,1\n2,1,1,1\n")
        try scratch.write(
            "t.jsonl",
            "{\"p_a\": 1, \"p_b\": 2, \"p_label\": 0, \"p_weight\": 1}\n{\"p_a\": 2, \"p_b\": 1, \"p_label\": 1, \"p_weight\": 1}\n")
        let classes = ["--task", "multiclass", "--input", "logits"], binary = ["--task", "binary", "--input", "logits"]
        for file in ["t.csv", "t.jsonl"] {
            let (twice, both) = ("named twice among the predictions", "both among the predictions and the")
            for (options, column, text) in [
                (["--prediction-columns", "p_a,p_*", "--label-column", "p_label"] + classes, "p_a", twice),
                (["--prediction-columns", "p_a,p_a", "--label-column", "p_label"] + classes, "p_a", twice),
                (["--prediction-columns", "p_*", "--label-column", "p_label"] + classes, "p_label", "\(both) labels"),
                (["--prediction-columns", "p_label", "--label-column", "p_label"] + binary, "p_label", "\(both) labels"),
                (
                    ["--prediction-columns", "p_a,p_b,p_weight", "--label-column", "p_label", "--weight-column", "p_weight"] + classes,
                    "p_weight", "\(both) weights"
                ),
            ] {
                let run = try XentRun.xent(["eval", file] + options, in: scratch)
                #expect(run.ending == .exit(64), "\(file) \(options)")
                #expect(run.stderr.contains("\(file): column \(column) is \(text)"), "\(run.stderr)")
                #expect(run.stderr.contains("--prediction-columns"), "\(run.stderr)")
            }
            let pack = try XentRun.xent(["pack", file, "-o", "p.npy.zst", "--prediction-columns", "p_a,p_*"], in: scratch)
            #expect(pack.ending == .exit(64) && pack.stderr.contains("column p_a is named twice"), "\(pack.stderr)")
        }
        // The entropy of the predictions is a cross-entropy like any: −¼ log ¼ − ¾ log ¾ = 0.56233514461880835029, between two numbers.
        try scratch.write("q.csv", "p_a,p_b\n0.25,0.75\n")
        let entropy = try XentRun.xent(
            [
                "eval", "q.csv", "--quiet", "--task", "soft", "--input", "probabilities", "--prediction-columns", "p_*", "--label-columns",
                "p_*",
            ], in: scratch)
        #expect(entropy.stdout == "0.5623351446188084\n", "\(entropy.stderr)")
    }

    @Test func labelsMayBeNames() throws {
        let (scratch, dump) = try Self.scratch(rowCount: 200, columnCount: 3)
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-"] + TextDump.task, in: scratch).json()
        let names = ["cat", "dog", "snow leopard"]
        try scratch.write("named.csv", dump.table { names[$0] })
        let given = try XentRun.xent(
            ["eval", "named.csv", "--json", "-", "--classes", "cat,dog,snow leopard"] + TextDump.task + TextDump.columns, in: scratch
        ).json()
        try Self.expectSame(given, arrays, "--classes")
        // Of the columns' own names.
        try scratch.write("columns.csv", dump.table { "p_\($0)" })
        let own = try XentRun.xent(["eval", "columns.csv", "--json", "-"] + TextDump.task + TextDump.columns, in: scratch).json()
        try Self.expectSame(own, arrays, "columns")
        let wrong = try XentRun.xent(["eval", "named.csv", "--classes", "cat,dog,wolf"] + TextDump.task + TextDump.columns, in: scratch)
        #expect(wrong.ending == .exit(65))
        #expect(wrong.stderr.contains("named.csv: line ") && wrong.stderr.contains("snow leopard"), "\(wrong.stderr)")
        let twice = try XentRun.xent(["eval", "named.csv", "--classes", "cat,cat"] + TextDump.task + TextDump.columns, in: scratch)
        #expect(twice.ending == .exit(64))
    }

    @Test func withoutHeader() throws {
        let (scratch, dump) = try Self.scratch(rowCount: 100, columnCount: 2)
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--json", "-"] + TextDump.task, in: scratch).json()
        var text = ""
        for row in 0..<dump.rowCount { text += "\(dump.row(row).first!),\(dump.row(row).last!),\(dump.labels[row])\n" }
        try scratch.write("t.csv", text)
        let report = try XentRun.xent(
            ["eval", "t.csv", "--no-header", "--prediction-columns", "0,1", "--label-column", "2", "--json", "-"] + TextDump.task,
            in: scratch
        ).json()
        try Self.expectSame(report, arrays, "no header")
        // Numbers of many digits are no names. Few digits may be.
        let found = try XentRun.xent(
            ["eval", "t.csv", "--prediction-columns", "0,1", "--label-column", "2", "--json", "-"] + TextDump.task, in: scratch
        ).json()
        try Self.expectSame(found, arrays, "found out")
        try scratch.write("few.csv", "0.5,0.5,1\n" + text)
        let asked = try XentRun.xent(["eval", "few.csv"] + TextDump.task, in: scratch)
        #expect(asked.ending == .exit(65) || asked.ending == .exit(64))
        #expect(asked.stderr.contains("--no-header"), "\(asked.stderr)")
    }

    /// Predictions, labels and weights in files of different kinds.
    @Test func labelsElsewhere() throws {
        let (scratch, dump) = try Self.scratch(rowCount: 40_000, columnCount: 3, seed: 44)
        let task = TextDump.task + ["--json", "-", "--partial", "b", "--threads", "3"]
        let arrays = try XentRun.xent(
            ["eval", "p.npy", "--labels", "y.npy", "--weights", "w.npy", "--json", "-", "--partial", "a"] + TextDump.task, in: scratch
        ).json()
        try scratch.write("t.csv", dump.table())
        try scratch.write("y.csv", "label\n" + dump.labels.map { "\($0)\n" }.joined())
        try scratch.write("w.jsonl", dump.weights.map { "{\"w\": \($0)}\n" }.joined())
        try XentRun.tool("zstd", ["-q", "y.npy"], in: scratch)
        let columns = ["--prediction-columns", "p_*"]
        let cases: [(String, [String])] = [
            ("array labels", ["eval", "t.csv", "--labels", "y.npy", "--weights", "w.npy"] + columns),
            ("compressed array labels", ["eval", "t.csv", "--labels", "y.npy.zst", "--weight-column", "weight"] + columns),
            ("text labels", ["eval", "t.csv", "--labels", "y.csv", "--weights", "w.jsonl", "--weight-column", "w"] + columns),
            ("text labels of arrays", ["eval", "p.npy", "--labels", "y.csv", "--weights", "w.jsonl", "--weight-column", "w"]),
        ]
        for (what, arguments) in cases {
            let report = try XentRun.xent(arguments + task, in: scratch).json()
            try Self.expectSame(report, arrays, what)
            #expect(try scratch.bytes("a") == scratch.bytes("b"), "\(what)")
        }
        // One label too many, and one too few.
        try scratch.write("long.csv", "label\n" + (dump.labels + [0]).map { "\($0)\n" }.joined())
        try scratch.write("short.csv", "label\n" + dump.labels.dropLast().map { "\($0)\n" }.joined())
        try scratch.write("short.npy", NPYFixture.wideLabels(dump.labels.dropLast().map { Int64($0) }))
        try scratch.write("long.npy", NPYFixture.wideLabels((dump.labels + [0]).map { Int64($0) }))
        for predictions in ["t.csv", "p.npy"] {
            for labels in ["long.csv", "short.csv", "long.npy", "short.npy"] {
                let run = try XentRun.xent(
                    ["eval", predictions, "--labels", labels, "--threads", "2"] + (predictions == "t.csv" ? columns : []) + TextDump.task,
                    in: scratch)
                #expect(run.ending == .exit(65), "\(predictions) \(labels)")
                #expect(run.stderr.contains(labels) && run.stderr.contains("labels for"), "\(run.stderr)")
                #expect(run.stdout.isEmpty)
            }
        }
    }

    @Test func softAndMultilabel() throws {
        let scratch = try Scratch()
        let p: [Double] = [0.25, 0.75, 0.5, 0.125]
        let t: [Double] = [1, 0, 0.25, 0.75]
        try scratch.write("p.npy", NPYFixture.doubles(p, columns: 2))
        try scratch.write("t.npy", NPYFixture.doubles(t, columns: 2))
        try scratch.write("t.csv", "a,b,ya,yb\n0.25,0.75,true,false\n0.5,0.125,0.25,0.75\n")
        try scratch.write("t.jsonl", "{\"p\": [0.25, 0.75], \"y\": [true, 0]}\n{\"p\": [0.5, 0.125], \"y\": [0.25, 0.75]}\n")
        for task in ["soft", "multilabel"] {
            let task = ["--task", task, "--input", "probabilities", "--quiet"]
            let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "t.npy"] + task, in: scratch).stdout
            #expect(!arrays.isEmpty)
            let table = try XentRun.xent(["eval", "t.csv", "--prediction-columns", "a,b", "--label-columns", "ya,yb"] + task, in: scratch)
            #expect(table.stdout == arrays, "\(table.stderr)")
            let log = try XentRun.xent(["eval", "t.jsonl", "--prediction-columns", "p", "--label-column", "y"] + task, in: scratch)
            #expect(log.stdout == arrays, "\(log.stderr)")
        }
    }
}
