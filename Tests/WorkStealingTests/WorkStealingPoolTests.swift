import Synchronization
import Testing

@testable import WorkStealing

@Suite struct WorkStealingPoolTests {
    /// Runs `unitCount` units and expects each to have been run exactly once, in a state that belongs to the worker that says so.
    @discardableResult
    private func expectEachUnitOnce(
        _ pool: WorkStealingPool, unitCount: Int, body: @Sendable (Int) -> Void = { _ in }
    ) throws -> (workers: [RunRecord], statistics: Statistics) {
        let (workers, statistics) = try pool.run(unitCount: unitCount) { index in
            RunRecord(workerIndex: index)
        } body: { unit, worker in
            worker.units.append(unit)
            body(unit)
        }
        #expect(workers.flatMap(\.units).sorted() == Array(0..<unitCount))
        #expect(workers.allSatisfy { !$0.units.isEmpty })
        let indices = workers.map(\.workerIndex)
        #expect(indices == Array(Set(indices)).sorted())
        #expect(indices.allSatisfy { $0 >= 0 && $0 < min(pool.workerCount, unitCount) })
        #expect(statistics.unitsRun == unitCount)
        #expect(statistics.workersUsed == workers.count)
        return (workers, statistics)
    }

    // MARK: - Units

    @Test func smoke() throws {
        try expectEachUnitOnce(WorkStealingPool(workerCount: 4), unitCount: 1000)
    }

    @Test func zeroUnits() throws {
        for threads in [ThreadSource.system, .threadForEach, .oneThread] {
            for unitCount in [0, -1, Int.min] {
                let (workers, statistics) = try WorkStealingPool(workerCount: 4, threads: threads).run(unitCount: unitCount) { _ in
                    Issue.record("a worker was made")
                } body: { _, _ in
                    Issue.record("a unit was run")
                }
                #expect(workers.isEmpty)
                #expect(statistics == Statistics())
            }
        }
    }

    @Test func oneUnit() throws {
        try expectEachUnitOnce(WorkStealingPool(workerCount: 8, threads: .threadForEach), unitCount: 1)
    }

    /// One worker runs all units, in order, and steals nothing.
    @Test func oneWorker() throws {
        for threads in [ThreadSource.system, .threadForEach, .oneThread] {
            let result = try expectEachUnitOnce(WorkStealingPool(workerCount: 1, threads: threads), unitCount: 500)
            #expect(result.workers.map(\.units) == [Array(0..<500)])
            #expect(result.statistics == Statistics(unitsRun: 500, workersUsed: 1))
        }
    }

    @Test func moreWorkersThanUnits() throws {
        for unitCount in 1...12 {
            for threads in [ThreadSource.system, .threadForEach, .oneThread, .oneThreadBackwards] {
                try expectEachUnitOnce(WorkStealingPool(workerCount: 13, threads: threads), unitCount: unitCount)
            }
        }
    }

    /// With one thread for all workers the first to come steals all that the others own, and they find nothing.
    @Test func oneThreadForAllWorkers() throws {
        for (threads, first) in [(ThreadSource.oneThread, 0), (.oneThreadBackwards, 7)] {
            let result = try expectEachUnitOnce(WorkStealingPool(workerCount: 8, threads: threads), unitCount: 1000)
            #expect(result.workers.map(\.workerIndex) == [first])
            #expect(result.statistics.steals >= 7)
            #expect(result.statistics.failedStealAttempts == 0)
        }
    }

    /// A worker that gets no unit makes no state.
    @Test func workersAreMadeLazily() throws {
        let made = SharedRecord()
        let pool = WorkStealingPool(workerCount: 8, threads: .oneThread)
        _ = try pool.run(unitCount: 100) { index in
            made.append(index)
            return index
        } body: { _, _ in
        }
        #expect(made.inOrder == [0])
    }

    /// Many workers, all let go at once, few units.
    @Test func stampede() throws {
        for unitCount in [1, 2, 3, 5, 33] {
            for _ in 0..<4 {
                try expectEachUnitOnce(WorkStealingPool(workerCount: 32, threads: .threadForEach), unitCount: unitCount)
            }
        }
    }

    /// All the time is in the units of the first worker: others take part in them.
    @Test func unevenWork() throws {
        let result = try expectEachUnitOnce(WorkStealingPool(workerCount: 4, threads: .threadForEach), unitCount: 80) { unit in
            if unit < 20 { pause(microseconds: 4000) }
        }
        let helpers = result.workers.filter { $0.units.contains { $0 < 20 } }
        #expect(helpers.count >= 2)
        #expect(result.statistics.steals > 0)
    }

    /// The first unit does not end before all others have been run, its own worker's among them.
    @Test func noStarvation() throws {
        let done = Atomic<Int>(0)
        let gaveUp = Atomic<Bool>(false)
        try expectEachUnitOnce(WorkStealingPool(workerCount: 4, threads: .threadForEach), unitCount: 400) { unit in
            if unit == 0 {
                let deadline = ContinuousClock.now + .seconds(5)
                while done.load(ordering: .acquiring) < 399 {
                    if ContinuousClock.now > deadline {
                        gaveUp.store(true, ordering: .relaxed)
                        break
                    }
                    giveWay()
                }
            } else {
                done.add(1, ordering: .releasing)
            }
        }
        let didGiveUp = gaveUp.load(ordering: .relaxed)
        #expect(!didGiveUp, "units waited behind a long one")
    }

    /// Runs within runs finish.
    @Test func nestedRuns() throws {
        let pool = WorkStealingPool(workerCount: 4)
        let (workers, _) = try pool.run(unitCount: 20) { _ in 0 } body: { unit, total in
            let inner = try pool.run(unitCount: unit) { _ in 0 } body: { inner, sum in sum += inner + 1 }
            total += inner.workers.reduce(0, +)
        }
        let expected: Int = (0..<20).map { (unit: Int) -> Int in unit * (unit + 1) / 2 }.reduce(0, +)
        #expect(workers.reduce(0, +) == expected)
    }

    @Test func workerCountsAreClamped() {
        #expect(WorkStealingPool(workerCount: 0).workerCount == 1)
        #expect(WorkStealingPool(workerCount: .min).workerCount == 1)
        #expect(WorkStealingPool(workerCount: 3).workerCount == 3)
        #expect(WorkStealingPool(workerCount: .max).workerCount == WorkStealingPool.maximumWorkerCount)
    }

    @Test func theMostWorkersThatThereMayBe() throws {
        try expectEachUnitOnce(WorkStealingPool(workerCount: .max), unitCount: 5000)
    }

    // MARK: - More units than 32 bits can count

    /// Units in grains of several: 7 grains for 100 units.
    @Test func coarseGrains() throws {
        for threads in [ThreadSource.threadForEach, .oneThread, .oneThreadBackwards] {
            try expectEachUnitOnce(WorkStealingPool(workerCount: 3, grainLimit: 7, threads: threads), unitCount: 100)
        }
    }

    @Test func coarseGrainsGiveTheSameError() {
        for threads in [ThreadSource.threadForEach, .oneThread, .oneThreadBackwards] {
            let record = SharedRecord()
            let pool = WorkStealingPool(workerCount: 3, grainLimit: 7, threads: threads)
            #expect(throws: RunError.unit(UnitError(unit: 37, underlying: Failed(unit: 37)))) {
                try pool.run(unitCount: 100) { _ throws(Failed) in } body: { unit, _ throws(Failed) in
                    record.append(unit)
                    if unit % 40 >= 37 { throw Failed(unit: unit) }
                }
            }
            let begun = record.sorted
            #expect(Array(begun.prefix(38)) == Array(0..<38))
            #expect(Set(begun).count == begun.count)
        }
    }

    /// A batch of Int.max units ends when its first unit fails, without a trap and without counting through it.
    @Test func asManyUnitsAsThereCanBe() {
        for threads in [ThreadSource.system, .threadForEach, .oneThread, .oneThreadBackwards] {
            #expect(throws: RunError.unit(UnitError(unit: 0, underlying: Failed(unit: 0)))) {
                try WorkStealingPool(workerCount: 4, threads: threads).run(unitCount: .max) { _ throws(Failed) in
                } body: { unit, _ throws(Failed) in
                    throw Failed(unit: unit)
                }
            }
        }
    }

    // MARK: - Errors

    /// The lowest unit that throws gives the error, whichever threw first; all units below it are run.
    @Test func aUnitThatThrows() {
        for round in 0..<60 {
            let failing: Set = [71, 83, 84, 150, 199]
            let record = SharedRecord()
            #expect(throws: RunError.unit(UnitError(unit: 71, underlying: Failed(unit: 71))), "round \(round)") {
                try WorkStealingPool(workerCount: 6, threads: .threadForEach).run(unitCount: 200) { _ throws(Failed) in
                } body: { unit, _ throws(Failed) in
                    record.append(unit)
                    if unit == 71 { pause(microseconds: 300) }
                    if failing.contains(unit) { throw Failed(unit: unit) }
                }
            }
            let begun = record.sorted
            #expect(Array(begun.prefix(72)) == Array(0..<72))
            #expect(Set(begun).count == begun.count)
        }
    }

    /// After a unit has failed, those above it are not begun, those below are.
    @Test func unitsAboveTheLowestFailedAreLeftOut() {
        let forwards = SharedRecord()
        #expect(throws: RunError.unit(UnitError(unit: 5, underlying: Failed(unit: 5)))) {
            try WorkStealingPool(workerCount: 4, threads: .oneThread).run(unitCount: 100) { _ throws(Failed) in
            } body: { unit, _ throws(Failed) in
                forwards.append(unit)
                if unit == 5 || unit == 60 { throw Failed(unit: unit) }
            }
        }
        #expect(forwards.inOrder == Array(0...5))

        // The last worker comes first: it meets 80, then steals and meets 60.
        let backwards = SharedRecord()
        #expect(throws: RunError.unit(UnitError(unit: 60, underlying: Failed(unit: 60)))) {
            try WorkStealingPool(workerCount: 4, threads: .oneThreadBackwards).run(unitCount: 100) { _ throws(Failed) in
            } body: { unit, _ throws(Failed) in
                backwards.append(unit)
                if unit == 60 || unit == 80 { throw Failed(unit: unit) }
            }
        }
        let begun = backwards.sorted
        #expect(begun.filter { $0 <= 60 } == Array(0...60))
        #expect(begun.contains(80))
        #expect(!begun.contains { $0 > 80 })
    }

    /// A unit fails after a lower one has: the limit stays where it is. Unit 20 is begun first, by worker 2; within it worker 0 fails
    /// before unit 0; then unit 20 throws, and worker 2 turns to the range of worker 1, 10..<20. None of that may be run any more.
    @Test func aLaterFailureOfAHigherUnitChangesNothing() {
        let startWorker = Mutex<(@Sendable (Int) -> Void)?>(nil)
        let threads = ThreadSource { _, work in
            withoutActuallyEscaping(work) { work in
                startWorker.withLock { $0 = work }
                work(2)
                startWorker.withLock { $0 = nil }
                work(1)
            }
        }
        let record = SharedRecord()
        #expect(throws: RunError.unit(UnitError(unit: 0, underlying: Failed(unit: -1)))) {
            try WorkStealingPool(workerCount: 3, threads: threads).run(unitCount: 30) { index throws(Failed) -> Int in
                if index == 0 { throw Failed(unit: -1) }
                return index
            } body: { unit, _ throws(Failed) in
                record.append(unit)
                let start = startWorker.withLock { $0 }
                if unit == 20 { start?(0) }
                throw Failed(unit: unit)
            }
        }
        #expect(record.inOrder == [20])
    }

    /// The same batch, many times, every unit failing: always the first one's error.
    @Test func everyUnitThrows() {
        for _ in 0..<40 {
            #expect(throws: RunError.unit(UnitError(unit: 0, underlying: Failed(unit: 0)))) {
                try WorkStealingPool(workerCount: 8, threads: .threadForEach).run(unitCount: 64) { _ throws(Failed) in
                } body: { unit, _ throws(Failed) in
                    throw Failed(unit: unit)
                }
            }
        }
    }

    @Test func makeWorkerThatAlwaysThrows() {
        for threads in [ThreadSource.threadForEach, .system, .oneThread, .oneThreadBackwards] {
            for _ in 0..<10 {
                let made = SharedRecord()
                #expect(throws: RunError.unit(UnitError(unit: 0, underlying: Failed(unit: -1)))) {
                    try WorkStealingPool(workerCount: 8, threads: threads).run(unitCount: 64) { index throws(Failed) -> Int in
                        made.append(index)
                        throw Failed(unit: -1)
                    } body: { _, _ throws(Failed) in
                        Issue.record("a unit was run without a worker")
                    }
                }
                #expect(Set(made.inOrder).count == made.inOrder.count, "a worker was made twice")
            }
        }
    }

    /// One worker cannot be made: its error is that of the unit it was about to run, and the units below are run by the others.
    @Test func makeWorkerThatThrowsOnce() {
        let record = SharedRecord()
        #expect(throws: RunError.unit(UnitError(unit: 75, underlying: Failed(unit: 3)))) {
            try WorkStealingPool(workerCount: 4, threads: .oneThreadBackwards).run(unitCount: 100) { index throws(Failed) -> Int in
                if index == 3 { throw Failed(unit: index) }
                return index
            } body: { unit, worker throws(Failed) in
                #expect(worker != 3)
                record.append(unit)
            }
        }
        #expect(record.sorted == Array(0..<75))
    }

    @Test func errorsSayWhatHappened() {
        #expect("\(RunError.unit(UnitError(unit: 17, underlying: Failed(unit: 1))))" == "unit 17: Failed(unit: 1)")
        let cancelled = RunError<Failed>.cancelled(CancelledError(unitsRun: 3, unitCount: 9))
        #expect("\(cancelled)" == "cancelled after 3 of 9 units")
    }

    /// Errors of any kind, and none at all: `Failure` follows from the closures.
    @Test func failureIsInferred() throws {
        let pool = WorkStealingPool(workerCount: 2)
        let error = #expect(throws: RunError<any Error>.self) {
            try pool.run(unitCount: 3) { _ in 0 } body: { unit, _ in
                if unit == 1 { throw Failed(unit: 1) }
            }
        }
        guard case .unit(let found)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found.unit == 1 && found.underlying as? Failed == Failed(unit: 1))

        do throws(RunError<Never>) {
            _ = try pool.run(unitCount: 3) { _ in 0 } body: { _, _ in }
        } catch {
            Issue.record("\(error)")
        }
    }

    // MARK: - Cancellation

    @Test func cancelledBeforeItBegins() {
        let cancellation = Cancellation()
        #expect(!cancellation.isCancelled)
        cancellation.cancel()
        #expect(cancellation.isCancelled)
        for unitCount in [0, 10] {
            #expect(throws: RunError<Never>.cancelled(CancelledError(unitsRun: 0, unitCount: unitCount))) {
                try WorkStealingPool(workerCount: 4).run(unitCount: unitCount, cancellation: cancellation) { _ in
                    Issue.record("a worker was made")
                } body: { _, _ in
                    Issue.record("a unit was run")
                }
            }
        }
    }

    @Test func cancelledFromWithinAUnit() {
        let cancellation = Cancellation()
        let record = SharedRecord()
        #expect(throws: RunError<Never>.cancelled(CancelledError(unitsRun: 8, unitCount: 100))) {
            try WorkStealingPool(workerCount: 4, threads: .oneThread).run(unitCount: 100, cancellation: cancellation) { _ in
            } body: { unit, _ in
                record.append(unit)
                if unit == 7 { cancellation.cancel() }
            }
        }
        #expect(record.inOrder == Array(0...7))
    }

    /// Inside a grain of many units too, the flag is looked at before each.
    @Test func cancelledWithinAGrain() {
        let cancellation = Cancellation()
        #expect(throws: RunError<Never>.cancelled(CancelledError(unitsRun: 8, unitCount: 100))) {
            try WorkStealingPool(workerCount: 1, grainLimit: 2, threads: .oneThread).run(unitCount: 100, cancellation: cancellation) { _ in
            } body: { unit, _ in
                if unit == 7 { cancellation.cancel() }
            }
        }
    }

    /// After the flag is set each worker begins at most the one unit that it had decided on.
    @Test func cancelledWhileOthersRun() {
        for _ in 0..<20 {
            let cancellation = Cancellation()
            let begun = Atomic<Int>(0)
            let late = Atomic<Int>(0)
            let error = #expect(throws: RunError<Never>.self) {
                try WorkStealingPool(workerCount: 6, threads: .threadForEach).run(unitCount: .max, cancellation: cancellation) { _ in
                } body: { _, _ in
                    if cancellation.isCancelled { late.add(1, ordering: .relaxed) }
                    if begun.add(1, ordering: .relaxed).newValue == 200 { cancellation.cancel() }
                }
            }
            let lateCount = late.load(ordering: .relaxed)
            #expect(lateCount <= 6)
            let count = begun.load(ordering: .relaxed)
            #expect(error == .cancelled(CancelledError(unitsRun: count, unitCount: .max)))
        }
    }

    /// Cancellation wins over the error of any unit, and over a run that was complete.
    @Test func cancellationWins() {
        let cancellation = Cancellation()
        #expect(throws: RunError<Failed>.cancelled(CancelledError(unitsRun: 0, unitCount: 10))) {
            try WorkStealingPool(workerCount: 2, threads: .oneThread).run(unitCount: 10, cancellation: cancellation) { _ throws(Failed) in
            } body: { unit, _ throws(Failed) in
                cancellation.cancel()
                throw Failed(unit: unit)
            }
        }

        let atTheEnd = Cancellation()
        #expect(throws: RunError<Never>.cancelled(CancelledError(unitsRun: 10, unitCount: 10))) {
            try WorkStealingPool(workerCount: 1, threads: .oneThread).run(unitCount: 10, cancellation: atTheEnd) { _ in
            } body: { unit, _ in
                if unit == 9 { atTheEnd.cancel() }
            }
        }
    }

    @Test func aCancellationThatIsNotSetChangesNothing() throws {
        let (workers, _) = try WorkStealingPool(workerCount: 3).run(unitCount: 50, cancellation: Cancellation()) { _ in
            0
        } body: { _, count in
            count += 1
        }
        #expect(workers.reduce(0, +) == 50)
    }
}
