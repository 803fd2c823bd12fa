import Foundation
import Testing

/// `--exit-with-parent`: a run whose parent is killed ends too.
@Suite struct ParentTests {
    #if os(Linux)
    /// Starts a run by a shell that is then killed; returns whether the run went on.
    private static func outlivesItsParent(_ options: String) throws -> Bool {
        let scratch = try Scratch()
        try XentRun.tool("mkfifo", ["pipe", "block"], in: scratch)
        // The run waits for a writer of the pipe. The shell waits for one of the other pipe, by itself.
        let script = """
            "$XENT" eval pipe --labels pipe --task multiclass --input logits \(options) 2> error & echo $! > pid; read line < block
            """
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", script]
        shell.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
        shell.environment = ProcessInfo.processInfo.environment.merging(["XENT": try RunningCommand.binaryPath()]) { $1 }
        try shell.run()
        func pid() -> pid_t? {
            (try? String(contentsOfFile: scratch.place("pid"), encoding: .utf8)).flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        for _ in 0..<2000 where pid() == nil { Thread.sleep(forTimeInterval: 0.005) }
        let child = try #require(pid())
        // It has opened the pipe once it is at work.
        Thread.sleep(forTimeInterval: 0.5)
        #expect(kill(child, 0) == 0, "the run did not begin")
        // `waitUntilExit` would wait for the run as well, which has the shell's descriptors.
        kill(shell.processIdentifier, SIGKILL)
        defer { kill(child, SIGKILL) }
        func isAlive() -> Bool {
            // A process that has ended and that nobody waited for is none.
            guard let status = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8) else { return false }
            return !status.contains(") Z ")
        }
        for _ in 0..<200 {
            if !isAlive() { return false }
            Thread.sleep(forTimeInterval: 0.01)
        }
        return true
    }

    @Test func endsWithItsParent() throws {
        #expect(try !Self.outlivesItsParent("--exit-with-parent"))
        // Without it the run goes on: the test can tell.
        #expect(try Self.outlivesItsParent(""))
    }

    /// A parent that ended before the process could look is known by the number that it left.
    @Test func parentThatIsGone() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let arguments = SmallDump.eval + ["--exit-with-parent", "--json", "report.json"]
        let words = arguments.joined(separator: " ")
        let run = try XentRun.shell("XENT_PARENT_PID=1 exec \"$XENT\" \(words)", in: scratch)
        #expect(run.ending == .signal(SIGTERM))
        #expect(!scratch.names.contains("report.json"))
        try XentRun.shell("export XENT_PARENT_PID=$$; \"$XENT\" \(words); status=$?; exit $status", in: scratch).expectSuccess()
    }
    #endif
}
