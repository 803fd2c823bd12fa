import Foundation

/// The figures of a generated dump by the textbook's formulas, in Float64 and in the order of the rows.
struct PlainFigures {
    let losses: [Double]
    let mean: Double
    let groupCounts: [UInt64]
    let groupSums: [Double]

    /// The relative difference that means and sums may have from ours. Adding up N positive numbers one by one errs by at most N · 2⁻⁵³,
    /// less than 3e-11 for the 250,000 rows of the largest dump, and each loss by a few units in its last place.
    static let tolerance = 5e-11

    init(_ dump: GeneratedDump) {
        var losses: [Double] = []
        var groupCounts = [UInt64](repeating: 0, count: GeneratedDump.groupCount)
        var groupSums = [Double](repeating: 0, count: GeneratedDump.groupCount)
        var sum = 0.0
        for row in 0..<dump.rowCount {
            var largest = -Double.infinity
            for index in 0..<dump.classCount { largest = max(largest, Double(dump.logit(row, index))) }
            var exponentials = 0.0
            for index in 0..<dump.classCount { exponentials += exp(Double(dump.logit(row, index)) - largest) }
            let loss = log(exponentials) + largest - Double(dump.logit(row, Int(dump.label(row))))
            losses.append(loss)
            sum += loss
            groupCounts[Int(dump.group(row))] += 1
            groupSums[Int(dump.group(row))] += loss
        }
        self.losses = losses
        self.groupCounts = groupCounts
        self.groupSums = groupSums
        mean = sum / Double(dump.rowCount)
    }

    /// Whether two figures differ by no more than the tolerance.
    static func agree(_ ours: Double, _ plain: Double) -> Bool { abs(ours - plain) <= tolerance * abs(plain) }
}
