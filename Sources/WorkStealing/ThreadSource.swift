import Dispatch

/// Where the workers' threads come from. Tests give their own, to have many real threads on few processors, or one thread for all.
struct ThreadSource: Sendable {
    /// Calls `work` once with each index below `count`, on any threads, in any order, one after another or at the same time, and returns
    /// when all calls have returned. What was written before is visible in each call; what a call wrote is visible afterwards.
    let perform: @Sendable (_ count: Int, _ work: @Sendable (Int) -> Void) -> Void

    /// Dispatch's own threads and the calling one: no more at a time than the process may use processors.
    static let dispatch = ThreadSource { count, work in
        DispatchQueue.concurrentPerform(iterations: count, execute: work)
    }
}
