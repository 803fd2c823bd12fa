import Foundation
import Testing

/// Outputs never take the place of what is read, of each other, or of a file that a descriptor is open on.
@Suite struct OutputPlaceTests {
    /// A command that would overwrite `victim`, and what its message names.
    struct Overwriting: Sendable, CustomTestStringConvertible {
        let script: String
        var victim: String
        let says: [String]
        var testDescription: String { script }
    }

    private static let eval = SmallDump.eval.joined(separator: " ")
    private static let task = SmallDump.task.joined(separator: " ")

    /// The small dump with a link to it, lists, weights and a partial.
    private static func scratch() throws -> Scratch {
        let scratch = try ReportTests.scratch()
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: scratch.place("link"), withDestinationPath: "p.npy")
        try manager.createSymbolicLink(atPath: scratch.place("dangling"), withDestinationPath: "new")
        try manager.linkItem(atPath: scratch.place("p.npy"), toPath: scratch.place("hard"))
        try manager.createSymbolicLink(atPath: scratch.place("circle"), withDestinationPath: "circle")
        try manager.createSymbolicLink(atPath: scratch.place("dangling-too"), withDestinationPath: scratch.place("new"))
        try scratch.makeFolder("folder")
        mkfifo(scratch.place("pipe"), 0o600)
        try scratch.write("list", "p.npy\n")
        try scratch.write("labels", "y.npy\n")
        try scratch.write("parts", "a.partial\n")
        try scratch.write("w.npy", NPYFixture.doubles([1, 2, 3]))
        try scratch.write("b.npy", NPYFixture.doubles([0.25, 0.75, 0.5, 0.125, 0.875, 1]))
        try scratch.write("t.npy", NPYFixture.labels([0, 1, 1, 0, 0, 1]))
        try scratch.write("one.npy", NPYFixture.doubles([2]))
        try XentRun.xent(SmallDump.eval + ["--partial", "a.partial"], in: scratch).expectSuccess()
        return scratch
    }

    static let overwriting = [
        Overwriting(script: "inspect p.npy --json p.npy", victim: "p.npy", says: ["--json p.npy", "the input p.npy"]),
        Overwriting(script: "inspect y.npy p.npy --json link", victim: "p.npy", says: ["--json link", "the input p.npy"]),
        Overwriting(script: "inspect p.npy --json hard", victim: "hard", says: ["--json hard", "the input p.npy"]),
        Overwriting(script: "inspect @list --json list", victim: "list", says: ["--json list", "the list list"]),
        Overwriting(script: "eval @list --labels y.npy \(task) --json list", victim: "list", says: ["--json list", "the list list"]),
        Overwriting(
            script: "eval p.npy --labels @labels \(task) --per-row ./labels", victim: "labels",
            says: ["--per-row ./labels", "the list labels"]),
        Overwriting(script: "\(eval) --class-weights w.npy --json w.npy", victim: "w.npy", says: ["--json w.npy", "the input w.npy"]),
        Overwriting(
            script: "eval b.npy --labels t.npy --task binary --input probabilities --pos-weight one.npy --partial one.npy",
            victim: "one.npy", says: ["--partial one.npy", "the input one.npy"]),
        Overwriting(
            script: "eval - --labels y.npy \(task) --json p.npy < p.npy", victim: "p.npy", says: ["--json p.npy", "standard input"]),
        Overwriting(
            script: "eval /dev/stdin --labels y.npy \(task) --per-row p.npy < p.npy", victim: "p.npy", says: ["--per-row p.npy", "stdin"]),
        Overwriting(script: "merge @parts --json parts", victim: "parts", says: ["--json parts", "the list parts"]),
        Overwriting(script: "merge a.partial --json a.partial", victim: "a.partial", says: ["--json a.partial", "the input a.partial"]),
        Overwriting(script: "pack @list -o list", victim: "list", says: ["--output list", "the list list"]),
        Overwriting(script: "pack - -o p.npy < p.npy", victim: "p.npy", says: ["--output p.npy", "standard input"]),
        Overwriting(script: "bench @list --repeats 1 --json list", victim: "list", says: ["--json list", "the list list"]),
        Overwriting(script: "inspect p.npy --json /dev/stdout >> p.npy", victim: "p.npy", says: ["standard output", "the input p.npy"]),
        Overwriting(script: "inspect p.npy --json /dev/fd/3 3>> p.npy", victim: "p.npy", says: ["--json /dev/fd/3", "the input p.npy"]),
        Overwriting(script: "\(eval) --json list >> list", victim: "list", says: ["--json list", "standard output"]),
        Overwriting(script: "\(eval) --partial list 2>> list", victim: "list", says: []),
        Overwriting(script: "\(eval) --json dangling --partial new", victim: "new", says: ["new", "dangling"]),
        Overwriting(script: "pack p.npy -o new --json dangling", victim: "new", says: ["new", "dangling"]),
        Overwriting(script: "\(eval) --json dangling --partial dangling-too", victim: "new", says: ["dangling", "dangling-too"]),
        Overwriting(script: "\(eval) --json folder/new --partial folder/../folder/new", victim: "new", says: ["--json", "--partial"]),
        Overwriting(script: "\(eval) --weights b.npy --json b.npy", victim: "b.npy", says: ["--json b.npy", "the input b.npy"]),
        Overwriting(script: "bench p.npy --labels y.npy --json y.npy", victim: "y.npy", says: ["--json y.npy", "the input y.npy"]),
        Overwriting(script: "merge @parts --partial parts", victim: "parts", says: ["--partial parts", "the list parts"]),
        Overwriting(script: "pack p.npy -o new --labels-output p.npy", victim: "p.npy", says: ["--labels-output p.npy", "the input p.npy"]),
        Overwriting(script: "eval /dev/fd/5 --labels y.npy \(task) --json p.npy 5< p.npy", victim: "p.npy", says: ["--json p.npy"]),
        Overwriting(script: "merge - --json a.partial < a.partial", victim: "a.partial", says: ["--json a.partial", "standard input"]),
        Overwriting(script: "inspect - --json p.npy < p.npy", victim: "p.npy", says: ["--json p.npy", "standard input"]),
        // Two outputs in one stream are neither.
        Overwriting(script: "\(eval) --json pipe --partial pipe", victim: "p.npy", says: ["--json pipe", "--partial pipe"]),
        Overwriting(script: "\(eval) --json - --partial /dev/stdout >> list", victim: "list", says: ["--json -", "--partial /dev/stdout"]),
        Overwriting(script: "\(eval) --json /dev/fd/7 --partial /dev/fd/7 7>> list", victim: "list", says: ["--partial /dev/fd/7"]),
        Overwriting(script: "eval pipe --labels y.npy \(task) --json pipe", victim: "p.npy", says: ["--json pipe", "the input pipe"]),
        Overwriting(script: "losses --json list >> list", victim: "list", says: ["--json list", "standard output"]),
    ]

    @Test(arguments: overwriting)
    func isRefused(_ overwriting: Overwriting) throws {
        let scratch = try Self.scratch()
        let names = scratch.names
        let before = try? scratch.bytes(overwriting.victim)
        let run = try XentRun.shell("exec \"$XENT\" \(overwriting.script)", in: scratch)
        #expect(run.ending == .exit(64), "\(run.stderr)")
        // What standard error was redirected to holds the message.
        if !overwriting.script.contains("2>>") {
            for text in overwriting.says { #expect(run.stderr.contains(text), "\(run.stderr)") }
            #expect((try? scratch.bytes(overwriting.victim)) == before)
        }
        #expect(scratch.names == names)
    }

    /// Before anything is read: the input that is not there would be error 66.
    @Test(arguments: [
        ["eval", "none", "--labels", "none", "--json", ""], ["eval", "none", "--labels", "none", "--per-row", ""],
        ["eval", "none", "--labels", "none", "--partial", ""], ["merge", "none", "--json", ""], ["inspect", "none", "--json", ""],
        ["pack", "none", "-o", ""], ["pack", "none", "-o", "out", "--json", ""], ["pack", "none", "-o", "out", "--labels-output", ""],
        ["bench", "none", "--json", ""], ["losses", "--json", ""],
    ])
    func emptyName(arguments: [String]) throws {
        let scratch = try Scratch()
        let options = arguments[0] == "eval" ? SmallDump.task : []
        let run = try XentRun.xent(arguments + options, in: scratch)
        expectFailure(run, status: 64, says: ["'' names no file"])
        #expect(scratch.names == [])
    }

    /// A log that standard output is added to, by every path that leads to an open descriptor.
    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/fd"), "there is no /proc"),
        arguments: [
            ("/dev/stdout", ">> log"), ("/dev/fd/1", ">> log"), ("/proc/self/fd/1", ">> log"), ("/proc/thread-self/fd/1", ">> log"),
            ("/dev/stderr", "2>> log"), ("/dev/fd/7", "7>> log"), ("link", ">> log"), ("link-to-link", ">> log"),
            ("/proc/$$/fd/7", "7>> log"), ("/proc/$other/fd/7", ""),
        ])
    func logIsAddedTo(path: String, redirection: String) throws {
        let scratch = try Self.scratch()
        let manager = FileManager.default
        try manager.removeItem(atPath: scratch.place("link"))
        try manager.createSymbolicLink(atPath: scratch.place("link"), withDestinationPath: "/dev/stdout")
        try manager.createSymbolicLink(atPath: scratch.place("link-to-link"), withDestinationPath: "link")
        try scratch.write("log", "before\n")
        let names = scratch.names
        let inode = try manager.attributesOfItem(atPath: scratch.place("log"))[.systemFileNumber] as? UInt64
        for option in ["--json", "--partial", "--per-row"] {
            let start = try scratch.bytes("log")
            let run = try XentRun.shell(
                """
                sleep 30 7>> log & other=$!
                "$XENT" \(Self.eval) --quiet \(option) \(path) \(redirection)
                status=$?; kill $other; exit $status
                """, in: scratch)
            #expect(run.ending == .exit(0), "\(run.stderr)")
            let log = try scratch.bytes("log")
            #expect(log.starts(with: start) && log.count > start.count + 100, "\(option)")
            let mark = option == "--json" ? "\"task\"" : option == "--per-row" ? "'<f8'" : ""
            #expect(mark == "" || String(decoding: log.dropFirst(start.count), as: UTF8.self).contains(mark))
        }
        #expect(try manager.attributesOfItem(atPath: scratch.place("log"))[.systemFileNumber] as? UInt64 == inode)
        #expect(scratch.names == names)
    }

    /// Standard output as a file that is not added to: JSON, and then the text.
    @Test func reportsFollowOneAnother() throws {
        let scratch = try Self.scratch()
        let run = try XentRun.shell("exec \"$XENT\" \(Self.eval) --json /dev/stdout > log", in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        let log = try scratch.text("log")
        let end = try #require(log.range(of: "\n}\n"))
        #expect(try JSONDocument(String(log[..<end.upperBound])).text("task") == "multiclass")
        #expect(log[end.upperBound...].hasPrefix("multiclass cross-entropy"))
    }

    /// Closed descriptors: no output gets their numbers, and what goes nowhere is an error.
    @Test(arguments: [
        "merge a.partial --json j >&-", "\(eval) --json j >&-", "\(eval) --partial j --quiet >&-", "inspect p.npy --json j >&-",
        "losses >&-", "pack p.npy -o j >&-", "merge a.partial --json j <&- >&-", "merge a.partial --json j <&- >&- 2>&-",
    ])
    func closedStandardOutput(script: String) throws {
        let scratch = try Self.scratch()
        let names = scratch.names
        for prefix in ["", "trap '' INT TERM HUP; "] {
            let run = try XentRun.shell("\(prefix)exec \"$XENT\" \(script)", in: scratch)
            #expect(run.ending == .exit(74), "\(run.stderr)")
            if !script.hasSuffix("2>&-") { #expect(run.stderr.hasPrefix("xent: standard output: cannot be written")) }
            #expect(scratch.names == names)
        }
    }

    @Test func closedDescriptorsThatNothingIsAskedOf() throws {
        let scratch = try Self.scratch()
        let run = try XentRun.shell("exec \"$XENT\" \(Self.eval) --quiet --json j <&- 2>&-", in: scratch)
        #expect(run.ending == .exit(0))
        #expect(try JSONDocument(path: scratch.place("j")).text("task") == "multiclass")
        for name in ["-", "/dev/stdin"] {
            let input = try XentRun.shell("exec \"$XENT\" eval \(name) --labels y.npy \(Self.task) <&-", in: scratch)
            expectFailure(input, status: 66, says: ["there is none: it was closed"])
        }
        let output = try XentRun.shell("exec \"$XENT\" \(Self.eval) --quiet --json /dev/stdout >&-", in: scratch)
        expectFailure(output, status: 74, says: ["/dev/stdout: cannot be written"])
    }

    /// Links in a circle lead to no file, and stay.
    @Test(arguments: ["--json", "--partial", "--per-row"])
    func circleOfLinks(option: String) throws {
        let scratch = try Self.scratch()
        expectFailure(
            try XentRun.xent(SmallDump.eval + [option, "circle"], in: scratch), status: 74,
            says: ["circle: cannot be created: Too many levels of symbolic links"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.place("circle")) == "circle")
    }

    /// What a link points to is made where it is missing; the link stays.
    @Test func danglingLinkIsWrittenThrough() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(SmallDump.eval + ["--json", "dangling"], in: scratch).expectSuccess()
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.place("dangling")) == "new")
        #expect(try JSONDocument(path: scratch.place("new")).text("task") == "multiclass")
    }

    /// Pipes get the bytes that files get, whatever the threads.
    @Test(arguments: ["1", "4"], ["rows.npy", "rows.npy.zst"])
    func perRowToAPipe(threads: String, name: String) throws {
        let scratch = try Scratch()
        let rows = 200_000
        try scratch.write("p.npy", NPYFixture.floats(RandomDump.logits(rows: rows, columns: 8, seed: 61), columns: 8))
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: rows, classes: 8, seed: 62)))
        try scratch.makeFolder("pipes")
        let run = try XentRun.shell(
            """
            "$XENT" \(Self.eval) --quiet --threads \(threads) --per-row \(name) &&
            mkfifo pipes/\(name) && cat pipes/\(name) > got &
            while [ ! -p pipes/\(name) ]; do sleep 0.01; done
            "$XENT" \(Self.eval) --quiet --threads \(threads) --per-row pipes/\(name); status=$?; wait; exit $status
            """, in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        let isSame = try scratch.bytes("got") == scratch.bytes(name)
        #expect(isSame)
        #expect(scratch.names == ["got", "p.npy", "pipes", name, "y.npy"])
        let device = try XentRun.shell("exec \"$XENT\" \(Self.eval) --quiet --per-row /dev/null", in: scratch)
        #expect(device.ending == .exit(0), "\(device.stderr)")
    }

    @Test func packToAPipe() throws {
        let scratch = try PackTests.scratch()
        let run = try XentRun.shell(
            """
            "$XENT" pack p.npy -o file --quiet --frame-size 64K && mkfifo pipe && cat pipe > got &
            while [ ! -p pipe ]; do sleep 0.01; done
            "$XENT" pack p.npy -o pipe --quiet --frame-size 64K; status=$?; wait; exit $status
            """, in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        #expect(try scratch.bytes("got") == scratch.bytes("file") ? true : false)
    }

    /// A file that a container has mounted cannot be replaced; its content is.
    @Test(.enabled(if: UnfinishedFileTests.canUnshare, "this user may not make namespaces"))
    func mountedFile() throws {
        let scratch = try Self.scratch()
        try scratch.write("host", "old, and longer than nothing")
        try scratch.write("inside", "")
        let run = try XentRun.shell(
            "exec unshare -m sh -c 'mount --bind host inside && exec \"$XENT\" \(Self.eval) --quiet --json inside'", in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        #expect(try JSONDocument(path: scratch.place("host")).text("task") == "multiclass")
        #expect(!scratch.names.contains { $0.hasPrefix(".") })
    }
}
