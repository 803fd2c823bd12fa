import Foundation
import GoldenCases
import Testing

/// What a terminal shows: widths, colours, and nothing of either elsewhere. `script` of util-linux gives a command a terminal.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "there is no script(1)"))
struct TerminalTests {
    /// Runs a command line on a terminal of so many columns, and returns all that stood on it.
    private static func onTerminal(
        _ command: String, columns: Int = 80, variables: String = "TERM=xterm", in scratch: Scratch
    ) throws -> String {
        try scratch.write(
            "terminal.sh", "stty cols \(columns) rows 30; unset NO_COLOR COLUMNS; export \(variables); \(command)\n")
        let run = try RunningCommand(
            "/usr/bin/script", ["-qec", "sh terminal.sh", "/dev/null"], in: scratch, environment: ["XENT": RunningCommand.binaryPath()]
        ).finish()
        return run.stdout.replacingOccurrences(of: "\r\n", with: "\n")
    }

    private static let eval = "\"$XENT\" " + SmallDump.eval.joined(separator: " ")

    @Test func theFigureIsColoured() throws {
        let scratch = try ReportTests.scratch()
        let mean = try XentRun.xent(SmallDump.eval + ["--json", "-"], in: scratch).json().number("loss", "mean")
        let shown = try Self.onTerminal(Self.eval, in: scratch)
        #expect(shown.contains("\u{1B}[1;32m\(mean) nats\u{1B}[0m"))
        // Colours are all that differs.
        let plain = try XentRun.xent(SmallDump.eval, in: scratch).stdout
        let bare = shown.replacing(/\u{1B}\[[0-9;]*m/, with: "").replacing(/\r?\u{1B}\[K/, with: "")
        func withoutRun(_ text: String) -> [Substring] { text.split(separator: "\n").filter { !$0.hasPrefix("  run ") } }
        #expect(withoutRun(bare) == withoutRun(plain))
    }

    @Test(arguments: ["TERM=xterm NO_COLOR=1", "TERM=dumb"])
    func nothingIsColoured(variables: String) throws {
        let scratch = try ReportTests.scratch()
        for command in [Self.eval, "\"$XENT\" help eval", "\"$XENT\" evla", "\"$XENT\" eval none.npy --task binary --input logits"] {
            let shown = try Self.onTerminal(command, variables: variables, in: scratch)
            #expect(shown.contains(variables.contains("dumb") ? "\u{1B}" : "\u{1B}[1") == false, "\(command): \(shown)")
        }
    }

    @Test func errorsAndWarningsAreColoured() throws {
        let scratch = try ReportTests.infiniteScratch()
        let eval = "\"$XENT\" " + ReportTests.evalInfinite.joined(separator: " ")
        let shown = try Self.onTerminal("\(eval); \"$XENT\" evla", in: scratch)
        #expect(shown.contains("xent: \u{1B}[1;33mwarning:\u{1B}[0m 1 row has an infinite loss"))
        #expect(shown.contains("\u{1B}[1;31mxent:\u{1B}[0m 'evla' is no command"))
        // In a pipe there is no colour.
        let piped = try Self.onTerminal("(\(eval); \"$XENT\" evla) 2>&1 | cat", in: scratch)
        #expect(!piped.contains("\u{1B}"))
    }

    @Test(arguments: [40, 60, 80, 132])
    func helpFitsTheTerminal(columns: Int) throws {
        let shown = try Self.onTerminal("\"$XENT\" help eval", columns: columns, in: Scratch())
        let lines = shown.replacing(/\u{1B}\[[0-9;]*m/, with: "").split(separator: "\n").filter { !$0.contains("xent ") }
        let longest = try #require(lines.map(\.count).max())
        #expect(longest <= columns && longest > min(columns, 110) - 20, "\(longest)")
    }

    @Test(arguments: [60, 80, 200])
    func tablesFitTheTerminal(columns: Int) throws {
        let scratch = try Scratch()
        let bench = "\"$XENT\" bench --rows 2000 --classes 30 --threads 1 --repeats 2 --seconds 0.001"
        let losses = "\"$XENT\" bench --losses --task soft --repeats 1 --seconds 0.0001 2> /dev/null"
        for command in ["\"$XENT\" losses", "\"$XENT\" losses --dialect keras --task binary", "\(bench) 2> /dev/null", losses] {
            let shown = try Self.onTerminal(command, columns: columns, in: scratch).replacing(/\r?\u{1B}\[K/, with: "")
            for line in shown.split(separator: "\n") { #expect(line.count <= columns, "\(command): \(line)") }
            #expect(shown.contains("mean / ") || shown.contains("GB/s") || shown.contains("Millions of"))
        }
    }

    /// The bar is as wide as the terminal, so that its line is never wrapped.
    @Test(arguments: [30, 60, 100])
    func barFitsTheTerminal(columns: Int) throws {
        for aim in [0.7, 2, 6] {
            let scratch = try LongRun(seconds: aim).scratch
            let words = LongRun.arguments.joined(separator: " ")
            let shown = try Self.onTerminal("\"$XENT\" \(words) > report.txt", columns: columns, in: scratch)
            let lines = shown.components(separatedBy: ProgressTests.erase).filter { $0.contains("%") }
            if lines.isEmpty { continue }
            for line in lines {
                #expect(line.count == columns - 1, "\(line)")
                #expect(line.contains("█") || line.contains("░") || columns < 40)
            }
            return
        }
        Issue.record("no run was long enough for a bar")
    }

    @Test func dumbTerminalsHaveNoBar() throws {
        let scratch = try LongRun(seconds: 0.7).scratch
        let words = LongRun.arguments.joined(separator: " ")
        let shown = try Self.onTerminal("\"$XENT\" \(words)", variables: "TERM=dumb", in: scratch)
        #expect(!shown.contains("\u{1B}") && !shown.contains("█") && shown.contains(LongRun.mean))
    }

    /// Whoever types a dump is told that it is waited for.
    @Test func standardInputIsATerminal() throws {
        let scratch = try ReportTests.scratch()
        let task = SmallDump.task.joined(separator: " ")
        for (options, says) in [("", true), ("--silent", false)] {
            let command =
                "printf '\\004' | \"$XENT\" --version > /dev/null; \"$XENT\" eval - --labels y.npy \(task) \(options) < /dev/tty & sleep 0.3; kill $!; wait"
            let shown = try Self.onTerminal(command, in: scratch)
            #expect(shown.contains("xent: reads standard input from the terminal; Ctrl-D ends it") == says, "\(shown)")
        }
        let piped = try XentRun.shell("cat p.npy | \"$XENT\" eval - --labels y.npy \(task)", in: scratch)
        #expect(piped.stderr == "")
    }
}
