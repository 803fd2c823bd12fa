import Testing

/// Status 64: the command line cannot be meant like this.
@Suite struct UsageTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let says: [String]
        var testDescription: String { arguments.joined(separator: " ") }
    }

    #if arch(x86_64)
        static let otherKernel = "neon"
    #else
        static let otherKernel = "avx512"
    #endif

    static let mistakes = [
        Mistake(arguments: ["eval", "p.npy", "--labels", "y.npy", "--input", "logits"], says: ["--task", "multiclass", "binary"]),
        Mistake(arguments: ["eval", "p.npy", "--task", "multiclass", "--input", "logits"], says: ["labels", "--labels"]),
        Mistake(arguments: ["eval", "--labels", "y.npy"] + SmallDump.task, says: ["predictions"]),
        Mistake(arguments: ["eval", "-", "--labels", "-"] + SmallDump.task, says: ["standard input is named twice", "to a file first"]),
        Mistake(arguments: ["eval", "@none.txt", "--labels", "y.npy"] + SmallDump.task, says: ["no predictions are named"]),
        Mistake(arguments: SmallDump.eval + ["--speed", "11"], says: ["--speed"]),
        Mistake(arguments: SmallDump.eval + ["--threads", "0"], says: ["--threads must be at least 1, not 0"]),
        Mistake(arguments: SmallDump.eval + ["--threads", "-3"], says: ["--threads"]),
        Mistake(arguments: SmallDump.eval + ["--threads", "two"], says: ["--threads", "two"]),
        Mistake(arguments: SmallDump.eval + ["--memory", "0"], says: ["--memory"]),
        Mistake(arguments: SmallDump.eval + ["--memory", "much"], says: ["--memory", "much"]),
        Mistake(arguments: SmallDump.eval + ["--kernel", "abacus"], says: ["--kernel", "abacus", "baseline"]),
        Mistake(arguments: SmallDump.eval + ["--kernel", otherKernel], says: ["no \(otherKernel)", "--kernel takes auto, baseline"]),
        Mistake(arguments: SmallDump.eval + ["--dialect", "klingon"], says: ["--dialect", "klingon", "exact"]),
        Mistake(arguments: SmallDump.eval + ["--per-row", "-"], says: ["--per-row - is not known", "name a file"]),
        Mistake(arguments: SmallDump.eval + ["--on-invalid", "cry"], says: ["--on-invalid", "fail", "skip"]),
        Mistake(arguments: SmallDump.eval + ["--progress", "sometimes"], says: ["--progress", "never"]),
        Mistake(arguments: SmallDump.eval + ["--quiet", "--verbose"], says: ["--quiet", "--verbose"]),
        Mistake(arguments: ["merge"], says: ["partials"]),
        Mistake(arguments: ["merge", "@none.txt"], says: ["no partials are named"]),
        Mistake(arguments: ["inspect"], says: ["files"]),
        Mistake(arguments: ["evaluate", "p.npy"], says: ["evaluate"]),
        Mistake(arguments: ["--nonsense"], says: ["--nonsense"]),
    ]

    @Test(arguments: mistakes)
    func isRefused(_ mistake: Mistake) throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try scratch.write("none.txt", "\n  \n")
        let before = scratch.names
        expectFailure(try XentRun.xent(mistake.arguments, in: scratch), status: 64, says: mistake.says)
        #expect(scratch.names == before)
    }

    /// A word after one dash is no cluster of letters, of which an `h` would print the help and be a success to a script.
    static let singleDashes = [
        Mistake(arguments: SmallDump.eval + ["-threads", "4"], says: ["'-threads'", "write --threads"]),
        Mistake(arguments: ["eval", "-threads", "4"] + SmallDump.eval.dropFirst(), says: ["'-threads'", "write --threads"]),
        Mistake(arguments: SmallDump.eval + ["-threads=4"], says: ["'-threads=4'", "write --threads"]),
        Mistake(arguments: SmallDump.eval + ["-weights", "w.npy"], says: ["'-weights'", "write --weights"]),
        Mistake(arguments: SmallDump.eval + ["-thread", "4"], says: ["'-thread'", "--help"]),
        Mistake(arguments: SmallDump.eval + ["-qh"], says: ["'-qh'", "--help"]),
        Mistake(arguments: SmallDump.eval + ["-quiet"], says: ["-quiet", "--quiet"]),
        Mistake(arguments: ["pack", "p.npy", "-o", "q.npy.zst", "-threads", "1"], says: ["'-threads'", "write --threads"]),
        Mistake(arguments: ["pack", "p.npy", "-output", "q.npy.zst"], says: ["'-output'", "write --output"]),
        Mistake(arguments: ["bench", "-threads", "1"], says: ["'-threads'", "write --threads"]),
        Mistake(arguments: ["inspect", "p.npy", "-no-header"], says: ["'-no-header'", "write --no-header"]),
        Mistake(arguments: ["merge", "a.partial", "-same-shard", "once"], says: ["'-same-shard'", "write --same-shard"]),
        Mistake(arguments: ["losses", "-markdown", "-help-me"], says: ["-markdown"]),
        Mistake(arguments: ["-threads"], says: ["'-threads'", "two dashes"]),
    ]

    @Test(arguments: singleDashes)
    func wordAfterOneDash(_ mistake: Mistake) throws { try isRefused(mistake) }

    /// A dash alone, letters that are options, and values that begin with a dash stay what they are.
    @Test func dashesThatAreMeant() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let help = try XentRun.xent(["eval", "-h"], in: scratch)
        #expect(help.ending == .exit(0) && help.stdout.contains("OVERVIEW"))
        let plain = try XentRun.xent(SmallDump.eval + ["--quiet"], in: scratch).stdout
        let task = SmallDump.task.joined(separator: " ")
        #expect(try XentRun.shell("\"$XENT\" eval - --labels y.npy \(task) --quiet < p.npy", in: scratch).stdout == plain)
        #expect(try XentRun.xent(SmallDump.eval + ["--quiet", "--ignore-index", "-100"], in: scratch).stdout == plain)
        try scratch.write("-threads", scratch.bytes("p.npy"))
        #expect(try XentRun.xent(["eval", "--labels", "y.npy"] + SmallDump.task + ["--quiet", "--", "-threads"], in: scratch).stdout == plain)
        try XentRun.xent(["pack", "p.npy", "-o", "q.npy.zst"], in: scratch).expectSuccess()
        // Refused by its value, not by its dash.
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--label-smoothing", "-inf"], in: scratch), status: 64, says: ["label smoothing is -inf"])
    }

    struct Look: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let rows: [Float]
        let columns: Int
        let says: [String]
    }

    static let looks = [
        Look(
            testDescription: "logits", rows: [3, -7.5, 0, 11, 0.5, 2], columns: 3,
            says: ["-7.5", "11.0", "do not sum to 1", "look like logits"]),
        Look(
            testDescription: "probabilities", rows: [0.25, 0.5, 0.25, 0, 0, 1], columns: 3, says: ["sum to 1", "look like probabilities"]),
        Look(
            testDescription: "log-probabilities", rows: [-1.3862944, -0.6931472, -1.3862944, -9, -9.5, -0.0001984], columns: 3,
            says: ["exponentials sum to 1", "look like log-probabilities"]),
        Look(
            testDescription: "not normalised", rows: [0.5, 0.5, 0.5, 1, 1, 1], columns: 3, says: ["do not sum to 1", "look like logits"]),
    ]

    /// The kind of input is not guessed, but the message says what the first rows look like.
    @Test(arguments: looks)
    func missingInputDescribesTheFirstRows(_ look: Look) throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.floats(look.rows, columns: look.columns))
        let run = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--task", "multiclass"], in: scratch)
        expectFailure(
            run, status: 64,
            says: [
                "--input is missing, and is not guessed", "first 2 rows of p.npy", "--input takes logits, probabilities, log-probabilities",
            ]
                + look.says)
    }
}
