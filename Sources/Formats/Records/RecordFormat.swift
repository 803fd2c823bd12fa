/// A text format of records that follow one another, each one row: CSV, TSV, JSON Lines.
///
/// `RecordFormats` recognises a format from the beginning of the text; a new format is registered there. A format says where records end
/// and what their values are. The engine does the work that all formats share, such as decompressing, dividing the text among workers, and
/// numbering rows and lines.
public protocol RecordFormat: Sendable {
    /// The format's name in reports and messages: `csv`, `tsv`, `txt`, `jsonl`.
    var name: String { get }

    /// True if records are lines of a table, whose columns have places. The default is false.
    var isTable: Bool { get }
    /// True if the text gives the columns their names. Otherwise they are called `0`, `1`, and so on. The default is true.
    var hasNames: Bool { get }

    /// The columns in the order in which the text's beginning has them: all columns of a table, the keys of the first record of JSON.
    /// `path(at:)` takes an index of this list.
    var columns: [RecordColumn] { get }

    /// The number of bytes before the first record, such as a byte-order mark and the line of names.
    var headerByteCount: Int { get }
    /// The number of line feeds before the first record.
    var headerLineCount: Int { get }

    /// True if a record may hold a line feed, inside quotes or as white space.
    var allowsLineFeedsInRecords: Bool { get }
    /// True if a record begins after some line feed near any place, so that a text can be cut and read side by side. The default is true.
    var isCuttable: Bool { get }

    /// True if a line feed ends each record, so that a text without one after its last record may have been cut short.
    var endsRecordsWithLineFeeds: Bool { get }

    /// Returns the names that class labels have if the user gives none: those of the prediction columns. Nil if the format has none.
    func classNames(of predictions: [RecordPath]) -> [String]?

    /// Resolves a name that the user gave a column.
    ///
    /// - Returns: the paths that the name means, at least one. In a table a name means one column, and `PREFIX*` several, in the order of
    ///   the columns.
    /// - Throws: `FormatError` of kind `.column`, with a list of the columns, if the name means none or is ambiguous.
    func resolve(_ name: String) throws(FormatError) -> [RecordPath]

    /// Resolves several names, one after another. O(names + columns).
    func resolve(_ names: [String]) throws(FormatError) -> [RecordPath]

    /// Returns the path to the column at an index of `columns`.
    func path(at place: Int) -> RecordPath

    /// Returns a value of the first record of a text as messages quote it; nil if the record has none. O(bytes of the record).
    func quotedValue(_ path: RecordPath, ofFirstRecordIn text: UnsafeRawBufferPointer) -> String?

    /// Finds a record by its index in a text that begins with one, where lines do not show where records begin. Nil for formats of lines.
    /// O(bytes up to the record).
    func record(at index: Int, of text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer?

    /// Returns the texts that a path leads to in each of the first records, as they are written; nil for a record in which it leads to
    /// something else. Empty for a format whose records do not name their values. Linear in the records.
    func texts(at path: RecordPath) -> [[String]?]

    /// Lists the paths to texts that could name the values of the predictions: as many as these in the first record, each once, and beside
    /// them or around them. Linear in the first record.
    func namesBeside(_ predictions: RecordPath) -> [RecordPath]

    /// Makes a parser for one worker.
    ///
    /// - Throws: `FormatError` of kind `.column` if the format has no such column.
    func makeParser(_ selection: RecordSelection) throws(FormatError) -> any RecordParser
}

extension RecordFormat {
    /// True, as for all formats of lines.
    public var endsRecordsWithLineFeeds: Bool { true }
    /// False.
    public var isTable: Bool { false }
    /// True.
    public var hasNames: Bool { true }
    /// True.
    public var isCuttable: Bool { true }
    /// Nil, as for formats of lines.
    public func record(at index: Int, of text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? { nil }
    /// None, as for tables.
    public func texts(at path: RecordPath) -> [[String]?] { [] }
    /// None, as for tables.
    public func namesBeside(_ predictions: RecordPath) -> [RecordPath] { [] }
}

/// A column of a text, as the first records show it.
public struct RecordColumn: Sendable, Equatable {
    /// The kind of value that a column holds.
    public enum Content: Sendable, Equatable {
        /// One value of this kind in each record; `missing` is an empty field or a null.
        case number, text, boolean, missing
        /// An array of `count` numbers in each record.
        case array(count: Int)
    }

    /// The column's name; in JSON the dotted path.
    public let name: String
    /// The kind of value in the first record.
    public let content: Content
    /// A few values of the first records as they are written, cut short, for people.
    public let examples: [String]
    /// Different values of the first records, at most `valueCountLimit`, without those that are missing. Empty for an array.
    public let values: [String]

    /// The most different values that are kept.
    static let valueCountLimit = 4

    /// Makes a column.
    public init(name: String, content: Content, examples: [String] = [], values: [String] = []) {
        self.values = values
        self.name = name
        self.content = content
        self.examples = examples
    }
}

/// The place of a value in a record: a column of a table, or a path of JSON.
public struct RecordPath: Sendable, Hashable {
    /// The name for messages, as the user or the header wrote it.
    public let name: String
    /// The column's index in a table; nil for JSON.
    public let columnIndex: Int?

    /// Makes a path.
    public init(name: String, columnIndex: Int?) {
        self.name = name
        self.columnIndex = columnIndex
    }
}
