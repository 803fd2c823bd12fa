import SeededRandom
import Synchronization
import Testing

@testable import WorkStealing

/// Many rounds with seeded random shapes and durations. To be run under the thread sanitizer as well:
/// `swift test --no-parallel --sanitize=thread --filter WorkStealingStress`.
@Suite struct WorkStealingStress {
    static let seeds: [UInt64] = [1, 0x5EED, 20_260_101]

    /// Some units take no time, some a little, some give way in the middle of it.
    static func spend(_ random: UInt64) {
        switch random % 16 {
        case 0: pause(microseconds: UInt32(truncatingIfNeeded: random >> 8) % 50)
        case 1...4: giveWay()
        case 5...8:
            let spin = Atomic<UInt64>(random >> 32 % 500)
            while spin.load(ordering: .relaxed) > 0 { spin.subtract(1, ordering: .relaxed) }
        default: break
        }
    }

    /// The same for the same seed, round and unit, on whatever thread.
    static func random(_ seed: UInt64, _ round: Int, _ unit: Int) -> UInt64 {
        var generator = SplitMix64(seed: seed ^ UInt64(round) << 40 ^ UInt64(unit))
        return generator.next()
    }

    @Test(arguments: seeds) func eachUnitExactlyOnce(seed: UInt64) throws {
        print("stress seed \(seed)")
        var generator = SplitMix64(seed: seed)
        var steals = 0
        for round in 0..<120 {
            let unitCount = Int.random(in: 0...300, using: &generator)
            let workerCount = Int.random(in: 1...12, using: &generator)
            let grainLimit: UInt32 = Bool.random(using: &generator) ? .max : UInt32.random(in: 1...40, using: &generator)
            let threads: ThreadSource = round % 4 == 0 ? .system : .threadForEach
            let pool = WorkStealingPool(workerCount: workerCount, grainLimit: grainLimit, threads: threads)
            let (workers, statistics) = try pool.run(unitCount: unitCount) { index in
                RunRecord(workerIndex: index)
            } body: { unit, worker in
                worker.units.append(unit)
                Self.spend(Self.random(seed, round, unit))
            }
            #expect(workers.flatMap(\.units).sorted() == Array(0..<unitCount), "seed \(seed), round \(round)")
            #expect(statistics.unitsRun == unitCount)
            steals += statistics.steals
        }
        #expect(steals > 0)
    }

    /// Nothing but claiming: the shortest time between two atomic accesses.
    @Test(arguments: seeds) func unitsThatTakeNoTime(seed: UInt64) throws {
        print("stress seed \(seed)")
        var generator = SplitMix64(seed: seed)
        for round in 0..<8 {
            let unitCount = Int.random(in: 5000...10000, using: &generator)
            let (workers, _) = try WorkStealingPool(workerCount: 8, threads: .threadForEach).run(unitCount: unitCount) { index in
                RunRecord(workerIndex: index)
            } body: { unit, worker in
                worker.units.append(unit)
            }
            #expect(workers.flatMap(\.units).sorted() == Array(0..<unitCount), "seed \(seed), round \(round)")
        }
    }

    @Test(arguments: seeds) func theLowestFailingUnitWins(seed: UInt64) {
        print("stress seed \(seed)")
        var generator = SplitMix64(seed: seed)
        for round in 0..<80 {
            let unitCount = Int.random(in: 1...200, using: &generator)
            let workerCount = Int.random(in: 1...10, using: &generator)
            let failing = Set((0..<Int.random(in: 1...6, using: &generator)).map { _ in Int.random(in: 0..<unitCount, using: &generator) })
            guard let lowest = failing.min() else { continue }
            let threads: ThreadSource = round % 4 == 0 ? .system : .threadForEach
            let record = SharedRecord()
            #expect(throws: RunError.unit(UnitError(unit: lowest, underlying: Failed(unit: lowest))), "seed \(seed), round \(round)") {
                try WorkStealingPool(workerCount: workerCount, threads: threads).run(unitCount: unitCount) { _ throws(Failed) in
                } body: { unit, _ throws(Failed) in
                    record.append(unit)
                    Self.spend(Self.random(seed, round, unit))
                    if failing.contains(unit) { throw Failed(unit: unit) }
                }
            }
            let begun = record.sorted
            #expect(Array(begun.prefix(lowest + 1)) == Array(0...lowest), "seed \(seed), round \(round)")
            #expect(Set(begun).count == begun.count, "seed \(seed), round \(round)")
        }
    }

    /// Cancelled at a random unit: no unit twice, and each that was begun is finished and counted.
    @Test(arguments: seeds) func cancellationAtRandom(seed: UInt64) {
        print("stress seed \(seed)")
        var generator = SplitMix64(seed: seed)
        for round in 0..<60 {
            let unitCount = Int.random(in: 1...200, using: &generator)
            let workerCount = Int.random(in: 1...10, using: &generator)
            let fatal = Int.random(in: 0..<unitCount, using: &generator)
            let cancellation = Cancellation()
            let record = SharedRecord()
            let error = #expect(throws: RunError<Never>.self) {
                try WorkStealingPool(workerCount: workerCount, threads: .threadForEach).run(
                    unitCount: unitCount, cancellation: cancellation
                ) { _ in
                } body: { unit, _ in
                    Self.spend(Self.random(seed, round, unit))
                    if unit == fatal { cancellation.cancel() }
                    record.append(unit)
                }
            }
            let begun = record.sorted
            #expect(error == .cancelled(CancelledError(unitsRun: begun.count, unitCount: unitCount)), "seed \(seed), round \(round)")
            #expect(begun.contains(fatal) && Set(begun).count == begun.count, "seed \(seed), round \(round)")
        }
    }
}
