internal import Container
internal import Formats

/// One thing of texts of records, in order: labels or weights that lie apart from their predictions, or what is made an array.
///
/// All values are of eight bytes: `Float64`, or `Int64` for class indices.
final class RecordColumnRows: RowStream {
    enum Column: Sendable { case predictions, labels, weights }

    private let files: [RecordFile]
    private let column: Column
    private let text: RecordText
    private let buffer = ByteBuffer()
    private let rows = RecordRows()
    private var parser: (any RecordParser)?
    /// Of `rows`, how many have been given out.
    private var takenCount = 0

    init(_ files: [RecordFile], _ column: Column, _ options: ContainerOptions) throws(EngineError) {
        self.files = files
        self.column = column
        text = RecordText(files, options: options)
    }

    func readAcrossFiles(rowCount: Int, into target: ByteBuffer) throws(EngineError) -> Int {
        var done = 0
        while done < rowCount {
            if takenCount == rows.rowCount {
                guard try parseNext() else { break }
                continue
            }
            let count = min(rowCount - done, rows.rowCount - takenCount)
            switch (column, files[text.fileIndex].selection.labels) {
            case (.predictions, _):
                rows.values.withBytes { copy($0, rowCount: count, valuesPerRow: rows.valuesPerRow, to: target, at: done) }
            case (.weights, _): rows.weights.withBytes { copy($0, rowCount: count, valuesPerRow: 1, to: target, at: done) }
            case (.labels, .classIndex): rows.classLabels.withBytes { copy($0, rowCount: count, valuesPerRow: 1, to: target, at: done) }
            case (.labels, .numbers), (.labels, .none):
                rows.targets.withBytes { copy($0, rowCount: count, valuesPerRow: rows.labelsPerRow, to: target, at: done) }
            }
            takenCount += count
            done += count
        }
        return done
    }

    private func copy(_ bytes: UnsafeRawBufferPointer, rowCount: Int, valuesPerRow: Int, to target: ByteBuffer, at row: Int) {
        let rowByteCount = valuesPerRow * 8
        target.reserve((row + rowCount) * rowByteCount, keeping: row * rowByteCount)
        target.room(from: row * rowByteCount, count: rowCount * rowByteCount).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[takenCount * rowByteCount..<(takenCount + rowCount) * rowByteCount]))
    }

    /// Parses the next piece; false after the last.
    private func parseNext() throws(EngineError) -> Bool {
        while true {
            if text.fileIndex >= 0, let parser, let piece = try text.next(into: buffer) {
                parser.parse(UnsafeRawBufferPointer(buffer.room(from: 0, count: piece.extent.byteCount)), into: rows)
                takenCount = 0
                let file = files[piece.fileIndex]
                // A label that cannot be read is not known to belong to a row that is to be left out.
                if let problem = rows.problems.first {
                    throw EngineError(
                        .data, path: file.path, line: piece.line + Int(rows.lines[problem.rowIndex]) + 1, problem.text,
                        remedy: problem.remedy)
                }
                return true
            }
            guard text.fileIndex + 1 < files.count else { return false }
            try text.begin(text.fileIndex + 1)
            parser = try files[text.fileIndex].makeParser()
        }
    }
}
