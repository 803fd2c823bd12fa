internal import Container
internal import Elements
internal import Formats
internal import Messages
internal import Scoring

/// A reader of text. It decodes spans, and parses numbered chunks to rows. It belongs to one worker; nothing grows with the dump.
final class RecordReader: PieceReader {
    private let source: RecordRowSource
    private let control: RunControl
    private let decoder: Decoder
    private let rows = RecordRows()
    /// The writers of the source's hashed values.
    private let hashedValueWriters: [HashedValueWriter]

    /// The parser of the file that was worked on last.
    private var parser: (fileIndex: Int, parser: any RecordParser)?

    init(_ source: RecordRowSource, _ control: RunControl) {
        self.source = source
        self.control = control
        decoder = Decoder(options: source.options)
        hashedValueWriters = source.hashedValues.map { HashedValueWriter($0) }
    }

    private func parser(of fileIndex: Int) throws(EngineError) -> any RecordParser {
        if let parser, parser.fileIndex == fileIndex { return parser.parser }
        let made = try source.files[fileIndex].makeParser()
        parser = (fileIndex, made)
        return made
    }

    /// Decodes a chunk that is a span, and finds its whole lines.
    func prepare(_ chunk: RecordChunk) throws(EngineError) {
        guard let span = chunk.span else { return }
        let file = source.files[chunk.fileIndex]
        let byteCount: Int
        switch span {
        case .bytes(let bytes): byteCount = bytes.count
        case .frames(let frames): byteCount = frames.reduce(0) { $0 + file.container.frames[$1].decodedByteCount }
        case .whole: return
        }
        decoder.start(file.container, span)
        let start = RecordChunk.frontByteCount
        chunk.buffer.reserve(start + byteCount)
        try decoder.fill(chunk.buffer.room(from: start, count: byteCount), path: file.path)
        chunk.decoded = start..<start + byteCount
        control.progress.advance(by: byteCount)
        if let window = source.window {
            chunk.cut(
                to: window.byteRange, start: file.decodedBytes(of: span).lowerBound, headerByteCount: file.format.headerByteCount)
        }
        chunk.measure(try parser(of: chunk.fileIndex), headerByteCount: file.format.headerByteCount)
    }

    /// The largest number of values that are made of one text at a time, which take 32 MiB. A line of two bytes may become a row of any
    /// number of values, all NaN.
    private static let valueCountLimit = 4 << 20

    func read(_ chunk: RecordChunk, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
        guard chunk.extent.rowCount > 0 else { return }
        let rowLimit = max(1, Self.valueCountLimit / source.layout.valuesPerRow)
        var part = Part(text: chunk.text, extent: chunk.extent, firstRow: 0, firstLine: 0)
        guard part.extent.rowCount > rowLimit else { return try read(part, of: chunk, body) }
        // The length is about that of a text with `rowLimit` rows.
        let parser = try parser(of: chunk.fileIndex)
        let byteCount = max(1, chunk.text.count / (chunk.extent.rowCount / rowLimit + 1))
        while part.text.lowerBound < chunk.text.upperBound {
            var length = byteCount
            repeat {
                let end = min(chunk.text.upperBound, part.text.lowerBound + length)
                part.extent = parser.measure(
                    chunk.bytes(part.text.lowerBound..<end), isEnd: end == chunk.text.upperBound, assumesNoLineFeedsInRecords: chunk.isCut)
                length *= 2
            } while part.extent.byteCount == 0
            part.text = part.text.lowerBound..<part.text.lowerBound + part.extent.byteCount
            if part.extent.rowCount > 0 { try read(part, of: chunk, body) }
            part = Part(
                text: part.text.upperBound..<chunk.text.upperBound, extent: RecordExtent(), firstRow: part.firstRow + part.extent.rowCount,
                firstLine: part.firstLine + part.extent.lineCount)
        }
    }

    /// Some of a chunk's records, with the numbers of rows and lines before them in the chunk.
    private struct Part {
        var text: Range<Int>
        var extent: RecordExtent
        var firstRow: Int
        var firstLine: Int
    }

    private func read(
        _ part: Part, of chunk: RecordChunk, _ body: (RowBatch) throws(EngineError) -> Void
    ) throws(EngineError) {
        let file = source.files[chunk.fileIndex]
        try parser(of: chunk.fileIndex).parse(chunk.bytes(part.text), assumesNoLineFeedsInRecords: chunk.isCut, into: rows)
        let problems = rows.problems
        let firstRowInFile = chunk.firstRowInFile + part.firstRow
        let firstLine = chunk.firstLine + part.firstLine
        let lines = rows.lines
        func place(_ index: Int) -> RowPlace {
            // Editors count lines from 1.
            RowPlace(
                path: file.path, row: firstRowInFile + index, line: firstLine + Int(lines[index]) + 1,
                counting: source.window?.counting ?? .inFile)
        }
        if chunk.isCut, file.format.allowsLineFeedsInRecords, let open = problems.first(where: \.isUnclosedQuote) {
            throw EngineError(open, at: place(open.rowIndex), readingFault: .cutInsideQuotes)
        }
        if let last = problems.first(where: \.endsRun) { throw EngineError(last, at: place(last.rowIndex)) }
        // The numbers of the rows come from this count.
        guard rows.rowCount == part.extent.rowCount else {
            throw EngineError(
                .data, path: file.path, line: firstLine + 1,
                "\(part.extent.rowCount) records were counted and \(rows.rowCount) read in \(part.extent.lineCount) lines from here on",
                remedy: "this is a fault of xent: please report it, with these lines if you can")
        }
        let rowCount = rows.rowCount
        if !hashedValueWriters.isEmpty { keepValues(of: file, chunk.bytes(part.text)) }
        rows.padColumns()
        try rows.withColumns { columns throws(EngineError) in
            let (values, elementType) = columns[source.values]
            var batchColumns: [UnsafeRawPointer] = []
            for column in source.columns { batchColumns.append(columns[column].bytes) }
            let texts = file.selection.shown.isEmpty ? nil : RecordTexts(of: file, chunk.bytes(part.text), lines)
            try body(
                RowBatch(
                    firstRow: chunk.firstRow + part.firstRow, rowCount: rowCount, values: values, elementType: elementType,
                    columns: batchColumns, problems: problems, place: place, shownText: texts.map { texts in { texts.text(column: $0, row: $1) } }))
        }
    }
}

extension RecordReader {
    /// Keeps the values of hashes that the reader meets for the first time. O(bytes of the text) where it meets any.
    private func keepValues(of file: RecordFile, _ text: UnsafeRawBufferPointer) {
        let paths = file.selection.identifiers
        let firstPath = paths.count - hashedValueWriters.count
        var records = RecordBeginnings(of: file, text)
        var problems = rows.problems[...]
        for row in 0..<rows.rowCount {
            // The parser leaves the hashes of a record out that is no row. It is an invalid row of its values' groups all the same.
            let isProblem = problems.first?.rowIndex == row
            if isProblem { problems.removeFirst() }
            for (index, writer) in hashedValueWriters.enumerated() {
                let place = row * paths.count + firstPath + index
                if isProblem, let record = records.record(at: row, line: Int(rows.lines[row])),
                    let value = file.format.value(paths[firstPath + index], ofFirstRecordIn: record)
                {
                    rows.identifiers[place] = Identifier.hash(value.utf8)
                }
                let code = writer.code(ofHash: rows.identifiers[place]) {
                    records.record(at: row, line: Int(rows.lines[row])).flatMap {
                        file.format.value(paths[firstPath + index], ofFirstRecordIn: $0)
                    }
                }
                if writer.intervals != nil { rows.identifiers[place] = code }
            }
        }
    }
}

/// The values of shown columns in a text's records, which are looked up one by one.
private final class RecordTexts {
    private let file: RecordFile
    private let text: UnsafeRawBufferPointer
    /// The line of each record, from 0.
    private let lines: [UInt32]
    private var records: RecordBeginnings
    private var lastRow = 0

    init(of file: RecordFile, _ text: UnsafeRawBufferPointer, _ lines: [UInt32]) {
        (self.file, self.text, self.lines) = (file, text, lines)
        records = RecordBeginnings(of: file, text)
    }

    /// Returns the value of a path of `RecordSelection.shown` in a record; nil where it has none. O(bytes since the last record that was asked for),
    /// if that is not a later one.
    func text(column: Int, row: Int) -> String? {
        if row < lastRow { records = RecordBeginnings(of: file, text) }
        lastRow = row
        return records.record(at: row, line: Int(lines[row])).flatMap {
            file.format.value(file.selection.shown[column], ofFirstRecordIn: $0)
        }
    }
}

/// The places of the records of a text, found in ascending order.
private struct RecordBeginnings {
    private let file: RecordFile
    /// The text from the last record on that was asked for, and that record's index and line.
    private var rest: UnsafeRawBufferPointer
    private var index = 0, line = 0

    init(of file: RecordFile, _ text: UnsafeRawBufferPointer) {
        self.file = file
        rest = text
    }

    /// Returns the text from a record on, or the record alone; nil if there is no such record. O(bytes since the last record that was asked
    /// for).
    ///
    /// - Parameters:
    ///   - index: the record's index in the text.
    ///   - line: the number of the record's first line in the text.
    mutating func record(at index: Int, line: Int) -> UnsafeRawBufferPointer? {
        // Records of some formats share lines.
        if let record = file.format.record(at: index - self.index, of: rest), let first = rest.baseAddress, let place = record.baseAddress {
            rest = UnsafeRawBufferPointer(rebasing: rest[(place - first)...])
            self.index = index
            return record
        }
        while self.line < line {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
            self.line += 1
        }
        return rest
    }
}

/// A column that a parser makes of records.
enum RecordColumnKind: Sendable {
    case predictions
    /// Class indices, `Int64`.
    case classLabels
    /// Labels as numbers, `Float64`.
    case targets
    case weights
    case tokenCounts
    /// The numbers of log-probabilities that are placeholders.
    case placeholderCounts
    case byteCounts
    case wordCounts
    /// Hashes of identifiers, `UInt64`.
    case identifiers

    var elementType: ElementType {
        switch self {
        case .predictions, .targets, .weights: .float64
        case .classLabels: .int64
        case .tokenCounts, .placeholderCounts, .byteCounts, .wordCounts, .identifiers: .uint64
        }
    }
}

/// The memory of all columns of parsed records.
private struct RecordColumns {
    let values: UnsafeRawBufferPointer
    let classLabels: UnsafeRawBufferPointer
    let targets: UnsafeRawBufferPointer
    let weights: UnsafeRawBufferPointer
    let tokenCounts: UnsafeRawBufferPointer
    let placeholderCounts: UnsafeRawBufferPointer
    let byteCounts: UnsafeRawBufferPointer
    let wordCounts: UnsafeRawBufferPointer
    let identifiers: UnsafeRawBufferPointer

    subscript(kind: RecordColumnKind) -> (bytes: UnsafeRawPointer, elementType: ElementType) {
        let buffer =
            switch kind {
            case .predictions: values
            case .classLabels: classLabels
            case .targets: targets
            case .weights: weights
            case .tokenCounts: tokenCounts
            case .placeholderCounts: placeholderCounts
            case .byteCounts: byteCounts
            case .wordCounts: wordCounts
            case .identifiers: identifiers
            }
        // A padded column has memory even if it has no rows.
        guard let base = buffer.baseAddress else { preconditionFailure("a column of records is read that was not parsed") }
        return (base, kind.elementType)
    }
}

extension RecordRows {
    fileprivate func withColumns<Failure: Error>(_ body: (RecordColumns) throws(Failure) -> Void) throws(Failure) {
        try values.withBytes { values throws(Failure) in
            try classLabels.withBytes { classLabels throws(Failure) in
                try targets.withBytes { targets throws(Failure) in
                    try weights.withBytes { weights throws(Failure) in
                        try tokenCounts.withBytes { tokenCounts throws(Failure) in
                            try placeholderCounts.withBytes { placeholderCounts throws(Failure) in
                                try byteCounts.withBytes { byteCounts throws(Failure) in
                                    try wordCounts.withBytes { wordCounts throws(Failure) in
                                        try identifiers.withBytes { identifiers throws(Failure) in
                                            try body(
                                                RecordColumns(
                                                    values: values, classLabels: classLabels, targets: targets, weights: weights,
                                                    tokenCounts: tokenCounts, placeholderCounts: placeholderCounts, byteCounts: byteCounts,
                                                    wordCounts: wordCounts, identifiers: identifiers))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

extension RecordProblem {
    /// The problem in words, with the name of the column at fault.
    var text: String { column.map { "column \($0): \(message)" } ?? message }
}

extension EngineError {
    /// Makes the error for a record that is no row.
    init(_ problem: RecordProblem, at place: RowPlace, readingFault: ReadingFault? = nil) {
        self.init(
            .data, path: place.path, frame: place.frame, row: place.row, line: place.line, Message(problem.text), remedy: problem.remedy,
            readingFault: readingFault)
    }
}
