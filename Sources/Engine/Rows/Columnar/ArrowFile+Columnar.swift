internal import ArrowIPC
internal import Messages
internal import Parquet

/// All rows of an Arrow file are one group: a cursor goes from one record batch to the next by itself.
extension ArrowFile: ColumnarFile {
    var storedColumns: [StoredColumn] {
        columns.map { column in
            let isDecimal = if case .decimal = column.content { true } else { false }
            return StoredColumn(
                index: column.index, name: column.name, elementType: column.elementType, isDecimal: isDecimal, isBytes: column.isBytes,
                isText: column.content == .bytes(isText: true), isTextOrPlainBytes: column.isBytes, listDepth: column.listDepth,
                byteCount: column.byteCount, typeText: column.typeText, mayBeNull: true)
        }
    }

    var groupRowCounts: [Int] { [rowCount] }

    /// True if some buffers are compressed, so that what lies before a row in its batch has to be decompressed as well.
    private var isCompressed: Bool { batches.contains { $0.codec != nil } }

    var facts: ColumnarFacts {
        let isShardable = !isCompressed || batches.count > 1
        let note =
            if !isCompressed {
                "any worker can read any row"
            } else if isShardable {
                "any worker can read any record batch"
            } else {
                "it is a single record batch that is compressed: one worker decompresses, the others score"
            }
        return ColumnarFacts(
            recordBatchCount: batches.count,
            decodedByteCount: isCompressed ? nil : batches.reduce(0) { $0 + $1.storedByteCount }, isShardable: isShardable,
            shardingNote: note)
    }

    func makeCursor(_ column: StoredColumn, reusing other: (any ColumnarCursor)?) -> any ColumnarCursor {
        ArrowTableCursor(self, columns[column.index], (other as? ArrowTableCursor)?.scratch ?? ArrowScratch(self))
    }

    func cuts(
        group: Int, of column: StoredColumn?, valuesPerRow: Int, rowsPerUnit: Int
    ) throws(ColumnarError) -> (rows: [Int], knowledge: ColumnarCutKnowledge) {
        guard isCompressed else {
            // Rows lie as they are, whatever batch they are in.
            return (Array(stride(from: 0, to: rowCount, by: rowsPerUnit)) + [rowCount], .certain)
        }
        // Whole batches, small ones together.
        var cuts = [0]
        for batch in batches {
            if let last = cuts.last, batch.firstRow + batch.rowCount - last >= rowsPerUnit { cuts.append(batch.firstRow + batch.rowCount) }
        }
        if let last = cuts.last, last < rowCount { cuts.append(rowCount) }
        return (cuts, .certain)
    }

    func storage(of column: StoredColumn, isCounted: Bool) throws(ColumnarError) -> Inspection.ColumnStorage {
        var counts = (stored: 0, decoded: 0)
        if isCounted {
            counts = try ColumnarError.ofArrow { () throws(ArrowError) in try byteCounts(of: columns[column.index]) }
        }
        var codecs: [String] = []
        for batch in batches {
            let name = batch.codec?.rawValue ?? "none"
            if !codecs.contains(name: name) { codecs.append(name) }
        }
        return Inspection.ColumnStorage(
            type: column.typeText, codecs: codecs, encodings: columns[column.index].hasDictionary ? ["dictionary"] : [], pages: nil,
            bytes: counts.stored, decodedBytes: counts.decoded)
    }
}

/// A cursor of Arrow.
private final class ArrowTableCursor: ColumnarCursor {
    let scratch: ArrowScratch
    private let column: ArrowColumn
    private let cursor: ArrowCursor
    private var values: Values?

    private final class Values: ColumnarValues {
        private let read: ArrowValues
        private let column: ArrowColumn

        init(_ read: ArrowValues, _ column: ArrowColumn) {
            self.read = read
            self.column = column
        }

        var spans: [UnsafeRawBufferPointer] { read.spans }

        func copyNumbers(from start: Int, count: Int, into target: UnsafeMutablePointer<Double>) {
            read.copyNumbers(column, from: start, count: count, into: target, decimal: ArrowTableCursor.decimal)
        }

        func copyElements(from start: Int, count: Int, into target: UnsafeMutableRawPointer) {
            target.copyMemory(from: read.values + start * column.byteCount, byteCount: count * column.byteCount)
        }
    }

    /// Returns the number whose unscaled value is stored with its lowest byte first.
    private static func decimal(_ bytes: UnsafeRawBufferPointer, _ scale: Int) -> Double {
        switch bytes.count {
        case 4: return DecimalNumber.value(Int64(bytes.loadUnaligned(as: Int32.self)), scale: scale)
        case 8: return DecimalNumber.value(bytes.loadUnaligned(as: Int64.self), scale: scale)
        default: return bytes.reversed().withUnsafeBytes { DecimalNumber.value($0, scale: scale) }
        }
    }

    init(_ file: ArrowFile, _ column: ArrowColumn, _ scratch: ArrowScratch) {
        self.column = column
        self.scratch = scratch
        cursor = ArrowCursor(file, column: column, scratch: scratch)
    }

    /// Record batches are found by their numbers.
    var place: ColumnarPlace? { nil }

    func begin(group: Int, rows: Range<Int>, valuesPerRow: Int?, near place: ColumnarPlace?) throws(ColumnarError) {
        try ColumnarError.ofArrow { () throws(ArrowError) in try cursor.begin(row: rows.lowerBound) }
    }

    func readValues(
        _ rowCount: Int, _ body: (_ rows: Range<Int>, _ segment: ColumnarSegment) throws(ColumnarError) -> Void
    ) throws(ColumnarError) {
        try cursor.readValues(rowCount, failure: { ColumnarError($0) }) { rows, segment throws(ColumnarError) in
            switch segment {
            case .values(let read, let from):
                let known = values ?? Values(read, column)
                values = known
                try body(rows, .values(known, from: from))
            case .null: try body(rows, .null)
            }
        }
    }

    func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int?, into target: UnsafeMutableRawPointer,
        problem: (_ row: Int, ColumnarListProblem) -> Void
    ) throws(ColumnarError) {
        try ColumnarError.ofArrow { () throws(ArrowError) in
            try cursor.readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, into: target) {
                problem($0, ColumnarListProblem($1))
            }
        }
    }

    func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int?, numbers target: UnsafeMutablePointer<Double>,
        problem: (_ row: Int, ColumnarListProblem) -> Void
    ) throws(ColumnarError) {
        try ColumnarError.ofArrow { () throws(ArrowError) in
            try cursor.readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount) {
                problem($0, ColumnarListProblem($1))
            } copy: { read, place, count in
                read.copyNumbers(column, from: 0, count: count, into: target + place, decimal: Self.decimal)
            }
        }
    }

    func nextShape() throws(ColumnarError) -> (listCount: Int, valueCount: Int)? {
        return try ColumnarError.ofArrow { () throws(ArrowError) in try cursor.nextShape() }
    }

    /// Record batches say how many rows they have, and every column is held against that where a batch begins.
    func finish() throws(ColumnarError) {}
}

extension ColumnarListProblem {
    fileprivate init(_ problem: ArrowCursor.ListProblem) {
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
    /// Makes the error of an Arrow file.
    init(_ error: ArrowError) { self.init(EngineError(error), isDamage: error.kind == .damaged) }

    /// Does work on an Arrow file, and turns its error into one of columnar files.
    fileprivate static func ofArrow<Result>(_ body: () throws(ArrowError) -> Result) throws(ColumnarError) -> Result {
        do { return try body() } catch { throw ColumnarError(error) }
    }
}

extension EngineError {
    /// Makes the error of an Arrow file.
    init(_ error: ArrowError) {
        self.init(
            container: error.container, path: error.path, error.statement, isTooLarge: error.kind == .tooLarge, remedy: error.remedy)
    }
}
