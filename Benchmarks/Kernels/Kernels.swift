import Benchmark
import Scoring

/// A block of random rows in cache, scored again and again.
private func measure(
    _ benchmark: Benchmark, _ task: LossTask, _ input: PredictionInput, classCount: Int, _ set: InstructionSet, smoothing: Double = 0
) throws {
    var modifiers = LossModifiers()
    modifiers.labelSmoothing = smoothing
    let specification = try LossSpecification(task: task, input: input, modifiers: modifiers)
    let rowCount = min(BlockScorer.rowLimit, 100_000 / classCount)
    let scorer = BlockScorer(specification: specification, classCount: classCount, ignoredLabel: .min, hasIndices: true, instructionSet: set)
    var random = SystemRandomNumberGenerator()
    let values = (0..<rowCount * classCount + 16).map { _ in
        input == .logits ? Float.random(in: -8...8, using: &random) : Float.random(in: 0.001...1, using: &random) / Float(max(1, classCount / 2))
    }
    let labels = (0..<rowCount + 64).map { _ in Int32.random(in: 0..<Int32(max(2, classCount)), using: &random) }
    values.withUnsafeBytes { values in
        labels.withUnsafeBufferPointer { labels in
            let rows = LabelledRows(
                values: values.baseAddress!, element: .float32, classLabels: labels.baseAddress!, targets: nil, weights: nil, rowCount: rowCount,
                firstRow: 0)
            var totals = LossTotals(specification)
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { totals.observe(scorer.score(rows) { _, _ in }) }
            blackHole(totals)
        }
    }
}

let benchmarks: @Sendable () -> Void = {
    let configuration = Benchmark.Configuration(metrics: [.wallClock], scalingFactor: .kilo, maxDuration: .seconds(2))
    for set in InstructionSet.available {
        for classCount in [2, 10, 100, 1000, 49_152] {
            Benchmark("softmax f32, \(classCount) classes, \(set.rawValue)", configuration: .init(metrics: [.wallClock], maxDuration: .seconds(1))) {
                try measure($0, .multiclass, .logits, classCount: classCount, set)
            }
        }
        Benchmark("label smoothing f32, 100 classes, \(set.rawValue)", configuration: .init(metrics: [.wallClock], maxDuration: .seconds(1))) {
            try measure($0, .multiclass, .logits, classCount: 100, set, smoothing: 0.1)
        }
        Benchmark("binary probabilities f32, \(set.rawValue)", configuration: configuration) {
            try measure($0, .binary, .probabilities, classCount: 1, set)
        }
        Benchmark("binary logits f32, \(set.rawValue)", configuration: configuration) {
            try measure($0, .binary, .logits, classCount: 1, set)
        }
    }
}
