internal import Container
internal import Elements
internal import Formats
internal import Messages
internal import Parquet

/// The columns that a Parquet file is packed from: labels, predictions, weights, and the other columns of the input by their names.
struct ParquetPackingSource: Sendable {
    /// A column and its values.
    struct Column: Sendable {
        enum Values: Sendable {
            case rows(any RowSource)
            case table(any ColumnarFile, StoredColumn)
        }

        let written: WrittenColumn
        let values: Values

        func makeReader(_ control: RunControl) throws(EngineError) -> any PackedColumnReader {
            switch values {
            case .rows(let rows): try PackedNumberReader(rows, control)
            case .table(let file, let leaf): PackedTableReader(file, leaf)
            }
        }
    }

    /// The predictions as they are found for any packing.
    let predictions: PackingSource
    /// The columns in the order of the output's schema.
    let columns: [Column]
    /// The index of the predictions among `columns`.
    let predictionIndex: Int
    /// The name of the column of labels; nil if there are none.
    let labelName: String?
    /// The names of the classes, if labels or values have them by name.
    let classNames: [String]?
    /// The columns of the input that the output does not have, each with its type in words.
    let leftOut: [String]
    let warnings: [Message]
    var rowCount: Int { predictions.rowCount }
    /// The number of values of the predictions of a row, each of a class where labels are indices of classes.
    var classCount: Int { columns[predictionIndex].written.valuesPerRow }

    /// The name of predictions that have none of their own. It says nothing of the meaning of values, and all readers know it.
    private static let defaultPredictionName = "scores"

    init(_ options: PackingOptions, _ containerOptions: ContainerOptions) throws(EngineError) {
        var options = options
        options.part = .predictions
        let predictions = try PackingSource(options, containerOptions)
        self.predictions = predictions
        var columns: [Column] = []
        var warnings = predictions.warnings
        var taken = Set(predictions.columnNames.map { Name($0) })
        func add(_ column: Column) throws(EngineError) {
            guard !columns.contains(where: { Name($0.written.name) == Name(column.written.name) }) else {
                throw EngineError(
                    .usage, path: predictions.file.path,
                    "two columns would have the name '\(ColumnName.list([column.written.name]))'", remedy: "rename one of them")
            }
            columns.append(column)
        }

        let labels = try Self.labels(options, containerOptions, beside: predictions)
        if let labels {
            try Self.checkCount(labels, CompanionColumn.labels, predictions)
            let isList = labels.rows.layout.valuesPerRow > 1
            let name = Self.ownName(labels) ?? (isList ? "labels" : "label")
            taken.formUnion(labels.columnNames.map { Name($0) })
            warnings += labels.warnings.filter { warning in !warnings.contains { $0.description == warning.description } }
            try add(Self.column(name, labels))
            labelName = name
        } else {
            labelName = nil
        }
        classNames = labels?.classNames ?? predictions.classNames
        var predictionName = Self.ownName(predictions) ?? Self.defaultPredictionName
        if predictionName == labelName { predictionName = "predictions" }
        predictionIndex = columns.count
        try add(Self.column(predictionName, predictions, keepsLists: true))
        if let weights = try Self.weights(options, containerOptions, beside: predictions) {
            try Self.checkCount(weights, CompanionColumn.weights, predictions)
            taken.formUnion(weights.columnNames.map { Name($0) })
            try add(Self.column(Self.ownName(weights) ?? "weight", weights))
        }
        let others = try Self.others(of: predictions, taken, containerOptions)
        for column in others.columns { try add(column) }
        leftOut = others.leftOut
        self.columns = columns
        self.warnings = warnings
    }

    /// The name of the one column that a source was made of; nil if it was made of several, or of a path into records.
    private static func ownName(_ source: PackingSource) -> String? {
        guard source.columnNames.count == 1, let name = source.columnNames.first, !name.isEmpty, !name.contains("*"), !name.contains("[")
        else { return nil }
        return name
    }

    /// Makes the column of a source. Labels and weights of one value a row are no lists, also where they are an array of one column;
    /// predictions of such an array are, since they may be those of one class.
    private static func column(_ name: String, _ source: PackingSource, keepsLists: Bool = false) -> Column {
        let layout = source.rows.layout
        let length = source.layout.shape.count > 1 && (keepsLists || layout.valuesPerRow > 1) ? layout.valuesPerRow : nil
        return Column(written: WrittenColumn(name, layout.elementType, listLength: length), values: .rows(source.rows))
    }

    private static func checkCount(_ source: PackingSource, _ name: String, _ predictions: PackingSource) throws(EngineError) {
        guard source.rowCount != predictions.rowCount else { return }
        let word = source.rowCount == 1 ? String(name.dropLast()) : name
        throw EngineError(
            .data, path: source.file.path, "\(source.rowCount) \(word) for \(predictions.rowCount) rows of predictions",
            remedy: "give the \(name) of the same rows")
    }

    /// Finds the labels: those of a file of their own, those that are named, or those of the input's column with a usual name.
    private static func labels(
        _ options: PackingOptions, _ containerOptions: ContainerOptions, beside predictions: PackingSource
    ) throws(EngineError) -> PackingSource? {
        var options = options
        options.part = .labels
        if let path = options.labelPath {
            options.inputPath = path
            options.columns.predictions = []
            options.columns.weight = nil
            return try PackingSource(companion: .labels, options, containerOptions)
        }
        let usual = ColumnRole.labels.usualNames
        let isNamed = !options.columns.labelNames.isEmpty
        let isThere = predictions.file.columnNames.contains { usual.contains(ColumnName.lastPart(of: $0).lowercased()) }
        guard isNamed || (predictions.file.hasColumns && isThere) else { return nil }
        return try PackingSource(options, containerOptions)
    }

    /// Finds the weights: those of a file of their own, or those that are named.
    private static func weights(
        _ options: PackingOptions, _ containerOptions: ContainerOptions, beside predictions: PackingSource
    ) throws(EngineError) -> PackingSource? {
        var options = options
        options.columns.predictions = []
        (options.columns.label, options.columns.labels) = (nil, [])
        if let path = options.weightPath {
            options.inputPath = path
            return try PackingSource(companion: .weights, options, containerOptions)
        }
        guard options.columns.weight != nil else { return nil }
        guard predictions.file.hasColumns else { throw predictions.file.unusedNameError(.weightColumn) }
        return try PackingSource(companion: .weights, options, containerOptions)
    }

    /// Lists the columns without a role that are carried along, and those that are not.
    private static func others(
        of predictions: PackingSource, _ taken: Set<Name>, _ options: ContainerOptions
    ) throws(EngineError) -> (columns: [Column], leftOut: [String]) {
        var columns: [Column] = []
        var leftOut: [String] = []
        switch predictions.file.content {
        case .array, .records: break
        case .columnar(let table):
            for (described, storage) in zip(table.names.columns, table.storage) where !taken.contains(Name(described.name)) {
                switch storage {
                case .value(let leaf) where leaf.elementType != nil || leaf.isTextOrPlainBytes:
                    columns.append(Column(written: WrittenColumn(described.name, leaf), values: .table(table.file, leaf)))
                case .value(let leaf), .list(let leaf): leftOut.append("\(described.name) (\(leaf.typeText))")
                case .vector: leftOut.append("\(described.name) (vector)")
                }
            }
        case .archive(let arrays):
            for array in arrays where !taken.contains(Name(array.name)) {
                guard let file = try? array.open() else {
                    leftOut.append("\(array.name) (no numbers)")
                    continue
                }
                guard file.rowCount == predictions.rowCount, !file.layout.shape.isEmpty else {
                    leftOut.append("\(array.name) (\(String.counted(file.rowCount, "row")))")
                    continue
                }
                let rows = try ConcatenatedArrays([file]).column(options)
                let length = rows.layout.valuesPerRow > 1 ? rows.layout.valuesPerRow : nil
                columns.append(
                    Column(
                        written: WrittenColumn(array.name, rows.layout.elementType, listLength: length), values: .rows(rows)))
            }
        }
        return (columns, leftOut)
    }
}

extension WrittenColumn {
    /// Makes the column of a leaf that has one value a row.
    fileprivate init(_ name: String, _ leaf: StoredColumn) {
        if let type = leaf.elementType {
            self.init(name, type, isOptional: leaf.mayBeNull)
        } else {
            self.init(name, isText: leaf.isText, isOptional: leaf.mayBeNull)
        }
    }
}
