internal import Messages

/// The registry of text formats, which recognises a format from the beginning of a text.
///
/// ```swift
/// guard let format = try RecordFormats.recognise(text, isWhole: true, options: .init()) else { return }
/// var selection = RecordSelection(predictions: try format.resolve("p"))
/// selection.labels = .classIndex(try format.resolve("y")[0], names: nil)
/// let records = UnsafeRawBufferPointer(rebasing: text.dropFirst(format.headerByteCount))
/// try format.makeParser(selection).parse(records, into: rows)  // fills rows.values and rows.classLabels
/// ```
public enum RecordFormats {
    /// The user's statements about a text.
    public struct Options: Sendable {
        /// True if the first line of a table holds the names of the columns. It is a row all the same if it cannot be anything else: see
        /// `RecordFormat.hasNames`.
        public var hasHeader = true
        /// The part that the text has in an evaluation. In a table of one column that is read for labels or weights alone, the first line
        /// is no line of names if it is a number, or a text that is a row further on.
        public var role = Role.predictions
        /// The path to the array of records in a text that is one JSON document: `results`, `data.samples`. Nil if the document is the
        /// array, or if the text is of another format.
        public var recordPath: String?
        /// The most bytes that a record, or a table's line of names, may have: each is kept in memory whole.
        public var recordByteCountLimit = RecordFormats.recordByteCountLimit

        /// The limit in words, such as `256 MiB`.
        var recordByteCountLimitText: String { RecordFormats.text(ofByteCount: recordByteCountLimit) }

        /// Makes the options of a table with a line of names.
        public init() {}

        /// The parts that a text can have in an evaluation.
        public enum Role: String, Sendable {
            /// The text holds predictions, perhaps with labels and weights beside them.
            case predictions
            /// The text is read for labels alone.
            case labels
            /// The text is read for weights alone.
            case weights
        }
    }

    /// The number of bytes to give `recognise` first.
    public static let prefixByteCount = 1 << 20

    /// The most bytes that a record, or a table's line of names, may have unless another limit is given. 262,144 logits take some 3 MB of
    /// text.
    public static let recordByteCountLimit = 256 << 20

    /// Writes a number of bytes for a message: in MiB if it is a whole number of them.
    package static func text(ofByteCount byteCount: Int) -> String {
        byteCount > 0 && byteCount % (1 << 20) == 0 ? "\(byteCount >> 20) MiB" : String.counted(byteCount, "byte")
    }

    /// Recognises the format of a text.
    ///
    /// `prefix` is the beginning of the decompressed text: all of it (`isWhole`), or enough to hold the first record.
    /// - Returns: nil if the text is of no known format.
    /// - Throws: `FormatError` if the format is known and the text's beginning is wrong: no names, no record. It is of kind
    ///   `.truncatedHeader` if `prefix` ends inside the first record; then call again with more of the text, up to
    ///   `options.recordByteCountLimit`.
    public static func recognise(
        _ prefix: UnsafeRawBufferPointer, isWhole: Bool, options: Options
    ) throws(FormatError) -> (any RecordFormat)? {
        // One line a format; JSON first, since `{` begins no table worth the name.
        if let document = try JSONDocument.recognise(prefix, isWhole: isWhole, options) { return document }
        if let lines = try JSONLines.recognise(prefix, isWhole: isWhole, options) { return lines }
        return try TableFormat.recognise(prefix, isWhole: isWhole, options: options)
    }
}
