/// A row that was left out because it has no loss.
///
/// As JSON it has the keys `path`, `row`, `line` and `problem`; path and line are absent where they are nil.
public struct InvalidRow: Sendable, Equatable, Codable {
    /// The file; nil where it is not known, as in a partial.
    public let path: String?
    /// The row's number in the file, from 0.
    public let row: Int
    /// The line of a text, from 1; nil for arrays.
    public let line: Int?
    /// The reason, without the place.
    public let problem: String
    /// The row's number among all rows of all files.
    public let order: Int

    enum CodingKeys: CodingKey { case path, row, line, problem }

    /// A row at a place.
    public init(path: String?, row: Int, line: Int?, problem: String, order: Int) {
        self.path = path
        self.row = row
        self.line = line
        self.problem = problem
        self.order = order
    }

    /// Reads a row of a report, which does not hold the number among all rows: it is taken to be the one in the file.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let row = try container.decode(Int.self, forKey: .row)
        self.init(
            path: try container.decodeIfPresent(String.self, forKey: .path), row: row,
            line: try container.decodeIfPresent(Int.self, forKey: .line), problem: try container.decode(String.self, forKey: .problem),
            order: row)
    }
}

extension InvalidRow: Comparable {
    /// The order of the rows; rows of several shards can have one number, and then place, text and path decide.
    public static func < (left: InvalidRow, right: InvalidRow) -> Bool {
        if (left.order, left.row, left.line ?? 0) != (right.order, right.row, right.line ?? 0) {
            return (left.order, left.row, left.line ?? 0) < (right.order, right.row, right.line ?? 0)
        }
        // By bytes: two spellings of one character are two texts.
        if !left.problem.utf8.elementsEqual(right.problem.utf8) {
            return left.problem.utf8.lexicographicallyPrecedes(right.problem.utf8)
        }
        return (left.path ?? "").utf8.lexicographicallyPrecedes((right.path ?? "").utf8)
    }
}
