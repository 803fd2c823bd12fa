internal import Container
internal import Formats
internal import Messages
internal import Parquet

/// An opened Parquet file as a table: its columns by the names that users give them.
struct ParquetTable: Sendable {
    /// The place of a column's values among the leaves of the schema.
    enum Storage: Sendable {
        /// One value a row.
        case value(ParquetColumn)
        /// A list a row.
        case list(ParquetColumn)
        /// A vector of Spark a row, dense or sparse.
        case vector(ParquetVector)
    }

    /// The leaves of a vector of Spark: `type` 1 has all values, `type` 0 those at `indices` of `size`.
    struct ParquetVector: Sendable {
        let type: ParquetColumn
        let size: ParquetColumn
        let indices: ParquetColumn
        let values: ParquetColumn
    }

    let file: ParquetFile
    let names: ParquetNames
    /// The values of each of the columns of `names`.
    let storage: [Storage]

    var path: String { file.path }
    var rowCount: Int { file.rowCount }

    /// Opens a raw file. Values of columns whose names leave a doubt are looked at.
    init(_ container: ContainerFile, pageByteCountLimit: Int) throws(EngineError) {
        do throws(ParquetError) {
            var limits = ParquetFile.Limits()
            limits.pageByteCount = pageByteCountLimit
            file = try ParquetFile(container, limits: limits)
        } catch {
            throw EngineError(error)
        }
        let vectors = Self.vectors(in: file.columns)
        var columns: [(name: String, storage: Storage)] = []
        for leaf in file.columns {
            if let vector = vectors.first(where: { $0.value.type.index == leaf.index }) {
                columns.append((vector.key.text, .vector(vector.value)))
            } else if !vectors.values.contains(where: { vector in
                [vector.size, vector.indices, vector.values].contains { $0.index == leaf.index }
            }) {
                columns.append((leaf.name, leaf.isRepeated ? .list(leaf) : .value(leaf)))
            }
        }
        storage = columns.map(\.storage)
        let file = file
        names = ParquetNames(columns.map { Self.described($0.name, $0.storage, in: file) })
    }

    /// Returns the storage of a column that was found by its name.
    func storage(of path: RecordPath) -> Storage {
        guard let index = path.columnIndex else { preconditionFailure("a column of a table has a place") }
        return storage[index]
    }

    /// Finds the structs that are vectors of Spark, by their names.
    private static func vectors(in leaves: [ParquetColumn]) -> [Name: ParquetVector] {
        let byName = Dictionary(leaves.map { (Name($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        var vectors: [Name: ParquetVector] = [:]
        for type in leaves where type.name.hasSuffix(".type") && type.content == .int32 && !type.isRepeated {
            let name = String(type.name.dropLast(".type".count))
            guard let size = byName[Name(name + ".size")], size.content == .int32, !size.isRepeated,
                let indices = byName[Name(name + ".indices")], indices.content == .int32, indices.repetitionLimit == 1,
                let values = byName[Name(name + ".values")], values.content == .float64, values.repetitionLimit == 1
            else { continue }
            vectors[Name(name)] = ParquetVector(type: type, size: size, indices: indices, values: values)
        }
        return vectors
    }

    /// Describes a column for the search of roles.
    private static func described(_ name: String, _ storage: Storage, in file: ParquetFile) -> RecordColumn {
        switch storage {
        case .list(let leaf):
            // The number of values is not known before a list is read.
            return RecordColumn(name: name, content: leaf.isNumber && leaf.repetitionLimit <= 2 ? .array(count: 2) : .text)
        case .vector: return RecordColumn(name: name, content: .array(count: 2))
        case .value(let leaf):
            let content: RecordColumn.Content =
                switch leaf.content {
                case .boolean: .boolean
                case .bytes, .other: .text
                default: .number
                }
            // What a text shows by itself is looked at only if it can decide something.
            let isLookedAt = content == .number ? ColumnRole.isNameOfDecision(name) : leaf.content == .bytes(isText: true)
            let values = isLookedAt ? firstValues(of: leaf, in: file) : []
            return RecordColumn(name: name, content: content, examples: Array(values.prefix(2)), values: values)
        }
    }

    /// The largest number of first values that are looked at.
    private static let firstValueCount = 1000

    /// Lists some different values of the first page; none if it cannot be read, which is an error once the column is used.
    private static func firstValues(of leaf: ParquetColumn, in file: ParquetFile) -> [String] {
        guard let group = file.rowGroups.firstIndex(where: { $0.rowCount > 0 }) else { return [] }
        let reader = ColumnReader(file, rowGroup: group, column: leaf)
        guard (try? reader.nextPage()) == true else { return [] }
        let count = min(firstValueCount, reader.page.valueCount)
        var seen: Set<Name> = []
        var values: [String] = []
        var numbers = [Double](repeating: 0, count: count)
        if leaf.isNumber {
            numbers.withUnsafeMutableBufferPointer { numbers in
                if let base = numbers.baseAddress { reader.page.copyNumbers(leaf, from: 0, count: count, into: base) }
            }
        }
        for index in 0..<count where values.count < 4 {
            let text =
                if leaf.isNumber {
                    "\(numbers[index])"
                } else if reader.page.spans.indices.contains(index) {
                    String(decoding: reader.page.spans[index].prefix(256), as: UTF8.self)
                } else {
                    ""
                }
            if seen.insert(Name(text)).inserted { values.append(text) }
        }
        return values
    }
}

/// The columns of a Parquet file by their names.
struct ParquetNames: NamedColumns {
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

extension EngineError {
    /// Makes the error of a Parquet file.
    init(_ error: ParquetError) {
        if let container = error.container {
            self.init(container)
        } else {
            let needsMemory = error.kind == .tooLarge
            self.init(
                .data, path: error.path, Message(error.statement),
                remedy: needsMemory ? "\(setting: .maximumWindow) raises the limit" : error.remedy.map { Message($0) })
        }
    }

    /// Does work on a Parquet file, and turns its error into one of the engine.
    static func ofParquet<Result>(_ body: () throws(ParquetError) -> Result) throws(EngineError) -> Result {
        do { return try body() } catch { throw EngineError(error) }
    }
}
