import CXXHash
import Foundation
import Oracle
import SeededRandom
import Testing

@testable import Scoring

@Suite("PartialTests")
struct PartialTests {
    static let seeds: [UInt64] = [51, 0xFACE]
    static let specification = LossSpecification(task: .multiclass, input: .logits)

    static func shard(_ number: Int, rowCount: Int = 20) -> Moments {
        var random = SplitMix64(seed: UInt64(number))
        return moments(of: (0..<rowCount).map { _ in random.nextUniform(in: 0...9) }, firstRow: UInt64(1000 * number))
    }

    /// A partial of losses alone, without a place.
    static func partial(_ moments: Moments, _ specification: LossSpecification = specification, classCount: Int = 10) -> Partial {
        Partial(
            specification: specification, classCount: classCount, place: .unplaced,
            observers: [LossTotals(specification, moments: [moments])])
    }

    static func partial(_ number: Int) -> Partial { partial(shard(number)) }

    static func losses(_ partial: Partial) throws -> Moments { try #require(try partial.total(LossTotals.self)).moments[0] }

    /// The bytes with the checksum that belongs to them.
    static func withChecksum(_ body: some Collection<UInt8>) -> [UInt8] {
        var bytes = Array(body)
        let hash = bytes.withUnsafeBytes { XXH64($0.baseAddress, $0.count, 0) }
        bytes.append(littleEndian: hash)
        return bytes
    }

    // MARK: Encoding

    @Test("what was encoded is decoded to the same")
    func roundTrip() throws {
        for task in plainTasks {
            for input in PredictionInput.allCases {
                for shardCount in 1...4 {
                    let specification = LossSpecification(task: task, input: input)
                    let partials = (0..<shardCount).map { Self.partial(Self.shard($0), specification, classCount: 7) }
                    let partial = try Partial.merging(partials).partial
                    let bytes = partial.encoded()
                    let decoded = try Partial(decoding: bytes)
                    #expect(decoded == partial)
                    #expect(decoded.encoded() == bytes)
                    #expect(decoded.specification == specification && decoded.classCount == 7 && decoded.parts.count == shardCount)
                    #expect(decoded.rowCount == UInt64(20 * shardCount) && decoded.unknownTags == [])
                }
            }
        }
    }

    @Test("all figures come back as they were")
    func figures() throws {
        let observers = ShardFixture.observers(rows: 5..<205)
        let partial = Partial(specification: ShardFixture.specification, classCount: 1, place: .unplaced, observers: observers)
        let totals = try Partial(decoding: partial.encoded()).totals
        #expect(totals.map(\.tag) == ["invalid", "losses", "tokens", "warnings"])
        #expect(totals.first(LossTotals.self) == observers.first(LossTotals.self))
        #expect(totals.first(TokenSums.self) == observers.first(TokenSums.self))
        #expect(totals.first(InputWarnings.self) == observers.first(InputWarnings.self))
        #expect(totals.first(InvalidRows.self) == observers.first(InvalidRows.self))
        let invalid = try #require(totals.first(InvalidRows.self))
        #expect(invalid.count > 10 && invalid.first.count == InvalidRows.limit)
        #expect(invalid.first.allSatisfy { $0.problem == "the log-probability in column 0 is 0.5, above 0" })
        #expect(totals.first(TokenSums.self)?.tokenCount ?? 0 > 1000)
    }

    @Test("the format is as documented, byte by byte")
    func layout() {
        func number(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }
        func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + Array(text.utf8) }
        let totals = LossTotals(Self.specification, moments: [Self.shard(3)])
        let large = LargeLosses(limit: 2, count: 7)
        let partial = Partial(
            specification: Self.specification, classCount: 10,
            place: .placed(dump: ShardFixture.dump, unit: .bytes, ranges: [20..<30, 5..<9, 9..<10, 3..<3]), observers: [totals, large])
        var expected = Array("XENTPART".utf8) + number(2) + text("task=multiclass input=logits dialects=exact") + number(10)
        expected += number(2) + text("large") + number(8) + number((2.0).bitPattern) + text("losses") + number(0)
        expected += number(1) + number(2) + [0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10]
        expected += number(2) + number(5) + number(10) + number(20) + number(30)
        let section = encoding(Self.shard(3)) + number(0)
        expected += number(8) + number(7) + number(UInt64(section.count)) + section
        #expect(partial.encoded() == Self.withChecksum(expected))
    }

    /// The partials whose bytes PartialFormat.md gives.
    static func vectors() throws -> [(name: String, partial: Partial)] {
        [
            ("empty", partial(Moments(), LossSpecification(task: .binary, input: .logits), classCount: 1)),
            (
                "parts",
                try Partial.merging([ShardFixture.placed(0..<1), ShardFixture.placed(1..<3), ShardFixture.unplaced(7..<8)]).partial
            ),
        ]
    }

    @Test("the documented test vectors are read, and written again, byte by byte")
    func documentedVectors() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources/Scoring/Scoring.docc/PartialFormat.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        for (name, partial) in try Self.vectors() {
            let digits = text.components(separatedBy: "<!-- vector: \(name) -->\n```\n").last?.components(separatedBy: "```").first ?? ""
            let nibbles = digits.compactMap(\.hexDigitValue)
            let bytes = stride(from: 0, to: nibbles.count - 1, by: 2).map { UInt8(16 * nibbles[$0] + nibbles[$0 + 1]) }
            if bytes != partial.encoded() {
                let hex = partial.encoded().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
                let lines = stride(from: 0, to: hex.count, by: 60).map { hex[$0..<min($0 + 60, hex.count)].joined() }
                Issue.record("vector \(name) should be\n\(lines.joined(separator: "\n"))")
                continue
            }
            #expect(try Partial(decoding: bytes) == partial)
            #expect(try Partial(decoding: bytes).encoded() == bytes)
        }
    }

    @Test("the examples of the documentation")
    func examples() throws {
        let loss = Self.specification
        let bytes = Self.partial(1).encoded()
        let catalog = ObserverCatalog.standard.adding("large") { _, _, _ in LargeLosses() }
        #expect(try Partial(decoding: bytes, catalog: catalog).unknownTags == [])
        let partial = Partial(specification: loss, classCount: 10, place: .unplaced, observers: [LossTotals(loss)])
        let merged = try Partial.merging([partial, try Partial(decoding: bytes)]).partial
        let mean = try merged.total(LossTotals.self)?.moments[0].meanOverWeight
        #expect(mean == Self.shard(1).mean)
    }

    // MARK: Merging

    @Test(
        "parts merged in any order and grouping give the same bytes, and each counts once, or as often as given", arguments: seeds,
        SameShard.allCases)
    func merging(seed: UInt64, sameShard: SameShard) throws {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let cuts: [UInt64] = [0, 7, 19, 20, 33, 50]
        let other = DumpIdentity(high: 1, low: 2)
        // Of one dump, of another that has the same rows, and without a place.
        let placed = zip(cuts, cuts.dropFirst()).flatMap { start, end in
            [ShardFixture.placed(start..<end), ShardFixture.placed(start..<end, dump: other)]
        }
        let unplaced = (0..<4).map { ShardFixture.unplaced(100 + 10 * $0..<105 + 10 * $0) }
        let distinct = placed + unplaced
        // Some ran twice.
        let twicePlaced = placed.filter { _ in random.next() & 1 == 0 }, twiceUnplaced = unplaced.filter { _ in random.next() & 1 == 0 }
        let each = sameShard == .each ? twiceUnplaced : []
        var all = ShardFixture.observers(rows: 0..<0)
        for partial in (distinct + each).shuffled(using: &random) { try all.merge(try partial.totals.matching(all)) }
        var expected: [UInt8]?
        for round in 0..<10 {
            var partials = (distinct + twicePlaced + twiceUnplaced).shuffled(using: &random)
            var repeated = 0
            while partials.count > 1 {
                // Groups of any size, and all at once in the end.
                let count = round == 0 ? partials.count : Int.random(in: 2...min(4, partials.count), using: &random)
                let result = try Partial.merging(Array(partials.prefix(count)), sameShard: sameShard)
                repeated += result.repeatedCounts.reduce(0, +)
                partials.removeFirst(count)
                partials.append(try random.next() & 1 == 0 ? result.partial : Partial(decoding: result.partial.encoded()))
                partials.shuffle(using: &random)
            }
            #expect(repeated == twicePlaced.count + twiceUnplaced.count - each.count, "seed \(seed)")
            #expect(partials[0].parts.count == distinct.count + each.count)
            let totals = try partials[0].totals.matching(all)
            for (total, expected) in zip(totals, all) { #expect(total.encoded == expected.encoded, "\(total.tag), seed \(seed)") }
            let bytes = partials[0].encoded()
            #expect(bytes == expected ?? bytes, "seed \(seed)")
            expected = bytes
            #expect(try Partial(decoding: bytes) == partials[0])
        }
    }

    @Test("the figures of parts are those of one run over all rows")
    func oneRun() throws {
        let whole = ShardFixture.observers(rows: 0..<60, blockRowCount: 7)
        let parts = try Partial.merging([ShardFixture.placed(31..<60), ShardFixture.placed(0..<12), ShardFixture.placed(12..<31)]).partial
        for (total, expected) in zip(try parts.totals.matching(whole), whole) { #expect(total.encoded == expected.encoded, "\(total.tag)") }
        #expect(parts.rowCount == 60)
    }

    @Test("merging with itself is refused, changes nothing, or doubles all")
    func mergingWithItself() throws {
        var partial = Self.partial(1)
        #expect(try partial.merge(Self.partial(2)) == 0)
        let bytes = partial.encoded()
        let error = #expect(throws: PartialError.self) { _ = try partial.merge(partial) }
        #expect(error?.kind == .equalShards && error?.found.hasPrefix("20 rows ") == true && error?.remedy == .placeOrCount)
        #expect(error?.partialIndices == [0, 1])
        #expect(partial.encoded() == bytes)
        #expect(try partial.merge(partial, sameShard: .once) == 2)
        #expect(partial.encoded() == bytes)
        #expect(try partial.merge(partial, sameShard: .each) == 0)
        #expect(try Self.losses(partial).scoredCount == 80)
        #expect(try Partial(decoding: partial.encoded()) == partial)
    }

    @Test("a constant baseline's shards are equal, and no error where they are said to differ")
    func constantBaseline() throws {
        let losses = [Double](repeating: 0.7, count: 5)
        func partial() -> Partial { Self.partial(moments(of: losses)) }
        var merged = partial()
        #expect(throws: PartialError.self) { _ = try merged.merge(partial()) }
        #expect(try Self.losses(merged).scoredCount == 5)
        #expect(try merged.merge(partial(), sameShard: .each) == 0)
        #expect(try merged.merge(partial(), sameShard: .each) == 0)
        let total = try Self.losses(merged)
        #expect(total.scoredCount == 15 && total.mean == 0.7)
    }

    @Test("equal parts at one place count once, and each where the places differ")
    func samePlace() throws {
        var merged = ShardFixture.placed(0..<10)
        #expect(try merged.merge(ShardFixture.placed(0..<10)) == 1)
        #expect(merged == ShardFixture.placed(0..<10))
        // Yesterday's dump and today's, by a model that gives the same.
        #expect(try merged.merge(ShardFixture.placed(0..<10, dump: DumpIdentity(high: 0, low: 1))) == 0)
        #expect(merged.rowCount == 20)
        // As often as is asked for, a place is there once.
        #expect(try merged.merge(merged, sameShard: .each) == 2)
        #expect(merged.rowCount == 20)
    }

    @Test("parts that share rows are refused, whichever are merged first")
    func overlaps() throws {
        let wrong = Partial(
            specification: ShardFixture.specification, classCount: 1,
            place: .placed(dump: ShardFixture.dump, unit: .rows, ranges: [10..<20]), observers: ShardFixture.observers(rows: 11..<20))
        let inBytes = Partial(
            specification: ShardFixture.specification, classCount: 1,
            place: .placed(dump: ShardFixture.dump, unit: .bytes, ranges: [1000..<2000]), observers: ShardFixture.observers(rows: 30..<40))
        let around = Partial(
            specification: ShardFixture.specification, classCount: 1,
            place: .placed(dump: ShardFixture.dump, unit: .rows, ranges: [0..<5, 25..<30]), observers: ShardFixture.observers(rows: 0..<5))
        let cases: [(Partial, PartialError.Kind)] = [
            (wrong, .conflictingContent), (inBytes, .overlappingPlaces), (ShardFixture.placed(19..<30), .overlappingPlaces),
            (ShardFixture.placed(0..<11), .overlappingPlaces), (ShardFixture.placed(12..<13), .overlappingPlaces),
            (ShardFixture.placed(0..<40), .overlappingPlaces),
        ]
        let middle = ShardFixture.placed(10..<20), others = [ShardFixture.placed(20..<21), ShardFixture.unplaced(10..<11), around]
        for (bad, kind) in cases {
            for order in [[middle, others[0], bad], [bad, others[0], others[1], middle], [others[1], middle, bad]] {
                let error = #expect(throws: PartialError.self) { try Partial.merging(order) }
                #expect(error?.kind == kind || error?.kind == .overlappingPlaces, "\(String(describing: error))")
                #expect(error?.partialIndices.count == 2)
            }
        }
        let error = #expect(throws: PartialError.self) { try Partial.merging([others[0], middle, wrong]) }
        #expect(error?.partialIndices == [1, 2] && error?.found.contains("rows 10..<20 of dump 0123456789abcdeffedcba9876543210") == true)
        // Next to one another, and around another, is no overlap.
        #expect(try Partial.merging([middle, others[0], around, others[1]], sameShard: nil).partial.parts.count == 4)
    }

    @Test("a shard that comes with its place and without is asked about")
    func placedAndUnplaced() throws {
        let placed = ShardFixture.placed(0..<10), unplaced = ShardFixture.unplaced(0..<10)
        for order in [[placed, unplaced], [unplaced, placed]] {
            let error = #expect(throws: PartialError.self) { try Partial.merging(order) }
            #expect(error?.kind == .equalShards && error?.partialIndices == [0, 1])
            #expect(try Partial.merging(order, sameShard: .once).partial == placed)
            #expect(try Partial.merging(order, sameShard: .each).partial.rowCount == 20)
        }
    }

    @Test("parts with a place add up to one, which finds its parts again")
    func coalescing() throws {
        let dump = DumpIdentity(high: 7, low: 7)
        let parts = [
            ShardFixture.placed(0..<9), ShardFixture.placed(12..<20), ShardFixture.placed(9..<12), ShardFixture.placed(0..<4, dump: dump),
            ShardFixture.unplaced(40..<45),
        ]
        let merged = try Partial.merging(parts).partial
        var coalesced = try merged.coalesced()
        #expect(coalesced.parts.map(\.place) == [.unplaced, ShardFixture.placed(0..<20).parts[0].place, parts[3].parts[0].place].sorted())
        #expect(try zip(coalesced.totals, merged.totals).allSatisfy { $0.encoded == $1.encoded })
        #expect(try coalesced.coalesced() == coalesced)
        #expect(try Partial(decoding: coalesced.encoded()) == coalesced)
        // As one run would have it.
        #expect(coalesced.parts.contains(ShardFixture.placed(0..<20).parts[0]))
        let error = #expect(throws: PartialError.self) { try coalesced.merge(parts[0]) }
        #expect(error?.kind == .overlappingPlaces)
        #expect(try coalesced.merge(ShardFixture.placed(20..<21)) == 0)
    }

    @Test("rows that no part covers are named")
    func missing() throws {
        let merged = try Partial.merging([ShardFixture.placed(3..<5), ShardFixture.placed(8..<10), ShardFixture.placed(5..<7)]).partial
        func missing(_ range: Range<UInt64>) -> [Range<UInt64>] { merged.missing(in: range, of: ShardFixture.dump, unit: .rows) }
        #expect(missing(0..<12) == [0..<3, 7..<8, 10..<12] && missing(3..<7) == [])
        #expect(missing(4..<9) == [7..<8] && missing(20..<21) == [20..<21])
        #expect(merged.missing(in: 0..<9, of: ShardFixture.dump, unit: .bytes) == [0..<9])
        #expect(merged.missing(in: 0..<9, of: DumpIdentity(high: 0, low: 0), unit: .rows) == [0..<9])
    }

    /// The time that this thread has had of a processor: other tests run beside this one.
    private static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    @Test("ten thousand partials are decoded, merged and added up in seconds, and in proportion to their number")
    func time() throws {
        let count = 10_000
        let bytesOfMoments = encoding(Self.shard(1, rowCount: 1))
        let files = try (0..<count).map { number in
            var bytes = bytesOfMoments
            // The fingerprint, so that no two are equal.
            (bytes[56], bytes[57]) = (UInt8(number & 0xFF), UInt8(number >> 8))
            var rest = bytes[...]
            let totals = LossTotals(Self.specification, moments: [try #require(Moments(decoding: &rest))])
            let place: PartPlace =
                number & 1 == 0
                ? .unplaced
                : .placed(dump: ShardFixture.dump, unit: .rows, ranges: [UInt64(number)..<UInt64(number + 1)])
            return Partial(specification: Self.specification, classCount: 10, place: place, observers: [totals, InputWarnings()]).encoded()
        }
        func duration(_ count: Int) throws -> Duration {
            let start = Self.processorTime
            do {
                var partials: [Partial] = []
                for file in files[..<count] { partials.append(try Partial(decoding: file)) }
                let merged = try Partial.merging(partials).partial
                #expect(try Self.losses(merged).scoredCount == UInt64(count))
                #expect(try Partial(decoding: merged.encoded()) == merged)
            }
            return Self.processorTime - start
        }
        let quarter = try (0..<3).map { _ in try duration(count / 4) }.min() ?? .zero
        let whole = try duration(count)
        print("10,000 partials in \(whole)")
        // Four times as many: 16 times as long if each were compared with all before it.
        #expect(whole / quarter < 9)
        #if !DEBUG
            #expect(whole < .seconds(2))
        #endif
    }

    @Test("shards without rows are equal, and change nothing")
    func emptyShards() throws {
        let empty = Self.partial(Moments())
        var merged = empty
        #expect(try merged.merge(empty) == 1)
        #expect(merged == empty)
        #expect(try merged.merge(Self.partial(1)) == 0)
        #expect(try Self.losses(merged) == Self.shard(1))
        // More shards than rows: some have none, at one place.
        func placed() -> Partial {
            Partial(
                specification: Self.specification, classCount: 10, place: .placed(dump: ShardFixture.dump, unit: .rows, ranges: [4..<4]),
                observers: [LossTotals(Self.specification)])
        }
        #expect(try Partial.merging([placed(), placed(), empty]).partial.parts.count == 2)
    }

    @Test("shards that differ by one exchange of losses are two shards")
    func similarShards() throws {
        let losses: [Double] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        var exchanged = losses
        exchanged.swapAt(2, 6)
        var partial = Self.partial(moments(of: losses))
        for other in [moments(of: exchanged), moments(of: losses, firstRow: 9)] {
            #expect(try partial.merge(Self.partial(other)) == 0)
        }
        #expect(try Self.losses(partial).scoredCount == 27)
    }

    @Test("partials of another loss or class count are refused and change nothing")
    func otherLosses() {
        var partial = Self.partial(1)
        let bytes = partial.encoded()
        let others = [
            Self.partial(Self.shard(2), LossSpecification(task: .binary, input: .logits)),
            Self.partial(Self.shard(2), LossSpecification(task: .multiclass, input: .probabilities)),
            Self.partial(Self.shard(2), classCount: 11),
        ]
        for other in others {
            let error = #expect(throws: PartialError.self) { _ = try partial.merge(other) }
            #expect(error?.kind == .otherLoss && error?.problem == "the partials are of different losses")
            #expect(error.map { "\($0)".contains("\(other.classCount) values a row") } == true)
        }
        #expect(partial.encoded() == bytes)
        #expect(throws: PartialError.self) { try Partial.merging([]) }
    }

    // MARK: Observers

    @Test("an observer of one's own goes through a partial, with its configuration")
    func customObserver() throws {
        func partial(_ count: UInt64, limit: Double = 2, tag: String = "large") -> Partial {
            Partial(
                specification: Self.specification, classCount: 10, place: .unplaced,
                observers: [LossTotals(Self.specification), LargeLosses(tag: tag, limit: limit, count: count)])
        }
        let files = [partial(3), partial(4), partial(5)].map { $0.encoded() }
        let decoded = try files.map { try Partial(decoding: $0, catalog: LargeLosses.catalog) }
        let merged = try Partial.merging(decoded, sameShard: .each).partial
        #expect(try merged.total(LargeLosses.self) == LargeLosses(limit: 2, count: 12))
        let otherLimit = #expect(throws: PartialError.self) { try Partial.merging([partial(1), partial(2, limit: 3)]) }
        #expect(otherLimit?.kind == .otherObservers && otherLimit?.found == "other settings of large")
        #expect(otherLimit?.partialIndices == [0, 1])
        let otherTag = #expect(throws: PartialError.self) { try Partial.merging([partial(1), partial(2), partial(2, tag: "huge")]) }
        #expect(otherTag?.found == "huge, large in one of them only" && otherTag?.remedy == .askForSameFigures)
        #expect(otherTag?.partialIndices == [0, 2])
        var totals = LossTotals(Self.specification)
        let otherType = #expect(throws: PartialError.self) { try totals.merge(any: LargeLosses()) }
        #expect(otherType?.found == "large")
    }

    @Test("a figure that is not known is carried along as it is, named, and not added up")
    func unknownSections() throws {
        func file(_ count: UInt64) -> [UInt8] {
            Partial(
                specification: Self.specification, classCount: 10, place: .unplaced,
                observers: [LossTotals(Self.specification, moments: [Self.shard(Int(count))]), LargeLosses(count: count)]
            ).encoded()
        }
        let one = try Partial(decoding: file(3))
        #expect(one.unknownTags == ["large"] && one.encoded() == file(3))
        let merged = try Partial.merging([one, try Partial(decoding: file(4))]).partial
        #expect(try Self.losses(merged).scoredCount == 40)
        let error = #expect(throws: PartialError.self) { try merged.totals }
        #expect(error?.kind == .unknownObserver && error?.found == "section large" && error?.remedy == .useNewerVersion)
        // Whoever knows it finds all of it.
        #expect(try Partial(decoding: merged.encoded(), catalog: LargeLosses.catalog).total(LargeLosses.self)?.count == 7)
    }

    @Test("a tag that is no name, or is there twice, ends the process: no partial that cannot be read is written")
    func badTags() async {
        await #expect(processExitsWith: .failure) {
            _ = Partial(specification: PartialTests.specification, classCount: 1, place: .unplaced, observers: [LargeLosses(tag: "a b")])
        }
        await #expect(processExitsWith: .failure) {
            _ = Partial(
                specification: PartialTests.specification, classCount: 1, place: .unplaced, observers: [LargeLosses(), LargeLosses()])
        }
    }

    // MARK: Damage

    /// Partials of all that there is, small enough for every byte to be tried.
    static func samples() throws -> [[UInt8]] {
        [
            partial(4).encoded(),
            try Partial.merging([ShardFixture.placed(0..<9), ShardFixture.placed(9..<12), ShardFixture.unplaced(0..<1)]).partial.encoded(),
        ]
    }

    @Test("every flipped byte is refused")
    func flippedBytes() throws {
        for bytes in try Self.samples() {
            for i in bytes.indices {
                for mask in [0x01, 0x80, 0xFF] as [UInt8] {
                    var damaged = bytes
                    damaged[i] ^= mask
                    let error = #expect(throws: PartialError.self) { _ = try Partial(decoding: damaged) }
                    let kind: PartialError.Kind = i < 8 ? .notAPartial : i < 16 ? .otherVersion : .damaged
                    if error?.kind != kind { Issue.record("byte \(i) ^ \(mask): \(String(describing: error))") }
                }
            }
        }
    }

    @Test("every truncation, and bytes after the end, are refused")
    func truncations() throws {
        for bytes in try Self.samples() {
            for length in 0..<bytes.count {
                #expect(throws: PartialError.self, "\(length) bytes") { _ = try Partial(decoding: Array(bytes.prefix(length))) }
                // With a checksum that fits, as a hostile file would have it.
                if length >= 16, length != bytes.count - 8 {
                    #expect(throws: PartialError.self, "\(length) bytes") {
                        _ = try Partial(decoding: Self.withChecksum(bytes.prefix(length)))
                    }
                }
            }
            #expect(throws: PartialError.self) { _ = try Partial(decoding: bytes + [0]) }
            #expect(throws: PartialError.self) { _ = try Partial(decoding: Self.withChecksum(bytes.dropLast(8) + [0])) }
        }
        #expect(throws: PartialError.self) { _ = try Partial(decoding: []) }
    }

    @Test("another version is named, with what helps, even with a checksum that fits", arguments: [0, 1, 3, 255] as [UInt8])
    func otherVersion(version: UInt8) {
        var body = Array(Self.partial(6).encoded().dropLast(8))
        body[8] = version
        let error = #expect(throws: PartialError.self) { _ = try Partial(decoding: Self.withChecksum(body)) }
        #expect(error?.kind == .otherVersion && error?.found == "version \(version)")
        #expect(error?.remedy == (version < 2 ? .writeAgain : .useNewerVersion))
    }

    @Test("parts out of order, or none, are refused, even with a checksum that fits")
    func notCanonical() throws {
        let partial = try Partial.merging([Self.partial(7), Self.partial(8)]).partial
        let parts = partial.parts.map { [UInt8](repeating: 0, count: 8) + $0.content }
        let bytes = partial.encoded()
        let head = bytes.prefix(bytes.count - 8 - parts[0].count - parts[1].count - 8)
        func file(_ parts: [[UInt8]]) -> [UInt8] {
            var body = Array(head)
            body.append(littleEndian: UInt64(parts.count))
            for part in parts { body += part }
            return Self.withChecksum(body)
        }
        #expect(file(parts) == partial.encoded())
        #expect(throws: PartialError.self, "out of order") { _ = try Partial(decoding: file([parts[1], parts[0]])) }
        #expect(throws: PartialError.self, "out of order") { _ = try Partial(decoding: file([parts[0], parts[1], parts[0]])) }
        #expect(try Partial(decoding: file([parts[0], parts[0]])).parts.count == 2, "as often as it counts")
        #expect(throws: PartialError.self, "none") { _ = try Partial(decoding: file([])) }
    }

    @Test("parts of one file that share rows are refused, even with a checksum that fits")
    func overlappingParts() throws {
        let bytes = try Partial.merging([ShardFixture.placed(0..<9), ShardFixture.placed(9..<12)]).partial.encoded()
        // The bounds of the second part's range, after its dump's identity and their number.
        let start = try #require(bytes.indices.last { bytes[$0...].starts(with: ShardFixture.dump.bytes) }) + 24
        var body = Array(bytes.dropLast(8))
        #expect(body[start] == 9 && body[start + 8] == 12)
        body[start] = 8
        let error = #expect(throws: PartialError.self) { try Partial(decoding: Self.withChecksum(body)) }
        #expect(error?.kind == .damaged && error?.found.contains("rows 8..<12 of dump") == true)
        body[start] = 10
        #expect(try Partial(decoding: Self.withChecksum(body)).missing(in: 0..<12, of: ShardFixture.dump, unit: .rows) == [9..<10])
    }

    /// Refused, or read as a partial that is written the same way and can be used.
    private static func check(_ body: [UInt8], _ what: @autoclosure () -> String) {
        let bytes = withChecksum(body)
        guard let partial = try? Partial(decoding: bytes) else { return }
        if partial.encoded() != bytes { Issue.record("\(what()) is read and not written again") }
        _ = (partial.rowCount, partial.unknownTags, try? partial.totals)
        if let moments = try? partial.total(LossTotals.self)?.moments[0] { _ = (moments.mean, moments.standardError, moments.readCount) }
        if let totals = try? partial.totals {
            let warnings = totals.first(InputWarnings.self)
            _ = warnings?.warnings(partial.specification, classCount: partial.classCount) { "row \($0)" }
        }
        var doubled = partial
        _ = try? doubled.merge(partial, sameShard: .each)
    }

    @Test("every field set to the ends of its range, with a checksum that fits, is refused or written the same way")
    func boundaries() throws {
        let values: [UInt64] = [
            0, 1, 2, 0xFF, 1 << 32, .max, .max - 1, .max - 7, 1 << 63, 1 << 63 - 1, (1.0).bitPattern, Double.nan.bitPattern,
            Double.infinity.bitPattern,
        ]
        for bytes in try Self.samples() {
            let body = Array(bytes.dropLast(8))
            // At every byte: fields of eight bytes begin anywhere.
            for start in 16...(body.count - 8) {
                #if DEBUG
                    // Two at each place, in turn: unoptimised, all take a minute.
                    let tried = [values[start % values.count], values[(start + 6) % values.count]]
                #else
                    let tried = values
                #endif
                for value in tried {
                    var changed = body
                    for i in 0..<8 { changed[start + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * i)) }
                    Self.check(changed, "byte \(start) set to \(value)")
                }
            }
        }
    }

    @Test("mutations with a checksum that fits never trap, and are refused or written the same way", arguments: seeds)
    func mutations(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        for bytes in try Self.samples() {
            let body = Array(bytes.dropLast(8))
            for number in 0..<(500 * scoringEffort) {
                var damaged = body
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let i = Int.random(in: 16..<damaged.count, using: &random)
                    damaged[i] = [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
                }
                if random.next() & 7 == 0 { damaged.removeLast(Int.random(in: 0..<(damaged.count - 16), using: &random)) }
                Self.check(damaged, "mutation \(number), seed \(seed)")
            }
        }
    }

    @Test("counts of several shards that no sum can hold do not stop the program")
    func hostileCounts() async {
        await #expect(processExitsWith: .success) {
            let partials = try (1...3 as ClosedRange<UInt8>).map { fingerprint in
                let next = PartialTests.partial(
                    try hostileMoments(fingerprint: fingerprint), LossSpecification(task: .binary, input: .logits), classCount: 1)
                return try Partial(decoding: next.encoded())
            }
            let merged = try Partial.merging(partials).partial
            let moments = try PartialTests.losses(merged)
            #expect(moments.readCount == .max && moments.mean == 0 && merged.rowCount == .max)
        }
    }
}

extension [any RowObserver] {
    /// The same observers in the order of others, by their tags.
    func matching(_ others: [any RowObserver]) -> [any RowObserver] {
        others.compactMap { other in first { $0.tag == other.tag } }
    }
}
