import Foundation
import Testing

/// What xent says about itself.
@Suite struct HelpTests {
    @Test func version() throws {
        let scratch = try ReportTests.scratch()
        let run = try XentRun.xent(["--version"], in: scratch)
        run.expectSuccess()
        let version = try #require(run.stdout.firstMatch(of: /^xent (\d+\.\d+\.\d+)\n/)).output.1
        #expect(run.stderr == "")
        // Reports say the same.
        let report = try XentRun.xent(SmallDump.eval + ["--json", "-"], in: scratch).json()
        #expect(try report.text("xent") == version)
    }

    struct Page: Sendable, CustomTestStringConvertible {
        let command: [String]
        let says: [String]
        var testDescription: String { (["xent"] + command).joined(separator: " ") }
    }

    static let pages = [
        Page(command: [], says: ["xent merge", "xent inspect", "EXIT STATUS", "64", "65", "66", "74", "SIGINT"]),
        Page(
            command: ["eval"],
            says: [
                "--labels", "--task", "--input", "--dialect", "--on-invalid", "--per-row", "--partial", "--json", "--threads", "--kernel",
                "--memory", "--progress", "--quiet", "--verbose", "logits, probabilities", "binary, multiclass",
            ]),
        Page(command: ["merge"], says: ["xent merge", "--json", "--quiet", "once"]),
        Page(command: ["inspect"], says: ["xent inspect", "--json"]),
    ]

    @Test(arguments: pages)
    func helpHasExamples(_ page: Page) throws {
        let scratch = try Scratch()
        let help = try XentRun.xent(page.command + ["--help"], in: scratch)
        help.expectSuccess()
        #expect(help.stderr == "")
        // The text is wrapped at the terminal's width.
        let text = help.stdout.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for word in ["EXAMPLES", (["xent"] + page.command).joined(separator: " "), "USAGE"] + page.says {
            #expect(text.contains(word), "\(word)")
        }
        #expect(try XentRun.xent(["help"] + page.command, in: scratch).stdout == help.stdout)
        #expect(try XentRun.xent(page.command + ["-h"], in: scratch).stdout == help.stdout)
    }

    /// Every command that an example shows is one that is understood: run on files of those names, it works.
    @Test func examplesOfEvalWork() throws {
        let scratch = try ReportTests.scratch()
        let logits = try scratch.bytes("p.npy")
        let probabilities = NPYFixture.doubles([0.5, 0.25, 1, 0.75])
        try scratch.write("logits.npy.zst", ZstdFixture.singleFrame(logits))
        try scratch.write("logits.npy", logits)
        try scratch.write("labels.npy", scratch.bytes("y.npy"))
        try scratch.write("labels.npy.zst", ZstdFixture.singleFrame(scratch.bytes("y.npy")))
        try scratch.write("shards.txt", "logits.npy.zst\n")
        let examples = try XentRun.shell("COLUMNS=1000 \"$XENT\" eval --help", in: scratch).stdout
            .components(separatedBy: "USAGE")[0].split(separator: "EXAMPLES").dropFirst().joined()
        // Wrapped lines go together: a command begins with `xent` or `loss=`.
        let commands = examples.split(whereSeparator: \.isWhitespace).reduce(into: [[Substring]]()) { commands, word in
            if word == "xent" || word.hasPrefix("loss=") { commands.append([word]) } else { commands[commands.count - 1].append(word) }
        }
        #expect(commands.count >= 4)
        try scratch.write("logits-of-archive.npy", logits)
        try scratch.write("labels-of-archive.npy", NPYFixture.labels(SmallDump.labels))
        try XentRun.tool(
            "python3",
            [
                "-c",
                """
                import zipfile
                with zipfile.ZipFile("dump.npz", "w") as archive:
                    archive.write("logits-of-archive.npy", "logits.npy")
                    archive.write("labels-of-archive.npy", "y_true.npy")
                """,
            ], in: scratch)
        try scratch.write("oof.csv", "p_0,p_1,label\n0.25,0.75,1\n")
        try scratch.write("log.jsonl", #"{"tokens": [{"logprob": -0.5}, {"logprob": -1}]}"#)
        try XentRun.tool("gzip", ["oof.csv", "log.jsonl"], in: scratch)
        for command in commands {
            let text = command.joined(separator: " ")
            if text.contains("binary") {
                try scratch.write("p.npy", probabilities)
                try scratch.write("y.npy", NPYFixture.labels([1, 0, 1, 0]))
            } else {
                try scratch.write("p.npy", logits)
                try scratch.write("y.npy", NPYFixture.labels(SmallDump.labels))
            }
            let run = try XentRun.shell("xent() { \"$XENT\" \"$@\"; }; \(text)", in: scratch)
            #expect(run.ending == .exit(0), "\(text): \(run.stderr)")
        }
    }

    @Test func withoutArgumentsSaysWhatThereIs() throws {
        let run = try XentRun.xent([], in: Scratch())
        for command in ["eval", "merge", "inspect"] { #expect((run.stdout + run.stderr).contains(command)) }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let scratch = try Scratch()
        let run = try XentRun.xent(["--generate-completion-script", shell], in: scratch)
        run.expectSuccess()
        #expect(run.stderr == "")
        for word in ["xent", "eval", "merge", "inspect", "on-invalid", "per-row", "log-probabilities", "multiclass"] {
            #expect(run.stdout.contains(word), "\(word)")
        }
        // The shell accepts it, where it is installed.
        try scratch.write("completions", run.stdout)
        let check = try XentRun.shell("command -v \(shell) > found || exit 0; \(shell) -n completions", in: scratch)
        #expect(check.ending == .exit(0), "\(check.stderr)")
    }
}
