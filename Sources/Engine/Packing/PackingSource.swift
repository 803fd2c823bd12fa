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
    /// The ways in which the input can be read; nil for text, which is parsed.
    let readability: Readability?
    let warnings: [Message]
    /// The names of the columns that are packed, in the order of the classes; empty for an array that has no name.
    let columnNames: [String]

    /// Opens the input and finds the columns that are packed.
    init(_ options: PackingOptions, _ containerOptions: ContainerOptions) throws(EngineError) {
        file = try DumpFile(
            options.inputPath, source: options.byteSources[options.inputPath], options: containerOptions, hasHeader: options.columns.hasHeader)
        warnings = file.warnings.map { Message(code: .seekTable, "\(options.inputPath): \($0)") }
        if case .records(let records) = file.content {
            (rows, layout, header, columnNames) = try Self.records(records, file, options, containerOptions)
            readability = nil
            return
        }
        let predictions = try file.namedArray(for: .predictions(nil), named: options.columns.predictions.first, isAlone: true)
        let found: (array: ArrayFile, name: String?)
        switch options.part {
        case .predictions: found = predictions
        case .labels: found = try Self.labels(of: file, options.columns, beside: predictions)
        }
        let array = found.array
        columnNames = [found.name].compactMap { $0 }
        try array.checkWidth()
        rows = StreamedArrays(
            arrays: try ConcatenatedArrays([array]), options: containerOptions, keepsByteOrder: array.isAlone)
        readability = try Readability(array)
        if array.isAlone {
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

    /// Finds the array of labels that lies beside the array of the predictions.
    private static func labels(
        of file: DumpFile, _ columns: DumpColumns, beside predictions: (array: ArrayFile, name: String?)
    ) throws(EngineError) -> (array: ArrayFile, name: String?) {
        guard file.hasColumns else {
            throw EngineError(
                .usage, path: file.path, "it is one array, and no labels lie beside it", remedy: "pack the labels' own file by itself")
        }
        let labels = try file.namedArray(for: .labels, named: columns.labelNames.first, isAlone: false)
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
    ) throws(EngineError) -> (any RowSource, ArrayLayout, [UInt8], [String]) {
        guard !records.container.isStream else {
            throw EngineError(
                .usage, path: records.path, "its rows have to be counted before they are packed, and a pipe is read once",
                remedy: "write it to a file first")
        }
        let selected = try SelectedColumns.selection(of: records, among: file, for: options.part, options.columns, containerOptions)
        var rowCount = 0
        let stream = RecordStream([selected.file], options: containerOptions)
        let buffer = ByteBuffer()
        try stream.begin(0)
        while let piece = try stream.next(into: buffer) { rowCount += piece.extent.rowCount }
        let shape = selected.valuesPerRow.map { [rowCount, $0] } ?? [rowCount]
        let (layout, header) = try header(selected.column.elementType, shape, records.path)
        let rows = RecordRowSource(
            selected.column, of: [selected.file], valuesPerRow: selected.valuesPerRow ?? 1, options: containerOptions)
        return (rows, layout, header, selected.file.selection.columnNames(of: options.part))
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
