import Oracle
import Scoring
import SeededRandom
import WorkStealing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

func systemExp(_ x: Double) -> Double { exp(x) }
func systemLog(_ x: Double) -> Double { log(x) }

/// Many climbs, on all cores, and the worst row of each loss and stored type.
struct RowErrorSearch {
    static let classCounts = [2, 3, 4, 5, 6, 8, 10, 13, 16, 24, 25, 31, 32, 33, 50, 64, 100, 256, 1000]
    static let otherClassCounts = [1, 2, 3, 8, 17, 40]

    struct Cell: Hashable, Sendable {
        let loss: AccuracyLoss
        let element: StoredElement
    }

    struct Worst: Sendable {
        var error = 0.0
        var rowCount = 0
        var text = "none"

        mutating func add(_ error: Double, rowCount: Int, _ text: @autoclosure () -> String) {
            self.rowCount += rowCount
            if !(error <= self.error) { (self.error, self.text) = (error, text()) }
        }

        mutating func merge(_ other: Worst) {
            rowCount += other.rowCount
            if !(other.error <= error) { (error, text) = (other.error, other.text) }
        }
    }

    private(set) var worst: [Cell: Worst] = [:]
    private(set) var findings = Findings()

    private struct Worker {
        var worst: [Cell: Worst] = [:]
        var findings = Findings()
    }

    /// A climb: which loss, stored type, number of classes, and the seed.
    struct Climb: Sendable {
        let cell: Cell
        let classCount: Int
        let seed: UInt64

        func run(_ findings: inout Findings) throws -> (error: Double, rowCount: Int, text: String) {
            var random = SplitMix64(seed: seed)
            func text(_ values: [Double], _ labels: [Double]) -> String {
                "C = \(classCount), seed \(seed), labels \(labels.prefix(8)), values \(values.prefix(8).map(hex).joined(separator: " "))"
            }
            if cell.loss == .multiclassLogits {
                let result = RowErrorClimb(element: cell.element, classCount: classCount).run(&random, &findings)
                return (result.error, result.rowCount, text(result.row.values, [Double(result.row.label)]))
            }
            let climb = LossErrorClimb(loss: cell.loss, element: cell.element, classCount: classCount)
            let result = try climb.run(number: Int(seed % 4096), &random, &findings)
            return (result.error, result.rowCount, text(result.row.values, result.row.labels))
        }
    }

    /// One climb of each loss, stored type and number of classes; those of softmax alone where `includesAll` is not set.
    static func climbs(seed: UInt64, includesAll: Bool) -> [Climb] {
        var climbs: [Climb] = []
        for element in StoredElement.allCases {
            for classCount in classCounts {
                climbs.append(Climb(cell: Cell(loss: .multiclassLogits, element: element), classCount: classCount, seed: seed))
            }
            if !includesAll { continue }
            for loss in LossErrorClimb.losses {
                for classCount in loss.task.isSingleValued ? [1] : otherClassCounts {
                    climbs.append(Climb(cell: Cell(loss: loss, element: element), classCount: classCount, seed: seed))
                }
            }
        }
        return climbs
    }

    /// Rounds of climbs with the seeds `firstSeed`, `firstSeed` + 1, … until `seconds` have passed.
    init(seconds: Double, firstSeed: UInt64) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        var seed = firstSeed
        while ContinuousClock.now < end {
            // A round of the other losses takes several times as long as one of softmax.
            var climbs: [Climb] = []
            for part in UInt64(0)..<8 { climbs += Self.climbs(seed: seed &* 8 &+ part, includesAll: part == 0) }
            try run(climbs, until: end)
            seed += 1
        }
    }

    /// These climbs, all of them.
    init(_ climbs: [Climb]) throws { try run(climbs, until: nil) }

    private mutating func run(_ climbs: [Climb], until end: ContinuousClock.Instant?) throws {
        let (workers, _) = try WorkStealingPool(workerCount: 64).run(unitCount: climbs.count) { _ in
            Worker()
        } body: { unit, worker in
            if let end, ContinuousClock.now >= end { return }
            let result = try climbs[unit].run(&worker.findings)
            worker.worst[climbs[unit].cell, default: Worst()].add(result.error, rowCount: result.rowCount, result.text)
        }
        for worker in workers {
            findings.merge(worker.findings)
            for (cell, found) in worker.worst { worst[cell, default: Worst()].merge(found) }
        }
    }

    /// A line for each loss and stored type.
    var lines: [String] {
        ([.multiclassLogits] + LossErrorClimb.losses).flatMap { loss in
            StoredElement.allCases.compactMap { element in
                worst[Cell(loss: loss, element: element)].map { found in
                    let error = AccuracyFigures(maximum: found.error).maximumText
                    return "\(loss.name), \(element.name): \(error) ULP of \(loss.promised) promised, in \(grouped(found.rowCount)) rows; \(found.text)"
                }
            }
        }
    }

    /// What is above its promise.
    var brokenPromises: [String] {
        worst.filter { !($0.value.error <= $0.key.loss.promised) }
            .map { "\($0.key.loss.name), \($0.key.element.name): \($0.value.error) ULP, \($0.value.text)" }.sorted()
    }
}
