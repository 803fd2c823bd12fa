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

    /// The groups of no rows.
    public init(_ specification: LossSpecification) { hasWeights = specification.hasWeights }

    /// "row-groups".
    public var tag: String { Self.tag }

    /// Adds the rows of a block to their groups. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0)
        add(block, hasWeights ? block.rowDivisors(ofDialect: 0) : nil, losses) { $0.add(losses[$1]) }
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
                // Wrapping: rows are numbered below 2^63.
                let group = Int(truncatingIfNeeded: RowHash.hash(block.rows.firstRow &+ UInt64(row)) >> 54)
                groups[group].rowCount &+= 1
                add(&groups[group].loss, row)
                if let divisors { groups[group].weight.add(divisors[row]) }
            }
        }
    }

    /// Adds the groups of other rows.
    public mutating func merge(_ other: RowGroups) throws(PartialError) {
        for index in groups.indices { groups[index].merge(other.groups[index]) }
    }

    /// The groups with rows, in the order of their numbers.
    var sums: [GroupSums] { groups.filter { $0.rowCount > 0 } }

    /// Returns true if both have the same sums.
    public static func == (left: RowGroups, right: RowGroups) -> Bool { left.encoded == right.encoded }
}

// The section "row-groups": the sums of each of the 1,024 groups in order (GroupSums.swift).
extension RowGroups {
    public func encode(into bytes: inout [UInt8]) {
        for group in groups { group.encode(into: &bytes) }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        try decode(&reader)
        try reader.expectEnd()
    }

    /// Takes what `encode(into:)` wrote.
    mutating func decode(_ reader: inout SectionReader) throws(PartialError) {
        for index in groups.indices { groups[index] = try GroupSums(&reader) }
    }
}
