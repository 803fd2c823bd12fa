internal import Elements
internal import Formats
internal import Messages

/// An opened columnar file as a table: its columns by the names that users give them.
struct ColumnarTable: Sendable {
    /// The place of a column's values among the file's columns of values.
    enum Storage: Sendable {
        /// One value a row.
        case value(StoredColumn)
        /// A list a row.
        case list(StoredColumn)
        /// A vector of Spark a row, dense or sparse.
        case vector(SparkVector)
    }

    /// The leaves of a vector of Spark: `type` 1 has all values, `type` 0 those at `indices` of `size`.
    struct SparkVector: Sendable {
        let type: StoredColumn
        let size: StoredColumn
        let indices: StoredColumn
        let values: StoredColumn
    }

    let file: any ColumnarFile
    /// The numbers of rows of the file's groups.
    let groupRowCounts: [Int]
    let names: ColumnarNames
    /// The values of each of the columns of `names`.
    let storage: [Storage]

    var path: String { file.path }
    var rowCount: Int { file.rowCount }

    /// Looks at the columns of an opened file. Values of columns whose names leave a doubt are looked at.
    init(_ file: any ColumnarFile) {
        self.file = file
        groupRowCounts = file.groupRowCounts
        let leaves = file.storedColumns
        let vectors = Self.vectors(in: leaves)
        var columns: [(name: String, storage: Storage)] = []
        for leaf in leaves {
            if let vector = vectors.first(where: { $0.value.type.index == leaf.index }) {
                columns.append((vector.key.text, .vector(vector.value)))
            } else if !vectors.values.contains(where: { vector in
                [vector.size, vector.indices, vector.values].contains { $0.index == leaf.index }
            }) {
                columns.append((leaf.name, leaf.isRepeated ? .list(leaf) : .value(leaf)))
            }
        }
        storage = columns.map(\.storage)
        names = ColumnarNames(columns.map { Self.described($0.name, $0.storage, in: file) })
    }

    /// Returns the storage of a column that was found by its name.
    func storage(of path: RecordPath) -> Storage {
        guard let index = path.columnIndex else { preconditionFailure("a column of a table has a place") }
        return storage[index]
    }

    /// Finds the structs that are vectors of Spark, by their names.
    private static func vectors(in leaves: [StoredColumn]) -> [Name: SparkVector] {
        let byName = Dictionary(leaves.map { (Name($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        var vectors: [Name: SparkVector] = [:]
        for type in leaves where type.name.hasSuffix(".type") && type.isInteger && !type.isRepeated {
            let name = String(type.name.dropLast(".type".count))
            guard let size = byName[Name(name + ".size")], size.isInteger, !size.isRepeated,
                let indices = byName[Name(name + ".indices")], indices.elementType == .int32, indices.listDepth == 1,
                let values = byName[Name(name + ".values")], values.elementType == .float64, values.listDepth == 1
            else { continue }
            vectors[Name(name)] = SparkVector(type: type, size: size, indices: indices, values: values)
        }
        return vectors
    }

    /// Describes a column for the search of roles.
    private static func described(_ name: String, _ storage: Storage, in file: any ColumnarFile) -> RecordColumn {
        switch storage {
        case .list(let leaf):
            // The number of values is not known before a list is read.
            return RecordColumn(name: name, content: leaf.isNumber && leaf.listDepth <= 2 ? .array(count: 2) : .text)
        case .vector: return RecordColumn(name: name, content: .array(count: 2))
        case .value(let leaf):
            let content: RecordColumn.Content = leaf.elementType == .bool ? .boolean : leaf.isNumber ? .number : .text
            // What a text shows by itself is looked at only if it can decide something.
            let isLookedAt = content == .number ? ColumnRole.isNameOfDecision(name) : leaf.isText
            let values = isLookedAt ? firstValues(of: leaf, in: file) : []
            return RecordColumn(name: name, content: content, examples: Array(values.prefix(2)), values: values)
        }
    }

    /// The largest number of first values that are looked at.
    private static let firstValueCount = 1000

    /// Lists some different values of the first rows; none if they cannot be read, which is an error once the column is used.
    private static func firstValues(of leaf: StoredColumn, in file: any ColumnarFile) -> [String] {
        let rowCounts = file.groupRowCounts
        guard let group = rowCounts.firstIndex(where: { $0 > 0 }) else { return [] }
        let cursor = file.makeCursor(leaf, reusing: nil)
        var seen: Set<Name> = []
        var values: [String] = []
        func add(_ text: String) { if values.count < 4, seen.insert(Name(text)).inserted { values.append(text) } }
        do throws(ColumnarError) {
            try cursor.begin(group: group, rows: 0..<file.groupRowCounts[group], valuesPerRow: nil)
            try cursor.readValues(min(firstValueCount, rowCounts[group])) { rows, segment in
                guard case .values(let read, let from) = segment, values.count < 4 else { return }
                if leaf.isNumber {
                    for number in read.numbers(from: from, count: rows.count) { add("\(number)") }
                } else if leaf.isBytes {
                    for span in read.spans[from..<from + rows.count] { add(String(decoding: span.prefix(256), as: UTF8.self)) }
                }
            }
        } catch {
            return []
        }
        return values
    }
}

/// The columns of a columnar file by their names.
struct ColumnarNames: NamedColumns {
    let columns: [RecordColumn]
    private let columnNames: ColumnNames

    init(_ columns: [RecordColumn]) {
        self.columns = columns
        columnNames = ColumnNames(columns.map(\.name))
    }

    var isTable: Bool { true }

    /// Returns the names of columns that hold one class each.
    func classNames(of predictions: [RecordPath]) -> [String]? {
        let isOfLists = predictions.contains { path in
            if case .array? = path.columnIndex.map({ columns[$0].content }) { true } else { false }
        }
        return predictions.isEmpty || isOfLists ? nil : predictions.map(\.name)
    }

    func resolve(_ names: [String]) throws(FormatError) -> [RecordPath] {
        var paths: [RecordPath] = []
        for name in names { paths += try columnNames.places(of: name).map { path(at: $0) } }
        return paths
    }

    func path(at place: Int) -> RecordPath { RecordPath(name: columns[place].name, columnIndex: place) }
}
