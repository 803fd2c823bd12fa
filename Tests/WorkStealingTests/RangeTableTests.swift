import Testing

@testable import WorkStealing

@Suite struct RangeTableTests {
    @Test func dealsOutEveryGrainOnceAndEvenly() {
        for workerCount in 1...17 {
            for grainCount: UInt32 in 0...70 {
                let table = RangeTable(grainCount: grainCount, workerCount: workerCount)
                var grains: [UInt32] = []
                var counts: [UInt32] = []
                for worker in 0..<workerCount {
                    let word = table.look(at: worker)
                    grains += word.grains
                    counts.append(word.grainCount)
                }
                #expect(grains == (0..<grainCount).map { $0 })
                #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
            }
        }
    }

    @Test func dealsOutTheMostGrainsToTheMostWorkers() {
        let workerCount = WorkStealingPool.maximumWorkerCount
        let table = RangeTable(grainCount: .max, workerCount: workerCount)
        var end: UInt32 = 0
        for worker in 0..<workerCount {
            let word = table.look(at: worker)
            #expect(word.front == end)
            end = word.back
        }
        #expect(end == .max)
    }

    @Test func replacesOnlyWhatWasSeen() {
        let table = RangeTable(grainCount: 10, workerCount: 2)
        let seen = table.look(at: 1)
        #expect(seen == RangeWord(front: 5, back: 10))
        let first = table.replace(seen, with: RangeWord(front: 6, back: 10), of: 1)
        let second = table.replace(seen, with: RangeWord(front: 5, back: 7), of: 1)
        #expect(first && !second)
        #expect(table.look(at: 1) == RangeWord(front: 6, back: 10))
        #expect(table.look(at: 0) == RangeWord(front: 0, back: 5))
        table.discard(of: 1)
        #expect(table.look(at: 1).isEmpty)
        table.publish(RangeWord(front: 7, back: 9), of: 1)
        #expect(table.look(at: 1) == RangeWord(front: 7, back: 9))
    }

    /// ABA: a thief looks, the word changes and comes back, the thief strikes. It gets what the word holds at that moment and no more.
    @Test func aWordThatCameBackIsStolenFromAsIfItHadNeverLeft() {
        let table = RangeTable(grainCount: 8, workerCount: 2)  // worker 1: 4..<8
        var thief = Claimant(worker: 0)
        table.discard(of: 0)
        while true {
            thief.step(on: table)
            if case .stealing = thief.state { break }
        }
        let seen = table.look(at: 1)
        table.discard(of: 1)
        table.publish(seen, of: 1)
        thief.step(on: table)
        #expect(thief.state == .publishing(grain: 6, rest: RangeWord(front: 7, back: 8)))
        #expect(table.look(at: 1) == RangeWord(front: 4, back: 6))
    }
}
