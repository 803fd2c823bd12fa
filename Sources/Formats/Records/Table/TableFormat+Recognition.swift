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
    /// are equal. If it has none of them, blanks are the delimiter where the first lines say so (`isBlankSeparated`). Any other text has
    /// one column.
    ///
    /// Lines that begin with `#`, `%` or `//` may stand before the table, as `numpy.savetxt` writes them. The last of them holds the names
    /// if the records have as many fields.
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
        guard let beginning = Self.firstRecord(text, markByteCount) else { return nil }
        let firstByte = text[beginning.byteOffset]
        if firstByte == UInt8(ascii: "{") || firstByte == UInt8(ascii: "[") || firstByte == UInt8(ascii: "<") { return nil }
        // A text has no control characters but tabs, line ends and, rarely, form feeds. Nor does a text begin with so many of them, as
        // numbers or compressed data do that begin with a line feed by chance.
        if text.prefix(64).count(where: Self.isControl) > 7 { return nil }

        // A line that does not end is not split: its fields would take many times its bytes.
        if !isWhole, !text[beginning.byteOffset...].contains(0x0A) {
            if text[beginning.byteOffset...].contains(where: Self.isControl) { return nil }
            let isQuoteOpen = text[beginning.byteOffset...].count { $0 == TableRecord.quote } % 2 == 1
            throw Self.endless(text, beginning.byteOffset, options, isQuoteOpen ? "a quote in it is not closed" : "is it a table?")
        }
        let comment = TableComment(text, from: beginning)
        // Where there is nothing but such lines, more of the text may tell.
        if let comment, comment.record == nil, !isWhole { throw Self.endless(text, beginning.byteOffset, options, "is it a table?") }
        var start = comment?.record ?? beginning
        var (delimiter, first) = Self.delimiter(text, at: start.byteOffset, isWhole)
        var line = UnsafeRawBufferPointer(rebasing: text[start.byteOffset..<first.endByteOffset])
        if line.contains(where: Self.isControl) { return nil }
        if first.endByteOffset == text.count, !isWhole {
            throw Self.endless(text, start.byteOffset, options, first.isUnclosed ? "a quote in it is not closed" : "is it a table?")
        }
        try Self.check(line, first, at: start.byteOffset)
        try Self.checkDecimalCommas(text, at: start.byteOffset)

        // A line of names behind a mark.
        var names: [String]?
        if let comment, comment.record != nil {
            let isOfNumbers = first.fields.contains { Self.isNumber($0.value(text, delimiter)) }
            let isAloneOfNumbers = first.fields.allSatisfy { Self.isNumber($0.value(text, delimiter)) }
            if options.hasHeader, isOfNumbers || !Self.hasNumbers(text, at: first.endByteOffset, delimiter) {
                names = comment.names(text, count: first.fields.count, delimiter)
            }
            if names == nil, !isAloneOfNumbers, !options.hasHeader || isOfNumbers {
                // Nothing says that the lines are comments.
                start = beginning
                (delimiter, first) = Self.delimiter(text, at: start.byteOffset, isWhole)
                line = UnsafeRawBufferPointer(rebasing: text[start.byteOffset..<first.endByteOffset])
                try Self.check(line, first, at: start.byteOffset)
            }
        }
        let values = first.fields.map { $0.value(text, delimiter) }
        var hasHeader = options.hasHeader
        if hasHeader, names == nil {
            let areNumbers = values.allSatisfy(Self.isNumber)
            if areNumbers, Self.areNames(first, text, delimiter, isWhole, ofPredictions: options.role == .predictions) {
                // Numbers that count the columns, or stand between quotes.
            } else if Self.isRow(values, text, after: first, delimiter, options) {
                hasHeader = false
            } else if areNumbers {
                let role = options.role.rawValue
                let choice: Message =
                    options.role == .predictions
                    ? "\(setting: .noHeader)" : "\(setting: .headerlessRoles, Setting.Value(swiftText: "[.\(role)]", text: role))"
                let remedy: Message =
                    "if it holds values, give \(choice); if the names are numbers, put a letter before them, or leave the line out"
                throw FormatError(
                    kind: .syntax, subject: "table", byteOffset: start.byteOffset,
                    found: "a first line of numbers alone, \(QuotedBytes.text(line.prefix { $0 != 0x0A && $0 != 0x0D }))",
                    allowed: "columns' names", remedy: remedy)
            }
        }
        let isFirstLineOfNames = hasHeader && names == nil
        if isFirstLineOfNames {
            names = values.map { String(decoding: $0.bytes, as: UTF8.self) }
            // R's `write.table` and pandas give the column of row names no name.
            if Self.hasRowNumbers(text, at: first.endByteOffset, delimiter, isWhole, count: values.count + 1) { names?.insert("", at: 0) }
        }
        self.delimiter = delimiter
        self.hasHeader = hasHeader
        if isFirstLineOfNames {
            headerByteCount = first.endByteOffset
            headerLineCount = start.lineCount + first.lineFeedCount
        } else if start.byteOffset > beginning.byteOffset {
            headerByteCount = start.byteOffset
            headerLineCount = start.lineCount
        } else {
            headerByteCount = markByteCount
            headerLineCount = 0
        }
        let columnNames = names ?? values.indices.map { String($0) }
        self.columnNames = ColumnNames(columnNames)
        columns = Self.columns(columnNames, text, at: headerByteCount, isWhole, delimiter)
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && !(0x09...0x0D ~= byte) || byte == 0x7F }

    private static func isNumber(_ value: TableValue) -> Bool { !value.bytes.isEmpty && value.number != .none }

    private static func endless(
        _ text: UnsafeRawBufferPointer, _ byteOffset: Int, _ options: RecordFormats.Options, _ doubt: String
    ) -> FormatError {
        FormatError(
            kind: .truncatedHeader, subject: "table", byteOffset: byteOffset,
            found: "a first line of more than \(min(text.count, options.recordByteCountLimit)) bytes",
            allowed: "a line of columns' names of up to \(options.recordByteCountLimitText)",
            remedy: "\(setting: .maximumRecord) raises the limit; \(doubt)")
    }

    /// Throws if the first record is not UTF-8, or if lines end in CR alone.
    private static func check(_ line: UnsafeRawBufferPointer, _ record: TableRecord, at byteOffset: Int) throws(FormatError) {
        let unreadable = line.withMemoryRebound(to: UInt8.self) { bytes in
            bytes.baseAddress.map { xentFindUnreadableByte($0, bytes.count) } ?? 0
        }
        if unreadable < line.count {
            throw FormatError(
                kind: .syntax, subject: "table", byteOffset: byteOffset + unreadable,
                found: "the byte 0x\(QuotedBytes.hexadecimal([line[unreadable]])) in the first line, which is no UTF-8", allowed: "UTF-8",
                remedy: "convert it, such as with iconv -f WINDOWS-1252 -t UTF-8")
        }
        if record.lineFeedCount == 0, line.dropLast().contains(UInt8(ascii: "\r")) {
            throw FormatError(
                kind: .syntax, subject: "table", byteOffset: byteOffset, found: "lines that end in CR alone",
                allowed: "LF, or CR and LF",
                remedy: "convert it: tr '\\r' '\\n'")
        }
    }

    /// Finds the delimiter of the record at an offset, and reads the record.
    private static func delimiter(
        _ text: UnsafeRawBufferPointer, at byteOffset: Int, _ isWhole: Bool
    ) -> (delimiter: UInt8, record: TableRecord) {
        // The delimiter does not change where the first record ends, unless a quote stands right after one.
        var best = (delimiter: UInt8(ascii: ","), record: TableRecord())
        for delimiter in ",\t;|".utf8 {
            var record = TableRecord()
            record.read(text, at: byteOffset, delimiter: delimiter, assumesNoLineFeeds: false)
            if record.fields.count > best.record.fields.count { best = (delimiter, record) }
        }
        guard best.record.fields.count == 1 else { return best }
        var record = TableRecord()
        record.read(text, at: byteOffset, delimiter: TableRecord.blank, assumesNoLineFeeds: false)
        return isBlankSeparated(text, record, isWhole) ? (TableRecord.blank, record) : best
    }

    /// Returns true if blanks separate the fields of a text whose first line has no other delimiter.
    ///
    /// They do if the first line is several numbers. They also do if the next record has numbers, and as many fields as the first line, or
    /// one more (R's `write.table` gives the column of row names no name), and so have half of the first records. A text such as `New York`
    /// under `city name` has one column.
    private static func isBlankSeparated(_ text: UnsafeRawBufferPointer, _ first: TableRecord, _ isWhole: Bool) -> Bool {
        let count = first.fields.count
        guard count > 1 else { return false }
        if first.fields.allSatisfy({ isNumber($0.value(text, TableRecord.blank)) }) { return true }
        var records = TableRecords(text, at: first.endByteOffset, TableRecord.blank, isWhole, limit: recordCountLimit)
        var (recordCount, equalCount) = (0, 0)
        while let record = records.next() {
            recordCount += 1
            let isEqual = record.fields.count == count || record.fields.count == count + 1
            if isEqual { equalCount += 1 }
            if recordCount == 1 {
                guard isEqual, record.fields.contains(where: { isNumber($0.value(text, TableRecord.blank)) }) else { return false }
            }
        }
        return recordCount > 0 && 2 * equalCount >= recordCount
    }

    /// Returns true if the record at an offset has a number.
    private static func hasNumbers(_ text: UnsafeRawBufferPointer, at byteOffset: Int, _ delimiter: UInt8) -> Bool {
        var records = TableRecords(text, at: byteOffset, delimiter, true, limit: 1)
        return records.next()?.fields.contains { isNumber($0.value(text, delimiter)) } ?? false
    }

    /// The number of records among which the text of a first line is looked for.
    private static let comparedRecordCount = 1000
    /// The number of digits from which on a fraction is no name.
    private static let valueDigitCount = 7

    /// Returns true if a first line cannot be one of names, and so is a row.
    ///
    /// A number is no name if it is a fraction of seven digits or more: people write `0.5`, and programs 0.1234567. Nor are numbers names
    /// that have a point and as many decimals as those beneath, two at least. In a file of labels or weights alone with one column, any
    /// number above numbers is a row, and so is a text that is a row further on.
    private static func isRow(
        _ values: [TableValue], _ text: UnsafeRawBufferPointer, after first: TableRecord, _ delimiter: UInt8,
        _ options: RecordFormats.Options
    ) -> Bool {
        let isOfOthersAlone = options.role != .predictions && values.count == 1
        if values.allSatisfy(isNumber) {
            if isOfOthersAlone { return true }
            return values.contains(where: isLongFraction) || isWrittenAsBeneath(values, text, after: first, delimiter)
        }
        // Beside a text, such as a label.
        if values.contains(where: { isNumber($0) && isLongFraction($0) }) { return true }
        guard isOfOthersAlone, let name = values.first?.bytes, !name.isEmpty else { return false }
        var records = TableRecords(text, at: first.endByteOffset, delimiter, true, limit: comparedRecordCount)
        while let record = records.next() {
            if record.fields.count == 1, record.fields[0].value(text, delimiter).bytes == name { return true }
        }
        return false
    }

    /// Returns true for a fraction of so many digits that it is no name.
    private static func isLongFraction(_ value: TableValue) -> Bool {
        let digits = value.bytes.prefix { $0 | 0x20 != UInt8(ascii: "e") }.drop { !(0x31...0x39 ~= $0) }
        return value.bytes.contains(UInt8(ascii: ".")) && digits.count { 0x30...0x39 ~= $0 } >= valueDigitCount
    }

    /// The number of records that show how the numbers of a table are written.
    private static let shownRecordCount = 3

    /// Returns true if all numbers of a first line have two decimals or more, and as many as those beneath, as `fmt="%.4f"` writes them.
    private static func isWrittenAsBeneath(
        _ values: [TableValue], _ text: UnsafeRawBufferPointer, after first: TableRecord, _ delimiter: UInt8
    ) -> Bool {
        // The decimals, and whether there is an exponent.
        func written(_ value: TableValue) -> (decimalCount: Int, hasExponent: Bool)? {
            guard let point = value.bytes.firstIndex(of: UInt8(ascii: ".")) else { return nil }
            let decimalCount = value.bytes[(point + 1)...].prefix { 0x30...0x39 ~= $0 }.count
            return (decimalCount, value.bytes.count > point + 1 + decimalCount)
        }
        var records = TableRecords(text, at: first.endByteOffset, delimiter, true, limit: shownRecordCount)
        var recordCount = 0
        while let record = records.next() {
            recordCount += 1
            guard record.fields.count == values.count else { return false }
            for (value, field) in zip(values, record.fields) {
                guard let form = written(value), form.decimalCount >= 2, let beneath = written(field.value(text, delimiter)),
                    beneath == form
                else { return false }
            }
        }
        return recordCount > 0
    }

    /// Returns true if the next records hold texts, and no numbers.
    private static func isAboveTexts(_ text: UnsafeRawBufferPointer, after first: TableRecord, _ delimiter: UInt8) -> Bool {
        var records = TableRecords(text, at: first.endByteOffset, delimiter, true, limit: comparedRecordCount)
        var recordCount = 0
        while let record = records.next() {
            recordCount += 1
            if record.fields.contains(where: { $0.value(text, delimiter).number != .none }) { return false }
        }
        return recordCount > 0
    }

    /// Returns true if the numbers of a first line are the columns' names: between quotes, and none beneath is; one above texts, in
    /// labels alone; or, of predictions, three at least that count the columns, from 0 or 1, above fractions, as
    /// `DataFrame(p).to_csv(index=False)` writes them.
    private static func areNames(
        _ first: TableRecord, _ text: UnsafeRawBufferPointer, _ delimiter: UInt8, _ isWhole: Bool, ofPredictions: Bool
    ) -> Bool {
        var records = TableRecords(text, at: first.endByteOffset, delimiter, isWhole, limit: 1)
        guard let beneath = records.next() else { return false }
        if !ofPredictions, first.fields.count == 1, isAboveTexts(text, after: first, delimiter) { return true }
        if first.fields.allSatisfy(\.isQuoted), !beneath.fields.contains(where: \.isQuoted) { return true }
        guard ofPredictions, first.fields.count >= 3, beneath.fields.count == first.fields.count,
            let start = Int(String(decoding: first.fields[0].value(text, delimiter).bytes, as: UTF8.self)), 0...1 ~= start
        else { return false }
        let isCounting = first.fields.enumerated().allSatisfy { place, field in
            field.value(text, delimiter).bytes == Array(String(start + place).utf8)
        }
        return isCounting && beneath.fields.contains { $0.value(text, delimiter).bytes.contains(UInt8(ascii: ".")) }
    }

    /// Returns true if the first records have `count` fields each, the first of which counts them, from 0 or 1.
    private static func hasRowNumbers(
        _ text: UnsafeRawBufferPointer, at byteOffset: Int, _ delimiter: UInt8, _ isWhole: Bool, count: Int
    ) -> Bool {
        var records = TableRecords(text, at: byteOffset, delimiter, isWhole, limit: recordCountLimit)
        var (recordCount, start) = (0, 0)
        while let record = records.next() {
            guard record.fields.count == count, let last = record.fields.last, !last.value(text, delimiter).bytes.isEmpty,
                let number = Int(String(decoding: record.fields[0].value(text, delimiter).bytes, as: UTF8.self))
            else { return false }
            if recordCount == 0 { start = number }
            guard 0...1 ~= start, number == start + recordCount else { return false }
            recordCount += 1
        }
        return recordCount >= 2
    }

    /// Throws if the fields of the first record are numbers with commas for points, between semicolons, tabs, bars or blanks.
    private static func checkDecimalCommas(_ text: UnsafeRawBufferPointer, at byteOffset: Int) throws(FormatError) {
        for delimiter in ";\t| ".utf8 {
            var record = TableRecord()
            record.read(text, at: byteOffset, delimiter: delimiter, assumesNoLineFeeds: true)
            let values = record.fields.map { $0.value(text, delimiter) }
            guard values.count > 1, values.contains(where: \.hasDecimalComma),
                values.allSatisfy({ $0.hasDecimalComma || $0.number != .none })
            else { continue }
            throw FormatError(
                kind: .syntax, subject: "table", byteOffset: byteOffset, found: "numbers with commas, \(values[0].quoted) the first",
                allowed: "numbers with points",
                remedy: TableValue.remedyOfCommas + "; write the table so, or convert it: tr ',' '.'")
        }
    }

    /// Returns the offset of the first line that is not blank, and the number of lines before it.
    static func firstRecord(_ text: UnsafeRawBufferPointer, _ byteOffset: Int) -> (byteOffset: Int, lineCount: Int)? {
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
        let limit = max(exampleCount, min(recordCountLimit, fieldCountLimit / max(1, names.count)))
        var records = TableRecords(text, at: byteOffset, delimiter, isWhole, limit: limit)
        while let record = records.next() {
            for (place, field) in record.fields.prefix(names.count).enumerated() { values[place].append(field.value(text, delimiter)) }
        }
        return zip(names, values).map { name, values in
            RecordColumn(
                name: name, content: content(values),
                examples: values.prefix(exampleCount).map { value in
                    QuotedBytes.short(String(decoding: value.bytes.prefix(256), as: UTF8.self), limit: 24)
                },
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
}
