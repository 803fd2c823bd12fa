import Foundation
import Testing

/// `xent bench`. Times cannot be foretold; what they are of can.
@Suite struct BenchTests {
    /// A dump and rounds so small that nothing takes long.
    static let quick = ["--repeats", "2", "--seconds", "0.001", "--progress", "never"]
    static let small = ["bench", "--rows", "2000", "--classes", "30", "--threads", "1,2"] + quick

    /// The kernels of this machine, as xent lists them for one that no machine has both of.
    static func kernels(_ scratch: Scratch) throws -> [String] {
        try XentRun.xent(small + ["--json", "-"], in: scratch).json().texts("machine", "kernels")
    }

    @Test func tableForPeople() throws {
        let scratch = try Scratch()
        let run = try XentRun.xent(Self.small + ["--type", "bf16", "--task", "soft", "--input", "probabilities"], in: scratch)
        run.expectSuccess()
        for text in [
            "soft from probabilities, dialect exact: 2,000 rows × 30 classes\n", "predictions     made in memory, ",
            "bf16, zstd-seekable, ", "labels          made in memory, ", "seed 1", "ratio 1.", "level 3",
            "libzstd ", "to use", "2 rounds after 1 to warm up", "kernels alone", "in cache", "GB/s",
            "elements/s", "rows/s", "whole : this", "faster than one", "kernel alone, one thread",
        ] {
            #expect(run.stdout.contains(text), "\(text) in \(run.stdout)")
        }
        // Three lines for each number of threads, the figures of each in columns below one another.
        let lines = run.stdout.split(separator: "\n").map(String.init)
        let header = try #require(lines.firstIndex { $0.hasPrefix("  threads") })
        let table = lines[(header + 1)...(header + 6)]
        let parts = table.map { $0.split(separator: " ").first { Int($0) == nil } }
        #expect(parts == ["decode", "kernels", "whole", "decode", "kernels", "whole"])
        #expect(table.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } } == [1, 2])
        for line in table { #expect(line.contains(" (") && line.contains("–"), "\(line)") }
        let kernels = lines[(header + 8)...].map { String($0.split(separator: " ")[0]) }
        #expect(kernels == (try Self.kernels(scratch)))
        #expect(run.stderr.contains("xent: warning: the dump is small"))
        #expect(scratch.names == [])
    }

    @Test func json() throws {
        let scratch = try Scratch()
        let alone = try XentRun.xent(Self.small + ["--json", "-", "--level", "1", "--seed", "9"], in: scratch)
        let report = try alone.json()
        #expect(try report.count("dump", "rows") == 2000 && report.count("dump", "columns") == 30)
        #expect(try report.text("dump", "task") == "multiclass" && report.text("dump", "input") == "logits")
        #expect(try report.count("dump", "seed") == 9 && report.count("dump", "level") == 1 && report.boolean("dump", "synthetic"))
        #expect(try report.count("dump", "decoded_bytes") == 128 + 240_000 + 128 + 8000)
        #expect(try XentRun.xent(["--version"], in: scratch).stdout.hasPrefix("xent \(report.text("xent"))\n"))
        #expect(try report.count("settings", "repeats") == 2)
        #expect(try report.list("threads").map { try $0.count("threads") } == [1, 2])
        for run in try report.list("threads") {
            for part in ["decode", "kernels", "whole"] {
                let times = try run.at([part, "seconds"])
                let (least, median, greatest) = (try times.number("min"), try times.number("median"), try times.number("max"))
                #expect(least > 0 && least <= median && median <= greatest)
                #expect(try times.list("samples").count == 2)
                #expect(try run.number(part, "rows_per_second") == 2000 / median)
            }
            #expect(try run.number("whole_to_decode", "min") > 0)
        }
        let kernels = try report.list("kernels").map { try $0.text("kernel") }
        #expect(try kernels == report.texts("machine", "kernels") && kernels.contains(report.text("settings", "kernel")))

        let both = try XentRun.xent(Self.small + ["--json", "bench.json"], in: scratch)
        both.expectSuccess()
        #expect(both.stdout.contains("2,000 rows"))
        #expect(scratch.names == ["bench.json"])
        #expect(try JSONDocument(path: scratch.place("bench.json")).keys() == report.keys())
    }

    @Test func kernelIsForced() throws {
        let scratch = try Scratch()
        for kernel in try Self.kernels(scratch) {
            let report = try XentRun.xent(Self.small + ["--kernel", kernel, "--json", "-"], in: scratch).json()
            #expect(try report.text("settings", "kernel") == kernel)
        }
    }

    @Test func filesAreMeasured() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let run = try XentRun.xent(["bench", "p.npy", "--labels", "y.npy", "--json", "-"] + Self.quick + SmallDump.task, in: scratch)
        let report = try run.json()
        #expect(try report.list("dump", "inputs").map { try $0.text("path") } == ["p.npy", "y.npy"])
        #expect(try report.count("dump", "rows") == 6 && report.count("dump", "columns") == 3)
        #expect(try !report.boolean("dump", "synthetic"))
        // Without labels, and by a list of names; the evaluation's warnings are passed on.
        try scratch.write("list.txt", "p.npy\np.npy\n")
        let made = try XentRun.xent(["bench", "@list.txt", "--input", "probabilities"] + Self.quick, in: scratch)
        made.expectSuccess()
        #expect(made.stdout.contains("multiclass from probabilities, dialect exact: 12 rows × 3 classes"))
        #expect(made.stdout.contains("labels          made in memory"))
        #expect(made.stderr.contains("rows were invalid"))
    }

    @Test func dialectsInOnePass() throws {
        let run = try XentRun.xent(
            Self.small + ["--input", "probabilities", "--dialect", "exact", "--dialect", "keras", "--json", "-"], in: Scratch())
        #expect(try run.json().texts("dump", "dialects") == ["exact", "keras"])
    }

    // MARK: Losses

    @Test func lossesAsMarkdown() throws {
        let scratch = try Scratch()
        let kernels = try Self.kernels(scratch)
        let run = try XentRun.xent(
            ["bench", "--losses", "--classes", "5", "--type", "f64", "--json", "losses.json"] + Self.quick, in: scratch)
        run.expectSuccess()
        let lines = run.stdout.split(separator: "\n").map(String.init)
        let header = try #require(lines.firstIndex { $0.hasPrefix("|") })
        let above = lines[..<header].joined(separator: " ")
        #expect(above.contains("f8, 5 values a row for multiclass, multilabel and soft. Medians of 2 rounds"), "\(above)")
        #expect(lines[header] == "| task | input | with | " + kernels.joined(separator: " | ") + " |")
        #expect(lines[header + 1] == "|---|---|---|" + String(repeating: "---:|", count: kernels.count))
        let rows = lines[(header + 2)...].map { $0.dropFirst(2).dropLast(2).components(separatedBy: " | ") }
        #expect(rows.allSatisfy { $0.count == 3 + kernels.count })
        for row in rows {
            for cell in row[3...] { #expect(cell.wholeMatch(of: /[0-9.]+ \([0-9.]+–[0-9.]+\)/) != nil, "\(cell)") }
        }
        for start in [
            ["binary", "logits", ""], ["multiclass", "log-probabilities", "`--label-smoothing 0.1`"],
            ["multilabel", "probabilities", "`--focal-gamma 2`"], ["soft (kl)", "probabilities", ""],
            ["likelihood", "probabilities", ""], ["binary", "logits", "labels in [0, 1]"],
            ["soft", "probabilities", "`--renormalize`"],
        ] {
            #expect(rows.filter { Array($0[..<3]) == start }.count == 1, "\(start)")
        }
        #expect(lines.allSatisfy { $0.count <= 140 })
        let report = try JSONDocument(path: scratch.place("losses.json"))
        #expect(try report.list("losses").count == rows.count && report.text("element_type") == "f8" && report.count("classes") == 5)
    }

    @Test func someLosses() throws {
        let scratch = try Scratch()
        let some = ["bench", "--losses", "--task", "binary", "--input", "logits", "--kernel", try Self.kernels(scratch)[0]]
        let run = try XentRun.xent(some + ["--json", "-"] + Self.quick, in: scratch)
        let losses = try run.json().list("losses")
        #expect(try losses.map { try $0.text("modifier") } == ["", "labels in [0, 1]", "--label-smoothing 0.1", "--focal-gamma 2"])
        #expect(try losses.allSatisfy { try $0.list("kernels").count == 1 })
    }

    // MARK: What cannot be

    struct Mistake: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let says: [String]
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let mistakes = [
        Mistake(arguments: ["--rows", "0"], says: ["0 rows"]),
        Mistake(arguments: ["--rows", "-5"], says: ["-5 rows"]),
        Mistake(arguments: ["--rows", "9000000000000000000"], says: ["half of this machine's memory"]),
        Mistake(arguments: ["--classes", "0"], says: ["0 classes"]),
        Mistake(arguments: ["--classes", "-1"], says: ["-1 classes"]),
        Mistake(arguments: ["--classes", "2", "--task", "binary"], says: ["one value a row"]),
        Mistake(arguments: ["--type", "f8"], says: ["--type", "f8", "bf16"]),
        Mistake(arguments: ["--level", "99"], says: ["level 99"]),
        Mistake(arguments: ["--threads", "0"], says: ["0 threads"]),
        Mistake(arguments: ["--threads", "1,two"], says: ["--threads", "1,two"]),
        Mistake(arguments: ["--threads", "1,"], says: ["--threads"]),
        Mistake(arguments: ["--threads", "2000"], says: ["2000 threads"]),
        Mistake(arguments: ["--repeats", "0"], says: ["0 repeats"]),
        Mistake(arguments: ["--seconds", "-1"], says: ["-1.0 s"]),
        Mistake(arguments: ["--seconds", "nan"], says: ["nan s"]),
        Mistake(arguments: ["--task", "likelihood", "--input", "logits"], says: ["likelihood", "logits"]),
        Mistake(arguments: ["--input", "logits", "--dialect", "sklearn"], says: ["dialect sklearn"]),
        Mistake(arguments: ["--labels", "y.npy"], says: ["--labels", "no predictions are named"]),
        Mistake(arguments: ["p.npy", "--rows", "3"], says: ["--rows", "files are named"]),
        Mistake(arguments: ["p.npy", "--type", "f32"], says: ["--type", "files are named"]),
        Mistake(arguments: ["p.npy", "--task", "soft"], says: ["no labels are named", "--labels"]),
        Mistake(arguments: ["p.npy", "--json", "p.npy"], says: ["--json p.npy is also the input p.npy"]),
        Mistake(arguments: ["--losses", "p.npy"], says: ["--losses"]),
        Mistake(arguments: ["--losses", "--threads", "2"], says: ["--threads", "--losses"]),
        Mistake(arguments: ["--losses", "--task", "likelihood", "--input", "logits"], says: ["no such loss"]),
    ]

    @Test(arguments: mistakes)
    func isRefused(_ mistake: Mistake) throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let run = try XentRun.xent(["bench"] + mistake.arguments + ["--progress", "never"], in: scratch)
        expectFailure(run, status: 64, says: mistake.says)
        #expect(scratch.names == ["p.npy", "y.npy"])
    }

    @Test func filesThatCannotBeRead() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        expectFailure(try XentRun.xent(["bench", "none.npy"], in: scratch), status: 66, says: ["none.npy", "no such file"])
        expectFailure(
            try XentRun.xent(["bench", "p.npy", "--labels", "none.npy", "--json", "bench.json"], in: scratch), status: 66,
            says: ["none.npy"])
        expectFailure(try XentRun.xent(["bench", "p.npy", "--task", "binary"], in: scratch), status: 65, says: ["shape (6, 3)"])
        #expect(scratch.names == ["p.npy", "y.npy"])
    }

    @Test func diesByTheSignal() throws {
        // Whoever started the tests may ignore a signal, which goes down to children.
        signal(SIGINT, SIG_DFL)
        let scratch = try Scratch()
        let command = try RunningCommand.xent(
            ["bench", "--rows", "100", "--seconds", "60", "--json", "bench.json", "--progress", "always"], in: scratch)
        try SignalTests.waitUntilUnfinished(1, command, scratch)
        try command.wait("nothing was measured: \(command.stderrSoFar)") { command.stderrSoFar.contains("warming up") }
        try #require(command.isRunning)
        let sent = Date()
        command.send(signal: SIGINT)
        let run = try command.finish()
        #expect(Date().timeIntervalSince(sent) < 2)
        #expect(run.ending == .signal(SIGINT) && run.stdout == "")
        #expect(run.stderr.contains("warming up, 1 thread") && run.stderr.contains("cancelled"))
        #expect(scratch.names == [])
    }

    // MARK: Help

    @Test func helpHasExamplesThatWork() throws {
        let scratch = try Scratch()
        let logits = NPYFixture.floats(SmallDump.logits, columns: 3)
        try scratch.write("logits.npy.zst", ZstdFixture.singleFrame(logits))
        try scratch.write("labels.npy", NPYFixture.labels(SmallDump.labels))
        let help = try XentRun.shell("COLUMNS=1000 \"$XENT\" bench --help", in: scratch)
        help.expectSuccess()
        let examples = help.stdout.components(separatedBy: "USAGE")[0].components(separatedBy: "EXAMPLES")[1]
        let commands = examples.split(whereSeparator: \.isWhitespace).reduce(into: [[Substring]]()) { commands, word in
            if word == "xent" { commands.append([word]) } else { commands[commands.count - 1].append(word) }
        }
        #expect(commands.count >= 4)
        for command in commands {
            // As they stand, but for the time that they take.
            var options = Self.quick
            let describesDump = !command.contains("--losses") && !command.contains { $0.hasSuffix(".zst") }
            if describesDump { options += ["--rows", "100"] }
            // An option is given once: those of the example give way.
            var words = command.dropFirst().map(String.init)
            for option in options where option.hasPrefix("--") {
                if let place = words.firstIndex(of: option) { words.removeSubrange(place...place + 1) }
            }
            let run = try XentRun.xent(words + options, in: scratch)
            #expect(run.ending == .exit(0), "\(command): \(run.stderr)")
        }
        for option in ["--rows", "--classes", "--type", "--threads", "--repeats", "--seconds", "--losses", "--level", "--seed", "--json"] {
            #expect(help.stdout.contains(option), "\(option)")
        }
        #expect(try XentRun.xent(["--help"], in: scratch).stdout.contains("xent bench"))
    }
}
