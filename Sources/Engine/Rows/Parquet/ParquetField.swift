internal import Elements
internal import Formats
internal import Messages
internal import Parquet

/// The problems of some rows, the first one of each.
struct ParquetProblems {
    private var problems: [Int: RecordProblem] = [:]

    var isEmpty: Bool { problems.isEmpty }
    /// The problems in the order of the rows.
    var inOrder: [RecordProblem] { problems.values.sorted { $0.rowIndex < $1.rowIndex } }

    /// Returns the problems in the order of the rows, where each was found for a list of `rowsPerRecord` rows.
    func inOrder(rowsPerRecord: Int) -> [RecordProblem] {
        guard rowsPerRecord > 1 else { return inOrder }
        return inOrder.flatMap { problem in
            (0..<rowsPerRecord).map {
                RecordProblem(
                    rowIndex: problem.rowIndex * rowsPerRecord + $0, column: problem.column, message: problem.message,
                    remedy: problem.remedy)
            }
        }
    }

    mutating func removeAll() { problems.removeAll(keepingCapacity: true) }

    /// Adds a problem of another row again.
    mutating func add(_ problem: RecordProblem, row: Int) {
        guard problems[row] == nil else { return }
        problems[row] = RecordProblem(rowIndex: row, column: problem.column, message: problem.message, remedy: problem.remedy)
    }

    mutating func add(_ row: Int, column: String, _ message: String, remedy: Message? = nil) {
        guard problems[row] == nil else { return }
        problems[row] = RecordProblem(rowIndex: row, column: ColumnName.list([column]), message: message, remedy: remedy)
    }
}

/// A reader of the values of one column with one or more values a row, in row groups of one file. It belongs to one worker.
protocol ParquetField: AnyObject {
    /// Goes to the first of some rows of a row group.
    ///
    /// - Parameter isCounted: true if rows of lists are counted by their values, where pages do not say how many rows they have.
    func begin(rowGroup: Int, rows: Range<Int>, isCounted: Bool) throws(ParquetError)
    /// Reads the next rows to `target`, which has room for their values.
    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ParquetProblems) throws(ParquetError)
    /// Throws if there are more rows. It is called after the last row of a row group.
    func finish() throws(ParquetError)
}

/// A column of one number a row.
final class ParquetNumberField: ParquetField {
    private let name: String
    private let leaf: ParquetColumn
    private let type: ElementType
    private let cursor: ColumnCursor

    init(
        _ file: ParquetFile, _ name: String, _ leaf: ParquetColumn, as type: ElementType, _ scratch: PageScratch = PageScratch()
    ) {
        self.name = name
        self.leaf = leaf
        self.type = type
        cursor = ColumnCursor(file, rowGroup: 0, column: leaf, scratch: scratch)
    }

    func finish() throws(ParquetError) { try cursor.finish() }

    func begin(rowGroup: Int, rows: Range<Int>, isCounted: Bool) throws(ParquetError) {
        try cursor.begin(rowGroup: rowGroup, rows: rows, valuesPerRow: nil)
    }

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ParquetProblems) throws(ParquetError) {
        let byteCount = type.byteCount
        try cursor.readValues(rowCount) { rows, segment in
            switch segment {
            case .values(let page, let from):
                page.copy(leaf, from: from, count: rows.count, as: type, into: target + rows.lowerBound * byteCount)
            case .null:
                (target + rows.lowerBound * byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: rows.count * byteCount)
                for row in rows { problems.add(row, column: name, "a null is no number") }
            }
        }
    }
}

/// A column of a list of numbers a row.
final class ParquetListField: ParquetField {
    private let name: String
    private let leaf: ParquetColumn
    private let type: ElementType
    private let valuesPerRow: Int
    /// The number of values of each list in a list.
    private let innerCount: Int?
    private let cursor: ColumnCursor

    /// Makes a reader.
    ///
    /// - Parameters:
    ///   - valuesPerRow: the number of values of a list, with those of lists in it.
    ///   - innerCount: the number of values of each list in it.
    init(_ file: ParquetFile, _ name: String, _ leaf: ParquetColumn, as type: ElementType, valuesPerRow: Int, innerCount: Int) {
        self.name = name
        self.innerCount = leaf.repetitionLimit > 1 ? innerCount : nil
        self.leaf = leaf
        self.type = type
        self.valuesPerRow = valuesPerRow
        cursor = ColumnCursor(file, rowGroup: 0, column: leaf)
    }

    func finish() throws(ParquetError) { try cursor.finish() }

    func begin(rowGroup: Int, rows: Range<Int>, isCounted: Bool) throws(ParquetError) {
        try cursor.begin(rowGroup: rowGroup, rows: rows, valuesPerRow: isCounted ? valuesPerRow : nil)
    }

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ParquetProblems) throws(ParquetError) {
        func note(_ row: Int, _ problem: ColumnCursor.ListProblem) {
            switch problem {
            case .null: problems.add(row, column: name, "a null is no list of numbers")
            case .nullValue(let place): problems.add(row, column: name, "the value at \(place) is null, and no number")
            case .count(let count): problems.add(row, column: name, "\(count) values, where \(valuesPerRow) are due")
            case .innerCount: problems.add(row, column: name, "its lists are not all of \(innerCount ?? valuesPerRow) values")
            }
        }
        if leaf.elementType == type {
            try cursor.readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, into: target, problem: note)
        } else {
            // Whatever is no number as it is stored is handed over as Float64.
            let numbers = target.bindMemory(to: Double.self, capacity: rowCount * valuesPerRow)
            try cursor.readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, numbers: numbers, problem: note)
        }
    }
}

/// Several columns of one number a row each, whose values are put together to rows.
///
/// The columns of some megabytes of rows are read one after another, with the memory of one reader, and are transposed batch by batch.
final class ParquetWideField: ParquetField {
    private let file: ParquetFile
    private let columns: [(name: String, leaf: ParquetColumn)]
    private let type: ElementType
    private let scratch = PageScratch()
    /// The values of a block of rows, column by column.
    private let block = ByteBuffer()
    private var stride = 0
    private var rowGroup = 0
    /// The rows of the row group that are left to read.
    private var rows = 0..<0
    /// The rows of the block that have not been handed over, and the row of the row group at which it begins.
    private var blockRows = 0..<0
    private var blockStart = 0
    private var blockProblems: ArraySlice<RecordProblem> = []

    /// The largest number of bytes of a block.
    private static let blockByteCount = 64 << 20

    init(_ file: ParquetFile, _ columns: [(name: String, leaf: ParquetColumn)], as type: ElementType) {
        self.file = file
        self.columns = columns
        self.type = type
    }

    func begin(rowGroup: Int, rows: Range<Int>, isCounted: Bool) throws(ParquetError) {
        self.rowGroup = rowGroup
        self.rows = rows
        blockRows = 0..<0
    }

    func finish() throws(ParquetError) {}

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ParquetProblems) throws(ParquetError) {
        let byteCount = type.byteCount
        var done = 0
        while done < rowCount {
            if blockRows.isEmpty { try readBlock() }
            let count = min(rowCount - done, blockRows.count)
            let first = blockRows.lowerBound - blockStart
            ColumnTransposer.transpose(
                block.base + first * byteCount, columnByteStride: stride, columnCount: columns.count, rowCount: count,
                elementByteCount: byteCount, into: target + done * columns.count * byteCount)
            while let problem = blockProblems.first, problem.rowIndex < first + count {
                problems.add(problem, row: done + problem.rowIndex - first)
                blockProblems.removeFirst()
            }
            blockRows = blockRows.lowerBound + count..<blockRows.upperBound
            done += count
        }
    }

    private func readBlock() throws(ParquetError) {
        let byteCount = type.byteCount
        let count = min(rows.count, max(1, Self.blockByteCount / (byteCount * columns.count)))
        // A line of the cache more, so that columns do not share the few places of a core's cache.
        stride = (count * byteCount + 127) / 64 * 64
        block.reserve(stride * columns.count)
        var problems = ParquetProblems()
        for (index, column) in columns.enumerated() {
            let field = ParquetNumberField(file, column.name, column.leaf, as: type, scratch)
            try field.begin(rowGroup: rowGroup, rows: rows, isCounted: false)
            try field.read(count, into: block.base + index * stride, &problems)
        }
        blockProblems = problems.inOrder[...]
        blockStart = rows.lowerBound
        blockRows = rows.lowerBound..<rows.lowerBound + count
        rows = rows.lowerBound + count..<rows.upperBound
    }
}

/// A column of class labels: whole numbers, or names of classes. It gives `Int64`.
final class ParquetClassLabelField: ParquetField {
    private let name: String
    private let leaf: ParquetColumn
    private let names: ClassNames?
    private let indices: [[UInt8]: Int64]
    /// The class indices of names that are whole numbers.
    private let indicesOfNumbers: [Int64: Int64]
    private let cursor: ColumnCursor
    /// Texts that were looked up last, by the addresses of their first bytes, for one segment of a page.
    private var known = [Known](repeating: Known(), count: 64)

    private struct Known {
        var address: UnsafeRawPointer?
        var count = 0
        var index: Int64 = 0
    }

    init(_ file: ParquetFile, _ name: String, _ leaf: ParquetColumn, _ names: ClassNames?) {
        self.name = name
        self.leaf = leaf
        self.names = names
        indices = names?.indices ?? [:]
        indicesOfNumbers = Dictionary(
            indices.compactMap { name, index in Int64(String(decoding: name, as: UTF8.self)).map { ($0, index) } },
            uniquingKeysWith: { first, _ in first })
        cursor = ColumnCursor(file, rowGroup: 0, column: leaf)
    }

    func finish() throws(ParquetError) { try cursor.finish() }

    func begin(rowGroup: Int, rows: Range<Int>, isCounted: Bool) throws(ParquetError) {
        try cursor.begin(rowGroup: rowGroup, rows: rows, valuesPerRow: nil)
    }

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ParquetProblems) throws(ParquetError) {
        let labels = target.bindMemory(to: Int64.self, capacity: rowCount)
        try cursor.readValues(rowCount) { rows, segment in
            guard case .values(let page, let from) = segment else {
                for row in rows {
                    labels[row] = .min
                    problems.add(row, column: name, "the label is null")
                }
                return
            }
            if leaf.isNumber {
                var numbers = [Double](repeating: 0, count: rows.count)
                numbers.withUnsafeMutableBufferPointer { numbers in
                    if let base = numbers.baseAddress { page.copyNumbers(leaf, from: from, count: rows.count, into: base) }
                }
                for (row, number) in zip(rows, numbers) {
                    if let index = Int64(exactly: number).flatMap({ indicesOfNumbers[$0] }) {
                        labels[row] = index
                        continue
                    }
                    let text = Int64(exactly: number).map { String($0) } ?? "\(number)"
                    labels[row] = classIndex(Array(text.utf8), row, &problems)
                }
            } else {
                for place in known.indices { known[place].address = nil }
                for row in rows { labels[row] = classIndex(page.spans[from + row - rows.lowerBound], row, &problems) }
            }
        }
    }

    private func classIndex(_ span: UnsafeRawBufferPointer, _ row: Int, _ problems: inout ParquetProblems) -> Int64 {
        guard let address = span.baseAddress else { return classIndex([], row, &problems) }
        // Unsafe: the address is a key, within a segment in which no memory is used again.
        let place = Int(bitPattern: UInt(bitPattern: address) >> 2 & 63)
        if known[place].address == address, known[place].count == span.count { return known[place].index }
        let index = classIndex(Array(span), row, &problems)
        if index != .min { known[place] = Known(address: address, count: span.count, index: index) }
        return index
    }

    private func classIndex(_ text: [UInt8], _ row: Int, _ problems: inout ParquetProblems) -> Int64 {
        if let index = indices[text] { return index }
        if names?.excludesIndices != true, let index = Int64(String(decoding: text, as: UTF8.self)) { return index }
        let shown = QuotedBytes.text(text)
        if let names {
            problems.add(
                row, column: name, "the label \(shown) is none of the classes' names, \(names.list)",
                remedy: names.remedy)
        } else {
            problems.add(
                row, column: name, "the label \(shown) is no class index",
                remedy: "name the classes in the order of the predictions with \(setting: .classNames)")
        }
        return .min
    }
}

/// A column of Spark's vectors, dense and sparse. It gives `Float64`.
final class ParquetVectorField: ParquetField {
    private let name: String
    private let reader: ParquetVectorReader
    private let valuesPerRow: Int

    init(_ file: ParquetFile, _ name: String, _ vector: ParquetTable.ParquetVector, valuesPerRow: Int) {
        self.name = name
        self.valuesPerRow = valuesPerRow
        reader = ParquetVectorReader(file, vector)
    }

    func finish() throws(ParquetError) {}

    func begin(rowGroup: Int, rows: Range<Int>, isCounted: Bool) throws(ParquetError) {
        try reader.begin(rowGroup: rowGroup, row: rows.lowerBound)
    }

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ParquetProblems) throws(ParquetError) {
        let numbers = target.bindMemory(to: Double.self, capacity: rowCount * valuesPerRow)
        try reader.read(rowCount, valuesPerRow: valuesPerRow, into: numbers) { problems.add($0, column: name, $1) }
    }
}

extension ColumnPage {
    /// Copies values that are there, as they are stored or converted to `type`, which is the stored one, `.int64` or `.float64`.
    ///
    /// Unsafe: `target` has room for `count` elements.
    fileprivate func copy(_ leaf: ParquetColumn, from: Int, count: Int, as type: ElementType, into target: UnsafeMutableRawPointer) {
        if leaf.elementType == type {
            copyElements(leaf, from: from, count: count, into: target)
        } else {
            copyNumbers(leaf, from: from, count: count, into: target.bindMemory(to: Double.self, capacity: count))
        }
    }
}
