#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A value that one thread at a time may touch, and on whose changes threads can wait.
///
/// The methods have the signatures of `Synchronization.Mutex`, so the compiler refuses a closure that lets a reference to the value's parts
/// get out of the lock. It is made of pthread's mutex and condition variable: `Synchronization` has no condition variable, and the thread
/// sanitizer does not understand the futex of its `Mutex` on Linux and reports races that are none.
///
/// ```swift
/// let waiting = Lock<[Int]>([])
/// waiting.withLock { $0.append(7) }
/// waiting.wake(.one)
/// let number = waiting.waitUntil { $0.popLast() }
/// ```
///
/// A thread that takes a lock twice without giving it up in between waits for itself forever.
///
/// `@unchecked Sendable`: the value is touched with the mutex held and not otherwise.
public final class Lock<Value: ~Copyable>: @unchecked Sendable {
    // Each in memory of its own: pthread remembers the addresses, and a value without a size must not share the address of another.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private let value: UnsafeMutablePointer<Value>

    /// Creates an open lock around `value`, which nothing else may refer to.
    public init(_ value: consuming sending Value) {
        self.value = .allocate(capacity: 1)
        self.value.initialize(to: value)
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        condition = .allocate(capacity: 1)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        value.deinitialize(count: 1)
        value.deallocate()
    }

    /// Calls `body` with the value while no other thread has it.
    ///
    /// - Parameter body: Reads and changes the value. The result, and the parts left in the value, must be disconnected from each other and
    ///   from everything else, unless they are `Sendable`.
    /// - Returns: The result of `body`.
    /// - Throws: The error of `body`; the lock is given up all the same.
    public func withLock<Result: ~Copyable, E: Error>(
        _ body: (inout sending Value) throws(E) -> sending Result
    ) throws(E) -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value.pointee)
    }

    /// Calls `body` with the value if no thread has it at the moment. It never waits.
    ///
    /// - Returns: false if a thread has the value, and `body` was not called. That thread may be the calling one.
    public func withLockIfFree(_ body: (inout sending Value) -> Void) -> Bool {
        guard pthread_mutex_trylock(mutex) == 0 else { return false }
        defer { pthread_mutex_unlock(mutex) }
        body(&value.pointee)
        return true
    }

    /// Calls `body` with the value, again and again until it returns a result. Between two calls the lock is given up, and the thread
    /// sleeps until another thread calls `wake(_:)`.
    ///
    /// A call may also follow without a wake, so `body` must check whether the thing that it waits for has come.
    ///
    /// The value is lent to `body` anew for each call. A closure that slept while it held the value would not do: the compiler may assume
    /// that nobody else changes an `inout` value.
    ///
    /// - Parameter body: Reads and changes the value. Returns nil in order to sleep.
    /// - Returns: The first result of `body` that is not nil.
    /// - Throws: The error of `body`; the lock is given up all the same.
    public func waitUntil<Result: ~Copyable, E: Error>(
        _ body: (inout sending Value) throws(E) -> sending Result?
    ) throws(E) -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = try body(&value.pointee) { return result }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// Does the same, for about `milliseconds` at most. A change of the system's clock makes the wait longer or shorter.
    ///
    /// - Returns: The first result of `body` that is not nil; nil if the time passed before.
    public func waitUntil<Result: ~Copyable>(
        milliseconds: Int, _ body: (inout sending Value) -> sending Result?
    ) -> sending Result? {
        // The clock of pthread's conditions, if no other is set.
        var end = timespec()
        clock_gettime(CLOCK_REALTIME, &end)
        end.tv_sec += milliseconds / 1000
        end.tv_nsec += milliseconds % 1000 * 1_000_000
        if end.tv_nsec >= 1_000_000_000 {
            end.tv_sec += 1
            end.tv_nsec -= 1_000_000_000
        }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&value.pointee) { return result }
            if pthread_cond_timedwait(condition, mutex, &end) == ETIMEDOUT { return body(&value.pointee) }
        }
    }

    /// Wakes threads that sleep in `waitUntil(_:)`. It may be called with the lock held or without, and costs little where none sleep.
    public func wake(_ sleepers: Sleepers) {
        switch sleepers {
        case .none: break
        case .one: pthread_cond_signal(condition)
        case .all: pthread_cond_broadcast(condition)
        }
    }
}

/// The sleeping threads that a change wakes.
public enum Sleepers: Sendable, Equatable {
    /// No thread.
    case none
    /// One thread, if any sleeps.
    case one
    /// All threads that sleep.
    case all
}
