internal import Container
internal import Formats

/// Puts whole records together of pieces of text that come in order, and gives their rows numbers.
///
/// A row's number is needed before the row is scored, and to count the rows of a text it must be decoded. So pieces are decoded and counted
/// side by side, numbered here one after another, and then parsed and scored side by side (`OrderedPool`).
struct RecordNumbering {
    private let files: [RecordFile]
    private let companions: CompanionStreams

    /// The beginning of a record whose end is in the next piece.
    private var carry: [UInt8] = []
    /// The parser that counts what was put together.
    private var parser: (any RecordParser)?
    /// The number of rows so far, of all files.
    private(set) var rowCount = 0
    /// The number of lines so far, of the file.
    private var line = 0
    /// The number of each file's first row, as far as it is known.
    private var firstRows: [Int] = []

    init(_ plan: Plan, _ files: [RecordFile]) throws(EngineError) {
        self.files = files
        companions = try CompanionStreams(plan)
    }

    /// Throws where there are more labels or weights than rows; called after the last piece.
    func checkEnd() throws(EngineError) { try companions.checkEnd(rowCount: rowCount) }

    /// The name of a row's place, such as "p.csv: row 17", for the row's number among those of all files.
    func placeText(_ row: UInt64) -> String {
        let row = Int(clamping: row)
        let fileIndex = firstRows.lastIndex { $0 <= row } ?? 0
        return "\(files[fileIndex].path): row \(row - (firstRows.isEmpty ? 0 : firstRows[fileIndex]))"
    }

    /// Numbers the rows of a piece, and reads what goes beside them in order.
    ///
    /// - Returns: false where the piece holds no end of any record.
    mutating func admit(_ piece: RecordPiece) throws(EngineError) -> Bool {
        // A file without any piece has no rows, either.
        while firstRows.count <= piece.fileIndex { firstRows.append(rowCount) }
        if piece.span != nil, try !join(piece) { return false }
        piece.firstRow = rowCount
        piece.firstRowInFile = rowCount - firstRows[piece.fileIndex]
        rowCount += piece.extent.rowCount
        try companions.read(
            rowCount: piece.extent.rowCount, rowEnd: rowCount, into: piece.companions, path: files[piece.fileIndex].path)
        return true
    }

    /// Makes whole records of a piece of a unit. Returns false where it holds no end of any.
    private mutating func join(_ piece: RecordPiece) throws(EngineError) -> Bool {
        let file = files[piece.fileIndex]
        if piece.isFirst {
            parser = try file.makeParser()
            carry = []
            line = file.format.headerLineCount
        }
        guard let parser else { return false }
        let start = carry.count
        guard start + piece.body.lowerBound - piece.decoded.lowerBound <= RecordFormats.recordByteCountLimit else {
            throw file.lengthError(line: line + 1)
        }
        // What stands before the body is a record's end, or, in a file's first piece, its header.
        if !piece.isFirst, !piece.isLast, piece.body.lowerBound == piece.decoded.upperBound, piece.bytes(piece.decoded).last != 0x0A {
            carry += piece.bytes(piece.decoded)
            return false
        }
        if start > 0 { piece.prepend(carry) }
        let begin = piece.isFirst ? piece.body.lowerBound : piece.decoded.lowerBound - start
        let end = piece.isLast ? piece.decoded.upperBound : piece.body.upperBound
        var extent = piece.bodyExtent
        func count(_ range: Range<Int>, isEnd: Bool) {
            guard !range.isEmpty else { return }
            let part = parser.measure(piece.bytes(range), isEnd: isEnd, assumesNoLineFeedsInRecords: true)
            extent.rowCount += part.rowCount
            extent.lineCount += part.lineCount
        }
        count(begin..<piece.body.lowerBound, isEnd: piece.isLast && piece.body.isEmpty && end == piece.body.lowerBound)
        count(piece.body.upperBound..<end, isEnd: true)
        extent.byteCount = end - begin
        carry = piece.isLast ? [] : Array(piece.bytes(end..<piece.decoded.upperBound))
        piece.text = begin..<end
        piece.extent = extent
        piece.firstLine = line
        line += extent.lineCount
        return true
    }
}
