import KernelABI
import Oracle
import RandomLosses
import SeededRandom
import Testing

@testable import Scoring

#if canImport(Glibc)
    import Glibc
#endif

/// All kernels of a table, called by the scorer as an evaluation calls them: any loss gives the same bits with each, emulated ones too.
@Suite("ScorerKernelTests")
struct ScorerKernelTests {
    /// Rows of any kind, as stored, with labels and weights.
    private struct Rows {
        let specification: LossSpecification
        let element: StoredElement
        let classCount: Int
        let rowCount: Int
        let ignoredLabel: Int32
        let hasIndices: Bool
        private var bytes: [UInt8] = []
        private var labels: [Int32] = []
        private var targets: [Double] = []
        private var weights: [Double]?

        init(_ random: inout SplitMix64) {
            let task = LossTask.allCases.randomElement(using: &random)!
            // About the widths where the kernels change their ways: a lane a row up to 24, four vectors, masks up to 512.
            classCount =
                task.isSingleValued
                ? 1 : [1, 2, 3, 7, 8, 9, 10, 24, 25, 31, 32, 33, 63, 64, 65, 100, 511, 512, 513].randomElement(using: &random)!
            specification = .random(&random, task: task, classCount: classCount)
            element = StoredElement.allCases.randomElement(using: &random)!
            rowCount = [1, 7, 8, 9, 63, 64, 65, 130].randomElement(using: &random)!
            ignoredLabel = specification.modifiers.ignoreIndex.map { Int32(truncatingIfNeeded: $0) } ?? .min
            hasIndices = task == .multiclass || (task == .binary && Bool.random(using: &random))
            let mayBeInvalid = Int.random(in: 0..<3, using: &random) == 0
            for _ in 0..<rowCount * classCount { element.append(Self.value(specification.input, mayBeInvalid, &random), to: &bytes) }
            for _ in 0..<rowCount {
                let isInvalid = mayBeInvalid && Int.random(in: 0..<16, using: &random) == 0
                let limit = Int32(max(2, classCount))
                labels.append(
                    isInvalid
                        ? [-1, limit, .max, ignoredLabel].randomElement(using: &random)! : Int32.random(in: 0..<limit, using: &random))
                let row = (0..<classCount).map { _ in [0, 1, random.nextUniform(in: 0...1), 1e-300].randomElement(using: &random)! }
                let sum = task == .soft ? max(row.reduce(0, +), 1) : 1
                targets +=
                    hasIndices ? [Double](repeating: Double(labels.last!), count: classCount) : row.map { isInvalid ? .nan : $0 / sum }
            }
            if Int.random(in: 0..<3, using: &random) == 0 {
                weights = (0..<rowCount).map { _ in
                    [0, 1, random.nextUniform(in: 0...9), mayBeInvalid ? -1 : 2].randomElement(using: &random)!
                }
            }
        }

        /// A value that a model might give, or one at an end of the input's range.
        private static func value(_ input: PredictionInput, _ mayBeInvalid: Bool, _ random: inout SplitMix64) -> Double {
            if mayBeInvalid, Int.random(in: 0..<40, using: &random) == 0 {
                return [.nan, .infinity, 1.5, -0.5].randomElement(using: &random)!
            }
            let isExtreme = Int.random(in: 0..<20, using: &random) == 0
            switch input {
            case .logits:
                return isExtreme
                    ? [0, -0.0, 1e300, -1e300, 6e4, 65504, -.infinity, 709, -745.2, 1000.5, 0x1p-1074].randomElement(using: &random)!
                    : random.nextNormal() * [0.1, 3, 30, 300].randomElement(using: &random)!
            case .probabilities:
                return isExtreme
                    ? [0, 1, 0x1p-1074, 1 - 0x1p-53, 1 - 0x1p-24, 1e-7, 1e-17].randomElement(using: &random)!
                    : random.nextUniform(in: 0...1)
            case .logProbabilities:
                return isExtreme
                    ? [0, -0.0, -0x1p-1074, -1e300, -.infinity, -745.2, -0x1p-50].randomElement(using: &random)!
                    : -random.nextUniform(in: 0...[0.001, 3, 100].randomElement(using: &random)!)
            }
        }

        var summary: String {
            "\(specification.task) from \(specification.input), \(specification.dialects.map(\.name)), \(specification.modifiers), "
                + "\(element), \(rowCount) x \(classCount)\(weights == nil ? "" : ", weights")"
        }

        struct Outcome: Equatable {
            let lossBits: [UInt64]
            let invalidRows: [Int]
            let moments: [[UInt8]]
            let warnings: InputWarnings
            let instructionSet: InstructionSet?
            /// Of those that were asked for.
            let factBits: [UInt64]
        }

        func score(_ kernel: KernelUnderTest, facts: RowFacts) -> Outcome {
            let scorer = BlockScorer(
                specification: specification, classCount: classCount, ignoredLabel: ignoredLabel, hasIndices: hasIndices,
                facts: facts, kernels: kernel.table)
            var invalidRows: [Int] = []
            var totals = LossTotals(specification)
            var warnings = InputWarnings()
            var bits: [UInt64] = []
            let losses = scorer.score(
                bytes, element, labels: labels, targets: targets, weights: weights, rowCount: rowCount, firstRow: 12345,
                onInvalid: { invalidRows.append($0) },
                observe: { block in
                    bits = factBits(block.facts)
                    totals.observe(block)
                    warnings.observe(block)
                })
            let moments = totals.moments.map { moments in
                var bytes: [UInt8] = []
                moments.encode(into: &bytes)
                return bytes
            }
            return Outcome(
                // All NaN are alike: a payload is nobody's result.
                lossBits: losses.map { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern }, invalidRows: invalidRows, moments: moments,
                warnings: warnings, instructionSet: scorer.instructionSetThatRan, factBits: bits)
        }

        private func factBits(_ facts: RowFactColumns) -> [UInt64] {
            var bits: [UInt64] = []
            for numbers in [facts.labelProbability, facts.topProbability, facts.squaredProbabilitySum, facts.probabilityWeightedSum] {
                if let numbers { bits += (0..<rowCount).map { numbers[$0].isNaN ? Double.nan.bitPattern : numbers[$0].bitPattern } }
            }
            for numbers in [facts.topClass, facts.labelRank] {
                if let numbers { bits += (0..<rowCount).map { UInt64(UInt32(bitPattern: numbers[$0])) } }
            }
            if let isCorrect = facts.isCorrect { bits += (0..<rowCount).map { UInt64(isCorrect[$0]) } }
            return bits
        }
    }

    @Test("any loss has the same bits with every kernel", arguments: 71...76 as ClosedRange<UInt64>)
    func anyLoss(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        for number in 0..<(60 * effort) {
            let rows = Rows(&random)
            // The losses of all kernels with facts against those of the first without.
            let facts = number % 2 == 0 ? RowFacts.all : [RowFacts.each.randomElement(using: &random)!]
            let expected = rows.score(KernelUnderTest.available[0], facts: [])
            let expectedFacts = rows.score(KernelUnderTest.available[0], facts: facts).factBits
            for kernel in KernelUnderTest.available {
                let found = rows.score(kernel, facts: facts)
                let what = "\(kernel.instructionSet), rows \(number), \(rows.summary)"
                findings.check(found.instructionSet == kernel.instructionSet, "\(what): \(found.instructionSet as Any) ran")
                findings.check(found.lossBits == expected.lossBits, "\(what): losses")
                findings.check(found.factBits == expectedFacts, "\(what): facts \(facts.rawValue)")
                findings.check(
                    found.invalidRows == expected.invalidRows, "\(what): invalid rows \(found.invalidRows), \(expected.invalidRows)")
                findings.check(found.moments == expected.moments, "\(what): moments")
                findings.check(found.warnings == expected.warnings, "\(what): warnings")
            }
        }
        findings.expectNone("seed \(seed)")
    }

    #if canImport(Glibc)
        /// Without it tests that were meant to try NEON's kernels could try nothing and pass.
        @Test("where emulated kernels are given, they run", .enabled(if: getenv("XENT_NEON_KERNELS") != nil))
        func emulatedKernels() throws {
            let kernel = try #require(KernelUnderTest.available.last)
            #expect(kernel.instructionSet == .neon)
            var rows = StoredRows(.float32, classCount: 3)
            rows.append([1, 2, 3], label: 0)
            let result = rows.run(kernel.softmax)
            #expect(result.instructionSetCode == Int32(XentInstructionSetNEON))
            #expect(result.losses == rows.run(KernelUnderTest.available[0].softmax).losses)
        }
    #endif
}
