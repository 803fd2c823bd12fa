import Engine
import Foundation
import Synchronization
import Testing
import WorkStealing

/// The times of a run that is cancelled.
private final class CancelledRun: Sendable {
    let hasEnded = Atomic<Bool>(false)
    let cancelled = Mutex<ContinuousClock.Instant?>(nil)
    let canceller = DispatchSemaphore(value: 0)
}

/// Runs `body`, cancels it from another thread as soon as it waits, and checks that it ends at once with the error of a cancelled run.
func expectCancelling(
    _ patience: Patience, _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (Cancellation) throws(EngineError) -> Void
) {
    let cancellation = Cancellation()
    let run = CancelledRun()
    Thread {
        while !patience.isWaiting, !run.hasEnded.load(ordering: .acquiring) { Thread.sleep(forTimeInterval: 0.001) }
        if patience.isWaiting {
            // Meanwhile the other workers go on as far as they can.
            Thread.sleep(forTimeInterval: 0.05)
            run.cancelled.withLock { $0 = .now }
            cancellation.cancel()
        }
        run.canceller.signal()
    }.start()
    let error = #expect(throws: EngineError.self, "\(what)", sourceLocation: sourceLocation) { try body(cancellation) }
    let ended = ContinuousClock.now
    run.hasEnded.store(true, ordering: .releasing)
    run.canceller.wait()
    #expect(error?.category == .cancelled, "\(what): \(error?.description ?? "")", sourceLocation: sourceLocation)
    let start = run.cancelled.withLock { $0 }
    #expect(start != nil, "\(what): it did not wait", sourceLocation: sourceLocation)
    if let start { #expect(ended - start < .seconds(2), "\(what)", sourceLocation: sourceLocation) }
}
