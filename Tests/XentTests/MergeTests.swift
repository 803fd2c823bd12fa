import Foundation
import Testing

/// `--partial` and `xent merge`.
@Suite struct MergeTests {
    static let rows = 2500
    /// Where the shards end.
    static let cuts = [0, 700, 701, rows]

    /// The whole dump as p.npy and y.npy, and in three shards with their partials.
    static func shards() throws -> Scratch {
        let scratch = try Scratch()
        let logits = RandomDump.logits(rows: rows, columns: 6, seed: 21)
        let labels = RandomDump.labels(rows: rows, classes: 6, seed: 22)
        try scratch.write("p.npy", NPYFixture.floats(logits, columns: 6))
        try scratch.write("y.npy", NPYFixture.labels(labels))
        for shard in 0..<3 {
            let range = cuts[shard]..<cuts[shard + 1]
            try scratch.write("p\(shard).npy", NPYFixture.floats(Array(logits[6 * range.lowerBound..<6 * range.upperBound]), columns: 6))
            try scratch.write("y\(shard).npy", NPYFixture.labels(Array(labels[range])))
            let run = try XentRun.xent(
                ["eval", "p\(shard).npy", "--labels", "y\(shard).npy", "--partial", "\(shard).partial", "--quiet"] + SmallDump.task,
                in: scratch)
            guard run.ending == .exit(0) else { throw HarnessError(run.stderr) }
        }
        return scratch
    }

    static let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]

    /// Shards give the report that one run over all rows gives, whatever their order.
    @Test func anyOrderGivesTheWhole() throws {
        let scratch = try Self.shards()
        let whole = try XentRun.xent(SmallDump.eval + ["--json", "-"], in: scratch).json()
        for order in Self.orders {
            let run = try XentRun.xent(["merge", "--json", "-"] + order.map { "\($0).partial" }, in: scratch)
            let merged = try run.json()
            #expect(run.stderr == "")
            #expect(try merged.without("inputs") == whole.without("inputs", "run", "columns", "rows_policy"))
            let inputs = try merged.list("inputs")
            #expect(try inputs.map { try $0.text("path") } == order.map { "\($0).partial" })
            #expect(try inputs.allSatisfy { try $0.keys() == ["role", "path", "bytes", "format"] })
        }
    }

    @Test func listTextAndQuiet() throws {
        let scratch = try Self.shards()
        let whole = try XentRun.xent(SmallDump.eval + ["--json", "-"], in: scratch).json()
        try scratch.write("shards.txt", "2.partial\r\n\n  0.partial \n1.partial")
        let text = try XentRun.xent(["merge", "@shards.txt", "--json", "report.json"], in: scratch)
        #expect(text.stdout.contains("\(try whole.number("loss", "mean")) nats"))
        #expect(try JSONDocument(path: scratch.place("report.json")).without("inputs") == whole.without("inputs", "run", "columns", "rows_policy"))
        let quiet = try XentRun.xent(["merge", "@shards.txt", "--quiet"], in: scratch)
        #expect(quiet.stdout == "\(try whole.number("loss", "mean"))\n")
        #expect(quiet.stderr == "")
    }

    /// A shard that is there twice may be one whose job ran twice, or another with the same rows: nothing is counted or dropped unasked.
    @Test func sameShardTwiceIsAnError() throws {
        let scratch = try Self.shards()
        let names = scratch.names
        for shards in [["0.partial", "1.partial", "0.partial", "2.partial"], ["1.partial", "0.partial", "0.partial"]] {
            let run = try XentRun.xent(["merge", "--json", "report.json"] + shards, in: scratch)
            expectFailure(
                run, status: 65, says: ["xent: 0.partial: 700 rows with equal labels and losses are in 0.partial too", "--same-shard once", "each"])
            #expect(scratch.names == names)
        }
        expectFailure(
            try XentRun.xent(["merge", "0.partial", "--same-shard", "twice"], in: scratch), status: 64, says: ["--same-shard", "once", "each"])
    }

    @Test func sameShardTwiceCountsOnceIfAsked() throws {
        let scratch = try Self.shards()
        let whole = try XentRun.xent(SmallDump.eval + ["--json", "-"], in: scratch).json()
        let shards = ["0.partial", "1.partial", "0.partial", "2.partial", "--same-shard", "once"]
        let run = try XentRun.xent(["merge", "--json", "-"] + shards, in: scratch)
        let merged = try run.json()
        #expect(try merged.without("inputs", "warnings", "notices") == whole.without("inputs", "warnings", "notices", "run", "columns", "rows_policy"))
        let warnings = try merged.texts("warnings")
        #expect(warnings.count == 1 && warnings.allSatisfy { $0.hasPrefix("0.partial: ") && $0.contains("once") })
        #expect(run.stderr == warnings.map { "xent: warning: \($0)\n" }.joined())
        #expect(try XentRun.xent(["merge", "0.partial", "0.partial", "--same-shard", "once", "--silent"], in: scratch).stderr == "")
    }

    /// A constant baseline says the same of every row: its shards of equal labels look the same, and each of them counts.
    @Test func equalShardsOfAConstantBaseline() throws {
        let scratch = try Scratch()
        var shards: [String] = []
        for (number, labels) in [[0, 1], [1, 1], [0, 1]].enumerated() {
            try scratch.write("p\(number).npy", NPYFixture.doubles([0.25, 0.75, 0.25, 0.75], columns: 2))
            try scratch.write("y\(number).npy", NPYFixture.labels(labels.map { UInt8($0) }))
            let arguments = ["--task", "multiclass", "--input", "probabilities"]
            try XentRun.xent(["eval", "p\(number).npy", "--labels", "y\(number).npy", "--partial", "\(number).partial"] + arguments, in: scratch)
                .expectSuccess()
            shards.append("\(number).partial")
        }
        expectFailure(
            try XentRun.xent(["merge"] + shards, in: scratch), status: 65,
            says: ["xent: 2.partial: 2 rows with equal labels and losses are in 0.partial too", "two shards whose rows are equal"])
        let each = try XentRun.xent(["merge", "--same-shard", "each", "--json", "-"] + shards, in: scratch)
        let report = try each.json()
        #expect(each.stderr == "")
        #expect(try report.count("rows", "scored") == 6)
        #expect(try report.number("loss", "mean") == (2 * 1.3862943611198906 + 4 * 0.2876820724517809) / 6)
        #expect(try XentRun.xent(["merge", "--same-shard", "once", "--json", "-"] + shards, in: scratch).json().count("rows", "scored") == 4)
    }

    /// The rows that were left out are counted in the merged report too.
    @Test func invalidRowsAreCounted() throws {
        let scratch = try Self.shards()
        try scratch.write("y1.npy", NPYFixture.labels([6]))
        // Its only row is left out: there is no report of this shard, but there is its partial.
        let shard = ["eval", "p1.npy", "--labels", "y1.npy", "--partial", "1.partial", "--on-invalid", "skip"] + SmallDump.task
        expectFailure(try XentRun.xent(shard, in: scratch), status: 65, says: ["no row was scored: the only one is invalid"])
        let run = try XentRun.xent(["merge", "0.partial", "1.partial", "2.partial", "--json", "-"], in: scratch)
        #expect(try run.json().count("rows", "invalid") == 1)
        #expect(try run.json().count("rows", "scored") == Self.rows - 1)
        #expect(run.stderr.contains("1 of \(Self.rows) rows was invalid"))
    }

    @Test func otherLossIsRefused() throws {
        let scratch = try Self.shards()
        try scratch.write("b.npy", NPYFixture.doubles([0.5]))
        try scratch.write("c.npy", NPYFixture.floats([1, 2], columns: 2))
        try scratch.write("one.npy", NPYFixture.labels([1]))
        for (file, task) in [("b.npy", ["--task", "binary", "--input", "logits"]), ("c.npy", SmallDump.task)] {
            try XentRun.xent(["eval", file, "--labels", "one.npy", "--partial", "other.partial"] + task, in: scratch).expectSuccess()
            let names = scratch.names
            let run = try XentRun.xent(["merge", "0.partial", "other.partial", "--json", "report.json"], in: scratch)
            expectFailure(run, status: 65, says: ["xent: other.partial: ", "different losses", "merge partials of one"])
            #expect(scratch.names == names)
        }
    }

    /// Any byte that is changed, and any that is missing.
    @Test func damagedIsRefused() throws {
        let scratch = try Self.shards()
        let sound = try scratch.bytes("1.partial")
        for place in stride(from: 0, to: sound.count, by: 19) {
            var flipped = sound
            flipped[place] ^= 0x10
            for bytes in [flipped, sound.prefix(place)] {
                try scratch.write("damaged.partial", bytes)
                let run = try XentRun.xent(["merge", "0.partial", "damaged.partial", "--json", "-"], in: scratch)
                expectFailure(run, status: 65, says: ["xent: damaged.partial: "])
            }
        }
        try scratch.write("damaged.partial", sound + Data([0]))
        expectFailure(try XentRun.xent(["merge", "damaged.partial"], in: scratch), status: 65, says: ["xent: damaged.partial: "])
        expectFailure(
            try XentRun.xent(["merge", "p.npy"], in: scratch), status: 65, says: ["xent: p.npy: ", "no partial", "xent eval --partial"])
    }

    @Test func missingIsNoInput() throws {
        let scratch = try Self.shards()
        try scratch.makeFolder("folder")
        expectFailure(try XentRun.xent(["merge", "0.partial", "gone.partial"], in: scratch), status: 66, says: ["xent: gone.partial: "])
        expectFailure(try XentRun.xent(["merge", "gone.partial", "--json", "-"], in: scratch), status: 66, says: ["xent: gone.partial: "])
        expectFailure(try XentRun.xent(["merge", "folder"], in: scratch), status: 66, says: ["xent: folder: ", "directory"])
        expectFailure(try XentRun.xent(["merge", "@gone.txt"], in: scratch), status: 66, says: ["xent: gone.txt: "])
    }
}
