import Elements
import Oracle
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// Weights of label 0 and label 1, weights of columns, and Spark's clipping, each row against the oracle.
@Suite struct TermWeightTests {
    /// A dump of whole labels: with zeros and ones among the values, so that some losses are infinite or clipped.
    private static func dump(
        _ task: LossTask, _ input: PredictionInput, _ dialect: Dialect, columns: Int, seed: UInt64, _ change: (inout LossModifiers) -> Void
    ) throws -> Dump {
        var random = SplitMix64(seed: seed)
        var modifiers = LossModifiers()
        change(&modifiers)
        let specification = try LossSpecification(task: task, input: input, dialects: [dialect], modifiers: modifiers)
        var dump = Dump(specification: specification, elementType: .float64, classCount: columns, values: [], labels: [])
        let edges = [0, 1, 1e-15, 0.9e-15, 1e-16, 1 - 1e-15, 1 - 0.9e-15, 1 - 1.2e-15, 0.1, 0.9, 0.0999, 0.9001]
        let rowCount = 60
        for row in 0..<rowCount * columns {
            switch input {
            case .logits: dump.values.append(random.nextUniform(in: -9...9))
            case .probabilities: dump.values.append(row < 2 * edges.count ? edges[row / 2] : random.nextUniform(in: 0...1))
            case .logProbabilities: dump.values.append(-random.nextUniform(in: 0...9))
            }
        }
        let labelLimit = task == .multiclass ? columns : 2
        dump.targets = (0..<rowCount * dump.labelColumnCount).map {
            $0 < 24 ? Double($0 % 2) : Double(Int.random(in: 0..<labelLimit, using: &random))
        }
        return dump
    }

    /// Evaluates, and compares every row and the mean with the oracle; 4 ULP of rows that are sums, 8 of their mean.
    @discardableResult
    private static func expectOracle(_ dump: Dump) throws -> (report: Report, total: LossOracle.Total) {
        let folder = TemporaryFolder()
        let report = try evaluate(dump, folder, framing: .raw, perRow: folder["rows.npy"]).report
        let losses = NPY.losses(folder.read("rows.npy"), rowCount: dump.rowCount)
        let oracle = try dump.oracle(dump.specification.dialect)
        var total = LossOracle.Total()
        for (number, loss) in losses.enumerated() {
            let row = dump.oracleRow(number, oracle)
            total.add(row)
            guard case .scored(let scored) = row else {
                Issue.record("\(dump.rowText(number)) has no loss")
                continue
            }
            guard case .finite(let truth) = scored.loss else {
                #expect(loss == .infinity, "\(dump.rowText(number))")
                continue
            }
            #expect(
                (BigReal(loss) - truth).magnitude <= BigReal(4) * truth.ulp,
                "\(dump.rowText(number)): \(loss), should be \(truth.rounded())")
        }
        let mean = oracle.mean(total)?.rounded ?? .nan
        #expect(
            report.loss.mean == mean || abs(report.loss.mean / mean - 1) <= 8 * Double.ulpOfOne,
            "\(report.loss.mean), should be \(mean)")
        return (report, total)
    }

    // MARK: Columns

    static let columnDialects: [Dialect] = [.exact, .pytorch, .keras, .kerasTensorFlow]

    /// The row's loss is the mean of w_c ℓ_c over its columns; `exact` divides by the mean of the weights, the frameworks by the rows.
    @Test(arguments: columnDialects) func columnsHaveWeights(dialect: Dialect) throws {
        for input in [PredictionInput.logits, .probabilities] {
            let weights = [0.5, 0, 3, 1, 2.25, 0.125, 7, 1, 1]
            let dump = try Self.dump(.multilabel, input, dialect, columns: 9, seed: 11) { $0.classWeights = weights }
            let (report, total) = try Self.expectOracle(dump)
            #expect(report.loss.meanOverCount == (total.meanOverCount?.rounded ?? .nan) || report.loss.meanOverCount.isFinite)
            guard report.loss.mean.isFinite else { continue }
            let mean = weights.reduce(0, +) / 9
            #expect(abs(report.loss.meanOverWeight * mean / report.loss.meanOverCount - 1) <= 1e-14)
            #expect(report.loss.mean == (dialect == .exact ? report.loss.meanOverWeight : report.loss.meanOverCount))
        }
    }

    @Test func columnsHaveBothWeights() throws {
        let dump = try Self.dump(.multilabel, .logits, .pytorch, columns: 3, seed: 12) {
            $0.classWeights = [0.3, 4, 1.7]
            $0.positiveWeights = [2.5, 0.1, 9]
            $0.focalGamma = 0
        }
        try Self.expectOracle(dump)
    }

    /// Weights of 1 change no bit of the losses.
    @Test func weightsOfOneChangeNothing() throws {
        for (task, columns) in [(LossTask.multilabel, 5), (.binary, 1)] {
            let weighted = try Self.dump(task, .probabilities, .keras, columns: columns, seed: 13) {
                $0.classWeights = [Double](repeating: 1, count: task == .binary ? 2 : columns)
            }
            let plain = try Self.dump(task, .probabilities, .keras, columns: columns, seed: 13) { _ in }
            #expect(try Self.expectOracle(weighted).report.loss.meanHex == Self.expectOracle(plain).report.loss.meanHex)
        }
    }

    // MARK: Labels

    static let labelDialects: [(Dialect, PredictionInput)] = [
        (.exact, .logits), (.exact, .probabilities), (.exact, .logProbabilities), (.pytorch, .logits), (.pytorch, .probabilities),
        (.keras, .logits), (.keras, .probabilities), (.sklearn, .probabilities), (.sklearn14, .probabilities), (.xgboost, .probabilities),
        (.lightgbm, .probabilities), (.catboost, .logits), (.spark, .probabilities), (.h2o, .probabilities),
    ]

    /// A row counts w₀ or w₁ by its label: PyTorch's and Keras's means divide by the rows, the others by the sum of these weights.
    @Test(arguments: labelDialects) func labelsHaveWeights(dialect: Dialect, input: PredictionInput) throws {
        // The boosting libraries' floors are Float32, to 1e-8 of the loss; their losses elsewhere are compared by golden cases.
        guard dialect != .xgboost, dialect != .lightgbm else { return try Self.expectDivisor(dialect, input) }
        let dump = try Self.dump(.binary, input, dialect, columns: 1, seed: 14) { $0.classWeights = [0.75, 3.5] }
        try Self.expectOracle(dump)
        try Self.expectDivisor(dialect, input)
    }

    private static func expectDivisor(_ dialect: Dialect, _ input: PredictionInput) throws {
        var dump = try Self.dump(.binary, input, dialect, columns: 1, seed: 15) { $0.classWeights = [0.75, 3.5] }
        // Nothing that is impossible.
        dump.values = dump.values.map { input == .probabilities ? min(max($0, 0.01), 0.99) : $0 }
        let folder = TemporaryFolder()
        let loss = try evaluate(dump, folder, framing: .raw).report.loss
        let ones = (dump.targets ?? []).filter { $0 == 1 }.count
        let weight = 3.5 * Double(ones) + 0.75 * Double(dump.rowCount - ones)
        let divisor = [.pytorch, .keras, .kerasTensorFlow].contains(dialect) ? Double(dump.rowCount) : weight
        #expect(abs(loss.sum / divisor / loss.mean - 1) <= 1e-14, "\(dialect.name)")
        #expect(abs(loss.sum / weight / loss.meanOverWeight - 1) <= 1e-14, "\(dialect.name)")
    }

    /// They are the weights of rows that have the weight of their label, but for one rounding: the weight of a row comes to its loss when that
    /// has been rounded, and the weight of a label before.
    @Test func labelWeightsAreRowWeights() throws {
        let byLabel = try Self.dump(.binary, .probabilities, .keras, columns: 1, seed: 16) { $0.classWeights = [0.3, 1.9] }
        var byRow = try Self.dump(.binary, .probabilities, .keras, columns: 1, seed: 16) { $0.hasRowWeights = true }
        byRow.weights = byRow.targets?.map { $0 == 1 ? 1.9 : 0.3 }
        let (left, right) = (try Self.expectOracle(byLabel).report.loss, try Self.expectOracle(byRow).report.loss)
        for (one, other) in [(left.mean, right.mean), (left.sum, right.sum), (left.meanOverWeight, right.meanOverWeight)] {
            #expect(abs(one - other) <= other.ulp, "\(one), \(other)")
        }
    }

    /// A label of weight 0 costs nothing, be it impossible; a label between has both weights' shares.
    @Test func labelsOfWeightZeroAndBetween() throws {
        var dump = try Self.dump(.binary, .probabilities, .exact, columns: 1, seed: 17) { $0.classWeights = [0, 2] }
        dump.values = [1, 1, 0.5, 0.5, 0.25]
        dump.targets = [0, 1, 1, 0, 0.25]
        dump.labelType = .float64
        let (report, total) = try Self.expectOracle(dump)
        #expect(report.rows.infinite == 0 && report.rows.scored == 5)
        #expect(total.weight.rounded() == 4.5)
    }

    // MARK: Spark

    /// Above 1 − ε the loss is −log(1 − ε) of the real number, which the Float64 next to it is 8e-4 from, and what it leaves is −log ε.
    @Test(arguments: [nil, 0.1, 1e-6, 0.25]) func sparkClipsToLogarithms(epsilon: Double?) throws {
        try Self.expectOracle(Self.dump(.binary, .probabilities, .spark, columns: 1, seed: 18) { $0.clip = epsilon })
        try Self.expectOracle(Self.dump(.multiclass, .probabilities, .spark, columns: 3, seed: 19) { $0.clip = epsilon })
        try Self.expectOracle(
            Self.dump(.binary, .probabilities, .spark, columns: 1, seed: 20) {
                $0.clip = epsilon
                $0.classWeights = [0.2, 5]
            })
    }
}
