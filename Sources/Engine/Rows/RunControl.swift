package import WorkStealing

/// The two ways in which a run speaks with whoever started it: how far it has come, and whether it is to end.
package struct RunControl: Sendable {
    package let progress: ProgressMeter
    package let cancellation: Cancellation

    package init(progress: ProgressMeter = ProgressMeter(), cancellation: Cancellation = Cancellation()) {
        self.progress = progress
        self.cancellation = cancellation
    }

    /// The same cancellation with a meter that nobody reads, for rows whose bytes do not count as those of the predictions.
    var withoutProgress: RunControl { RunControl(cancellation: cancellation) }

    /// Throws where the run is to end.
    package func checkCancellation() throws(EngineError) {
        if cancellation.isCancelled { throw .cancelled }
    }
}
