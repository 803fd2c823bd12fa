internal import Dispatch
internal import WorkStealing

extension Evaluation {
    /// Evaluates without blocking the calling task. Where the task is cancelled the evaluation ends at once, whatever it waits for.
    ///
    /// ```swift
    /// let task = Task { try await Evaluation(options).report.loss.mean }
    /// ```
    ///
    /// - Throws: `EngineError`, of category `.cancelled` where the task was cancelled; then no output file has been written or changed.
    public init(_ options: EvaluationOptions, progress: ProgressMeter = ProgressMeter()) async throws(EngineError) {
        let cancellation = Cancellation()
        let result: Result<Evaluation, EngineError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A thread of its own: an evaluation blocks the thread that it is begun on, and a task's threads are few.
                DispatchQueue.global().async {
                    do throws(EngineError) {
                        continuation.resume(
                            returning: .success(try Evaluation(options, progress: progress, cancellation: cancellation)))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
        self = try result.get()
    }
}
