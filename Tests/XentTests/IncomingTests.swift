import Foundation
import SeededRandom
import Testing

/// `--state`: files that arrive, change, vanish and are damaged, from night to night.
@Suite struct IncomingTests {
    static let task = ["--task", "multiclass", "--input", "probabilities"]

    /// Rows of probabilities of three classes with labels, of which a share is right.
    static func table(rows: Int, seed: UInt64, sharpness: Double = 3) -> String {
        var random = SplitMix64(seed: seed)
        var text = "p0,p1,p2,label,country\n"
        for _ in 0..<rows {
            let label = Int.random(in: 0..<3, using: &random)
            var row = (0..<3).map { _ in Double.random(in: 0.1..<1, using: &random) }
            row[label] *= Double.random(in: 1..<sharpness, using: &random)
            let sum = row.reduce(0, +)
            let country = ["de", "fr", "us"][Int.random(in: 0..<3, using: &random)]
            text += row.map { "\($0 / sum)" }.joined(separator: ",") + ",\(label),\(country)\n"
        }
        return text
    }

    /// Writes a file that has been left alone for a while.
    static func write(_ name: String, _ text: String, to scratch: Scratch, secondsAgo: Double = 3_600) throws {
        try scratch.write(name, text)
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -secondsAgo)], ofItemAtPath: scratch.place(name))
    }

    static func scratch(_ count: Int = 3) throws -> Scratch {
        let scratch = try Scratch()
        try scratch.makeFolder("in")
        for number in 0..<count { try write("in/part-\(number).csv", table(rows: 50 + number, seed: UInt64(number)), to: scratch) }
        return scratch
    }

    private static let eval = ["eval", "in/*.csv"] + task
    private static let state = eval + ["--state", "state"]

    /// Runs with the state, and returns how many files were scored and of how many the report is.
    private static func counts(_ scratch: Scratch, _ options: [String] = []) throws -> [Int] {
        let run = try XentRun.xent(state + ["--verbose", "--json", "j.json"] + options, in: scratch)
        run.expectSuccess()
        let line = try #require(run.stderr.firstMatch(of: /(\d+) files? scored anew, the report is of (\d+)/))
        return [Int(line.output.1) ?? -1, Int(line.output.2) ?? -1]
    }

    /// The report without what tells of the run.
    private static func figures(_ path: String, _ scratch: Scratch) throws -> String {
        let script = """
            import json, sys
            d = json.load(open(sys.argv[1]))
            d.pop("run")
            print(json.dumps(d, sort_keys=True))
            """
        try scratch.write("figures.py", script)
        return try XentRun.tool("python3", ["figures.py", path], in: scratch).stdout
    }

    private static func expectSameAsOneRun(_ scratch: Scratch, _ options: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) throws {
        try XentRun.xent(eval + ["--quiet", "--json", "one.json"] + options, in: scratch).expectSuccess()
        let (one, kept) = (try figures("one.json", scratch), try figures("j.json", scratch))
        #expect(one == kept, sourceLocation: sourceLocation)
    }

    @Test func onlyNewAndChangedFilesAreScored() throws {
        let scratch = try Self.scratch()
        let insight = ["--insight", "--interval", "jackknife", "--slice", "country", "--worst", "5"]
        #expect(try Self.counts(scratch, insight) == [3, 3])
        try Self.expectSameAsOneRun(scratch, insight)
        #expect(try Self.counts(scratch, insight) == [0, 3])
        try Self.expectSameAsOneRun(scratch, insight)
        // With other threads and another kernel the states fit as well.
        try Self.write("in/part-10.csv", Self.table(rows: 7, seed: 10), to: scratch)
        #expect(try Self.counts(scratch, insight + ["--threads", "1", "--kernel", "baseline"]) == [1, 4])
        try Self.expectSameAsOneRun(scratch, insight)
        // The new file has all rows of a size that is another, so that rows are numbered anew; means do not depend on it.
        try Self.write("in/part-1.csv", Self.table(rows: 60, seed: 99), to: scratch)
        #expect(try Self.counts(scratch, insight) == [1, 4])
        try XentRun.xent(Self.eval + ["--quiet", "--json", "one.json"] + insight, in: scratch).expectSuccess()
        let (one, kept) = (try JSONDocument(path: scratch.place("one.json")), try JSONDocument(path: scratch.place("j.json")))
        #expect(try one.text("loss", "mean_hex") == kept.text("loss", "mean_hex"))
        #expect(try one.list("slices").map { try $0.text("mean_hex") } == kept.list("slices").map { try $0.text("mean_hex") })
        // The same size and other bytes, with an older time of change.
        let text = Self.table(rows: 52, seed: 2).replacingOccurrences(of: ",de\n", with: ",fr\n")
        try Self.write("in/part-2.csv", text, to: scratch, secondsAgo: 7_200)
        #expect(try Self.counts(scratch, insight) == [1, 4])
    }

    @Test func vanishedFilesAreLeftOutWithAWarning() throws {
        let scratch = try Self.scratch()
        #expect(try Self.counts(scratch) == [3, 3])
        try FileManager.default.removeItem(atPath: scratch.place("in/part-0.csv"))
        let run = try XentRun.xent(Self.state + ["--quiet", "--json", "j.json"], in: scratch)
        run.expectSuccess()
        #expect(run.stderr.contains("in/part-0.csv: the file was scored before, and is no longer there"))
        let json = try JSONDocument(path: scratch.place("j.json"))
        #expect(try json.number("rows", "read") == 103 && json.list("notices").contains { try $0.text("code") == "vanished-file" })
        try XentRun.xent(Self.eval + ["--quiet", "--json", "one.json"], in: scratch).expectSuccess()
        #expect(try JSONDocument(path: scratch.place("one.json")).text("loss", "mean_hex") == json.text("loss", "mean_hex"))
        // It is told once. A file that comes back is new.
        #expect(try XentRun.xent(Self.state + ["--quiet"], in: scratch).stderr == "")
        try Self.write("in/part-0.csv", Self.table(rows: 50, seed: 0), to: scratch)
        #expect(try Self.counts(scratch) == [1, 3])
    }

    @Test func filesThatAreStillWrittenAreLeftAlone() throws {
        let scratch = try Self.scratch(1)
        try scratch.write("in/part-1.csv", Self.table(rows: 5, seed: 1))
        for name in ["in/_part.csv", "in/.part.csv"] { try Self.write(name, "x", to: scratch) }
        #expect(try Self.counts(scratch) == [1, 1])
        let settled = try XentRun.xent(Self.state + ["--verbose"], in: scratch)
        #expect(settled.stderr.contains("in/part-1.csv is left for a later run: it was changed less than 60.0 s ago"))
        // A clock that was set back leaves times in the future: such a file has not been changed since.
        try Self.write("in/part-1.csv", Self.table(rows: 5, seed: 1), to: scratch, secondsAgo: -7_200)
        #expect(try Self.counts(scratch) == [1, 2])
        // Nothing yet is no failure of the data.
        let empty = try Scratch()
        try empty.makeFolder("in")
        try empty.write("in/a.csv", Self.table(rows: 5, seed: 1))
        expectFailure(try XentRun.xent(Self.state, in: empty), status: 75, says: ["none of the 1 file is settled yet: in/a.csv", "--settle"])
        #expect(try Self.counts(empty, ["--settle", "0s"])[1] == 1)
        // A folder is whole when its writer says so.
        expectFailure(try XentRun.xent(Self.state + ["--settle", "_SUCCESS"], in: empty), status: 75, says: ["has no _SUCCESS yet"])
        try empty.write("in/_SUCCESS", "")
        #expect(try Self.counts(empty, ["--settle", "_SUCCESS"])[1] == 1)
    }

    /// A damaged file ends the run with its name; those before it have been scored for good.
    @Test func damagedFilesAreNamed() throws {
        let scratch = try Self.scratch(3)
        try Self.write("in/part-1.csv", "p0,p1,p2,label,country\n0.2,0.3,0.5,7,de\n", to: scratch)
        expectFailure(try XentRun.xent(Self.state, in: scratch), status: 65, says: ["in/part-1.csv: line 2: column label: the label '7'"])
        try Self.write("in/part-1.csv", Self.table(rows: 51, seed: 1), to: scratch)
        #expect(try Self.counts(scratch) == [2, 3])
        try Self.expectSameAsOneRun(scratch)
    }

    /// Whatever kills a run, the files that it had scored are not scored again, and the next report is that of a run that was not killed.
    @Test func killedRunsGoOn() throws {
        let scratch = try Self.scratch(6)
        let arguments = Self.state.map { "'\($0)'" }.joined(separator: " ")
        var random = SplitMix64(seed: 41)
        var wholeRunCount = 0
        for _ in 0..<12 {
            try? FileManager.default.removeItem(atPath: scratch.place("state"))
            let seconds = Double(Int.random(in: 5...60, using: &random)) / 1_000
            _ = try XentRun.shell("timeout -s KILL \(seconds) \"$XENT\" \(arguments) --quiet; true", in: scratch)
            let counts = try Self.counts(scratch)
            #expect(counts[1] == 6)
            if counts[0] == 0 { wholeRunCount += 1 }
            try Self.expectSameAsOneRun(scratch)
        }
        #expect(wholeRunCount < 12, "no run was killed before its end")
    }

    @Test func aStateIsOfOneRequest() throws {
        let scratch = try Self.scratch()
        #expect(try Self.counts(scratch) == [3, 3])
        for (options, says) in [
            (["--label-smoothing", "0.1"], "the loss"), (["--insight"], "the figures"), (["--on-invalid", "skip"], "the treatment of invalid rows"),
            (["--label-column", "p0"], "the number of values a row: now 2, and before 3"),
        ] {
            let run = try XentRun.xent(Self.state + options, in: scratch)
            #expect(run.ending == .exit(65) || run.ending == .exit(64), "\(options): \(run.stderr)")
            if run.ending == .exit(65) { #expect(run.stderr.contains("were scored otherwise") && run.stderr.contains(says), "\(run.stderr)") }
        }
        #expect(try Self.counts(scratch) == [0, 3])
        try Self.write("in/other.csv", Self.table(rows: 5, seed: 1).replacingOccurrences(of: "p0,p1,p2", with: "p0,p1,x"), to: scratch)
        let run = try XentRun.xent(Self.state, in: scratch)
        #expect(run.ending == .exit(65) && run.stderr.contains("in/other.csv: "), "\(run.stderr)")
    }

    @Test func whatHasNoMeaningIsRefused() throws {
        let scratch = try Self.scratch()
        for (options, says) in [
            (["--shard", "0/2"], "--shard"), (["--first-row", "3"], "--first-row"), (["--per-row", "l.npy"], "--per-row"),
            (["--class-weights", "balanced"], "--class-weights balanced"),
        ] {
            expectFailure(try XentRun.xent(Self.state + options, in: scratch), status: 64, says: [says, "--state exclude each other"])
        }
        expectFailure(try XentRun.xent(Self.eval + ["--settle", "5s"], in: scratch), status: 64, says: ["--state"])
        expectFailure(
            try XentRun.xent(["eval", "-", "--state", "state"] + Self.task, in: scratch), status: 64, says: ["standard input"])
        try scratch.makeFolder("other")
        try scratch.write("other/journal", "something else")
        expectFailure(
            try XentRun.xent(Self.eval + ["--state", "other"], in: scratch), status: 65, says: ["other/journal: it is no state of incoming files"])
        #expect(try scratch.text("other/journal") == "something else")
        expectFailure(try XentRun.xent(Self.eval + ["--state", "no/state"], in: scratch), status: 74, says: ["no/state: the state cannot be made"])
        #expect(try XentRun.xent(Self.state + ["--expect-rows", "153", "--quiet"], in: scratch).ending == .exit(0))
        expectFailure(try XentRun.xent(Self.state + ["--expect-rows", "154", "--quiet"], in: scratch), status: 65, says: ["153", "154"])
    }

    @Test func twoRunsDoNotShareAState() throws {
        let scratch = try Self.scratch()
        try scratch.makeFolder("state")
        let run = try XentRun.shell(
            "exec 9> state/lock; flock 9; \"$XENT\" eval 'in/*.csv' \(Self.task.joined(separator: " ")) --state state; echo $?", in: scratch)
        #expect(run.stdout == "75\n" && run.stderr.contains("another run has this state"))
    }

    /// Labels that lie in files of their own belong to the predictions at the same places.
    @Test func pairsOfFilesAreOneEach() throws {
        let scratch = try Scratch()
        try scratch.makeFolder("in")
        for number in 0..<3 {
            try scratch.write("in/p-\(number).npy", NPYFixture.floats(SmallDump.logits, columns: 3))
            try scratch.write("in/y-\(number).npy", NPYFixture.labels([UInt8(number), 0, 1, 1, 0, 2]))
        }
        let eval = ["eval", "in/p-*.npy", "--labels", "in/y-*.npy"] + SmallDump.task + ["--quiet"]
        let state = eval + ["--state", "state", "--settle", "0s"]
        let (one, kept) = (try XentRun.xent(eval, in: scratch), try XentRun.xent(state, in: scratch))
        kept.expectSuccess()
        #expect(one.stdout == kept.stdout)
        // Other labels are a change of their predictions.
        try scratch.write("in/y-1.npy", NPYFixture.labels([2, 2, 2, 2, 2, 2]))
        #expect(try XentRun.xent(state, in: scratch).stdout == XentRun.xent(eval, in: scratch).stdout)
        try FileManager.default.removeItem(atPath: scratch.place("in/y-1.npy"))
        expectFailure(try XentRun.xent(state, in: scratch), status: 65, says: ["--labels names 2 files for 3 files of predictions"])
    }

    /// The disk is full: nothing of the state is spoilt.
    @Test func aFullDiskSpoilsNothing() throws {
        let scratch = try Self.scratch(2)
        #expect(try Self.counts(scratch) == [2, 2])
        for number in 2..<40 { try Self.write("in/part-\(number).csv", Self.table(rows: 3, seed: UInt64(number)), to: scratch) }
        let arguments = Self.state.map { "'\($0)'" }.joined(separator: " ")
        let run = try XentRun.shell("ulimit -f 16; \"$XENT\" \(arguments) --quiet", in: scratch)
        #expect(run.ending == .exit(74) && run.stderr.contains("state/journal: the state cannot be written"), "\(run.stderr)")
        let counts = try Self.counts(scratch)
        #expect(counts[1] == 40 && counts[0] > 0 && counts[0] < 38)
        try Self.expectSameAsOneRun(scratch)
    }
}
