import Foundation
import GoldenCases
import Testing

/// What warnings do: `--quiet`, `--silent`, `--strict`; and the warnings of this command's own.
@Suite struct WarningTests {
    /// A silent run that succeeds says nothing at all.
    @Test func quietKeepsWarningsAndSilentDoesNot() throws {
        let scratch = try ReportTests.infiniteScratch()
        let eval = ReportTests.evalInfinite
        let quiet = try XentRun.xent(eval + ["--quiet"], in: scratch)
        #expect(quiet.stdout == "inf\n")
        #expect(quiet.stderr == "xent: warning: 1 row has an infinite loss: the model gave what happened probability 0\n")
        #expect(try XentRun.xent(eval + ["-q"], in: scratch).stderr == quiet.stderr)
        for options in [["--silent"], ["--silent", "--quiet"]] {
            let silent = try XentRun.xent(eval + options, in: scratch)
            silent.expectSuccess()
            #expect(silent.stdout == "" && silent.stderr == "")
        }
    }

    @Test func strictFailsAfterTheReport() throws {
        let scratch = try ReportTests.infiniteScratch()
        for options in [[], ["--quiet"], ["--silent"]] {
            let run = try XentRun.xent(
                ReportTests.evalInfinite + ["--strict", "--json", "j", "--per-row", "l.npy", "--partial", "a.partial"] + options,
                in: scratch)
            #expect(run.ending == .exit(65))
            #expect(run.stderr.hasSuffix("xent: 1 warning, which --strict makes an error; the report is written all the same\n"))
            // It fails, so that a silent run says what it held back.
            #expect(run.stderr.contains("infinite loss"))
            #expect(run.stdout.contains("inf") == !options.contains("--silent"))
            #expect(try JSONDocument(path: scratch.place("j")).text("loss", "mean") == "inf")
            #expect(scratch.names == ["a.partial", "j", "l.npy", "p.npy", "y.npy"])
        }
        let merge = try XentRun.xent(["merge", "a.partial", "--strict", "--json", "-"], in: scratch)
        #expect(merge.ending == .exit(65))
        #expect(try JSONDocument(merge.stdout).text("loss", "mean") == "inf")
        // Without a warning it changes nothing.
        try XentRun.xent(SmallDump.eval + ["--strict"], in: ReportTests.scratch()).expectSuccess()
    }

    /// A text that ends within a line may have been cut there.
    @Test(arguments: ["t.csv", "t.jsonl", "t.csv.gz", "-"])
    func lastLineWithoutAnEnd(name: String) throws {
        let csv = "p_0,p_1,label\n0.25,0.75,1\n0.5,0.5,0"
        let json = "{\"p\": [0.25, 0.75], \"label\": 1}\n{\"p\": [0.5, 0.5], \"label\": 0}"
        let text = name == "t.jsonl" ? json : csv
        for (ending, warns) in [("", true), ("\n", false), ("\r\n", false), ("\n  ", false), ("\n\n", false)] {
            let scratch = try Scratch()
            try scratch.write(name == "t.jsonl" ? name : "t.csv", text + ending)
            if name == "t.csv.gz" { try XentRun.tool("gzip", ["t.csv"], in: scratch) }
            let eval = "\"$XENT\" eval \(name) --task multiclass --input probabilities --threads 2 --json - < /dev/null"
            let run = try XentRun.shell(name == "-" ? eval.replacingOccurrences(of: "/dev/null", with: "t.csv") : eval, in: scratch)
            let codes = try run.json().list("notices").map { try $0.text("code") }
            #expect(codes == (warns ? ["no-final-line-feed"] : []), "\(ending.debugDescription)")
            let file = name == "-" ? "standard input" : name
            #expect(run.stderr.contains("\(file): its last line has no end: was it cut short?") == warns)
        }
    }

    /// Labels in a text of their own, and many units of text.
    @Test func lastLinesOfLabelsAndOfLargeFiles() throws {
        let scratch = try ReportTests.scratch()
        try scratch.write("y.csv", "label\n2\n0\n1\n1\n0\n2")
        let labels = try XentRun.xent(["eval", "p.npy", "--labels", "y.csv"] + SmallDump.task, in: scratch)
        labels.expectSuccess()
        #expect(labels.stderr.contains("xent: warning: y.csv: its last line has no end"))
        let dump = TextDump(rowCount: 40_000, columnCount: 5, seed: 9)
        for ending in ["", "\n"] {
            try scratch.write("t.csv", dump.table().trimmingCharacters(in: .newlines) + ending)
            for threads in ["1", "3"] {
                let run = try XentRun.xent(
                    ["eval", "t.csv", "--threads", threads, "--weight-column", "weight"] + TextDump.task + TextDump.columns, in: scratch)
                run.expectSuccess()
                #expect(run.stderr.contains("t.csv: its last line has no end") == (ending == ""))
            }
        }
    }

    /// A chunk that is one line, without any line feed.
    @Test func onlyLineWithoutAnEnd() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "0.25,0.75")
        try scratch.write("y.csv", "1\n")
        let run = try XentRun.xent(
            ["eval", "t.csv", "--labels", "y.csv", "--no-header", "--task", "multiclass", "--input", "probabilities"], in: scratch)
        run.expectSuccess()
        #expect(run.stderr.contains("t.csv: its last line has no end"))
    }

    /// A product of a loss and its weight that no Float64 holds is no infinite loss: the mean is the quotient of exact sums.
    @Test func overflowOfAWeight() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.doubles([0.5, 1e-200]))
        try scratch.write("y.npy", NPYFixture.labels([1, 1]))
        try scratch.write("w.npy", NPYFixture.doubles([1, 1e308]))
        let eval = ["eval", "p.npy", "--labels", "y.npy", "--weights", "w.npy", "--task", "binary", "--input", "probabilities", "--quiet"]
        let run = try XentRun.xent(eval, in: scratch)
        run.expectSuccess()
        // 200 log 10, to the last bit: the other row's weight is nothing beside this one's.
        #expect(run.stdout == "460.51701859880916\n" && !run.stderr.contains("infinite"), "\(run.stdout)\(run.stderr)")
    }

    /// A row of zeros has no sum to be divided by; there are no logits in it.
    @Test func zerosThatAreToBeRenormalised() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.doubles([0.5, 0.5, 0, 0], columns: 2))
        try scratch.write("y.npy", NPYFixture.labels([1, 1]))
        let eval = ["eval", "p.npy", "--labels", "y.npy", "--task", "multiclass", "--input", "probabilities", "--renormalize"]
        expectFailure(
            try XentRun.xent(eval, in: scratch), status: 65,
            says: ["p.npy: row 1: all probabilities are 0, and cannot be divided by their sum"])
    }
}

/// `--max-invalid`: rows that are left out, up to a number or a share.
@Suite struct MaximumInvalidTests {
    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.floats(RandomDump.logits(rows: 200, columns: 3, seed: 3), columns: 3))
        var labels = RandomDump.labels(rows: 200, classes: 3, seed: 4)
        for row in [7, 70, 170] { labels[row] = 9 }
        try scratch.write("y.npy", NPYFixture.labels(labels))
        return scratch
    }

    @Test(arguments: [
        ("3", true), ("2", false), ("0", false), ("200", true), ("1.5%", true), ("1.49%", false), ("0%", false), ("100%", true),
    ])
    func limit(value: String, isWithin: Bool) throws {
        let scratch = try Self.scratch()
        for form in [["--max-invalid", value], ["--max-invalid=\(value)", "--on-invalid", "skip"]] {
            let run = try XentRun.xent(SmallDump.eval + form + ["--json", "-"], in: scratch)
            if isWithin {
                #expect(try run.json().count("rows", "invalid") == 3)
                #expect(try run.json().text("rows_policy", "on_invalid") == "skip")
            } else {
                expectFailure(
                    run, status: 65,
                    says: ["p.npy: 3 of 200 rows are invalid, and ", "the first one is y.npy: row 7: label 9", "raise --max-invalid"])
            }
        }
    }

    /// Nothing is written of a run that failed, not even its partial.
    @Test func nothingIsWritten() throws {
        let scratch = try Self.scratch()
        let names = scratch.names
        let run = try XentRun.xent(
            SmallDump.eval + ["--max-invalid", "1", "--json", "j", "--partial", "a", "--per-row", "l.npy"], in: scratch)
        expectFailure(run, status: 65, says: ["and 1 may be"])
        #expect(scratch.names == names)
    }

    @Test func ofAMerge() throws {
        let scratch = try Self.scratch()
        for shard in ["0", "1"] {
            try XentRun.xent(
                SmallDump.eval + ["--shard", "\(shard)/2", "--partial", "\(shard).partial", "--on-invalid", "skip", "--silent"], in: scratch
            ).expectSuccess()
        }
        let merge = ["merge", "0.partial", "1.partial", "--json", "-"]
        #expect(try XentRun.xent(merge + ["--max-invalid", "1.5%"], in: scratch).json().count("rows", "invalid") == 3)
        expectFailure(try XentRun.xent(merge + ["--max-invalid", "2"], in: scratch), status: 65, says: ["3 of 200 rows are invalid"])
    }

    @Test func contradiction() throws {
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--max-invalid", "1", "--on-invalid", "fail"], in: Self.scratch()), status: 64,
            says: ["xent: --on-invalid fail lets no row be invalid, and --max-invalid some"])
        for value in ["x", "-1", "101%", "%", "1.5"] {
            expectFailure(
                try XentRun.xent(SmallDump.eval + ["--max-invalid", value], in: Self.scratch()), status: 64,
                says: ["--max-invalid takes N|P%", "'\(value)' is none"])
        }
    }
}
