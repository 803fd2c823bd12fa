import Foundation
import Testing

/// `xent pack`.
@Suite struct PackTests {
    static let (rows, columns) = (3000, 50)

    /// The same array, 600 kB, raw and in frames of other tools' making.
    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        let array = NPYFixture.floats(RandomDump.logits(rows: rows, columns: columns, seed: 101), columns: columns)
        try scratch.write("p.npy", array)
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: rows, classes: columns, seed: 102)))
        try scratch.write("single.npy.zst", ZstdFixture.singleFrame(array))
        try scratch.write("stream.npy.zst", ZstdFixture.stream(array))
        let framed = try ZstdFixture(array, pieceByteCount: 50_000)
        try scratch.write("plain.npy.zst", framed.plain)
        try scratch.write("pzstd.npy.zst", framed.pzstd)
        try scratch.write("seekable.npy.zst", framed.seekable)
        return scratch
    }

    static let inputs = ["p.npy", "single.npy.zst", "stream.npy.zst", "plain.npy.zst", "pzstd.npy.zst", "seekable.npy.zst"]
    static let options = ["--frame-size", "64K"]

    @Test(arguments: inputs)
    func theZstdProgramRestoresThePlainFile(input: String) throws {
        let scratch = try Self.scratch()
        let before = scratch.names
        var first: Data?
        for threads in ["1", "2", "8"] {
            let run = try XentRun.xent(["pack", input, "-o", "out.npy.zst", "--threads", threads] + Self.options, in: scratch)
            run.expectSuccess()
            #expect(run.stderr == "")
            #expect(scratch.names == (before + ["out.npy.zst"]).sorted())
            let packed = try scratch.bytes("out.npy.zst")
            if let first { #expect(packed == first ? true : false, "\(threads) threads") } else { first = packed }
        }
        try XentRun.tool("zstd", ["-q", "-d", "out.npy.zst", "-o", "restored.npy"], in: scratch)
        #expect(try scratch.bytes("restored.npy") == scratch.bytes("p.npy") ? true : false)
        // Checks the checksums.
        try XentRun.tool("zstd", ["-q", "-t", "out.npy.zst"], in: scratch)
        let list = try XentRun.tool("zstd", ["-l", "-v", "out.npy.zst"], in: scratch)
        #expect(list.stdout.contains("XXH64"), "\(list.stdout)")
    }

    @Test(arguments: [
        NPYFixture.header(">f4", [3, 2]) + Data(0..<24), NPYFixture.header("<i8", [2]) + Data(0..<16), NPYFixture.labels([]),
    ])
    func bytesStayAsTheyAreStored(plain: Data) throws {
        let scratch = try Scratch()
        try scratch.write("in.npy", plain)
        try XentRun.xent(["pack", "in.npy", "-o", "out.npy.zst"], in: scratch).expectSuccess()
        #expect(try ZstdFixture.decompressed(scratch.bytes("out.npy.zst")) == plain)
    }

    @Test func evalAndInspectReadIt() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(["pack", "single.npy.zst", "--output", "out.npy.zst"] + Self.options, in: scratch).expectSuccess()
        try XentRun.xent(["pack", "y.npy", "-o", "y.npy.zst", "--frame-size", "1000"], in: scratch).expectSuccess()
        let expected = try XentRun.xent(SmallDump.eval + ["--json", "-"], in: scratch).json()
        let packed = try XentRun.xent(["eval", "out.npy.zst", "--labels", "y.npy.zst", "--json", "-"] + SmallDump.task, in: scratch).json()
        for key in ["mean_hex", "sum_hex"] { #expect(try packed.text("loss", key) == expected.text("loss", key)) }
        let found = try XentRun.xent(["inspect", "out.npy.zst", "--json", "-"], in: scratch).json().list()[0]
        #expect(try found.text("compression") == "zstd-seekable")
        // 327 rows of 200 bytes fit in 64 KiB; the header has a frame of its own.
        #expect(try found.count("frames") == 1 + 10)
        #expect(try found.count("largest_frame_bytes") == 327 * 200)
        #expect(try found.boolean("has_checksums") && found.boolean("shardable"))
    }

    @Test func report() throws {
        let scratch = try Self.scratch()
        let run = try XentRun.xent(
            ["pack", "single.npy.zst", "-o", "out.npy.zst", "--level", "5", "--json", "report.json"] + Self.options, in: scratch)
        run.expectSuccess()
        let (inputBytes, outputBytes) = (try scratch.bytes("single.npy.zst").count, try scratch.bytes("out.npy.zst").count)
        let plainBytes = try scratch.bytes("p.npy").count
        for text in [
            "packed 3,000 × 50, f4\n", "single.npy.zst, ", "zstd-single-frame, 1 frame\n", "out.npy.zst, ",
            "zstd-seekable, 11 frames of up to 327 rows",
            "level 5", "with checksums", "ratio", "the input by one, since it is a single frame", "threads",
        ] {
            #expect(run.stdout.contains(text), "\(text) in \(run.stdout)")
        }
        let report = try JSONDocument(path: scratch.place("report.json"))
        #expect(try report.count("array", "bytes") == plainBytes && report.count("array", "rows") == 3000)
        #expect(try report.counts("array", "shape") == [3000, 50] && report.text("array", "element_type") == "f4")
        #expect(try report.text("input", "path") == "single.npy.zst" && report.count("input", "bytes") == inputBytes)
        #expect(try report.count("input", "frames") == 1 && report.count("input", "units") == 1)
        #expect(try report.text("output", "path") == "out.npy.zst" && report.count("output", "bytes") == outputBytes)
        #expect(try report.text("output", "compression") == "zstd-seekable" && report.count("output", "frames") == 11)
        #expect(try report.count("packing", "rows_per_frame") == 327 && report.count("packing", "level") == 5)
        #expect(try report.number("ratio") == Double(plainBytes) / Double(outputBytes))
        for change in try report.texts("changes") { #expect(run.stdout.contains(change)) }
        #expect(try report.texts("warnings") == [])

        let alone = try XentRun.xent(
            ["pack", "single.npy.zst", "-o", "out.npy.zst", "--level", "5", "--json", "-"] + Self.options, in: scratch)
        #expect(try alone.json().without("run") == report.without("run"))
        let raw = try XentRun.xent(["pack", "p.npy", "-o", "out.npy.zst", "--json", "-"], in: scratch).json()
        #expect(try raw.keys("input") == ["path", "bytes", "units"])
        #expect(try XentRun.xent(["pack", "p.npy", "-o", "out.npy.zst", "--quiet"], in: scratch).stdout == "")
    }

    /// A table that does not fit its frames is set aside, with a warning that `--quiet` leaves out.
    @Test func seekTableThatLies() throws {
        let scratch = try Self.scratch()
        var bytes = try scratch.bytes("seekable.npy.zst")
        // The decoded size of the last frame.
        bytes[bytes.count - 9 - 4] ^= 1
        try scratch.write("lies.npy.zst", bytes)
        let run = try XentRun.xent(["pack", "lies.npy.zst", "-o", "out.npy.zst", "--json", "report.json"], in: scratch)
        run.expectSuccess()
        #expect(
            run.stderr.hasPrefix("xent: warning: ") && run.stderr.contains("seek table was set aside")
                && run.stderr.contains("lies.npy.zst"))
        #expect(
            try JSONDocument(path: scratch.place("report.json")).texts("warnings").map { "xent: warning: \($0)\n" }.joined() == run.stderr)
        #expect(try ZstdFixture.decompressed(scratch.bytes("out.npy.zst")) == scratch.bytes("p.npy") ? true : false)
        #expect(try XentRun.xent(["pack", "lies.npy.zst", "-o", "out.npy.zst", "--silent"], in: scratch).stderr == "")
    }

    // MARK: What goes wrong

    struct Mistake: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        var status: Int32 = 64
        let says: [String]
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let mistakes = [
        Mistake(arguments: ["p.npy"], says: ["--output"]),
        Mistake(arguments: ["-o", "out"], says: ["input"]),
        Mistake(arguments: ["p.npy", "y.npy", "-o", "out"], says: ["y.npy"]),
        Mistake(arguments: ["-", "-o", "out"], status: 65, says: ["standard input: the stream is empty"]),
        Mistake(arguments: ["p.npy", "-o", "-"], says: ["--output -", "standard output takes the report", "name a file"]),
        Mistake(arguments: ["@both.txt", "-o", "out"], says: ["@both.txt names 2 files", "one is packed at a time"]),
        Mistake(arguments: ["p.npy", "-o", "p.npy"], says: ["--output p.npy is also the input p.npy", "another name"]),
        Mistake(arguments: ["p.npy", "-o", "./p.npy"], says: ["--output ./p.npy is also the input p.npy"]),
        Mistake(arguments: ["p.npy", "-o", "link"], says: ["--output link is also the input p.npy"]),
        Mistake(arguments: ["link", "-o", "p.npy"], says: ["--output p.npy is also the input link"]),
        Mistake(arguments: ["p.npy", "-o", "hard"], says: ["--output hard is also the input p.npy"]),
        Mistake(arguments: ["p.npy", "-o", "out", "--json", "out"], says: ["--json out is also --output"]),
        Mistake(arguments: ["p.npy", "-o", "out", "--json", "p.npy"], says: ["--json p.npy is also the input p.npy"]),
        Mistake(arguments: ["p.npy", "-o", "out", "--level", "23"], says: ["no compression level 23", "22"]),
        Mistake(arguments: ["p.npy", "-o", "out", "--level", "-200000"], says: ["no compression level -200000", "-131072"]),
        Mistake(arguments: ["p.npy", "-o", "out", "--level", "high"], says: ["--level", "high"]),
        Mistake(arguments: ["p.npy", "-o", "out", "--frame-size", "0"], says: ["--frame-size", "0"]),
        Mistake(arguments: ["p.npy", "-o", "out", "--frame-size", "2G"], says: ["2147483648 bytes", "1073741824", "1 MiB is usual"]),
        Mistake(arguments: ["p.npy", "-o", "out", "--frame-size", "large"], says: ["--frame-size", "large"]),
        Mistake(arguments: ["p.npy", "-o", "out", "--threads", "0"], says: ["--threads must be at least 1, not 0"]),
        Mistake(arguments: ["gone.npy", "-o", "out"], status: 66, says: ["xent: gone.npy: no such file"]),
        Mistake(arguments: ["folder", "-o", "out"], status: 66, says: ["xent: folder: ", "directory"]),
        Mistake(arguments: ["p.npy", "-o", "gone/out"], status: 74, says: ["xent: gone/out: ", "folder"]),
        Mistake(arguments: ["p.npy", "-o", "folder"], status: 74, says: ["xent: folder: "]),
        Mistake(arguments: ["p.npy", "-o", "out", "--json", "gone/out"], status: 74, says: ["xent: gone/out: ", "folder"]),
        Mistake(arguments: ["both.txt", "-o", "out"], says: ["xent: both.txt: no column is known by its name", "there are p.npy"]),
    ]

    @Test(arguments: mistakes)
    func isRefusedAndLeavesNothing(_ mistake: Mistake) throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try scratch.write("both.txt", "p.npy\ny.npy\n")
        try scratch.makeFolder("folder")
        try FileManager.default.createSymbolicLink(atPath: scratch.place("link"), withDestinationPath: "p.npy")
        try FileManager.default.linkItem(atPath: scratch.place("p.npy"), toPath: scratch.place("hard"))
        let (before, plain) = (scratch.names, try scratch.bytes("p.npy"))
        expectFailure(try XentRun.xent(["pack"] + mistake.arguments, in: scratch), status: mistake.status, says: mistake.says)
        #expect(scratch.names == before)
        #expect(try scratch.bytes("p.npy") == plain)
    }

    /// Damaged files get the words that `eval` has for them; an older output stays.
    @Test(arguments: inputs)
    func damageSaysWhatEvalSays(input: String) throws {
        let scratch = try Self.scratch()
        try scratch.write("out.npy.zst", "old")
        let sound = try scratch.bytes(input)
        var flipped = sound
        flipped[sound.count / 2] ^= 4
        // Raw values have no checksum.
        for bytes in [sound.prefix(sound.count - 1000), sound.prefix(sound.count / 3), sound + Data([1, 2, 3])]
            + (input == "p.npy" ? [] : [flipped])
        {
            try scratch.write(input, bytes)
            let before = scratch.names
            let eval = try XentRun.xent(["eval", input, "--labels", "y.npy"] + SmallDump.task, in: scratch)
            let pack = try XentRun.xent(["pack", input, "-o", "out.npy.zst", "--json", "report.json"] + Self.options, in: scratch)
            if input == "seekable.npy.zst", bytes.count != sound.count, eval.ending == .exit(0) {
                // Without its table it is a sound file of several frames.
                #expect(pack.ending == .exit(0) && bytes.count < sound.count)
                continue
            }
            expectFailure(eval, status: 65, says: [input])
            expectFailure(pack, status: 65, says: [input])
            #expect(pack.stderr == eval.stderr)
            #expect(scratch.names == before)
            #expect(try scratch.text("out.npy.zst") == "old")
        }
    }

    /// The option that the error of a large window names is one of `pack`, too.
    @Test func largeWindow() throws {
        let scratch = try Self.scratch()
        try XentRun.tool("sh", ["-c", "cat p.npy | zstd -q -c --long=28 > long.npy.zst"], in: scratch)
        let arguments = ["pack", "long.npy.zst", "-o", "out.npy.zst"]
        expectFailure(try XentRun.xent(arguments, in: scratch), status: 65, says: ["long.npy.zst", "268435456", "--memory"])
        try XentRun.xent(arguments + ["--memory", "256M"], in: scratch).expectSuccess()
    }

    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full"),
        arguments: ["", "--json -"])
    func standardOutputIsFull(option: String) throws {
        let scratch = try Self.scratch()
        let names = scratch.names
        let run = try XentRun.shell("exec \"$XENT\" pack p.npy -o out.npy.zst \(option) > /dev/full", in: scratch)
        expectFailure(run, status: 74, says: ["xent: standard output: "])
        #expect(scratch.names == names)
        expectFailure(
            try XentRun.xent(["pack", "p.npy", "-o", "/dev/full", "--json", "report.json"], in: scratch), status: 74,
            says: ["xent: /dev/full: "])
        #expect(scratch.names == names)
    }

    /// A pipe is written in order, and stays one. What the report says of the file as it was written, it does not say of a pipe.
    @Test func pipeAsOutput() throws {
        let scratch = try Self.scratch()
        let run = try XentRun.shell(
            "mkfifo pipe; zstd -q -d < pipe > got & \"$XENT\" pack stream.npy.zst -o pipe --json - --frame-size 4K --threads 3; status=$?; "
                + "wait; exit $status", in: scratch)
        let report = try run.json()
        #expect(try scratch.bytes("got") == scratch.bytes("p.npy") ? true : false)
        #expect(try report.keys("output") == ["path", "bytes", "compression", "frames"] && report.texts("changes") == [])
    }

    // MARK: Long runs

    static func start(_ scratch: Scratch, _ options: [String] = []) throws -> RunningCommand {
        // Zeros take a while to be read, and hardly a byte to be written.
        try scratch.writeZeros("p.npy", after: NPYFixture.header("<f4", [rowsOfLongRun, 100]), byteCount: 400 * rowsOfLongRun)
        return try RunningCommand(
            "/bin/sh",
            ["-c", "exec \"$0\" \"$@\"", RunningCommand.binaryPath(), "pack", "p.npy", "-o", "out.npy.zst", "--json", "report.json"]
                + options,
            in: scratch)
    }

    /// 40 GB, of which none is on the disk.
    static let rowsOfLongRun = 100_000_000

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP], ["never", "always"])
    func diesByTheSignalAndLeavesNothing(signal number: Int32, progress: String) throws {
        // Whoever started the tests may ignore a signal, which goes down to children.
        signal(number, SIG_DFL)
        let scratch = try Scratch()
        try scratch.write("out.npy.zst", "old")
        let command = try Self.start(scratch, ["--progress", progress])
        try SignalTests.waitUntilUnfinished(1, command, scratch)
        if progress == "always" {
            try command.wait("no progress was shown: \(command.stderrSoFar)") { command.stderrSoFar.contains("/s") }
        } else {
            Thread.sleep(forTimeInterval: 0.4)
        }
        let result = try command.expectDeath(by: number)
        if progress == "always" {
            for text in ["░", " %", " of 40.0 GB", "/s"] { #expect(result.stderr.contains(text), "\(result.stderr)") }
        }
        #expect(scratch.names == ["out.npy.zst", "p.npy"])
        #expect(try scratch.text("out.npy.zst") == "old")
    }

    // MARK: Help

    /// Every command that the help shows is one that is understood: run on files of those names, it works.
    @Test func examplesWork() throws {
        let scratch = try Self.scratch()
        try scratch.write("logits.npy", scratch.bytes("p.npy"))
        try scratch.write("labels.npy", scratch.bytes("y.npy"))
        try scratch.write("single-frame.npy.zst", scratch.bytes("single.npy.zst"))
        try scratch.write("oof.csv", "p_0,p_1,label\n0.25,0.75,1\n")
        try XentRun.tool("gzip", ["oof.csv"], in: scratch)
        let help = try XentRun.shell("COLUMNS=1000 \"$XENT\" pack --help", in: scratch)
        let words = help.stdout.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for text in [
            "EXAMPLES", "--level", "-131072", "22", "--frame-size", "Default: 1M; for Parquet 128 Ki values.", "--threads", "--json", "zstd -d", "a larger row",
        ] {
            #expect(words.contains(text), "\(text)")
        }
        let examples = help.stdout.components(separatedBy: "USAGE")[0].components(separatedBy: "EXAMPLES")[1]
        let commands = examples.split(whereSeparator: \.isWhitespace).reduce(into: [[Substring]]()) { commands, word in
            if word == "xent" { commands.append([]) } else { commands[commands.count - 1].append(word) }
        }
        #expect(commands.count >= 3)
        for command in commands { try XentRun.xent(command.map(String.init), in: scratch).expectSuccess() }
        #expect(try XentRun.xent(["--help"], in: scratch).stdout.contains("xent pack"))
    }
}
