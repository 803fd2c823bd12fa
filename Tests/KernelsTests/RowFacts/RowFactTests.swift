import KernelABI
import Oracle
import SeededRandom
import Testing

@testable import Scoring

/// The facts that kernels write for each row: against true values, and the same bits from every kernel, whatever else is asked for.
@Suite("RowFactTests")
struct RowFactTests {
    /// Rows with what the kernel reads of them.
    private struct Rows {
        var stored: StoredRows
        /// classCount a row, for operations that read labels as numbers.
        var targets: [Double]?
    }

    /// The worst errors of an operation's facts.
    private struct Statistics {
        var labelProbability = ErrorStatistics(), topProbability = ErrorStatistics()
        var squares = ErrorStatistics(), products = ErrorStatistics()

        mutating func merge(_ other: Statistics) {
            labelProbability.merge(other.labelProbability)
            topProbability.merge(other.topProbability)
            squares.merge(other.squares)
            products.merge(other.products)
        }

        var description: String {
            func rounded(_ x: ErrorStatistics) -> Double { (x.maximum * 100).rounded() / 100 }
            return "label \(rounded(labelProbability)), top \(rounded(topProbability)), squares \(rounded(squares)), "
                + "products \(rounded(products)) ULP of \(labelProbability.count) rows"
        }
    }

    /// Runs every kernel: expects equal bits at any address, losses as without facts, each fact alone as with the others, and true facts.
    private static func judge(
        _ rows: Rows, _ operation: FactOperation, _ name: String, findings: inout Findings
    ) -> Statistics {
        var statistics = Statistics()
        guard let first = KernelUnderTest.available.first else { return statistics }
        let (_, expected) = rows.stored.runWithFacts(operation.kernel(first), targets: rows.targets)
        for kernel in KernelUnderTest.available {
            let run = operation.kernel(kernel)
            let (plain, _) = rows.stored.runWithFacts(run, [], targets: rows.targets)
            for (facts, offset) in [(RowFacts.all, 0), (.all, 1)] + RowFacts.each.map({ ($0, 0) }) {
                let (result, found) = rows.stored.runWithFacts(run, facts, targets: rows.targets, byteOffset: offset)
                let what = "\(operation) \(name) \(kernel.instructionSet), facts \(facts.rawValue) at offset \(offset)"
                findings.check(!result.isOutOfBounds, "\(what): written outside its room")
                findings.check(result.hasSameBits(as: plain), "\(what): losses \(result), without facts \(plain)")
                for (row, (found, expected)) in zip(found, expected).enumerated() {
                    findings.check(
                        found.hasSameBits(as: expected.keeping(facts)),
                        "\(what), row \(row): \(found), all of \(first.instructionSet) \(expected)")
                }
            }
        }
        let losses = rows.stored.runWithFacts(operation.kernel(first), [], targets: rows.targets).result.losses
        for (i, row) in rows.stored.values.enumerated() {
            let found = expected[i]
            if losses[i].isNaN {
                findings.check(found.areUnscored, "\(operation) \(name) row \(i), not scored: \(found)")
                continue
            }
            let width = rows.stored.classCount
            let targets = rows.targets.map { Array($0[i * width..<(i + 1) * width]) } ?? []
            let label = rows.stored.labels[i]
            let truth = operation.truth(row, label: label, targets: targets)
            statistics.merge(
                judge(found, truth, operation, "\(operation) \(name) row \(i), label \(label) of \(row.prefix(9))", findings: &findings))
        }
        return statistics
    }

    private static func judge(
        _ found: FoundFacts, _ truth: RowFactOracle, _ operation: FactOperation, _ name: String, findings: inout Findings
    ) -> Statistics {
        var statistics = Statistics()
        let bounds = operation.bounds
        func check(
            _ what: String, _ error: Double, _ bound: Double, _ statistics: WritableKeyPath<Statistics, ErrorStatistics>,
            into all: inout Statistics, _ findings: inout Findings
        ) {
            all[keyPath: statistics].add(error, name)
            findings.check(error <= bound, "\(what): \(error) ULP where \(bound) are let pass: \(name), \(found)")
        }
        check(
            "p of the label", ulpError(found.labelProbability, truth.labelProbability), bounds.labelProbability, \.labelProbability,
            into: &statistics, &findings)
        check(
            "top p", ulpError(found.topProbability, truth.topProbability), bounds.topProbability, \.topProbability, into: &statistics,
            &findings)
        check(
            "sum of p^2", ulpError(found.squaredProbabilitySum, truth.squaredProbabilitySum), bounds.squares, \.squares, into: &statistics,
            &findings)
        switch truth.probabilityWeightedSum {
        case .infinite:
            findings.check(found.probabilityWeightedSum == .infinity, "\(name): \(found.probabilityWeightedSum) is not infinite")
        case .finite(let sum):
            // Terms of classes with a p below 2^-1000 are not all there.
            let unit = (truth.probabilityWeightedMagnitude + BigReal(0x1p-800)).ulp
            let error =
                found.probabilityWeightedSum.isFinite
                ? ((BigReal(found.probabilityWeightedSum) - sum).magnitude / unit).rounded() : .infinity
            check("sum of p x", error, bounds.products, \.products, into: &statistics, &findings)
        }
        let isTop = found.topClass == Int32(truth.topClass) && (found.isCorrect == 1) == truth.isCorrect && found.isCorrect <= 1
        findings.check(isTop, "\(name): \(found), the top class is \(truth.topClass)")
        findings.check(found.labelRank == Int32(truth.labelRank), "\(name): rank \(found.labelRank), true \(truth.labelRank)")
        findings.check(
            operation.input != .logits || (found.topProbability <= 1 && found.squaredProbabilitySum <= 1), "\(name): above 1: \(found)")
        findings.check(
            operation.hasManyDecisions || !operation.isOverClasses || found.labelProbability <= found.topProbability,
            "\(name): the top is below the label: \(found)")
        return statistics
    }

    /// A row's labels as numbers: those that an operation of targets may be given.
    private static func targets(_ operation: FactOperation, _ classCount: Int, label: Int, _ random: inout SplitMix64) -> [Double] {
        guard operation.isOverClasses else {
            return (0..<classCount).map { _ in random.pick([0, 1, 0.5, 0.25, random.nextUniform(in: 0...1)]) }
        }
        // The largest is at the label, or it has an equal.
        var targets = (0..<classCount).map { _ in random.nextUniform(in: 0...0.5) }
        targets[label] = 0.5
        return targets
    }

    private static func rows(
        _ operation: FactOperation, _ element: StoredElement, classCount: Int, kinds: [RowKind], countOfEach: Int,
        _ random: inout SplitMix64
    ) -> Rows {
        var stored = StoredRows(element, classCount: classCount)
        var allTargets: [Double] = []
        for kind in kinds {
            for _ in 0..<countOfEach {
                let label = Int.random(in: 0..<classCount, using: &random)
                let logits = kind.row(classCount: classCount, label: label, element, &random)
                stored.append(
                    operation.row(of: logits, &random), label: Int32(operation.isOverClasses ? label : Int(random.next() & 1)))
                if operation.readsTargets { allTargets += targets(operation, classCount, label: label, &random) }
            }
        }
        return Rows(stored: stored, targets: operation.readsTargets ? allTargets : nil)
    }

    // MARK: Values

    @Test(
        "facts of rows over classes are within their bounds", arguments: FactOperation.overClasses, StoredElement.allCases)
    func classes(operation: FactOperation, element: StoredElement) {
        let seed = UInt64(element.rawValue) + 300
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        var total = Statistics()
        for classCount in [1, 2, 3, 7, 8, 9, 16, 17, 23, 24, 25, 31, 32, 33, 40, 48, 49, 63, 64, 65, 70] {
            let rows = Self.rows(operation, element, classCount: classCount, kinds: RowKind.allCases, countOfEach: effort, &random)
            total.merge(Self.judge(rows, operation, "C = \(classCount)", findings: &findings))
        }
        print("\(operation) \(element), seed \(seed): \(total.description)")
        findings.expectNone("\(operation) \(element), seed \(seed)")
    }

    @Test("facts of logits hold for every number of classes up to 70", arguments: [71, 0xFAC7] as [UInt64])
    func everyClassCount(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        var total = Statistics()
        for classCount in 1...70 {
            let rows = Self.rows(
                .softmax, .float32, classCount: classCount, kinds: [.normal, .wide, .pair], countOfEach: 3 * effort, &random)
            total.merge(Self.judge(rows, .softmax, "C = \(classCount)", findings: &findings))
        }
        print("softmax float32, 1 to 70 classes, seed \(seed): \(total.description)")
        findings.expectNone("seed \(seed)")
    }

    /// The top class is found among 128 classes at a time, and in rows of more than 256 among eight.
    @Test("facts of logits hold around the widths at which the search for the top class changes", arguments: [StoredElement.float16, .float32, .float64])
    func widthsOfTheSearch(element: StoredElement) {
        var random = SplitMix64(seed: 129)
        var findings = Findings()
        for classCount in [127, 128, 129, 184, 191, 192, 193, 200, 255, 256, 257] {
            let rows = Self.rows(.softmax, element, classCount: classCount, kinds: [.normal, .wide, .pair], countOfEach: effort, &random)
            _ = Self.judge(rows, .softmax, "C = \(classCount)", findings: &findings)
        }
        findings.expectNone("\(element)")
    }

    @Test("facts of wide rows are within their bounds", arguments: FactOperation.overClasses)
    func wide(operation: FactOperation) {
        let seed: UInt64 = 1000
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        var total = Statistics()
        for (element, classCount) in [(StoredElement.float32, 1000), (.float64, 513), (.float16, 1000), (.bfloat16, 600)] {
            let rows = Self.rows(operation, element, classCount: classCount, kinds: RowKind.allCases, countOfEach: 1, &random)
            total.merge(Self.judge(rows, operation, "C = \(classCount)", findings: &findings))
        }
        print("\(operation) wide, seed \(seed): \(total.description)")
        findings.expectNone("\(operation), seed \(seed)")
    }

    @Test("facts of decisions are within their bounds", arguments: FactOperation.ofDecisions, StoredElement.allCases)
    func decisions(operation: FactOperation, element: StoredElement) {
        let seed = UInt64(element.rawValue) + 400
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        var total = Statistics()
        if operation.hasManyDecisions {
            for classCount in [2, 3, 7, 8, 9, 33] {
                let rows = Self.rows(operation, element, classCount: classCount, kinds: RowKind.allCases, countOfEach: effort, &random)
                total.merge(Self.judge(rows, operation, "C = \(classCount)", findings: &findings))
            }
        } else {
            let loss: LabelRowTests.Loss =
                switch operation.input {
                case .logits: .binaryLogit
                case .probabilities: .binaryProbability
                case .logProbabilities: .binaryLogProbability
                }
            var stored = StoredRows(element, classCount: 1)
            var targets: [Double] = []
            for x in loss.arguments(&random) where element == .float64 || random.next() & 3 == 0 {
                for label in [0, 1] as [Int32] {
                    stored.append([x], label: label)
                    targets.append(random.pick(label == 0 ? [0, 0.5, 0.2] : [1, 0.5.nextUp, 0.7]))
                }
            }
            let rows = Rows(stored: stored, targets: operation.readsTargets ? targets : nil)
            total = Self.judge(rows, operation, "arguments", findings: &findings)
        }
        print("\(operation) \(element), seed \(seed): \(total.description)")
        findings.expectNone("\(operation) \(element), seed \(seed)")
    }

    // MARK: Rows at the edges

    @Test("labels far below the largest, on both sides of where the fast way of facts ends", arguments: StoredElement.allCases)
    func farLabels(element: StoredElement) {
        var findings = Findings()
        var total = Statistics()
        for classCount in [2, 10, 33, 100] {
            var stored = StoredRows(element, classCount: classCount)
            for distance in [36.0, 200, 299, 300, 300.25, 301, 350, 354, 355, 500, 599, 600, 601, 700, 745, 800] {
                for level in [0.0, 250, -250] {
                    for label in Set([0, classCount / 2, classCount - 1]).sorted() {
                        var row = (0..<classCount).map { level - Double($0 % 4) / 2 }
                        row[label] = level - distance
                        stored.append(row, label: Int32(label))
                        // The same, and right.
                        row = row.map { _ in level - distance }
                        row[label] = level
                        stored.append(row, label: Int32(label))
                    }
                }
            }
            total.merge(Self.judge(Rows(stored: stored), .softmax, "C = \(classCount)", findings: &findings))
        }
        print("softmax \(element), far labels: \(total.description)")
        findings.expectNone("\(element)")
    }

    @Test("the first of equal values is the top class, and comes before the others", arguments: FactOperation.overClasses)
    func ties(operation: FactOperation) {
        let seed: UInt64 = 12
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        for element in StoredElement.allCases {
            for classCount in [2, 8, 9, 24, 33, 70] {
                var stored = StoredRows(element, classCount: classCount)
                var targets: [Double] = []
                for _ in 0..<12 {
                    let values = (0..<3).map { _ in -random.nextUniform(in: 0.5...4) }
                    let exponentials = values.map { Reference.exp($0).rounded() / 64 }
                    // Few values: most of them have equals.
                    let row = (0..<classCount).map { _ in random.pick(operation.input == .probabilities ? exponentials : values) }
                    let label = Int.random(in: 0..<classCount, using: &random)
                    stored.append(row, label: Int32(label))
                    targets += Self.targets(operation, classCount, label: label, &random)
                }
                _ = Self.judge(
                    Rows(stored: stored, targets: operation.readsTargets ? targets : nil), operation, "\(element), C = \(classCount)",
                    findings: &findings)
            }
        }
        findings.expectNone("\(operation), seed \(seed)")
    }

    @Test("infinities have the facts that the rows tend to; rows without a loss have none", arguments: StoredElement.allCases)
    func notFinite(element: StoredElement) {
        var findings = Findings()
        for operation in [FactOperation.softmax, .targetOfLogits, .logProbability] {
            for classCount in [1, 2, 8, 9, 24, 25, 40] {
                var stored = StoredRows(element, classCount: classCount)
                for special in [Double.nan, .infinity, -.infinity] {
                    for column in Set([0, classCount / 2, classCount - 1]).sorted() {
                        for label in Set([0, classCount / 3, classCount - 1]).sorted() {
                            var row = (0..<classCount).map { -Double($0 % 5) - 2 }
                            row[column] = special
                            stored.append(row, label: Int32(label))
                            // A second one.
                            row[classCount - 1] = special
                            stored.append(row, label: Int32(label))
                        }
                    }
                    stored.append([Double](repeating: special, count: classCount), label: 0)
                }
                for label in [-1, Int32(classCount), .max, .min, 0] {
                    stored.append([Double](repeating: -1, count: classCount), label: label)
                }
                // The kernel of any target weighs every class, so that it does not score a −∞.
                _ = Self.judge(Rows(stored: stored), operation, "\(element), C = \(classCount)", findings: &findings)
            }
        }
        findings.expectNone("\(element)")
    }

    @Test("a row's facts do not depend on its neighbours or its place in the block", arguments: FactOperation.allCases)
    func neighbours(operation: FactOperation) {
        let seed: UInt64 = 15
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        for classCount in operation.isOverClasses || operation.hasManyDecisions ? [2, 9, 33] : [1] {
            let some = Self.rows(operation, .float32, classCount: classCount, kinds: [.normal], countOfEach: 130, &random)
            for kernel in KernelUnderTest.available where !kernel.isEmulated {
                let run = operation.kernel(kernel)
                let (_, expected) = some.stored.runWithFacts(run, targets: some.targets)
                for rowCount in [1, 2, 7, 8, 9, 63, 64, 65] {
                    // The first of these is the block's first.
                    let start = 130 - rowCount
                    var stored = StoredRows(.float32, classCount: classCount)
                    for i in start..<130 { stored.append(some.stored.values[i], label: some.stored.labels[i]) }
                    let (result, found) = stored.runWithFacts(run, targets: some.targets.map { Array($0[(start * classCount)...]) })
                    findings.check(
                        !result.isOutOfBounds && zip(found, expected[start...]).allSatisfy { $0.hasSameBits(as: $1) },
                        "\(kernel.instructionSet), C = \(classCount), \(rowCount) rows")
                }
            }
        }
        findings.expectNone("\(operation), seed \(seed)")
    }

    // MARK: The scorer

    @Test("the scorer gives the facts of the first dialect, and takes them from rows that a weight leaves out")
    func scorer() throws {
        var modifiers = LossModifiers()
        modifiers.hasRowWeights = true
        let specification = try LossSpecification(
            task: .multiclass, input: .probabilities, dialects: [.keras, .exact], modifiers: modifiers)
        let scorer = BlockScorer(
            specification: specification, classCount: 3, ignoredLabel: .min, hasIndices: true, facts: [.labelProbability, .labelRank])
        var bytes: [UInt8] = []
        for value in [0.25, 0.5, 0.25, 0.125, 0.125, 0.75, 0, 1, 0, 0.5, 0.25, 0.25, 0.5, 0.25, 0.25] {
            StoredElement.float64.append(value, to: &bytes)
        }
        var scored: RowFactColumns?
        _ = scorer.score(
            bytes, .float64, labels: [2, 2, 0, .min, 0], targets: [Double](repeating: 0, count: 15), weights: [1, 0, 2, 1, -1], rowCount: 5,
            observe: { scored = $0.facts })
        // The scorer keeps their memory until it scores the next block.
        let facts = try #require(scored)
        let probabilities = try #require(facts.labelProbability), ranks = try #require(facts.labelRank)
        // Keras clips the third to 1e-7; facts are of what is stored.
        #expect((0..<3).map { probabilities[$0] } == [0.25, 0.75, 0])
        #expect((0..<5).map { ranks[$0] } == [2, 0, 1, -1, -1])
        #expect(probabilities[3].isNaN && probabilities[4].isNaN)
        #expect(facts.topProbability == nil && facts.topClass == nil && facts.isCorrect == nil)
        #expect(facts.squaredProbabilitySum == nil && facts.probabilityWeightedSum == nil)
    }
}
