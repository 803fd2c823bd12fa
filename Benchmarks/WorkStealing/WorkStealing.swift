import Benchmark
import WorkStealing

let benchmarks: @Sendable () -> Void = {
    for workerCount in [1, 2, 4, 8] {
        Benchmark(
            "100,000 empty units, \(workerCount) workers", configuration: .init(metrics: [.wallClock], maxDuration: .seconds(2))
        ) { benchmark in
            let pool = WorkStealingPool(workerCount: workerCount)
            for _ in benchmark.scaledIterations {
                let result = try pool.run(unitCount: 100_000, makeWorker: { _ in 0 }, body: { unit, worker in worker &+= unit })
                blackHole(result.statistics.unitsRun)
            }
        }
    }
}
