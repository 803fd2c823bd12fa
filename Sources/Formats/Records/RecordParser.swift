/// Turns records into rows: one for each worker, with buffers of its own.
public protocol RecordParser: AnyObject {
    /// Finds how much of `text` is whole records, and how many rows and lines they are. Blank lines are no rows. O(bytes), at the speed of
    /// memory.
    ///
    /// `text` begins where a record begins. `isEnd`: nothing follows, so that a last record without a line feed is whole too.
    /// `assumesNoLineFeedsInRecords`: every line feed ends a record, as where the text is cut into units.
    func measure(_ text: UnsafeRawBufferPointer, isEnd: Bool, assumesNoLineFeedsInRecords: Bool) -> RecordExtent

    /// Parses whole records, and puts their rows into `rows`, after removing what was there.
    ///
    /// Never fails: a record that is no row becomes a row of NaN with its `RecordProblem`. As many rows as `measure` counts.
    /// `text` is followed by `readableByteCountAfterText` readable bytes.
    ///
    /// `assumesNoLineFeedsInRecords`: every line feed ends a record, as `measure` was told; a quoted field that is not closed on its line
    /// is then a problem with `isUnclosedQuote`.
    func parse(_ text: UnsafeRawBufferPointer, assumesNoLineFeedsInRecords: Bool, into rows: RecordRows)

    /// The same, where records may hold line feeds if the format allows that.
    func parse(_ text: UnsafeRawBufferPointer, into rows: RecordRows)
}

extension RecordParser {
    /// For formats whose records hold no line feeds.
    public func parse(_ text: UnsafeRawBufferPointer, assumesNoLineFeedsInRecords: Bool, into rows: RecordRows) {
        parse(text, into: rows)
    }
}

/// How many bytes must be readable after the text that a `RecordParser` is given; SIMD parsers read ahead.
public let readableByteCountAfterText = 64

/// Whole records at the beginning of a text.
public struct RecordExtent: Sendable, Equatable {
    /// With the line feed of the last one, and blank lines between and after them.
    public var byteCount = 0
    public var rowCount = 0
    public var lineCount = 0

    public init(byteCount: Int = 0, rowCount: Int = 0, lineCount: Int = 0) {
        self.byteCount = byteCount
        self.rowCount = rowCount
        self.lineCount = lineCount
    }
}
