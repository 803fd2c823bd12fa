import SeededRandom

@testable import Oracle

/// A search for multiclass rows from logits whose loss has a large error, by the steps that made it larger.
///
/// The sum S of the other classes' exp(x_j − x_y) is steered to just above a power of two, where the loss log(1 + S) lies just below it and an
/// error of the sum counts double in ULP of the loss. From there rows are changed at random, many at a time, and the worst of them goes on.
struct RowErrorClimb {
    let element: StoredElement
    let classCount: Int

    struct Row: Sendable {
        var values: [Double]
        var label: Int
    }

    struct Result: Sendable {
        var row: Row
        /// In ULP.
        var error: Double
        /// How many rows were judged.
        var rowCount: Int
    }

    /// The rows that are judged in one step: a batch of the kernel.
    private static let candidateCount = 64
    /// A climb ends after so many steps without a larger error.
    private static let patience = 8

    /// Climbs once from a random row. The error is that of the first kernel; others give the same bits (`findings`).
    func run(_ random: inout SplitMix64, _ findings: inout Findings) -> Result {
        var target = randomTarget(&random)
        var best = Result(row: start(target, &random), error: 0, rowCount: 0)
        var idle = 0
        while idle < Self.patience {
            let candidates = (0..<Self.candidateCount).map { index in
                index == 0 ? best.row : changed(best.row, &target, &random)
            }
            let losses = losses(candidates, &findings)
            best.rowCount += candidates.count
            idle += 1
            for (row, loss) in zip(candidates, losses) {
                let error = Self.error(of: loss, row)
                if error > best.error { (best.row, best.error, idle) = (row, error, 0) }
            }
        }
        // What was found by 102 bits is told by 200.
        let loss = losses([best.row], &findings)[0]
        best.error = TrueLoss.softmax(best.row.values, label: Int32(best.row.label)).error(of: loss)
        return best
    }

    private func losses(_ rows: [Row], _ findings: inout Findings) -> [Double] {
        var stored = StoredRows(element, classCount: classCount)
        for row in rows { stored.append(row.values, label: Int32(row.label)) }
        let kernels = KernelUnderTest.available.filter { !$0.isEmulated }
        let expected = stored.run(kernels[0].softmax)
        // The other kernels now and then: emulated ones are slow, and all are compared in `SoftmaxRowTests`.
        if rows.count == 1 {
            for kernel in KernelUnderTest.available {
                findings.check(stored.run(kernel.softmax).hasSameBits(as: expected), "\(kernel.instructionSet): \(rows[0])")
            }
        }
        return expected.losses
    }

    // MARK: Rows

    /// A sum of the others: a power of two up to 1, and up to a little more than where log(1 + S) reaches it.
    private func randomTarget(_ random: inout SplitMix64) -> Double {
        let power = Double(sign: .plus, exponent: -Int.random(in: 0...14, using: &random), significand: 1)
        return power * (1 + power * random.nextUniform(in: 0...0.6))
    }

    private func start(_ target: Double, _ random: inout SplitMix64) -> Row {
        let label = Int.random(in: 0..<classCount, using: &random)
        let spread = random.pick([1, 4, 16])
        // How uneven the others are: all alike up to one that outweighs the rest.
        let unevenness = random.pick([0, 0.3, 1, 3])
        let exponents = (0..<classCount).map { _ in random.nextNormal() * unevenness }
        var sum = 0.0
        for j in exponents.indices where j != label { sum += systemExp(exponents[j]) }
        let ofLabel = element.stored(random.nextNormal() * spread)
        var row = Row(values: exponents.map { element.stored(ofLabel + $0 + systemLog(target / sum)) }, label: label)
        row.values[label] = ofLabel
        for j in row.values.indices where j != label { row.values[j] = min(row.values[j], ofLabel) }
        for _ in 0..<3 { refit(&row, target, &random) }
        return row
    }

    /// Sets one entry so that the sum is the target, as near as the stored type can.
    private func refit(_ row: inout Row, _ target: Double, _ random: inout SplitMix64) {
        let j = otherThanLabel(row, &random)
        let ofLabel = row.values[row.label]
        var others = 0.0
        for k in row.values.indices where k != row.label && k != j { others += systemExp(row.values[k] - ofLabel) }
        guard target > others else { return }
        row.values[j] = min(element.stored(ofLabel + systemLog(target - others)), ofLabel)
    }

    private func changed(_ row: Row, _ target: inout Double, _ random: inout SplitMix64) -> Row {
        var row = row
        switch random.next() % 8 {
        case 0:
            // All of them elsewhere, where the remainders are others.
            let shift = random.nextNormal() * random.pick([0.01, 0.3, 4])
            for j in row.values.indices { row.values[j] = element.stored(row.values[j] + shift) }
            refit(&row, target, &random)
        case 1:
            target = randomTarget(&random)
            refit(&row, target, &random)
        case 2, 3:
            nudge(&row, &random)
        case 4, 5:
            nudge(&row, &random)
            nudge(&row, &random)
        default:
            let j = otherThanLabel(row, &random)
            row.values[j] = min(element.stored(row.values[j] + random.nextNormal() * random.pick([1e-6, 1e-3, 0.1, 1])), row.values[row.label])
            refit(&row, target, &random)
        }
        return row
    }

    /// Moves an entry by a few of the stored type's steps, or by a small part of itself.
    private func nudge(_ row: inout Row, _ random: inout SplitMix64) {
        let j = otherThanLabel(row, &random)
        let bits = element.bits(of: row.values[j])
        // Wrapping: a few steps down or up from an encoding.
        let moved = element.value(of: bits &+ UInt64(bitPattern: Int64.random(in: -4...4, using: &random)))
        let value = random.next() & 1 == 0 ? moved : element.stored(row.values[j] * (1 + random.nextNormal() * random.pick([1e-12, 1e-8, 1e-4])))
        if value.isFinite, value.magnitude < 900, value <= row.values[row.label] { row.values[j] = value }
    }

    private func otherThanLabel(_ row: Row, _ random: inout SplitMix64) -> Int {
        let j = Int.random(in: 0..<(classCount - 1), using: &random)
        return j < row.label ? j : j + 1
    }

    // MARK: The truth

    /// The error of a loss in ULP of the true one, by 102 bits: (1 + S) exp(−loss) = exp(true − loss). 0 for a row that is none to be steered by:
    /// one with an entry above the label's, or with a sum above 4 or below 2^-24.
    static func error(of loss: Double, _ row: Row) -> Double {
        let ofLabel = row.values[row.label]
        var sum = DoubleDouble(high: 0, low: 0)
        for (j, value) in row.values.enumerated() where j != row.label {
            let distance = DoubleDouble(sumOf: value, -ofLabel)
            guard distance.high <= 0 else { return 0 }
            if distance.high >= DoubleDouble.lowestExponent { sum = sum + DoubleDouble.exp(distance) }
        }
        guard sum.high > 0x1p-24, sum.high < 4, loss > 0, loss < 4 else { return 0 }
        let ratio = (sum + 1) * DoubleDouble.exp(DoubleDouble(high: -loss, low: 0))
        let difference = (ratio.high - 1) + ratio.low
        let power = loss.binade
        // The truth may lie beyond a power of two that the loss did not reach.
        let isBelow = difference < 0 && loss - power < -difference
        let isAbove = difference > 0 && 2 * power - loss <= difference
        return difference.magnitude / (power.ulp * (isBelow ? 0.5 : isAbove ? 2 : 1))
    }
}
