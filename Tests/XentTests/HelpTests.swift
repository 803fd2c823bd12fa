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

    /// The pages with examples, as words after `xent help`.
    static let pagesWithExamples = ["", "eval", "plan", "merge", "inspect", "report", "pack", "losses", "bench", "columns", "shards"]

    /// Every command that a page shows is understood: pasted into a folder with files of those names, it works.
    @Test(arguments: pagesWithExamples)
    func examplesWork(page: String) throws {
        let help = try XentRun.xent(["help", page].filter { !$0.isEmpty }, in: Scratch()).stdout
        // Examples are never wrapped.
        let examples = help.components(separatedBy: "\n\nUSAGE")[0].split(separator: "\n").map { $0.drop { $0 == " " } }
            .filter { $0.hasPrefix("xent ") || $0.hasPrefix("loss=") }
        #expect(examples.count >= 3)
        var scratch = try Self.folderOfExamples(isBinary: false)
        for example in examples {
            if example.contains("| jq"), try XentRun.shell("command -v jq", in: scratch).ending != .exit(0) { continue }
            // Shards are evaluated one after another, and merged in the same folder.
            if page != "shards" { scratch = try Self.folderOfExamples(isBinary: example.contains("binary")) }
            if example.hasPrefix("xent merge"), page != "shards" { try Self.writePartials(for: example, in: scratch) }
            // A measurement as it is pasted takes many seconds; its options are all read.
            let isBench = example.hasPrefix("xent bench")
            let run = try XentRun.shell(
                "xent() { \"$XENT\" \"$@\"; }; \(example)\(isBench ? " --repeats 1 --seconds 0.001" : "")", in: scratch)
            #expect(run.ending == .exit(0), "\(example): \(run.stderr)")
        }
    }

    /// Makes a folder with the files that examples name.
    private static func folderOfExamples(isBinary: Bool) throws -> Scratch {
        let scratch = try Scratch()
        let logits = NPYFixture.floats(SmallDump.logits, columns: 3), labels = NPYFixture.labels(SmallDump.labels)
        try scratch.write("logits.npy", logits)
        try scratch.write("labels.npy", labels)
        for name in ["logits", "single-frame", "shard-0", "shard-1"] { try scratch.write("\(name).npy.zst", ZstdFixture.singleFrame(logits)) }
        for name in ["shard-0.y", "shard-1.y"] { try scratch.write("\(name).npy", labels) }
        try scratch.write("labels.npy.zst", ZstdFixture.singleFrame(labels))
        try scratch.write("shards.txt", "logits.npy.zst\n")
        try XentRun.xent(
            ["plan", "logits.npy", "--labels", "labels.npy", "--shards", "6", "-o", "plan.json"] + SmallDump.task, in: scratch
        ).expectSuccess()
        try scratch.write("p.npy", isBinary ? NPYFixture.doubles([0.5, 0.25, 1, 0.75]) : logits)
        try scratch.write("y.npy", isBinary ? NPYFixture.labels([1, 0, 1, 0]) : labels)
        try scratch.write("y_true.npy", labels)
        try scratch.write("oof.csv", "p_0,p_1,label\n0.25,0.75,1\n")
        let record = "{\"tokens\": [{\"logprob\": -0.5}, {\"logprob\": -1}]}\n"
        try scratch.write("log.jsonl", record)
        try scratch.write("log.jsonl.zst", ZstdFixture.singleFrame(Data(record.utf8)))
        for name in ["report", "monday", "tuesday"] {
            try XentRun.xent(["eval", "logits.npy", "--labels", "labels.npy", "--json", "\(name).json", "--quiet"] + SmallDump.task, in: scratch)
                .expectSuccess()
        }
        try XentRun.tool("gzip", ["-k", "oof.csv", "log.jsonl"], in: scratch)
        try XentRun.tool(
            "python3",
            [
                "-c",
                """
                import json, struct, zipfile
                with zipfile.ZipFile("dump.npz", "w") as archive:
                    for name in ["logits.npy", "y_true.npy"]: archive.write(name, name)
                header = json.dumps({"logits": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}}).encode()
                open("model.safetensors", "wb").write(struct.pack("<Q", len(header)) + header + bytes(8))
                """,
            ], in: scratch)
        return scratch
    }

    /// Writes two partials under the names that a merge is to find, or those of all shards of the plan.
    private static func writePartials(for example: some StringProtocol, in scratch: Scratch) throws {
        guard !example.contains("--plan") else {
            for shard in 0..<6 {
                try XentRun.xent(["eval", "--plan", "plan.json", "--shard", "\(shard)", "--partial", "\(shard).partial", "--quiet"], in: scratch)
                    .expectSuccess()
            }
            return
        }
        try scratch.makeFolder("rack-1")
        let names =
            example.contains("rack-1/") ? ["rack-1/0", "rack-1/1"] : example.contains("a.partial") ? ["a", "b"] : ["shard-0", "shard-1"]
        for (number, name) in names.enumerated() {
            try XentRun.xent(
                ["eval", "logits.npy", "--labels", "labels.npy", "--shard", "\(number)/2", "--partial", "\(name).partial", "--quiet"]
                    + SmallDump.task, in: scratch
            ).expectSuccess()
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
