#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The state of a worker in these tests. Not Sendable, on purpose: that this compiles, and is clean under the thread sanitizer, shows
/// that a worker's state needs neither.
final class RunRecord {
    let workerIndex: Int
    var units: [Int] = []

    init(workerIndex: Int) {
        self.workerIndex = workerIndex
    }
}

/// The units begun, of all workers, for runs that end in an error and give no states back.
///
/// `@unchecked Sendable`: all access is under `lock`. A pthread lock, because on Linux the thread sanitizer does not see that
/// `Synchronization.Mutex` locks, and reports a race where there is none.
final class SharedRecord: @unchecked Sendable {
    private var units: [Int] = []
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    func append(_ unit: Int) {
        pthread_mutex_lock(lock)
        units.append(unit)
        pthread_mutex_unlock(lock)
    }

    /// In order of time.
    var inOrder: [Int] {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return units
    }

    /// In order of unit, with repetitions.
    var sorted: [Int] { inOrder.sorted() }
}

/// The error of these tests.
struct Failed: Error, Equatable {
    let unit: Int
}
