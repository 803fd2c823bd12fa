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
    func compactSumsAreExact(seed: UInt64) {
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
        #expect(CompactSum(exact) == twice)
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
