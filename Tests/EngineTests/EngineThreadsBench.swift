import Elements
import Scoring
import Testing

@testable import Bench
@testable import Engine

/// Measuring on several threads, which share a block of rows in cache; for the thread sanitizer, as `EngineThreads`.
@Suite struct EngineThreadsBench {
    @Test func severalThreads() throws {
        var options = BenchTests.options(.synthetic(SyntheticShape(rowCount: 100, classCount: 10, element: .float32)))
        options.threadCounts = [2, 4]
        let report = try Bench(options).report
        #expect(report.threads.map(\.threads) == [2, 4])
        #expect(report.threads.allSatisfy { $0.kernels.rowsPerSecond > 0 && $0.decode.seconds.median > 0 })
    }
}
