import Synchronization

@testable import WorkStealing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension ThreadSource {
    /// A thread for each worker, all let go at once: real concurrency and pre-emption whatever the number of processors.
    static let threadForEach = ThreadSource { count, work in
        withoutActuallyEscaping(work) { work in
            let arrived = Atomic<Int>(0)
            withoutActuallyEscaping({ @Sendable (index: Int) in
                arrived.add(1, ordering: .acquiringAndReleasing)
                while arrived.load(ordering: .acquiring) < count { sched_yield() }
                work(index)
            }) { gated in
                let threads = (0..<count).map { index in startThread { gated(index) } }
                for thread in threads { pthread_join(thread, nil) }
            }
        }
    }

    /// One thread for all workers, first to last, as when the process may use one processor.
    static let oneThread = ThreadSource { count, work in
        for index in 0..<count { work(index) }
    }

    /// One thread for all workers, last to first.
    static let oneThreadBackwards = ThreadSource { count, work in
        for index in (0..<count).reversed() { work(index) }
    }
}

private final class ThreadStart: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

private func startThread(_ run: @escaping @Sendable () -> Void) -> pthread_t {
    let start = Unmanaged.passRetained(ThreadStart(run: run)).toOpaque()
    #if canImport(Darwin)
        var thread: pthread_t?
        let status = pthread_create(&thread, nil, { Unmanaged<ThreadStart>.fromOpaque($0).takeRetainedValue().run(); return nil }, start)
        guard status == 0, let thread else { fatalError("pthread_create: \(status)") }
        return thread
    #else
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, start)
        guard status == 0 else { fatalError("pthread_create: \(status)") }
        return thread
    #endif
}

/// Gives up the processor for about so long.
func pause(microseconds: UInt32) {
    usleep(microseconds)
}

/// Gives other threads a chance to run.
func giveWay() {
    sched_yield()
}

/// The processor time that this process has used, in seconds.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
