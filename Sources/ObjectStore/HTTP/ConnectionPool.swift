internal import Locking
internal import WorkStealing

/// The connections of a process, each with a thread of its own, which is started when there is work for it and ends after half a minute
/// without.
///
/// A thread a connection is faster than one thread for all of them, and a request that stalls holds up nothing else.
final class ConnectionPool: Sendable {
    /// A request, which is made on a connection that is free.
    typealias Job = @Sendable (HTTPConnection) -> Void

    private struct State {
        /// Jobs that somebody waits for, and jobs for bytes that will be wanted, each in their order. Jobs before `urgentStart` are done.
        var urgent: [Job] = []
        var urgentStart = 0
        var ahead: [Job] = []
        var aheadStart = 0
        var threadCount = 0
        var idleCount = 0

        mutating func next() -> Job? { Self.take(&urgent, &urgentStart) ?? Self.take(&ahead, &aheadStart) }

        private static func take(_ jobs: inout [Job], _ start: inout Int) -> Job? {
            guard start < jobs.count else { return nil }
            let job = jobs[start]
            start += 1
            // Amortised: each job is moved once at most.
            if start * 2 >= jobs.count {
                jobs.removeFirst(start)
                start = 0
            }
            return job
        }
    }

    private let connectionCount: Int
    private let state = Lock(State())
    private static let idleMilliseconds = 30_000

    /// Makes a pool of at most so many connections.
    init(connectionCount: Int) { self.connectionCount = max(1, connectionCount) }

    /// Has a job done by the next connection that is free.
    ///
    /// - Parameter isUrgent: True if somebody waits for it already; such jobs come first.
    func submit(isUrgent: Bool, _ job: @escaping Job) {
        state.withLock { state in
            if isUrgent { state.urgent.append(job) } else { state.ahead.append(job) }
        }
        _ = startThreadIfNeeded()
        state.wake(.one)
    }

    /// Starts a thread if there are jobs, none is idle, and there may be more.
    ///
    /// - Returns: false if there are jobs, and the system has no thread for them.
    func startThreadIfNeeded() -> Bool {
        let isWanted = state.withLock { state in
            let jobCount = state.urgent.count - state.urgentStart + state.ahead.count - state.aheadStart
            guard jobCount > state.idleCount, state.threadCount < connectionCount else { return false }
            state.threadCount += 1
            return true
        }
        guard isWanted, !SystemThread.detach({ self.run() }) else { return true }
        return state.withLock { state in
            state.threadCount -= 1
            return state.threadCount > 0
        }
    }

    private func run() {
        guard let connection = try? HTTPConnection() else {
            state.withLock { $0.threadCount -= 1 }
            return
        }
        while true {
            state.withLock { $0.idleCount += 1 }
            let job = state.waitUntil(milliseconds: Self.idleMilliseconds) { $0.next() }
            let isOver = state.withLock { state in
                state.idleCount -= 1
                // A job that came in between is done by a thread of its own.
                if job == nil { state.threadCount -= 1 }
                return job == nil
            }
            if isOver {
                _ = startThreadIfNeeded()
                return
            }
            job?(connection)
        }
    }
}

/// The result of a job, which another thread waits for.
final class Promise<Value: Sendable>: Sendable {
    private let result = Lock<Result<Value, ObjectStoreError>?>(nil)

    init() {}

    /// Gives the result to all who wait.
    func fulfil(_ value: Result<Value, ObjectStoreError>) {
        result.withLock { $0 = value }
        result.wake(.all)
    }

    /// Waits for the result.
    ///
    /// - Throws: The failure, or `.cancelled` once `isCancelled` returns true.
    func value(_ pool: ConnectionPool, isCancelled: (() -> Bool)?) throws(ObjectStoreError) -> Value {
        while true {
            if let found = result.waitUntil(milliseconds: 100, { $0 }) { return try found.get() }
            if isCancelled?() == true { throw .cancelled }
            guard pool.startThreadIfNeeded() else { throw .noThread }
        }
    }
}

extension ObjectStoreError {
    /// The error of a system without a thread to give.
    static let noThread = ObjectStoreError(
        .readFailed, "the system has no thread for a connection", remedy: "raise the limit of processes (ulimit -u)")
}
