internal import Synchronization

/// The progress of a run. Workers update it a block at a time, and any thread may read it at any time.
public final class ProgressMeter: Sendable {
    // Relaxed: the numbers are for show and order nothing.
    private let decoded = Atomic<Int>(0)
    private let total = Atomic<Int>(0)

    /// Makes a meter that stands at 0.
    public init() {}

    /// The number of bytes of predictions that have been decoded.
    public var decodedByteCount: Int { decoded.load(ordering: .relaxed) }
    /// The number of bytes of predictions to decode in all; 0 if it is not known, or not yet.
    public var totalByteCount: Int { total.load(ordering: .relaxed) }

    /// Sets the total, and begins at 0.
    func begin(totalByteCount: Int) {
        total.store(totalByteCount, ordering: .relaxed)
        decoded.store(0, ordering: .relaxed)
    }

    /// Adds decoded bytes of predictions that have been read. Any thread may call it.
    package func advance(by byteCount: Int) {
        decoded.wrappingAdd(byteCount, ordering: .relaxed)
    }
}
