import Foundation
import SeededRandom
import Testing

/// `xent plan`, `xent eval --plan` and `xent merge --plan`: the merged report is that of a single run, whatever the dump and the cut.
@Suite struct PlanCommandTests {
    static let rows = 700
    static let absentFromAMerge = ["inputs", "run"]

    /// A dump of six classes in one file and in five, with labels and weights in as many files, and with some in other ones.
    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        let logits = RandomDump.logits(rows: rows, columns: 6, seed: 71)
        let labels = RandomDump.labels(rows: rows, classes: 6, seed: 72)
        try scratch.write("p.npy", NPYFixture.floats(logits, columns: 6))
        try scratch.write("y.npy", NPYFixture.labels(labels))
        try scratch.write("w.npy", NPYFixture.doubles((0..<rows).map { 0.5 + Double($0 % 7) }))
        try scratch.write("g.npy", NPYFixture.labels((0..<rows).map { UInt8($0 * 7 % 13) }))
        try scratch.write("p.npy.zst", ZstdFixture(try scratch.bytes("p.npy"), pieceByteCount: 1777).seekable)
        let bounds = [0, 100, 101, 300, 520, rows]
        for (index, (start, end)) in zip(bounds, bounds.dropFirst()).enumerated() {
            try scratch.write("part-\(index).npy", NPYFixture.floats(Array(logits[6 * start..<6 * end]), columns: 6))
            try scratch.write("part-\(index).y.npy", NPYFixture.labels(Array(labels[start..<end])))
        }
        // The labels in files that end elsewhere, and as text.
        try scratch.write("front.npy", NPYFixture.labels(Array(labels[..<350])))
        try scratch.write("back.npy", NPYFixture.labels(Array(labels[350...])))
        try scratch.write("y.csv", "label\n" + labels.map { "\($0)\n" }.joined())
        return scratch
    }

    static let parts = (0..<5).map { "part-\($0).npy" }
    static let partLabels = (0..<5).map { "part-\($0).y.npy" }

    /// Plans, evaluates every shard, and merges in reverse order.
    static func planned(
        _ request: [String], shards: Int, in scratch: Scratch, expecting count: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> JSONDocument {
        try XentRun.xent(["plan"] + request + ["--shards", "\(shards)", "-o", "plan.json"], in: scratch).expectSuccess(sourceLocation: sourceLocation)
        let found = try JSONDocument(path: scratch.place("plan.json")).list("shards").count
        #expect(found == count ?? shards, sourceLocation: sourceLocation)
        for shard in 0..<found {
            try XentRun.xent(["eval", "--plan", "plan.json", "--shard", "\(shard)", "--partial", "\(shard).partial", "--quiet"], in: scratch)
                .expectSuccess(sourceLocation: sourceLocation)
        }
        let partials = (0..<found).reversed().map { "\($0).partial" }
        return try XentRun.xent(["merge", "--plan", "plan.json"] + partials + ["--json", "-"], in: scratch).json()
    }

    /// Expects the report of a merge to be that of a single run, byte for byte but for what only a run has.
    static func expectTheWhole(
        _ request: [String], shards: Int, in scratch: Scratch, expecting count: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let whole = try XentRun.xent(["eval"] + request + ["--json", "-"], in: scratch).json()
        let merged = try planned(request, shards: shards, in: scratch, expecting: count, sourceLocation: sourceLocation)
        #expect(
            try merged.without("inputs") == whole.without("inputs", "run"), "\(request.joined(separator: " ")), \(shards) shards",
            sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        (["p.npy", "--labels", "y.npy"], [1, 3, 16]), (["p.npy.zst", "--labels", "y.npy"], [5]),
        (parts + ["--labels", "y.npy"], [3, 7]), (parts + ["--labels"] + partLabels, [2, 7]),
        (parts + ["--labels", "front.npy", "back.npy", "--weights", "w.npy"], [6]), (parts + ["--labels", "y.csv"], [4]),
        (["p.npy", "--labels"] + partLabels, [6]),
    ])
    func shardsMakeUpTheWhole(files: [String], counts: [Int]) throws {
        let scratch = try Self.scratch()
        for count in counts { try Self.expectTheWhole(files + SmallDump.task, shards: count, in: scratch) }
    }

    /// Figures that depend on all rows, or on where rows lie, are those of a single run.
    @Test(arguments: [
        ["--class-weights", "balanced"], ["--class-weights", "1,2,3,4,5,6", "--label-smoothing", "0.1", "--dialect", "pytorch"],
        ["--insight", "--interval", "jackknife"], ["--insight", "--clusters", "g.npy", "--confidence", "0.9"],
        ["--slice", "label,predicted", "--groups", "g.npy", "--worst", "3"], ["--interval", "bootstrap", "--replicates", "20"],
        ["--temperature-sweep", "0.5,2", "--fit-temperature", "--top-k", "1,3", "--quantiles", "0.5"], ["--expect-rows", "700", "--temperature", "2"],
        ["--worst", "2", "--unit-of-nothing"],
    ])
    func figuresAreThoseOfTheWhole(options: [String]) throws {
        let scratch = try Self.scratch()
        let request = Self.parts + ["--labels", "y.npy"] + SmallDump.task + options
        guard options.last != "--unit-of-nothing" else {
            return expectFailure(
                try XentRun.xent(["plan"] + request + ["--shards", "2", "-o", "plan.json"], in: scratch), status: 64, says: ["--unit-of-nothing"])
        }
        try Self.expectTheWhole(request, shards: 4, in: scratch)
    }

    /// Balanced weights stand in the plan as numbers: those of all labels.
    @Test func balancedWeightsAreNumbers() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(
            ["plan", "p.npy", "--labels", "y.npy", "--class-weights", "balanced", "--shards", "2", "-o", "plan.json"] + SmallDump.task, in: scratch
        ).expectSuccess()
        let plan = try JSONDocument(path: scratch.place("plan.json"))
        #expect(try plan.list("class_weights").count == 6)
        #expect(try !plan.list("options").contains { try $0.text().contains("class-weights") })
    }

    /// Warnings, and the places of the first invalid rows, be they of predictions or of labels, come through a merge.
    @Test(arguments: [["y.npy"], ["y.csv"], ["front.npy", "back.npy"]])
    func invalidRowsHaveTheirPlaces(labels: [String]) throws {
        let scratch = try Self.scratch()
        var logits = RandomDump.logits(rows: Self.rows, columns: 6, seed: 71)
        (logits[6 * 99], logits[6 * 101], logits[6 * 699 + 5]) = (.nan, .nan, .nan)
        let bounds = [0, 100, 101, 300, 520, Self.rows]
        for (index, (start, end)) in zip(bounds, bounds.dropFirst()).enumerated() {
            try scratch.write("part-\(index).npy", NPYFixture.floats(Array(logits[6 * start..<6 * end]), columns: 6))
        }
        var numbers = RandomDump.labels(rows: Self.rows, classes: 6, seed: 72)
        (numbers[5], numbers[400]) = (9, 8)
        try scratch.write("y.npy", NPYFixture.labels(numbers))
        try scratch.write("front.npy", NPYFixture.labels(Array(numbers[..<350])))
        try scratch.write("back.npy", NPYFixture.labels(Array(numbers[350...])))
        // Without a line feed at its end, which is a warning.
        try scratch.write("y.csv", "label\n" + numbers.map { "\($0)" }.joined(separator: "\n"))
        let request = Self.parts + ["--labels"] + labels + SmallDump.task + ["--on-invalid", "skip", "--insight"]
        try Self.expectTheWhole(request, shards: 5, in: scratch)
        let merged = try JSONDocument(
            XentRun.xent(["merge", "--plan", "plan.json"] + (0..<5).map { "\($0).partial" } + ["--json", "-"], in: scratch).stdout)
        #expect(try merged.count("rows", "invalid") == 5)
        #expect(try merged.list("rows", "first_invalid").map { try $0.text("path") }.contains(labels[labels.count - 1]))
        // The limit holds for all shards together, and not for each.
        try XentRun.xent(["plan"] + request + ["--max-invalid", "4", "--shards", "5", "-o", "few.json"], in: scratch).expectSuccess()
        for shard in 0..<5 {
            try XentRun.xent(["eval", "--plan", "few.json", "--shard", "\(shard)", "--partial", "\(shard).few", "--quiet"], in: scratch)
                .expectSuccess()
        }
        expectFailure(
            try XentRun.xent(["merge", "--plan", "few.json"] + (0..<5).map { "\($0).few" }, in: scratch), status: 65, says: ["5", "invalid"])
    }

    /// A doubt about a file that only reading finds, as of a seek table that contradicts the frames, comes through the merge.
    @Test func warningsOfReading() throws {
        let scratch = try Self.scratch()
        let fixture = try ZstdFixture(try scratch.bytes("p.npy"), pieceByteCount: 1777)
        var bytes = fixture.seekable
        // The decoded sizes of the second and the third frame, behind the head of the table and their compressed sizes.
        let table = fixture.plain.count + 8
        bytes[table + 8 + 4] -= 4
        bytes[table + 16 + 4] += 4
        try scratch.write("bad.npy.zst", bytes)
        let request = ["bad.npy.zst", "--labels", "y.npy"] + SmallDump.task
        try Self.expectTheWhole(request, shards: 5, in: scratch)
        let merged = try XentRun.xent(["merge", "--plan", "plan.json"] + (0..<5).map { "\($0).partial" } + ["--json", "-"], in: scratch).json()
        #expect(try merged.list("notices").map { try $0.text("code") }.contains("seek-table"))
    }

    /// A shard whose rows are all left out is a shard: its worker succeeds, so that no engine tries it again.
    @Test func aShardWithoutScoredRows() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.floats(RandomDump.logits(rows: 30, columns: 3, seed: 4), columns: 3))
        try scratch.write("y.npy", NPYFixture.labels((0..<30).map { UInt8($0 < 10 ? 200 : $0 % 3) }))
        let request = ["p.npy", "--labels", "y.npy", "--ignore-index", "200"] + SmallDump.task
        try Self.expectTheWhole(request, shards: 3, in: scratch)
    }

    /// Two shards with equal rows both count: a shard is told by its place, not by its content.
    @Test func equalShardsBothCount() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.floats((0..<40).flatMap { _ in [Float(1), 2, 4] }, columns: 3))
        try scratch.write("y.npy", NPYFixture.labels([UInt8](repeating: 1, count: 40)))
        try Self.expectTheWhole(["p.npy", "--labels", "y.npy"] + SmallDump.task, shards: 4, in: scratch)
        let merged = try XentRun.xent(["merge", "--plan", "plan.json", "0.partial", "1.partial", "2.partial", "3.partial", "--json", "-"], in: scratch)
        #expect(try merged.json().count("rows", "scored") == 40)
        #expect(merged.stderr.contains("shard") == false)
    }

    /// More shards than rows are as many as rows, and that is said.
    @Test func fewerRowsThanShards() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let run = try XentRun.xent(["plan"] + SmallDump.eval.dropFirst() + ["--shards", "100", "-o", "plan.json"], in: scratch)
        run.expectSuccess()
        #expect(run.stderr.contains("the plan has 6 shards and not 100"))
        try Self.expectTheWhole(Array(SmallDump.eval.dropFirst()), shards: 100, in: scratch, expecting: 6)
    }

    /// `--shard-size` cuts by the stored bytes of the predictions.
    @Test func shardsOfASize() throws {
        let scratch = try Self.scratch()
        let run = try XentRun.xent(["plan", "p.npy", "--labels", "y.npy", "--shard-size", "4K", "-o", "-"] + SmallDump.task, in: scratch)
        // 128 bytes of header and 700 rows of 24 bytes.
        #expect(try run.json().list("shards").count == (128 + 700 * 24 + 4095) / 4096)
    }

    /// A worker opens the files of its shard alone.
    @Test func aWorkerNeedsItsFilesAlone() throws {
        let scratch = try Self.scratch()
        let whole = try XentRun.xent(["eval"] + Self.parts + ["--labels"] + Self.partLabels + SmallDump.task + ["--json", "-"], in: scratch).json()
        try XentRun.xent(["plan"] + Self.parts + ["--labels"] + Self.partLabels + SmallDump.task + ["--shards", "7", "-o", "plan.json"], in: scratch)
            .expectSuccess()
        for shard in 0..<7 {
            let rows = 100 * shard..<100 * (shard + 1)
            // Only the files that hold its rows are there.
            let here = try Scratch()
            for (index, (start, end)) in zip([0, 100, 101, 300, 520], [100, 101, 300, 520, 700]).enumerated() where (start..<end).overlaps(rows) {
                for name in [Self.parts[index], Self.partLabels[index]] { try here.write(name, try scratch.bytes(name)) }
            }
            try here.write("plan.json", try scratch.bytes("plan.json"))
            try XentRun.xent(["eval", "--plan", "plan.json", "--shard", "\(shard)", "--partial", "out", "--quiet"], in: here).expectSuccess()
            try scratch.write("\(shard).partial", try here.bytes("out"))
        }
        let merged = try XentRun.xent(["merge", "--plan", "plan.json"] + (0..<7).map { "\($0).partial" } + ["--json", "-"], in: scratch).json()
        #expect(try merged.without("inputs") == whole.without("inputs", "run"))
    }
}
