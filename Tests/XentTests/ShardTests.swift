import Foundation
import Testing

/// `--shard`, `--first-row`, partials on standard output and merging of merged partials.
@Suite struct ShardTests {
    static let rows = 2500

    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.floats(RandomDump.logits(rows: rows, columns: 6, seed: 41), columns: 6))
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: rows, classes: 6, seed: 42)))
        // The same in frames that cut rows, and labels that can only be read in order.
        try scratch.write("p.npy.zst", ZstdFixture(try scratch.bytes("p.npy"), pieceByteCount: 1777).pzstd)
        try scratch.write("y.npy.zst", ZstdFixture(try scratch.bytes("y.npy"), pieceByteCount: 100).plain)
        return scratch
    }

    private static func whole(_ scratch: Scratch) throws -> JSONDocument {
        try XentRun.xent(SmallDump.eval + ["--json", "-"], in: scratch).json()
    }

    static let absentAfterAMerge = ["run", "columns", "rows_policy"]

    /// Shards of one input give the report of the whole, whatever the files' layout, the number of shards and the order of the merge.
    @Test(arguments: [("p.npy", "y.npy"), ("p.npy.zst", "y.npy"), ("p.npy.zst", "y.npy.zst")])
    func shardsMakeUpTheWhole(predictions: String, labels: String) throws {
        let scratch = try Self.scratch()
        let whole = try Self.whole(scratch)
        for count in [1, 3, 7] {
            var partials: [String] = []
            for index in 0..<count {
                let name = "\(index)-of-\(count).partial"
                let run = try XentRun.xent(
                    ["eval", predictions, "--labels", labels, "--shard", "\(index)/\(count)", "--partial", name, "--json", "\(index).json"]
                        + SmallDump.task, in: scratch)
                run.expectSuccess()
                let read = try JSONDocument(path: scratch.place("\(index).json")).count("rows", "read")
                #expect(read == Self.rows * (index + 1) / count - Self.rows * index / count)
                partials.append(name)
            }
            for order in [partials, partials.reversed()] {
                let merged = try XentRun.xent(["merge", "--json", "-", "--expect-rows", "\(Self.rows)"] + order, in: scratch).json()
                #expect(try merged.without("inputs") == whole.without("inputs", "run", "columns", "rows_policy"))
            }
        }
    }

    /// The losses of a shard are those of its rows.
    @Test func perRowOfAShard() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(SmallDump.eval + ["--per-row", "whole.npy", "--quiet"], in: scratch).expectSuccess()
        for index in 0..<3 {
            try XentRun.xent(SmallDump.eval + ["--shard", "\(index)/3", "--per-row", "\(index).npy", "--quiet"], in: scratch).expectSuccess()
        }
        let rows = try (0..<3).reduce(Data()) { try $0 + scratch.bytes("\($1).npy").dropFirst(128) }
        #expect(try rows == scratch.bytes("whole.npy").dropFirst(128))
    }

    @Test func shardsThatAreNone() throws {
        let scratch = try Self.scratch()
        for shard in ["3/3", "-1/3", "0/0", "1", "1/2/3", "a/b", "1/"] {
            expectFailure(try XentRun.xent(SmallDump.eval + ["--shard", shard], in: scratch), status: 64, says: ["--shard", shard])
        }
        expectFailure(try XentRun.xent(SmallDump.eval + ["--first-row", "-1"], in: scratch), status: 64, says: ["--first-row", "-1"])
        // Numbers beyond what can be counted are an error, and no crash.
        for first in ["9223372036854775807", "4611686018427387905"] {
            expectFailure(
                try XentRun.xent(SmallDump.eval + ["--first-row", first], in: scratch), status: 64, says: ["row \(first) cannot be the first"])
        }
        try XentRun.xent(SmallDump.eval + ["--first-row", "4611686018427387904", "--quiet"], in: scratch).expectSuccess()
    }

    /// Files that are evaluated apart say with `--first-row` where they lie; then equal shards are told from one shard that came twice.
    @Test func firstRowPlacesShards() throws {
        let scratch = try Scratch()
        for (number, first) in [0, 2, 4].enumerated() {
            try scratch.write("p\(number).npy", NPYFixture.doubles([0.25, 0.75, 0.25, 0.75], columns: 2))
            try scratch.write("y\(number).npy", NPYFixture.labels([0, 1]))
            try XentRun.xent(
                ["eval", "p\(number).npy", "--labels", "y\(number).npy", "--partial", "\(number).partial", "--first-row", "\(first)"]
                    + ["--task", "multiclass", "--input", "probabilities"], in: scratch
            ).expectSuccess()
        }
        let three = try XentRun.xent(["merge", "0.partial", "1.partial", "2.partial", "--json", "-"], in: scratch)
        #expect(three.stderr == "")
        #expect(try three.json().count("rows", "scored") == 6)
        // The same shard twice counts once, and a warning says so.
        let twice = try XentRun.xent(["merge", "0.partial", "1.partial", "1.partial", "--json", "-"], in: scratch)
        #expect(try twice.json().count("rows", "scored") == 4)
        #expect(twice.stderr.contains("xent: warning: 1.partial: a shard came with a partial before and counts once"))
        // Other rows at the same place are an error that names both.
        try scratch.write("y1.npy", NPYFixture.labels([1, 1]))
        try XentRun.xent(
            ["eval", "p1.npy", "--labels", "y1.npy", "--partial", "other.partial", "--first-row", "2", "--task", "multiclass", "--input"]
                + ["probabilities"], in: scratch
        ).expectSuccess()
        expectFailure(
            try XentRun.xent(["merge", "0.partial", "1.partial", "other.partial"], in: scratch), status: 65,
            says: ["other.partial", "1.partial", "same rows", "2..<4"])
        // So are rows that overlap by half.
        try XentRun.xent(
            ["eval", "p1.npy", "--labels", "y1.npy", "--partial", "half.partial", "--first-row", "1", "--task", "multiclass", "--input"]
                + ["probabilities"], in: scratch
        ).expectSuccess()
        expectFailure(
            try XentRun.xent(["merge", "0.partial", "half.partial"], in: scratch), status: 65,
            says: ["half.partial", "0.partial", "0..<2", "1..<3"])
    }

    /// What is missing is said, by its place.
    @Test func missingShardsAreNamed() throws {
        let scratch = try Self.scratch()
        for index in [0, 2] {
            try XentRun.xent(SmallDump.eval + ["--shard", "\(index)/5", "--partial", "\(index).partial", "--quiet"], in: scratch)
                .expectSuccess()
        }
        let run = try XentRun.xent(["merge", "0.partial", "2.partial", "--expect-rows", "2500", "--json", "report.json"], in: scratch)
        expectFailure(run, status: 65, says: ["1000 rows were merged, and 2500 are expected", "rows 500..<1000, 1500..<2500 are missing"])
        #expect(!scratch.names.contains("report.json"))
    }

    /// Partials of partials: the tree of merges does not show.
    @Test func mergedPartialsMerge() throws {
        let scratch = try Self.scratch()
        for index in 0..<4 {
            try XentRun.xent(SmallDump.eval + ["--shard", "\(index)/4", "--partial", "\(index).partial", "--quiet"], in: scratch)
                .expectSuccess()
        }
        try XentRun.xent(["merge", "3.partial", "1.partial", "--partial", "odd.partial", "--quiet"], in: scratch).expectSuccess()
        try XentRun.xent(["merge", "0.partial", "2.partial", "--partial", "even.partial", "--quiet"], in: scratch).expectSuccess()
        try XentRun.xent(["merge", "odd.partial", "even.partial", "--partial", "tree.partial", "--quiet"], in: scratch).expectSuccess()
        try XentRun.xent(["merge", "0.partial", "1.partial", "2.partial", "3.partial", "--partial", "flat.partial", "--quiet"], in: scratch)
            .expectSuccess()
        #expect(try scratch.bytes("tree.partial") == scratch.bytes("flat.partial"))
        let merged = try XentRun.xent(["merge", "tree.partial", "--json", "-"], in: scratch).json()
        #expect(try merged.without("inputs") == Self.whole(scratch).without("inputs", "run", "columns", "rows_policy"))
    }

    /// Warnings and the first invalid rows come through a merge.
    @Test func warningsAndInvalidRowsAreMerged() throws {
        let scratch = try Self.scratch()
        var labels = RandomDump.labels(rows: Self.rows, classes: 6, seed: 42)
        for row in [3, 1200, 2400] { labels[row] = 6 }
        try scratch.write("y.npy", NPYFixture.labels(labels))
        let skip = ["--on-invalid", "skip"]
        let whole = try XentRun.xent(SmallDump.eval + ["--json", "-"] + skip, in: scratch).json()
        for index in 0..<3 {
            try XentRun.xent(SmallDump.eval + ["--shard", "\(index)/3", "--partial", "\(index).partial", "--quiet"] + skip, in: scratch)
                .expectSuccess()
        }
        let merged = try XentRun.xent(["merge", "2.partial", "1.partial", "0.partial", "--json", "-"], in: scratch).json()
        #expect(try merged.texts("warnings") == whole.texts("warnings"))
        let invalid = try merged.list("rows", "first_invalid")
        #expect(try invalid.map { try $0.count("row") } == [3, 1200, 2400])
        #expect(try invalid.map { try $0.text("problem") } == whole.list("rows", "first_invalid").map { try $0.text("problem") })
        #expect(try invalid.map { try $0.text("path") } == ["0.partial", "1.partial", "2.partial"])
    }

    /// `--partial -` puts the bytes of the file on standard output, and nothing else.
    @Test func partialOnStandardOutput() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(SmallDump.eval + ["--partial", "file.partial", "--quiet"], in: scratch).expectSuccess()
        let xent = try RunningCommand.binaryPath()
        let eval = SmallDump.eval.joined(separator: " ")
        try XentRun.shell("\(xent) \(eval) --partial - > out.partial", in: scratch).expectSuccess()
        #expect(try scratch.bytes("out.partial") == scratch.bytes("file.partial"))
        try XentRun.shell("\(xent) \(eval) --partial - | cat > piped.partial", in: scratch).expectSuccess()
        #expect(try scratch.bytes("piped.partial") == scratch.bytes("file.partial"))
        try XentRun.shell("\(xent) merge file.partial --partial - > merged.partial", in: scratch).expectSuccess()
        #expect(try scratch.bytes("merged.partial") == scratch.bytes("file.partial"))
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--partial", "-", "--json", "-"], in: scratch), status: 64,
            says: ["--json -", "--partial -", "standard output"])
    }

    /// Ten thousand partials merge in less than two seconds of one processor's time, which `ulimit -t` measures.
    @Test func tenThousandPartials() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.floats(RandomDump.logits(rows: 20, columns: 6, seed: 43), columns: 6))
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: 20, classes: 6, seed: 44)))
        try XentRun.xent(SmallDump.eval + ["--partial", "one.partial", "--first-row", "0", "--quiet"], in: scratch).expectSuccess()
        // Partials of other places, made of one: the place stands in the head, and the checksum at the end.
        let xent = try RunningCommand.binaryPath()
        let eval = SmallDump.eval.joined(separator: " ")
        try XentRun.shell(
            "seq 0 9 | while read i; do \(xent) \(eval) --first-row $((20 * i)) --partial $i.partial --quiet || exit 1; done", in: scratch
        ).expectSuccess()
        // Hard links under ten thousand names: each of the ten places comes a thousand times, and counts once.
        try XentRun.shell(
            "mkdir many && for i in 0 1 2 3 4 5 6 7 8 9; do for j in $(seq 1000); do ln $i.partial many/$i-$j.partial || exit 1; done; done",
            in: scratch
        ).expectSuccess()
        let run = try XentRun.shell("ulimit -t 2; \(xent) merge 'many/*.partial' --json report.json --expect-rows 200 --quiet", in: scratch)
        run.expectSuccess()
        let report = try JSONDocument(path: scratch.place("report.json"))
        #expect(try report.count("rows", "read") == 200)
        #expect(try report.list("inputs").count == 10_000)
    }

    /// Five thousand files are read by a process that may have 256 open.
    @Test func fiveThousandFiles() throws {
        let scratch = try Scratch()
        try scratch.makeFolder("p")
        let count = 5000
        let logits = RandomDump.logits(rows: 2 * count, columns: 3, seed: 45)
        for index in 0..<count {
            try scratch.write("p/\(index).npy", NPYFixture.floats(Array(logits[6 * index..<6 * index + 6]), columns: 3))
        }
        try scratch.write("names.txt", (0..<count).map { "p/\($0).npy" }.joined(separator: "\n"))
        try scratch.write("whole.npy", NPYFixture.floats(logits, columns: 3))
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: 2 * count, classes: 3, seed: 46)))
        let whole = try XentRun.xent(["eval", "whole.npy", "--labels", "y.npy", "--json", "-"] + SmallDump.task, in: scratch).json()
        let xent = try RunningCommand.binaryPath()
        let task = SmallDump.task.joined(separator: " ")
        for threads in [1, 4] {
            let run = try XentRun.shell(
                "ulimit -n 256; \(xent) eval @names.txt --labels y.npy --json - --threads \(threads) \(task)", in: scratch)
            #expect(try run.json().without("inputs", "run") == whole.without("inputs", "run"))
        }
    }
}
