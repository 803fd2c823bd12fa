import Synchronization

/// The units of one worker, one by one. It claims grains, skips units that need not run, and ends on cancellation.
struct UnitFeed {
    private(set) var claimant: Claimant
    private let grains: UnitGrains
    private let cancellation: Cancellation?
    /// The units of the grain in hand that have not been returned yet.
    private var pending = 0..<0

    init(worker: Int, grains: UnitGrains, cancellation: Cancellation?) {
        claimant = Claimant(worker: worker)
        self.grains = grains
        self.cancellation = cancellation
    }

    /// Returns the next unit to run, or nil when the worker is to leave.
    ///
    /// - Parameter lowestFailedUnit: units above it are skipped.
    mutating func next(from table: borrowing RangeTable, lowestFailedUnit: borrowing Atomic<Int>) -> Int? {
        while true {
            if let cancellation, cancellation.isCancelled { return nil }
            if pending.isEmpty {
                guard let grain = claimant.claim(from: table) else { return nil }
                pending = grains.units(of: grain)
            }
            let unit = pending.lowerBound
            // Relaxed: a stale value is a higher one, and runs a unit that could have been skipped.
            if unit > lowestFailedUnit.load(ordering: .relaxed) {
                // All grains that this worker owns are behind the unit in hand, so above the failed one.
                pending = 0..<0
                table.discard(of: claimant.worker)
                continue
            }
            pending = unit + 1..<pending.upperBound
            return unit
        }
    }
}
