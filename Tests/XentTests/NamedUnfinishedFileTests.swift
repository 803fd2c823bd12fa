import Foundation
import Testing

/// Outputs on a file system without nameless files: unfinished ones have a name, and nothing is left of them.
@Suite(.enabled(if: StandInLibrary.areKnown, "calls are refused on Linux alone")) struct NamedUnfinishedFileTests {
    private static let eval = SmallDump.eval.joined(separator: " ")

    @Test func outputsAreTheSame() throws {
        let scratch = try ReportTests.scratch()
        let library = try StandInLibrary.refusingNamelessFiles()
        let name = String(repeating: "x", count: 247) + ".npy.zst"
        for output in ["rows.npy", name] {
            try scratch.write("victim", "old")
            let run = try XentRun.shell(
                """
                "$XENT" \(Self.eval) --quiet --per-row \(output) --partial q && cp \(output) expected && cp q q-expected && rm \(output)
                ln -s victim .\(output.prefix(100)).$$.xent-unfinished
                \(library.setting) "$XENT" \(Self.eval) --quiet --per-row \(output) --partial q &&
                cmp \(output) expected && cmp q q-expected
                """, in: scratch)
            #expect(run.ending == .exit(0), "\(run.stderr)")
            #expect(try scratch.text("victim") == "old")
            #expect(!scratch.names.contains { $0.hasSuffix(".unfinished") })
        }
    }

    /// Every signal that another process or a limit sends.
    @Test(arguments: [
        SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGXCPU, SIGPIPE,
    ])
    func signalsLeaveNothing(number: Int32) throws {
        signal(number, SIG_DFL)
        let run = try LongRun(seconds: 20)
        let library = try StandInLibrary.refusingNamelessFiles()
        let command = try SignalTests.start(run, prefix: "ulimit -c 0; export \(library.setting); ")
        try command.wait("no unfinished file has a name: \(run.scratch.names)") {
            run.scratch.names.count { $0.hasSuffix(".unfinished") } >= 3
        }
        Thread.sleep(forTimeInterval: 0.1)
        try #require(command.isRunning)
        let sent = Date()
        command.send(signal: number)
        let result = try command.finish()
        #expect(Date().timeIntervalSince(sent) < 1.5)
        #expect(result.ending == .signal(number), "\(result.stderr)")
        #expect(result.stdout == "")
        #expect(run.scratch.names == SignalTests.before)
    }

    /// A reader of standard output or of standard error that has gone away: death by SIGPIPE, or, if a parent ignores that signal and hands
    /// this down, an error or nothing.
    @Test(arguments: [("2> /dev/null", ["141", "74"]), ("2>&1 > /dev/null", ["141", "0"])])
    func readersThatGoAway(redirection: String, statuses: [String]) throws {
        let run = try LongRun(seconds: 1)
        let library = try StandInLibrary.refusingNamelessFiles()
        let words = (LongRun.arguments + ["--per-row", "rows.npy", "--json", "j", "--progress", "always"]).joined(separator: " ")
        let result = try XentRun.shell(
            "{ { trap - PIPE; export \(library.setting); \"$XENT\" \(words) \(redirection); echo $? >&3; } | true; } 3>&1", in: run.scratch)
        let status = result.stdout.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(statuses.contains(status), "\(status): \(result.stderr)")
        #expect(run.scratch.names == (status == "0" ? ["j", "p.npy", "rows.npy", "y.npy"] : SignalTests.before))
    }

    /// A file without a name that cannot be named is copied.
    @Test func namesAreRefused() throws {
        let scratch = try ReportTests.scratch()
        let library = try StandInLibrary.refusingLinks()
        try scratch.write("q", "old")
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: scratch.place("q"))
        let run = try XentRun.shell(
            """
            "$XENT" \(Self.eval) --quiet --per-row expected.npy --partial expected &&
            \(library.setting) "$XENT" \(Self.eval) --quiet --per-row rows.npy --partial q &&
            cmp rows.npy expected.npy && cmp q expected
            """, in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        let mode = try FileManager.default.attributesOfItem(atPath: scratch.place("q"))[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o640)
        #expect(scratch.names == ["expected", "expected.npy", "p.npy", "q", "rows.npy", "y.npy"])
    }
}
