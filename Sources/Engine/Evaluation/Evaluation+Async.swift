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
                let evaluate = { @Sendable () -> Void in
                    do throws(EngineError) {
                        continuation.resume(
                            returning: .success(try Evaluation(options, progress: progress, cancellation: cancellation)))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
                // A thread of its own, since an evaluation blocks its thread, and those of tasks are few. If the system gives none, it is
                // the task's.
                if !SystemThread.detach(evaluate) { evaluate() }
            }
        } onCancel: {
            cancellation.cancel()
        }
        self = try result.get()
    }
}
