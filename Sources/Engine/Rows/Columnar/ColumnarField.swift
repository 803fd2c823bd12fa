internal import Elements
internal import Formats
internal import Messages

/// The problems of some rows, the first one of each.
struct ColumnarProblems {
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

/// A reader of the values of one column with one or more values a row, in the groups of one file. It belongs to one worker.
protocol ColumnarField: AnyObject {
    /// Goes to the first of some rows of a group.
    ///
    /// - Parameter isCounted: true if rows of lists are counted by their values, where pages do not say how many rows they have.
    func begin(group: Int, rows: Range<Int>, isCounted: Bool) throws(ColumnarError)
    /// Reads the next rows to `target`, which has room for their values.
    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ColumnarProblems) throws(ColumnarError)
    /// Throws if there are more rows. It is called after the last row of a group.
    func finish() throws(ColumnarError)
}

/// A column of one number a row.
final class ColumnarNumberField: ColumnarField {
    private let name: String
    private let leaf: StoredColumn
    private let type: ElementType
    let cursor: any ColumnarCursor
    /// A place in the column before the rows that come next; nil if there is none.
    private(set) var place: ColumnarPlace?

    /// Makes a reader.
    ///
    /// - Parameters:
    ///   - other: the reader of a column before it, which is used no more.
    ///   - place: a place that another reader of the column has come to; nil if there is none.
    init(
        _ file: any ColumnarFile, _ name: String, _ leaf: StoredColumn, as type: ElementType, reusing other: ColumnarNumberField? = nil,
        near place: ColumnarPlace? = nil
    ) {
        self.name = name
        self.leaf = leaf
        self.type = type
        self.place = place
        cursor = file.makeCursor(leaf, reusing: other?.cursor)
    }

    func finish() throws(ColumnarError) { try cursor.finish() }

    func begin(group: Int, rows: Range<Int>, isCounted: Bool) throws(ColumnarError) {
        try cursor.begin(group: group, rows: rows, valuesPerRow: nil, near: place)
    }

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ColumnarProblems) throws(ColumnarError) {
        defer { place = cursor.place }
        let byteCount = type.byteCount
        try cursor.readValues(rowCount) { rows, segment in
            switch segment {
            case .values(let read, let from):
                read.copy(leaf, from: from, count: rows.count, as: type, into: target + rows.lowerBound * byteCount)
            case .null:
                (target + rows.lowerBound * byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: rows.count * byteCount)
                for row in rows { problems.add(row, column: name, "a null is no number") }
            }
        }
    }
}

/// A column of a list of numbers a row.
final class ColumnarListField: ColumnarField {
    private let name: String
    private let leaf: StoredColumn
    private let type: ElementType
    private let valuesPerRow: Int
    /// The number of values of each list in a list.
    private let innerCount: Int?
    private let cursor: any ColumnarCursor

    /// Makes a reader.
    ///
    /// - Parameters:
    ///   - valuesPerRow: the number of values of a list, with those of lists in it.
    ///   - innerCount: the number of values of each list in it.
    init(_ file: any ColumnarFile, _ name: String, _ leaf: StoredColumn, as type: ElementType, valuesPerRow: Int, innerCount: Int) {
        self.name = name
        self.innerCount = leaf.listDepth > 1 ? innerCount : nil
        self.leaf = leaf
        self.type = type
        self.valuesPerRow = valuesPerRow
        cursor = file.makeCursor(leaf, reusing: nil)
    }

    func finish() throws(ColumnarError) { try cursor.finish() }

    func begin(group: Int, rows: Range<Int>, isCounted: Bool) throws(ColumnarError) {
        try cursor.begin(group: group, rows: rows, valuesPerRow: isCounted ? valuesPerRow : nil)
    }

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ColumnarProblems) throws(ColumnarError) {
        func note(_ row: Int, _ problem: ColumnarListProblem) {
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
final class ColumnarWideField: ColumnarField {
    private let file: any ColumnarFile
    private let columns: [(name: String, leaf: StoredColumn)]
    private let type: ElementType
    /// The values of a block of rows, column by column.
    private let block = ByteBuffer()
    private var stride = 0
    private var group = 0
    /// The rows of the group that are left to read.
    private var rows = 0..<0
    /// The rows of the block that have not been handed over, and the row of the group at which it begins.
    private var blockRows = 0..<0
    private var blockStart = 0
    private var blockProblems: ArraySlice<RecordProblem> = []
    /// The reader of the column that was read last, whose memory the next one uses again.
    private var lastField: ColumnarNumberField?
    /// For each column, the place to which the last block has come: the next one of the same worker mostly follows it.
    private var places: [ColumnarPlace?]

    /// The largest number of bytes of a block.
    private static let blockByteCount = 64 << 20

    init(_ file: any ColumnarFile, _ columns: [(name: String, leaf: StoredColumn)], as type: ElementType) {
        self.file = file
        self.columns = columns
        self.type = type
        places = Array(repeating: nil, count: columns.count)
    }

    func begin(group: Int, rows: Range<Int>, isCounted: Bool) throws(ColumnarError) {
        self.group = group
        self.rows = rows
        blockRows = 0..<0
    }

    func finish() throws(ColumnarError) {}

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ColumnarProblems) throws(ColumnarError) {
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

    private func readBlock() throws(ColumnarError) {
        let byteCount = type.byteCount
        let count = min(rows.count, max(1, Self.blockByteCount / (byteCount * columns.count)))
        // A line of the cache more, so that columns do not share the few places of a core's cache.
        stride = (count * byteCount + 127) / 64 * 64
        block.reserve(stride * columns.count)
        var problems = ColumnarProblems()
        for (index, column) in columns.enumerated() {
            let field = ColumnarNumberField(file, column.name, column.leaf, as: type, reusing: lastField, near: places[index])
            lastField = field
            try field.begin(group: group, rows: rows, isCounted: false)
            try field.read(count, into: block.base + index * stride, &problems)
            places[index] = field.place
        }
        blockProblems = problems.inOrder[...]
        blockStart = rows.lowerBound
        blockRows = rows.lowerBound..<rows.lowerBound + count
        rows = rows.lowerBound + count..<rows.upperBound
    }
}

/// A column of class labels: whole numbers, or names of classes. It gives `Int64`.
final class ColumnarClassLabelField: ColumnarField {
    private let name: String
    private let leaf: StoredColumn
    private let names: ClassNames?
    private let indices: [[UInt8]: Int64]
    /// The class indices of names that are whole numbers.
    private let indicesOfNumbers: [Int64: Int64]
    private let cursor: any ColumnarCursor
    /// Texts that were looked up last, by the addresses of their first bytes, for one segment.
    private var known = [Known](repeating: Known(), count: 64)

    private struct Known {
        var address: UnsafeRawPointer?
        var count = 0
        var index: Int64 = 0
    }

    init(_ file: any ColumnarFile, _ name: String, _ leaf: StoredColumn, _ names: ClassNames?) {
        self.name = name
        self.leaf = leaf
        self.names = names
        indices = names?.indices ?? [:]
        indicesOfNumbers = Dictionary(
            indices.compactMap { name, index in Int64(String(decoding: name, as: UTF8.self)).map { ($0, index) } },
            uniquingKeysWith: { first, _ in first })
        cursor = file.makeCursor(leaf, reusing: nil)
    }

    func finish() throws(ColumnarError) { try cursor.finish() }

    func begin(group: Int, rows: Range<Int>, isCounted: Bool) throws(ColumnarError) {
        try cursor.begin(group: group, rows: rows, valuesPerRow: nil)
    }

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ColumnarProblems) throws(ColumnarError) {
        let labels = target.bindMemory(to: Int64.self, capacity: rowCount)
        try cursor.readValues(rowCount) { rows, segment in
            guard case .values(let read, let from) = segment else {
                for row in rows {
                    labels[row] = .min
                    problems.add(row, column: name, "the label is null")
                }
                return
            }
            if leaf.isNumber {
                for (row, number) in zip(rows, read.numbers(from: from, count: rows.count)) {
                    if let index = Int64(exactly: number).flatMap({ indicesOfNumbers[$0] }) {
                        labels[row] = index
                        continue
                    }
                    let text = Int64(exactly: number).map { String($0) } ?? "\(number)"
                    labels[row] = classIndex(Array(text.utf8), row, &problems)
                }
            } else {
                for place in known.indices { known[place].address = nil }
                let spans = read.spans
                for row in rows { labels[row] = classIndex(spans[from + row - rows.lowerBound], row, &problems) }
            }
        }
    }

    private func classIndex(_ span: UnsafeRawBufferPointer, _ row: Int, _ problems: inout ColumnarProblems) -> Int64 {
        guard let address = span.baseAddress else { return classIndex([], row, &problems) }
        // Unsafe: the address is a key, within a segment in which no memory is used again.
        let place = Int(bitPattern: UInt(bitPattern: address) >> 2 & 63)
        if known[place].address == address, known[place].count == span.count { return known[place].index }
        let index = classIndex(Array(span), row, &problems)
        if index != .min { known[place] = Known(address: address, count: span.count, index: index) }
        return index
    }

    private func classIndex(_ text: [UInt8], _ row: Int, _ problems: inout ColumnarProblems) -> Int64 {
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
final class SparkVectorField: ColumnarField {
    private let name: String
    private let reader: SparkVectorReader
    private let valuesPerRow: Int

    init(_ file: any ColumnarFile, _ name: String, _ vector: ColumnarTable.SparkVector, valuesPerRow: Int) {
        self.name = name
        self.valuesPerRow = valuesPerRow
        reader = SparkVectorReader(file, vector)
    }

    func finish() throws(ColumnarError) {}

    func begin(group: Int, rows: Range<Int>, isCounted: Bool) throws(ColumnarError) {
        try reader.begin(group: group, rows: rows)
    }

    func read(_ rowCount: Int, into target: UnsafeMutableRawPointer, _ problems: inout ColumnarProblems) throws(ColumnarError) {
        let numbers = target.bindMemory(to: Double.self, capacity: rowCount * valuesPerRow)
        try reader.read(rowCount, valuesPerRow: valuesPerRow, into: numbers) { problems.add($0, column: name, $1) }
    }
}

extension ColumnarValues {
    /// Copies values that are there, as they are stored or converted to `type`, which is the stored one, `.int64` or `.float64`.
    ///
    /// Unsafe: `target` has room for `count` elements.
    fileprivate func copy(_ leaf: StoredColumn, from: Int, count: Int, as type: ElementType, into target: UnsafeMutableRawPointer) {
        if leaf.elementType == type {
            copyElements(from: from, count: count, into: target)
        } else {
            copyNumbers(from: from, count: count, into: target.bindMemory(to: Double.self, capacity: count))
        }
    }
}
