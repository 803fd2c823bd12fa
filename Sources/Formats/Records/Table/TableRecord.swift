internal import TableReading

/// A reader for one record of a table, field by field (RFC 4180, and its usual extensions). It is used for the header, and for records with
/// something wrong. `xentParseRows` reads plain records and `xentMeasureTable` finds their ends; all three have the same grammar.
///
/// A field that begins with a quote is quoted. It ends with the next quote that is not doubled, and may hold delimiters and line feeds. A
/// quote elsewhere in a field is an ordinary byte.
///
/// The space as the delimiter stands for any run of spaces and tabs, of which there may be some at both ends of the line as well.
struct TableRecord {
    struct Field {
        /// The place of the content, without the quotes around it.
        var content: Range<Int>
        var isQuoted = false
        var hasDoubledQuotes = false
        /// True if the field is not quoted but has a quote in it.
        var hasQuoteWithin = false
        /// True if anything but spaces comes after the closing quote.
        var hasTextAfterQuote = false
    }

    private(set) var fields: [Field] = []
    /// The offset of the next record in the text, in bytes.
    private(set) var endByteOffset = 0
    /// The number of line feeds in the record, with the one at its end.
    private(set) var lineFeedCount = 0
    /// True if the last field begins with a quote that is not closed.
    private(set) var isUnclosed = false

    /// The delimiter that stands for any run of spaces and tabs.
    static let blank = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    /// Reads the record that begins at `byteOffset`, which is no later than the text's end. O(bytes of the record).
    mutating func read(_ text: UnsafeRawBufferPointer, at byteOffset: Int, delimiter: UInt8, assumesNoLineFeeds: Bool) {
        fields.removeAll(keepingCapacity: true)
        lineFeedCount = 0
        isUnclosed = false
        let isBlankSeparated = delimiter == Self.blank
        var next = isBlankSeparated ? Self.pastBlanks(text, byteOffset) : byteOffset
        while true {
            var field = Field(content: next..<next)
            if next < text.count, text[next] == Self.quote {
                field.isQuoted = true
                next = readQuoted(text, at: next + 1, &field, assumesNoLineFeeds)
                let rest = next
                while next < text.count, !Self.isDelimiter(text[next], delimiter), text[next] != Self.lineFeed { next += 1 }
                let restEnd = fieldEnd(text, rest, next)
                field.hasTextAfterQuote = text[rest..<restEnd].contains { !Self.isSpace($0, delimiter) }
            } else {
                let start = next
                while next < text.count, !Self.isDelimiter(text[next], delimiter), text[next] != Self.lineFeed {
                    if text[next] == Self.quote { field.hasQuoteWithin = true }
                    next += 1
                }
                field.content = start..<fieldEnd(text, start, next)
            }
            fields.append(field)
            if isBlankSeparated {
                // Blanks before the line's end separate nothing.
                let end = Self.pastBlanks(text, next)
                let isCarriageReturn = end < text.count && text[end] == Self.carriageReturn
                let lineEnd = isCarriageReturn && (end + 1 == text.count || text[end + 1] == Self.lineFeed) ? end + 1 : end
                next = lineEnd == text.count || text[lineEnd] == Self.lineFeed || lineEnd == next ? lineEnd : end - 1
            }
            guard next < text.count else { break }
            let isDelimiter = Self.isDelimiter(text[next], delimiter)
            next += 1
            if !isDelimiter {
                lineFeedCount += 1
                break
            }
        }
        endByteOffset = next
    }

    /// Reads a quoted field. Returns the offset after the closing quote; without one, that of the text's end or the line feed.
    private mutating func readQuoted(
        _ text: UnsafeRawBufferPointer, at byteOffset: Int, _ field: inout Field, _ assumesNoLineFeeds: Bool
    ) -> Int {
        var next = byteOffset
        while next < text.count {
            switch text[next] {
            case Self.lineFeed where assumesNoLineFeeds:
                isUnclosed = true
                field.content = byteOffset..<next
                return next
            case Self.lineFeed:
                lineFeedCount += 1
                next += 1
            case Self.quote where next + 1 < text.count && text[next + 1] == Self.quote:
                field.hasDoubledQuotes = true
                next += 2
            case Self.quote:
                field.content = byteOffset..<next
                return next + 1
            default:
                next += 1
            }
        }
        isUnclosed = true
        field.content = byteOffset..<next
        return next
    }

    /// Returns the end of a field without the carriage return of the line's end.
    private func fieldEnd(_ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Int {
        let isLineEnd = end == text.count || text[end] == Self.lineFeed
        return isLineEnd && end > start && text[end - 1] == Self.carriageReturn ? end - 1 : end
    }

    /// Returns true for a space that may stand beside a value.
    static func isSpace(_ byte: UInt8, _ delimiter: UInt8) -> Bool {
        delimiter != blank && (byte == 0x20 || byte == 0x09 && delimiter != 0x09)
    }

    private static func isDelimiter(_ byte: UInt8, _ delimiter: UInt8) -> Bool { byte == delimiter || delimiter == blank && byte == 0x09 }

    /// Returns the offset of the first byte from `byteOffset` on that is neither a space nor a tab.
    static func pastBlanks(_ text: UnsafeRawBufferPointer, _ byteOffset: Int) -> Int {
        var next = byteOffset
        while next < text.count, text[next] == 0x20 || text[next] == 0x09 { next += 1 }
        return next
    }
}

extension TableRecord.Field {
    /// Returns the content without spaces around it, with doubled quotes as one.
    func value(_ text: UnsafeRawBufferPointer, _ delimiter: UInt8) -> TableValue {
        var range = content
        while let first = range.first, TableRecord.isSpace(text[first], delimiter) { range = range.dropFirst() }
        while let last = range.last, TableRecord.isSpace(text[last], delimiter) { range = range.dropLast() }
        guard hasDoubledQuotes else { return TableValue(bytes: Array(text[range])) }
        var bytes: [UInt8] = []
        var isSecond = false
        for byte in text[range] {
            isSecond = byte == UInt8(ascii: "\"") && !isSecond
            if !isSecond || byte != UInt8(ascii: "\"") { bytes.append(byte) }
        }
        return TableValue(bytes: bytes)
    }

    /// Returns the number of bytes in the content, with doubled quotes as one and spaces kept.
    func byteCount(_ text: UnsafeRawBufferPointer) -> Int {
        guard hasDoubledQuotes else { return content.count }
        return content.count - text[content].count { $0 == UInt8(ascii: "\"") } / 2
    }

    /// Returns the number of words in the content. A doubled quote is no white space, so that it changes none.
    func wordCount(_ text: UnsafeRawBufferPointer) -> UInt64 {
        guard let start = text.baseAddress else { return 0 }
        // Unsafe: the content lies within the text.
        return xentWordCount((start + content.lowerBound).assumingMemoryBound(to: UInt8.self), content.count)
    }
}
