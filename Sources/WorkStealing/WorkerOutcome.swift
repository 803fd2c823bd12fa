/// The results of a worker that has left.
struct WorkerOutcome<Worker, Failure: Error> {
    /// The worker's state, if it was made without an error.
    var worker: Worker?
    var statistics = Statistics()
    /// The lowest unit that failed in this worker.
    var failure: UnitError<Failure>?
}

/// A slot for each worker's outcome.
///
/// `@unchecked Sendable`, and the reason why callers need not mark their state Sendable: each worker writes its own slot once, as the last
/// thing that it does, and the caller of `run` reads the slots after all workers have left. The source of threads orders the two (see
/// `ThreadSource.perform`). A state comes from `makeWorker` as a `sending` value, and only its worker sees it until it is in its slot.
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

    /// Stores a worker's outcome. Each worker calls it once.
    func record(_ outcome: WorkerOutcome<Worker, Failure>, of worker: Int) {
        slots[worker] = outcome
    }

    /// Takes the outcomes out, in order of worker index. It is called when all workers have left.
    consuming func take() -> [WorkerOutcome<Worker, Failure>] {
        slots.compactMap { $0 }
    }
}
