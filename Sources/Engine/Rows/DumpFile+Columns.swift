internal import Formats
internal import Messages

extension DumpFile {
    /// Finds the array for a role: the only array, the named array, or the one whose name leaves no doubt.
    ///
    /// - Parameters:
    ///   - isAlone: true if nothing else is wanted of the file, so that a single array needs no name.
    ///   - taken: the names of arrays with another role.
    /// - Returns: the array, with its name in an archive; the name is nil for a file that is one array.
    func namedArray(
        for role: ColumnRole, named name: String?, isAlone: Bool, _ request: ColumnRequest, taken: Set<Name> = []
    ) throws(EngineError) -> (array: ArrayFile, name: String?) {
        switch content {
        case .array(let array):
            // A single array has no name. A given name is ignored, since one name may be meant for several files.
            return (array, nil)
        case .archive(let arrays):
            guard !arrays.isEmpty else {
                let kind = pickle.map { $0.isPyTorch ? "this is a PyTorch file that holds no arrays" : "this is a pickle that holds no arrays" }
                throw EngineError(.data, path: path, kind ?? "it holds no arrays", remedy: "was it ever written?")
            }
            let place: Int
            do throws(ColumnError) {
                let columns = arrays.map { array in
                    PredictionRecognition.Column(
                        arrayNamed: array.name, layout: { () -> ArrayLayout? in try? array.open().layout }, values: array.firstValues)
                }
                place = try request.arrayIndex(role, named: name, among: columns, isAlone: isAlone, taken: taken)
            } catch {
                throw EngineError(error, path: path)
            }
            return (try arrays[place].open(), arrays[place].name)
        case .records, .columnar:
            throw EngineError(
                .data, path: path, "it is \(format), where other files of \(role.text) are arrays", remedy: "give files of one kind")
        }
    }

    /// Makes the error for a setting that names a column of a file that has no names.
    func unusedNameError(_ setting: Setting, remedy: Message = "leave it out, or check the file's name") -> EngineError {
        EngineError(
            .usage, path: path, "\(setting: setting) has no meaning for it: it is \(format), and has no names", remedy: remedy)
    }

    /// The error for a setting that names classes of values in records, where values are an array.
    var unusedValueNamesError: EngineError {
        EngineError(
            .usage, path: path,
            "\(setting: .predictionClasses) has no meaning for it: it is \(format), where values have classes by their places",
            remedy: "leave it out")
    }

    /// Returns the file's text; throws if it is no text, where other files are.
    func requireRecords(_ role: ColumnRole) throws(EngineError) -> RecordFile {
        guard case .records(let records) = content else {
            throw EngineError(
                .data, path: path, "it is \(format), where other files of \(role.text) are text", remedy: "give files of one kind")
        }
        return records
    }

    /// Returns the file's columnar table; throws if it is none, where other files are.
    func requireTable(_ role: ColumnRole) throws(EngineError) -> ColumnarTable {
        guard case .columnar(let table) = content else {
            throw EngineError(
                .data, path: path, "it is \(format), where other files of \(role.text) are tables of parquet or arrow",
                remedy: "give files of one kind")
        }
        return table
    }

    /// True if labels and weights may lie beside the predictions.
    var hasColumns: Bool {
        if case .array = content { false } else { true }
    }

    /// True if the file is a table, which may have a line of names.
    var isTable: Bool {
        if case .records(let records) = content { records.format.isTable } else { false }
    }

    /// The first values of a table's index: of its first column, if that has no name. Nil if there is none.
    var valuesOfIndex: [String]? {
        guard case .records(let records) = content, records.format.isTable, records.format.hasNames,
            let first = records.format.columns.first, first.name.isEmpty || first.name.hasPrefix("Unnamed: "), !first.values.isEmpty
        else { return nil }
        return first.values
    }

    /// The names of the file's arrays, or of the columns in its first record.
    var columnNames: [String] {
        switch content {
        case .array: []
        case .archive(let arrays): arrays.map(\.name)
        case .records(let records): records.format.columns.map(\.name)
        case .columnar(let table): table.names.columns.map(\.name)
        }
    }
}
