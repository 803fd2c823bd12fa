internal import Container
internal import Elements
public import Formats
public import Scoring
public import WorkStealing

#if canImport(Glibc)
internal import func Glibc.exp
#elseif canImport(Musl)
internal import func Musl.exp
#elseif canImport(Darwin)
internal import func Darwin.exp
#endif

/// A guess at the meaning of values for which no input was given.
public enum InputGuess {
    /// The largest number of rows that are looked at.
    private static let rowLimit = 256

    /// Describes the first rows of a predictions file in a sentence, with the input that they look like.
    ///
    /// - Parameters:
    ///   - path: the predictions file.
    ///   - columns: the columns that were named.
    ///   - task: decides between columns that could be predictions, as in an evaluation.
    ///   - cancellation: ends the wait for a pipe.
    /// - Throws: `EngineError` if the file cannot be read.
    public static func describe(
        path: String, columns: DumpColumns = DumpColumns(), task: LossTask? = nil, cancellation: Cancellation = Cancellation()
    ) throws(EngineError) -> String {
        try ReadingMode.attempt { mode throws(EngineError) in
            try describe(path, columns, task, mode.containerOptions(cancellation))
        }
    }

    /// Returns true if a file is one array, which has no labels beside it.
    ///
    /// - Throws: `EngineError` if the file cannot be opened.
    public static func isOneArray(path: String, cancellation: Cancellation = Cancellation()) throws(EngineError) -> Bool {
        try ReadingMode.attempt { mode throws(EngineError) in
            !(try DumpFile(path, options: mode.containerOptions(cancellation))).hasColumns
        }
    }

    private static func describe(
        _ path: String, _ columns: DumpColumns, _ task: LossTask?, _ options: ContainerOptions
    ) throws(EngineError) -> String {
        let file = try DumpFile(path, options: options, recordOptions: columns.recordOptions(
                .predictions, recordByteCountLimit: RecordFormats.recordByteCountLimit))
        let request = ColumnRequest(predictions: columns, task: task, hasLabelsBeside: !columns.labelNames.isEmpty)
        if case .records(let records) = file.content {
            var selection: RecordSelection
            do throws(ColumnError) {
                selection = try RecordRoles.packedPredictions(of: records.format, request)
            } catch {
                throw EngineError(error, path: path)
            }
            selection.valuesPerRow = try records.valuesPerRow(selection, options)
            guard let rows = try records.selecting(selection).firstRows(options: options), rows.rowCount > 0 else {
                return "\(path) holds no rows"
            }
            return describe(
                path: path, rowCount: min(rows.rowCount, rowLimit), columnCount: rows.valuesPerRow
            ) { rows.values[$0 * rows.valuesPerRow + $1] }
        }
        if case .columnar(let table) = file.content {
            let selection: RecordSelection
            do throws(ColumnError) {
                selection = try RecordRoles.packedPredictions(of: table.names, request)
            } catch {
                throw EngineError(error, path: path)
            }
            let shape = try ColumnarRows(table, selection).shape(selection.predictions, .predictions(nil))
            let (rows, columnCount) = (ColumnarRows(table, selection, rowsPerRecord: shape.rowsPerRecord), shape.valuesPerRow)
            let source = try ColumnarRowSource(predictionsOf: [rows], valuesPerRow: columnCount, cutsPages: true)
            let buffer = ByteBuffer()
            let rowCount = try source.makeCursor().read(rowCount: min(rowLimit, rows.rowCount), into: buffer, at: 0)
            return describe(path: path, rowCount: rowCount, columnCount: columnCount) { row, column in
                Float64Values.value(
                    buffer.base + row * source.layout.rowByteCount, elementType: source.layout.elementType, at: column)
            }
        }
        let found = try file.namedArray(for: .predictions(nil), named: columns.predictions.first, isAlone: true, request).array
        // A shape that does not fit is an error of the evaluation, which says more about it.
        let array = (try? ArrayAxes(task ?? .multiclass, columns).predictions([found]).files[0]) ?? found
        let rowCount = array.rowCountToLookAt(limit: rowLimit)
        guard rowCount > 0, array.layout.elementType.isFloatingPoint else { return "\(path) holds no predictions" }
        try array.checkWidth()
        let buffer = try array.firstRows(rowCount, options: options)
        return describe(path: path, rowCount: rowCount, columnCount: array.rows.valuesPerRow) { row, column in
            Float64Values.value(
                buffer.base + row * array.rowByteCount, elementType: array.layout.elementType, at: column)
        }
    }

    private static func describe(path: String, rowCount: Int, columnCount: Int, _ value: (_ row: Int, _ column: Int) -> Double) -> String {
        var minimum = Double.infinity, maximum = -Double.infinity
        var worstSum = 0.0, worstExponentialSum = 0.0
        for row in 0..<rowCount {
            var sum = 0.0, exponentialSum = 0.0
            for column in 0..<columnCount {
                let value = value(row, column)
                minimum = min(minimum, value)
                maximum = max(maximum, value)
                sum += value
                exponentialSum += exp(value)
            }
            worstSum = max(worstSum, (sum - 1).magnitude)
            worstExponentialSum = max(worstExponentialSum, (exponentialSum - 1).magnitude)
        }
        let range = "the first \(rowCount) rows of \(path) lie in \(minimum)...\(maximum)"
        if minimum >= 0, maximum <= 1, columnCount == 1 || worstSum < 1e-2 {
            return range + (columnCount > 1 ? " and sum to 1" : "") + ": they look like probabilities"
        }
        if maximum <= 0, columnCount == 1 || worstExponentialSum < 1e-2 {
            return range + (columnCount > 1 ? " and their exponentials sum to 1" : "") + ": they look like log-probabilities"
        }
        return range + (columnCount > 1 ? " and do not sum to 1" : "") + ": they look like logits"
    }
}
