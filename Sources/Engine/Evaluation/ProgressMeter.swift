internal import Synchronization

/// How far a run has come, for whoever shows it: written by the workers a block at a time, read by anybody at any time.
public final class ProgressMeter: Sendable {
    // Relaxed: the numbers are for show and order nothing.
    private let decoded = Atomic<Int>(0)
    private let total = Atomic<Int>(0)

    public init() {}

    /// Decoded bytes of predictions so far, and of all; 0 before the plan is made.
    public var decodedByteCount: Int { decoded.load(ordering: .relaxed) }
    public var totalByteCount: Int { total.load(ordering: .relaxed) }

    func begin(totalByteCount: Int) {
        total.store(totalByteCount, ordering: .relaxed)
        decoded.store(0, ordering: .relaxed)
    }

    /// Adds decoded bytes of predictions that have been read. Any thread may call it.
    package func advance(by byteCount: Int) {
        decoded.wrappingAdd(byteCount, ordering: .relaxed)
    }
}
