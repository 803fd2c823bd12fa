import Scoring

/// A figure of one's own that reads a column of one's own: rows and exact sums of losses by group.
struct GroupTotals: RowObserver, Equatable {
    private(set) var counts: [UInt64]
    private(set) var sums: [ExactSum]
    /// The number of rows that came without a group.
    private(set) var ungroupedCount: UInt64 = 0

    /// - Parameter groupCount: the number of groups, below 256.
    init(groupCount: Int) {
        counts = Array(repeating: 0, count: groupCount)
        sums = Array(repeating: ExactSum(), count: groupCount)
    }

    var tag: String { "groups" }
    var configuration: [UInt8] { [UInt8(counts.count)] }

    mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0)
        guard let column = block.companion(named: "group"), column.rowByteCount == 1, column.elementName == "u1" else {
            ungroupedCount += UInt64(block.rows.rowCount)
            return
        }
        for row in 0..<block.rows.rowCount where !losses[row].isNaN {
            let group = Int(column.bytes.load(fromByteOffset: row, as: UInt8.self))
            guard group < counts.count else {
                ungroupedCount += 1
                continue
            }
            counts[group] += 1
            sums[group].add(losses[row])
        }
    }

    mutating func merge(_ other: GroupTotals) throws(PartialError) {
        guard other.counts.count == counts.count else {
            throw PartialError(
                kind: .otherObservers, problem: "numbers of groups differ", found: "\(other.counts.count)", allowed: "\(counts.count)",
                remedy: .askForSameFigures)
        }
        // Counts that were decoded may be anything.
        ungroupedCount &+= other.ungroupedCount
        for group in counts.indices {
            counts[group] &+= other.counts[group]
            sums[group].add(other.sums[group])
        }
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: ungroupedCount)
        for (count, sum) in zip(counts, sums) {
            bytes.append(littleEndian: count)
            sum.encode(into: &bytes)
        }
    }

    mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        ungroupedCount = try reader.unsigned()
        for group in counts.indices {
            counts[group] = try reader.unsigned()
            sums[group] = try reader.exactSum()
        }
        try reader.expectEnd()
    }
}
