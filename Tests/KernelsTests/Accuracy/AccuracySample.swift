import Elements
import KernelABI
import Oracle
import SeededRandom
@testable import Scoring

/// Rows for one loss, element type and number of classes: some hundred values' worth of them, the same for the same `number`.
struct AccuracySample: Sendable {
    /// Rows as a model gives them, or rows that aim at the kernels' weak places.
    enum Kind: Int, CaseIterable, Sendable { case dense, adversarial }

    /// Values as they were stored, and labels as numbers: one, C for tasks multilabel and soft, none for likelihood.
    struct Row {
        var values: [Double]
        var labels: [Double]
    }

    let loss: AccuracyLoss
    let element: StoredElement
    let classCount: Int
    let kind: Kind
    let number: Int

    var rowCount: Int { max(1, 256 / classCount) }

    /// About how long the truth of its rows takes, in seconds.
    var cost: Double { loss.oracleCost(classCount: classCount) * Double(classCount * rowCount) * 1e-6 }

    // MARK: Rows

    func rows() -> [Row] {
        // Wrapping: a hash of what the sample is.
        var seed = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        for part in [AccuracyLoss.all.firstIndex(of: loss) ?? 0, element.rawValue, classCount, kind.rawValue] {
            seed = (seed ^ UInt64(part)) &* 0x1_0000_0001_B3
        }
        var random = SplitMix64(seed: seed)
        let pool = kind == .adversarial ? adversarialValues(&random) : []
        return (0..<rowCount).map { index in
            let label = loss.task == .multiclass || loss.task == .soft ? Int.random(in: 0..<classCount, using: &random) : 0
            let values: [Double]
            var least = -element.greatestFinite
            if loss.input == .logits, !loss.task.isSingleValued {
                let kind = kind == .dense ? RowKind.normal : RowKind.allCases[(index + number * rowCount) % RowKind.allCases.count]
                if kind == .impossible { least = -.infinity }
                values = kind.row(classCount: classCount, label: label, element, &random)
            } else if kind == .adversarial {
                values = (0..<classCount).map { _ in random.pick(pool) }
            } else {
                values = (0..<classCount).map { _ in denseValue(&random) }
            }
            // Beyond the type's end would lie a row without a loss.
            let stored = values.map { min(max(element.stored($0), least), element.greatestFinite) }
            return Row(values: stored, labels: labels(of: label, &random))
        }
    }

    private func denseValue(_ random: inout SplitMix64) -> Double {
        switch loss.input {
        case .logits: random.nextNormal() * 3
        case .probabilities: Swift.max(random.nextUniform(in: 0...1) * 0.999, 1e-4)
        case .logProbabilities: -Swift.max(random.nextUniform(in: 0...1) * 20, 1e-4)
        }
    }

    /// What `LabelRowTests` tries, as stored; without 0 and 1 of probabilities, whose losses are infinite or 0.
    private func adversarialValues(_ random: inout SplitMix64) -> [Double] {
        let arguments: LabelRowTests.Loss
        switch loss.input {
        case .logits: arguments = .binaryLogit
        case .probabilities: arguments = .binaryProbability
        case .logProbabilities: arguments = .binaryLogProbability
        }
        return arguments.arguments(&random).map { element.stored($0) }.filter { x in
            switch loss.input {
            case .logits: x.isFinite
            case .probabilities: x > 0 && x < 1
            // Task multilabel adds up its columns: what overflows then is no matter of digits.
            case .logProbabilities: x < 0 && x >= (loss.task == .multilabel ? -1e300 : -.greatestFiniteMagnitude)
            }
        }
    }

    private func labels(of label: Int, _ random: inout SplitMix64) -> [Double] {
        let awkward = [0, 1, 0.5, 1e-300, 0x1p-53, 1 - 0x1p-53, .leastNonzeroMagnitude, 1 - 0x1p-30]
        func part() -> Double {
            kind == .adversarial && random.next() & 1 == 0 ? random.pick(awkward) : random.nextUniform(in: 0...1)
        }
        switch loss.task {
        case .likelihood: return []
        case .multiclass: return [Double(label)]
        case .binary: return [loss.hasSoftLabels ? part() : Double(random.next() & 1)]
        case .multilabel: return (0..<classCount).map { _ in kind == .adversarial ? part() : Double(random.next() & 1) }
        case .soft:
            // A distribution, as even or as uneven as there are.
            var weights = (0..<classCount).map { _ in random.nextUniform(in: 0...1) }
            if kind == .adversarial {
                switch random.next() % 4 {
                case 0: for c in weights.indices { weights[c] = c == label ? 1 : 0 }
                case 1: for c in weights.indices { weights[c] = c == label ? 1 : weights[c] * 1e-300 }
                case 2: for c in weights.indices where random.next() & 7 > 0 && c != label { weights[c] = 0 }
                default: for c in weights.indices { weights[c] = random.nextPower(-1000 ... -1) }
                }
            }
            let sum = Swift.max(weights.reduce(0, +), .leastNormalMagnitude)
            return weights.map { Swift.min($0 / sum, 1) }
        }
    }

    // MARK: Losses

    /// The errors of the kernels; that they do not give the same bits is a finding.
    func errors(_ findings: inout Findings) throws -> ErrorStatistics {
        let rows = rows()
        var expected: [Double] = []
        for kernel in KernelUnderTest.available {
            let losses = try score(rows, kernel)
            if expected.isEmpty { expected = losses }
            for (i, value) in losses.enumerated() {
                findings.check(
                    sameBits(value, expected[i]),
                    "\(name), row \(i): \(kernel.instructionSet) \(value), first \(expected[i])")
            }
        }
        var statistics = ErrorStatistics()
        for (i, row) in rows.enumerated() {
            statistics.add(loss.error(of: expected[i], row), "\(name), row \(i)")
        }
        return statistics
    }

    private var name: String { "\(loss.name), \(element.name), C = \(classCount), \(kind) \(number)" }

    /// The losses that a kernel gives the rows.
    func score(_ rows: [Row], _ kernel: KernelUnderTest, observe: (ScoredBlock) -> Void = { _ in }) throws -> [Double] {
        let scorer = BlockScorer(
            specification: try loss.specification(), classCount: classCount, ignoredLabel: .min, hasIndices: !loss.hasSoftLabels,
            kernels: kernel.table)
        var bytes: [UInt8] = []
        for value in rows.flatMap(\.values) { element.append(value, to: &bytes) }
        // Task likelihood has no labels: what happened is label 1.
        let labels = rows.map { row in row.labels.first.map { Int32(exactly: $0) ?? -1 } ?? 1 }
        return scorer.score(bytes, element, labels: labels, targets: rows.flatMap(\.labels), rowCount: rows.count, observe: observe)
    }

    /// How many of the rows, or of their decisions, a kernel calls right.
    func correctCount(_ rows: [Row], _ kernel: KernelUnderTest) throws -> Int {
        var totals = LossTotals(try loss.specification())
        _ = try score(rows, kernel) { totals.observe($0) }
        return Int(totals.moments[0].correctCount)
    }
}

extension StoredElement {
    var prediction: ElementType {
        switch self {
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .float32: .float32
        case .float64: .float64
        }
    }

    /// As the page and numpy name it.
    var name: String { ["f16", "bf16", "f32", "f64"][rawValue] }
}
