import CXXHash
import Oracle
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

    static func partial(_ number: Int) -> Partial {
        Partial(specification: specification, classCount: 10, moments: shard(number))
    }

    /// The bytes with the checksum that belongs to them.
    static func withChecksum(_ body: some Collection<UInt8>) -> [UInt8] {
        var bytes = Array(body)
        let hash = bytes.withUnsafeBytes { XXH64($0.baseAddress, $0.count, 0) }
        bytes.append(littleEndian: hash)
        return bytes
    }

    @Test("what was encoded is decoded to the same")
    func roundTrip() throws {
        for task in plainTasks {
            for input in PredictionInput.allCases {
                for shardCount in 1...4 {
                    let specification = LossSpecification(task: task, input: input)
                    var partial = Partial(specification: specification, classCount: 7, moments: Self.shard(0))
                    for number in 1..<shardCount {
                        let other = Partial(specification: specification, classCount: 7, moments: Self.shard(number))
                        #expect(try partial.merge(other) == 0)
                    }
                    let bytes = partial.encoded()
                    let decoded = try Partial(decoding: bytes)
                    #expect(decoded == partial)
                    #expect(decoded.encoded() == bytes)
                    #expect(decoded.specification == specification && decoded.classCount == 7 && decoded.shards.count == shardCount)
                }
            }
        }
    }

    @Test("the head of the format is as documented, byte by byte")
    func layout() {
        let bytes = Self.partial(3).encoded()
        let text = Array("task=multiclass input=logits dialects=exact".utf8)
        var expected = Array("XENTPART".utf8) + [1, 0, 0, 0, 0, 0, 0, 0] + [UInt8(text.count), 0, 0, 0, 0, 0, 0, 0] + text
        expected += [10, 0, 0, 0, 0, 0, 0, 0] + [1, 0, 0, 0, 0, 0, 0, 0] + encoding(Self.shard(3))
        #expect(bytes == Self.withChecksum(expected))
    }

    @Test(
        "shards merged in any order and grouping give the same bytes, and each counts once, or as often as given", arguments: seeds,
        SameShard.allCases)
    func merging(seed: UInt64, sameShard: SameShard) throws {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let count = 6
        // Some ran twice.
        let twice = (0..<count).filter { _ in random.next() & 1 == 0 }
        var all = Moments()
        for number in Array(0..<count) + (sameShard == .each ? twice : []) { all.merge(Self.shard(number)) }
        var expected: [UInt8]?
        for _ in 0..<20 {
            var partials = (Array(0..<count) + twice).map { Self.partial($0) }
            partials.shuffle(using: &random)
            var repeated = 0
            while partials.count > 1 {
                var one = partials.remove(at: Int.random(in: partials.indices, using: &random))
                let other = Int.random(in: partials.indices, using: &random)
                repeated += try one.merge(partials[other], sameShard: sameShard)
                partials[other] = one
            }
            #expect(repeated == twice.count)
            #expect(partials[0].moments == [all])
            #expect(partials[0].shards.count == count + (sameShard == .each ? twice.count : 0))
            let bytes = partials[0].encoded()
            #expect(bytes == expected ?? bytes, "seed \(seed)")
            expected = bytes
            #expect(try Partial(decoding: bytes) == partials[0])
        }
    }

    @Test("merging with itself is refused, changes nothing, or doubles all")
    func mergingWithItself() throws {
        var partial = Self.partial(1)
        #expect(try partial.merge(Self.partial(2)) == 0)
        let bytes = partial.encoded()
        let error = #expect(throws: PartialError.self) { _ = try partial.merge(partial) }
        #expect(error?.kind == .equalShards && error?.found.hasPrefix("20 rows ") == true)
        #expect(partial.encoded() == bytes)
        #expect(try partial.merge(partial, sameShard: .once) == 2)
        #expect(partial.encoded() == bytes)
        #expect(try partial.merge(partial, sameShard: .each) == 2)
        #expect(partial.moments[0].scoredCount == 80)
        #expect(try Partial(decoding: partial.encoded()).moments == partial.moments)
    }

    @Test("a constant baseline's shards are equal, and no error where they are said to differ")
    func constantBaseline() throws {
        let losses = [Double](repeating: 0.7, count: 5)
        func partial() -> Partial { Partial(specification: Self.specification, classCount: 10, moments: moments(of: losses)) }
        var merged = partial()
        let shared = try #require(merged.sharedShard(with: partial()))
        #expect(shared[0].readCount == 5)
        #expect(throws: PartialError.self) { _ = try merged.merge(partial()) }
        #expect(merged.moments[0].scoredCount == 5)
        #expect(try merged.merge(partial(), sameShard: .each) == 1)
        #expect(try merged.merge(partial(), sameShard: .each) == 1)
        #expect(merged.moments[0].scoredCount == 15 && merged.moments[0].mean == 0.7)
    }

    @Test("merging takes time in proportion to the number of partials")
    func time() throws {
        let partials = try (0..<4000).map { number in
            var bytes = encoding(Self.shard(1, rowCount: 1))
            // The fingerprint, so that no two are equal.
            (bytes[56], bytes[57]) = (UInt8(number & 0xFF), UInt8(number >> 8))
            var rest = bytes[...]
            return Partial(specification: Self.specification, classCount: 10, moments: try #require(Moments(decoding: &rest)))
        }
        /// The fastest of three times.
        func duration(_ count: Int) throws -> Duration {
            try (0..<3).map { _ in
                try ContinuousClock().measure {
                    var merged = partials[0]
                    for partial in partials[1..<count] { _ = try merged.merge(partial) }
                    #expect(merged.moments[0].scoredCount == UInt64(count))
                }
            }.min() ?? .zero
        }
        // Four times as many: 16 times as long if each were compared with, or encoded for, all before it.
        let ratio = try duration(4000) / duration(1000)
        #expect(ratio < 9)
    }

    @Test("shards without rows are equal, and change nothing")
    func emptyShards() throws {
        let empty = Partial(specification: Self.specification, classCount: 10, moments: Moments())
        var merged = empty
        #expect(try merged.merge(empty) == 1)
        #expect(merged == empty && merged.sharedShard(with: empty) == nil)
        #expect(try merged.merge(Self.partial(1)) == 0)
        #expect(merged.moments == [Self.shard(1)])
    }

    @Test("shards that differ by one exchange of losses are two shards")
    func similarShards() throws {
        let losses: [Double] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        var exchanged = losses
        exchanged.swapAt(2, 6)
        var partial = Partial(specification: Self.specification, classCount: 10, moments: moments(of: losses))
        for other in [moments(of: exchanged), moments(of: losses, firstRow: 9)] {
            #expect(try partial.merge(Partial(specification: Self.specification, classCount: 10, moments: other)) == 0)
        }
        #expect(partial.moments[0].scoredCount == 27)
    }

    @Test("partials of another loss or class count are refused and change nothing")
    func otherLosses() {
        var partial = Self.partial(1)
        let bytes = partial.encoded()
        let others = [
            Partial(specification: LossSpecification(task: .binary, input: .logits), classCount: 10, moments: Self.shard(2)),
            Partial(specification: LossSpecification(task: .multiclass, input: .probabilities), classCount: 10, moments: Self.shard(2)),
            Partial(specification: Self.specification, classCount: 11, moments: Self.shard(2)),
        ]
        for other in others {
            let error = #expect(throws: PartialError.self) { _ = try partial.merge(other) }
            #expect(error?.problem == "the partials are of different losses")
            #expect(error.map { "\($0)".contains("\(other.classCount) values a row") } == true)
        }
        #expect(partial.encoded() == bytes)
    }

    // MARK: Damage

    @Test("every flipped byte is refused")
    func flippedBytes() {
        let bytes = Self.partial(4).encoded()
        for i in bytes.indices {
            for mask in [0x01, 0x80, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[i] ^= mask
                let error = #expect(throws: PartialError.self) { _ = try Partial(decoding: damaged) }
                let problem =
                    switch i {
                    case ..<8: "this is no partial"
                    case ..<16: "the partial is of another version"
                    default: "the partial is damaged"
                    }
                #expect(error?.problem == problem, "byte \(i) ^ \(mask)")
            }
        }
    }

    @Test("every truncation, and bytes after the end, are refused")
    func truncations() {
        let bytes = Self.partial(5).encoded()
        for length in 0..<bytes.count {
            #expect(throws: PartialError.self, "\(length) bytes") { _ = try Partial(decoding: Array(bytes.prefix(length))) }
            // With a checksum that fits, as a hostile file would have it.
            if length >= 16, length != bytes.count - 8 {
                #expect(throws: PartialError.self, "\(length) bytes") { _ = try Partial(decoding: Self.withChecksum(bytes.prefix(length))) }
            }
        }
        #expect(throws: PartialError.self) { _ = try Partial(decoding: bytes + [0]) }
        #expect(throws: PartialError.self) { _ = try Partial(decoding: Self.withChecksum(bytes.dropLast(8) + [0])) }
        #expect(throws: PartialError.self) { _ = try Partial(decoding: []) }
    }

    @Test("another version is named, even with a checksum that fits")
    func otherVersion() {
        var body = Array(Self.partial(6).encoded().dropLast(8))
        body[8] = 2
        let error = #expect(throws: PartialError.self) { _ = try Partial(decoding: Self.withChecksum(body)) }
        #expect(error?.found == "version 2")
    }

    @Test("shards out of order, or none, are refused, even with a checksum that fits")
    func notCanonical() throws {
        var partial = Self.partial(7)
        _ = try partial.merge(Self.partial(8))
        let shards = partial.shards.map { encoding($0[0]) }
        let head = partial.encoded().prefix(8 + 8 + 8 + Self.specification.canonicalText.utf8.count + 8)
        func file(_ shards: [[UInt8]]) -> [UInt8] {
            var body = Array(head)
            body.append(littleEndian: UInt64(shards.count))
            for shard in shards { body += shard }
            return Self.withChecksum(body)
        }
        #expect(file(shards) == partial.encoded())
        #expect(throws: PartialError.self, "out of order") { _ = try Partial(decoding: file([shards[1], shards[0]])) }
        #expect(throws: PartialError.self, "out of order") { _ = try Partial(decoding: file([shards[0], shards[1], shards[0]])) }
        #expect(try Partial(decoding: file([shards[0], shards[0]])).shards.count == 2, "as often as it counts")
        #expect(throws: PartialError.self, "none") { _ = try Partial(decoding: file([])) }
    }

    @Test("mutations with a checksum that fits never trap, and are refused or written the same way", arguments: seeds)
    func mutations(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let body = Array(Self.partial(9).encoded().dropLast(8))
        for _ in 0..<(500 * scoringEffort) {
            var damaged = body
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let i = Int.random(in: 16..<damaged.count, using: &random)
                damaged[i] = [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
            }
            if random.next() & 7 == 0 { damaged.removeLast(Int.random(in: 0..<(damaged.count - 16), using: &random)) }
            let bytes = Self.withChecksum(damaged)
            guard let partial = try? Partial(decoding: bytes) else { continue }
            #expect(partial.encoded() == bytes, "seed \(seed)")
            _ = (partial.moments[0].mean, partial.moments[0].standardError, partial.moments[0].readCount)
        }
    }

    @Test("counts of several shards that no sum can hold do not stop the program")
    func hostileCounts() async {
        await #expect(processExitsWith: .success) {
            var merged: Partial?
            for fingerprint in 1...3 as ClosedRange<UInt8> {
                let moments = try hostileMoments(fingerprint: fingerprint)
                let next = Partial(specification: LossSpecification(task: .binary, input: .logits), classCount: 1, moments: moments)
                let decoded = try Partial(decoding: next.encoded())
                if merged == nil { merged = decoded } else { #expect(try merged?.merge(decoded) == 0) }
            }
            let moments = try #require(merged?.moments.first)
            #expect(moments.readCount == .max && moments.mean == 0)
        }
    }
}
