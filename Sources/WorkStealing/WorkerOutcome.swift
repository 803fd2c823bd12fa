/// What a worker leaves behind.
struct WorkerOutcome<Worker, Failure: Error> {
    /// Its state, if it made one and the making did not fail.
    var worker: Worker?
    var statistics = Statistics()
    /// Its lowest failed unit.
    var failure: UnitError<Failure>?
}

/// A slot for each worker's outcome.
///
/// `@unchecked Sendable`, and the reason why callers need not mark their state Sendable: a slot is written once, by its own worker as
/// the last thing that it does, and read by the caller of `run` after all workers have left. The source of threads orders the two (see
/// `WorkStealingPool.run`). A state reaches its slot from `makeWorker` as a `sending` value and is seen by its worker alone in between.
struct WorkerOutcomes<Worker, Failure: Error>: ~Copyable, @unchecked Sendable {
    private let slots: UnsafeMutableBufferPointer<WorkerOutcome<Worker, Failure>?>

    init(workerCount: Int) {
        slots = .allocate(capacity: workerCount)
        slots.initialize(repeating: nil)
    }

    deinit {
        slots.deinitialize()
        slots.deallocate()
    }

    /// Called once by each worker.
    func record(_ outcome: WorkerOutcome<Worker, Failure>, of worker: Int) {
        slots[worker] = outcome
    }

    /// Takes the outcomes out, in order of worker index; called when all workers have left.
    consuming func take() -> [WorkerOutcome<Worker, Failure>] {
        slots.compactMap { $0 }
    }
}
