import Testing
import WorkStealing

/// The examples of the docstrings, as they are written there.
@Suite struct DocumentationExampleTests {
    @Test func workStealingPool() throws {
        let pool = WorkStealingPool(workerCount: 4)
        let sums = try pool.run(unitCount: 1000, makeWorker: { _ in 0 }, body: { unit, sum in sum += unit }).workers
        let total = sums.reduce(0, +)  // 499,500
        #expect(total == 499_500)
    }

    @Test func orderedPool() throws {
        let pool = OrderedPool(workerCount: 4, itemLimit: 8)
        let lines = try pool.run(
            source: 0..<100, sequencer: [String](), makeItem: { 0 }, makeWorker: { _ in () },
            take: { numbers, item in
                guard let next = numbers.popFirst() else { return false }
                item = next
                return true
            },
            prepare: { item, _ in item *= item },
            admit: { lines, item, _ in lines.append("\(item)"); return false },
            finish: { _, _ in }
        ).sequencer
        #expect(lines == (0..<100).map { "\($0 * $0)" })
    }
}
