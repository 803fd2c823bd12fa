import Foundation
import Testing

/// SIGINT, SIGTERM and SIGHUP during a run: death by the signal itself, soon, and nothing left behind.
@Suite struct SignalTests {
    /// A run that would take many seconds, with all outputs.
    static func start(_ run: LongRun, prefix: String = "", perRow: String = "rows.npy", _ options: [String] = []) throws -> RunningCommand {
        let words = LongRun.arguments + ["--per-row", perRow, "--partial", "all.partial", "--json", "report.json"] + options
        return try RunningCommand(
            "/bin/sh", ["-c", prefix + "exec \"$0\" \"$@\"", RunningCommand.binaryPath()] + words, in: run.scratch)
    }

    /// Waits until the unfinished outputs are there, and then until some rows are scored.
    static func waitUntilAtWork(_ command: RunningCommand, _ run: LongRun) throws {
        try waitUntilUnfinished(3, command, run.scratch)
        Thread.sleep(forTimeInterval: 0.1)
    }

    /// Waits until a command has as many unfinished files in the folder, with a name or without.
    static func waitUntilUnfinished(_ count: Int, _ command: RunningCommand, _ scratch: Scratch) throws {
        try command.wait("no output file was begun: \(scratch.names)") {
            let nameless = command.openPaths.count { $0.hasPrefix(scratch.path) && $0.hasSuffix("(deleted)") }
            return nameless + scratch.names.count { $0.hasSuffix("unfinished") } >= count
        }
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

    /// A command that waits for something that does not come, and the files that it leaves as they were.
    struct Wait: Sendable, CustomTestStringConvertible {
        let script: String
        var testDescription: String { script }
    }

    private static let task = SmallDump.task.joined(separator: " ")
    private static let eval = SmallDump.eval.joined(separator: " ")

    /// Descriptor 3 is a pipe that stays open, with the first bytes of `p.npy` in it; nobody opens `silent`.
    static let waits = [
        "eval - --labels y.npy \(task) <&3", "eval /dev/stdin --labels y.npy \(task) <&3", "eval p.npy --labels - \(task) <&4",
        "eval silent --labels y.npy \(task)", "eval p.npy --labels silent \(task)", "eval @silent --labels y.npy \(task)",
        "\(eval) --class-weights silent", "\(eval) --per-row rows.npy --weights silent", "eval silent --labels y.npy --task multiclass",
        "\(eval) --json silent", "merge silent --json j", "merge - --json j <&4", "inspect silent --json j", "inspect - --json j <&3",
        "inspect p.npy silent", "pack - -o out <&3", "pack silent -o out", "bench silent", "\(eval) --partial silent",
    ].map { Wait(script: $0) }

    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/status"), "there is no /proc"),
        arguments: waits, [SIGINT, SIGTERM])
    func firstSignalEndsAWait(_ wait: Wait, signal number: Int32) throws {
        signal(number, SIG_DFL)
        let scratch = try ReportTests.scratch()
        try scratch.makeFolder("pipes")
        let command = try RunningCommand(
            "/bin/sh",
            [
                "-c",
                """
                mkfifo silent pipes/a pipes/b; exec 3<>pipes/a 4<>pipes/b; head -c 140 p.npy >&3
                exec "$XENT" \(wait.script)
                """,
            ], in: scratch, environment: ["XENT": RunningCommand.binaryPath()])
        try command.waitUntilSignalsAreHandled()
        Thread.sleep(forTimeInterval: 0.2)
        try #require(command.isRunning)
        let sent = Date()
        command.send(signal: number)
        while command.isRunning, Date().timeIntervalSince(sent) < 2 { Thread.sleep(forTimeInterval: 0.01) }
        let seconds = Date().timeIntervalSince(sent)
        if command.isRunning { command.send(signal: SIGKILL) }
        let run = try command.finish()
        #expect(run.ending == .signal(number), "\(run.stderr)")
        #expect(seconds < 1.5)
        #expect(run.stdout == "")
        #expect(run.stderr.contains("cancelled"), "\(run.stderr)")
        #expect(scratch.names == ["p.npy", "pipes", "silent", "y.npy"])
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
