import Elements
import Foundation
import Scoring
import SeededRandom
import Testing

@testable import Insight

/// Functions and distributions against the C library and against SciPy's values.
@Suite struct FunctionTests {
    private static func ulps(_ a: Double, _ b: Double) -> Double { a == b ? 0 : (a - b).magnitude / b.ulp }

    @Test func exponentialsAreWithinTwoULP() {
        var random = SplitMix64(seed: 21)
        var worst = 0.0
        for _ in 0..<100_000 {
            let x = Double.random(in: -700...700, using: &random)
            worst = max(worst, Self.ulps(ElementaryFunctions.exponential(x), exp(x)))
        }
        #expect(worst <= 2)
        #expect(ElementaryFunctions.exponential(0) == 1)
        #expect(ElementaryFunctions.exponential(-.infinity) == 0)
        #expect(ElementaryFunctions.exponential(.infinity) == .infinity)
        #expect(ElementaryFunctions.exponential(.nan).isNaN)
        #expect(ElementaryFunctions.exponential(-740) > 0)
    }

    @Test func logarithmsAreWithinTwoULP() {
        var random = SplitMix64(seed: 22)
        var worst = 0.0
        for _ in 0..<100_000 {
            let x = exp(Double.random(in: -600...600, using: &random))
            worst = max(worst, Self.ulps(ElementaryFunctions.logarithm(x), log(x)))
            let near = 1 + Double.random(in: -0.3...0.4, using: &random)
            worst = max(worst, Self.ulps(ElementaryFunctions.logarithm(near), log(near)))
        }
        #expect(worst <= 2)
        var worstOfOnePlus = 0.0
        for _ in 0..<100_000 {
            let x = exp(Double.random(in: -60...10, using: &random))
            worstOfOnePlus = max(worstOfOnePlus, Self.ulps(ElementaryFunctions.logarithmOfOnePlus(x), log1p(x)))
        }
        #expect(worstOfOnePlus <= 3)
        #expect(ElementaryFunctions.logarithm(0) == -.infinity)
        #expect(ElementaryFunctions.logarithm(-1).isNaN)
        #expect(ElementaryFunctions.logarithm(0x1p-1074) == log(0x1p-1074))
    }

    /// Eight at a time they are the same numbers as one by one, by every kernel.
    @Test(arguments: InstructionSet.available)
    func vectorsAreTheSameNumbers(set: InstructionSet) {
        let kernels = PredictionKernels(set)
        var random = SplitMix64(seed: 23)
        let x = (0..<1001).map { _ in Double.random(in: -700...0, using: &random) }
        var exponentials = x + [Double](repeating: 0, count: 8)
        exponentials.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { kernels.exponentials(base, count: x.count) }
        }
        for (value, vector) in zip(x, exponentials) { #expect(ElementaryFunctions.exponential(value) == vector) }
        var logarithms = exponentials.map { max($0, 0x1p-1000) }
        let positive = logarithms
        logarithms.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { kernels.logarithms(base, count: x.count) }
        }
        for (value, vector) in zip(positive, logarithms).prefix(x.count) { #expect(ElementaryFunctions.logarithm(value) == vector) }
    }

    /// The probability of a logit is that of the function of one number, by every kernel and for every type.
    @Test(arguments: InstructionSet.available)
    func probabilitiesOfLogits(set: InstructionSet) {
        let kernels = PredictionKernels(set)
        var random = SplitMix64(seed: 29)
        let logits: [Float] = [0, -0.0, .infinity, -.infinity, .nan, 800, -800] + (0..<1000).map { _ in Float.random(in: -40...40, using: &random) }
        // Kernels read 64 bytes beyond the last one.
        let stored = logits + [Float](repeating: 0, count: 16)
        var found = [Double](repeating: -1, count: logits.count + 8)
        stored.withUnsafeBytes { stored in
            found.withUnsafeMutableBufferPointer { found in
                guard let values = stored.baseAddress, let numbers = found.baseAddress else { return }
                kernels.positiveProbabilities(values, .float32, count: logits.count, to: numbers)
            }
        }
        for (logit, probability) in zip(logits, found) {
            let e = ElementaryFunctions.exponential(-Double(logit).magnitude)
            let expected = logit > 0 ? 1 / (1 + e) : e / (1 + e)
            #expect(logit.isNaN ? probability.isNaN : probability == expected || abs(logit) > 700 && abs(probability - expected) < 1e-300, "\(logit)")
        }
    }

    /// The sums over a row at a temperature are those of its terms in lanes of eight, by every kernel.
    @Test(arguments: InstructionSet.available)
    func sumsAtATemperature(set: InstructionSet) {
        let kernels = PredictionKernels(set)
        var random = SplitMix64(seed: 31)
        for classCount in [1, 2, 7, 8, 9, 100] {
            let top = Int.random(in: 0..<classCount, using: &random)
            var distances = (0..<classCount).map { _ in Double.random(in: -30...0, using: &random) }
            distances[top] = 0
            distances += [Double](repeating: -1e30, count: (8 - classCount % 8) % 8)
            for beta in [0.1, 1, 3.7] {
                let found = kernels.temperatureSums(distances, classCount: classCount, except: top, beta: beta)
                var lanes = [(Double, Double, Double)](repeating: (0, 0, 0), count: 8)
                for c in distances.indices {
                    let term = c == top ? 0 : ElementaryFunctions.exponential(max(-708.5, distances[c] * beta))
                    let kept = distances[c] * beta < -708 ? 0 : term
                    lanes[c % 8].0 += kept
                    lanes[c % 8].1 += kept * distances[c]
                    lanes[c % 8].2 += kept * distances[c] * distances[c]
                }
                let expected = lanes.reduce((0.0, 0.0, 0.0)) { ($0.0 + $1.0, $0.1 + $1.1, $0.2 + $1.2) }
                #expect(found.sum == expected.0 && found.first == expected.1 && found.second == expected.2, "\(classCount) classes, β \(beta)")
            }
        }
    }

    /// scipy.stats.norm.sf and isf.
    @Test(arguments: [
        (0.0, 0.5), (1.0, 0.15865525393145707), (1.959963984540054, 0.025), (3.0, 0.0013498980316300957), (6.0, 9.865876450377014e-10),
        (-1.0, 0.8413447460685429), (9.618958549581707, 3.3250520076354524e-22), (37.0, 5.725571222524577e-300),
    ])
    func normalTails(z: Double, tail: Double) {
        #expect((NormalDistribution.upperTail(z) - tail).magnitude <= 1e-13 * tail)
        if tail < 0.5, tail > 1e-20 { #expect((NormalDistribution.quantile(upperTail: tail) - z).magnitude <= 1e-13 * z) }
    }

    /// scipy.stats.t.sf and isf.
    @Test(arguments: [
        (2.09302405440831, 19.0, 0.025), (1.9623390808264085, 1000.0, 0.025), (12.706204736174705, 1.0, 0.025), (0.5, 3.0, 0.3257239824240755),
    ])
    func studentTails(t: Double, degreesOfFreedom: Double, tail: Double) {
        #expect((StudentDistribution.upperTail(t, degreesOfFreedom: degreesOfFreedom) - tail).magnitude <= 1e-11 * tail)
        #expect((StudentDistribution.quantile(upperTail: tail, degreesOfFreedom: degreesOfFreedom) - t).magnitude <= 1e-10 * t)
    }

    /// scipy.stats.binomtest(a, a + b).pvalue.
    @Test(arguments: [
        (340, 260, 0.0012405061912254254), (28, 15, 0.0659940344557981), (0, 0, 1.0), (5, 5, 1.0), (0, 10, 0.001953125), (1, 0, 1.0),
        (393, 235, 3.024423725583829e-10),
    ] as [(UInt64, UInt64, Double)])
    func binomialTests(a: UInt64, b: UInt64, p: Double) {
        #expect((BinomialTest.twoSided(a, b) - p).magnitude <= 1e-12 * p)
        #expect((BinomialTest.twoSided(b, a) - p).magnitude <= 1e-12 * p)
    }

    /// A thousand million rows do not take a thousand million steps.
    @Test func largeBinomialTests() {
        #expect(BinomialTest.twoSided(500_000_000, 500_040_000) > 0.1)
        #expect(BinomialTest.twoSided(500_000_000, 501_000_000) < 1e-200)
    }

    /// statsmodels' proportion_confint(method="wilson").
    @Test func wilsonIntervals() throws {
        let z = NormalDistribution.quantile(upperTail: 0.025)
        let some = try #require(WilsonInterval.interval(hits: 51, trials: 400, z: z))
        #expect((some.lower - 0.0983211891565858).magnitude < 1e-13)
        #expect((some.upper - 0.1637654701224651).magnitude < 1e-13)
        let all = try #require(WilsonInterval.interval(hits: 40, trials: 40, z: z))
        #expect(all.upper == 1)
        #expect(all.lower < 1)
        #expect(WilsonInterval.interval(hits: 0, trials: 0, z: z) == nil)
    }
}
