internal import Container
internal import Formats
internal import Messages
internal import Scoring

// The columns of a dump by whose values rows are put into groups.
extension SelectedColumns {
    /// Finds the columns by which rows are put into groups: among those of the predictions' files, or else of the labels'.
    mutating func openKeys(_ requests: [KeyColumn.Request], _ predictions: [DumpFile]) throws(EngineError) {
        for request in requests {
            let name = request.name
            guard !predictions[0].isOfArrays, Self.hasColumn(name, predictions) else {
                keys.append(try ownKey(request, predictions))
                continue
            }
            records = try Self.selecting(name, of: records)
            tables = try Self.selecting(name, of: tables)
            let identifiers = records.first?.selection.identifiers ?? tables.first?.selection.identifiers ?? []
            keys.append(
                KeyColumn(
                    request: request, origin: .besidePredictions(identifierIndex: identifiers.count - 1), hashedValues: Self.values(of: request)))
        }
    }

    /// Makes the values of a column, among which those that are meant alone are kept.
    private static func values(of request: KeyColumn.Request) -> HashedValues {
        let values = HashedValues(intervals: request.intervals)
        for text in request.values where !text.isEmpty { values.add(text, hash: Identifier.hash(text.utf8)) }
        return values
    }

    /// Returns texts with one identifier more wanted of their records, which a record may lack.
    private static func selecting(_ name: String, of texts: [RecordFile]) throws(EngineError) -> [RecordFile] {
        var selected: [RecordFile] = []
        for text in texts {
            var selection = text.selection
            selection.identifiers += try atPath(text.path) { () throws(ColumnError) in
                try RecordRoles.identifierPaths([name], of: text.format)
            }
            selection.optionalIdentifierCount += 1
            selected.append(text.selecting(selection))
        }
        return selected
    }

    /// Returns tables with one identifier more wanted of their rows.
    private static func selecting(_ name: String, of tables: [ColumnarRows]) throws(EngineError) -> [ColumnarRows] {
        var selected: [ColumnarRows] = []
        for rows in tables {
            var selection = rows.selection
            selection.identifiers += try atPath(rows.path) { () throws(ColumnError) in
                try RecordRoles.identifierPaths([name], of: rows.table.names)
            }
            selected.append(ColumnarRows(rows.table, selection, rowsPerRecord: rows.rowsPerRecord))
        }
        return selected
    }

    /// The values of the columns that lie beside the predictions, in the order of their identifiers.
    var hashedValuesBesidePredictions: [HashedValues] {
        keys.compactMap { key in
            guard case .besidePredictions = key.origin else { return nil }
            return key.hashedValues
        }
    }

    static func hasColumn(_ name: String, _ files: [DumpFile]) -> Bool {
        files.contains { ColumnName.index(of: name, ignoringCaseIn: $0.columnNames) != nil }
    }

    /// Opens a column with rows of its own: an array of the predictions' archives, or a column of the labels' files.
    private func ownKey(_ request: KeyColumn.Request, _ predictions: [DumpFile]) throws(EngineError) -> KeyColumn {
        let values = Self.values(of: request)
        let own = try ownRows(request.name, predictions, values)
        return KeyColumn(request: request, origin: .rows(own.rows), hashedValues: own.areTexts ? values : nil)
    }

    /// Opens the rows of a column that does not lie beside records of the predictions: an array of their archives, or a column of the labels'
    /// files.
    ///
    /// - Parameter values: keeps the texts of hashes.
    /// - Returns: the rows, and true if they are hashes of texts, false if they are numbers.
    func ownRows(
        _ name: String, _ predictions: [DumpFile], _ values: HashedValues
    ) throws(EngineError) -> (rows: any RowSource, areTexts: Bool) {
        if Self.hasColumn(name, predictions), predictions[0].isOfArrays { return try arrayKey(name, of: predictions, values) }
        guard Self.hasColumn(name, labelFiles) else {
            let known = (predictions + labelFiles).flatMap(\.columnNames)
            throw EngineError(
                .usage, path: predictions[0].path,
                known.isEmpty
                    ? "neither it nor its labels have named columns, and rows are to be grouped by '\(ColumnName.list([name]))'"
                    : "there is no column '\(ColumnName.list([name]))' to group rows by; there are \(ColumnName.list(known, limit: 12))",
                remedy: "check \(setting: .slice) and \(setting: .clusterColumn), or give an array with \(setting: .groups)")
        }
        guard columns.join == nil else {
            throw EngineError(
                .usage, path: labelFiles[0].path,
                "'\(ColumnName.list([name]))' is a column of labels that are looked up, by which rows are not grouped",
                remedy: "have the column beside the predictions")
        }
        if let stream = labelFiles.first(where: { $0.container.isStream }) {
            throw EngineError(
                .usage, path: stream.path, "it is read once, and '\(ColumnName.list([name]))' lies beside its labels",
                remedy: "write it to a file first")
        }
        if labelFiles[0].isOfArrays { return try arrayKey(name, of: labelFiles, values) }
        let nothing = RecordSelection(predictions: [])
        let rows: any RowSource
        if let labelTexts {
            let files = try Self.showing(name, of: try Self.selecting(name, of: labelTexts.files.map { $0.selecting(nothing) }))
            rows = RecordRowSource(.identifiers, of: files, valuesPerRow: 1, options: containerOptions, hashedValues: [values])
        } else {
            var tables: [ColumnarRows] = []
            for file in labelFiles { tables.append(ColumnarRows(try file.requireTable(.labels), nothing)) }
            rows = try ColumnarRowSource(
                .identifiers, of: try Self.selecting(name, of: tables), valuesPerRow: 1, hashedValues: [values])
        }
        return (rows, true)
    }

    /// Opens an array of archives, one value a row: numbers, or strings.
    private func arrayKey(
        _ name: String, of files: [DumpFile], _ values: HashedValues
    ) throws(EngineError) -> (rows: any RowSource, areTexts: Bool) {
        var numbers: [ArrayFile] = []
        var strings: [ArrayIdentifiers.Part] = []
        for file in files {
            guard case .archive(let arrays) = file.content, let index = ColumnName.index(of: name, ignoringCaseIn: arrays.map(\.name))
            else {
                throw EngineError(
                    .usage, path: file.path, "it has no array '\(ColumnName.list([name]))'; there are \(ColumnName.list(file.columnNames))",
                    remedy: "check \(setting: .slice) and \(setting: .clusterColumn)")
            }
            func requireOneValueARow(_ shape: ArraySlice<Int>) throws(EngineError) {
                guard shape.allSatisfy({ $0 == 1 }) else {
                    throw EngineError(
                        .data, path: file.path, "'\(ColumnName.list([name]))' has more than one value a row", remedy: "slice by one of them")
                }
            }
            if let found = try? arrays[index].openStrings() {
                try requireOneValueARow(found.array.layout.shape.dropFirst(2))
                strings.append(ArrayIdentifiers.Part(array: found.array, form: .strings(found.encoding)))
            } else {
                let found = try arrays[index].open()
                try requireOneValueARow(found.layout.shape.dropFirst())
                numbers.append(found)
            }
        }
        guard strings.isEmpty || numbers.isEmpty else {
            throw EngineError(
                .data, path: files[0].path, "'\(ColumnName.list([name]))' is text in some files and numbers in others",
                remedy: "save it in one form")
        }
        guard !strings.isEmpty else { return (try ConcatenatedArrays(numbers).column(containerOptions), false) }
        return (try ArrayIdentifiers(strings, containerOptions, hashedValues: values), true)
    }
}
