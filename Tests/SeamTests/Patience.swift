import Engine
import Foundation
import Synchronization
import WorkStealing

/// A wait for something that never comes, and whether somebody waits.
final class Patience: Sendable {
    private let state = Atomic<Bool>(false)

    /// The time after which a wait gives up, so that a test of cancelling fails and does not hang.
    static let limit = Duration.seconds(20)

    var isWaiting: Bool { state.load(ordering: .acquiring) }

    /// Waits until `isCancelled`; returns false where nobody cancels.
    func wait(until isCancelled: () -> Bool) -> Bool {
        let start = ContinuousClock.now
        state.store(true, ordering: .releasing)
        while !isCancelled() {
            guard ContinuousClock.now - start < Self.limit else { return false }
            Thread.sleep(forTimeInterval: 0.005)
        }
        return true
    }

    /// Waits until the run is cancelled.
    func wait(path: String, _ control: RunControl) throws(EngineError) {
        guard wait(until: { control.cancellation.isCancelled }) else {
            throw EngineError(.inputOutput, path: path, "nobody cancelled the wait")
        }
        try control.checkCancellation()
    }
}
