/// A text format whose records follow one another, each one row: CSV, TSV, JSON Lines.
///
/// A format is found out from the beginning of the text by `RecordFormats`, which is also where a new one is registered. What is common to
/// all, such as decompression, sharing out the text among workers, and the numbers of rows and lines, is the engine's; a format says where
/// records end and what one means.
public protocol RecordFormat: Sendable {
    /// As reports and messages have it: `csv`, `tsv`, `jsonl`.
    var name: String { get }

    /// The columns, in the order of the text's beginning: of a table all of them, of JSON the keys of the first record. Their places in this
    /// list are what a `RecordSelection` names.
    var columns: [RecordColumn] { get }

    /// What stands before the first record, such as a byte-order mark and the line of names, in bytes and in line feeds.
    var headerByteCount: Int { get }
    var headerLineCount: Int { get }

    /// Whether a record may hold a line feed, inside quotes.
    var allowsLineFeedsInRecords: Bool { get }

    /// The names that class labels may have where `--classes` gives none: those of the prediction columns; nil where the format has none.
    func classNames(of predictions: [RecordPath]) -> [String]?

    /// Resolves a name of `--prediction-columns` and its like.
    ///
    /// - Returns: the places that it means, at least one: of a table one, or for `PREFIX*` several in the order of the columns.
    /// - Throws: `FormatError` of kind `.column` that lists the columns there are, where it means none, or is ambiguous.
    func resolve(_ name: String) throws(FormatError) -> [RecordPath]

    /// Resolves several names, one after another: O(names + columns).
    func resolve(_ names: [String]) throws(FormatError) -> [RecordPath]

    /// The path to the column at a place in `columns`.
    func path(at place: Int) -> RecordPath

    /// A parser for one worker.
    func makeParser(_ selection: RecordSelection) throws(FormatError) -> any RecordParser
}

/// A column, as the beginning of the text shows it.
public struct RecordColumn: Sendable, Equatable {
    public enum Content: Sendable, Equatable {
        case number, text, boolean, missing
        /// Numbers of one record in one column.
        case array(count: Int)
    }

    /// The name; for JSON the dotted path.
    public let name: String
    /// What the first record holds there.
    public let content: Content
    /// The first records' values as they stand in the text, a few, cut short; for people.
    public let examples: [String]

    public init(name: String, content: Content, examples: [String] = []) {
        self.name = name
        self.content = content
        self.examples = examples
    }
}

/// The place of a value in a record: a column of a table, or a path of JSON.
public struct RecordPath: Sendable, Hashable {
    /// As the user wrote it or the header has it; for messages.
    public let name: String
    /// The column's number in a table; nil for JSON.
    public let columnIndex: Int?

    public init(name: String, columnIndex: Int?) {
        self.name = name
        self.columnIndex = columnIndex
    }
}
