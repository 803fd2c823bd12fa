/// The number of rows without a loss, and the first ones with the reason, in the order of the rows.
public struct InvalidRows: RowObserver, Equatable {
    /// The number of rows that are kept.
    public static let limit = 10

    /// The number of rows that have no loss in some dialect and are not ignored.
    public internal(set) var count: UInt64 = 0
    /// The first rows, in order, at most `limit`.
    public internal(set) var first: [InvalidRow] = []

    /// No rows.
    public init() {}

    /// "invalid".
    public var tag: String { "invalid" }

    /// Counts the invalid rows of a block, and keeps the first ones that have not been described by `describe(_:)`: as rows of a single
    /// file, with the label as an index.
    public mutating func observe(_ block: ScoredBlock) {
        count.addSaturating(UInt64(block.invalidRows.count))
        for invalid in block.invalidRows {
            let number = Int(clamping: block.rows.firstRow.addingReportingOverflow(UInt64(invalid.index)).partialValue)
            if let last = first.last, first.count == Self.limit, number > last.order { break }
            if first.contains(where: { $0.order == number }) { continue }
            let problem = invalid.problem.message(labelText: "\(block.classLabels[invalid.index])")
            insert(InvalidRow(path: nil, row: number, line: nil, problem: problem, order: number))
        }
    }

    /// Says where a row lies and what is wrong with it, as the one who read it knows. It takes the place of a row with the same number
    /// among all rows, and is not counted: `observe(_:)` counts, before or after.
    public mutating func describe(_ row: InvalidRow) {
        first.removeAll { $0.order == row.order }
        insert(row)
    }

    private mutating func insert(_ row: InvalidRow) {
        if first.count == Self.limit, let last = first.last, row > last { return }
        first.insert(row, at: first.firstIndex { $0 > row } ?? first.count)
        if first.count > Self.limit { first.removeLast() }
    }

    /// Adds the rows of `other`, which must be others than the ones counted here.
    public mutating func merge(_ other: InvalidRows) {
        count.addSaturating(other.count)
        for row in other.first { insert(row) }
    }
}
