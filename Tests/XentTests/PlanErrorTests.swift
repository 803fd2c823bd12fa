import Foundation
import SeededRandom
import Testing

/// What `--plan` refuses: missing shards, other files, other plans, damaged plans.
@Suite struct PlanErrorTests {
    private static let request = PlanCommandTests.parts + ["--labels", "y.npy"] + SmallDump.task

    /// A dump with its plan of six shards, and their partials.
    private static func planned() throws -> Scratch {
        let scratch = try PlanCommandTests.scratch()
        _ = try PlanCommandTests.planned(request, shards: 6, in: scratch)
        return scratch
    }

    private static func partials(_ numbers: [Int]) -> [String] { numbers.map { "\($0).partial" } }

    /// A merge of all but some shards is 65 with their numbers, and `--missing` prints them as sbatch takes them.
    @Test func missingShards() throws {
        let scratch = try Self.planned()
        let run = try XentRun.xent(["merge", "--plan", "plan.json", "--json", "report.json"] + Self.partials([0, 1, 2, 4, 5]), in: scratch)
        expectFailure(run, status: 65, says: ["1 of 6 shards is missing: 3"])
        #expect(!scratch.names.contains("report.json"))
        expectFailure(
            try XentRun.xent(["merge", "--plan", "plan.json"] + Self.partials([1, 5]), in: scratch), status: 65,
            says: ["4 of 6 shards are missing: 0,2-4"])
        for (there, missing) in [([1, 5], "0,2-4\n"), ([0, 1, 2, 4, 5], "3\n"), ([], "0-5\n"), (Array(0..<6), "")] {
            let run = try XentRun.xent(["merge", "--plan", "plan.json", "--missing"] + Self.partials(there), in: scratch)
            run.expectSuccess()
            #expect(run.stdout == missing)
        }
        // Partials of partials hold several shards.
        try XentRun.xent(["merge"] + Self.partials([4, 1]) + ["--partial", "tree.partial", "--quiet"], in: scratch).expectSuccess()
        #expect(try XentRun.xent(["merge", "--plan", "plan.json", "--missing", "tree.partial", "0.partial"], in: scratch).stdout == "2-3,5\n")
    }

    /// A shard that comes twice counts once where it is the same, and is an error that names both files where it is not.
    @Test func aShardTwice() throws {
        let scratch = try Self.planned()
        let whole = try XentRun.xent(["eval"] + Self.request + ["--json", "-"], in: scratch).json()
        try scratch.write("again.partial", try scratch.bytes("2.partial"))
        let merged = try XentRun.xent(["merge", "--plan", "plan.json", "again.partial", "--json", "-"] + Self.partials(Array(0..<6)), in: scratch)
        #expect(try merged.json().without("inputs") == whole.without("inputs", "run"))
        // The same place with other labels, as a bad machine gives it.
        var labels = RandomDump.labels(rows: PlanCommandTests.rows, classes: 6, seed: 72)
        labels[300] = (labels[300] + 1) % 6
        let bad = try Scratch()
        for name in PlanCommandTests.parts { try bad.write(name, try scratch.bytes(name)) }
        try bad.write("y.npy", NPYFixture.labels(labels))
        try XentRun.xent(["plan"] + Self.request + ["--shards", "6", "-o", "plan.json"], in: bad).expectSuccess()
        try XentRun.xent(["eval", "--plan", "plan.json", "--shard", "2", "--partial", "2.partial", "--quiet"], in: bad).expectSuccess()
        // It says that it is of another plan, since the labels are another file; with that plan's id it is of this one.
        var bytes = try bad.bytes("2.partial")
        try scratch.write("bad.partial", bytes)
        expectFailure(
            try XentRun.xent(["merge", "--plan", "plan.json", "bad.partial"] + Self.partials([0]), in: scratch), status: 65,
            says: ["bad.partial", "a partial of plan"])
        func identity(_ scratch: Scratch) throws -> Data {
            let digits = Array(try JSONDocument(path: scratch.place("plan.json")).text("id"))
            return Data(try stride(from: 0, to: 32, by: 2).map { try #require(UInt8(String(digits[$0..<$0 + 2]), radix: 16)) })
        }
        let place = try #require(bytes.range(of: try identity(bad)))
        bytes.replaceSubrange(place, with: try identity(scratch))
        try scratch.write("forged.partial", PartialChecksum.mended(bytes))
        expectFailure(
            try XentRun.xent(["merge", "--plan", "plan.json", "forged.partial"] + Self.partials(Array(0..<6)), in: scratch), status: 65,
            says: ["forged.partial", "2.partial", "same rows"])
    }

    /// Partials of no plan, or of another, are refused by their names.
    @Test func otherPartials() throws {
        let scratch = try Self.planned()
        try XentRun.xent(["eval"] + Self.request + ["--partial", "none.partial", "--quiet"], in: scratch).expectSuccess()
        try XentRun.xent(["eval"] + Self.request + ["--shard", "0/6", "--partial", "cut.partial", "--quiet"], in: scratch).expectSuccess()
        for name in ["none.partial", "cut.partial"] {
            for arguments in [[], ["--missing"]] {
                expectFailure(
                    try XentRun.xent(["merge", "--plan", "plan.json", name] + arguments + Self.partials([1]), in: scratch), status: 65,
                    says: [name, "a partial of no plan"])
            }
        }
        try XentRun.xent(["plan"] + Self.request + ["--shards", "5", "-o", "other.json"], in: scratch).expectSuccess()
        expectFailure(
            try XentRun.xent(["merge", "--plan", "other.json"] + Self.partials([1]), in: scratch), status: 65, says: ["1.partial", "a partial of plan"])
    }

    /// A file that is another than the one that was planned is 65 before any row is read, with what was found.
    @Test func alteredInputs() throws {
        let scratch = try Self.planned()
        func shard(_ number: Int) throws -> XentRun {
            try XentRun.xent(["eval", "--plan", "plan.json", "--shard", "\(number)", "--partial", "out.partial", "--quiet"], in: scratch)
        }
        let sound = try scratch.bytes("part-3.npy")
        var altered = sound
        altered[altered.endIndex - 1] ^= 1
        try scratch.write("part-3.npy", altered)
        expectFailure(try shard(3), status: 65, says: ["part-3.npy", "not the one that was planned", "hash of its"])
        #expect(!scratch.names.contains("out.partial"))
        // A shard that does not read it is not concerned.
        try shard(0).expectSuccess()
        try scratch.write("part-3.npy", sound.dropLast(4))
        expectFailure(try shard(3), status: 65, says: ["part-3.npy", "it has \(sound.count - 4) bytes, and \(sound.count) were planned"])
        try scratch.write("part-3.npy", sound)
        try shard(3).expectSuccess()
        try FileManager.default.removeItem(atPath: scratch.place("part-3.npy"))
        expectFailure(try shard(3), status: 66, says: ["part-3.npy"])
    }

    /// Shards are counted from 0, and a plan fixes its options.
    @Test func usage() throws {
        let scratch = try Self.planned()
        for number in ["6", "4000000000", "-1", "x"] {
            expectFailure(
                try XentRun.xent(["eval", "--plan", "plan.json", "--shard", number], in: scratch), status: 64,
                says: number == "6" ? ["counted from 0", "give 0 to 5"] : [])
        }
        expectFailure(try XentRun.xent(["eval", "--plan", "plan.json"], in: scratch), status: 64, says: ["--shard", "give 0 to 5"])
        for option in [["--task", "multiclass"], ["--insight"], ["--labels", "y.npy"], ["--class-weights", "balanced"], ["--on-invalid", "skip"]] {
            expectFailure(
                try XentRun.xent(["eval", "--plan", "plan.json", "--shard", "0"] + option, in: scratch), status: 64,
                says: [option[0], "fixed by the plan"])
        }
        expectFailure(try XentRun.xent(["eval", "p.npy", "--plan", "plan.json", "--shard", "0"], in: scratch), status: 64, says: ["p.npy"])
        expectFailure(try XentRun.xent(["eval"] + Self.request + ["--root", "a=b"], in: scratch), status: 64, says: ["--root"])
        expectFailure(try XentRun.xent(["eval"] + Self.request + ["--shard", "3"], in: scratch), status: 64, says: ["--shard", "--plan"])
        expectFailure(try XentRun.xent(["merge", "--missing", "0.partial"], in: scratch), status: 64, says: ["--missing", "--plan"])
        for shards in ["0", "-1", "x"] {
            expectFailure(try XentRun.xent(["plan"] + Self.request + ["--shards", shards, "-o", "x.json"], in: scratch), status: 64, says: ["--shards"])
        }
        // Options of the run are a worker's own.
        try XentRun.xent(
            ["eval", "--plan", "plan.json", "--shard", "1/6", "--threads", "1", "--kernel", "baseline", "--json", "j", "--per-row", "r.npy"], in: scratch
        ).expectSuccess()
    }

    /// `--root` says where the files lie, and changes nothing else.
    @Test func relocation() throws {
        let scratch = try PlanCommandTests.scratch()
        let first = try Scratch(), second = try Scratch()
        for folder in [first, second] {
            for name in ["p.npy", "y.npy"] { try folder.write(name, try scratch.bytes(name)) }
        }
        for folder in [first, second] {
            try XentRun.xent(
                ["plan", folder.place("p.npy"), "--labels", folder.place("y.npy"), "--shards", "2", "-o", "plan.json"] + SmallDump.task, in: folder
            ).expectSuccess()
        }
        // The paths are no part of the identity.
        let plans = try [first, second].map { try JSONDocument(path: $0.place("plan.json")) }
        #expect(try plans[0].text("id") == plans[1].text("id"))
        try FileManager.default.removeItem(atPath: first.place("p.npy"))
        expectFailure(try XentRun.xent(["eval", "--plan", "plan.json", "--shard", "0"], in: first), status: 66, says: ["p.npy"])
        for (shard, place) in [(0, first), (1, second)] {
            try XentRun.xent(
                ["eval", "--plan", "plan.json", "--shard", "\(shard)", "--root", "\(first.path)=\(second.path)", "--partial", "\(shard).partial"],
                in: place
            ).expectSuccess()
        }
        try first.write("1.partial", try second.bytes("1.partial"))
        try XentRun.xent(["merge", "--plan", "plan.json", "0.partial", "1.partial"], in: first).expectSuccess()
        // A prefix ends where a name does.
        expectFailure(
            try XentRun.xent(["eval", "--plan", "plan.json", "--shard", "0", "--root", "\(first.path.dropLast())=/nowhere"], in: first), status: 66,
            says: [first.path])
        expectFailure(try XentRun.xent(["eval", "--plan", "plan.json", "--shard", "0", "--root", "x"], in: first), status: 64, says: ["OLD=NEW"])
    }

    /// Plans of every kind hold what the schema says, and the page of the format has the plan that it tells of.
    @Test func schemaAndExample() throws {
        let schema = try JSONSchema(path: Repository.root + "/Sources/Engine/Planning/plan.schema.json")
        let scratch = try PlanCommandTests.scratch()
        try scratch.write("t.csv", "p_0,p_1,label\n" + (0..<500).map { "\($0),\($0 % 7),\($0 % 2)\n" }.joined().dropLast())
        for request in [
            Self.request + ["--insight", "--class-weights", "balanced", "--groups", "g.npy"], ["t.csv"] + SmallDump.task,
            ["p.npy.zst", "--labels", "y.npy", "--clusters", "g.npy", "--weights", "w.npy"] + SmallDump.task,
        ] {
            let run = try XentRun.xent(["plan"] + request + ["--shards", "6", "-o", "-"], in: scratch)
            run.expectSuccess()
            #expect(try schema.faults(of: run.stdout) == [])
        }
        let page = try String(contentsOfFile: Repository.root + "/Sources/Engine/Engine.docc/PlanFormat.md", encoding: .utf8)
        let example = try #require(page.components(separatedBy: "<!-- plan -->\n```json\n").last?.components(separatedBy: "```").first)
        let small = try Scratch()
        for (name, rows) in [("a.npy", 0..<3), ("b.npy", 3..<6)] {
            try small.write(name, NPYFixture.floats(Array(SmallDump.logits[3 * rows.lowerBound..<3 * rows.upperBound]), columns: 3))
        }
        try small.write("y.npy", NPYFixture.labels(SmallDump.labels))
        let run = try XentRun.xent(
            ["plan", "a.npy", "b.npy", "--labels", "y.npy", "--class-weights", "balanced", "--shards", "2", "-o", "-"] + SmallDump.task, in: small)
        #expect(run.stdout == example)
    }

    /// Equal files and options give equal bytes, whatever the threads and the times of the files.
    @Test func plansAreDeterministic() throws {
        let scratch = try PlanCommandTests.scratch()
        try scratch.write("t.csv", "p_0,p_1,label\n" + (0..<500).map { "\($0),\($0 % 7),\($0 % 2)\n" }.joined())
        for request in [Self.request + ["--insight"], ["t.csv"] + SmallDump.task] {
            var all: Set<String> = []
            for threads in ["1", "2", "5"] {
                let run = try XentRun.xent(["plan"] + request + ["--shards", "6", "-o", "-", "--threads", threads], in: scratch)
                run.expectSuccess()
                all.insert(run.stdout)
                for name in scratch.names { try XentRun.tool("touch", [name], in: scratch) }
            }
            #expect(all.count == 1)
        }
    }

    /// A plan is input: cut at any byte, or with a bit changed, it is refused with a message, or is the same plan.
    @Test func damagedPlans() throws {
        let scratch = try Self.planned()
        let bytes = try scratch.bytes("plan.json")
        var random = SplitMix64(seed: 77)
        for attempt in 0..<60 {
            var damaged = bytes
            if attempt % 2 == 0 {
                damaged = damaged.prefix(Int(random.next() % UInt64(bytes.count)))
            } else {
                damaged[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
            }
            try scratch.write("damaged.json", damaged)
            let run = try XentRun.xent(["eval", "--plan", "damaged.json", "--shard", "0", "--quiet"], in: scratch)
            // A path is no part of what the id covers: another one is no file.
            #expect([.exit(65), .exit(66), .exit(0)].contains(run.ending), "attempt \(attempt): \(run.ending) \(run.stderr)")
            if run.ending == .exit(0) { #expect(damaged.count >= bytes.count - 1, "attempt \(attempt)") }
        }
        try scratch.write("other.json", "{\"xent_plan\": 9}")
        expectFailure(try XentRun.xent(["eval", "--plan", "other.json", "--shard", "0"], in: scratch), status: 65, says: ["other.json", "version 9"])
        // Options that a plan never has do nothing.
        let text = String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "--task=multiclass", with: "--json=stolen.json")
        try scratch.write("forged.json", text)
        expectFailure(try XentRun.xent(["eval", "--plan", "forged.json", "--shard", "0"], in: scratch), status: 65, says: ["forged.json", "id"])
        #expect(!scratch.names.contains("stolen.json"))
    }
}

/// The checksum at the end of a partial, made anew for bytes that a test changed.
enum PartialChecksum {
    static func mended(_ bytes: Data) -> Data {
        let body = Array(bytes.dropLast(8))
        let sum = hash(body)
        return Data(body + (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64(8 * $0)) })
    }

    /// XXH64 with seed 0, from its specification.
    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        let (p1, p2, p3): (UInt64, UInt64, UInt64) = (0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9)
        let (p4, p5): (UInt64, UInt64) = (0x85EB_CA77_C2B2_AE63, 0x27D4_EB2F_1656_67C5)
        func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
        func number(_ place: Int, _ count: Int) -> UInt64 { bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        // Wrapping is the algorithm's.
        func round(_ sum: UInt64, _ input: UInt64) -> UInt64 { rotated(sum &+ input &* p2, 31) &* p1 }
        var place = 0
        var result: UInt64
        if bytes.count >= 32 {
            var lanes = [p1 &+ p2, p2, 0, 0 &- p1]
            while place + 32 <= bytes.count {
                for lane in 0..<4 { lanes[lane] = round(lanes[lane], number(place + 8 * lane, 8)) }
                place += 32
            }
            result = rotated(lanes[0], 1) &+ rotated(lanes[1], 7) &+ rotated(lanes[2], 12) &+ rotated(lanes[3], 18)
            for lane in lanes { result = (result ^ round(0, lane)) &* p1 &+ p4 }
        } else {
            result = p5
        }
        result = result &+ UInt64(bytes.count)
        while place + 8 <= bytes.count {
            result = rotated(result ^ round(0, number(place, 8)), 27) &* p1 &+ p4
            place += 8
        }
        if place + 4 <= bytes.count {
            result = rotated(result ^ (number(place, 4) &* p1), 23) &* p2 &+ p3
            place += 4
        }
        while place < bytes.count {
            result = rotated(result ^ (UInt64(bytes[place]) &* p5), 11) &* p1
            place += 1
        }
        result = (result ^ result >> 33) &* p2
        result = (result ^ result >> 29) &* p3
        return result ^ result >> 32
    }
}
