import Foundation
import Testing

/// Output files: whole or not at all, and never in place of something else.
@Suite struct OutputFileTests {
    static let all = ["--per-row", "rows.npy", "--partial", "all.partial", "--json", "report.json"]

    @Test func allAreWrittenAndNothingElse() throws {
        let scratch = try ReportTests.scratch()
        #expect(try XentRun.xent(SmallDump.eval + Self.all, in: scratch).ending == .exit(0))
        #expect(scratch.names == ["all.partial", "p.npy", "report.json", "rows.npy", "y.npy"])
    }

    @Test func olderOnesAreReplacedOnSuccessAndKeptOnFailure() throws {
        let scratch = try ReportTests.scratch()
        for name in ["rows.npy", "all.partial", "report.json"] { try scratch.write(name, "old") }
        try scratch.write("bad.npy", NPYFixture.labels([0, 1, 2, 9, 0, 1]))
        let names = scratch.names
        let failed = try XentRun.xent(["eval", "p.npy", "--labels", "bad.npy"] + SmallDump.task + Self.all, in: scratch)
        expectFailure(failed, status: 65, says: ["label 9"])
        for name in ["rows.npy", "all.partial", "report.json"] { #expect(try scratch.text(name) == "old") }
        #expect(scratch.names == names)
        #expect(try XentRun.xent(SmallDump.eval + Self.all, in: scratch).ending == .exit(0))
        for name in ["rows.npy", "all.partial", "report.json"] { #expect(try scratch.text(name) != "old") }
        #expect(scratch.names == names)
    }

    /// Status 74, and the outputs that could have been written are not there either.
    @Test(arguments: ["--per-row", "--partial", "--json"], ["missing/out", "folder", "p.npy/out"])
    func placeWhereNothingCanBeWritten(option: String, place: String) throws {
        let scratch = try ReportTests.scratch()
        try scratch.makeFolder("folder")
        let names = scratch.names
        var outputs = Self.all
        guard let index = outputs.firstIndex(of: option) else { return }
        outputs[index + 1] = place
        expectFailure(try XentRun.xent(SmallDump.eval + outputs, in: scratch), status: 74, says: ["xent: \(place): ", "folder"])
        #expect(scratch.names == names)
    }

    @Test func missingFolderForTheOthers() throws {
        let scratch = try ReportTests.scratch()
        #expect(try XentRun.xent(SmallDump.eval + ["--partial", "all.partial"], in: scratch).ending == .exit(0))
        let names = scratch.names
        for command in ["merge", "inspect"] {
            let input = command == "merge" ? "all.partial" : "p.npy"
            expectFailure(
                try XentRun.xent([command, input, "--json", "missing/out"], in: scratch), status: 74, says: ["xent: missing/out: "])
        }
        #expect(scratch.names == names)
    }

    /// A full disk under standard output: the report is lost, and the status says so. No output file is left beside it.
    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full"),
        arguments: ["", "--json -", "--quiet"])
    func standardOutputIsFull(option: String) throws {
        let scratch = try ReportTests.scratch()
        let names = scratch.names
        // A redirection of the shell's, not a path that is given to xent.
        let run = try XentRun.shell(
            "exec \"$XENT\" \(SmallDump.eval.joined(separator: " ")) \(option) --per-row rows.npy > /dev/full", in: scratch)
        expectFailure(run, status: 74, says: ["xent: standard output: "])
        #expect(scratch.names == names)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full"))
    func standardOutputIsFullForTheOthers() throws {
        let scratch = try ReportTests.scratch()
        #expect(try XentRun.xent(SmallDump.eval + ["--partial", "all.partial"], in: scratch).ending == .exit(0))
        for command in ["inspect p.npy", "inspect p.npy --json -", "merge all.partial", "merge all.partial --json -"] {
            expectFailure(try XentRun.shell("exec \"$XENT\" \(command) > /dev/full", in: scratch), status: 74, says: ["standard output"])
        }
    }

    /// A link stays a link; what it points to is replaced.
    @Test func linkIsFollowed() throws {
        let scratch = try ReportTests.scratch()
        try scratch.write("target", "old")
        try FileManager.default.createSymbolicLink(atPath: scratch.place("link"), withDestinationPath: "target")
        #expect(try XentRun.xent(SmallDump.eval + ["--json", "link"], in: scratch).ending == .exit(0))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.place("link")) == "target")
        #expect(try JSONDocument(path: scratch.place("target")).text("task") == "multiclass")
    }

    /// A pipe (or a device) is written to, and not replaced by a file.
    @Test func pipeStaysAPipe() throws {
        let scratch = try ReportTests.scratch()
        let run = try XentRun.shell(
            "mkfifo pipe; cat pipe > got & \"$XENT\" \(SmallDump.eval.joined(separator: " ")) --json pipe; status=$?; wait; exit $status",
            in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.place("pipe"))
        #expect(attributes[.type] as? FileAttributeType != .typeRegular)
        #expect(try JSONDocument(path: scratch.place("got")).text("task") == "multiclass")
        #expect(scratch.names == ["got", "p.npy", "pipe", "y.npy"])
    }

    @Test(arguments: [
        ["--per-row", "p.npy"], ["--json", "./y.npy"], ["--partial", "link"], ["--json", "one", "--partial", "one"],
        ["--json", "one", "--partial", "./one"],
    ])
    func inputsAndOtherOutputsAreNotOverwritten(options: [String]) throws {
        let scratch = try ReportTests.scratch()
        try FileManager.default.createSymbolicLink(atPath: scratch.place("link"), withDestinationPath: "p.npy")
        let names = scratch.names
        let predictions = try scratch.bytes("p.npy")
        let labels = try scratch.bytes("y.npy")
        expectFailure(try XentRun.xent(SmallDump.eval + options, in: scratch), status: 64, says: [options[0], options[1]])
        #expect(try scratch.bytes("p.npy") == predictions)
        #expect(try scratch.bytes("y.npy") == labels)
        #expect(scratch.names == names)
    }

    /// Whoever closes the pipe early ends xent, without a word.
    @Test func pipeClosedEarly() throws {
        let scratch = try ReportTests.scratch()
        func closedPipe() throws -> Pipe {
            let pipe = Pipe()
            try pipe.fileHandleForReading.close()
            return pipe
        }
        let run = try RunningCommand(
            "/bin/sh", ["-c", "trap - PIPE; exec \"$0\" \"$@\"", RunningCommand.binaryPath()] + SmallDump.eval, in: scratch,
            stdout: closedPipe()
        ).finish()
        // A parent that ignores SIGPIPE (some do) hands that down, and no shell can undo it: then it is an error of writing.
        #expect([.signal(SIGPIPE), .exit(74)].contains(run.ending))
        #expect(run.stderr == "" || run.stderr.hasPrefix("xent: standard output: cannot be written"))
        #expect(run.stderr.split(separator: "\n").count <= 1)

        #expect(scratch.names == ["p.npy", "y.npy"])

        let ignoring = try RunningCommand(
            "/bin/sh", ["-c", "trap '' PIPE; exec \"$0\" \"$@\"", RunningCommand.binaryPath()] + SmallDump.eval, in: scratch,
            stdout: closedPipe()
        ).finish()
        expectFailure(ignoring, status: 74, says: ["xent: standard output: cannot be written"])

        let head = try XentRun.shell("\"$XENT\" \(SmallDump.eval.joined(separator: " ")) | head -n 0", in: scratch)
        #expect(head.ending == .exit(0))
        #expect(head.stderr == "" || head.stderr.hasPrefix("xent: standard output: cannot be written"))
    }
}
