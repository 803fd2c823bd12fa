import Locking
import SeededRandom
import Testing

@testable import WorkStealing

/// Walks through all the interleavings of several workers over one queue, with the code that runs in earnest.
@Suite struct OrderedQueueTests {
    /// The workers of a run and what has happened so far.
    struct Run {
        enum Phase: Equatable { case idle, stepping(OrderedQueue<Int, Failed>.Step, Int), preparing(Int), sleeping, woken, left }

        enum Failing: Equatable { case none, taking(Int), preparing(Int), admitting(Int), finishing(Int) }

        let itemCount: Int
        let itemLimit: Int
        let failing: Failing
        var queue: OrderedQueue<Int, Failed>
        var phases: [Phase]
        var taken = 0
        var admitted: [Int] = []
        var finished: [Int] = []

        init(itemCount: Int, itemLimit: Int, workerCount: Int, failing: Failing = .none) {
            self.itemCount = itemCount
            self.itemLimit = itemLimit
            self.failing = failing
            queue = OrderedQueue(itemLimit: itemLimit)
            phases = Array(repeating: .idle, count: workerCount)
        }

        var movable: [Int] { phases.indices.filter { phases[$0] != .sleeping && phases[$0] != .left } }

        /// One move of a worker: the end of what it does, and its next turn. Returns the sleepers that it may wake, of which one is to be.
        mutating func move(_ worker: Int) -> Sleepers {
            switch phases[worker] {
            case .idle: break
            case .woken: queue.wakeUp()
            case .stepping(.take, let index):
                if failing == .taking(index) {
                    queue.failTaking(index, index, Failed(unit: index))
                } else if taken == itemCount {
                    queue.endTakingWithoutItem(index)
                } else {
                    #expect(index == taken)
                    taken += 1
                    queue.endTaking()
                    phases[worker] = .preparing(index)
                    return queue.wake
                }
            case .preparing(let index):
                if failing == .preparing(index) {
                    queue.fail(index, index, Failed(unit: index))
                } else {
                    queue.endPreparing(index, index)
                }
            case .stepping(.admit, let index):
                if failing == .admitting(index) {
                    queue.failAdmitting(index, index, Failed(unit: index))
                } else {
                    admitted.append(index)
                    // Each third item needs no finishing.
                    queue.endAdmitting(index, index, isToFinish: index % 3 != 2)
                    if index % 3 == 2 { finished.append(index) }
                }
            case .stepping(.finish, let index):
                if failing == .finishing(index) {
                    queue.fail(index, index, Failed(unit: index))
                } else {
                    finished.append(index)
                    queue.endFinishing(index)
                }
            case .sleeping, .left: Issue.record("a worker moved that cannot")
            }
            switch queue.nextTurn() {
            case .step(let step, let index, _): phases[worker] = .stepping(step, index)
            case .sleep:
                phases[worker] = .sleeping
                return .none
            case .leave:
                phases[worker] = .left
                return .all
            }
            return queue.wake
        }

        /// Wakes the sleepers; where one is to be woken, the one that `choose` says.
        mutating func wake(_ wake: Sleepers, choose: (Int) -> Int) {
            let sleepers = phases.indices.filter { phases[$0] == .sleeping }
            guard !sleepers.isEmpty else { return }
            switch wake {
            case .none: break
            case .one: phases[sleepers[choose(sleepers.count)]] = .woken
            case .all: for sleeper in sleepers { phases[sleeper] = .woken }
            }
        }

        /// In every state: bounds, order, each once. One expectation for all states, since there are millions of them.
        func expectSound() {
            let takingCount = phases.count { if case .stepping(.take, _) = $0 { true } else { false } }
            let admittingCount = phases.count { if case .stepping(.admit, _) = $0 { true } else { false } }
            guard queue.underWayCount <= itemLimit, zip(admitted, 0...).allSatisfy(==), Set(finished).count == finished.count,
                takingCount <= 1, admittingCount <= 1
            else {
                Issue.record("too much is under way, or out of order: \(self)")
                return
            }
        }

        /// Where nobody can move: all have left, and all that should be done is.
        func expectComplete() {
            var isComplete = phases.allSatisfy { $0 == .left } && queue.underWayCount == 0
            switch failing {
            case .none:
                isComplete = isComplete && queue.failure == nil && finished.sorted() == Array(0..<itemCount) && queue.doneCount == itemCount
            case .taking(let index), .preparing(let index), .admitting(let index), .finishing(let index):
                // All below it are done, whatever came above.
                isComplete =
                    isComplete && queue.failure == UnitError(unit: index, underlying: Failed(unit: index))
                    && finished.filter { $0 < index }.sorted() == Array(0..<index)
            }
            if !isComplete { Issue.record("workers sleep for ever, or not all was done: \(self)") }
        }
    }

    /// Explores every order of moves, and every choice of a sleeper; returns the number of ways.
    private func explore(_ run: Run) -> Int {
        run.expectSound()
        let movable = run.movable
        guard !movable.isEmpty else {
            run.expectComplete()
            return 1
        }
        var ways = 0
        for worker in movable {
            var next = run
            let wake = next.move(worker)
            let sleeperCount = wake == .one ? max(1, next.phases.count { $0 == .sleeping }) : 1
            for choice in 0..<sleeperCount {
                var woken = next
                woken.wake(wake) { _ in choice }
                ways += explore(woken)
            }
        }
        return ways
    }

    @Test(arguments: [(0, 2), (1, 2), (2, 2), (3, 2), (1, 3), (2, 3)]) func allInterleavings(itemCount: Int, workerCount: Int) {
        for itemLimit in 1...3 {
            #expect(explore(Run(itemCount: itemCount, itemLimit: itemLimit, workerCount: workerCount)) > 0)
        }
    }

    @Test func allInterleavingsWithAFailure() {
        for index in 0..<2 {
            for failing in [Run.Failing.taking(index), .preparing(index), .admitting(index), .finishing(index)] {
                // Item 2 needs no finishing, and none of the two that may fail is that one.
                for itemLimit in [1, 3] {
                    #expect(explore(Run(itemCount: 3, itemLimit: itemLimit, workerCount: 2, failing: failing)) > 0)
                }
            }
        }
    }

    /// Larger runs, by seeded chance.
    @Test(arguments: [1, 0x5EED, 20_260_101] as [UInt64]) func interleavingsAtRandom(seed: UInt64) {
        print("seed \(seed)")
        var generator = SplitMix64(seed: seed)
        for _ in 0..<2000 {
            let itemCount = Int.random(in: 0...20, using: &generator)
            let index = Int.random(in: 0...20, using: &generator)
            let failing: Run.Failing =
                index >= itemCount
                ? .none : [.none, .taking(index), .preparing(index), .admitting(index), index % 3 == 2 ? .none : .finishing(index)]
                    .randomElement(using: &generator) ?? .none
            var run = Run(
                itemCount: itemCount, itemLimit: Int.random(in: 1...9, using: &generator),
                workerCount: Int.random(in: 1...6, using: &generator), failing: failing)
            while let worker = run.movable.randomElement(using: &generator) {
                let wake = run.move(worker)
                run.wake(wake) { Int.random(in: 0..<$0, using: &generator) }
                run.expectSound()
            }
            run.expectComplete()
        }
    }

    /// A worker that reads goes on reading while another one sleeps, which takes over what was read.
    @Test func readingStaysWithTheReaderWhileOthersSleep() {
        var queue = OrderedQueue<Int, Failed>(itemLimit: 4)
        guard case .step(.take, 0, _) = queue.nextTurn(), case .sleep = queue.nextTurn() else {
            Issue.record("the second worker has something to do")
            return
        }
        queue.endTaking()
        queue.endPreparing(0, 0)
        guard case .step(.admit, 0, _) = queue.nextTurn() else {
            Issue.record("the first item was not to be admitted")
            return
        }
        queue.endAdmitting(0, 0, isToFinish: true)
        guard case .step(.take, 1, _) = queue.nextTurn() else {
            Issue.record("the reader did not go on")
            return
        }
        #expect(queue.wake == .one)
        queue.wakeUp()
        guard case .step(.finish, 0, _) = queue.nextTurn() else {
            Issue.record("the sleeper did not take over")
            return
        }
    }
}
