internal import Elements
internal import Formats
internal import Messages
internal import Scoring

/// Columns of one text or number a row, whose hashes it gives: for each row a `UInt64` for each column (`Identifier.hash`), 0 for a null. It
/// keeps the texts of hashes that it meets for the first time.
final class ColumnarHashField: ColumnarField {
    private struct Column {
        let leaf: StoredColumn
        let cursor: any ColumnarCursor
        let writer: HashedValueWriter
    }

    private var columns: [Column] = []

    /// Makes a reader of columns, each with the values whose texts it keeps.
    init(_ file: any ColumnarFile, _ leaves: [StoredColumn], _ values: [HashedValues]) {
        for (leaf, values) in zip(leaves, values) {
            columns.append(Column(leaf: leaf, cursor: file.makeCursor(leaf, reusing: nil), writer: HashedValueWriter(values)))
        }
    }

    func begin(group: Int, rows: Range<Int>, isCounted: Bool) throws(ColumnarError) {
        for column in columns { try column.cursor.begin(group: group, rows: rows, valuesPerRow: nil) }
    }

    func finish() throws(ColumnarError) {
        for column in columns { try column.cursor.finish() }
    }

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ColumnarProblems) throws(ColumnarError) {
        let width = columns.count
        let hashes = target.bindMemory(to: UInt64.self, capacity: rowCount * width)
        for (index, column) in columns.enumerated() {
            try column.cursor.readValues(rowCount) { rows, segment in
                guard case .values(let read, let from) = segment else {
                    for row in rows { hashes[row * width + index] = 0 }
                    return
                }
                Self.hash(read, from, rows, column) { hashes[$0 * width + index] = $1 }
            }
        }
    }

    /// Hashes the values of some rows, of which the first is at `from`.
    private static func hash(
        _ read: any ColumnarValues, _ from: Int, _ rows: Range<Int>, _ column: Column, _ store: (_ row: Int, UInt64) -> Void
    ) {
        if column.leaf.isBytes, !column.leaf.isNumber {
            let spans = read.spans
            for row in rows {
                let span = spans[from + row - rows.lowerBound]
                let hash = Identifier.hash(span)
                store(row, column.writer.code(ofHash: hash) { String(decoding: span, as: UTF8.self) })
            }
            return
        }
        if column.leaf.elementType == .int64 {
            for (row, number) in zip(rows, read.integers(from: from, count: rows.count)) {
                if let intervals = column.writer.intervals {
                    store(row, intervals.code(of: Double(number)))
                    continue
                }
                let hash = Identifier.hash(number.magnitude, isNegative: number < 0)
                column.writer.add(hash: hash) { String(number) }
                store(row, hash)
            }
            return
        }
        for (row, number) in zip(rows, read.numbers(from: from, count: rows.count)) {
            if let intervals = column.writer.intervals {
                store(row, intervals.code(of: number))
                continue
            }
            let text = text(of: number, column.leaf.elementType)
            let hash = Identifier.hash(text.utf8)
            column.writer.add(hash: hash) { text }
            store(row, hash)
        }
    }

    /// Returns the text of one value, as its hash is of.
    static func text(of read: any ColumnarValues, _ index: Int, _ leaf: StoredColumn) -> String {
        if leaf.isBytes, !leaf.isNumber { return String(decoding: read.spans[index], as: UTF8.self) }
        if leaf.elementType == .int64 { return String(read.integers(from: index, count: 1)[0]) }
        return text(of: read.numbers(from: index, count: 1)[0], leaf.elementType)
    }

    /// Returns a number as tables of text have it, truth values as JSON has them, and nothing for NaN.
    static func text(of number: Double, _ type: ElementType?) -> String {
        if type == .bool { return number == 0 ? "false" : "true" }
        return Int64(exactly: number).map { String($0) } ?? (number.isNaN ? "" : "\(number)")
    }
}
