import Locking
import Synchronization
import Testing

@testable import WorkStealing

/// The threads of workers, where the system gives as many as are wanted, fewer, or none.
@Suite struct ThreadSourceTests {
    private final class Calls: Sendable {
        let starts = Atomic<Int>(0)
        let counts: [Count]
        init(_ count: Int) { counts = (0..<count).map { _ in Count() } }
    }

    private final class Count: Sendable { let value = Atomic<Int>(0) }

    @Test(arguments: [0, 1, 2, 7, 1000], [0, 1, 3, 100])
    func everyIndexOnce(count: Int, given: Int) {
        for helperLimit in [0, 1, 4] {
            let calls = Calls(count)
            ThreadSource.perform(
                count: count, helperLimit: helperLimit,
                start: { calls.starts.add(1, ordering: .relaxed).oldValue < given && SystemThread.detach($0) },
                { calls.counts[$0].value.add(1, ordering: .relaxed) })
            #expect(calls.counts.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
            // No further thread is asked for after the first that is refused.
            #expect(calls.starts.load(ordering: .relaxed) <= min(given + 1, helperLimit, max(0, count - 1)))
        }
    }

    /// A thread that begins when the run is over does nothing, and is not waited for.
    @Test func lateThreads() {
        let late = Lock<[@Sendable () -> Void]>([])
        for count in [2, 10] {
            let calls = Calls(count)
            ThreadSource.perform(
                count: count, helperLimit: 4,
                start: { body in
                    late.withLock { $0.append(body) }
                    return true
                },
                { calls.counts[$0].value.add(1, ordering: .relaxed) })
            for body in late.withLock({ $0 }) { body() }
            #expect(calls.counts.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
        }
        #expect(late.withLock { $0.count } == 5)
    }

    /// Threads that have begun are waited for.
    @Test func slowThreads() {
        let begun = Lock(false)
        let ended = Atomic<Bool>(false)
        ThreadSource.perform(count: 2, helperLimit: 1, start: SystemThread.detach) { index in
            let isSecond = begun.withLock { begun in
                defer { begun = true }
                return begun
            }
            if isSecond {
                pause(microseconds: 20_000)
                ended.store(true, ordering: .relaxed)
            } else {
                pause(microseconds: 5000)
            }
        }
        let isEnded = ended.load(ordering: .relaxed)
        #expect(isEnded)
    }

    @Test func threadsRunTheirClosures() {
        let calls = Calls(8)
        let threads = (0..<8).compactMap { index in SystemThread.start { calls.counts[index].value.add(1, ordering: .relaxed) } }
        for thread in threads { thread.join() }
        #expect(threads.count == 8 && calls.counts.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }
}
