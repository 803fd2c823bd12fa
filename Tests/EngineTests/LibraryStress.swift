import Foundation
import Scoring
import Testing

@testable import Engine

/// The time that a task needs to end. It is measured by itself, since tests that run beside it take the threads of tasks.
@Suite struct LibraryStress {
    /// A task that is cancelled while its evaluation waits for a pipe without a writer ends at once.
    @Test func cancelledTaskEnds() async throws {
        let folder = TemporaryFolder()
        let fifo = folder["fifo"]
        #expect(mkfifo(fifo, 0o600) == 0)
        let options = EvaluationOptions(
            predictionPaths: [fifo], labelPaths: [fifo], specification: LossSpecification(task: .multiclass, input: .logits))
        let start = ContinuousClock.now
        let task = Task { try await Evaluation(options) }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        let result = await task.result
        #expect(throws: EngineError.self) { try result.get() }
        if case .failure(let error as EngineError) = result { #expect(error.category == .cancelled) }
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}
