import Synchronization

/// A pool that runs a range of units on threads of the system, balanced by stealing. It knows nothing of the units' work.
///
/// Each worker owns a contiguous range of units and takes from its front. A worker whose range is empty steals the back half of the longest
/// range that another worker has. There is no lock, no barrier and no waiting: any one worker can finish the batch alone. PROTOCOL.md
/// beside this file has the states, the memory orderings and the arguments.
///
/// A pool is a plain value without threads of its own. It may be used from several threads at once, and from within a body.
public struct WorkStealingPool: Sendable {
    /// The most workers that a pool can have: as many as the processors that Linux's `cpu_set_t` can name. Their memory is 128 KiB.
    public static let maximumWorkerCount = 1024

    /// The most workers that share a batch, between 1 and `maximumWorkerCount`.
    public let workerCount: Int

    private let grainLimit: UInt32
    private let threads: ThreadSource

    /// Makes a pool.
    ///
    /// - Parameter workerCount: clamped to `1...maximumWorkerCount`. At most one runs at a time for each processor that the process may run
    ///   on, and no more than the system gives threads for. The others find nothing left to do when their turn comes.
    public init(workerCount: Int) {
        self.init(workerCount: workerCount, grainLimit: .max, threads: .system)
    }

    /// Makes a pool for tests; `grainLimit` is that of `UnitGrains`.
    init(workerCount: Int, grainLimit: UInt32 = .max, threads: ThreadSource) {
        self.workerCount = min(max(workerCount, 1), Self.maximumWorkerCount)
        self.grainLimit = grainLimit
        self.threads = threads
    }

    /// Runs `body` once for each unit of `0..<unitCount` and returns when all are done.
    ///
    /// ```swift
    /// let pool = WorkStealingPool(workerCount: 4)
    /// let sums = try pool.run(unitCount: 1000, makeWorker: { _ in 0 }, body: { unit, sum in sum += unit }).workers
    /// let total = sums.reduce(0, +)  // 499,500
    /// ```
    ///
    /// A worker takes units of a range in ascending order, but across workers there is no order. A body must not wait for another unit:
    /// with one processor there may be only one worker.
    ///
    /// **Errors.** When a unit throws, no unit above it is begun any more, and units below it still run. The run throws the error of the
    /// lowest unit that threw. If the unit alone decides whether `body` throws, and what, every run throws the same error.
    ///
    /// **Error types.** If a closure throws a type of yours, name the type in both: `{ index throws(MyError) in … } body: { unit, worker
    /// throws(MyError) in … }`. Closures that name none may throw anything, as `any Error`.
    ///
    /// Time: four atomic accesses a unit, and about one more for each worker at a steal. Memory: 128 bytes a worker, and its outcome.
    ///
    /// - Parameters:
    ///   - unitCount: the number of units; a negative one counts as zero. Beyond 4,294,967,295 units, runs of neighbouring units are
    ///     claimed together; nothing else changes.
    ///   - cancellation: read before each unit. Once it is set no further unit is begun and the run throws `RunError.cancelled`, even if
    ///     every unit had been run or a unit had failed.
    ///   - makeWorker: makes the state of a worker, on the worker's thread, when it is about to run its first unit. Workers that never get
    ///     a unit make no state. An error counts as that unit's; the worker then leaves and its remaining units, all above, are not run.
    ///     Called at most once for each `workerIndex`, which is below both `workerCount` and `unitCount`.
    ///   - body: runs one unit. `worker` is the state of the one worker that runs it, so neither a lock nor `Sendable` is needed.
    /// - Returns: the states that were made, in order of worker index, and the statistics. Which worker had which units depends on timing.
    /// - Throws: `RunError.unit` with the lowest unit that failed, or `RunError.cancelled`. The workers' states are then released.
    public func run<Worker, Failure: Error>(
        unitCount: Int,
        cancellation: Cancellation? = nil,
        makeWorker: @Sendable (_ workerIndex: Int) throws(Failure) -> sending Worker,
        body: @Sendable (_ unit: Int, _ worker: inout Worker) throws(Failure) -> Void
    ) throws(RunError<Failure>) -> sending (workers: [Worker], statistics: Statistics) {
        let grains = UnitGrains(unitCount: unitCount, grainLimit: grainLimit)
        // With no unit there is still one worker, which finds nothing.
        let workersWanted = max(1, min(workerCount, Int(clamping: grains.grainCount)))
        let table = RangeTable(grainCount: grains.grainCount, workerCount: workersWanted)
        // Int.max: none has failed. No unit has that number.
        let lowestFailedUnit = Atomic<Int>(.max)

        let outcomes = WorkerOutcomes<Worker, Failure>(workerCount: workersWanted)

        threads.perform(workersWanted) { index in
            let outcome = Self.work(
                index: index, table: table, lowestFailedUnit: lowestFailedUnit, grains: grains, cancellation: cancellation,
                makeWorker: makeWorker, body: body)
            outcomes.record(outcome, of: index)
        }

        var workers: [Worker] = []
        var statistics = Statistics()
        var failure: UnitError<Failure>?
        for outcome in outcomes.take() {
            statistics += outcome.statistics
            if let worker = outcome.worker { workers.append(worker) }
            if let found = outcome.failure, found.unit < failure?.unit ?? .max { failure = found }
        }
        if let cancellation, cancellation.isCancelled {
            throw .cancelled(CancelledError(unitsRun: statistics.unitsRun, unitCount: grains.unitCount))
        }
        if let failure { throw .unit(failure) }
        return (workers, statistics)
    }

    /// Does a worker's work, from its first claim until it leaves. All counts are on its own stack until then.
    private static func work<Worker, Failure: Error>(
        index: Int,
        table: borrowing RangeTable,
        lowestFailedUnit: borrowing Atomic<Int>,
        grains: UnitGrains,
        cancellation: Cancellation?,
        makeWorker: (Int) throws(Failure) -> sending Worker,
        body: (Int, inout Worker) throws(Failure) -> Void
    ) -> WorkerOutcome<Worker, Failure> {
        var outcome = WorkerOutcome<Worker, Failure>()
        var feed = UnitFeed(worker: index, grains: grains, cancellation: cancellation)
        if var unit = feed.next(from: table, lowestFailedUnit: lowestFailedUnit) {
            do throws(Failure) {
                var worker = try makeWorker(index)
                outcome.statistics.workersUsed = 1
                while true {
                    do throws(Failure) {
                        try body(unit, &worker)
                        outcome.statistics.unitsRun += 1
                    } catch {
                        // Relaxed: it only says which units need not run; the error itself is in the outcome.
                        lowestFailedUnit.min(unit, ordering: .relaxed)
                        // Lower than any before: the feed gives no unit above the lowest failed one.
                        outcome.failure = UnitError(unit: unit, underlying: error)
                    }
                    guard let next = feed.next(from: table, lowestFailedUnit: lowestFailedUnit) else { break }
                    unit = next
                }
                outcome.worker = worker
            } catch {
                // Without a state the worker leaves. The units in its word lie above this one, and a worker that steals them skips them.
                lowestFailedUnit.min(unit, ordering: .relaxed)
                outcome.failure = UnitError(unit: unit, underlying: error)
            }
        }
        outcome.statistics.steals = feed.claimant.steals
        outcome.statistics.failedStealAttempts = feed.claimant.failedStealAttempts
        return outcome
    }
}
