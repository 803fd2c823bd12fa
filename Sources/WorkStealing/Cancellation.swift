import Synchronization

/// A flag that ends runs early: set once, from any thread, never taken back.
public final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Makes a flag that is not set.
    public init() {}

    /// Ends every run that was given this object. Units that have begun are finished; no further one is begun.
    ///
    /// It takes no lock and allocates nothing. A thread that reads `isCancelled` as true then sees all that the caller wrote before this
    /// call.
    public func cancel() {
        flag.store(true, ordering: .releasing)
    }

    /// True after `cancel` has been called. A long unit may read it, and end by throwing: `run` throws `RunError.cancelled` all the same.
    public var isCancelled: Bool {
        flag.load(ordering: .acquiring)
    }
}
