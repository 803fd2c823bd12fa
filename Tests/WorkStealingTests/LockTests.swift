import Locking
import Synchronization
import Testing

@testable import WorkStealing

@Suite(.timeLimit(.minutes(5))) struct LockTests {
    @Test func oneThreadAtATime() {
        let lock = Lock(0)
        ThreadSource.threadForEach.perform(8) { _ in
            for _ in 0..<2000 {
                lock.withLock { value in
                    let before = value
                    if before % 500 == 0 { giveWay() }
                    value = before + 1
                }
            }
        }
        #expect(lock.withLock { $0 } == 16_000)
    }

    @Test func errorsGiveTheLockUp() {
        let lock = Lock(1)
        #expect(throws: Failed(unit: 3)) {
            try lock.withLock { value throws(Failed) in
                value = 2
                throw Failed(unit: 3)
            }
        }
        #expect(throws: Failed(unit: 4)) {
            try lock.waitUntil { value throws(Failed) -> Int? in
                value += 1
                throw Failed(unit: 4)
            }
        }
        #expect(lock.withLock { $0 } == 3)
    }

    private struct Token: ~Copyable {
        let number: Int
        let released: Lock<[Int]>
        deinit { released.withLock { [number] in $0.append(number) } }
    }

    /// Values and results that cannot be copied; the value is released with the lock.
    @Test func valuesThatCannotBeCopied() {
        let released = Lock<[Int]>([])
        do {
            let lock = Lock(Token(number: 1, released: released))
            #expect(lock.withLock { $0.number } == 1)
            let taken = lock.withLock { token in
                let old = token
                token = Token(number: 2, released: released)
                return old
            }
            #expect(taken.number == 1 && released.withLock { $0.isEmpty })
        }
        #expect(released.withLock { $0.sorted() } == [1, 2])
    }

    /// Each of several sleepers gets one of the numbers, whether they are woken one by one or all at once.
    @Test(arguments: [Sleepers.one, .all]) func sleepersGetWhatTheyWaitFor(sleepers: Sleepers) {
        let numbers = Lock<[Int]>([])
        let sum = Atomic(0)
        let count = 6
        ThreadSource.threadForEach.perform(2 * count) { index in
            if index < count {
                sum.add(numbers.waitUntil { $0.popLast() }, ordering: .relaxed)
            } else {
                pause(microseconds: UInt32(500 * (index - count)))
                numbers.withLock { $0.append(1 << (index - count)) }
                numbers.wake(sleepers)
            }
        }
        #expect(sum.load(ordering: .relaxed) == (1 << count) - 1 && numbers.withLock { $0.isEmpty })
    }

    /// A sleeper gives the lock up, and is not called again and again meanwhile.
    @Test func sleepersSleep() {
        let isOpen = Lock(false)
        let callCount = Atomic(0)
        ThreadSource.threadForEach.perform(2) { index in
            if index == 0 {
                isOpen.waitUntil { isOpen -> Void? in
                    callCount.add(1, ordering: .relaxed)
                    return isOpen ? () : nil
                }
            } else {
                pause(microseconds: 300_000)
                // Nobody holds it.
                isOpen.withLock { $0 = true }
                isOpen.wake(.one)
            }
        }
        #expect(callCount.load(ordering: .relaxed) < 100)
    }

    @Test func wakingNobody() {
        let lock = Lock(0)
        for sleepers in [Sleepers.none, .one, .all] { lock.wake(sleepers) }
        #expect(lock.withLock { $0 } == 0)
    }

    @Test func waitsThatEnd() {
        let lock = Lock(0)
        let clock = ContinuousClock()
        let start = clock.now
        let none: Int? = lock.waitUntil(milliseconds: 30) { _ in nil }
        #expect(none == nil && clock.now - start >= .milliseconds(25))
        let at = lock.waitUntil(milliseconds: 60_000) { $0 + 1 }
        #expect(at == 1)
        ThreadSource.threadForEach.perform(2) { index in
            if index == 0 {
                let seen: Int? = lock.waitUntil(milliseconds: 60_000) { $0 == 5 ? $0 : nil }
                lock.withLock { $0 = seen == 5 ? 6 : 0 }
            } else {
                pause(microseconds: 2000)
                lock.withLock { $0 = 5 }
                lock.wake(.all)
            }
        }
        #expect(lock.withLock { $0 } == 6)
    }

    @Test func locksThatAreTaken() {
        let lock = Lock(1)
        #expect(lock.withLockIfFree { $0 = 2 })
        let isFree = lock.withLock { _ in lock.withLockIfFree { $0 = 3 } }
        #expect(!isFree)
        #expect(lock.withLock { $0 } == 2)
    }
}
