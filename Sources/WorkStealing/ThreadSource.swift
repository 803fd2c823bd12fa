internal import Locking
internal import Synchronization

/// A source of threads for workers. Tests have sources of their own, for many real threads on few processors, or one thread for all.
struct ThreadSource: Sendable {
    /// Calls `work` once with each index below `count`, on any threads, in any order, one after another or at the same time. It returns
    /// when all calls have returned. Writes before it are visible in each call, and writes of the calls are visible after it.
    let perform: @Sendable (_ count: Int, _ work: @Sendable (Int) -> Void) -> Void

    /// The calling thread and threads of the system: no more at a time than the processors that the process may run on, and no more than
    /// the system gives. The calling thread alone is enough.
    static let system = ThreadSource { count, work in
        perform(count: count, helperLimit: ProcessorCount.inAffinityMask - 1, start: SystemThread.detach, work)
    }

    /// Calls `work` with each index below `count`, on the calling thread and on up to `helperLimit` others.
    ///
    /// A thread that has not begun when the work is done is not waited for: on a busy machine that could take longer than the work.
    ///
    /// - Parameter start: starts a thread; false if there is none to be had. Then no further one is asked for.
    static func perform(
        count: Int, helperLimit: Int, start: (@escaping @Sendable () -> Void) -> Bool, _ work: @Sendable (Int) -> Void
    ) {
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(work) { work in
            withoutActuallyEscaping({ @Sendable () -> Void in
                // Relaxed: the number alone counts, and memory is ordered by the crew's lock.
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < count else { return }
                    work(index)
                }
            }) { workOnAll in
                let crew = Crew(workOnAll)
                var helperCount = 0
                while helperCount < min(count - 1, helperLimit), start({ crew.help() }) { helperCount += 1 }
                workOnAll()
                crew.finish()
            }
        }
    }

    /// The work of a run, as long as it goes on, and the number of threads that help with it.
    private final class Crew: Sendable {
        private struct State {
            /// The work; nil when the run is over, for threads that begin after it.
            var work: (@Sendable () -> Void)?
            var helperCount = 0
        }

        private let state: Lock<State>

        init(_ work: @escaping @Sendable () -> Void) { state = Lock(State(work: work)) }

        /// Helps with the work, if the run is not over.
        func help() {
            let isOver = state.withLock { state in
                if state.work != nil { state.helperCount += 1 }
                return state.work == nil
            }
            guard !isOver else { return }
            work()
            state.withLock { $0.helperCount -= 1 }
            state.wake(.all)
        }

        /// Does the work. The reference to it ends with the call, before the helper says that it has left: the work is the caller's, which
        /// lends it until then.
        @inline(never) private func work() { state.withLock { $0.work }?() }

        /// Ends the run, and waits for those that have begun.
        func finish() {
            state.withLock { $0.work = nil }
            state.waitUntil { $0.helperCount == 0 ? () : nil }
        }
    }
}
