internal import Formats
internal import Messages
internal import Parquet

/// The comparison of identifiers that tables share whose rows are paired by their places: the first row that differs is an error.
///
/// Both columns are read once, from the first row to the last, before any row is scored.
struct ParquetIdentifiers {
    private let name: String
    private let predictions: [ParquetRows]
    private let others: [ParquetRows]

    private static let rowsAtOnce = 1 << 14

    init(_ name: String, _ predictions: [ParquetRows], _ others: [ParquetRows]) {
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
        func place(_ files: [ParquetRows]) -> (path: String, row: Int) {
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
        private let files: [(rows: ParquetRows, leaf: ParquetColumn)]
        private var file = 0
        private var rowGroup = 0
        private var rowsLeft = 0
        private var cursor: ColumnCursor?

        init(_ files: [ParquetRows], _ name: String) throws(EngineError) {
            var found: [(rows: ParquetRows, leaf: ParquetColumn)] = []
            for rows in files {
                let paths: [RecordPath]
                do throws(ColumnError) { paths = try RecordRoles.identifierPaths([name], of: rows.table.names) } catch {
                    throw EngineError(error, path: rows.path)
                }
                guard let path = paths.first, case .value(let leaf) = rows.table.storage(of: path),
                    leaf.isNumber || leaf.physicalType == .byteArray
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
                    guard advance() else { break }
                    continue
                }
                let wanted = min(count - texts.count, rowsLeft)
                guard let cursor else { break }
                try EngineError.ofParquet { () throws(ParquetError) in
                    try cursor.readValues(wanted) { rows, segment in
                        guard case .values(let page, let from) = segment else {
                            texts.append(contentsOf: repeatElement("", count: rows.count))
                            return
                        }
                        Self.append(page, cursor.column, from, rows.count, to: &texts)
                    }
                }
                rowsLeft -= wanted
            }
            return texts
        }

        /// Goes to the next row group with rows. Returns false after the last.
        private mutating func advance() -> Bool {
            while file < files.count {
                let (rows, leaf) = files[file]
                guard rowGroup < rows.file.rowGroups.count else {
                    (file, rowGroup, cursor) = (file + 1, 0, nil)
                    continue
                }
                if let cursor {
                    cursor.begin(rowGroup: rowGroup)
                } else {
                    cursor = ColumnCursor(rows.file, rowGroup: rowGroup, column: leaf)
                }
                rowsLeft = rows.file.rowGroups[rowGroup].rowCount
                rowGroup += 1
                if rowsLeft > 0 { return true }
            }
            return false
        }

        private static func append(_ page: ColumnPage, _ leaf: ParquetColumn, _ from: Int, _ count: Int, to texts: inout [String]) {
            if leaf.physicalType == .byteArray, !leaf.isNumber {
                for span in page.spans[from..<from + count] { texts.append(String(decoding: span, as: UTF8.self)) }
                return
            }
            if leaf.content == .int64 {
                for index in from..<from + count {
                    texts.append(String(page.values.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self)))
                }
                return
            }
            var numbers = [Double](repeating: 0, count: count)
            numbers.withUnsafeMutableBufferPointer { numbers in
                if let base = numbers.baseAddress { page.copyNumbers(leaf, from: from, count: count, into: base) }
            }
            for number in numbers { texts.append(Int64(exactly: number).map { String($0) } ?? (number.isNaN ? "" : "\(number)")) }
        }
    }
}
