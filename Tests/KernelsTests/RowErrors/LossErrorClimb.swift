import Oracle
import Scoring
import SeededRandom

/// A search for rows of any loss whose error is large: rows of the accuracy page's samples, changed at random as long as that makes it larger.
struct LossErrorClimb {
    let loss: AccuracyLoss
    let element: StoredElement
    let classCount: Int

    /// The losses beyond those of the accuracy page: one of each modifier that changes how a row is computed.
    static let losses: [AccuracyLoss] = AccuracyLoss.all.filter { $0.task != .multiclass || $0.input != .logits }
        .filter { $0.promised > 0 } + AccuracyLoss.modified

    private static let candidateCount = 16
    private static let patience = 4

    struct Result: Sendable {
        var row: AccuracySample.Row
        /// In ULP.
        var error: Double
        var rowCount: Int
    }

    func run(number: Int, _ random: inout SplitMix64, _ findings: inout Findings) throws -> Result {
        let kind: AccuracySample.Kind = random.next() & 1 == 0 ? .dense : .adversarial
        let sample = AccuracySample(loss: loss, element: element, classCount: classCount, kind: kind, number: number)
        let starts = sample.rows()
        var best = Result(row: starts[Int.random(in: starts.indices, using: &random)], error: 0, rowCount: 0)
        var idle = 0
        while idle < Self.patience {
            let candidates = (0..<Self.candidateCount).map { $0 == 0 ? best.row : changed(best.row, &random) }
            idle += 1
            best.rowCount += candidates.count
            for (row, value) in zip(candidates, try sample.score(candidates, KernelUnderTest.available[0])) {
                let error = loss.error(of: value, row)
                if error > best.error { (best.row, best.error, idle) = (row, error, 0) }
            }
        }
        let value = try sample.score([best.row], KernelUnderTest.available[0])[0]
        for kernel in KernelUnderTest.available {
            let other = try sample.score([best.row], kernel)[0]
            findings.check(sameBits(other, value), "\(loss.name), \(kernel.instructionSet): \(best.row)")
        }
        return best
    }

    private func changed(_ row: AccuracySample.Row, _ random: inout SplitMix64) -> AccuracySample.Row {
        var row = row
        for _ in 0...Int(random.next() & 1) {
            let j = Int.random(in: row.values.indices, using: &random)
            let x = row.values[j]
            // Wrapping: a few steps down or up from an encoding.
            let moved = element.value(of: element.bits(of: x) &+ UInt64(bitPattern: Int64.random(in: -3...3, using: &random)))
            let scaled = element.stored(x * (1 + random.nextNormal() * random.pick([1e-9, 1e-4, 0.03, 0.5])))
            let value = random.next() & 3 == 0 ? moved : scaled
            if isScored(value) { row.values[j] = value }
        }
        // Labels that are numbers between 0 and 1 as well.
        if loss.hasSoftLabels || loss.task == .soft || loss.task == .multilabel, random.next() & 1 == 0 {
            let j = Int.random(in: row.labels.indices, using: &random)
            let label = row.labels[j] * (1 + random.nextNormal() * random.pick([1e-12, 1e-3, 0.3]))
            if label >= 0, label <= 1 { row.labels[j] = label }
        }
        return row
    }

    private func isScored(_ x: Double) -> Bool {
        switch loss.input {
        case .logits: x.magnitude < 1e4
        case .probabilities: x > 0 && x < 1
        case .logProbabilities: x < 0 && x > -1e4
        }
    }
}
