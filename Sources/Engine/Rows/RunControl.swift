internal import Synchronization
package import WorkStealing

/// The connection between a run and its caller: progress goes out, and cancellation comes in.
package struct RunControl: Sendable {
    /// The progress of the run.
    package let progress: ProgressMeter
    /// The cancellation of the run.
    package let cancellation: Cancellation
    /// The flag that the run has failed.
    private let failure: FailureFlag

    /// Makes a control. By default nobody watches the progress, and nobody cancels.
    package init(progress: ProgressMeter = ProgressMeter(), cancellation: Cancellation = Cancellation()) {
        self.init(progress, cancellation, FailureFlag())
    }

    private init(_ progress: ProgressMeter, _ cancellation: Cancellation, _ failure: FailureFlag) {
        self.progress = progress
        self.cancellation = cancellation
        self.failure = failure
    }

    /// The same cancellation with a meter that nobody reads, for rows whose bytes are not counted as bytes of predictions.
    var withoutProgress: RunControl { RunControl(ProgressMeter(), cancellation, failure) }

    /// The same progress and cancellation for one run of a pipeline, which can fail by itself.
    var ofOneRun: RunControl { RunControl(progress, cancellation, FailureFlag()) }

    /// True if a step of the run has failed, so that rows after it are not wanted. A feed that waits for a writer that stalls asks for it.
    var hasFailed: Bool { failure.isSet.load(ordering: .relaxed) }

    /// Does a step of the run, and remembers if it fails.
    func noting<Result>(_ body: () throws(EngineError) -> Result) throws(EngineError) -> Result {
        do { return try body() } catch {
            failure.isSet.store(true, ordering: .relaxed)
            throw error
        }
    }

    /// Throws `.cancelled` if the run was cancelled.
    package func checkCancellation() throws(EngineError) {
        if cancellation.isCancelled { throw .cancelled }
    }
}

/// A flag that is set once, and that threads may read at any time.
private final class FailureFlag: Sendable {
    // Relaxed: the error itself is handed over under a lock, and a reader that sees the flag late only waits longer.
    let isSet = Atomic(false)
}
