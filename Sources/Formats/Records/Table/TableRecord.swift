/// A record of a table, field by field (RFC 4180, and what the world makes of it): for the header, and for records in which something is
/// wrong. What is plain goes through `xentParseRows`, and where records end `xentMeasureTable` says too: all three have one grammar.
///
/// A field is quoted where it begins with a quote, and then ends with the next quote that is not doubled; delimiters and line feeds within
/// are its own. A quote elsewhere in a field is a byte like others.
struct TableRecord {
    struct Field {
        /// What it holds, without the quotes around it.
        var content: Range<Int>
        var isQuoted = false
        var hasDoubledQuotes = false
        /// It is not quoted, and a quote is in it.
        var hasQuoteWithin = false
        /// Something other than spaces comes after the closing quote.
        var hasTextAfterQuote = false
    }

    private(set) var fields: [Field] = []
    /// Where the next one begins.
    private(set) var endByteOffset = 0
    /// With that at its end.
    private(set) var lineFeedCount = 0
    /// The quote that the last field begins with is not closed.
    private(set) var isUnclosed = false

    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    /// Reads the record that begins at `byteOffset`, which is no later than the end. O(its bytes).
    mutating func read(_ text: UnsafeRawBufferPointer, at byteOffset: Int, delimiter: UInt8, assumesNoLineFeeds: Bool) {
        fields.removeAll(keepingCapacity: true)
        lineFeedCount = 0
        isUnclosed = false
        var next = byteOffset
        while true {
            var field = Field(content: next..<next)
            if next < text.count, text[next] == Self.quote {
                field.isQuoted = true
                next = readQuoted(text, at: next + 1, &field, assumesNoLineFeeds)
                let rest = next
                while next < text.count, text[next] != delimiter, text[next] != Self.lineFeed { next += 1 }
                let restEnd = fieldEnd(text, rest, next)
                field.hasTextAfterQuote = text[rest..<restEnd].contains { !Self.isSpace($0, delimiter) }
            } else {
                let start = next
                while next < text.count, text[next] != delimiter, text[next] != Self.lineFeed {
                    if text[next] == Self.quote { field.hasQuoteWithin = true }
                    next += 1
                }
                field.content = start..<fieldEnd(text, start, next)
            }
            fields.append(field)
            guard next < text.count else { break }
            let isDelimiter = text[next] == delimiter
            next += 1
            if !isDelimiter {
                lineFeedCount += 1
                break
            }
        }
        endByteOffset = next
    }

    /// Reads to after the closing quote, or to where it is missing: the end, or the line feed.
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

    /// Without the carriage return of the line's end.
    private func fieldEnd(_ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Int {
        let isLineEnd = end == text.count || text[end] == Self.lineFeed
        return isLineEnd && end > start && text[end - 1] == Self.carriageReturn ? end - 1 : end
    }

    /// Spaces that may stand around a value.
    static func isSpace(_ byte: UInt8, _ delimiter: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 && delimiter != 0x09
    }
}

extension TableRecord.Field {
    /// The content, without spaces around it and with doubled quotes as one.
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

    /// Bytes of the content as they are, but for doubled quotes, which are one.
    func byteCount(_ text: UnsafeRawBufferPointer) -> Int {
        guard hasDoubledQuotes else { return content.count }
        return content.count - text[content].count { $0 == UInt8(ascii: "\"") } / 2
    }
}
