import Oracle
import Scoring
import SeededRandom
import Testing

/// Rows of soft labels and of several decisions, which kernels go through 32 classes at a time and for which one logarithm does for many terms:
/// rows about the limits of that way, with one value or target that has another way, in each of its vectors.
@Suite("WideTargetTests")
struct WideTargetTests {
    /// Below a step of 32, at its multiples, between them, and about the 128 decisions that one product has.
    static let classCounts = [7, 31, 32, 33, 64, 100, 127, 128, 129, 300]

    static let losses: [AccuracyLoss] = PredictionInput.allCases.flatMap { input in
        [
            AccuracyLoss(task: .multilabel, input: input), AccuracyLoss(task: .multilabel, input: input, labelSmoothing: 0.1),
            AccuracyLoss(task: .soft, input: input), AccuracyLoss(task: .soft, input: input, labelSmoothing: 0.1),
            AccuracyLoss(task: .soft, input: input, isDivergence: true),
        ]
    }

    /// Values of a row that is scored in whatever way: those that end the fast way, and those that just do not.
    private static func exceptions(_ input: PredictionInput) -> [Double] {
        switch input {
        case .logits: [700, -700, 700.5, -701, 999, 1001, -4e4, 1e300, -1e300, 0x1p-1030, 0]
        case .probabilities: [0, 1, 0x1p-60, 0x1p-61, 0x1p-999, 0x1p-1001, 0x1p-1074, 1 - 0x1p-53]
        case .logProbabilities: [0, -0x1p-1074, -0x1p-54, -9.9e4, -1.1e5, -1e300, -.infinity]
        }
    }

    private static func value(_ input: PredictionInput, _ random: inout SplitMix64) -> Double {
        switch input {
        case .logits: random.nextNormal() * 4
        case .probabilities: random.nextUniform(in: 0.001...0.999)
        case .logProbabilities: -random.nextUniform(in: 0.001...12)
        }
    }

    private static func row(_ loss: AccuracyLoss, _ classCount: Int, _ random: inout SplitMix64) -> AccuracySample.Row {
        var labels = (0..<classCount).map { _ in random.nextUniform(in: 0...1) }
        if loss.task == .multilabel, random.next() & 3 > 0 {
            labels = labels.map { $0 < 0.3 ? 1 : 0 }
        } else if loss.task == .soft {
            let sum = labels.reduce(0, +)
            labels = labels.map { min($0 / sum, 1) }
        }
        return AccuracySample.Row(values: labels.map { _ in value(loss.input, &random) }, labels: labels)
    }

    private func check(_ rows: [AccuracySample.Row], _ loss: AccuracyLoss, _ classCount: Int, _ findings: inout Findings) throws {
        let sample = AccuracySample(loss: loss, element: .float64, classCount: classCount, kind: .dense, number: 0)
        let expected = try sample.score(rows, KernelUnderTest.available[0])
        for (row, value) in zip(rows, expected) {
            let error = loss.error(of: value, row)
            findings.check(error <= 4, "\(error) ULP, \(loss.name), \(classCount) classes: \(value) of \(row)")
        }
        for kernel in KernelUnderTest.available {
            for (value, other) in zip(expected, try sample.score(rows, kernel)) {
                findings.check(sameBits(value, other), "\(kernel.instructionSet), \(loss.name), \(classCount) classes")
            }
        }
    }

    @Test("one value that has another way, in each vector", arguments: losses)
    func exceptions(loss: AccuracyLoss) throws {
        var random = SplitMix64(seed: 901)
        var findings = Findings()
        for classCount in Self.classCounts where classCount <= 129 {
            var rows: [AccuracySample.Row] = []
            for place in [0, 9, 18, 27, classCount / 2, classCount - 1] where place < classCount {
                for exception in [random.pick(Self.exceptions(loss.input)), random.pick(Self.exceptions(loss.input))] {
                    var row = Self.row(loss, classCount, &random)
                    row.values[place] = exception
                    // Without a part in the loss, with a little, and with its own.
                    switch random.next() % 4 {
                    case 0: row.labels[place] = 0
                    case 1: row.labels[place] = 0x1p-1074
                    default: break
                    }
                    rows.append(row)
                }
            }
            try check(rows, loss, classCount, &findings)
        }
        findings.expectNone("seed 901")
    }

    /// A sum of losses from 2^-20 down to 2^-70: next to 1 a product of 1 + e has few digits left for its logarithm.
    @Test("confident rows of decisions", arguments: [PredictionInput.logits, .probabilities])
    func confidentDecisions(input: PredictionInput) throws {
        var random = SplitMix64(seed: 902)
        var findings = Findings()
        let loss = AccuracyLoss(task: .multilabel, input: input)
        for classCount in Self.classCounts where classCount <= 129 {
            let rows = (0..<6).map { index in
                var row = Self.row(loss, classCount, &random)
                let exponent = -20 - Double(index) * 10
                for c in row.values.indices {
                    row.labels[c] = Double(random.next() & 1)
                    let logOdds = exponent * 0.693 + random.nextNormal()
                    switch input {
                    case .logits: row.values[c] = row.labels[c] == 1 ? -logOdds : logOdds
                    default:
                        let little = systemExp(logOdds)
                        row.values[c] = row.labels[c] == 1 ? min(1 - little, 1 - 0x1p-53) : little
                    }
                }
                return row
            }
            try check(rows, loss, classCount, &findings)
        }
        findings.expectNone("seed 902")
    }

    /// The bounds that the kernels' docstrings and ErrorBounds give for rows of 32 classes and more.
    @Test("usual rows", arguments: losses)
    func usualRows(loss: AccuracyLoss) throws {
        var random = SplitMix64(seed: 903)
        var findings = Findings()
        for classCount in Self.classCounts {
            let rows = (0..<max(1, 160 * effort / classCount)).map { _ in Self.row(loss, classCount, &random) }
            try check(rows, loss, classCount, &findings)
        }
        findings.expectNone("seed 903")
    }

    @Test("one value or target that no row may have makes its row, and no other, one without a loss", arguments: losses)
    func invalidRows(loss: AccuracyLoss) throws {
        var random = SplitMix64(seed: 904)
        var findings = Findings()
        for classCount in Self.classCounts {
            let sample = AccuracySample(loss: loss, element: .float64, classCount: classCount, kind: .dense, number: 0)
            for place in [0, 9, 18, 27, classCount / 2, classCount - 1] where place < classCount {
                var rows = (0..<3).map { _ in Self.row(loss, classCount, &random) }
                switch random.next() % 4 {
                case 0: rows[1].values[place] = .nan
                case 1: rows[1].labels[place] = random.pick([-0.25, 1.25, .nan])
                default:
                    rows[1].labels[place] = random.pick([0.25, 1])
                    switch loss.input {
                    case .logits: rows[1].values[place] = .nan
                    case .probabilities: rows[1].values[place] = random.pick([1.5, -0x1p-60, .infinity])
                    case .logProbabilities: rows[1].values[place] = random.pick([0x1p-60, 3, .infinity])
                    }
                }
                for kernel in KernelUnderTest.available {
                    let losses = try sample.score(rows, kernel)
                    findings.check(
                        losses[1].isNaN && !losses[0].isNaN && !losses[2].isNaN,
                        "\(kernel.instructionSet), \(loss.name), \(classCount) classes, place \(place): \(losses) of \(rows[1])")
                }
            }
        }
        findings.expectNone("seed 904")
    }

    /// Counts of right rows, and of right decisions, beside plain counting.
    @Test("what is right is counted", arguments: losses.filter { $0.labelSmoothing == 0 })
    func correctCounts(loss: AccuracyLoss) throws {
        var random = SplitMix64(seed: 905)
        for classCount in Self.classCounts {
            let rows = (0..<20).map { index in
                var row = Self.row(loss, classCount, &random)
                if loss.task == .soft, index % 2 == 0 {
                    // The largest target at the largest value, and in every fourth row a second one before or behind it.
                    let best = row.values.indices.max { row.values[$0] < row.values[$1] }!
                    row.labels[best] = row.labels.max()!
                    if index % 4 == 0 { row.labels[Int.random(in: row.labels.indices, using: &random)] = row.labels[best] }
                }
                return row
            }
            var expected = 0
            for row in rows {
                if loss.task == .soft {
                    let best = row.values.firstIndex(of: row.values.max()!)!
                    if row.labels.firstIndex(of: row.labels.max()!)! == best { expected += 1 }
                } else {
                    let threshold = loss.input == .logits ? 0 : loss.input == .probabilities ? 0.5 : -0.6931471805599453
                    expected += row.values.indices.count { (row.values[$0] > threshold) == (row.labels[$0] > 0.5) }
                }
            }
            for kernel in KernelUnderTest.available {
                let found = try AccuracySample(loss: loss, element: .float64, classCount: classCount, kind: .dense, number: 0)
                    .correctCount(rows, kernel)
                #expect(found == expected, "\(kernel.instructionSet), \(loss.name), \(classCount) classes")
            }
        }
    }
}
