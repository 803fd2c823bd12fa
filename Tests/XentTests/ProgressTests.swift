import Foundation
import Testing

/// The bar: on a terminal's standard error, and nowhere else unless asked for.
@Suite struct ProgressTests {
    /// Long enough for a bar, which waits for 0.3 s, on a fast machine too.
    static func longRun() throws -> LongRun { try LongRun(seconds: 0.7) }

    static let erase = "\r\u{1B}[K"

    @Test(arguments: [[], ["--progress", "never"]])
    func nothingWhereNobodyWatches(options: [String]) throws {
        let run = try XentRun.xent(LongRun.arguments + options, in: Self.longRun().scratch)
        run.expectSuccess()
        #expect(run.stderr == "")
        #expect(run.stdout.contains(LongRun.mean))
    }

    @Test func alwaysShowsABarAndRemovesIt() throws {
        // Longer where the machine is faster than thought.
        for aim in [0.7, 2, 6] {
            let longRun = try LongRun(seconds: aim)
            let run = try XentRun.xent(LongRun.arguments + ["--progress", "always", "--json", "-"], in: longRun.scratch)
            let seconds = try run.json().number("run", "seconds")
            #expect(run.stderr.hasSuffix(Self.erase))
            if seconds < 0.5 { continue }
            // Each state of the line replaces the one before.
            let lines = run.stderr.components(separatedBy: Self.erase)
            #expect(lines.count >= 3)
            #expect(lines.first == "" && lines.last == "")
            for line in lines.dropFirst().dropLast() {
                for text in ["█", " %", "MB", "/s"] { #expect(line.contains(text), "\(line)") }
                #expect(!line.contains("\n"))
            }
            #expect(lines.contains { $0.hasSuffix(" left") })
            return
        }
        Issue.record("no run was long enough for a bar")
    }

    /// A program that reads the log gets events in place of the bar, whose control characters would tear its lines.
    @Test func aLogInJSONHasEventsInPlaceOfTheBar() throws {
        for aim in [0.7, 2, 6] {
            let longRun = try LongRun(seconds: aim)
            let options = ["--progress", "always", "--log", "json", "--json", "-"]
            let run = try XentRun.xent(LongRun.arguments + options, in: longRun.scratch)
            run.expectSuccess()
            let events = try run.stderr.split(separator: "\n").map { try JSONDocument(String($0)) }
            #expect(!run.stderr.contains("\u{1B}"))
            if try run.json().number("run", "seconds") < 1.1 { continue }
            let progress = try events.filter { try $0.text("event") == "progress" }
            #expect(!progress.isEmpty)
            for event in progress {
                let (decoded, total) = (try event.count("decoded_bytes"), try event.count("total_bytes"))
                #expect(0 < decoded && decoded <= total)
            }
            return
        }
        Issue.record("no run was long enough for an event")
    }

    /// A run too short for a bar leaves no trace of one but the removal.
    @Test func shortRunsShowNone() throws {
        let scratch = try ReportTests.scratch()
        let run = try XentRun.xent(SmallDump.eval + ["--progress", "always"], in: scratch)
        #expect(run.stderr.replacing(Self.erase, with: "") == "")
        #expect(run.stdout.contains(" nats"))
        let never = try XentRun.xent(SmallDump.eval + ["--progress", "never"], in: scratch)
        #expect(never.stderr == "")
        #expect(never.stdout.contains(" nats"))
    }

    /// `script` of util-linux gives a command a terminal: the bar is there, and standard output holds the report alone.
    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "there is no script(1)"),
        arguments: [([], true), (["--progress", "never"], false), (["--quiet"], false)])
    func onATerminal(options: [String], showsBar: Bool) throws {
        let scratch = try Self.longRun().scratch
        let words = (LongRun.arguments + options).joined(separator: " ")
        try scratch.write("command.sh", "exec \"$XENT\" \(words) > report.txt\n")
        let run = try RunningCommand(
            "/usr/bin/script", ["-qec", "sh command.sh", "/dev/null"], in: scratch, environment: ["XENT": RunningCommand.binaryPath()]
        ).finish()
        run.expectSuccess()
        // What stood on the terminal.
        #expect(run.stdout.contains("█") == showsBar)
        #expect(run.stdout.hasSuffix(Self.erase) == showsBar)
        let report = try scratch.text("report.txt")
        #expect(!report.contains("\u{1B}") && !report.contains("█"))
        #expect(report.contains(LongRun.mean))
    }
}
