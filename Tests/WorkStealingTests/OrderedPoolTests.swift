import SeededRandom
import Synchronization
import Testing

@testable import WorkStealing

/// An item of these tests: a class, as buffers are.
final class TestItem {
    var number = 0
    var square = 0
}

@Suite struct OrderedPoolTests {
    private static let sources: [ThreadSource] = [.system, .threadForEach, .oneThread, .oneThreadBackwards]

    /// Squares of `0..<itemCount`, admitted in order and finished by anybody.
    @discardableResult
    private func squares(
        _ pool: OrderedPool, itemCount: Int, cancellation: Cancellation? = nil, pausing: Bool = false
    ) throws -> (admitted: [Int], finished: [Int], itemsMade: Int, workers: [RunRecord]) {
        let itemsMade = Atomic<Int>(0)
        let result: OrderedPool.Result<Range<Int>, [Int], RunRecord> = try pool.run(
            source: 0..<itemCount, sequencer: [Int](), cancellation: cancellation,
            makeItem: { () -> TestItem in
                itemsMade.add(1, ordering: .relaxed)
                return TestItem()
            },
            makeWorker: { index in RunRecord(workerIndex: index) },
            take: { numbers, item in
                guard let next = numbers.popFirst() else { return false }
                item.number = next
                return true
            },
            prepare: { item, _ in
                if pausing { pause(microseconds: UInt32((item.number * 7919) % 300)) }
                item.square = item.number * item.number
            },
            admit: { admitted, item, index in
                #expect(index == item.number)
                admitted.append(item.square)
                return item.number % 3 != 2
            },
            finish: { (item: inout TestItem, worker: inout RunRecord) in worker.units.append(item.number) })
        return (result.sequencer, result.workers.flatMap(\.units).sorted(), itemsMade.load(ordering: .relaxed), result.workers)
    }

    @Test func everyItemOnceAndInOrder() throws {
        for threads in Self.sources {
            for workerCount in [1, 2, 3, 8] {
                for itemLimit in [1, 2, 5, 16] {
                    for itemCount in [0, 1, 2, 7, 100] {
                        let pool = OrderedPool(workerCount: workerCount, itemLimit: itemLimit, threads: threads)
                        let result = try squares(pool, itemCount: itemCount)
                        #expect(result.admitted == (0..<itemCount).map { $0 * $0 })
                        #expect(result.finished == (0..<itemCount).filter { $0 % 3 != 2 })
                        // One more may be made for the end.
                        #expect(result.itemsMade <= min(itemLimit, itemCount + 1))
                    }
                }
            }
        }
    }

    @Test func itemsThatTakeDifferentTimesKeepTheirOrder() throws {
        let pool = OrderedPool(workerCount: 6, itemLimit: 12, threads: .threadForEach)
        let result = try squares(pool, itemCount: 300, pausing: true)
        #expect(result.admitted == (0..<300).map { $0 * $0 })
        #expect(result.workers.count > 1)
    }

    /// Whatever step fails, the error is that of the lowest item, and all below it are finished.
    @Test func theLowestFailureWins() {
        for threads in Self.sources {
            for step in 0..<4 {
                for lowest in [0, 1, 17] {
                    let record = SharedRecord()
                    @Sendable func check(_ number: Int, _ at: Int) throws(Failed) {
                        if at == step, number == lowest { throw Failed(unit: number) }
                        // Others above it fail as well, in another step.
                        if number > lowest, number % 5 == 0, at == (step + 1) % 4 { throw Failed(unit: number) }
                    }
                    #expect(throws: RunError.unit(UnitError(unit: lowest, underlying: Failed(unit: lowest)))) {
                        _ = try OrderedPool(workerCount: 4, itemLimit: 8, threads: threads).run(
                            source: 0..<60, sequencer: (), makeItem: { TestItem() }, makeWorker: { _ throws(Failed) in () },
                            take: { numbers, item throws(Failed) in
                                guard let next = numbers.popFirst() else { return false }
                                item.number = next
                                try check(next, 0)
                                return true
                            },
                            prepare: { item, _ throws(Failed) in try check(item.number, 1) },
                            admit: { _, item, _ throws(Failed) in
                                try check(item.number, 2)
                                return true
                            },
                            finish: { item, _ throws(Failed) in
                                try check(item.number, 3)
                                record.append(item.number)
                            })
                    }
                    #expect(record.sorted.filter { $0 < lowest } == Array(0..<lowest))
                }
            }
        }
    }

    @Test func aWorkerThatCannotBeMadeIsTheErrorOfItsItem() {
        #expect(throws: RunError.unit(UnitError(unit: 0, underlying: Failed(unit: -1)))) {
            _ = try OrderedPool(workerCount: 3, itemLimit: 4, threads: .threadForEach).run(
                source: 0..<5, sequencer: (), makeItem: { TestItem() }, makeWorker: { _ throws(Failed) -> Int in throw Failed(unit: -1) },
                take: { numbers, _ throws(Failed) in numbers.popFirst() != nil }, prepare: { _, _ throws(Failed) in },
                admit: { _, _, _ throws(Failed) in false }, finish: { _, _ throws(Failed) in })
        }
    }

    /// Workers that sleep are woken by a cancellation that another one sees.
    @Test func cancellationEndsARunWithSleepers() {
        for threads in Self.sources {
            let cancellation = Cancellation()
            let taken = SharedRecord()
            let error = #expect(throws: RunError<Never>.self) {
                _ = try OrderedPool(workerCount: 5, itemLimit: 10, threads: threads).run(
                    source: 0, sequencer: (), cancellation: cancellation, makeItem: { TestItem() }, makeWorker: { _ in () },
                    take: { (count: inout Int, _) in
                        count += 1
                        taken.append(count)
                        if count == 20 {
                            pause(microseconds: 2000)
                            cancellation.cancel()
                        }
                        return true
                    },
                    prepare: { _, _ in }, admit: { _, _, _ in true }, finish: { _, _ in })
            }
            guard case .cancelled = error else {
                Issue.record("it was not cancelled: \(String(describing: error))")
                continue
            }
            #expect(taken.sorted.last == 20)
        }
    }

    @Test func limitsAreClamped() throws {
        #expect(OrderedPool(workerCount: 0, itemLimit: -3).workerCount == 1)
        #expect(OrderedPool(workerCount: 0, itemLimit: -3).itemLimit == 1)
        #expect(OrderedPool(workerCount: .max, itemLimit: 1).workerCount == WorkStealingPool.maximumWorkerCount)
        #expect(OrderedPool(workerCount: .max, itemsPerWorker: .max).itemLimit == 1000 * WorkStealingPool.maximumWorkerCount)
        #expect(OrderedPool(workerCount: 3, itemsPerWorker: 2).itemLimit == 6)
        try squares(OrderedPool(workerCount: .max, itemLimit: 3), itemCount: 50)
    }
}

/// Many rounds with seeded random shapes and durations; also run under the thread sanitizer.
@Suite struct OrderedPoolStress {
    /// A reader that waits costs the others no time: they sleep. Here, since other tests would use processor time of this process.
    @Test func workersThatWaitUseNoProcessorTime() throws {
        let start = processorSeconds()
        let result = try OrderedPool(workerCount: 4, itemLimit: 8, threads: .threadForEach).run(
            source: 0, sequencer: 0, makeItem: { TestItem() }, makeWorker: { _ in () },
            take: { (count: inout Int, _) in
                count += 1
                pause(microseconds: 150_000)
                return count <= 4
            },
            prepare: { _, _ in }, admit: { (count: inout Int, _, _) in count += 1; return true }, finish: { _, _ in })
        #expect(result.sequencer == 4)
        // 0.75 s pass; one worker that looked again and again would use all of it.
        #expect(processorSeconds() - start < 0.3)
    }

    @Test(arguments: WorkStealingStress.seeds) func everyItemOnceAndInOrder(seed: UInt64) throws {
        print("stress seed \(seed)")
        var generator = SplitMix64(seed: seed)
        for round in 0..<150 {
            let itemCount = Int.random(in: 0...200, using: &generator)
            let workerCount = Int.random(in: 1...10, using: &generator)
            let itemLimit = Int.random(in: 1...24, using: &generator)
            let failing = round % 3 == 0 ? Int.random(in: 0...200, using: &generator) : .max
            let failingStep = UInt64.random(in: 0..<4, using: &generator)
            let pool = OrderedPool(workerCount: workerCount, itemLimit: itemLimit, threads: round % 4 == 0 ? .system : .threadForEach)
            let finished = SharedRecord()
            @Sendable func step(_ number: Int, _ step: UInt64) throws(Failed) {
                WorkStealingStress.spend(WorkStealingStress.random(seed, round, number * 4 + Int(step)))
                if number == failing, step == failingStep { throw Failed(unit: number) }
            }
            do throws(RunError<Failed>) {
                let result = try pool.run(
                    source: 0..<itemCount, sequencer: [Int](), makeItem: { TestItem() },
                    makeWorker: { index throws(Failed) in RunRecord(workerIndex: index) },
                    take: { numbers, item throws(Failed) in
                        guard let next = numbers.popFirst() else { return false }
                        item.number = next
                        try step(next, 0)
                        return true
                    },
                    prepare: { item, _ throws(Failed) in
                        item.square = item.number * item.number
                        try step(item.number, 1)
                    },
                    admit: { admitted, item, _ throws(Failed) in
                        try step(item.number, 2)
                        admitted.append(item.square)
                        return true
                    },
                    finish: { item, worker throws(Failed) in
                        try step(item.number, 3)
                        worker.units.append(item.number)
                        finished.append(item.number)
                    })
                #expect(failing >= itemCount, "seed \(seed), round \(round)")
                #expect(result.sequencer == (0..<itemCount).map { $0 * $0 }, "seed \(seed), round \(round)")
                #expect(result.workers.flatMap(\.units).sorted() == Array(0..<itemCount), "seed \(seed), round \(round)")
            } catch {
                #expect(error == .unit(UnitError(unit: failing, underlying: Failed(unit: failing))), "seed \(seed), round \(round)")
                #expect(finished.sorted.filter { $0 < failing } == Array(0..<failing), "seed \(seed), round \(round)")
            }
        }
    }
}
