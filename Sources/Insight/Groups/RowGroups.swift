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

    private(set) var groups = [GroupSums](repeating: GroupSums(), count: Self.groupCount)
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

    /// Adds the rows of a block to their groups. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0)
        let divisors = hasWeights ? block.rowDivisors(ofDialect: 0) : nil
        add(block, divisors, losses) { $0.add(losses[$1]) }
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

    /// Adds to the group of each row what `add` adds to a sum.
    ///
    /// - Parameter numbers: NaN for each row that is left out.
    @inline(__always)
    mutating func add(
        _ block: ScoredBlock, _ divisors: UnsafePointer<Double>?, _ numbers: UnsafePointer<Double>,
        _ add: (_ sum: inout CompactSum, _ row: Int) -> Void
    ) {
        groups.withUnsafeMutableBufferPointer { groups in
            for row in 0..<block.rows.rowCount {
                guard numbers[row] == numbers[row] else { continue }
                let group = Self.group(ofRow: row, block)
                groups[group].rowCount &+= 1
                add(&groups[group].loss, row)
                if let divisors { groups[group].weight.add(divisors[row]) }
            }
        }
    }

    /// Adds the groups of other rows.
    public mutating func merge(_ other: RowGroups) throws(PartialError) {
        for index in groups.indices { groups[index].merge(other.groups[index]) }
        for index in amountsOfGroup.indices { amountsOfGroup[index].merge(other.amountsOfGroup[index]) }
    }

    /// The groups with rows, in the order of their numbers.
    var sums: [GroupSums] { groups.filter { $0.rowCount > 0 } }
    /// The tokens, bytes and words of the same groups; empty for other tasks than likelihood.
    var amounts: [TextAmounts] { amountsOfGroup.indices.filter { groups[$0].rowCount > 0 }.map { amountsOfGroup[$0] } }

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
        for index in groups.indices { groups[index] = try GroupSums(&reader) }
        for index in amountsOfGroup.indices { amountsOfGroup[index] = try TextAmounts(&reader) }
    }
}
