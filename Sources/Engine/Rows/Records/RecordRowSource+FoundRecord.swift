internal import Container
internal import Formats

extension RecordRowSource {
    /// Reads an identifier of a row as messages quote it; nil if the text cannot be read again. O(bytes up to the row).
    ///
    /// - Parameter column: the index of the identifier among those of the selection.
    func quotedIdentifier(_ column: Int, ofRow row: Int) -> (place: RowPlace, text: String)? {
        findRecord(ofRow: row) { file, place, record in
            file.format.quotedValue(file.selection.identifiers[column], ofFirstRecordIn: record).map { (place, $0) }
        }
    }

    /// Finds the line of a row, or its number in a single file if the text cannot be read again. O(bytes up to the row).
    func findPlace(ofRow row: Int) -> RowPlace? { findRecord(ofRow: row) { _, place, _ in place } ?? knownPlace(ofRow: row) }

    /// Reads the text again up to a row, and returns what `body` makes of the row's file, its place and the text from its record on; nil if
    /// the text cannot be read again.
    private func findRecord<Result>(
        ofRow row: Int, _ body: (_ file: RecordFile, _ place: RowPlace, _ record: UnsafeRawBufferPointer) -> Result?
    ) -> Result? {
        guard !files.contains(where: { $0.container.isStream }) else { return nil }
        let stream = RecordStream(files, options: options)
        let buffer = ByteBuffer()
        let rows = RecordRows()
        var rowCount = 0
        for (index, file) in files.enumerated() {
            let firstRow = rowCount
            do throws(EngineError) {
                let parser = try file.makeParser()
                try stream.begin(index)
                while let piece = try stream.next(into: buffer) {
                    defer { rowCount += piece.extent.rowCount }
                    guard row < rowCount + piece.extent.rowCount else { continue }
                    let text = UnsafeRawBufferPointer(buffer.room(from: 0, count: piece.extent.byteCount))
                    parser.parse(text, into: rows)
                    guard rows.lines.indices.contains(row - rowCount) else { return nil }
                    let line = Int(rows.lines[row - rowCount])
                    let place = RowPlace(path: file.path, row: row - firstRow, line: piece.line + line + 1)
                    return body(file, place, file.format.record(at: row - rowCount, of: text) ?? Self.lines(from: line, of: text))
                }
            } catch {
                return nil
            }
        }
        return nil
    }

    /// Returns the text from a line on, whose number counts from 0.
    private static func lines(from line: Int, of text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var rest = text[...]
        for _ in 0..<line {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { break }
            rest = rest[(end + 1)...]
        }
        return UnsafeRawBufferPointer(rebasing: rest)
    }
}
