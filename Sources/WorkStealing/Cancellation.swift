import Synchronization

/// A flag that ends runs early: set once, from any thread, never taken back.
public final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    public init() {}

    /// Asks every run that was given this object to end. Units that are being run are finished; no further one is begun.
    ///
    /// It takes no lock and allocates nothing. What the caller wrote before is visible to whoever then reads `isCancelled` as true.
    public func cancel() {
        flag.store(true, ordering: .releasing)
    }

    /// Whether `cancel` has been called. Long units may look, and end by throwing: `run` then throws `RunError.cancelled` all the same.
    public var isCancelled: Bool {
        flag.load(ordering: .acquiring)
    }
}
