internal import Messages

/// A text format of records that follow one another, each one row: CSV, TSV, JSON Lines.
///
/// `RecordFormats` recognises a format from the beginning of the text; a new format is registered there. A format says where records end
/// and what their values are. The engine does the work that all formats share, such as decompressing, dividing the text among workers, and
/// numbering rows and lines.
public protocol RecordFormat: NamedColumns {
    /// The format's name in reports and messages: `csv`, `tsv`, `txt`, `jsonl`.
    var name: String { get }

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

    /// Returns a value of the first record of a text as messages quote it; nil if the record has none. O(bytes of the record).
    func quotedValue(_ path: RecordPath, ofFirstRecordIn text: UnsafeRawBufferPointer) -> String?

    /// Returns a value of the first record of a text: a text, or a number, true or false as it is written. Nil if the record has none. O(bytes of
    /// the record).
    func value(_ path: RecordPath, ofFirstRecordIn text: UnsafeRawBufferPointer) -> String?

    /// Finds a record by its index in a text that begins with one, where lines do not show where records begin. Nil for formats of lines.
    /// O(bytes up to the record).
    func record(at index: Int, of text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer?

    /// Makes a parser for one worker.
    ///
    /// - Throws: `FormatError` of kind `.column` if the format has no such column.
    func makeParser(_ selection: RecordSelection) throws(FormatError) -> any RecordParser
}

extension RecordFormat {
    /// True, as for all formats of lines.
    public var endsRecordsWithLineFeeds: Bool { true }
    /// True.
    public var isCuttable: Bool { true }
    /// Nil, as for formats of lines.
    public func record(at index: Int, of text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? { nil }
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

    /// Returns true for paths of the same bytes, to the same column.
    public static func == (left: RecordPath, right: RecordPath) -> Bool {
        left.columnIndex == right.columnIndex && left.name.isSameName(as: right.name)
    }

    /// Hashes the name's bytes and the column.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(Name(name))
        hasher.combine(columnIndex)
    }
}
