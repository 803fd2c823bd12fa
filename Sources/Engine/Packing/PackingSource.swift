internal import Container
internal import Elements
internal import Formats
internal import Messages

/// The array that a dump is packed to: the header and the rows of the plain `.npy`.
struct PackingSource: Sendable {
    let file: DumpFile
    /// The bytes before the first row.
    let header: [UInt8]
    let layout: ArrayLayout
    /// The rows that are packed.
    let rows: any RowSource
    /// The number of rows, and the number of bytes of each.
    let rowCount: Int, rowByteCount: Int
    /// The ways in which the input can be read; nil for text, which is parsed.
    let fileAccess: FileAccess?
    private(set) var warnings: [Message]
    /// The names of the columns that are packed, in the order of the classes; empty for an array that has no name.
    let columnNames: [String]
    /// The names of the classes in their order, if values have their classes by name, or labels theirs.
    private(set) var classNames: [String]?

    /// Opens the input and finds the columns that are packed.
    init(_ options: PackingOptions, _ containerOptions: ContainerOptions) throws(EngineError) {
        file = try DumpFile(
            options.inputPath, source: options.byteSources[options.inputPath], options: containerOptions,
            recordOptions: options.columns.recordOptions(
                .predictions, recordByteCountLimit: options.maximumRecordByteCount))
        warnings = file.warnings.map { Message(code: .seekTable, "\(options.inputPath): \($0)") } + file.doubts
        if case .records(let records) = file.content {
            let selected: RecordFile
            let hasOpenEnd: Bool
            (rows, layout, header, selected, hasOpenEnd) = try Self.records(records, file, options, containerOptions)
            if hasOpenEnd { warnings.append(RecordNumbering.openEndWarning(file.path)) }
            columnNames = selected.selection.columnNames(of: options.part)
            classNames = selected.selection.classNames
            if let unused = Self.unusedSetting(options.columns, of: records) {
                throw EngineError(
                    .usage, path: file.path, "\(setting: unused) has no meaning for it: it is \(file.format)", remedy: "leave it out")
            }
            fileAccess = nil
            (rowCount, rowByteCount) = (layout.rowCount, layout.rowByteCount)
            return
        }
        guard options.columns.predictionClasses == nil else { throw file.unusedValueNamesError }
        if case .columnar(let table) = file.content {
            let (selected, kind, valuesPerRow) = try Self.selection(of: table, options)
            let source = try ColumnarRowSource(kind, of: [selected], valuesPerRow: valuesPerRow ?? 1)
            let shape = valuesPerRow.map { [selected.rowCount, $0] } ?? [selected.rowCount]
            (layout, header) = try Self.header(source.layout.elementType, shape, options.inputPath)
            rows = source
            columnNames = selected.selection.columnNames(of: options.part)
            fileAccess = nil
            (rowCount, rowByteCount) = (layout.rowCount, layout.rowByteCount)
            return
        }
        if !file.hasColumns, let setting = Self.unusedSetting(options.columns) {
            throw file.unusedNameError(setting)
        }
        if let unused = Self.unusedSettingOfArrays(options.columns) {
            throw EngineError(
                .usage, path: file.path, "\(setting: unused) has no meaning for it: it is \(file.format), and no text",
                remedy: "leave it out")
        }
        let predictions = try file.namedArray(
            for: .predictions(nil), named: options.columns.predictions.first, isAlone: true,
            ColumnRequest(predictions: options.columns, hasLabelsBeside: false))
        let found: (array: ArrayFile, name: String?)
        switch options.part {
        case .predictions: found = predictions
        case .labels: found = try Self.labels(of: file, options.columns, beside: predictions)
        }
        let array = found.array
        columnNames = [found.name].compactMap { $0 }
        try array.checkWidth()
        // Rows that are gathered are written in C order and in the machine's byte order.
        let keepsBytes = array.isAlone && array.rows.isContiguous && options.layout == .frames
        let arrays = try ConcatenatedArrays([array])
        rows = keepsBytes ? ArrayStreamSource(arrays: arrays, options: containerOptions, keepsByteOrder: true) : try arrays.column(containerOptions)
        (rowCount, rowByteCount) = (array.rowCount, array.rowByteCount)
        fileAccess = try FileAccess(array)
        if keepsBytes {
            // The stored bytes are taken, so that the plain file is restored bit for bit.
            layout = array.layout
            let decoder = Decoder(options: containerOptions)
            decoder.start(wholeOf: array.container)
            var bytes = [UInt8](repeating: 0, count: layout.dataByteOffset)
            try bytes.withMutableBytes { bytes throws(EngineError) in try decoder.fill(bytes, path: array.path) }
            header = bytes
        } else {
            (layout, header) = try Self.header(array.layout.elementType, array.layout.shape, options.inputPath)
        }
    }

    /// Makes a source of rows that have been found already.
    ///
    /// - Parameter shape: the shape that they have as an array.
    init(
        _ file: DumpFile, _ rows: any RowSource, shape: [Int], names: [String], classNames: [String]?
    ) throws(EngineError) {
        self.file = file
        self.rows = rows
        (layout, header) = try Self.header(rows.layout.elementType, shape, file.path)
        (rowCount, rowByteCount) = (layout.rowCount, layout.rowByteCount)
        fileAccess = nil
        warnings = file.warnings.map { Message(code: .seekTable, "\(file.path): \($0)") }
        columnNames = names
        self.classNames = classNames
    }

    /// The first setting that names a column.
    private static func unusedSetting(_ columns: DumpColumns) -> Setting? {
        if !columns.predictions.isEmpty { return .predictionColumns }
        if columns.label != nil { return .labelColumn }
        if !columns.labels.isEmpty { return .labelColumns }
        return columns.classNames == nil ? nil : .classNames
    }

    /// The first setting that only text can have.
    private static func unusedSettingOfArrays(_ columns: DumpColumns) -> Setting? {
        if columns.classNames != nil { return .classNames }
        if columns.positiveClass != nil { return .positiveClass }
        if columns.recordPath != nil { return .recordPath }
        if columns.isRagged { return .ragged }
        return columns.hasHeader ? nil : .noHeader
    }

    /// The first setting that a text of this format cannot have.
    private static func unusedSetting(_ columns: DumpColumns, of records: RecordFile) -> Setting? {
        if columns.recordPath != nil, records.format.name != "json" { return .recordPath }
        return !columns.hasHeader && !records.format.isTable ? .noHeader : nil
    }

    /// Finds the array of labels that lies beside the array of the predictions.
    private static func labels(
        of file: DumpFile, _ columns: DumpColumns, beside predictions: (array: ArrayFile, name: String?)
    ) throws(EngineError) -> (array: ArrayFile, name: String?) {
        guard file.hasColumns else {
            throw EngineError(
                .usage, path: file.path, "it is one array, and no labels lie beside it", remedy: "pack the labels' own file by itself")
        }
        let labels = try file.namedArray(
            for: .labels, named: columns.labelNames.first, isAlone: false, ColumnRequest(predictions: columns, hasLabelsBeside: true))
        guard labels.name != predictions.name else {
            throw EngineError(
                .usage, path: file.path, "one array is meant as predictions and as labels",
                remedy: "name them with \(setting: .predictionColumns) and \(setting: .labelColumn), or pack it once, without labels")
        }
        return labels
    }

    /// Makes an array of the values of records, eight bytes each. The rows are counted first, since the header holds their number. So the
    /// text is decoded twice, and parsed once.
    private static func records(
        _ records: RecordFile, _ file: DumpFile, _ options: PackingOptions, _ containerOptions: ContainerOptions
    ) throws(EngineError) -> (any RowSource, ArrayLayout, [UInt8], RecordFile, hasOpenEnd: Bool) {
        guard !records.container.isStream else {
            throw EngineError(
                .usage, path: records.path, "its rows have to be counted before they are packed, and a pipe is read once",
                remedy: "write it to a file first")
        }
        let (selected, kind, valuesPerRow) = try Self.selection(of: records, options, containerOptions)
        let (rowCount, hasOpenEnd) = try Self.count(selected, containerOptions)
        let shape = valuesPerRow.map { [rowCount, $0] } ?? [rowCount]
        let (layout, header) = try header(kind.elementType, shape, records.path)
        let rows = RecordRowSource(kind, of: [selected], valuesPerRow: valuesPerRow ?? 1, options: containerOptions)
        return (rows, layout, header, selected, hasOpenEnd)
    }

    /// Counts the rows of a text. O(bytes).
    static func countRows(of text: RecordFile, _ containerOptions: ContainerOptions) throws(EngineError) -> Int {
        try count(text, containerOptions).rowCount
    }

    private static func count(
        _ selected: RecordFile, _ containerOptions: ContainerOptions
    ) throws(EngineError) -> (rowCount: Int, hasOpenEnd: Bool) {
        var rowCount = 0
        let stream = RecordStream([selected], options: containerOptions)
        let buffer = ByteBuffer()
        try stream.begin(0)
        var hasOpenEnd = false
        while let piece = try stream.next(into: buffer) {
            rowCount += piece.extent.rowCount
            let text = UnsafeRawBufferPointer(buffer.room(from: 0, count: piece.extent.byteCount))
            hasOpenEnd = piece.extent.rowCount > 0 ? RecordNumbering.hasOpenEnd(text, selected.format) : hasOpenEnd
        }
        return (rowCount, hasOpenEnd)
    }

    /// Selects the columns of a text that become an array, with their kind and the number of values a row; nil for an array of one
    /// dimension.
    private static func selection(
        of records: RecordFile, _ options: PackingOptions, _ containerOptions: ContainerOptions
    ) throws(EngineError) -> (file: RecordFile, kind: RecordColumnKind, valuesPerRow: Int?) {
        guard !options.columns.isRagged else {
            throw EngineError(
                .usage, path: records.path, "records with fewer predictions than others make no array",
                remedy: "leave \(setting: .ragged) out")
        }
        let isOfLabels = options.part == .labels
        let request = ColumnRequest(
            predictions: options.columns, hasLabelsBeside: isOfLabels || !options.columns.labelNames.isEmpty)
        var selection: RecordSelection
        do throws(ColumnError) {
            selection =
                isOfLabels
                ? try RecordRoles.packedLabels(of: records.format, request)
                : try RecordRoles.packedPredictions(of: records.format, request)
        } catch {
            throw EngineError(error, path: records.path)
        }
        switch selection.labels {
        case .none:
            selection.valuesPerRow = try records.valuesPerRow(selection, containerOptions)
            let isColumn = selection.predictions.count == 1 && selection.valuesPerRow == 1
            return (records.selecting(selection), .predictions, isColumn ? nil : selection.valuesPerRow)
        case .classIndex: return (records.selecting(selection), .classLabels, nil)
        case .numbers(let labels):
            let rows = try records.selecting(selection).firstRows(options: containerOptions)
            selection.labelsPerRow = rows.map { max(1, $0.labelsPerRow) } ?? 1
            let isColumn = labels.count == 1 && selection.labelsPerRow == 1
            return (records.selecting(selection), .targets, isColumn ? nil : selection.labelsPerRow)
        }
    }

    /// Selects the columns of a table that become an array, with their kind and the number of values a row; nil for an array of one
    /// dimension.
    private static func selection(
        of table: ColumnarTable, _ options: PackingOptions
    ) throws(EngineError) -> (rows: ColumnarRows, kind: RecordColumnKind, valuesPerRow: Int?) {
        guard !options.columns.isRagged else {
            throw EngineError(
                .usage, path: table.path, "records with fewer predictions than others make no array",
                remedy: "leave \(setting: .ragged) out")
        }
        let isOfLabels = options.part == .labels
        let request = ColumnRequest(predictions: options.columns, hasLabelsBeside: isOfLabels || !options.columns.labelNames.isEmpty)
        let selection: RecordSelection
        do throws(ColumnError) {
            selection =
                isOfLabels
                ? try RecordRoles.packedLabels(of: table.names, request) : try RecordRoles.packedPredictions(of: table.names, request)
        } catch {
            throw EngineError(error, path: table.path)
        }
        func shape(_ paths: [RecordPath], _ role: ColumnRole) throws(EngineError) -> (rows: ColumnarRows, valuesPerRow: Int?) {
            let shape = try ColumnarRows(table, selection).shape(paths, role)
            let rows = ColumnarRows(table, selection, rowsPerRecord: shape.rowsPerRecord)
            guard paths.count == 1, case .value = table.storage(of: paths[0]) else { return (rows, shape.valuesPerRow) }
            return (rows, nil)
        }
        switch selection.labels {
        case .none:
            let (rows, valuesPerRow) = try shape(selection.predictions, .predictions(nil))
            return (rows, .predictions, valuesPerRow)
        case .classIndex: return (ColumnarRows(table, selection), .classLabels, nil)
        case .numbers(let labels):
            let (rows, valuesPerRow) = try shape(labels, .labels)
            return (rows, .targets, valuesPerRow)
        }
    }

    /// Makes the layout and the header of an array.
    private static func header(
        _ elementType: ElementType, _ shape: [Int], _ path: String
    ) throws(EngineError) -> (ArrayLayout, [UInt8]) {
        let header = NPYHeader.encode(elementType: elementType, shape: shape)
        do throws(FormatError) {
            let layout = try ArrayLayout(
                elementType: elementType, isByteSwapped: false, isFortranOrder: false, shape: shape, dataByteOffset: header.count)
            return (layout, header)
        } catch {
            throw EngineError(error, path: path)
        }
    }
}

extension RecordSelection {
    /// The names by which values, or labels, have their classes.
    fileprivate var classNames: [String]? {
        if let valueNames, valueNames.use == .classes { return valueNames.names }
        if case .classIndex(_, let names) = labels { return names }
        return nil
    }

    /// Lists the names of the columns that are packed.
    fileprivate func columnNames(of part: PackingOptions.Part) -> [String] {
        guard part == .labels else { return predictions.map(\.name) }
        switch labels {
        case .none: return []
        case .classIndex(let label, _): return [label.name]
        case .numbers(let labels): return labels.map(\.name)
        }
    }
}
