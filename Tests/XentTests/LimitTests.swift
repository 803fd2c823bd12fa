import Foundation
import Testing

/// What a system may refuse: threads, memory, descriptors, room. The outcome is the right result or an error, soon, and never a crash.
@Suite struct LimitTests {
    private static let eval = SmallDump.eval.joined(separator: " ")
    private static let task = SmallDump.task.joined(separator: " ")

    /// The small dump as arrays, in zstd and as text in gzip, and a partial of it.
    private static func scratch() throws -> Scratch {
        let scratch = try PackTests.scratch()
        var lines = [(0..<4).map { "p_\($0)" }.joined(separator: ",") + ",label"]
        let values = RandomDump.logits(rows: 3000, columns: 4, seed: 201)
        let labels = RandomDump.labels(rows: 3000, classes: 4, seed: 202)
        for row in 0..<3000 { lines.append((0..<4).map { "\(values[4 * row + $0])," }.joined() + "\(labels[row])") }
        try scratch.write("t.csv", lines.joined(separator: "\n") + "\n")
        try XentRun.tool("gzip", ["t.csv"], in: scratch)
        try XentRun.xent(SmallDump.eval + ["--partial", "a.partial", "--quiet"], in: scratch).expectSuccess()
        return scratch
    }

    /// Commands whose standard output is the same in every run.
    static let commands = [
        "\(eval) --quiet", "\(eval) --quiet --threads 4", "\(eval) --quiet --progress always 2>> log",
        "eval seekable.npy.zst --labels y.npy \(task) --quiet --threads 4",
        "eval single.npy.zst --labels y.npy \(task) --quiet --threads 4",
        "eval t.csv.gz \(task) --quiet --threads 4", "eval - \(task) --quiet < t.csv.gz", "\(eval) --quiet --per-row /dev/stdout",
        "pack p.npy -o /dev/stdout --quiet --threads 4", "merge a.partial --quiet", "inspect p.npy", "losses --task binary",
    ]

    // MARK: Threads

    @Test(.enabled(if: StandInLibrary.areKnown, "calls are refused on Linux alone"), arguments: [0, 1, 2])
    func threadsAreRefused(after count: Int) throws {
        let scratch = try Self.scratch()
        let library = try StandInLibrary.refusingThreads(after: count)
        for command in Self.commands {
            let expected = try XentRun.shell("\"$XENT\" \(command) > expected", in: scratch)
            #expect(expected.ending == .exit(0), "\(expected.stderr)")
            let run = try XentRun.shell("\(library.setting) \"$XENT\" \(command) > got", in: scratch)
            #expect(run.ending == .exit(0), "\(command): \(run.stderr)")
            let isSame = try scratch.bytes("got") == scratch.bytes("expected")
            #expect(isSame, "\(command)")
        }
    }

    /// Signals without a thread that waits for them.
    @Test(.enabled(if: StandInLibrary.areKnown, "calls are refused on Linux alone"), arguments: [SIGINT, SIGTERM, SIGHUP])
    func signalsWithoutThreads(number: Int32) throws {
        signal(number, SIG_DFL)
        let run = try LongRun(seconds: 20)
        let library = try StandInLibrary.refusingThreads(after: 0)
        let command = try SignalTests.start(run, prefix: "export \(library.setting); ")
        try SignalTests.waitUntilAtWork(command, run)
        _ = try command.expectDeath(by: number)
        #expect(run.scratch.names == SignalTests.before)
    }

    /// A user who may have no further process. Root may have any number, and becomes another user.
    @Test(.enabled(if: canBecomeALimitedUser, "another user cannot run the binary, or setpriv is missing"))
    func limitOfProcesses() throws {
        let scratch = try Self.scratch()
        let expected = try XentRun.shell("exec \"$XENT\" \(Self.eval) --quiet", in: scratch)
        for threads in [1, 4] {
            let run = try XentRun.shell(
                "exec \(Self.asLimitedUser) sh -c 'ulimit -u 1; exec \"$XENT\" \(Self.eval) --quiet --threads \(threads)'", in: scratch)
            #expect(run.ending == .exit(0), "\(run.stderr)")
            #expect(run.stdout == expected.stdout)
        }
    }

    private static let asLimitedUser = geteuid() == 0 ? "setpriv --reuid 61234 --clear-groups" : ""

    private static let canBecomeALimitedUser: Bool = {
        guard StandInLibrary.areKnown, let scratch = try? Scratch() else { return false }
        return (try? XentRun.shell("\(asLimitedUser) \"$XENT\" --version > version", in: scratch))?.ending == .exit(0)
    }()

    /// A control group that has room for one thread.
    @Test(.enabled(if: processGroup != nil, "this user may not make control groups"))
    func controlGroupOfOneThread() throws {
        let scratch = try Self.scratch()
        let group = try #require(Self.processGroup) + "/xent-test-\(UUID().uuidString)"
        let run = try XentRun.shell(
            """
            mkdir \(group) && echo 1 > \(group)/pids.max || exit 9
            sh -c 'echo $$ > \(group)/cgroup.procs && exec "$XENT" \(Self.eval) --quiet --threads 4'
            status=$?; rmdir \(group); exit $status
            """, in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        let expected = try XentRun.shell("exec \"$XENT\" \(Self.eval) --quiet", in: scratch)
        #expect(run.stdout == expected.stdout)
    }

    /// A folder in which groups with a limit of processes can be made; nil if there is none.
    private static let processGroup: String? = {
        for folder in ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"] {
            let group = folder + "/xent-probe-\(UUID().uuidString)"
            guard mkdir(group, 0o755) == 0 else { continue }
            defer { rmdir(group) }
            if access(group + "/pids.max", W_OK) == 0, access(group + "/cgroup.procs", W_OK) == 0 { return folder }
        }
        return nil
    }()

    // MARK: Descriptors

    /// As few descriptors as the command needs, and as few as a process can begin with.
    @Test(arguments: ["-n", "-Hn"], 4...16)
    func fewDescriptors(option: String, limit: Int) throws {
        let scratch = try Self.scratch()
        for (least, command) in [
            (4, "\(Self.eval) --quiet"), (4, "\(Self.eval) --quiet --threads 4"), (4, "inspect p.npy y.npy"),
            (4, "merge a.partial --quiet"), (4, "eval t.csv.gz \(Self.task) --quiet"), (7, "\(Self.eval) --quiet --threads 4 --json j --partial q --per-row r.npy"),
            (9, "\(Self.eval) --quiet --per-row r.csv.zst --json j --partial q"), (6, "pack p.npy -o o --quiet"),
        ] {
            let expected = try XentRun.shell("exec \"$XENT\" \(command)", in: scratch)
            let run = try XentRun.shell("ulimit \(option) \(limit); exec \"$XENT\" \(command)", in: scratch)
            if limit >= least || run.ending == .exit(0) {
                #expect(run.ending == .exit(0), "\(command): \(run.stderr)")
                #expect(run.stdout == expected.stdout, "\(command)")
            } else {
                expectFailure(run, status: 74, says: ["Too many open files", "ulimit -n"])
            }
            #expect(!scratch.names.contains { $0.hasPrefix(".") })
        }
    }

    /// A soft limit is raised to the hard one.
    @Test func softLimitIsRaised() throws {
        let scratch = try Self.scratch()
        let run = try XentRun.shell(
            "ulimit -Sn 4; exec \"$XENT\" \(Self.eval) --quiet --json j --partial q --per-row r.csv.zst", in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
    }

    @Test(arguments: [5, 8, 64], [1, 4])
    func threeThousandFiles(limit: Int, threads: Int) throws {
        let scratch = try Scratch()
        try scratch.makeFolder("p")
        try scratch.makeFolder("y")
        let count = 3000
        let logits = RandomDump.logits(rows: count, columns: 3, seed: 45)
        let labels = RandomDump.labels(rows: count, classes: 3, seed: 46)
        for index in 0..<count {
            try scratch.write("p/\(index).npy", NPYFixture.floats(Array(logits[3 * index..<3 * index + 3]), columns: 3))
            try scratch.write("y/\(index).npy", NPYFixture.labels([labels[index]]))
        }
        try scratch.write("whole.npy", NPYFixture.floats(logits, columns: 3))
        try scratch.write("labels.npy", NPYFixture.labels(labels))
        let whole = try XentRun.xent(["eval", "whole.npy", "--labels", "labels.npy", "--quiet"] + SmallDump.task, in: scratch)
        let run = try XentRun.shell(
            "ulimit -n \(limit); exec \"$XENT\" eval 'p/*.npy' --labels 'y/*.npy' --quiet --threads \(threads) \(Self.task)", in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        #expect(run.stdout == whole.stdout)
    }

    // MARK: Memory

    /// From the least address space that the process can begin with up to one in which everything has room.
    @Test(.enabled(if: StandInLibrary.areKnown, "address space is limited on Linux alone"), arguments: [1, 4])
    func memoryIsRefused(threads: Int) throws {
        let scratch = try Self.scratch()
        let record = "{\"p\": [" + (0..<100_000).map { "\($0 % 7)" }.joined(separator: ", ") + "], \"y\": 3}\n"
        try scratch.write("wide.jsonl", String(repeating: record, count: 5))
        let commands = [
            "eval wide.jsonl --prediction-columns p --label-column y \(Self.task) --quiet", "\(Self.eval) --quiet",
            "eval seekable.npy.zst --labels y.npy \(Self.task) --quiet", "eval t.csv.gz \(Self.task) --quiet",
            "pack p.npy -o /dev/stdout --quiet --level 12",
        ].map { "\($0) --threads \(threads)" }
        let results = try commands.map { command in
            try XentRun.shell("\"$XENT\" \(command) > got", in: scratch).expectSuccess()
            return try scratch.bytes("got")
        }
        let names = scratch.names
        var refusalCount = 0
        var resultCount = 0
        var kibibytes = 16_000
        while kibibytes < 400_000 {
            let limit = "ulimit -c 0; ulimit -v \(kibibytes); exec \"$XENT\""
            // Below this the loader fails, before xent begins.
            let isEnoughToBegin = try XentRun.shell("\(limit) losses --task binary > /dev/null", in: scratch).ending == .exit(0)
            for (command, result) in zip(commands, results) where isEnoughToBegin {
                let run = try XentRun.shell("\(limit) \(command) > got", in: scratch)
                if run.ending == .exit(0) {
                    resultCount += 1
                    let isSame = try scratch.bytes("got") == result
                    #expect(isSame, "\(kibibytes) KiB: \(command)")
                } else {
                    refusalCount += 1
                    #expect(run.ending == .exit(74), "\(kibibytes) KiB: \(command): \(run.ending): \(run.stderr)")
                    #expect(run.stderr.hasPrefix("xent: memory: the system refused"), "\(run.stderr)")
                    #expect(run.stderr.split(separator: "\n").count == 1)
                }
                #expect(scratch.names == names)
            }
            kibibytes += kibibytes / 8
        }
        #expect(refusalCount > 0 && resultCount > 0)
    }

    // MARK: Room

    /// A limit of the size of files: each output is named.
    @Test(arguments: [
        ("\(eval) --quiet --json j", "j"), ("\(eval) --quiet --partial q", "q"), ("\(eval) --quiet --per-row r.npy", "r.npy"),
        ("\(eval) --quiet --per-row r.csv.zst", "r.csv.zst"), ("pack p.npy -o o --quiet", "o"), ("pack p.npy -o o --quiet --json j", "o"),
        ("pack p.npy --labels y.npy -o o.parquet --quiet", "o.parquet"),
        ("pack t.csv.gz -o o --labels-output l --label-column label --quiet", "l"), ("merge a.partial --quiet --json j", "j"),
        ("merge a.partial --quiet --partial q", "q"), ("inspect p.npy --json j", "j"), ("losses --json j", "j"),
        ("\(eval) --quiet > o", "standard output"), ("\(eval) --quiet --json - > o", "standard output"),
        ("\(eval) --quiet --partial - > o", "standard output"), ("\(eval) --quiet --per-row /dev/stdout > o", "/dev/stdout"),
    ])
    func limitOfFileSize(command: String, output: String) throws {
        let scratch = try Self.scratch()
        let names = scratch.names
        // The message goes through a pipe: standard error is a file of the test's.
        let run = try XentRun.shell(
            "( (ulimit -f 0; exec \"$XENT\" \(command) 2>&3) 3>&1; echo status $? ) | cat >&2; [ ! -e o ] || [ -s o ] || rm o", in: scratch)
        #expect(run.stderr.contains("xent: \(output): "), "\(run.stderr)")
        #expect(run.stderr.contains("File too large"))
        #expect(run.stderr.hasSuffix("status 74\n"))
        #expect(scratch.names == names)
    }

    /// A full file system, of the output or of what is put together beside it.
    @Test(.enabled(if: UnfinishedFileTests.canUnshare, "this user may not mount"), arguments: ["rows.npy", "rows.npy.zst", "rows.csv"])
    func fullFileSystem(name: String) throws {
        let scratch = try Scratch()
        let rows = 20_000
        try scratch.write("p.npy", NPYFixture.floats(RandomDump.logits(rows: rows, columns: 3, seed: 91), columns: 3))
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: rows, classes: 3, seed: 92)))
        try scratch.makeFolder("full")
        let run = try XentRun.shell(
            """
            exec unshare -m sh -c 'mount -t tmpfs -o size=64k none full || exit 9
            "$XENT" \(Self.eval) --quiet --per-row full/\(name); status=$?; ls -A full >&2; exit $status'
            """, in: scratch)
        expectFailure(run, status: 74, says: ["full/\(name): cannot be written: No space left on device"])
        #expect(run.stderr.split(separator: "\n").count == 1, "\(run.stderr)")
    }
}
