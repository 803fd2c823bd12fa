import Foundation
import Testing

/// SIGINT, SIGTERM and SIGHUP during a run: death by the signal itself, soon, and nothing left behind.
@Suite struct SignalTests {
    /// A run that would take many seconds, with all outputs.
    static func start(_ run: LongRun, prefix: String = "", _ options: [String] = []) throws -> RunningCommand {
        let words = LongRun.arguments + ["--per-row", "rows.npy", "--partial", "all.partial", "--json", "report.json"] + options
        return try RunningCommand(
            "/bin/sh", ["-c", prefix + "exec \"$0\" \"$@\"", RunningCommand.binaryPath()] + words, in: run.scratch)
    }

    /// Waits until the unfinished outputs are there, and then until some rows are scored.
    static func waitUntilAtWork(_ command: RunningCommand, _ run: LongRun) throws {
        for _ in 0..<4000 {
            if run.scratch.names.contains(where: { $0.contains("rows.npy") }) {
                Thread.sleep(forTimeInterval: 0.1)
                return
            }
            guard command.isRunning else { throw HarnessError("it ended before it was at work: \(try command.finish())") }
            Thread.sleep(forTimeInterval: 0.005)
        }
        throw HarnessError("no output file was begun: \(run.scratch.names)")
    }

    static let before = ["p.npy", "y.npy"]

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP], ["never", "always"])
    func diesByTheSignalAndLeavesNothing(signal number: Int32, progress: String) throws {
        // Whoever started the tests may ignore a signal, which goes down to children.
        signal(number, SIG_DFL)
        let run = try LongRun(seconds: 20)
        let command = try Self.start(run, ["--progress", progress])
        try Self.waitUntilAtWork(command, run)
        _ = try command.expectDeath(by: number)
        #expect(run.scratch.names == Self.before)
    }

    /// Files from before are as they were.
    @Test func olderOutputsAreKept() throws {
        signal(SIGTERM, SIG_DFL)
        let run = try LongRun(seconds: 20)
        try run.scratch.write("report.json", "old")
        let command = try Self.start(run)
        try Self.waitUntilAtWork(command, run)
        command.send(signal: SIGTERM)
        #expect(try command.finish().ending == .signal(SIGTERM))
        #expect(try run.scratch.text("report.json") == "old")
        #expect(run.scratch.names == ["p.npy", "report.json", "y.npy"])
    }

    /// What a shell's background job or nohup ignores stays ignored.
    @Test(arguments: [("INT", SIGINT), ("HUP", SIGHUP)])
    func ignoredSignalStaysIgnored(name: String, number: Int32) throws {
        let run = try LongRun(seconds: 0.7)
        let command = try Self.start(run, prefix: "trap '' \(name); ")
        try Self.waitUntilAtWork(command, run)
        try #require(command.isRunning)
        command.send(signal: number)
        let result = try command.finish()
        #expect(result.ending == .exit(0), "\(result.stderr)")
        #expect(result.stdout.contains(LongRun.mean))
        #expect(run.scratch.names == ["all.partial", "p.npy", "report.json", "rows.npy", "y.npy"])
    }
}
