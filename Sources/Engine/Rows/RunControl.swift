package import WorkStealing

/// The connection between a run and its caller: progress goes out, and cancellation comes in.
package struct RunControl: Sendable {
    /// The progress of the run.
    package let progress: ProgressMeter
    /// The cancellation of the run.
    package let cancellation: Cancellation

    /// Makes a control. By default nobody watches the progress, and nobody cancels.
    package init(progress: ProgressMeter = ProgressMeter(), cancellation: Cancellation = Cancellation()) {
        self.progress = progress
        self.cancellation = cancellation
    }

    /// The same cancellation with a meter that nobody reads, for rows whose bytes are not counted as bytes of predictions.
    var withoutProgress: RunControl { RunControl(cancellation: cancellation) }

    /// Throws `.cancelled` if the run was cancelled.
    package func checkCancellation() throws(EngineError) {
        if cancellation.isCancelled { throw .cancelled }
    }
}
