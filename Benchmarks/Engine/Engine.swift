import Benchmark
import BenchmarkDump
import Engine
import Scoring

let benchmarks: @Sendable () -> Void = {
    for threadCount in [1, 2, 4] {
        for names in [["exact"], ["exact", "pytorch", "keras"]] {
            Benchmark(
                "evaluate 200,000 x 100 f32, \(threadCount) threads, \(names.joined(separator: " + "))",
                configuration: .init(metrics: [.wallClock, .peakMemoryResident], maxDuration: .seconds(3))
            ) { benchmark in
                let specification = try LossSpecification(
                    task: .multiclass, input: .logits, dialects: names.compactMap { Dialect(named: $0) })
                var options = EvaluationOptions(
                    predictionPaths: [BenchmarkDump.shared.predictionsPath], labelPaths: [BenchmarkDump.shared.labelsPath],
                    specification: specification)
                options.threadCount = threadCount
                benchmark.startMeasurement()
                for _ in benchmark.scaledIterations { blackHole(try Evaluation(options).report.loss.mean) }
            }
        }
    }
}
