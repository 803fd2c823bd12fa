import CXXHash
import Scoring
import SeededRandom
import Testing

@testable import Insight

/// The small sums are the exact ones.
@Suite struct SumTests {
    /// Numbers of all sizes, of both signs.
    private static func numbers(seed: UInt64) -> [Double] {
        var random = SplitMix64(seed: seed)
        return (0..<2000).map { _ in
            let exponent = Int.random(in: -300...60, using: &random)
            return Double.random(in: -1...1, using: &random) * Double(sign: .plus, exponent: exponent, significand: 1)
        } + [0, -0.0, 0x1p11, 0x1p-92, 0x1p-93, 0x1p-1074, 1e300, -1e300, 2047.9999999999998]
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func compactSumsAreExact(seed: UInt64) throws {
        var compact = CompactSum(), exact = ExactSum()
        for number in Self.numbers(seed: seed) {
            compact.add(number)
            exact.add(number)
        }
        #expect(compact.exact == exact)
        var twice = compact
        twice.add(compact)
        exact.add(exact)
        #expect(twice.exact == exact)
        #expect(try Self.decoded(Self.bytes(exact)) == twice)
    }

    /// Sums of few numbers of one size, on both sides of what fits into integers, have the bytes and the rounded value of exact sums, and come back.
    @Test(arguments: [10, 11, 12] as [UInt64])
    func compactSumsAreEncodedAsExactOnes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let edges = [0x1p11, 2047.9999999999998, 0x1p-92, 0x1p-93, 0x1p-40, 0x1p-41, 1, 0x1p32, 0x1p33, 0x1p34, 0x1p-60, 0x1p-1074, .infinity, .nan]
        for round in 0..<4000 {
            var compact = CompactSum(), exact = ExactSum()
            let exponent = Int.random(in: -96...40, using: &random)
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                var number = Double(sign: .plus, exponent: exponent, significand: Double.random(in: -1...1, using: &random))
                if round % 3 == 0 { number = (edges.randomElement(using: &random) ?? 0) * (Bool.random(using: &random) ? 1 : -1) }
                if round % 3 == 1 { number = (number * 0x1p92).rounded() * 0x1p-92 }
                compact.add(number)
                exact.add(number)
            }
            // Sums beyond 2^33, of numbers that fit.
            for _ in 0..<(round % 7 == 0 ? Int.random(in: 20...40, using: &random) : 0) {
                compact.add(compact)
                exact.add(exact)
            }
            let bytes = Self.bytes(exact)
            #expect(Self.bytes(compact) == bytes, "\(exact.rounded())")
            #expect(compact.rounded.bitPattern == exact.rounded().bitPattern || exact.rounded().isNaN && compact.rounded.isNaN)
            let decoded = try Self.decoded(bytes)
            #expect(Self.bytes(decoded) == bytes && decoded == compact && decoded.exact == exact)
            var none = decoded
            none.subtract(compact)
            if exact.rounded().isFinite { #expect(none.isZero && Self.bytes(none) == [0, 0, 0]) }
        }
    }

    /// Bytes are refused that an exact sum is never written as.
    @Test func damagedSums() {
        let zeros: [UInt8] = [0, 0, 0, 0]
        let damaged: [[UInt8]] = [
            [], [0], [0, 64], [1, 0, 0], [0, 64, 0], [0, 64, 1] + zeros, [0, 64, 1, 0, 1, 0], [0, 64, 2, 0, 1, 0, 0] + zeros, [0, 64, 2] + zeros + [1, 0, 0, 0],
            [16, 64, 1, 0, 1, 0, 0], [2, 64, 1, 0, 1, 0, 0], [0, 133, 2, 1, 0, 0, 0, 1, 0, 0, 0],
        ]
        for bytes in damaged { #expect(throws: PartialError.self, "\(bytes)") { try Self.decoded(bytes) } }
    }

    private static func decoded(_ bytes: [UInt8]) throws -> CompactSum {
        var reader = SectionReader(bytes[...])
        let sum = try CompactSum(&reader)
        try reader.expectEnd()
        return sum
    }

    private static func bytes(_ sum: ExactSum) -> [UInt8] {
        var bytes: [UInt8] = []
        sum.encode(into: &bytes)
        return bytes
    }

    private static func bytes(_ sum: CompactSum) -> [UInt8] {
        var bytes: [UInt8] = []
        sum.encode(into: &bytes)
        return bytes
    }

    /// A difference that is added at once is the state that two numbers leave, of all sizes and halfway between two multiples.
    @Test(arguments: [6, 7] as [UInt64])
    func differencesAreTwoNumbers(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let numbers = Self.numbers(seed: seed) + [0x1p-41, 0x1.8p-40, 3 * 0x1p-41, 1 + 0x1p-41, .infinity]
        var atOnce = CompactSum(), singly = CompactSum(), exact = ExactSum()
        for number in numbers.shuffled(using: &random) {
            let other = numbers.randomElement(using: &random) ?? 0
            guard number != other else { continue }
            atOnce.add(number, minus: other)
            singly.add(number)
            singly.add(-other)
            exact.add(number)
            exact.add(-other)
            #expect(atOnce.exact == exact)
            #expect(Self.bytes(atOnce) == Self.bytes(singly))
        }
    }

    @Test func infinitiesAndNaNAreCounted() {
        var sum = CompactSum()
        sum.add(1)
        sum.add(.infinity)
        #expect(sum.rounded == .infinity)
        sum.add(-.infinity)
        #expect(sum.rounded.isNaN)
    }

    @Test(arguments: [4, 5] as [UInt64])
    func momentsHaveTheVariance(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var moments = CompactMoments()
        var sum = ExactSum(), squares = ExactSum()
        let losses = (0..<500).map { _ in Double.random(in: 0...20, using: &random) } + [5000, 3e9]
        for loss in losses {
            moments.add(loss)
            sum.add(loss)
            squares.addProduct(loss, loss)
        }
        #expect(moments.mean == sum.rounded(dividedBy: UInt64(losses.count)))
        let variance = ExactSum.variance(sum: sum, sumOfSquares: squares, count: UInt64(losses.count))
        #expect((moments.variance - variance).magnitude <= 1e-12 * variance)
    }

    /// Numbers of two classes that are added side by side give the sums of those that are added one by one; and what does not fit is not added.
    @Test(arguments: InstructionSet.available)
    func sumsOfTwoClassesAreThoseOfEach(set: InstructionSet) throws {
        let kernels = PredictionKernels(set)
        var random = SplitMix64(seed: 7)
        var numbers = (0..<1024).map { _ in Double.random(in: -1...1, using: &random) * Double.random(in: 0...2047, using: &random) }
        for index in stride(from: 0, to: 1024, by: 3) { numbers[index] *= 0x1p-20 }
        for index in numbers.indices { numbers[index] = (numbers[index] * 0x1p60).rounded() * 0x1p-60 }
        let classes = numbers.map { _ in Int32.random(in: 0...1, using: &random) }
        let isCorrect = numbers.map { _ in UInt8.random(in: 0...1, using: &random) }
        func sums(_ label: Int32, _ count: Int) -> (WeightedMoments, UInt64) {
            var moments = WeightedMoments()
            for (number, ofRow) in zip(numbers[..<count], classes) where ofRow == label { moments.add(number, weight: nil) }
            return (moments, UInt64(zip(classes[..<count], isCorrect).count { $0 == label && $1 == 1 }))
        }
        for count in [1024, 1001, 8, 1, 0] {
            let two = try #require(BlockMoments.ofTwo(numbers, classes, isCorrect, count: count, kernels))
            for (label, found) in [(Int32(0), two.0), (1, two.1)] {
                var moments = WeightedMoments()
                moments.add(found)
                let expected = sums(label, count)
                #expect(moments == expected.0 && moments.count == found.count && found.correctCount == expected.1, "\(count) rows of label \(label)")
            }
        }
        for misfit in [Double.nan, .infinity, 2048, -2048, 0x1.8p-93] {
            var numbers = numbers
            numbers[700] = misfit
            #expect(BlockMoments.ofTwo(numbers, classes, isCorrect, count: 1024, kernels) == nil, "\(misfit)")
        }
        // What lies beyond the rows does not matter.
        numbers[1001] = .nan
        #expect(BlockMoments.ofTwo(numbers, classes, isCorrect, count: 1001, kernels) != nil)
        var others = classes
        others[3] = -1
        #expect(BlockMoments.ofTwo(numbers, others, isCorrect, count: 1024, kernels) == nil)
    }

    /// Numbers of a block that kernels add up give the state of those that are added one by one, whatever their sizes are.
    @Test(arguments: [8, 9] as [UInt64])
    func foldedNumbersGiveTheSameMoments(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let numbers = Self.numbers(seed: seed).shuffled(using: &random).prefix(1000) + [.infinity, .nan, 0x1p11, -5000, 0x1p-1030, 0x1p-145 * 3, -0.0]
        let rows = RandomRows(try RandomRows.loss(.binary, .logits), rowCount: numbers.count, classCount: 1, seed: 1)
        var singly = CompactMoments(), folded = CompactMoments()
        for number in numbers where !number.isNaN { singly.add(number) }
        rows.score(0..<numbers.count, blockRowCount: 1024, facts: []) { block in
            let room = Array(numbers) + [Double](repeating: 0, count: 16)
            room.withUnsafeBufferPointer { room in
                guard let base = room.baseAddress else { return }
                folded.add(block.folded(base), count: UInt64(numbers.count { !$0.isNaN }))
            }
        }
        func bytes(_ moments: CompactMoments) -> [UInt8] {
            var bytes: [UInt8] = []
            moments.encode(into: &bytes)
            return bytes
        }
        #expect(bytes(singly) == bytes(folded) && singly.count == UInt64(numbers.count - 1))
    }

    @Test func varintsComeBack() throws {
        for value in [0, 1, 127, 128, 300, 1 << 32, UInt64.max - 1, .max] as [UInt64] {
            var bytes: [UInt8] = []
            bytes.append(varint: value)
            var reader = SectionReader(bytes[...])
            #expect(try reader.varint() == value)
            #expect(reader.remainingByteCount == 0)
        }
        for bytes in [[0x80], Array(repeating: 0xFF, count: 11), [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]] as [[UInt8]] {
            var reader = SectionReader(bytes[...])
            #expect(throws: PartialError.self) { try reader.varint() }
        }
    }

    /// The hash of groups is XXH64 as its own library computes it: it is a part of the format of partials.
    @Test func rowsAreHashedByXXH64() {
        var random = SplitMix64(seed: 6)
        for _ in 0..<1000 {
            let (number, seed) = (random.next(), random.next())
            let expected = withUnsafeBytes(of: number.littleEndian) { XXH64($0.baseAddress, 8, seed) }
            #expect(RowHash.hash(number, seed: seed) == expected)
        }
        #expect(RowHash.hash(0) == 0x34c9_6acd_cadb_1bbb)
        #expect(RowHash.hash(1) == 0x9f29_cb17_a2a4_9995)
    }

    /// The weights of the bootstrap are a part of what reports say: these are fixed.
    @Test func bootstrapWeightsAreThoseOfThePoissonDistribution() {
        #expect((0..<16).map { Uncertainty.poisson(RowHash.hash(UInt64($0), seed: 0)) } == Self.poissonOfSeed0)
        var counts = [Double](repeating: 0, count: 12)
        for group in 0..<100_000 { counts[Int(Uncertainty.poisson(RowHash.hash(UInt64(group), seed: 1)))] += 1 }
        // 1/(e k!) of the groups, within five standard errors.
        var expected = 100_000 * 0.36787944117144233
        for k in 0..<6 {
            #expect((counts[k] - expected).magnitude < 5 * expected.squareRoot(), "\(k)")
            expected /= Double(k + 1)
        }
    }

    private static let poissonOfSeed0: [Double] = [0, 1, 2, 1, 0, 1, 1, 0, 3, 1, 0, 1, 1, 0, 0, 1]
}
