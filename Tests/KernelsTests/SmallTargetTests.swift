import Oracle
import Scoring
import SeededRandom
import Testing

/// Soft labels so small that the terms of a row are subnormal, or next to it: each would lose digits, and a row has many.
@Suite("SmallTargetTests")
struct SmallTargetTests {
    @Test("rows of tiny targets are within 4 ULP", arguments: PredictionInput.allCases, [false, true])
    func tinyTargets(input: PredictionInput, isDivergence: Bool) throws {
        let seed: UInt64 = 77
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        var loss = AccuracyLoss(task: .soft, input: input)
        loss.isDivergence = isDivergence
        for classCount in [2, 9, 40] {
            let sample = AccuracySample(loss: loss, element: .float64, classCount: classCount, kind: .dense, number: 0)
            var rows: [AccuracySample.Row] = []
            for exponent in [-1074, -1071, -1060, -1030, -1022, -1000, -960] {
                for _ in 0..<3 {
                    let values: [Double] = (0..<classCount).map { _ in
                        switch input {
                        case .logits: random.nextNormal() * 3
                        case .probabilities: random.nextUniform(in: 0.1...1) / Double(classCount)
                        case .logProbabilities: -random.nextUniform(in: 0.1...9)
                        }
                    }
                    let targets = (0..<classCount).map { _ in
                        Double(sign: .plus, exponent: exponent, significand: 1) * Double(Int.random(in: 1...9, using: &random))
                    }
                    rows.append(AccuracySample.Row(values: values, labels: targets))
                }
            }
            let expected = try sample.score(rows, KernelUnderTest.available[0])
            for (row, value) in zip(rows, expected) {
                let error = loss.error(of: value, row)
                findings.check(error <= 4, "\(error) ULP, \(classCount) classes: \(row)")
            }
            for kernel in KernelUnderTest.available {
                findings.check(zip(try sample.score(rows, kernel), expected).allSatisfy { sameBits($0, $1) }, "\(kernel.instructionSet)")
            }
        }
        findings.expectNone("seed \(seed)")
    }
}
