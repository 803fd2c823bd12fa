internal import Locking

/// A pool for items that must be had in order. It takes them one after another, prepares them side by side, admits them one after another
/// in the order in which they were taken, and finishes them side by side.
///
/// It is for a stream that one thread at a time can read, for text whose rows must be counted before they have numbers, and for output
/// that must be written in order. Each of the four steps has a state of its own, so that no lock is needed in any of them:
///
/// | step | calls | state |
/// |---|---|---|
/// | `take` | one at a time, in order | `source` |
/// | `prepare` | side by side | the worker's |
/// | `admit` | one at a time, in order | `sequencer` |
/// | `finish` | side by side | the worker's |
///
/// At most `itemLimit` items are under way, so memory does not depend on the number of items. A worker without work sleeps until there is
/// some. It sleeps only while another worker, which is running, holds the item or the step that must come first; so one thread alone can
/// finish a run. PROTOCOL.md beside this file has the states and the arguments.
///
/// ```swift
/// let pool = OrderedPool(workerCount: 4, itemLimit: 8)
/// let lines = try pool.run(
///     source: 0..<100, sequencer: [String](), makeItem: { 0 }, makeWorker: { _ in () },
///     take: { numbers, item in
///         guard let next = numbers.popFirst() else { return false }
///         item = next
///         return true
///     },
///     prepare: { item, _ in item *= item },
///     admit: { lines, item, _ in lines.append("\(item)"); return false },
///     finish: { _, _ in }
/// ).sequencer
/// ```
public struct OrderedPool: Sendable {
    /// The most workers that share a run, between 1 and `WorkStealingPool.maximumWorkerCount`.
    public let workerCount: Int
    /// The most items that are under way at a time, at least 1.
    public let itemLimit: Int

    private let threads: ThreadSource

    /// Makes a pool.
    ///
    /// - Parameters:
    ///   - workerCount: the most workers, clamped to `1...WorkStealingPool.maximumWorkerCount`. At most one runs at a time for each
    ///     processor that the process may run on, and no more than the system gives threads for.
    ///   - itemLimit: the most items under way at a time, clamped to 1 and more.
    public init(workerCount: Int, itemLimit: Int) {
        self.init(workerCount: workerCount, itemLimit: itemLimit, threads: .system)
    }

    /// Makes a pool with an item limit for each worker. Two items let one wait while the worker has the other in hand.
    ///
    /// - Parameters:
    ///   - workerCount: clamped to `1...WorkStealingPool.maximumWorkerCount`.
    ///   - itemsPerWorker: clamped to `1...1000`.
    public init(workerCount: Int, itemsPerWorker: Int) {
        let workerCount = min(max(workerCount, 1), WorkStealingPool.maximumWorkerCount)
        self.init(workerCount: workerCount, itemLimit: workerCount * min(max(itemsPerWorker, 1), 1000))
    }

    /// Makes a pool with threads of a test's own.
    init(workerCount: Int, itemLimit: Int, threads: ThreadSource) {
        self.workerCount = min(max(workerCount, 1), WorkStealingPool.maximumWorkerCount)
        self.itemLimit = max(itemLimit, 1)
        self.threads = threads
    }

    /// The states that a run leaves, and its statistics.
    public struct Result<Source, Sequencer, Worker> {
        /// The state of `take`.
        public let source: Source
        /// The state of `admit`.
        public let sequencer: Sequencer
        /// The states of the workers that prepared or finished an item, in order of worker index.
        public let workers: [Worker]
        /// The counts of the run. A unit is an item; there are no steals.
        public let statistics: Statistics
    }

    /// Runs items until `take` returns false, and returns when all are finished.
    ///
    /// **Errors.** When a step of an item throws, no more items are taken, items above it are dropped, and items below it are still
    /// finished. The run throws the error of the lowest item that threw. If the item alone decides whether its steps throw, and what, every
    /// run throws the same error.
    ///
    /// Time: two acquisitions of a lock for each step. Memory: `itemLimit` items.
    ///
    /// - Parameters:
    ///   - source: the state of `take`.
    ///   - sequencer: the state of `admit`.
    ///   - cancellation: read before each step. Once it is set no further step is begun and the run throws `RunError.cancelled`.
    ///   - makeItem: makes an item, at most `itemLimit` times; items are used again.
    ///   - makeWorker: makes the state of a worker, on the worker's thread, when it is about to prepare or finish its first item. An error
    ///     counts as that item's.
    ///   - take: fills an item with the next content. It returns false if there is none, and is then not called again.
    ///   - prepare: does work that needs no order, such as decoding.
    ///   - admit: does work that needs the order, such as numbering; `index` counts the items from 0. It returns false if the item needs no
    ///     finishing.
    ///   - finish: does the rest of the work.
    /// - Throws: `RunError.unit` with the index of the lowest item that failed, or `RunError.cancelled`.
    public func run<Source, Sequencer, Item, Worker, Failure: Error>(
        source: sending Source,
        sequencer: sending Sequencer,
        cancellation: Cancellation? = nil,
        makeItem: @Sendable () -> sending Item,
        makeWorker: @Sendable (_ workerIndex: Int) throws(Failure) -> sending Worker,
        take: @Sendable (_ source: inout Source, _ item: inout Item) throws(Failure) -> Bool,
        prepare: @Sendable (_ item: inout Item, _ worker: inout Worker) throws(Failure) -> Void,
        admit: @Sendable (_ sequencer: inout Sequencer, _ item: inout Item, _ index: Int) throws(Failure) -> Bool,
        finish: @Sendable (_ item: inout Item, _ worker: inout Worker) throws(Failure) -> Void
    ) throws(RunError<Failure>) -> sending Result<Source, Sequencer, Worker> {
        typealias Queue = OrderedQueue<HandedItem<Item>, Failure>
        let queue = Lock(Queue(itemLimit: itemLimit))
        let source = TurnState(source)
        let sequencer = TurnState(sequencer)
        let outcomes = WorkerOutcomes<Worker, Failure>(workerCount: workerCount)

        threads.perform(workerCount) { workerIndex in
            var outcome = WorkerOutcome<Worker, Failure>()
            func withWorker(_ body: (inout Worker) throws(Failure) -> Void) throws(Failure) {
                if outcome.worker == nil {
                    outcome.worker = try makeWorker(workerIndex)
                    outcome.statistics.workersUsed = 1
                }
                if var worker = outcome.worker.take() {
                    defer { outcome.worker = worker }
                    try body(&worker)
                }
            }
            /// Runs a step, and returns its change to the queue.
            func perform(_ step: Queue.Step, _ index: Int, _ item: HandedItem<Item>) -> (inout Queue) -> Void {
                var item = item
                do throws(Failure) {
                    switch step {
                    case .take:
                        do throws(Failure) {
                            guard try take(&source.value, &item.value) else { return { $0.endTakingWithoutItem(item) } }
                        } catch {
                            return { $0.failTaking(index, item, error) }
                        }
                        // Before preparing, so that another worker can take the next item meanwhile.
                        queue.wake(
                            queue.withLock { state in
                                state.endTaking()
                                return state.wake
                            })
                        try withWorker { worker throws(Failure) in try prepare(&item.value, &worker) }
                        return { $0.endPreparing(index, item) }
                    case .admit:
                        do throws(Failure) {
                            let isToFinish = try admit(&sequencer.value, &item.value, index)
                            return { $0.endAdmitting(index, item, isToFinish: isToFinish) }
                        } catch {
                            return { $0.failAdmitting(index, item, error) }
                        }
                    case .finish:
                        try withWorker { worker throws(Failure) in try finish(&item.value, &worker) }
                        return { $0.endFinishing(item) }
                    }
                } catch {
                    return { $0.fail(index, item, error) }
                }
            }
            /// Changes the queue, and waits for a turn other than to sleep.
            func nextTurn(after change: (inout Queue) -> Void) -> Queue.Turn {
                var isChanged = false
                return queue.waitUntil { state -> Queue.Turn? in
                    if isChanged { state.wakeUp() } else { change(&state) }
                    isChanged = true
                    let turn = cancellation?.isCancelled == true ? .leave : state.nextTurn()
                    switch turn {
                    case .step: queue.wake(state.wake)
                    case .sleep: return nil
                    case .leave: queue.wake(.all)
                    }
                    return turn
                }
            }
            var turn = nextTurn { _ in }
            while case .step(let step, let index, let item) = turn {
                turn = nextTurn(after: perform(step, index, item ?? HandedItem(value: makeItem())))
            }
            outcomes.record(outcome, of: workerIndex)
        }

        var statistics = Statistics()
        var workers: [Worker] = []
        for outcome in outcomes.take() {
            statistics += outcome.statistics
            if let worker = outcome.worker { workers.append(worker) }
        }
        let (failure, doneCount) = queue.withLock { ($0.failure, $0.doneCount) }
        statistics.unitsRun = doneCount
        if let cancellation, cancellation.isCancelled {
            throw .cancelled(CancelledError(unitsRun: doneCount, unitCount: doneCount))
        }
        if let failure { throw .unit(failure) }
        return Result(source: source.value, sequencer: sequencer.value, workers: workers, statistics: statistics)
    }
}

/// An item on its way between workers.
///
/// `@unchecked Sendable`: `OrderedQueue` gives an item to one worker at a time and has it back only when that worker has ended its step;
/// the queue's lock orders the two.
private struct HandedItem<Item>: @unchecked Sendable {
    var value: Item
}

/// The state of a step that one worker at a time runs.
///
/// `@unchecked Sendable`: `OrderedQueue` gives the step out again only after the worker that ran it has said under the queue's lock that it
/// has ended, and the lock orders the two.
///
/// The value has memory of its own. A stored property without a size, such as `Void`, would be at the address of an object's header, and
/// the thread sanitizer takes a change of one and a read of the other for a race.
private final class TurnState<Value>: @unchecked Sendable {
    private let memory: UnsafeMutablePointer<Value>

    init(_ value: sending Value) {
        memory = .allocate(capacity: 1)
        memory.initialize(to: value)
    }

    deinit {
        memory.deinitialize(count: 1)
        memory.deallocate()
    }

    var value: Value {
        get { memory.pointee }
        _modify { yield &memory.pointee }
    }
}
