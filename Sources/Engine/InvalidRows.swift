/// The first places where rows were invalid, in the order of the rows; for `--on-invalid skip`.
struct InvalidRows: Sendable {
    static let limit = 10
    /// In order, at most `limit`.
    private(set) var first: [InvalidRow] = []

    mutating func add(_ row: InvalidRow) {
        if first.count == Self.limit, let last = first.last, row.order >= last.order { return }
        let index = first.firstIndex { $0.order > row.order } ?? first.count
        first.insert(row, at: index)
        if first.count > Self.limit { first.removeLast() }
    }

    mutating func merge(_ other: InvalidRows) {
        for row in other.first { add(row) }
    }
}

/// A row that was left out because it is invalid.
public struct InvalidRow: Sendable, Equatable, Encodable {
    public let path: String
    /// In the file, from 0.
    public let row: Int
    /// The line of a text, from 1; absent for arrays.
    public let line: Int?
    public let problem: String
    /// Among all rows of all files.
    let order: Int

    enum CodingKeys: CodingKey { case path, row, line, problem }
}
