internal import Elements
internal import Formats
internal import Insight
internal import Messages
internal import Scoring

/// A column whose values are listed with the worst rows, and the way to read them.
struct ShownColumn: Sendable {
    /// The place of the column's values.
    enum Origin {
        /// The readers of the predictions' records look a value up when its row is kept: the column's index in `RecordSelection.shown`.
        case besidePredictions(index: Int)
        /// Columnar tables have the column. The kept rows are read when all rows have been scored.
        case tables([ColumnarRows])
        /// The column has rows of its own, which are read again when all rows have been scored.
        case rows(any RowSource, areTexts: Bool)
    }

    /// The name that the user gave.
    let name: String
    let origin: Origin

    /// Returns the texts of some rows, by their numbers among all rows of the source. Values that lie beside records were looked up before: of
    /// these there is none.
    ///
    /// - Parameter rows: the numbers of the rows in ascending order, each once.
    func texts(ofRows rows: [Int], _ control: RunControl, threadCount: Int) throws(EngineError) -> [Int: String] {
        switch origin {
        case .besidePredictions: return [:]
        case .tables(let tables): return try ColumnarRows.texts(ofRows: rows, in: tables, name)
        case .rows(let source, let areTexts):
            // Few rows of many: a reader by number reads no others.
            if !areTexts, let makeReader = source.makeRandomReader {
                let reader = makeReader(control.withoutProgress)
                var texts: [Int: String] = [:]
                for row in rows {
                    let bytes = try reader.bytes(of: row..<row + 1)
                    texts[row] = TextsOfRows.text(bytes, source.layout.elementType, at: 0)
                }
                return texts
            }
            let pipeline = RowPipeline(source: source, threadCount: threadCount, control: control.withoutProgress)
            let result = try pipeline.run { TextsOfRows(rows) }
            return result.consumers.reduce(into: [:]) { $0.merge($1.texts) { first, _ in first } }
        }
    }
}

/// The consumer that keeps the texts of some rows. Of a source of numbers these are the numbers.
private final class TextsOfRows: RowConsumer {
    private let rows: [Int]
    private(set) var texts: [Int: String] = [:]

    /// - Parameter rows: the numbers of the rows in ascending order.
    init(_ rows: [Int]) { self.rows = rows }

    func consume(_ batch: RowBatch, companions: [UnsafeRawPointer]) throws(EngineError) {
        let batchRows = batch.firstRow..<batch.firstRow + batch.rowCount
        // The first row that is not before the batch.
        var low = 0, high = rows.count
        while low < high {
            let middle = (low + high) / 2
            if rows[middle] < batch.firstRow { low = middle + 1 } else { high = middle }
        }
        for row in rows[low...].prefix(while: { batchRows.contains($0) }) {
            let index = row - batch.firstRow
            texts[row] = batch.shownText.map { $0(0, index) } ?? Self.text(batch.values, batch.elementType, at: index)
        }
    }

    /// Returns a number as tables of text have it, and nothing for NaN.
    static func text(_ values: UnsafeRawPointer, _ type: ElementType, at index: Int) -> String {
        type.isFloatingPoint
            ? ColumnarHashField.text(of: type.value(values, at: index), type) : ClassLabels.text(values, elementType: type, at: index)
    }
}

extension SelectedColumns {
    /// Finds the columns that are listed with the worst rows: among those of the predictions' files, or else of the labels'.
    mutating func openShownColumns(_ names: [String], _ predictions: [DumpFile]) throws(EngineError) {
        for name in names {
            if !predictions[0].isOfArrays, Self.hasColumn(name, predictions) {
                if tables.isEmpty {
                    records = try Self.showing(name, of: records)
                    shown.append(ShownColumn(name: name, origin: .besidePredictions(index: (records.first?.selection.shown.count ?? 1) - 1)))
                } else {
                    shown.append(ShownColumn(name: name, origin: .tables(tables)))
                }
            } else if let tables = try labelTables(with: name) {
                shown.append(ShownColumn(name: name, origin: .tables(tables)))
            } else {
                guard Self.hasColumn(name, predictions + labelFiles) else {
                    let known = (predictions + labelFiles).flatMap(\.columnNames)
                    throw EngineError(
                        .usage, path: predictions[0].path,
                        known.isEmpty
                            ? "neither it nor its labels have named columns, such as '\(ColumnName.list([name]))', to list with the worst rows"
                            : "there is no column '\(ColumnName.list([name]))' to list with the worst rows; there are \(ColumnName.list(known, limit: 12))",
                        remedy: "check \(setting: .shownColumn)")
                }
                let own = try ownRows(name, predictions, HashedValues())
                shown.append(ShownColumn(name: name, origin: .rows(own.rows, areTexts: own.areTexts)))
            }
        }
    }

    /// Returns texts of whose records a value more is looked up.
    static func showing(_ name: String, of texts: [RecordFile]) throws(EngineError) -> [RecordFile] {
        var showing: [RecordFile] = []
        for text in texts {
            var selection = text.selection
            selection.shown += try atPath(text.path) { () throws(ColumnError) in try RecordRoles.identifierPaths([name], of: text.format) }
            showing.append(text.selecting(selection))
        }
        return showing
    }

    /// The tables of the labels, if these are columnar and one has the column.
    private func labelTables(with name: String) throws(EngineError) -> [ColumnarRows]? {
        guard columns.join == nil, Self.hasColumn(name, labelFiles), labelTexts == nil, let first = labelFiles.first, !first.isOfArrays
        else { return nil }
        var tables: [ColumnarRows] = []
        for file in labelFiles { tables.append(ColumnarRows(try file.requireTable(.labels), RecordSelection(predictions: []))) }
        return tables
    }
}

extension ColumnarRows {
    /// Returns the texts of a column in some rows, by their numbers among all rows of the tables. A row without a value has none.
    ///
    /// - Parameter wanted: the numbers of the rows in ascending order.
    fileprivate static func texts(ofRows wanted: [Int], in tables: [ColumnarRows], _ name: String) throws(EngineError) -> [Int: String] {
        var texts: [Int: String] = [:]
        var firstRow = 0
        for table in tables {
            let rows = wanted.filter { firstRow..<firstRow + table.rowCount ~= $0 }
            let paths = try SelectedColumns.atPath(table.path) { () throws(ColumnError) in
                try RecordRoles.identifierPaths([name], of: table.table.names)
            }
            guard let path = paths.first, case .value(let leaf) = table.table.storage(of: path), leaf.isNumber || leaf.isBytes else {
                throw EngineError(
                    .data, path: table.path, "column \(ColumnName.list([name])) holds no text and no number a row",
                    remedy: "check \(setting: .shownColumn)")
            }
            let cursor = table.file.makeCursor(leaf, reusing: nil)
            for row in rows {
                // A record is one row, or the rows of a list of lists.
                var record = (row - firstRow) / table.rowsPerRecord, group = 0
                while record >= table.table.groupRowCounts[group] {
                    record -= table.table.groupRowCounts[group]
                    group += 1
                }
                try EngineError.ofColumns { () throws(ColumnarError) in
                    try cursor.begin(group: group, rows: record..<record + 1, valuesPerRow: nil)
                    try cursor.readValues(1) { _, segment in
                        guard case .values(let read, let from) = segment else { return }
                        texts[row] = ColumnarHashField.text(of: read, from, leaf)
                    }
                }
            }
            firstRow += table.rowCount
        }
        return texts
    }
}

extension [any RowObserver] {
    /// Fills in the values of shown columns that were not looked up while the rows were read.
    ///
    /// - Parameter rowOffset: the number that the source's first row has in the whole dump.
    mutating func show(_ columns: [ShownColumn], rowOffset: Int, _ control: RunControl, threadCount: Int) throws(EngineError) {
        for index in indices {
            guard var listing = self[index] as? any RowListing, listing.shownColumnsOfRows?.names == columns.map(\.name) else { continue }
            let rows = listing.numbersOfRows.map { Int(clamping: $0) - rowOffset }.sorted()
            for (place, column) in columns.enumerated() {
                if case .besidePredictions = column.origin { continue }
                let texts = try column.texts(ofRows: rows, control, threadCount: threadCount)
                var textOfNumber: [UInt64: String] = [:]
                for (row, text) in texts { textOfNumber[UInt64(clamping: row + rowOffset)] = text }
                listing.show(textOfNumber, inColumn: place)
            }
            self[index] = listing
        }
    }
}
