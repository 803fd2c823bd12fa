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

    /// The share of the group in the divisor of the mean.
    func divisor(isWeighted: Bool) -> Double { isWeighted ? weight.rounded : Double(rowCount) }
}
