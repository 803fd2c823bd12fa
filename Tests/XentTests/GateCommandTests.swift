import Foundation
import Testing

/// `--require` and `--baseline`: what they say, what they write, and the exit status.
@Suite struct GateCommandTests {
    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        return scratch
    }

    private static let mean = "loss.mean"

    @Test func outcomesDecideTheStatusAndAllOutputsAreWritten() throws {
        let scratch = try Self.scratch()
        let outputs = ["--json", "j.json", "--per-row", "l.npy", "--partial", "a.partial", "--html", "h.html"]
        let run = try XentRun.xent(
            SmallDump.eval + outputs + ["--require", "loss.mean <= 0.5 and rows.invalid == 0", "--require", "loss.mean < inf"], in: scratch)
        #expect(run.ending == .exit(1))
        #expect(run.stdout.contains("mean"))
        #expect(run.stderr.contains("xent: not met: loss.mean <= 0.5: ") && run.stderr.contains(" against 0.5\n"))
        #expect(run.stderr.contains("xent: met: rows.invalid == 0: 0.0 against 0.0\n"))
        #expect(run.stderr.hasSuffix("xent: 1 of 3 gates are not met; the report is written all the same\n"))
        #expect(scratch.names == ["a.partial", "h.html", "j.json", "l.npy", "p.npy", "y.npy"])
        let json = try JSONDocument(path: scratch.place("j.json"))
        let gates = try json.list("gates")
        #expect(try gates.map { try $0.text("verdict") } == ["fail", "pass", "pass"])
        #expect(try gates[0].number("value") == json.number("loss", "mean") && gates[0].number("bound") == 0.5)
        // With --quiet those that are met are not told.
        let quiet = try XentRun.xent(SmallDump.eval + ["--quiet", "--require", "loss.mean < inf"], in: scratch)
        quiet.expectSuccess()
        #expect(quiet.stderr == "")
    }

    /// A mean that is infinite, a figure that is not there and a word that is none fail a gate, or are refused before anything is read.
    @Test func nothingPassesByChance() throws {
        let infinite = try ReportTests.infiniteScratch()
        let run = try XentRun.xent(ReportTests.evalInfinite + ["--quiet", "--require", "loss.mean <= 1e300"], in: infinite)
        #expect(run.ending == .exit(1) && run.stderr.contains("inf against 1e+300"))
        let scratch = try Self.scratch()
        let absent = try XentRun.xent(SmallDump.eval + ["--quiet", "--require", "brier.score <= 1"], in: scratch)
        #expect(absent.ending == .exit(1) && absent.stderr.contains("the report has no 'brier'"))
        for (text, says) in [("loss.mean = 1", "the operators are"), ("loss.mean <= x", "no number"), ("loss.mean", "none of the operators")] {
            expectFailure(try XentRun.xent(["eval", "no.npy"] + SmallDump.task + ["--require", text], in: scratch), status: 64, says: [says])
        }
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--require", "loss.mean <= baseline"], in: scratch), status: 64, says: ["none is named", "--baseline"])
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--baseline", "b.json"], in: scratch), status: 64, says: ["--baseline b.json is not used"])
    }

    @Test func reportsAreBaselines() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(SmallDump.eval + ["--json", "b.json", "--quiet"], in: scratch).expectSuccess()
        let same = try XentRun.xent(
            SmallDump.eval + ["--quiet", "--baseline", "b.json", "--require", "loss.mean == baseline and accuracy >= baseline - 1%"], in: scratch)
        same.expectSuccess()
        #expect(same.stderr == "")
        // Labels that are wrong more often.
        try scratch.write("y.npy", NPYFixture.labels([1, 1, 1, 0, 1, 1]))
        let worse = try XentRun.xent(
            SmallDump.eval + ["--quiet", "--baseline", "b.json", "--json", "j.json", "--require", "loss.mean <= baseline + 10%"], in: scratch)
        #expect(worse.ending == .exit(1))
        let gate = try JSONDocument(path: scratch.place("j.json")).list("gates")[0]
        let base = try gate.number("baseline")
        #expect(try gate.number("bound") == base + 0.1 * abs(base))
        // In other units the baseline is converted.
        let bits = try XentRun.xent(
            SmallDump.eval + ["--quiet", "--unit", "bits", "--baseline", "b.json", "--json", "bits.json", "--require", "loss.mean <= baseline"],
            in: scratch)
        #expect(bits.ending == .exit(1))
        #expect(abs(try JSONDocument(path: scratch.place("bits.json")).list("gates")[0].number("baseline") - base / 0.6931471805599453) < 1e-12)
    }

    /// The run's outputs are written, and the status says that the baseline is of no use.
    @Test func baselinesOfOtherLossesAreRefused() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(SmallDump.eval + ["--json", "b.json", "--quiet", "--label-smoothing", "0.1"], in: scratch).expectSuccess()
        let gate = ["--baseline", "b.json", "--require", "loss.mean <= baseline", "--json", "j.json", "--quiet"]
        let run = try XentRun.xent(SmallDump.eval + gate, in: scratch)
        #expect(run.ending == .exit(65))
        #expect(run.stderr.contains("the baseline is of another loss: label smoothing none and 0.1"))
        #expect(run.stdout != "" && scratch.names.contains("j.json"))
        try scratch.write("c.json", "{\"a\": 1}")
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--baseline", "c.json", "--require", "loss.mean <= baseline"], in: scratch), status: 65,
            says: ["c.json: it is no report"])
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--baseline", "none.json", "--require", "loss.mean <= baseline"], in: scratch), status: 66,
            says: ["none.json"])
    }

    @Test func fewerRowsThanTheBaselineAreAWarning() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(SmallDump.eval + ["--json", "b.json", "--quiet"], in: scratch).expectSuccess()
        let run = try XentRun.xent(
            SmallDump.eval + ["--shard", "0/2", "--quiet", "--json", "j.json", "--baseline", "b.json", "--require", "loss.mean <= baseline + 5"],
            in: scratch)
        run.expectSuccess()
        #expect(run.stderr.contains("the baseline is of 6 rows, and this report of 3"))
        #expect(try JSONDocument(path: scratch.place("j.json")).list("notices").contains { try $0.text("code") == "baseline-rows" })
    }

    @Test func mergesAndComparisonsHaveGates() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(SmallDump.eval + ["--partial", "a.partial", "--quiet"], in: scratch).expectSuccess()
        #expect(try XentRun.xent(["merge", "a.partial", "--quiet", "--require", "rows.read == 6"], in: scratch).ending == .exit(0))
        #expect(try XentRun.xent(["merge", "a.partial", "--quiet", "--require", "rows.read == 7"], in: scratch).ending == .exit(1))
        try scratch.write("q.npy", NPYFixture.floats(SmallDump.logits.map { $0 * 1.5 }, columns: 3))
        let compare = ["compare", "p.npy", "q.npy", "--labels", "y.npy"] + SmallDump.task
        let run = try XentRun.xent(compare + ["--quiet", "--json", "j.json", "--require", "difference.upper <= -5 and agreement.top_1 == 1"], in: scratch)
        #expect(run.ending == .exit(1))
        #expect(try JSONDocument(path: scratch.place("j.json")).list("gates").map { try $0.text("verdict") } == ["fail", "pass"])
        expectFailure(
            try XentRun.xent(compare + ["--require", "difference.mean <= baseline"], in: scratch), status: 64,
            says: ["A is the baseline of a comparison"])
    }

    @Test func slicesHaveGates() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "country,p0,p1,label\nde,0.2,0.8,1\nfr,0.9,0.1,1\nde,0.6,0.4,0\n")
        let eval = ["eval", "t.csv", "--task", "multiclass", "--input", "probabilities", "--slice", "country", "--quiet", "--require"]
        #expect(try XentRun.xent(eval + ["slices[country=de].mean <= 0.4"], in: scratch).ending == .exit(0))
        #expect(try XentRun.xent(eval + ["slices[country=fr].mean <= 0.4"], in: scratch).ending == .exit(1))
        let absent = try XentRun.xent(eval + ["slices[country=it].mean <= 9"], in: scratch)
        #expect(absent.ending == .exit(1) && absent.stderr.contains("no slice country=it"))
    }
}
