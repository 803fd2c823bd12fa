import Foundation
import Testing

/// `--checkpoint` and `--timeout`, as whole processes.
@Suite struct CheckpointTests {
    /// Every writing of the checkpoint after a unit, by one thread, so that a test knows what is in it.
    private static let eachUnit = ["XENT_TEST_CHECKPOINT_SECONDS": "0"]
    private static let eval = ["eval", "p.npy", "--labels", "y.npy", "--task", "multiclass", "--input", "logits", "--quiet"]

    /// p.npy of five units of 2 MiB and y.npy, an hour old.
    private func dump() throws -> Scratch {
        let scratch = try Scratch()
        let rows = 330_000
        try scratch.write("p.npy", NPYFixture.floats(RandomDump.logits(rows: rows, columns: 8, seed: 3), columns: 8))
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: rows, classes: 8, seed: 4)))
        for name in ["p.npy", "y.npy"] { try InterruptibleDump.settle(name, in: scratch) }
        return scratch
    }

    private func run(
        _ arguments: [String], in scratch: Scratch, _ environment: [String: String] = [:]
    ) throws -> XentRun {
        try RunningCommand(try RunningCommand.binaryPath(), Self.eval + arguments, in: scratch, environment: environment).finish()
    }

    /// Leaves a checkpoint of a run that was killed after some units.
    private func interrupt(_ scratch: Scratch, units: Int = 3, _ arguments: [String] = []) throws {
        let run = try run(
            ["--checkpoint", "c", "--threads", "1"] + arguments, in: scratch,
            Self.eachUnit.merging(["XENT_TEST_DIE_AT": "unit:\(units)"]) { $1 })
        #expect(run.ending == .signal(SIGKILL), "\(run.stderr)")
    }

    private func report(_ scratch: Scratch, _ name: String = "r.json") throws -> [String: JSONDocument.Value] {
        try JSONDocument(path: scratch.place(name)).without("run")
    }

    /// At each named place the process dies, and the next one goes on from there: with so many units, or from none.
    @Test(arguments: [
        ("unit:1", 1), ("unit:4", 4), ("snapshot:before-rename", nil), ("snapshot:after-rename", 1), ("commit", 5),
    ] as [(String, Int?)])
    func diesAtEachPlace(place: String, units: Int?) throws {
        let scratch = try dump()
        #expect(try run(["--json", "whole.json", "--partial", "whole"], in: scratch).ending == .exit(0))
        let died = try run(
            ["--checkpoint", "c", "--threads", "1", "--json", "r.json", "--partial", "r"], in: scratch,
            Self.eachUnit.merging(["XENT_TEST_DIE_AT": place]) { $1 })
        #expect(died.ending == .signal(SIGKILL), "\(died.stderr)")
        // Before the commit there are no outputs; at it they are all there, and whole.
        let outputs = place == "commit" ? ["r", "r.json"] : []
        #expect(scratch.names == (units == nil ? [] : ["c"]) + ["c.lock", "p.npy"] + outputs + ["whole", "whole.json", "y.npy"])
        if let units {
            let shown = try XentRun.xent(["inspect", "c", "--json", "-"], in: scratch).json().list()[0]
            #expect(try shown.text("format") == "checkpoint")
            #expect(try shown.count("finished_units") == units)
            #expect(try shown.count("units") == 5)
            #expect(try shown.list("inputs").map { try $0.text("path") } == ["p.npy", "y.npy"])
        }
        let resumed = try run(["--checkpoint", "c", "--threads", "3", "--json", "r.json", "--partial", "r"], in: scratch)
        resumed.expectSuccess()
        #expect(try report(scratch) == report(scratch, "whole.json"))
        #expect(try scratch.bytes("r") == scratch.bytes("whole"))
        #expect((try? JSONDocument(path: scratch.place("r.json")).count("run", "resumes")) == (units == nil ? nil : 1))
        #expect(scratch.names == ["c.lock", "p.npy", "r", "r.json", "whole", "whole.json", "y.npy"])
    }

    /// SIGTERM, SIGINT and SIGHUP write the checkpoint, and the process dies by them; a second one ends it at once.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func signalsWriteIt(signal number: Int32) throws {
        signal(number, SIG_DFL)
        let dump = try LongRun(seconds: 20)
        for name in ["p.npy", "y.npy"] { try InterruptibleDump.settle(name, in: dump.scratch) }
        let command = try RunningCommand(
            try RunningCommand.binaryPath(), LongRun.arguments + ["--checkpoint", "c", "--json", "r.json"], in: dump.scratch,
            environment: ["XENT_TEST_CHECKPOINT_SECONDS": "0.01"])
        try command.wait("no checkpoint was written") { dump.scratch.names.contains("c") }
        command.send(signal: number)
        let run = try command.finish()
        #expect(run.ending == .signal(number), "\(run.stderr)")
        #expect(run.stderr.contains("c: written at ") && run.stderr.contains("the same command goes on from there"))
        #expect(dump.scratch.names == ["c", "c.lock", "p.npy", "y.npy"])
        let shown = try XentRun.xent(["inspect", "c", "--json", "-"], in: dump.scratch).json().list()[0]
        #expect(try shown.count("finished_units") > 0)
        #expect(try shown.count("finished_units") < shown.count("units"))
    }

    /// The first signal waits a moment for the ends of units; the second one does not.
    @Test func secondSignalDoesNotWait() throws {
        signal(SIGTERM, SIG_DFL)
        let dump = try LongRun(seconds: 12)
        // One frame is one unit, which takes long.
        try XentRun.tool("zstd", ["-q", "--rm", "p.npy"], in: dump.scratch)
        for name in ["p.npy.zst", "y.npy"] { try InterruptibleDump.settle(name, in: dump.scratch) }
        let arguments = ["eval", "p.npy.zst"] + LongRun.arguments.dropFirst(2) + ["--checkpoint", "c", "--json", "r.json"]
        let command = try RunningCommand.xent(arguments, in: dump.scratch)
        try SignalTests.waitUntilUnfinished(1, command, dump.scratch)
        Thread.sleep(forTimeInterval: 0.3)
        command.send(signal: SIGTERM)
        Thread.sleep(forTimeInterval: 0.2)
        let sent = Date()
        command.send(signal: SIGTERM)
        let run = try command.finish()
        #expect(run.ending == .signal(SIGTERM), "\(run.stderr)")
        #expect(Date().timeIntervalSince(sent) < 0.6)
        #expect(!dump.scratch.names.contains("r.json"))
    }

    /// The time is up: status 75, and how far it came; then the next run goes on, and is done in the end.
    @Test func timeoutWritesIt() throws {
        let dump = try LongRun(seconds: 5)
        for name in ["p.npy", "y.npy"] { try InterruptibleDump.settle(name, in: dump.scratch) }
        func run(_ arguments: [String]) throws -> XentRun { try XentRun.xent(LongRun.arguments + arguments, in: dump.scratch) }
        let without = try run(["--timeout", "0.2s"])
        expectFailure(without, status: 75, says: ["--timeout", "was up", "--checkpoint FILE"])
        #expect(dump.scratch.names == ["p.npy", "y.npy"])
        var runs = 1
        var last = try run(["--timeout", "1s", "--checkpoint", "c", "--quiet"])
        while last.ending == .exit(75), runs < 100 {
            expectFailure(last, status: 75, says: ["was up", "the same command goes on from there, by --checkpoint c"])
            last = try run(["--timeout", "1s", "--checkpoint", "c", "--json", "r.json"])
            runs += 1
        }
        last.expectSuccess()
        #expect(runs > 1)
        // A run whose time is up before it has begun leaves no checkpoint.
        #expect((1..<runs).contains(try JSONDocument(path: dump.scratch.place("r.json")).count("run", "resumes")))
        #expect(try JSONDocument(path: dump.scratch.place("r.json")).number("loss", "mean") == Double(LongRun.mean))
        #expect(dump.scratch.names == ["c.lock", "p.npy", "r.json", "y.npy"])
    }

    /// A change between two runs, what the next run says of it, and the checkpoint's state after it.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let says: String
        var arguments: [String] = []
        let apply: @Sendable (Scratch) throws -> Void
    }

    static let changes: [Change] = [
        Change(testDescription: "touched", says: "y.npy has another time of change than before") {
            try InterruptibleDump.settle("y.npy", in: $0, seconds: -1800)
        },
        Change(testDescription: "replaced, of the same size and time", says: "p.npy has other last bytes than before") { scratch in
            let path = scratch.place("p.npy")
            let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
            var bytes = try scratch.bytes("p.npy")
            bytes[bytes.count - 1] ^= 1
            try scratch.write("p.npy", bytes)
            try FileManager.default.setAttributes([.modificationDate: date ?? Date()], ofItemAtPath: path)
        },
        Change(testDescription: "another loss", says: "the loss is task=multiclass", arguments: ["--label-smoothing", "0.1"]) { _ in },
        Change(testDescription: "other figures", says: "the figures are ", arguments: ["--brier"]) { _ in },
        Change(
            testDescription: "another policy", says: "the treatment of invalid rows is skip, and was fail",
            arguments: ["--on-invalid", "skip"]
        ) { _ in },
        Change(testDescription: "cut short", says: "it is damaged: its checksum does not match") { scratch in
            try scratch.write("c", try scratch.bytes("c").dropLast(100))
        },
        Change(testDescription: "one bit", says: "it is damaged: its checksum does not match") { scratch in
            var bytes = try scratch.bytes("c")
            bytes[bytes.count / 2] ^= 4
            try scratch.write("c", bytes)
        },
        Change(testDescription: "empty", says: "it is damaged: it ends after 0 bytes") { try $0.write("c", Data()) },
    ]

    /// The run begins anew, with one warning that says what differs; its result is that of a run without a checkpoint, and the file is
    /// gone.
    @Test(arguments: changes) func beginsAnew(_ change: Change) throws {
        let scratch = try dump()
        try interrupt(scratch)
        try change.apply(scratch)
        let anew = try run(["--checkpoint", "c", "--json", "r.json"] + change.arguments, in: scratch)
        anew.expectSuccess()
        #expect(anew.stderr.split(separator: "\n").count { $0.contains("warning: c: the run begins anew") } == 1, "\(anew.stderr)")
        #expect(anew.stderr.contains(change.says), "\(anew.stderr)")
        #expect(try run(["--json", "whole.json"] + change.arguments, in: scratch).ending == .exit(0))
        #expect(try report(scratch) == report(scratch, "whole.json"))
        #expect((try? JSONDocument(path: scratch.place("r.json")).count("run", "resumes")) == nil)
        #expect(!scratch.names.contains("c"))
    }

    /// A file whose time of change lies ahead, as after a clock that jumped back, or right before the checkpoint was written: it is not
    /// trusted.
    @Test(arguments: [3600.0, 0]) func doesNotTrustTheFuture(seconds: Double) throws {
        let scratch = try dump()
        try InterruptibleDump.settle("y.npy", in: scratch, seconds: seconds)
        try interrupt(scratch)
        let anew = try run(["--checkpoint", "c"], in: scratch)
        anew.expectSuccess()
        #expect(anew.stderr.contains("y.npy was changed less than 2 s before the checkpoint was written"), "\(anew.stderr)")
        #expect(try run([], in: scratch).stdout == anew.stdout)
    }

    /// What is there and no checkpoint stays as it is, and nothing is made beside it.
    @Test func refusesOtherFiles() throws {
        let scratch = try dump()
        try scratch.write("notes", "the only copy")
        try scratch.makeFolder("folder")
        for name in ["notes", "folder"] {
            expectFailure(try run(["--checkpoint", name], in: scratch), status: 65, says: ["\(name): it is there, and is no checkpoint"])
        }
        expectFailure(try run(["--checkpoint", "y.npy"], in: scratch), status: 64, says: ["y.npy is also the input y.npy"])
        #expect(try scratch.text("notes") == "the only copy")
        #expect(scratch.names == ["folder", "notes", "p.npy", "y.npy"])
    }

    @Test func refusesWhatCannotBeResumed() throws {
        let scratch = try dump()
        expectFailure(
            try run(["--checkpoint", "c", "--per-row", "rows.npy"], in: scratch), status: 64,
            says: ["--per-row and --checkpoint exclude each other"])
        let standardInput = try XentRun.shell(
            "exec \"$XENT\" eval - --labels y.npy --task multiclass --input logits --checkpoint c < p.npy", in: scratch)
        expectFailure(standardInput, status: 64, says: ["standard input cannot be read again"])
        let pipe = try XentRun.shell(
            "mkfifo pipe; exec \"$XENT\" eval pipe --labels y.npy --task multiclass --input logits --checkpoint c", in: scratch)
        expectFailure(pipe, status: 64, says: ["pipe: is no regular file, and cannot be read again"])
        expectFailure(try run(["--checkpoint", "-"], in: scratch), status: 64, says: ["--checkpoint '-' names no file"])
        expectFailure(try run(["--checkpoint", "missing/c"], in: scratch), status: 74, says: ["missing/c: its folder is not there"])
        expectFailure(try run(["--timeout", "0"], in: scratch), status: 64, says: ["--timeout must be longer than 0"])
    }

    /// A second run with the same checkpoint ends with status 75, and says who has it.
    @Test func secondRunIsLockedOut() throws {
        let dump = try LongRun(seconds: 20)
        let command = try RunningCommand.xent(LongRun.arguments + ["--checkpoint", "c"], in: dump.scratch)
        defer { command.send(signal: SIGKILL) }
        try command.wait("there is no lock") { dump.scratch.names.contains("c.lock") }
        try command.wait("nobody has written who holds the lock") { (try? dump.scratch.text("c.lock").isEmpty) == false }
        expectFailure(
            try XentRun.xent(LongRun.arguments + ["--checkpoint", "c"], in: dump.scratch), status: 75,
            says: ["c: another run has the checkpoint: process ", "try again when it has ended"])
    }

    /// Where the checkpoint cannot be written, the run warns once and goes on, and its result is whole.
    @Test func fullDiskIsNoError() throws {
        let scratch = try dump()
        // A file of 512 bytes at the most. Warnings go to a pipe, and the report to standard output.
        let run = try XentRun.shell(
            "ulimit -f 1; exec \"$XENT\" \(Self.eval.joined(separator: " ")) --checkpoint c --threads 1 2>&1 | cat",
            in: scratch, ["XENT_TEST_CHECKPOINT_SECONDS": "0"])
        #expect(run.stdout.split(separator: "\n").count { $0.contains("warning: c: cannot be written") } == 1, "\(run.stdout)")
        #expect(run.stdout.contains("the run goes on, and tries again later"))
        #expect(run.stdout.hasSuffix(try self.run([], in: scratch).stdout))
        #expect(!scratch.names.contains("c"))
    }

    @Test(.enabled(if: UnfinishedFileTests.canUnshare, "this user may not make namespaces"))
    func readOnlyFolderAndFullFileSystem() throws {
        let scratch = try dump()
        try scratch.makeFolder("ro")
        try scratch.makeFolder("full")
        let eval = Self.eval.joined(separator: " ")
        let run = try XentRun.shell(
            """
            unshare -m sh -c 'mount -t tmpfs -o ro none ro && mount -t tmpfs -o size=4k none full && echo x > full/x &&
            "$XENT" \(eval) --checkpoint ro/c --threads 1 && "$XENT" \(eval) --checkpoint full/c --threads 1'
            """, in: scratch, ["XENT_TEST_CHECKPOINT_SECONDS": "0"])
        let result = try self.run([], in: scratch).stdout
        #expect(run.ending == .exit(0), "\(run.stderr)")
        #expect(run.stdout == result + result)
        for name in ["ro/c", "full/c"] {
            #expect(run.stderr.split(separator: "\n").count { $0.contains("warning: \(name): cannot be") } == 1, "\(run.stderr)")
        }
        #expect(run.stderr.contains("the run goes on without a lock"))
    }

    /// An input that changes while it is read, in a place that was read already: status 65, and no report.
    @Test func inputThatChangesMeanwhile() throws {
        let dump = try LongRun(seconds: 2)
        for name in ["p.npy", "y.npy"] { try InterruptibleDump.settle(name, in: dump.scratch) }
        let command = try RunningCommand.xent(LongRun.arguments + ["--checkpoint", "c", "--json", "r.json"], in: dump.scratch)
        try SignalTests.waitUntilUnfinished(1, command, dump.scratch)
        Thread.sleep(forTimeInterval: 0.2)
        try InterruptibleDump.settle("y.npy", in: dump.scratch, seconds: -60)
        let run = try command.finish()
        #expect(run.ending == .exit(65) || run.ending == .exit(74), "\(run.stderr)")
        #expect(run.stderr.contains("changed while it was"), "\(run.stderr)")
        #expect(!dump.scratch.names.contains("r.json"))
    }

    @Test func inspectShowsIt() throws {
        let scratch = try dump()
        try interrupt(scratch, units: 2)
        let text = try XentRun.xent(["inspect", "c"], in: scratch)
        text.expectSuccess()
        let said = ["checkpoint of an evaluation", "40 % (", "2 of 5 units", "p.npy, ", "y.npy, 330,128 bytes", "task=multiclass", "losses"]
        for words in said {
            #expect(text.stdout.contains(words), "\(text.stdout)")
        }
        try InterruptibleDump.settle("y.npy", in: scratch, seconds: -60)
        #expect(
            try XentRun.xent(["inspect", "c"], in: scratch).stdout.contains(
                "a run would begin anew, for it has another time of change than before"))
        try scratch.write("c", try scratch.bytes("c").dropLast())
        expectFailure(try XentRun.xent(["inspect", "c"], in: scratch), status: 65, says: ["c: the checkpoint is damaged"])
    }
}
