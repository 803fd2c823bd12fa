internal import Messages

extension TableParser {
    /// An error for the problem of a record.
    private struct Problem: Error {
        var columnIndex: Int?
        let message: String
        var remedy: Message?
        var isUnclosedQuote = false
    }

    /// Parses the record at `progress`, which is not plain and may be wrong. There is room for its row.
    func parseRecord(_ text: UnsafeRawBufferPointer, into rows: RecordRows, _ progress: inout Progress) {
        record.read(text, at: progress.byteOffset, delimiter: delimiter, assumesNoLineFeeds: progress.assumesNoLineFeeds)
        let row = progress.rowCount
        rows.lines[row] = UInt32(truncatingIfNeeded: progress.line)
        var hasItsFields = false
        do throws(Problem) {
            try checkRecord(text, from: progress.byteOffset)
            hasItsFields = true
            let counts = try parseFields(text, into: rows, row: row)
            if row < rows.byteCounts.count { rows.byteCounts[row] = counts.bytes }
            if row < rows.wordCounts.count { rows.wordCounts[row] = counts.words }
            if row < rows.tokenCounts.count, wantsTokenCounts { rows.tokenCounts[row] = counts.tokens }
        } catch {
            clear(rows, row: row)
            // A row to ignore is ignored whatever its other fields hold, as one of an array is.
            if hasItsFields, row < rows.classLabels.count, let ignored = ignoredLabel, classLabel(text) == ignored {
                rows.classLabels[row] = ignored
            }
            rows.problems.append(
                RecordProblem(
                    rowIndex: row, column: error.columnIndex.map { QuotedBytes.name(columnNames[$0]) }, message: error.message,
                    remedy: error.remedy, isUnclosedQuote: error.isUnclosedQuote))
        }
        progress.byteOffset = record.endByteOffset
        progress.line += record.lineFeedCount
        progress.rowCount += 1
    }

    private func clear(_ rows: RecordRows, row: Int) {
        for place in row * valuesPerRow..<(row + 1) * valuesPerRow { rows.values[place] = .nan }
        for place in row * targetsPerRow..<(row + 1) * targetsPerRow { rows.targets[place] = .nan }
        if row < rows.classLabels.count { rows.classLabels[row] = .min }
        if row < rows.weights.count { rows.weights[row] = .nan }
        if row < rows.byteCounts.count { rows.byteCounts[row] = 0 }
        if row < rows.wordCounts.count { rows.wordCounts[row] = 0 }
        if row < rows.tokenCounts.count { rows.tokenCounts[row] = 0 }
        for place in row * identifiersPerRow..<(row + 1) * identifiersPerRow { rows.identifiers[place] = 0 }
    }

    /// Checks the record as a whole.
    private func checkRecord(_ text: UnsafeRawBufferPointer, from byteOffset: Int) throws(Problem) {
        let fields = record.fields
        if record.isUnclosed, let field = fields.last {
            let content = (field.content.lowerBound - 1)..<field.content.upperBound
            throw Problem(
                columnIndex: fields.count <= columnNames.count ? fields.count - 1 : nil,
                message:
                    "a quote is opened and not closed: \(QuotedBytes.text(text[content]))",
                remedy: "close it; a quote that belongs to the text is doubled, in a field between quotes", isUnclosedQuote: true)
        }
        if fields.count != columnNames.count {
            let isHeaderShort = fields.count == columnNames.count + 1
            throw Problem(
                message: "\(fields.count) \(fields.count == 1 ? "field" : "fields"), and the table has \(columnNames.count)"
                    + (columnNames.count == 1 ? " column" : " columns"),
                remedy: fields.count == 2 * columnNames.count && hasDecimalCommas(text)
                    ? Message(TableValue.remedyOfCommas)
                    : isHeaderShort
                        ? "put fields that hold the delimiter between quotes; if lines begin with a row's name, name its column" : nil)
        }
        let range = byteOffset..<record.endByteOffset
        if !Self.isReadable(text, range) {
            let place = text[range].firstIndex(of: 0)
            let column = place.flatMap { place in fields.firstIndex { place < $0.content.upperBound } }
            if place != nil {
                throw Problem(columnIndex: column, message: "a NUL byte is in the line", remedy: "is the file damaged?")
            }
            let unreadable = fields.firstIndex { !Self.isReadable(text, $0.content) }
            let bytes = unreadable.map { QuotedBytes.text(text[fields[$0].content]) }
            throw Problem(
                columnIndex: unreadable, message: (bytes.map { "\($0) is" } ?? "the line is") + " no UTF-8",
                remedy: "convert the file, such as with iconv -f WINDOWS-1252 -t UTF-8")
        }
        if let column = fields.firstIndex(where: \.hasTextAfterQuote) {
            throw Problem(
                columnIndex: column, message: "text comes after the quote that closes \(QuotedBytes.text(text[fields[column].content]))",
                remedy: "a quote that belongs to the text is doubled")
        }
    }

    /// Returns true if all fields are digits, as where a comma stands in place of each number's point.
    private func hasDecimalCommas(_ text: UnsafeRawBufferPointer) -> Bool {
        guard delimiter == UInt8(ascii: ",") else { return false }
        return record.fields.enumerated().allSatisfy { place, field in
            let bytes = field.value(text, delimiter).bytes
            let digits = place % 2 == 0 ? bytes.drop { $0 == UInt8(ascii: "-") } : bytes[...]
            return !digits.isEmpty && digits.allSatisfy { 0x30...0x39 ~= $0 }
        }
    }

    /// Stores the wanted values in the row. Returns the counts.
    private func parseFields(
        _ text: UnsafeRawBufferPointer, into rows: RecordRows, row: Int
    ) throws(Problem) -> (bytes: UInt64, words: UInt64, tokens: UInt64) {
        var counts: (bytes: UInt64, words: UInt64, tokens: UInt64) = (0, 0, 0)
        var presentValueCount = 0
        var absentValues: Set<Int> = []
        for (columnIndex, use) in uses {
            let field = record.fields[columnIndex]
            if case .text = use {
                counts.bytes += UInt64(field.byteCount(text))
                if countsWordsOfTexts { counts.words += field.wordCount(text) }
                continue
            }
            let value = field.value(text, delimiter)
            if field.hasQuoteWithin {
                throw Problem(
                    columnIndex: columnIndex, message: "a quote is within \(value.quoted), which does not begin with one",
                    remedy: "put the quote first, without a space before it, or leave it out")
            }
            switch use {
            case .value(let index):
                if sumsValues || absentValue != nil, value.isMissing {
                    rows.values[row * valuesPerRow + index] = absentValue ?? .nan
                    absentValues.insert(index)
                } else {
                    rows.values[row * valuesPerRow + index] = try number(value, columnIndex)
                    presentValueCount += 1
                }
            case .target(let index):
                rows.targets[row * targetsPerRow + index] = try target(value, columnIndex)
            case .weight:
                rows.weights[row] = try number(value, columnIndex)
            case .classLabel:
                rows.classLabels[row] = try classLabel(value, columnIndex)
            case .byteCount:
                counts.bytes += try count(value, of: "bytes", columnIndex)
            case .wordCount:
                counts.words += try count(value, of: "words", columnIndex)
            case .tokenCount:
                counts.tokens += try count(value, of: "tokens", columnIndex)
            case .identifier(let index):
                rows.identifiers[row * identifiersPerRow + index] = Identifier.hash(value.bytes)
            case .text: break
            }
        }
        if sumsValues || absentValue != nil, presentValueCount == 0, valuesPerRow > 0 { throw missing(firstValueColumn) }
        if absentValue != nil, row < rows.classLabels.count, let label = Int(exactly: rows.classLabels[row]), absentValues.contains(label) {
            throw Problem(message: "the label \(label) is a class without a prediction in this record", remedy: Self.leaveOut)
        }
        return counts
    }

    private var firstValueColumn: Int? {
        uses.first { if case .value = $0.use { true } else { false } }?.columnIndex
    }

    /// The remedy where many rows may have the same fault, made once.
    private static let leaveOut: Message = "\(setting: .invalidRows, .skip) leaves such rows out"

    private func missing(_ columnIndex: Int?) -> Problem {
        Problem(columnIndex: columnIndex, message: "missing value", remedy: Self.leaveOut)
    }

    private func noNumber(_ value: TableValue, _ columnIndex: Int) -> Problem {
        Problem(columnIndex: columnIndex, message: "\(value.quoted) is no number", remedy: value.remedy.map { Message($0) })
    }

    private func number(_ value: TableValue, _ columnIndex: Int) throws(Problem) -> Double {
        switch value.number {
        case .number(let number): return number
        case .missing: throw missing(columnIndex)
        case .none: throw noNumber(value, columnIndex)
        }
    }

    private func target(_ value: TableValue, _ columnIndex: Int) throws(Problem) -> Double {
        if let boolean = value.boolean { return boolean }
        if targetsPerRow == 1, value.number == .none, value.remedy == nil {
            throw Problem(
                columnIndex: columnIndex, message: "\(value.quoted) is no number",
                remedy: "\(setting: .classNames) names the classes of label 0 and label 1, \(setting: .positiveClass) that of label 1")
        }
        let number = try number(value, columnIndex)
        guard abs(number) < 0x1p53 else {
            throw Problem(
                columnIndex: columnIndex, message: "the label \(value.quoted) is beyond 2^53 - 1, and no Float64 tells it from others")
        }
        return number
    }

    private func count(_ value: TableValue, of things: String, _ columnIndex: Int) throws(Problem) -> UInt64 {
        let number: Double
        do throws(Problem) {
            number = try self.number(value, columnIndex)
        } catch {
            throw Problem(
                columnIndex: columnIndex, message: error.message,
                remedy: error.remedy ?? "\(setting: .textColumn) counts the bytes and words of texts")
        }
        guard let count = UInt64(exactly: number), number < 0x1p53 else {
            throw Problem(columnIndex: columnIndex, message: "\(value.quoted) is no number of \(things)")
        }
        return count
    }

    /// The class label of a record that has a problem elsewhere; nil if the label is the problem.
    private func classLabel(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard let label = uses.first(where: { if case .classLabel = $0.use { true } else { false } }) else { return nil }
        let field = record.fields[label.columnIndex]
        return field.hasQuoteWithin ? nil : try? classLabel(field.value(text, delimiter), label.columnIndex)
    }

    private func classLabel(_ value: TableValue, _ columnIndex: Int) throws(Problem) -> Int64 {
        if let index = classNames?.classIndex(value.bytes) { return index }
        switch value.classIndex {
        case .index(let index):
            guard let classNames, classNames.names.excludesIndices else { return index }
            // `2.0` is the class of the name `2`.
            if let named = classNames.classIndex(Array(String(index).utf8)) { return named }
            // A negative number is no class; it may be the label to ignore.
            if index < 0 { return index }
            throw Problem(
                columnIndex: columnIndex, message: "the label \(value.quoted) is none of the classes' names, \(classNames.names.list)",
                remedy: classNames.names.remedy)
        case .missing:
            throw missing(columnIndex)
        case .fraction:
            throw Problem(columnIndex: columnIndex, message: "the label \(value.quoted) is a fraction, and no class index")
        case .beyond:
            throw Problem(columnIndex: columnIndex, message: "the label \(value.quoted) is beyond what a class index can be")
        case .none:
            let isNamed = classNames != nil
            throw Problem(
                columnIndex: columnIndex,
                message: "the label \(value.quoted) is "
                    + (classNames.map { "none of the classes' names, \($0.names.list)" } ?? "no class index"),
                remedy: isNamed
                    ? "\(setting: .classNames) gives them in the order of the classes"
                    : "\(setting: .classNames) gives the names of classes")
        }
    }
}
