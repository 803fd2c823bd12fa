internal import Elements
internal import Formats
internal import Messages

/// The comparison of identifiers that tables share whose rows are paired by their places: the first row that differs is an error.
///
/// Both columns are read once, from the first row to the last, before any row is scored.
struct ColumnarIdentifiers {
    private let name: String
    private let predictions: [ColumnarRows]
    private let others: [ColumnarRows]

    private static let rowsAtOnce = 1 << 14

    init(_ name: String, _ predictions: [ColumnarRows], _ others: [ColumnarRows]) {
        self.name = name
        self.predictions = predictions
        self.others = others
    }

    /// Compares the rows that both have. Another number of rows is an error elsewhere.
    ///
    /// - Throws: an `EngineError` with both values for the first row that differs, `.cancelled`, or the error of a column.
    func check(_ control: RunControl) throws(EngineError) {
        var (ours, theirs) = (try Cursor(predictions, name), try Cursor(others, name))
        var row = 0
        while true {
            try control.checkCancellation()
            let (a, b) = (try ours.next(Self.rowsAtOnce), try theirs.next(Self.rowsAtOnce))
            let count = min(a.count, b.count)
            for index in 0..<count where a[index] != b[index] { throw difference(row + index, a[index], b[index]) }
            guard count == Self.rowsAtOnce else { return }
            row += count
        }
    }

    private func difference(_ row: Int, _ ours: String, _ theirs: String) -> EngineError {
        func place(_ files: [ColumnarRows]) -> (path: String, row: Int) {
            var first = 0
            for file in files {
                if row < first + file.rowCount { return (file.path, row - first) }
                first += file.rowCount
            }
            return ("", row)
        }
        func shown(_ text: String) -> String { QuotedBytes.text(text.utf8) }
        let (here, there) = (place(predictions), place(others))
        let column = ColumnName.list([name])
        return EngineError(
            .data, path: here.path, row: here.row,
            "\(column) is \(shown(ours)), and that of \(there.path), row \(there.row), is \(shown(theirs))",
            remedy: "rows are paired by their places: sort both files alike; \(setting: .identifierColumn) names the one column to compare")
    }

    /// The identifiers of tables that follow one another, as text: 7, and not 7.0, since pandas writes that where another row has none.
    private struct Cursor {
        private let files: [(rows: ColumnarRows, leaf: StoredColumn)]
        private var file = 0
        private var group = 0
        private var rowsLeft = 0
        private var cursor: (any ColumnarCursor)?

        init(_ files: [ColumnarRows], _ name: String) throws(EngineError) {
            var found: [(rows: ColumnarRows, leaf: StoredColumn)] = []
            for rows in files {
                let paths: [RecordPath]
                do throws(ColumnError) { paths = try RecordRoles.identifierPaths([name], of: rows.table.names) } catch {
                    throw EngineError(error, path: rows.path)
                }
                guard let path = paths.first, case .value(let leaf) = rows.table.storage(of: path),
                    leaf.isNumber || leaf.isBytes
                else {
                    throw EngineError(
                        .data, path: rows.path, "column \(ColumnName.list([name])) holds no numbers and no texts to compare",
                        remedy: "check \(setting: .identifierColumn)")
                }
                found.append((rows, leaf))
            }
            self.files = found
        }

        /// Reads the next identifiers; fewer than `count` only at the end.
        mutating func next(_ count: Int) throws(EngineError) -> [String] {
            var texts: [String] = []
            while texts.count < count {
                if rowsLeft == 0 {
                    guard try advance() else { break }
                    continue
                }
                let wanted = min(count - texts.count, rowsLeft)
                guard let cursor else { break }
                let leaf = files[file].leaf
                try EngineError.ofColumns { () throws(ColumnarError) in
                    try cursor.readValues(wanted) { rows, segment in
                        guard case .values(let read, let from) = segment else {
                            texts.append(contentsOf: repeatElement("", count: rows.count))
                            return
                        }
                        Self.append(read, leaf, from, rows.count, to: &texts)
                    }
                }
                rowsLeft -= wanted
            }
            return texts
        }

        /// Goes to the next group with rows. Returns false after the last.
        private mutating func advance() throws(EngineError) -> Bool {
            while file < files.count {
                let (rows, leaf) = files[file]
                guard group < rows.table.groupRowCounts.count else {
                    (file, group, cursor) = (file + 1, 0, nil)
                    continue
                }
                let found = cursor ?? rows.file.makeCursor(leaf, reusing: nil)
                cursor = found
                let place = group
                try EngineError.ofColumns { () throws(ColumnarError) in
                    try found.begin(group: place, rows: 0..<rows.table.groupRowCounts[place], valuesPerRow: nil)
                }
                rowsLeft = rows.table.groupRowCounts[group]
                group += 1
                if rowsLeft > 0 { return true }
            }
            return false
        }

        private static func append(_ read: any ColumnarValues, _ leaf: StoredColumn, _ from: Int, _ count: Int, to texts: inout [String]) {
            if leaf.isBytes, !leaf.isNumber {
                for span in read.spans[from..<from + count] { texts.append(String(decoding: span, as: UTF8.self)) }
                return
            }
            if leaf.elementType == .int64 {
                for number in read.integers(from: from, count: count) { texts.append(String(number)) }
                return
            }
            for number in read.numbers(from: from, count: count) { texts.append(Int64(exactly: number).map { String($0) } ?? (number.isNaN ? "" : "\(number)")) }
        }
    }
}
