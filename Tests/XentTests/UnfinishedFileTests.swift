import Foundation
import Testing

/// Outputs while they are written: no name that another process could meet, nothing left, and the mode that was there.
@Suite struct UnfinishedFileTests {
    /// Whether a test may start a process in namespaces of its own, as containers are.
    static let canUnshare = Result { try XentRun.tool("unshare", ["-p", "-f", "-m", "true"], in: Scratch()) }.isSuccess

    /// Whether the file system of the tests has files without a name.
    static let hasNamelessFiles: Bool = {
        #if os(Linux)
            // O_TMPFILE is this bit and that of O_DIRECTORY.
            let descriptor = open(FileManager.default.temporaryDirectory.path, 0o20000000 | O_DIRECTORY | O_RDWR, 0o600 as mode_t)
            if descriptor >= 0 { close(descriptor) }
            return descriptor >= 0
        #else
            return false
        #endif
    }()

    @Test(.enabled(if: hasNamelessFiles, "the file system has no nameless files"), arguments: ["rows.npy", "rows.npy.zst"])
    func killLeavesNothing(perRow: String) throws {
        let run = try LongRun(seconds: 20)
        let command = try SignalTests.start(run, perRow: perRow)
        try SignalTests.waitUntilAtWork(command, run)
        command.send(signal: SIGKILL)
        #expect(try command.finish().ending == .signal(SIGKILL))
        #expect(run.scratch.names == SignalTests.before)
    }

    @Test(.enabled(if: hasNamelessFiles, "the file system has no nameless files"))
    func killOfPackLeavesNothing() throws {
        let scratch = try Scratch()
        let rows = 4_000_000
        try scratch.writeZeros("p.npy", after: NPYFixture.header("<f4", [rows, 100]), byteCount: 400 * rows)
        let command = try RunningCommand.xent(["pack", "p.npy", "-o", "out", "--level", "19", "--threads", "1"], in: scratch)
        try SignalTests.waitUntilUnfinished(1, command, scratch)
        command.send(signal: SIGKILL)
        #expect(try command.finish().ending == .signal(SIGKILL))
        #expect(scratch.names == ["p.npy"])
    }

    /// A link that waits at the name that an unfinished file used to have is not followed: the file that it points to stays.
    @Test(arguments: ["--json", "--partial", "--per-row"])
    func plantedLinkIsNotFollowed(option: String) throws {
        let scratch = try ReportTests.scratch()
        try scratch.write("victim", "old")
        let run = try XentRun.shell(
            """
            for end in "" -compressed; do ln -s victim .out.npy.zst.$$$end.xent-unfinished; done
            exec "$XENT" \(SmallDump.eval.joined(separator: " ")) --quiet \(option) out.npy.zst
            """, in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        #expect(try scratch.text("victim") == "old")
        #expect(try FileManager.default.attributesOfItem(atPath: scratch.place("out.npy.zst"))[.type] as? FileAttributeType == .typeRegular)
    }

    /// Two processes of the same number, as each container has them, write one output at the same time: it is the one or the other's.
    @Test(.enabled(if: canUnshare, "this user may not make namespaces"))
    func twoProcessesOfOneNumber() throws {
        let scratch = try Scratch()
        let rows = 400_000
        for (name, seed) in [("a", UInt64(81)), ("b", 82)] {
            try scratch.write(
                "\(name).npy", NPYFixture.floats(RandomDump.logits(rows: rows, columns: 10, seed: seed), columns: 10))
        }
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: rows, classes: 10, seed: 83)))
        func eval(_ name: String, _ output: String) -> String {
            "\"$XENT\" eval \(name).npy --labels y.npy \(SmallDump.task.joined(separator: " ")) --quiet --kernel baseline --threads 1 "
                + "--per-row \(output)"
        }
        let run = try XentRun.shell(
            """
            \(eval("a", "a.rows.npy")) && \(eval("b", "b.rows.npy")) || exit 9
            unshare -p -f \(eval("a", "rows.npy")) & first=$!
            unshare -p -f \(eval("b", "rows.npy")) || exit 8
            wait $first
            """, in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        let rowsBytes = try scratch.bytes("rows.npy")
        let isOneOfThem = try rowsBytes == scratch.bytes("a.rows.npy") || rowsBytes == scratch.bytes("b.rows.npy")
        #expect(isOneOfThem)
        #expect(scratch.names == ["a.npy", "a.rows.npy", "b.npy", "b.rows.npy", "rows.npy", "y.npy"])
    }

    @Test(arguments: [0o600, 0o640, 0o664, 0o444])
    func modeOfAReplacedFileIsKept(mode: Int) throws {
        let scratch = try ReportTests.scratch()
        let names = ["report.json", "all.partial", "rows.npy", "rows.npy.zst", "packed"]
        for name in names {
            try scratch.write(name, "old")
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: scratch.place(name))
        }
        let eval = SmallDump.eval.joined(separator: " ")
        let run = try XentRun.shell(
            """
            umask 027
            "$XENT" \(eval) --json report.json --partial all.partial --per-row rows.npy && "$XENT" \(eval) --per-row rows.npy.zst &&
            "$XENT" pack p.npy -o packed && "$XENT" inspect p.npy --json new
            """, in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        for name in names {
            #expect(try scratch.text(name) != "old")
            let attributes = try FileManager.default.attributesOfItem(atPath: scratch.place(name))
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == mode, "\(name)")
        }
        let new = try FileManager.default.attributesOfItem(atPath: scratch.place("new"))
        #expect((new[.posixPermissions] as? NSNumber)?.intValue == 0o640)
    }

    @Test func longestName() throws {
        let scratch = try ReportTests.scratch()
        let name = String(repeating: "x", count: 247) + ".npy.zst"
        for options in [["--json", name], ["--partial", name], ["--per-row", name]] {
            try XentRun.xent(SmallDump.eval + options, in: scratch).expectSuccess()
        }
        try XentRun.xent(["pack", "p.npy", "-o", name], in: scratch).expectSuccess()
        #expect(scratch.names == ["p.npy", name, "y.npy"])
    }

    /// A name that no file can have is found before the work, not after it.
    @Test func nameThatIsTooLong() throws {
        let scratch = try ReportTests.scratch()
        let name = String(repeating: "x", count: 252) + ".npy"
        for options in [["--json", name], ["--partial", name], ["--per-row", name]] {
            expectFailure(try XentRun.xent(SmallDump.eval + options, in: scratch), status: 74, says: ["File name too long", "shorter name"])
        }
        expectFailure(try XentRun.xent(["pack", "p.npy", "-o", name], in: scratch), status: 74, says: ["File name too long"])
        #expect(scratch.names == ["p.npy", "y.npy"])
    }

    /// A limit of the file's size is an error that names the file.
    @Test func fileSizeLimit() throws {
        let scratch = try Scratch()
        let rows = 20_000
        try scratch.write("p.npy", NPYFixture.floats(RandomDump.logits(rows: rows, columns: 3, seed: 91), columns: 3))
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: rows, classes: 3, seed: 92)))
        let names = scratch.names
        let run = try XentRun.shell(
            "ulimit -f 64; exec \"$XENT\" \(SmallDump.eval.joined(separator: " ")) --per-row rows.npy", in: scratch)
        expectFailure(run, status: 74, says: ["rows.npy: cannot be written"])
        #expect(scratch.names == names)
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}
