internal import Dispatch
internal import WorkStealing

extension Evaluation {
    /// Evaluates without blocking the calling task. If the task is cancelled, the evaluation ends at once, whatever it waits for.
    ///
    /// ```swift
    /// let task = Task { try await Evaluation(options).report.loss.mean }
    /// ```
    ///
    /// - Throws: `EngineError`, of category `.cancelled` if the task was cancelled. No output file has been written or changed then.
    public init(_ options: EvaluationOptions, progress: ProgressMeter = ProgressMeter()) async throws(EngineError) {
        let cancellation = Cancellation()
        let result: Result<Evaluation, EngineError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // The evaluation has a thread of its own: it blocks the thread that it begins on, and threads for tasks are few.
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
