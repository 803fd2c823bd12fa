#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A value behind a lock, on which threads can sleep until another thread has changed it.
///
/// It is pthread's mutex and condition variable, since `Synchronization` has no condition variable and the thread sanitizer does not
/// understand its `Mutex` on Linux.
///
/// `@unchecked Sendable`: the value is touched with the mutex held and not otherwise.
final class Monitor<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    init(_ value: sending Value) {
        self.value = value
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
    }

    /// Calls `body` with the value, while no other thread has it.
    func withLock<Result>(_ body: (inout Value, borrowing Sleepers) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&value, Sleepers(mutex: mutex, condition: condition))
    }

    /// The right to sleep and to wake, for as long as the lock is held.
    struct Sleepers: ~Copyable {
        fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>
        fileprivate let condition: UnsafeMutablePointer<pthread_cond_t>

        /// Gives the lock up, sleeps until woken, and takes the lock again. It may return without having been woken.
        func sleep() { pthread_cond_wait(condition, mutex) }

        /// Wakes threads that sleep, if there are any.
        func wake(_ wake: Wake) {
            switch wake {
            case .none: break
            case .one: pthread_cond_signal(condition)
            case .all: pthread_cond_broadcast(condition)
            }
        }
    }
}

/// The threads that a change wakes, of those that sleep on a `Monitor`.
enum Wake: Equatable { case none, one, all }
