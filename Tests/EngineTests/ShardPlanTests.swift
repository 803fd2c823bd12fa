import Foundation
import Messages
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// Plans as values: whatever the shapes and the bytes, the shards of a plan have each row once, and nothing else is a plan.
@Suite struct ShardPlanTests {
    private static let loss = LossSpecification(task: .multiclass, input: .logits)

    private static func content(_ number: UInt64, etag: String? = nil) -> PlannedContent {
        PlannedContent(byteCount: 128 + number, beginningHash: number, endHash: ~number, indexHash: number % 2 == 0 ? 7 : nil, etag: etag)
    }

    /// A plan with something in every field.
    private static func full() throws -> ShardPlan {
        var modifiers = LossModifiers()
        modifiers.classWeights = [0.1, 2, 1 / 3]
        var columns = Report.Columns()
        columns.predictions = ["a", "b", "c"]
        columns.classNames = ["x", "ü", "z"]
        columns.classAxis = 1
        return try ShardPlan(
            specification: try LossSpecification(task: .multiclass, input: .logits, modifiers: modifiers), classCount: 3, rowCount: 30,
            arguments: ["--task=multiclass", "--insight"], columns: columns, notices: [Notice(Message(code: .other, "doubt"))],
            inputs: [
                .init(role: .predictions, path: "p.csv", content: content(1), rows: 0..<20),
                .init(role: .predictions, path: "q.csv", content: content(2, etag: "\"9e\""), rows: 20..<30),
                .init(role: .labels, path: "y.npy", content: content(3), rows: 0..<30),
            ],
            shards: [
                .init(rows: 0..<13, window: .init(input: 0, bytes: 5..<100, rowsBefore: 0, linesBefore: 0)),
                .init(rows: 13..<20, window: .init(input: 0, bytes: 100..<177, rowsBefore: 13, linesBefore: 14)),
                .init(rows: 20..<30, window: nil),
            ])
    }

    private static func bytes(_ plan: ShardPlan) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(plan)
    }

    @Test func whatWasWrittenIsRead() throws {
        let plan = try Self.full()
        let bytes = try Self.bytes(plan)
        let read = try JSONDecoder().decode(ShardPlan.self, from: bytes)
        #expect(read.id == plan.id && read.inputs == plan.inputs && read.shards == plan.shards && read.specification == plan.specification)
        #expect(read.notices.map(\.code) == plan.notices.map(\.code))
        #expect(try Self.bytes(read) == bytes)
    }

    /// Cut anywhere it is no plan; with any bit changed it is none, or differs in a path, in a notice, or in nothing.
    @Test func damagedBytesAreNoPlan() throws {
        let plan = try Self.full()
        let bytes = try Self.bytes(plan)
        for count in 0..<bytes.count {
            #expect(throws: (any Error).self, "\(count) bytes") { try JSONDecoder().decode(ShardPlan.self, from: bytes.prefix(count)) }
        }
        var readable = 0
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << UInt8(bit)
                guard let read = try? JSONDecoder().decode(ShardPlan.self, from: damaged) else { continue }
                readable += 1
                #expect(read.id == plan.id, "byte \(index), bit \(bit)")
                #expect(read.shards == plan.shards && read.specification == plan.specification && read.arguments == plan.arguments)
                #expect(read.inputs.map(\.content) == plan.inputs.map(\.content) && read.inputs.map(\.rows) == plan.inputs.map(\.rows))
            }
        }
        #expect(readable > 0, "a path is no part of the id")
    }

    /// Numbers of all sizes in any place give an error, and never a trap.
    @Test func hostileNumbers() throws {
        let text = String(decoding: try Self.bytes(try Self.full()), as: UTF8.self)
        let numbers = ["-1", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e300", "1.5", "null", "[]", "{}", "\"x\"", "4611686018427387904"]
        var place = text.startIndex
        var refused = 0
        while let range = text.range(of: "[0-9]+", options: .regularExpression, range: place..<text.endIndex) {
            place = range.upperBound
            for number in numbers {
                let hostile = text.replacingCharacters(in: range, with: number)
                if (try? JSONDecoder().decode(ShardPlan.self, from: Data(hostile.utf8))) == nil { refused += 1 }
            }
        }
        #expect(refused > 300)
    }

    /// Parts that do not fit together are refused.
    @Test func partsThatDoNotFit() throws {
        func plan(rows: Int = 30, classCount: Int = 3, _ inputs: [ShardPlan.Input], _ shards: [ShardPlan.Part]) throws {
            _ = try ShardPlan(
                specification: Self.loss, classCount: classCount, rowCount: rows, arguments: [], columns: Report.Columns(), notices: [],
                inputs: inputs, shards: shards)
        }
        let p = ShardPlan.Input(role: .predictions, path: "p", content: Self.content(1), rows: 0..<30)
        func labels(_ rows: Range<Int>?) -> ShardPlan.Input { ShardPlan.Input(role: .labels, path: "y", content: Self.content(2), rows: rows) }
        func shard(_ rows: Range<Int>, _ window: ShardPlan.Window? = nil) -> ShardPlan.Part { ShardPlan.Part(rows: rows, window: window) }
        func window(_ input: Int, before: Int = 0, lines: Int = 0) -> ShardPlan.Window {
            ShardPlan.Window(input: input, bytes: 0..<9, rowsBefore: before, linesBefore: lines)
        }
        try plan([p, labels(0..<30)], [shard(0..<10), shard(10..<30)])
        try plan([p, labels(nil)], [shard(0..<30)])
        let refused: [([ShardPlan.Input], [ShardPlan.Part])] = [
            ([p], []), ([p], [shard(0..<29)]), ([p], [shard(1..<30)]), ([p], [shard(0..<10), shard(11..<30)]), ([p], [shard(0..<10), shard(9..<30)]),
            ([p], [shard(0..<10), shard(10..<10), shard(10..<30)]), ([p], [shard(0..<31)]), ([labels(0..<30)], [shard(0..<30)]),
            ([p, labels(0..<29)], [shard(0..<30)]), ([p, labels(1..<30)], [shard(0..<30)]), ([p, labels(nil)], [shard(0..<30, window(0))]),
            ([p, labels(0..<30)], [shard(0..<30, window(1))]), ([p], [shard(0..<30, window(7))]), ([p], [shard(0..<30, window(-1))]),
            ([p], [shard(0..<30, window(0, before: 3))]), ([p], [shard(0..<30, window(0, lines: -1))]),
        ]
        for (index, (inputs, shards)) in refused.enumerated() {
            #expect(throws: ShardPlan.Fault.self, "case \(index)") { try plan(inputs, shards) }
        }
        for rows in [0, -1, Int.max] { #expect(throws: ShardPlan.Fault.self) { try plan(rows: rows, [p], [shard(0..<30)]) } }
        for count in [0, -1, 1 << 40] { #expect(throws: ShardPlan.Fault.self) { try plan(classCount: count, [p], [shard(0..<30)]) } }
    }

    /// A row is in exactly one shard, whatever the numbers of files, rows and shards; equal dumps give equal plans.
    @Test func cutsHaveEachRowOnce() throws {
        var random = SplitMix64(seed: 2026)
        for round in 0..<60 {
            let folder = TemporaryFolder()
            let isText = round % 2 == 1
            var paths: [String] = []
            var total = 0
            for file in 0...Int(random.next() % 5) {
                let rows = Int(random.next() % 40) + (file == 0 ? 1 : 0)
                total += rows
                if isText {
                    let lines = (0..<rows).map { row in "\(row),\(random.next() % 100)\(random.next() % 3 == 0 ? "\n" : "")\n" }
                    paths.append(folder.write(Array(("p_0,p_1\n" + lines.joined()).utf8), "\(file).csv"))
                } else {
                    let values = (0..<rows * 2).flatMap { _ -> [UInt8] in [UInt8(truncatingIfNeeded: random.next()), 0, 0x80, 0x3F] }
                    paths.append(folder.write(Self.npy(rows, values), "\(file).npy"))
                }
            }
            let labels = folder.write(Self.labels(total), "y.npy")
            let count = 1 + Int(random.next() % 30)
            var options = EvaluationOptions(predictionPaths: paths, labelPaths: [labels], specification: Self.loss)
            options.threadCount = 1 + round % 4
            let plan = try ShardPlan(options, arguments: [], cut: .shards(count))
            #expect(plan.rowCount == total, "round \(round)")
            #expect(plan.shards.flatMap { Array($0.rows) } == Array(0..<total), "round \(round)")
            #expect(plan.shards.count <= count, "round \(round)")
            options.threadCount = 3
            #expect(try ShardPlan(options, arguments: [], cut: .shards(count)) == plan, "round \(round)")
            // Each shard reads its rows, and all together are the whole.
            let partials = try plan.shards.indices.map { try Evaluation(try plan.options(ofShard: $0, from: options)).partial }
            #expect(partials.map(\.rowCount) == plan.shards.map { UInt64($0.rows.count) }, "round \(round)")
            let merged = try Partial.merging(partials).partial
            let whole = try Evaluation(options).partial
            #expect(try merged.total(LossTotals.self) == whole.total(LossTotals.self), "round \(round)")
        }
    }

    /// Arrays of two columns, as NumPy writes them.
    private static func npy(_ rows: Int, _ values: [UInt8]) -> [UInt8] { header("<f4", "(\(rows), 2)") + values }

    private static func labels(_ rows: Int) -> [UInt8] { header("|u1", "(\(rows),)") + (0..<rows).map { UInt8($0 % 2) } }

    private static func header(_ type: String, _ shape: String) -> [UInt8] {
        var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
        while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
        text += "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count & 255), UInt8(text.utf8.count >> 8)] + Array(text.utf8)
    }

    /// Numbers as array jobs take them.
    @Test(arguments: [([Int](), ""), ([3], "3"), ([3, 7, 8, 9], "3,7-9"), ([0, 1], "0-1"), ([0, 2, 4], "0,2,4")])
    func lists(numbers: [Int], text: String) {
        #expect(ShardPlan.list(numbers) == text)
    }

    @Test func aLongListIsCut() { #expect(ShardPlan.list([1, 3, 5, 7], limit: 2) == "1,3,…") }

    /// The longest prefix that ends with a name counts, and the id stays.
    @Test func relocation() throws {
        var plan = try Self.full()
        for (index, path) in ["/a/b/p", "/a/bc/p", "rel/p"].enumerated() { plan.inputs[index].path = path }
        let moved = plan.relocated([("/a", "/x"), ("/a/b", "/y"), ("rel/", "")])
        #expect(moved.inputs.map(\.path) == ["/y/p", "/x/bc/p", "p"])
        #expect(moved.id == plan.id)
    }

    /// Warnings of shards merge in any order, each once, and damaged ones are refused.
    @Test func warningsOfShards() throws {
        let parts = [["b", "a"], ["c", "a"], []].map { texts in ShardNotices(texts.map { Message(code: .seekTable, Message($0)) }) }
        var forward = parts[0], backward = parts[2]
        for part in parts[1...] { forward.merge(part) }
        for part in [parts[1], parts[0]] { backward.merge(part) }
        #expect(forward == backward && forward.warnings.map(\.description) == ["a", "b", "c"])
        #expect(forward.warnings.allSatisfy { $0.code == .seekTable })
        let bytes = forward.encoded
        var read = ShardNotices()
        try read.decode(from: bytes[...])
        #expect(read == forward)
        for count in 0..<bytes.count { #expect(throws: PartialError.self) { try read.decode(from: bytes[..<count]) } }
    }

    /// The places of invalid rows merge in any order to the same bytes, and damaged ones are refused.
    @Test func placesOfInvalidRows() throws {
        func places(_ numbers: [UInt64]) throws -> InvalidRowPlaces {
            var bytes: [UInt8] = []
            bytes.append(littleEndian: UInt64(numbers.count))
            for number in numbers { for value in [number, number % 3, number, 0] { bytes.append(littleEndian: value) } }
            var places = InvalidRowPlaces()
            try places.decode(from: bytes[...])
            #expect(places.encoded == bytes)
            return places
        }
        let parts = try [places([1, 5, 9]), places([2, 3, 4, 6, 7, 8, 10]), places([0, 11])]
        var forward = parts[0]
        forward.merge(parts[1])
        forward.merge(parts[2])
        var backward = parts[2]
        backward.merge(parts[1])
        backward.merge(parts[0])
        #expect(forward == backward && forward.places.map(\.order) == Array(0..<10))
        #expect(throws: PartialError.self) { try places([2, 1]) }
        #expect(throws: PartialError.self) { try places(Array(0..<11)) }
        let bytes = forward.encoded
        for count in 0..<bytes.count {
            var places = InvalidRowPlaces()
            #expect(throws: PartialError.self) { try places.decode(from: bytes[..<count]) }
        }
    }
}
