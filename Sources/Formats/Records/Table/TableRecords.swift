/// The first records of a table, one after another, without blank lines.
struct TableRecords {
    private let text: UnsafeRawBufferPointer
    private let delimiter: UInt8
    /// True if the text does not go on after its last byte. Otherwise the last record may be cut off, and is left out.
    private let isWhole: Bool
    private let limit: Int
    private var byteOffset: Int
    private var count = 0
    private var record = TableRecord()

    /// Begins at the record at `byteOffset`. At most `limit` records are read.
    init(_ text: UnsafeRawBufferPointer, at byteOffset: Int, _ delimiter: UInt8, _ isWhole: Bool, limit: Int) {
        self.text = text
        self.delimiter = delimiter
        self.isWhole = isWhole
        self.limit = limit
        self.byteOffset = byteOffset
    }

    /// Reads the next record. Returns nil after the last one.
    mutating func next() -> TableRecord? {
        while byteOffset < text.count, count < limit {
            record.read(text, at: byteOffset, delimiter: delimiter, assumesNoLineFeeds: false)
            if record.endByteOffset == text.count, !isWhole { break }
            byteOffset = record.endByteOffset
            if record.fields.count == 1, !record.fields[0].isQuoted, record.fields[0].value(text, delimiter).bytes.isEmpty { continue }
            count += 1
            return record
        }
        return nil
    }
}
