import Elements
import Oracle
import SeededRandom
import Testing

@testable import Scoring

/// Means over weights are the exact quotients of the rows' losses and of their weights, also where products of weights have more digits
/// than a Float64, or are beyond its range.
@Suite("WeightedMeanTests")
struct WeightedMeanTests {
    /// Rows of log-probabilities, whose losses without weights are exact.
    private struct Rows {
        var task = LossTask.multiclass
        var losses: [Double] = []
        /// Task multiclass: the label of each row. Task soft: nil, and one target a class.
        var labels: [Int32] = []
        var targets: [[Double]] = []
        var weights: [Double]?
        var classWeights: [Double]?

        private var classCount: Int { classWeights?.count ?? 2 }

        func totals(_ set: InstructionSet = .best) throws -> (Moments, losses: [Double]) {
            var modifiers = LossModifiers()
            modifiers.hasRowWeights = weights != nil
            modifiers.classWeights = classWeights
            let specification = try LossSpecification(task: task, input: .logProbabilities, modifiers: modifiers)
            let scorer = BlockScorer(
                specification: specification, classCount: classCount, ignoredLabel: -100, hasIndices: task == .multiclass,
                instructionSet: set)
            let values = losses.flatMap { [Double](repeating: -$0, count: classCount) } + [Double](repeating: 0, count: 8)
            let labels = (task == .multiclass ? labels : losses.map { _ in 0 }) + [Int32](repeating: 0, count: 64)
            let targets = targets.flatMap { $0 } + [Double](repeating: 0, count: 8)
            var totals = LossTotals(specification)
            var found: [Double] = []
            values.withUnsafeBytes { values in
                labels.withUnsafeBufferPointer { labels in
                    targets.withUnsafeBufferPointer { targets in
                        (weights ?? []).withUnsafeBufferPointer { weightsOfRows in
                            let block = scorer.score(
                                LabelledRows(
                                    values: values.baseAddress!, element: .float64, classLabels: labels.baseAddress!,
                                    targets: targets.baseAddress!, weights: weights == nil ? nil : weightsOfRows.baseAddress!,
                                    rowCount: losses.count, firstRow: 0)
                            ) { (_, _) throws(Never) in }
                            totals.observe(block)
                            found = Array(UnsafeBufferPointer(start: block.losses(ofDialect: 0), count: losses.count))
                        }
                    }
                }
            }
            return (totals.moments[0], found)
        }

        /// Σ of the losses as they are told over Σ of the exact weights, rounded once.
        func expectedMean(_ losses: [Double]) -> Double {
            var numerator = ExactSum(), denominator = ExactSum()
            for loss in losses { numerator.add(loss) }
            for (row, _) in losses.enumerated() {
                let weight = weights?[row] ?? 1
                guard let classWeights else {
                    denominator.add(weight)
                    continue
                }
                if task == .multiclass {
                    denominator.addProduct(weight, classWeights[Int(labels[row])])
                } else {
                    // Weights of rows are 1 where this is asked for.
                    for (target, classWeight) in zip(targets[row], classWeights) { denominator.addProduct(target, classWeight) }
                }
            }
            return numerator.rounded(dividedBy: denominator)
        }
    }

    @Test("weights of rows times those of classes are divided by as they are, and not rounded", arguments: [1, 7, 0xFEED] as [UInt64])
    func products(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for count in [1, 2, 3, 100] {
            var rows = Rows()
            rows.classWeights = (0..<3).map { _ in random.nextUniform(in: 0.1...3) }
            rows.losses = (0..<count).map { _ in random.nextUniform(in: 0.1...9) }
            rows.labels = (0..<count).map { _ in Int32.random(in: 0..<3, using: &random) }
            rows.weights = (0..<count).map { _ in random.nextUniform(in: 0.1...9) }
            let (moments, losses) = try rows.totals()
            #expect(moments.meanOverWeight == rows.expectedMean(losses), "\(count) rows, seed \(seed)")
        }
    }

    @Test("soft labels with class weights are divided by their own sum of products", arguments: [1, 7, 0xFEED] as [UInt64])
    func soft(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for count in [1, 2, 50] {
            var rows = Rows()
            rows.task = .soft
            rows.classWeights = (0..<5).map { _ in random.nextUniform(in: 0.1...3) }
            rows.losses = (0..<count).map { _ in random.nextUniform(in: 0.1...9) }
            rows.targets = (0..<count).map { _ in
                let parts = (0..<5).map { _ in random.nextUniform(in: 0...1) }
                return parts.map { $0 / 5 }
            }
            let (moments, losses) = try rows.totals()
            #expect(moments.meanOverWeight == rows.expectedMean(losses), "\(count) rows, seed \(seed)")
        }
    }

    @Test(
        "weights at the ends of Float64 give the mean that equal ones give",
        arguments: [1e308, .leastNonzeroMagnitude, 6000 * .leastNonzeroMagnitude, 1e-300, 1.7e308] as [Double])
    func extremes(weight: Double) throws {
        var rows = Rows()
        rows.losses = [0.3, 2.5, 7, 0.125]
        rows.labels = [0, 1, 0, 1]
        let (plain, _) = try rows.totals()
        rows.weights = rows.losses.map { _ in weight }
        let (moments, losses) = try rows.totals()
        // Each loss times its weight is rounded once.
        #expect((moments.meanOverWeight - plain.meanOverCount).magnitude <= plain.meanOverCount.ulp)
        #expect(moments.scoredCount == 4 && moments.infiniteCount == 0)
        #expect(losses.map { $0 == .infinity } == rows.losses.map { $0 * weight == .infinity })
        // Beside usual rows they count what they weigh.
        rows.weights = [weight, 1, 1, weight]
        let (mixed, _) = try rows.totals()
        var numerator = ExactSum(), denominator = ExactSum()
        for (loss, weight) in zip(rows.losses, [weight, 1, 1, weight]) {
            numerator.addProduct(loss, weight)
            denominator.add(weight)
        }
        let expected = numerator.rounded(dividedBy: denominator)
        #expect((mixed.meanOverWeight - expected).magnitude <= 2 * expected.ulp)
    }

    @Test("products of weights beyond Float64's range are divided by")
    func extremeProducts() throws {
        var rows = Rows()
        rows.losses = [0.5, 2, 4]
        rows.labels = [0, 1, 0]
        rows.weights = [1e308, 1e308, 1e308]
        rows.classWeights = [1e5, 1e5]
        func isMean(_ mean: Double) -> Bool { (mean - 6.5 / 3).magnitude <= mean.ulp }
        #expect(isMean(try rows.totals().0.meanOverWeight))
        rows.weights = [1e-308, 1e-308, 1e-308]
        rows.classWeights = [1e-20, 1e-20]
        #expect(isMean(try rows.totals().0.meanOverWeight))
        // What overflows on the way is a number in the end.
        rows.weights = [1e308, 1e308, 1e308]
        rows.classWeights = [1e-300, 1e-300]
        let (moments, losses) = try rows.totals()
        #expect(isMean(moments.meanOverWeight) && losses.allSatisfy { $0 < 1e10 && $0 > 1e7 })
    }

    @Test("a loss that is infinite stays so, and a weight of 0 leaves it out")
    func infinite() throws {
        var rows = Rows()
        rows.losses = [.infinity, 2]
        rows.labels = [0, 1]
        rows.weights = [.leastNonzeroMagnitude, 1e308]
        #expect(try rows.totals().0.meanOverWeight == .infinity)
        rows.weights = [0, 1e308]
        #expect(try rows.totals().0.meanOverWeight == 2)
    }
}
