internal import Messages
internal import TableReading

extension TableFormat {
    /// The number of records that are read for the contents of columns. Of wide tables fewer are read: as many as have so many fields.
    private static let recordCountLimit = 64
    private static let fieldCountLimit = 1 << 16
    /// The number of records that give examples, and that are read however wide they are.
    private static let exampleCount = 3

    /// Recognises a table from the beginning of a text. Returns nil if the bytes are no text, or are JSON or XML.
    ///
    /// The delimiter is the comma, tab, semicolon or bar that the first line has most of outside of quotes, and the first of these if two
    /// are equal. A text without any has one column.
    ///
    /// - Throws: `FormatError` if the text is UTF-16, if the line of names is missing, endless or not UTF-8, or if lines end in CR alone.
    static func recognise(
        _ prefix: UnsafeRawBufferPointer, isWhole: Bool, options: RecordFormats.Options
    ) throws(FormatError) -> TableFormat? {
        try checkEncoding(prefix)
        // Readers that look ahead need room after the text.
        let padded = Array(prefix) + [UInt8](repeating: 0, count: readableByteCountAfterText)
        let result: Result<TableFormat?, FormatError> = padded.withUnsafeBytes { bytes in
            do throws(FormatError) {
                return .success(try Self(UnsafeRawBufferPointer(rebasing: bytes[..<prefix.count]), isWhole, options))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    private static func checkEncoding(_ prefix: UnsafeRawBufferPointer) throws(FormatError) {
        guard prefix.starts(with: [0xFF, 0xFE]) || prefix.starts(with: [0xFE, 0xFF]) else { return }
        throw FormatError(
            kind: .signature, subject: "text", byteOffset: 0, found: "a byte-order mark of UTF-16", allowed: "UTF-8",
            remedy: "convert it: iconv -f UTF-16 -t UTF-8")
    }

    private init?(_ text: UnsafeRawBufferPointer, _ isWhole: Bool, _ options: RecordFormats.Options) throws(FormatError) {
        let markByteCount = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard let start = Self.firstRecord(text, markByteCount) else { return nil }
        let first = text[start.byteOffset]
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "<") { return nil }

        // The delimiter does not change where the first record ends, unless a quote stands right after one.
        var best: (delimiter: UInt8, record: TableRecord)?
        for delimiter in ",\t;|".utf8 {
            var record = TableRecord()
            record.read(text, at: start.byteOffset, delimiter: delimiter, assumesNoLineFeeds: false)
            if record.fields.count > best?.record.fields.count ?? 0 { best = (delimiter, record) }
        }
        guard let best else { return nil }
        let end = best.record.endByteOffset
        let line = UnsafeRawBufferPointer(rebasing: text[start.byteOffset..<end])
        // A text has no control characters but tabs, line ends and, rarely, form feeds.
        func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && !(0x09...0x0D ~= byte) || byte == 0x7F }
        if line.contains(where: isControl) { return nil }
        // Nor does a text begin with so many of them, as numbers or compressed data do that begin with a line feed by chance.
        if text.prefix(64).count(where: isControl) > 7 { return nil }
        if end == text.count, !isWhole {
            throw FormatError(
                kind: .truncatedHeader, subject: "table", byteOffset: start.byteOffset,
                found: "a first line of more than \(text.count >> 10) KiB",
                allowed: "a line of columns' names of up to \(RecordFormats.recordByteCountLimit >> 20) MiB",
                remedy: best.record.isUnclosed ? "a quote in it is not closed" : "is it a table?")
        }
        let unreadable = line.withMemoryRebound(to: UInt8.self) { bytes in
            bytes.baseAddress.map { xentFindUnreadableByte($0, bytes.count) } ?? 0
        }
        if unreadable < line.count {
            throw FormatError(
                kind: .syntax, subject: "table", byteOffset: start.byteOffset + unreadable,
                found: "the byte 0x\(QuotedBytes.hexadecimal([line[unreadable]])) in the first line, which is no UTF-8", allowed: "UTF-8",
                remedy: "convert it, such as with iconv -f WINDOWS-1252 -t UTF-8")
        }
        if best.record.lineFeedCount == 0, line.dropLast().contains(UInt8(ascii: "\r")) {
            throw FormatError(
                kind: .syntax, subject: "table", byteOffset: start.byteOffset, found: "lines that end in CR alone",
                allowed: "LF, or CR and LF",
                remedy: "convert it: tr '\\r' '\\n'")
        }

        let values = best.record.fields.map { $0.value(text, best.delimiter) }
        if options.hasHeader, values.allSatisfy({ !$0.bytes.isEmpty && $0.number != .none }) {
            throw FormatError(
                kind: .syntax, subject: "table", byteOffset: start.byteOffset,
                found: "a first line of numbers alone, \(QuotedBytes.text(line.prefix { $0 != 0x0A && $0 != 0x0D }))",
                allowed: "columns' names",
                remedy: "if it holds values, give \(setting: .noHeader); if the names are numbers, put a letter before them")
        }
        delimiter = best.delimiter
        hasHeader = options.hasHeader
        headerByteCount = hasHeader ? end : markByteCount
        headerLineCount = hasHeader ? start.lineCount + best.record.lineFeedCount : 0
        let names = hasHeader ? values.map { String(decoding: $0.bytes, as: UTF8.self) } : values.indices.map { String($0) }
        columns = Self.columns(names, text, at: headerByteCount, isWhole, best.delimiter)
    }

    /// Returns the offset of the first line that is not blank, and the number of lines before it.
    private static func firstRecord(_ text: UnsafeRawBufferPointer, _ byteOffset: Int) -> (byteOffset: Int, lineCount: Int)? {
        var start = byteOffset
        var lineCount = 0
        var next = start
        while next < text.count {
            switch text[next] {
            case 0x0A:
                lineCount += 1
                start = next + 1
            case 0x09, 0x0D, 0x20: break
            default: return (start, lineCount)
            }
            next += 1
        }
        return nil
    }

    /// Makes the columns with the contents of the first records.
    private static func columns(
        _ names: [String], _ text: UnsafeRawBufferPointer, at byteOffset: Int, _ isWhole: Bool, _ delimiter: UInt8
    ) -> [RecordColumn] {
        var values = [[TableValue]](repeating: [], count: names.count)
        var record = TableRecord()
        var next = byteOffset
        var count = 0
        let limit = max(exampleCount, min(recordCountLimit, fieldCountLimit / max(1, names.count)))
        while next < text.count, count < limit {
            record.read(text, at: next, delimiter: delimiter, assumesNoLineFeeds: false)
            // The last one may be cut off.
            if record.endByteOffset == text.count, !isWhole { break }
            next = record.endByteOffset
            let fields = record.fields.map { $0.value(text, delimiter) }
            if fields.count == 1, fields[0].bytes.isEmpty, !record.fields[0].isQuoted { continue }
            count += 1
            for (place, value) in fields.enumerated() where place < names.count { values[place].append(value) }
        }
        return zip(names, values).map { name, values in
            RecordColumn(
                name: name, content: content(values), examples: values.prefix(exampleCount).map { example($0.bytes) },
                values: distinct(values))
        }
    }

    private static func distinct(_ values: [TableValue]) -> [String] {
        var found: [[UInt8]] = []
        for value in values where !value.isMissing && !found.contains(value.bytes) {
            found.append(value.bytes)
            if found.count == RecordColumn.valueCountLimit { break }
        }
        return found.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func content(_ values: [TableValue]) -> RecordColumn.Content {
        let present = values.filter { !$0.isMissing }
        if present.isEmpty { return .missing }
        if present.allSatisfy({ $0.number != .none }) { return .number }
        return present.allSatisfy { $0.boolean != nil } ? .boolean : .text
    }

    /// Makes a text of a value for people: printable, and cut short.
    private static func example(_ bytes: [UInt8]) -> String {
        var text = ""
        var count = 0
        for scalar in String(decoding: bytes.prefix(256), as: UTF8.self).unicodeScalars {
            if count == 24 { return text + "…" }
            text.unicodeScalars.append(scalar.properties.generalCategory.isPrintable ? scalar : "\u{FFFD}")
            count += 1
        }
        return text
    }
}

extension Unicode.GeneralCategory {
    /// True if the scalar is neither a control character, nor a mark that changes the direction of text, nor a line's end.
    fileprivate var isPrintable: Bool {
        switch self {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
