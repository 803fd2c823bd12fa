internal import Formats
internal import Messages
internal import Parquet

extension ParquetFile: ColumnarFile {
    var storedColumns: [StoredColumn] {
        columns.map { column in
            let isDecimal = if case .decimal = column.content { true } else { false }
            let isPlain = if case .bytes = column.content { true } else { false }
            return StoredColumn(
                index: column.index, name: column.name, elementType: column.elementType, isDecimal: isDecimal,
                isBytes: column.physicalType == .byteArray, isText: column.content == .bytes(isText: true),
                isTextOrPlainBytes: isPlain && column.physicalType == .byteArray, listDepth: column.repetitionLimit, byteCount: column.byteCount,
                typeText: column.typeText, mayBeNull: column.definitionLimit > 0)
        }
    }

    var groupRowCounts: [Int] { rowGroups.map(\.rowCount) }

    var facts: ColumnarFacts {
        ColumnarFacts(
            rowGroupCount: rowGroups.count, createdBy: createdBy.isEmpty ? nil : createdBy,
            // Sizes of a damaged footer may be anything; they are shown and used for nothing.
            decodedByteCount: rowGroups.reduce(0) { $1.chunks.reduce($0) { ($0 &+ $1.decodedByteCount) & .max } }, isShardable: true,
            shardingNote: "any worker can read any row group, and any pages of it whose rows are known")
    }

    func makeCursor(_ column: StoredColumn, reusing other: (any ColumnarCursor)?) -> any ColumnarCursor {
        ParquetCursor(self, columns[column.index], (other as? ParquetCursor)?.scratch ?? PageScratch())
    }

    func cuts(
        group: Int, of column: StoredColumn?, valuesPerRow: Int, rowsPerUnit: Int
    ) throws(ColumnarError) -> (rows: [Int], knowledge: ColumnarCutKnowledge) {
        let rowCount = rowGroups[group].rowCount
        guard let column, rowCount >= 2 * rowsPerUnit,
            let pages = try ColumnarError.ofParquet({ () throws(ParquetError) in
                try ColumnReader(self, rowGroup: group, column: columns[column.index]).pageRows(valuesPerRow: valuesPerRow)
            })
        else { return ([0, rowCount], .certain) }
        // Stretches of pages of at least `rowsPerUnit` rows.
        var cuts = [0]
        var row = 0
        for count in pages.rowCounts {
            row += count
            if let last = cuts.last, row - last >= rowsPerUnit { cuts.append(row) }
        }
        if let last = cuts.last, last < row { cuts.append(row) }
        return switch pages.count {
        case .said: (cuts, .certain)
        case .indexed: (cuts, .indexed)
        case .counted: (cuts, .counted)
        }
    }

    func storage(of column: StoredColumn, isCounted: Bool) throws(ColumnarError) -> Inspection.ColumnStorage {
        let chunks = rowGroups.map { $0.chunks[column.index] }
        func distinct(_ names: [String]) -> [String] { names.reduce(into: []) { if !$0.contains(name: $1) { $0.append($1) } } }
        var pages: Int?
        if isCounted {
            pages = try ColumnarError.ofParquet { () throws(ParquetError) in
                var count = 0
                for group in chunks.indices { count += try ColumnReader(self, rowGroup: group, column: columns[column.index]).pageCount() }
                return count
            }
        }
        return Inspection.ColumnStorage(
            type: column.typeText, codecs: distinct(chunks.map(\.codecName)), encodings: distinct(chunks.flatMap(\.encodingNames)),
            pages: pages,
            // Sizes of a damaged footer may be anything; they are shown and used for nothing.
            bytes: chunks.reduce(0) { ($0 &+ $1.storedByteCount) & .max },
            decodedBytes: chunks.reduce(0) { ($0 &+ $1.decodedByteCount) & .max })
    }
}

/// A cursor of Parquet.
private final class ParquetCursor: ColumnarCursor {
    let scratch: PageScratch
    private let cursor: ColumnCursor
    private let values: Values

    private final class Values: ColumnarValues {
        private let page: ColumnPage
        private let column: ParquetColumn

        init(_ page: ColumnPage, _ column: ParquetColumn) {
            self.page = page
            self.column = column
        }

        var spans: [UnsafeRawBufferPointer] { page.spans }

        func copyNumbers(from start: Int, count: Int, into target: UnsafeMutablePointer<Double>) {
            page.copyNumbers(column, from: start, count: count, into: target)
        }

        func copyElements(from start: Int, count: Int, into target: UnsafeMutableRawPointer) {
            page.copyElements(column, from: start, count: count, into: target)
        }
    }

    init(_ file: ParquetFile, _ column: ParquetColumn, _ scratch: PageScratch) {
        self.scratch = scratch
        cursor = ColumnCursor(file, rowGroup: 0, column: column, scratch: scratch)
        values = Values(cursor.reader.page, column)
    }

    var place: ColumnarPlace? { cursor.reader.pagePlace.map { .parquet($0) } }

    func begin(group: Int, rows: Range<Int>, valuesPerRow: Int?, near place: ColumnarPlace?) throws(ColumnarError) {
        let page: PagePlace? = if case .parquet(let page) = place { page } else { nil }
        try ColumnarError.ofParquet { () throws(ParquetError) in
            try cursor.begin(rowGroup: group, rows: rows, valuesPerRow: valuesPerRow, near: page)
        }
    }

    func readValues(
        _ rowCount: Int, _ body: (_ rows: Range<Int>, _ segment: ColumnarSegment) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        var thrown: ColumnarError?
        try ColumnarError.ofParquet { () throws(ParquetError) in
            try cursor.readValues(rowCount) { rows, segment in
                guard thrown == nil else { return }
                do throws(ColumnarError) {
                    switch segment {
                    case .values(_, let from): try body(rows, .values(values, from: from))
                    case .null: try body(rows, .null)
                    }
                } catch {
                    thrown = error
                }
            }
        }
        if let thrown { throw thrown }
    }

    func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int?, into target: UnsafeMutableRawPointer,
        problem: (_ row: Int, ColumnarListProblem) -> Void
    ) throws(ColumnarError) {
        try ColumnarError.ofParquet { () throws(ParquetError) in
            try cursor.readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, into: target) {
                problem($0, ColumnarListProblem($1))
            }
        }
    }

    func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int?, numbers target: UnsafeMutablePointer<Double>,
        problem: (_ row: Int, ColumnarListProblem) -> Void
    ) throws(ColumnarError) {
        try ColumnarError.ofParquet { () throws(ParquetError) in
            try cursor.readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, numbers: target) {
                problem($0, ColumnarListProblem($1))
            }
        }
    }

    func nextShape() throws(ColumnarError) -> (listCount: Int, valueCount: Int)? {
        cursor.reader.readsLevelsAlone = true
        return try ColumnarError.ofParquet { () throws(ParquetError) in
            if cursor.column.repetitionLimit == 2 { return try cursor.nextShape() }
            return try cursor.nextLength().map { (1, $0) }
        }
    }

    func finish() throws(ColumnarError) {
        try ColumnarError.ofParquet { () throws(ParquetError) in try cursor.finish() }
    }
}

extension ColumnarListProblem {
    fileprivate init(_ problem: ColumnCursor.ListProblem) {
        self =
            switch problem {
            case .null: .null
            case .nullValue(let place): .nullValue(at: place)
            case .count(let count): .count(count)
            case .innerCount: .innerCount
            }
    }
}

extension ColumnarError {
    /// Makes the error of a Parquet file.
    init(_ error: ParquetError) { self.init(EngineError(error), isDamage: error.kind == .damaged) }

    /// Does work on a Parquet file, and turns its error into one of columnar files.
    static func ofParquet<Result>(_ body: () throws(ParquetError) -> Result) throws(ColumnarError) -> Result {
        do { return try body() } catch { throw ColumnarError(error) }
    }
}

extension EngineError {
    /// Makes the error of a Parquet file.
    init(_ error: ParquetError) {
        self.init(
            container: error.container, path: error.path, error.statement, isTooLarge: error.kind == .tooLarge, remedy: error.remedy)
    }
}
