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
        loss = try CompactSum(&reader)
        weight = try CompactSum(&reader)
    }

    /// Returns how much larger the losses of a second model are in the same rows; nil where the two have other rows, or other weights.
    func difference(to second: GroupSums) -> GroupSums? {
        guard rowCount == second.rowCount, weight == second.weight else { return nil }
        var difference = second
        difference.loss.subtract(loss)
        return difference
    }

    /// The share of the group in the divisor of the mean.
    func divisor(isWeighted: Bool) -> Double { isWeighted ? weight.rounded : Double(rowCount) }
}

/// The tokens, bytes and words of the rows of a group, with the rows' weights: of task likelihood, where a loss is that of a text.
struct TextAmounts: Sendable, Equatable {
    private var amounts: [CompactSum] = Array(repeating: CompactSum(), count: TokenSpread.Unit.allCases.count)

    /// The amount of a unit.
    subscript(unit: Int) -> CompactSum { amounts[unit] }

    mutating func add(_ counts: TextCounts, row: Int, weight: Double) {
        for index in amounts.indices {
            if let number = counts.number(index, row: row) { amounts[index].add(number * weight) }
        }
    }

    mutating func merge(_ other: TextAmounts) {
        for index in amounts.indices { amounts[index].add(other.amounts[index]) }
    }

    init() {}

    /// Appends three exact sums, of the tokens, the bytes and the words.
    func encode(into bytes: inout [UInt8]) {
        for amount in amounts { amount.encode(into: &bytes) }
    }

    /// Takes what `encode(into:)` wrote.
    init(_ reader: inout SectionReader) throws(PartialError) {
        for index in amounts.indices { amounts[index] = try CompactSum(&reader) }
    }
}

/// The numbers of tokens, bytes and words of a block's rows.
struct TextCounts {
    private let columns: [UnsafeRawPointer?]

    init(_ block: ScoredBlock) {
        columns = TokenSpread.Unit.allCases.map { unit in
            guard let column = block.companion(named: unit.column), column.rowByteCount == 8 else { return nil }
            return column.bytes
        }
    }

    /// Returns a number of a row; nil where it is not known.
    func number(_ unit: Int, row: Int) -> Double? {
        guard let count = columns[unit]?.loadUnaligned(fromByteOffset: 8 * row, as: UInt64.self), count != .max else { return nil }
        return Double(count)
    }
}
