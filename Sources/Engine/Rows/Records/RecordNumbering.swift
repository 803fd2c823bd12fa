internal import Container
internal import Formats
internal import Messages
internal import Scoring

/// The numbering of the rows of text. It puts whole records together from chunks that come in order, and counts them.
///
/// A row must have its number before it is scored, and text must be decoded before its rows can be counted. So chunks are decoded and
/// counted side by side, numbered here one after another, and then parsed side by side.
struct RecordNumbering: RowNumbering {
    private let files: [RecordFile]
    /// The part of the single file that is read; nil for all of all files.
    private let window: RecordWindow?
    /// True if a record of the window has begun.
    private var isInWindow = false

    /// The beginning of a record that goes on in the next chunk.
    private var carry: [UInt8] = []
    /// The parser that counts the records that were put together.
    private var parser: (any RecordParser)?
    /// The number of rows so far, in all files.
    private(set) var rowCount = 0
    /// The number of lines so far, in the file.
    private var line = 0
    /// The number of lines that were counted, with those of the header and those before the window.
    var lineCount: Int { line }
    /// The files whose last line has no end, by their indices.
    private var openFiles: [Int] = []
    /// A warning for each file whose last line has no end.
    var warnings: [Message] { openFiles.map { Self.openEndWarning(files[$0].path) } }
    /// The number of each file's first row, as far as it is known.
    private var firstRows: [Int] = []

    init(_ files: [RecordFile], window: RecordWindow?) {
        self.files = files
        self.window = window
        line = window?.linesBefore ?? 0
    }

    func place(ofRow row: Int) -> RowPlace {
        let fileIndex = firstRows.lastIndex { $0 <= row } ?? 0
        return RowPlace(
            path: files[fileIndex].path, row: row - (firstRows.isEmpty ? 0 : firstRows[fileIndex]) + (window?.rowsBefore ?? 0),
            counting: window?.counting ?? .inFile)
    }

    mutating func number(_ chunk: RecordChunk) throws(EngineError) -> Range<Int>? {
        // A file without chunks has no rows, either.
        while firstRows.count <= chunk.fileIndex { firstRows.append(rowCount) }
        if let window {
            // The chunk was taken before the end was found.
            if window.isComplete { return nil }
            if try !enter(chunk) { return nil }
        }
        if chunk.span != nil, try !join(chunk) { return nil }
        if chunk.endsWindow { window?.complete() }
        if hasOpenEnd(chunk) { openFiles.append(chunk.fileIndex) }
        chunk.firstRow = rowCount
        chunk.firstRowInFile = rowCount - firstRows[chunk.fileIndex] + (window?.rowsBefore ?? 0)
        rowCount += chunk.extent.rowCount
        return chunk.firstRow..<rowCount
    }

    /// True if the last record of the chunk has no line feed after it. Only the end of a file cuts records so.
    private func hasOpenEnd(_ chunk: RecordChunk) -> Bool {
        guard chunk.extent.rowCount > 0 else { return false }
        return Self.hasOpenEnd(chunk.bytes(chunk.text), files[chunk.fileIndex].format)
    }

    /// True if the last record of some whole records has no line feed after it, where a format has one.
    static func hasOpenEnd(_ text: UnsafeRawBufferPointer, _ format: any RecordFormat) -> Bool {
        guard format.endsRecordsWithLineFeeds, text.last != 0x0A else { return false }
        // Blanks after the last line feed are no record.
        let lastLineStart = text.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return !text[lastLineStart...].allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
    }

    /// The warning of a text whose last line has no end.
    static func openEndWarning(_ path: String) -> Message {
        let name = path == "-" ? "standard input" : path
        return Message(
            code: .noFinalLineFeed, "\(name): its last line has no end: was it cut short? A line feed there says that it is whole")
    }

    /// Drops what stands before the window's first record, and returns false if nothing is left of the chunk.
    private mutating func enter(_ chunk: RecordChunk) throws(EngineError) -> Bool {
        guard !isInWindow else { return true }
        if parser == nil { parser = try files[chunk.fileIndex].makeParser() }
        if chunk.isFirst || chunk.beginsWindow {
            isInWindow = true
            return true
        }
        // A record that began before the window goes on up to the first line feed, which may not be in this chunk.
        let hasLineFeed = chunk.body.lowerBound < chunk.decoded.upperBound || chunk.bytes(chunk.decoded).last == 0x0A
        isInWindow = hasLineFeed
        chunk.decoded = chunk.body.lowerBound..<chunk.decoded.upperBound
        guard chunk.decoded.isEmpty else { return true }
        if chunk.endsWindow { window?.complete() }
        return false
    }

    /// Makes whole records of a decoded span, and returns false if no record ends in it.
    private mutating func join(_ chunk: RecordChunk) throws(EngineError) -> Bool {
        let file = files[chunk.fileIndex]
        if chunk.isFirst {
            parser = try file.makeParser()
            carry = []
            line = file.format.headerLineCount
        }
        guard let parser else { return false }
        let start = carry.count
        guard start + chunk.body.lowerBound - chunk.decoded.lowerBound <= file.recordByteCountLimit else {
            throw file.lengthError(line: line + 1)
        }
        // The bytes before the body are a record's end or, in a file's first chunk, the header.
        if !chunk.isFirst, !chunk.isLast, chunk.body.lowerBound == chunk.decoded.upperBound, chunk.bytes(chunk.decoded).last != 0x0A {
            carry += chunk.bytes(chunk.decoded)
            return false
        }
        if start > 0 { chunk.prepend(carry) }
        let begin = chunk.isFirst ? chunk.body.lowerBound : chunk.decoded.lowerBound - start
        let end = chunk.isLast ? chunk.decoded.upperBound : chunk.body.upperBound
        var extent = chunk.bodyExtent
        func count(_ range: Range<Int>, isEnd: Bool) {
            guard !range.isEmpty else { return }
            let part = parser.measure(chunk.bytes(range), isEnd: isEnd, assumesNoLineFeedsInRecords: true)
            extent.rowCount += part.rowCount
            extent.lineCount += part.lineCount
        }
        count(begin..<chunk.body.lowerBound, isEnd: chunk.isLast && chunk.body.isEmpty && end == chunk.body.lowerBound)
        count(chunk.body.upperBound..<end, isEnd: true)
        extent.byteCount = end - begin
        carry = chunk.isLast ? [] : Array(chunk.bytes(end..<chunk.decoded.upperBound))
        chunk.text = begin..<end
        chunk.extent = extent
        chunk.firstLine = line
        line += extent.lineCount
        return true
    }
}

// Going on with a chunk that an earlier run began with, or left.
extension RecordNumbering {
    /// The state before a chunk, from which a feed and a numbering can go on.
    struct State: Equatable {
        var fileIndex = 0
        /// The index of the chunk's span; 0 for the first piece of a file that cannot be cut.
        var spanIndex = 0
        var rowCount = 0
        var line = 0
        var isInWindow = false
        var isWindowComplete = false
        var openFiles: [Int] = []
        var firstRows: [Int] = []
        /// The beginning of a record that goes on in the chunk.
        var carry: [UInt8] = []

        /// The longest beginning of a record that is kept in a state. A run that cannot go on after it goes on at the record's first chunk.
        static let carryByteCountLimit = 1 << 20
    }

    /// Goes on with the chunk of a state.
    init(_ files: [RecordFile], window: RecordWindow?, from state: State) throws(EngineError) {
        self.init(files, window: window)
        isInWindow = state.isInWindow
        carry = state.carry
        rowCount = state.rowCount
        line = state.line
        openFiles = state.openFiles
        firstRows = state.firstRows
        parser = try files[state.fileIndex].makeParser()
        if state.isWindowComplete { window?.complete() }
    }

    func resumeState(before chunk: RecordChunk) -> [UInt8]? {
        // A file that cannot be cut is decoded from its beginning on.
        guard chunk.span != nil || chunk.isFirst, carry.count <= State.carryByteCountLimit else { return nil }
        return State(
            fileIndex: chunk.fileIndex, spanIndex: chunk.span == nil ? 0 : chunk.spanIndex, rowCount: rowCount, line: line,
            isInWindow: isInWindow, isWindowComplete: window?.isComplete ?? false, openFiles: openFiles, firstRows: firstRows,
            carry: carry
        ).encoded
    }
}

extension RecordNumbering.State {
    /// As numbers of eight bytes, the least significant first: the indices of the file and the span, the numbers of rows and lines, 1 in a
    /// window, 1 behind it, the number of open files and each, the number of first rows and each; then the beginning of a record.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for number in [fileIndex, spanIndex, rowCount, line, isInWindow ? 1 : 0, isWindowComplete ? 1 : 0, openFiles.count] + openFiles
            + [firstRows.count] + firstRows
        {
            bytes.append(littleEndian: UInt64(number))
        }
        return bytes + carry
    }

    /// Reads what `encoded` wrote; nil for other bytes, and for a place that is not in the files.
    init?(_ bytes: [UInt8], _ files: [RecordFile], cutsText: Bool) {
        var reader = SectionReader(bytes[...])
        do throws(PartialError) {
            func number() throws(PartialError) -> Int {
                guard let number = Int(exactly: try reader.unsigned()) else { throw .damaged("a number is 2^63 or more") }
                return number
            }
            (fileIndex, spanIndex, rowCount, line) = (try number(), try number(), try number(), try number())
            let flags = (try number(), try number())
            (isInWindow, isWindowComplete) = (flags.0 == 1, flags.1 == 1)
            for _ in 0..<(try reader.count(leastByteCount: 8)) { openFiles.append(try number()) }
            for _ in 0..<(try reader.count(leastByteCount: 8)) { firstRows.append(try number()) }
            carry = Array(try reader.bytes(reader.remainingByteCount))
        } catch {
            return nil
        }
        guard files.indices.contains(fileIndex), openFiles.allSatisfy({ files.indices.contains($0) }), firstRows.count <= files.count,
            firstRows.allSatisfy({ $0 <= rowCount }), carry.count <= Self.carryByteCountLimit
        else { return nil }
        let spanCount = cutsText ? files[fileIndex].spans.count : 0
        guard spanCount == 0 ? spanIndex == 0 : spanIndex < spanCount else { return nil }
    }
}
