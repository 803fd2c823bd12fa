import Benchmark
import Scoring

let benchmarks: @Sendable () -> Void = {
    let configuration = Benchmark.Configuration(metrics: [.wallClock], scalingFactor: .kilo, maxDuration: .seconds(2))
    Benchmark("add 1,000 numbers to the exact accumulator, one by one", configuration: configuration) { benchmark in
        let numbers = (0..<1000).map { _ in Double.random(in: 0...20) }
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            var sum = ExactSum()
            for number in numbers { sum.add(number) }
            blackHole(sum)
        }
    }
    Benchmark("round an exact sum", configuration: configuration) { benchmark in
        var sum = ExactSum()
        for _ in 0..<1000 { sum.add(Double.random(in: 0...20)) }
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(sum.rounded()) }
    }
    for set in InstructionSet.available {
        // Log-probabilities are their own losses: what is left is the fold.
        Benchmark("fold 1,024 losses, \(set.rawValue)", configuration: configuration) { benchmark in
            let specification = try LossSpecification(task: .likelihood, input: .logProbabilities)
            let scorer = BlockScorer(specification: specification, classCount: 1, ignoredLabel: .min, hasIndices: true, instructionSet: set)
            let values = (0..<1040).map { _ in Double.random(in: -20 ... -0.01) }
            let labels = [Int32](repeating: 1, count: 1088)
            values.withUnsafeBytes { values in
                labels.withUnsafeBufferPointer { labels in
                    let rows = LabelledRows(
                        values: values.baseAddress!, element: .float64, classLabels: labels.baseAddress!, targets: nil, weights: nil, rowCount: 1024,
                        firstRow: 0)
                    var totals = LossTotals(specification)
                    benchmark.startMeasurement()
                    for _ in benchmark.scaledIterations { totals.observe(scorer.score(rows) { _, _ in }) }
                    blackHole(totals)
                }
            }
        }
    }
}
