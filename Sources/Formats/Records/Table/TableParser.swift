internal import Messages
internal import TableReading

/// A parser for tables. Plain records go through `xentParseRows`, many at a time, and all others one by one.
final class TableParser: RecordParser {
    /// The use of a column's values.
    enum Use {
        case value(Int), target(Int), weight, classLabel, byteCount, wordCount, tokenCount, text, identifier(Int)
    }

    let delimiter: UInt8
    let columnNames: [String]
    /// The uses in the order of the columns; a column may occur more than once.
    let uses: [(columnIndex: Int, use: Use)]
    let classNames: TableClassNames?
    let valuesPerRow: Int
    let targetsPerRow: Int
    private let wantsClassLabels: Bool
    private let wantsWeights: Bool
    /// True if the row's value is the sum of the values parsed.
    let sumsValues: Bool
    private let addends: RecordSelection.Addends
    /// The value of a missing prediction; nil if each record must have all.
    let absentValue: Double?
    private let wantsByteCounts: Bool
    private let wantsWordCounts: Bool
    let wantsTokenCounts: Bool
    /// True if the words of texts are counted. If words are wanted and this is false, they come from a column of their own, or are not
    /// known.
    let countsWordsOfTexts: Bool
    /// True if the column of texts holds numbers of bytes.
    private let areWordsUnknown: Bool
    let identifiersPerRow: Int
    /// The label of rows that are ignored; nil for none.
    let ignoredLabel: Int64?
    private let steps: [XentTableStep]
    var record = TableRecord()

    init(_ format: TableFormat, _ selection: RecordSelection) throws(FormatError) {
        delimiter = format.delimiter
        columnNames = format.columns.map(\.name)
        sumsValues = selection.sumsValues
        addends = selection.addends
        absentValue = selection.absentValue
        wantsByteCounts = selection.wantsByteCounts
        wantsWordCounts = selection.wantsWordCounts
        wantsTokenCounts = selection.counts.tokens != nil
        identifiersPerRow = selection.identifiers.count
        ignoredLabel = selection.ignoredLabel
        valuesPerRow = selection.predictions.count
        if let wanted = selection.valuesPerRow, valuesPerRow > 0, !sumsValues, wanted != valuesPerRow {
            throw Self.countError("prediction columns", found: valuesPerRow, wanted: wanted)
        }
        var all: [(path: RecordPath, use: Use)] = selection.predictions.enumerated().map { ($0.element, .value($0.offset)) }
        switch selection.labels {
        case .none:
            (wantsClassLabels, targetsPerRow, classNames) = (false, 0, nil)
        case .classIndex(let path, let names):
            (wantsClassLabels, targetsPerRow, classNames) = (
                true, 0,
                names.map {
                    TableClassNames(ClassNames($0, ignoredLabel: selection.ignoredLabel, hasNoOrder: selection.labelsAreNames))
                }
            )
            all.append((path, .classLabel))
        case .numbers(let paths):
            (wantsClassLabels, targetsPerRow, classNames) = (false, paths.count, nil)
            if let wanted = selection.labelsPerRow, wanted != paths.count {
                throw Self.countError("label columns", found: paths.count, wanted: wanted)
            }
            all += paths.enumerated().map { ($0.element, .target($0.offset)) }
        }
        wantsWeights = selection.weight != nil
        if let weight = selection.weight { all.append((weight, .weight)) }
        let isNumber =
            selection.byteCount?.columnIndex.map { format.columns.indices.contains($0) && format.columns[$0].content == .number } ?? false
        if let byteCount = selection.byteCount { all.append((byteCount, isNumber ? .byteCount : .text)) }
        areWordsUnknown = isNumber && selection.counts.words == nil
        countsWordsOfTexts = selection.byteCount != nil && !isNumber && selection.counts.words == nil
        if let bytes = selection.counts.bytes { all.append((bytes, .byteCount)) }
        if let words = selection.counts.words { all.append((words, .wordCount)) }
        if let tokens = selection.counts.tokens { all.append((tokens, .tokenCount)) }
        all += selection.identifiers.enumerated().map { ($0.element, .identifier($0.offset)) }
        var uses: [(columnIndex: Int, use: Use)] = []
        for (path, use) in all {
            guard let columnIndex = path.columnIndex, format.columns.indices.contains(columnIndex) else {
                throw FormatError(
                    kind: .column, subject: "column", byteOffset: nil, found: QuotedBytes.text(path.name.utf8),
                    allowed: "one of the table's \(format.columns.count) columns")
            }
            uses.append((columnIndex, use))
        }
        self.uses = uses.sorted { $0.columnIndex < $1.columnIndex }
        steps = Self.steps(self.uses, columnCount: format.columns.count, classNames)
    }

    private static func countError(_ subject: String, found: Int, wanted: Int) -> FormatError {
        FormatError(kind: .column, subject: subject, byteOffset: nil, found: String(found), allowed: String(wanted))
    }

    private static func steps(
        _ uses: [(columnIndex: Int, use: Use)], columnCount: Int, _ classNames: TableClassNames?
    ) -> [XentTableStep] {
        var steps: [XentTableStep] = []
        var next = 0
        func append(_ kind: Int, _ index: Int = 0, count: Int = 1) {
            steps.append(XentTableStep(kind: UInt32(kind), index: UInt32(index), count: UInt32(count)))
        }
        for (columnIndex, use) in uses {
            // No step uses a column twice: an unknown kind sends every record to `parseRecord`.
            if columnIndex < next { return [XentTableStep(kind: .max, index: 0, count: 1)] }
            if columnIndex > next { append(XentStepSkip, count: columnIndex - next) }
            switch use {
            case .value(let index):
                // Columns side by side whose values go side by side are one step.
                if columnIndex == next, let last = steps.last, last.kind == UInt32(XentStepValues), Int(last.index + last.count) == index {
                    steps[steps.count - 1].count += 1
                } else {
                    append(XentStepValues, index)
                }
            case .target(let index): append(XentStepTarget, index)
            case .weight: append(XentStepWeight)
            case .classLabel:
                append(
                    classNames.map { $0.names.excludesIndices ? XentStepClassName : XentStepClassIndexOrName } ?? XentStepClassIndex)
            case .byteCount: append(XentStepByteCount)
            case .wordCount: append(XentStepWordCount)
            case .tokenCount: append(XentStepTokenCount)
            case .text: append(XentStepText)
            case .identifier(let index): append(XentStepIdentifier, index)
            }
            next = columnIndex + 1
        }
        if next < columnCount { append(XentStepSkip, count: columnCount - next) }
        return steps
    }

    func measure(_ text: UnsafeRawBufferPointer, isEnd: Bool, assumesNoLineFeedsInRecords: Bool) -> RecordExtent {
        guard let start = text.baseAddress else { return RecordExtent() }
        let extent = xentMeasureTable(
            start.assumingMemoryBound(to: UInt8.self), text.count, delimiter, isEnd, assumesNoLineFeedsInRecords)
        return RecordExtent(byteCount: extent.byteCount, rowCount: extent.rowCount, lineCount: extent.lineCount)
    }

    func parse(_ text: UnsafeRawBufferPointer, into rows: RecordRows) {
        parse(text, assumesNoLineFeedsInRecords: false, into: rows)
    }

    func parse(_ text: UnsafeRawBufferPointer, assumesNoLineFeedsInRecords: Bool, into rows: RecordRows) {
        rows.problems.removeAll(keepingCapacity: true)
        rows.tokenCounts.removeAll(keepingCapacity: true)
        rows.placeholderCounts.removeAll(keepingCapacity: true)
        rows.labelsPerRow = targetsPerRow
        var progress = Progress(assumesNoLineFeeds: assumesNoLineFeedsInRecords)
        progress.lineFeedEnd = text.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // As many as last time, to begin with; at least 256, or as many wide rows as are 1 MiB.
        let least = max(1, min(256, (1 << 17) / max(1, valuesPerRow + targetsPerRow)))
        var capacity = max(least, rows.lines.count)
        resize(rows, to: capacity)
        parsing: while !text.isEmpty {
            switch parseRun(text, into: rows, &progress, capacity: capacity) {
            case XentStopFull:
                // As many as there will be if the rest is like the part so far, and a few more.
                let expected = Double(text.count) / Double(max(progress.byteOffset, 1)) * Double(progress.rowCount)
                capacity = max(capacity + capacity / 4 + 1, min(Int(expected * 1.03) + least / 4, 8 * capacity))
                resize(rows, to: capacity)
            case XentStopRecord:
                parseRecord(text, into: rows, &progress)
            case XentStopBytes where progress.isCleanAfter == nil:
                progress.isCleanAfter = Self.isReadable(text, progress.byteOffset..<text.count)
            case XentStopBytes:
                parseRecord(text, into: rows, &progress)
            default:
                break parsing
            }
        }
        resize(rows, to: progress.rowCount)
        rows.rowCount = progress.rowCount
        if areWordsUnknown { for row in rows.wordCounts.indices { rows.wordCounts[row] = RecordRows.unknownCount } }
        if sumsValues { sumValues(rows) } else { rows.valuesPerRow = valuesPerRow }
    }

    /// The progress of parsing a text.
    struct Progress {
        let assumesNoLineFeeds: Bool
        var lineFeedEnd = 0
        var byteOffset = 0
        var line = 0
        var rowCount = 0
        /// True if the text is UTF-8 without a NUL from its first doubtful byte on; nil until such a byte was met.
        var isCleanAfter: Bool?

        init(assumesNoLineFeeds: Bool) { self.assumesNoLineFeeds = assumesNoLineFeeds }
    }

    /// Returns true if the range is valid UTF-8 and has no NUL byte.
    static func isReadable(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        guard let start = text.baseAddress else { return true }
        return xentFindUnreadableByte((start + range.lowerBound).assumingMemoryBound(to: UInt8.self), range.count) == range.count
    }

    /// Parses plain records, up to one that is not plain.
    private func parseRun(_ text: UnsafeRawBufferPointer, into rows: RecordRows, _ progress: inout Progress, capacity: Int) -> Int {
        var stop = Int32(XentStopEnd)
        rows.values.withUnsafeMutableBufferPointer { values in
            rows.targets.withUnsafeMutableBufferPointer { targets in
                rows.classLabels.withUnsafeMutableBufferPointer { classLabels in
                    rows.weights.withUnsafeMutableBufferPointer { weights in
                        withCounts(of: rows) { byteCounts, wordCounts, tokenCounts in
                            rows.identifiers.withUnsafeMutableBufferPointer { identifiers in
                                rows.lines.withUnsafeMutableBufferPointer { lines in
                                    steps.withUnsafeBufferPointer { steps in
                                        withClassNames { names in
                                            // Neither the text, nor the lines, nor the steps are ever empty.
                                            guard let start = text.baseAddress, let lines = lines.baseAddress,
                                                let first = steps.baseAddress
                                            else { return }
                                            var state = XentTableRows(
                                                text: start.assumingMemoryBound(to: UInt8.self), byteCount: text.count,
                                                lineFeedEnd: progress.lineFeedEnd, steps: first, stepCount: steps.count, names: names,
                                                values: values.baseAddress, valuesPerRow: valuesPerRow, targets: targets.baseAddress,
                                                targetsPerRow: targetsPerRow, classLabels: classLabels.baseAddress,
                                                weights: weights.baseAddress,
                                                byteCounts: byteCounts, wordCounts: wordCounts, tokenCounts: tokenCounts,
                                                identifiers: identifiers.baseAddress, identifiersPerRow: identifiersPerRow, lines: lines,
                                                rowCapacity: capacity, byteOffset: progress.byteOffset, line: progress.line,
                                                rowCount: progress.rowCount, delimiter: delimiter,
                                                assumesNoLineFeedsInRecords: progress.assumesNoLineFeeds,
                                                checksBytes: progress.isCleanAfter != true, countsWordsOfTexts: countsWordsOfTexts)
                                            stop = xentParseRows(&state)
                                            progress.byteOffset = state.byteOffset
                                            progress.line = state.line
                                            progress.rowCount = state.rowCount
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return Int(stop)
    }

    /// Calls `body` with the memory of the counts; nil for those that are not wanted.
    private func withCounts(
        of rows: RecordRows, _ body: (UnsafeMutablePointer<UInt64>?, UnsafeMutablePointer<UInt64>?, UnsafeMutablePointer<UInt64>?) -> Void
    ) {
        rows.byteCounts.withUnsafeMutableBufferPointer { byteCounts in
            rows.wordCounts.withUnsafeMutableBufferPointer { wordCounts in
                rows.tokenCounts.withUnsafeMutableBufferPointer { tokenCounts in
                    body(
                        wantsByteCounts ? byteCounts.baseAddress : nil, wantsWordCounts ? wordCounts.baseAddress : nil,
                        wantsTokenCounts ? tokenCounts.baseAddress : nil)
                }
            }
        }
    }

    private func withClassNames(_ body: (UnsafePointer<XentClassNames>?) -> Void) {
        if let classNames { classNames.withNames(body) } else { body(nil) }
    }

    /// Makes room for more rows, or removes those that are too many.
    private func resize(_ rows: RecordRows, to rowCount: Int) {
        func resize<Element>(_ elements: inout [Element], to count: Int, _ filler: Element) {
            if elements.count > count {
                elements.removeLast(elements.count - count)
            } else {
                elements.append(contentsOf: repeatElement(filler, count: count - elements.count))
            }
        }
        resize(&rows.values, to: rowCount * valuesPerRow, 0)
        resize(&rows.targets, to: rowCount * targetsPerRow, 0)
        resize(&rows.classLabels, to: wantsClassLabels ? rowCount : 0, 0)
        resize(&rows.weights, to: wantsWeights ? rowCount : 0, 0)
        resize(&rows.byteCounts, to: wantsByteCounts ? rowCount : 0, 0)
        resize(&rows.wordCounts, to: wantsWordCounts ? rowCount : 0, 0)
        resize(&rows.tokenCounts, to: wantsTokenCounts ? rowCount : 0, 0)
        resize(&rows.identifiers, to: rowCount * identifiersPerRow, 0)
        resize(&rows.lines, to: rowCount, 0)
    }

    /// Replaces the values of each row by their sum. Missing values are NaN and left out; in a row with a problem all values are NaN.
    private func sumValues(_ rows: RecordRows) {
        var problems: [RecordProblem] = []
        for row in 0..<rows.rowCount {
            var sum = TokenSum()
            for value in rows.values[row * valuesPerRow..<(row + 1) * valuesPerRow] where !value.isNaN { sum.add(value) }
            rows.values[row] = sum.count == 0 ? .nan : sum.value
            if wantsTokenCounts {
                // Without a log-probability nothing is known of the record's tokens.
                if sum.count == 0 { rows.tokenCounts[row] = 0 }
            } else {
                rows.tokenCounts.append(sum.count)
            }
            rows.placeholderCounts.append(sum.placeholderCount)
            guard let problem = sum.problem(addends) else {
                guard rows.tokenCounts[row] == 0, sum.count > 0 else { continue }
                problems.append(RecordProblem(rowIndex: row, column: nil, message: TokenSum.noTokensMessage))
                clearSums(rows, row: row)
                continue
            }
            problems.append(RecordProblem(rowIndex: row, column: nil, message: problem.message, remedy: problem.remedy))
            clearSums(rows, row: row)
        }
        if !problems.isEmpty { rows.problems = (rows.problems + problems).sorted { $0.rowIndex < $1.rowIndex } }
        if valuesPerRow > 1 { rows.values.removeLast(rows.values.count - rows.rowCount) }
        rows.valuesPerRow = valuesPerRow > 0 ? 1 : 0
    }

    /// Clears the sums of a row with a problem.
    private func clearSums(_ rows: RecordRows, row: Int) {
        rows.values[row] = .nan
        rows.tokenCounts[row] = 0
        rows.placeholderCounts[row] = 0
        if wantsWeights { rows.weights[row] = .nan }
        if wantsByteCounts { rows.byteCounts[row] = 0 }
        if wantsWordCounts { rows.wordCounts[row] = 0 }
    }
}
