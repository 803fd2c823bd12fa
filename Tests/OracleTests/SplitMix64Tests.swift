import Oracle
import SeededRandom
import Testing

@Suite struct SplitMix64Tests {
    /// The first values of Vigna's splitmix64.c, https://prng.di.unimi.it/splitmix64.c.
    @Test func isTheKnownSequence() {
        var generator = SplitMix64(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
        #expect(generator.next() == 9_817_491_932_198_370_423)
        var fromZero = SplitMix64(seed: 0)
        #expect(fromZero.next() == 0xE220_A839_7B1D_CDAF)
    }

    @Test func uniformValuesFillTheirRange() {
        var generator = SplitMix64(seed: 10)
        let values = (0..<10_000).map { _ in generator.nextUniform(in: -3...5) }
        #expect(values.allSatisfy { (-3...5).contains($0) })
        #expect(abs(values.reduce(0, +) / 10_000 - 1) < 0.1)
        for octant in 0..<8 {
            let count = values.count { Int($0 + 3) == octant }
            #expect((1100...1400).contains(count), "octant \(octant)")
        }
        #expect(generator.nextUniform(in: 2...2) == 2)
        #expect(generator.nextUniform(in: -.greatestFiniteMagnitude ... .greatestFiniteMagnitude).isFinite)
    }

    @Test func normalValuesHaveTheirMoments() {
        var generator = SplitMix64(seed: 11)
        let values = (0..<20_000).map { _ in generator.nextNormal() }
        let moments = (1...4).map { power in
            values.reduce(0) { sum, x in sum + (0..<power).reduce(1) { product, _ in product * x } } / Double(values.count)
        }
        // Within five standard errors: sqrt(1, 2, 15, 96) / sqrt(20,000).
        #expect(abs(moments[0]) < 0.036)
        #expect(abs(moments[1] - 1) < 0.05)
        #expect(abs(moments[2]) < 0.137)
        #expect(abs(moments[3] - 3) < 0.347)
    }
}
