public import Scoring

/// The sums of 1,024 groups of rows, to which the numbers of the rows assign them at random.
///
/// The group of a row is the first ten bits of `RowHash` of its number in the dump. Rows of one number are in one group whatever the model, so the
/// groups of two evaluations of the same rows pair up. Rows without a loss in the first dialect are left out. The state depends on the set
/// of rows alone.
public struct RowGroups: RowObserver, Equatable, GroupedRows {
    static let tag = "row-groups"
    /// The number of groups.
    public static let groupCount = 1024

    /// The sums of each group but for what `recentRows` holds.
    private var earlierRows = [GroupSums](repeating: GroupSums(), count: Self.groupCount)
    /// The numbers of the last rows of each group, and the sums of their losses.
    private var recentRows = [RecentRows](repeating: RecentRows(), count: Self.groupCount)
    private let hasWeights: Bool
    /// The tokens, bytes and words of each group; empty for other tasks than likelihood.
    private var amountsOfGroup: [TextAmounts]

    /// The groups of no rows.
    public init(_ specification: LossSpecification) {
        hasWeights = specification.hasWeights
        amountsOfGroup = specification.task == .likelihood ? Array(repeating: TextAmounts(), count: Self.groupCount) : []
    }

    /// "row-groups".
    public var tag: String { Self.tag }

    /// The number of the last rows of a group, and the sum of their losses in units of 2^-40 and of 2^-92.
    ///
    /// The sums of a group are 176 bytes, and those of all groups do not stay in the caches next to the processor while a block of predictions passes.
    /// These are 24.
    private struct RecentRows {
        /// Each number is below 2^52 units, and with the other that is taken off below 2^53: 2^10 of them fit.
        static let limit: UInt64 = 1 << 10

        var coarse: Int64 = 0, fine: Int64 = 0
        var rowCount: UInt64 = 0

        /// Moves the rows to a group's sums.
        mutating func move(to group: inout GroupSums) {
            group.rowCount.addSaturating(rowCount)
            group.loss.add(coarse: coarse, fine: fine)
            self = RecentRows()
        }
    }

    /// The sums of each group.
    var groups: [GroupSums] {
        var groups = earlierRows, recent = recentRows
        for index in groups.indices where recent[index].rowCount > 0 { recent[index].move(to: &groups[index]) }
        return groups
    }

    /// Adds the rows of a block to their groups. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0)
        let divisors = hasWeights ? block.rowDivisors(ofDialect: 0) : nil
        add(block, divisors, losses) { (losses[$0], 0) }
        guard !amountsOfGroup.isEmpty else { return }
        let counts = TextCounts(block)
        for row in 0..<block.rows.rowCount where !losses[row].isNaN {
            amountsOfGroup[Self.group(ofRow: row, block)].add(counts, row: row, weight: divisors?[row] ?? 1)
        }
    }

    @inline(__always)
    private static func group(ofRow row: Int, _ block: ScoredBlock) -> Int {
        // Wrapping: rows are numbered below 2^63.
        Int(truncatingIfNeeded: RowHash.hash(block.rows.firstRow &+ UInt64(row)) >> 54)
    }

    /// Adds to the group of each row the first of two numbers, and takes off the second. O(rowCount).
    ///
    /// - Parameter numbers: NaN for each row that is left out.
    @inline(__always)
    mutating func add(
        _ block: ScoredBlock, _ divisors: UnsafePointer<Double>?, _ numbers: UnsafePointer<Double>,
        _ pair: (_ row: Int) -> (added: Double, takenOff: Double)
    ) {
        // Moved out for a while: two properties of one value cannot be changed within one another's closures.
        var earlierRows = [GroupSums](), recentRows = [RecentRows]()
        swap(&earlierRows, &self.earlierRows)
        swap(&recentRows, &self.recentRows)
        earlierRows.withUnsafeMutableBufferPointer { groups in
            recentRows.withUnsafeMutableBufferPointer { recent in
                for row in 0..<block.rows.rowCount where numbers[row] == numbers[row] {
                    let group = Self.group(ofRow: row, block), (added, takenOff) = pair(row)
                    recent[group].rowCount &+= 1
                    if let divisors { groups[group].weight.add(divisors[row]) }
                    guard added.magnitude < FixedPoint.limit, takenOff.magnitude < FixedPoint.limit else {
                        groups[group].loss.add(added, minus: takenOff)
                        continue
                    }
                    let parts = FixedPoint.difference(added, takenOff)
                    // Wrapping: see `RecentRows.limit`.
                    recent[group].coarse &+= parts.coarse
                    recent[group].fine &+= parts.fine
                    if parts.rest != 0 { groups[group].loss.add(parts.rest) }
                    if parts.restOfOther != 0 { groups[group].loss.add(-parts.restOfOther) }
                    if recent[group].rowCount >= RecentRows.limit { recent[group].move(to: &groups[group]) }
                }
            }
        }
        swap(&earlierRows, &self.earlierRows)
        swap(&recentRows, &self.recentRows)
    }

    /// Adds the groups of other rows.
    public mutating func merge(_ other: RowGroups) throws(PartialError) {
        let added = other.groups
        for index in added.indices { earlierRows[index].merge(added[index]) }
        for index in amountsOfGroup.indices { amountsOfGroup[index].merge(other.amountsOfGroup[index]) }
    }

    /// The groups with rows, in the order of their numbers.
    var sums: [GroupSums] { groups.filter { $0.rowCount > 0 } }
    /// The tokens, bytes and words of the same groups; empty for other tasks than likelihood.
    var amounts: [TextAmounts] { zip(groups, amountsOfGroup).filter { $0.0.rowCount > 0 }.map(\.1) }

    /// Returns true if both have the same sums.
    public static func == (left: RowGroups, right: RowGroups) -> Bool { left.encoded == right.encoded }
}

// The section "row-groups": the sums of each of the 1,024 groups in order; for task likelihood then the amounts of each (GroupSums.swift).
extension RowGroups {
    public func encode(into bytes: inout [UInt8]) {
        for group in groups { group.encode(into: &bytes) }
        for amounts in amountsOfGroup { amounts.encode(into: &bytes) }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        try decode(&reader)
        try reader.expectEnd()
    }

    /// Takes what `encode(into:)` wrote.
    mutating func decode(_ reader: inout SectionReader) throws(PartialError) {
        for index in earlierRows.indices { earlierRows[index] = try GroupSums(&reader) }
        recentRows = [RecentRows](repeating: RecentRows(), count: Self.groupCount)
        for index in amountsOfGroup.indices { amountsOfGroup[index] = try TextAmounts(&reader) }
    }
}
