internal import Scoring

/// The sums of the losses of a group of rows, from which the uncertainty of a mean follows. About 180 bytes.
struct GroupSums: Sendable, Equatable {
    /// The number of rows.
    var rowCount: UInt64 = 0
    /// Σ loss, with the rows' weights where they have some.
    var loss = CompactSum()
    /// Σ weight of the rows' losses; zero where rows have no weights.
    var weight = CompactSum()

    mutating func merge(_ other: GroupSums) {
        rowCount.addSaturating(other.rowCount)
        loss.add(other.loss)
        weight.add(other.weight)
    }

    /// Appends a varint, the number of rows, and two exact sums.
    func encode(into bytes: inout [UInt8]) {
        bytes.append(varint: rowCount)
        loss.encode(into: &bytes)
        weight.encode(into: &bytes)
    }

    init() {}

    /// Takes what `encode(into:)` wrote.
    init(_ reader: inout SectionReader) throws(PartialError) {
        rowCount = try reader.varint()
        loss = CompactSum(try reader.exactSum())
        weight = CompactSum(try reader.exactSum())
    }

    /// Returns how much larger the losses of a second model are in the same rows; nil where the two have other rows, or other weights.
    func difference(to second: GroupSums) -> GroupSums? {
        guard rowCount == second.rowCount, weight == second.weight else { return nil }
        var losses = second.loss.exact
        losses.subtract(loss.exact)
        var difference = self
        difference.loss = CompactSum(losses)
        return difference
    }

    /// The share of the group in the divisor of the mean.
    func divisor(isWeighted: Bool) -> Double { isWeighted ? weight.rounded : Double(rowCount) }
}
