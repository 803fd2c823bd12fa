internal import Container
internal import Elements
internal import Formats
internal import Messages

extension SelectedColumns {
    /// The identifiers that labels or weights in files of their own share with the predictions.
    struct SharedIdentifiers {
        /// Their names, at least one.
        let names: [String]
        /// The texts with the identifiers beside their values; nil if they are arrays.
        let texts: RecordRowSource?
        /// The arrays of identifiers; empty if they are text.
        let arrays: [(name: String, identifiers: ArrayIdentifiers)]
    }

    /// True if hashes of identifiers can be read only in order.
    var areIdentifiersInOrder: Bool {
        var arrays = Array(identifiersOfPredictions.values)
        let shared = [sharedByLabels, sharedByWeights, sharedBySecond].compactMap { $0 }
        for shared in shared { arrays += shared.arrays.map(\.identifiers) }
        return arrays.contains { $0.makeRandomReader == nil } || shared.contains { $0.texts != nil }
    }

    /// Finds the columns by which rows of different files are compared, or looked up: texts and archives that share a name.
    ///
    /// - Parameter second: the dump of a second model, with which rows are compared by the column that was named.
    mutating func shareIdentifiers(_ predictions: [DumpFile], second: SecondDump?) throws(EngineError) {
        sharedByLabels = try shared(by: labelFiles, labelTexts, labels, predictions)
        sharedByWeights = try shared(by: weightFiles, weightTexts, weights, predictions)
        if let second, columns.identifier != nil {
            sharedBySecond = try shared(by: second.files, second.texts, second.predictions, predictions)
        }
        guard !identifierNames.isEmpty else {
            for (setting, name) in [(Setting.identifierColumn, columns.identifier), (.joinColumn, columns.join)] where name != nil {
                throw EngineError(
                    .usage, path: predictions[0].path,
                    "\(setting: setting) has nothing to compare: no "
                        + (second == nil ? "labels or weights" : "second model, labels or weights")
                        + " are in files of their own with named columns",
                    remedy: "leave it out, or give \(second == nil ? "labels" : "files") with such a column")
            }
            return
        }
        columnNames.identifiers = identifierNames
        if !records.isEmpty { records = try Self.identifying(records, identifierNames) }
    }

    /// Finds the identifiers that files of labels or weights share with the predictions, and notes their names.
    private mutating func shared(
        by files: [DumpFile], _ texts: RecordRowSource?, _ column: CompanionColumn?, _ predictions: [DumpFile]
    ) throws(EngineError) -> SharedIdentifiers? {
        guard let column, let first = files.first, first.hasColumns, predictions[0].hasColumns else { return nil }
        warnOfIndices(predictions[0], first, column.name)
        var names = try sharedNames(predictions, files)
        guard !names.isEmpty else { return nil }
        let isJoin = columns.join != nil
        if !isJoin, !tables.isEmpty, let source = column.rows as? ColumnarRowSource {
            shareIdentifiers(names, of: source.files)
            return nil
        }
        if let table = (predictions + files).first(where: { if case .columnar = $0.content { true } else { false } }) {
            let setting: Setting = isJoin ? .joinColumn : .identifierColumn
            guard columns.join == nil, columns.identifier == nil else {
                throw EngineError(
                    .usage, path: table.path, "\(setting: setting) has no meaning for it: it is \(table.format), whose columns are not compared",
                    remedy: "leave it out, or save the columns as text or as arrays")
            }
            warnings.append(
                Message(
                    code: .identifiersNotCompared,
                    "\(table.path): \(ColumnName.list(names)), which both files have, is not compared: it is \(table.format)"))
            return nil
        }
        let streams = (isJoin && texts != nil ? [] : files) + (records.isEmpty ? predictions : [])
        if let stream = streams.first(where: { $0.container.isStream }) {
            guard !isJoin else {
                throw EngineError(
                    .usage, path: stream.path, "\(column.name) cannot be looked up: a pipe is read once",
                    remedy: "write it to a file first")
            }
            warnings.append(
                Message(
                    code: .identifiersNotCompared,
                    "\(stream.path == "-" ? "standard input" : stream.path): \(ColumnName.list(names)) is not compared with that of the "
                        + "\(files.contains { $0.path == stream.path } ? "predictions" : column.name): a pipe is read once"))
            return nil
        }
        if records.isEmpty {
            let rowCounts = arrays.map(\.rowCount)
            for name in names where identifiersOfPredictions[Name(name)] == nil {
                identifiersOfPredictions[Name(name)] = try identifiers(name, of: predictions, rowCounts)
            }
            names.removeAll { identifiersOfPredictions[Name($0)] == nil }
        }
        var arrays: [(name: String, identifiers: ArrayIdentifiers)] = []
        if texts == nil, let rows = column.rows as? any RowSourceOfArrays {
            let rowCounts = rows.arrays.files.map(\.rowCount)
            for name in names {
                if let found = try identifiers(name, of: files, rowCounts) { arrays.append((name, found)) }
            }
            names = arrays.map(\.name)
        }
        guard !names.isEmpty else { return nil }
        let known = Set(identifierNames.names)
        identifierNames += names.filter { !known.contains(Name($0)) }
        let identified = try texts.map { texts throws(EngineError) in
            RecordRowSource(
                texts.values, of: try Self.identifying(texts.files, names), valuesPerRow: texts.layout.valuesPerRow,
                identifierCount: names.count, options: containerOptions)
        }
        return SharedIdentifiers(names: names, texts: identified, arrays: arrays)
    }

    /// Notes the comparisons of columns that tables of predictions share with others.
    private mutating func shareIdentifiers(_ names: [String], of others: [ColumnarRows]) {
        // A row of a table that is several rows has one identifier for all of them, which the other table may not have.
        guard (tables + others).allSatisfy({ $0.rowsPerRecord == 1 }) else { return }
        // pandas's index begins anew in each file.
        for name in names where !name.hasPrefix("__index_level_") || columns.identifier.map({ $0.isSameName(as: name) }) == true {
            tableIdentifiers.append(ColumnarIdentifiers(name, tables, others))
            if !identifierNames.contains(name: name) { identifierNames.append(name) }
        }
    }

    /// Warns of columns without a name, such as the index that pandas writes, whose first values differ. They are not compared, since an
    /// index may begin anew in each file, but rows that were shuffled or left out show in them.
    private mutating func warnOfIndices(_ predictions: DumpFile, _ others: DumpFile, _ role: String) {
        guard columns.join == nil, columns.identifier == nil, let ours = predictions.valuesOfIndex, let theirs = others.valuesOfIndex,
            ours != theirs
        else { return }
        warnings.append(
            Message(
                code: .identifiersNotCompared,
                "\(others.path): its column without a name begins with \(ColumnName.list(theirs, limit: 3)), and that of "
                    + "\(predictions.path) with \(ColumnName.list(ours, limit: 3)): the \(role) are paired by their places all the same; "
                    + "a name for the column in both files has rows compared by it"))
    }

    /// Finds the names of columns or arrays that all files have and that have no role, or the one that was named.
    private func sharedNames(_ predictions: [DumpFile], _ files: [DumpFile]) throws(EngineError) -> [String] {
        let all = predictions + files
        if let name = columns.join ?? columns.identifier {
            for file in all {
                try Self.atPath(file.path) { () throws(ColumnError) in
                    switch file.content {
                    case .records(let records): try RecordRoles.requireIdentifier(name, of: records.format)
                    case .columnar(let table): try RecordRoles.requireIdentifier(name, of: table.names)
                    case .archive, .array: try ColumnRequest.requireIdentifier(name, among: file.columnNames)
                    }
                }
            }
            return [name]
        }
        let lists = all.map { file in
            switch file.content {
            case .records(let records): RecordRoles.identifierCandidates(of: records.format)
            case .columnar(let table): RecordRoles.identifierCandidates(of: table.names)
            case .archive, .array: file.columnNames
            }
        }
        let isOfArrays = all.contains { !$0.isText }
        let taken = (
            columnNames.predictions + columnNames.labels + columnNames.weights + columnNames.text + columnNames.predictionClasses
                + (columnNames.counts ?? []) + request.columns.labelNames
        ).map { Name($0.lowercased()) }
        // `Id` and `id` are one name, as long as no file has both.
        func keyed(_ names: [String]) -> Set<Name> {
            Set(Dictionary(grouping: Set(names.names)) { Name($0.text.lowercased()) }.flatMap { $1.count == 1 ? [$0] : $1 })
        }
        let shared = lists.dropFirst().reduce(keyed(lists[0])) { $0.intersection(keyed($1)) }
        var seen: Set<Name> = []
        return lists[0].filter { text in
            let name = Name(text), lowercased = Name(text.lowercased())
            // An archive may hold predictions and labels besides those that are read.
            return (shared.contains(lowercased) || shared.contains(name)) && !taken.contains(lowercased)
                && seen.insert(name).inserted
                && !(isOfArrays && ColumnRole.isUsualName(text))
        }
    }

    /// Opens an identifier in each of the archives; nil if it is no array of identifiers, which is told unless it has other rows.
    private mutating func identifiers(
        _ name: String, of files: [DumpFile], _ rowCounts: [Int]
    ) throws(EngineError) -> ArrayIdentifiers? {
        var parts: [ArrayIdentifiers.Part] = []
        for (file, rowCount) in zip(files, rowCounts) {
            guard case .archive(let arrays) = file.content, let index = ColumnName.index(of: name, ignoringCaseIn: arrays.map(\.name))
            else { return nil }
            let array = arrays[index]
            let isNamed = columns.join != nil || columns.identifier != nil
            func refuse(_ reason: Message) throws(EngineError) -> Message {
                guard !isNamed else {
                    throw EngineError(
                        .usage, path: file.path, "\(ColumnName.list([name])) cannot be compared: \(reason)",
                        remedy: "save whole numbers, or strings of NumPy's type U or S")
                }
                return Message(
                    code: .identifiersNotCompared,
                    "\(file.path): \(ColumnName.list([name])), which both files have, is not compared: \(reason)")
            }
            do throws(EngineError) {
                let found = try array.open()
                let shape = found.layout.shape
                guard shape.count == 1 || (shape.count == 2 && shape[1] == 1), found.rowCount == rowCount else {
                    if isNamed { _ = try refuse("its shape \(found.layout.shapeText) is not one value for each of \(rowCount) rows") }
                    return nil
                }
                guard !found.layout.elementType.isFloatingPoint else {
                    warnings.append(try refuse("it is \(found.layout.elementType.name), and neither whole numbers nor strings"))
                    return nil
                }
                parts.append(ArrayIdentifiers.Part(array: found, form: .numbers(found.layout.elementType)))
            } catch {
                guard error.category == .data else { throw error }
                guard let strings = try? array.openStrings() else {
                    warnings.append(
                        try refuse("its type is not read, as that of Python objects is not: ids.astype(str) makes strings of them"))
                    return nil
                }
                let shape = strings.array.layout.shape
                guard shape.count == 2, strings.array.layout.rowCount == rowCount, strings.array.rows.isContiguous else {
                    if isNamed { _ = try refuse("its shape is not one string for each of \(rowCount) rows") }
                    return nil
                }
                parts.append(ArrayIdentifiers.Part(array: strings.array, form: .strings(strings.encoding)))
            }
        }
        return try ArrayIdentifiers(parts, containerOptions)
    }

    /// Returns the texts with identifiers wanted of their records.
    private static func identifying(_ texts: [RecordFile], _ names: [String]) throws(EngineError) -> [RecordFile] {
        var identified: [RecordFile] = []
        for text in texts {
            var selection = text.selection
            selection.identifiers = try atPath(text.path) { () throws(ColumnError) in
                try RecordRoles.identifierPaths(names, of: text.format)
            }
            identified.append(text.selecting(selection))
        }
        return identified
    }
}
