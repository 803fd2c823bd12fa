import Dispatch

/// A source of threads for workers. Tests have sources of their own, for many real threads on few processors, or one thread for all.
struct ThreadSource: Sendable {
    /// Calls `work` once with each index below `count`, on any threads, in any order, one after another or at the same time. It returns
    /// when all calls have returned. Writes before it are visible in each call, and writes of the calls are visible after it.
    let perform: @Sendable (_ count: Int, _ work: @Sendable (Int) -> Void) -> Void

    /// The threads of Dispatch, and the calling one: no more at a time than the processors that the process may use.
    static let dispatch = ThreadSource { count, work in
        DispatchQueue.concurrentPerform(iterations: count, execute: work)
    }
}
