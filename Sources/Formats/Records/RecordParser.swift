/// A parser that turns records into rows. Each worker has one, with buffers of its own.
public protocol RecordParser: AnyObject {
    /// Measures the whole records at the beginning of `text`: their bytes, rows and lines. Blank lines are not rows. O(bytes), at the speed
    /// of memory.
    ///
    /// `text` begins at the beginning of a record. With `isEnd` nothing follows it, so that a last record without a line feed is whole,
    /// too. With `assumesNoLineFeedsInRecords` every line feed ends a record, as in a text that is cut into units.
    func measure(_ text: UnsafeRawBufferPointer, isEnd: Bool, assumesNoLineFeedsInRecords: Bool) -> RecordExtent

    /// Parses whole records, and puts their rows into `rows` in place of those that were there. Linear in the bytes.
    ///
    /// It never fails: a record that cannot be read becomes a row of NaN with a `RecordProblem`. There are as many rows as `measure`
    /// counts. At least `readableByteCountAfterText` readable bytes follow `text`.
    ///
    /// With `assumesNoLineFeedsInRecords` every line feed ends a record, as in `measure`. A quoted field that is not closed on its line is
    /// then a problem with `isUnclosedQuote`.
    func parse(_ text: UnsafeRawBufferPointer, assumesNoLineFeedsInRecords: Bool, into rows: RecordRows)

    /// Parses text in which a record may hold line feeds if the format allows that.
    func parse(_ text: UnsafeRawBufferPointer, into rows: RecordRows)
}

extension RecordParser {
    /// Calls `parse(_:into:)`: enough for formats whose records hold no line feeds.
    public func parse(_ text: UnsafeRawBufferPointer, assumesNoLineFeedsInRecords: Bool, into rows: RecordRows) {
        parse(text, into: rows)
    }
}

/// The number of bytes that must be readable after the text that a `RecordParser` is given, since SIMD parsers read ahead.
public let readableByteCountAfterText = 64

/// The extent of the whole records at the beginning of a text.
public struct RecordExtent: Sendable, Equatable {
    /// The number of bytes, with the last record's line feed, and with blank lines between and after the records.
    public var byteCount = 0
    /// The number of records, each a row.
    public var rowCount = 0
    /// The number of line feeds, and of a last line without one.
    public var lineCount = 0

    /// The problem with the text's end, if `measure` was told that nothing follows; nil if there is none.
    public var endProblem: EndProblem?

    /// The reason why the end of a text leaves doubt that all records are there.
    public struct EndProblem: Sendable, Equatable {
        /// The problem in words.
        public let message: String
        /// The remedy in words.
        public let remedy: String

        /// Makes a problem.
        public init(message: String, remedy: String) {
            self.message = message
            self.remedy = remedy
        }
    }

    /// Makes an extent.
    public init(byteCount: Int = 0, rowCount: Int = 0, lineCount: Int = 0) {
        self.byteCount = byteCount
        self.rowCount = rowCount
        self.lineCount = lineCount
    }
}
