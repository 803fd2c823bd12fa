internal import Container
internal import Elements
internal import Formats
internal import Messages

extension PackingSource {
    /// Opens a file of labels or weights, or the weights that lie beside predictions of text, for an output that has them beside the
    /// predictions.
    ///
    /// - Parameter role: the role of the column, labels or weights. A file of one array, or of one column, needs no name.
    init(companion role: ColumnRole, _ options: PackingOptions, _ containerOptions: ContainerOptions) throws(EngineError) {
        let isLabels = role.isLabels
        let file = try DumpFile(
            options.inputPath, source: options.byteSources[options.inputPath], options: containerOptions,
            recordOptions: options.columns.recordOptions(
                isLabels ? .labels : .weights, recordByteCountLimit: options.maximumRecordByteCount))
        let request = ColumnRequest(predictions: options.columns, hasLabelsBeside: isLabels)
        var roles = RecordRoles(request)
        switch file.content {
        case .array, .archive:
            let name = isLabels ? options.columns.labelNames.first : options.columns.weight
            let found = try file.namedArray(for: role, named: name, isAlone: true, request)
            try found.array.checkWidth()
            let rows = try ConcatenatedArrays([found.array]).column(containerOptions)
            try self.init(file, rows, shape: found.array.layout.shape, names: [found.name].compactMap { $0 }, classNames: nil)
        case .records(let text):
            guard !text.container.isStream else {
                throw EngineError(
                    .usage, path: text.path, "its rows have to be counted before they are packed, and a pipe is read once",
                    remedy: "write it to a file first")
            }
            let selection = try Self.companionSelection(isLabels, &roles, text.format, options, text.path)
            var selected = text.selecting(selection)
            let kind = Self.kind(selection)
            var valuesPerRow: Int?
            if case .targets = kind, let first = try selected.firstRows(options: containerOptions) {
                var counted = selection
                counted.labelsPerRow = max(1, first.labelsPerRow)
                selected = text.selecting(counted)
                valuesPerRow = first.labelsPerRow > 1 ? first.labelsPerRow : nil
            }
            let rowCount = try Self.countRows(of: selected, containerOptions)
            let rows = RecordRowSource(kind, of: [selected], valuesPerRow: valuesPerRow ?? 1, options: containerOptions)
            try self.init(
                file, rows, shape: valuesPerRow.map { [rowCount, $0] } ?? [rowCount], names: Self.names(selection),
                classNames: Self.classNames(selection))
        case .columnar(let table):
            var selection = try Self.companionSelection(isLabels, &roles, table.names, options, table.path)
            var valuesPerRow: Int?
            // A list of numbers a row is a distribution, or one number a class.
            if case .classIndex(let path, _) = selection.labels, case .list = table.storage(of: path) { selection.labels = .numbers([path]) }
            let kind = Self.kind(selection)
            if case .numbers(let paths) = selection.labels {
                let shape = try ColumnarRows(table, selection).shape(paths, .labels)
                guard shape.rowsPerRecord == 1 else {
                    throw EngineError(.data, path: table.path, "its labels are lists of lists", remedy: "write one list a row")
                }
                valuesPerRow = shape.valuesPerRow
            }
            let rows = try ColumnarRowSource(kind, of: [ColumnarRows(table, selection)], valuesPerRow: valuesPerRow ?? 1)
            try self.init(
                file, rows, shape: valuesPerRow.map { [table.rowCount, $0] } ?? [table.rowCount], names: Self.names(selection),
                classNames: Self.classNames(selection))
        }
    }

    private static func companionSelection(
        _ isLabels: Bool, _ roles: inout RecordRoles, _ names: any NamedColumns, _ options: PackingOptions, _ path: String
    ) throws(EngineError) -> RecordSelection {
        if isLabels, !options.columns.labels.isEmpty {
            var selection = RecordSelection(predictions: [])
            do throws(FormatError) {
                selection.labels = .numbers(try names.resolve(options.columns.labels))
            } catch {
                throw EngineError(error, path: path)
            }
            return selection
        }
        do throws(ColumnError) {
            guard isLabels else { return try roles.weights(ofOwn: names, path: path) }
            return try roles.labels(ofOwn: names, path: path, valuesPerRow: options.columns.classNames?.count ?? 1)
        } catch {
            throw EngineError(error, path: path)
        }
    }

    private static func kind(_ selection: RecordSelection) -> RecordColumnKind {
        switch selection.labels {
        case .none: .weights
        case .classIndex: .classLabels
        case .numbers: .targets
        }
    }

    private static func names(_ selection: RecordSelection) -> [String] {
        switch selection.labels {
        case .none: selection.weight.map { [$0.name] } ?? []
        case .classIndex(let path, _): [path.name]
        case .numbers(let paths): paths.map(\.name)
        }
    }

    private static func classNames(_ selection: RecordSelection) -> [String]? {
        if case .classIndex(_, let names) = selection.labels { names } else { nil }
    }
}
