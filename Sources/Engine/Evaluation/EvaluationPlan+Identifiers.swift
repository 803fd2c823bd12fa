internal import Container
internal import Formats
internal import Messages

extension EvaluationPlan {
    /// The columns beside the predictions, lined up by their rows or looked up, and the comparison of rows that are paired by their places.
    struct MatchedColumns {
        private(set) var companions: [CompanionColumn]
        private(set) var check: IdentifierCheck?

        /// Lines labels and weights up with the predictions.
        ///
        /// - Parameter beside: the columns that the source of the predictions carries.
        init(
            _ columns: SelectedColumns, _ source: any RowSource, beside: [CompanionColumn], _ options: EvaluationOptions,
            _ containerOptions: ContainerOptions, _ control: RunControl
        ) throws(EngineError) {
            companions = beside
            var ours: [Name: IdentifierCheck.Hashes] = [:]
            let texts = source as? RecordRowSource
            let place = beside.firstIndex { $0.name == CompanionColumn.identifiers }
            for (index, name) in columns.identifierNames.enumerated() {
                if let arrays = columns.identifiersOfPredictions[Name(name)] {
                    ours[Name(name)] = add(arrays, name: "predictions: \(name)")
                } else if let texts, let place {
                    ours[Name(name)] = IdentifierCheck.Hashes(
                        companion: place, width: beside[place].valuesPerRow, index: index, path: texts.path ?? "",
                        quoted: { texts.quotedIdentifier(index, ofRow: $0) })
                }
            }
            let roles = [
                (column: columns.labels, shared: columns.sharedByLabels), (column: columns.weights, shared: columns.sharedByWeights),
            ]
            let second = (column: options.second?.predictions, shared: columns.sharedBySecond)
            var byteLimit = options.maximumWindowByteCount
            for (column, shared) in roles {
                guard let column else { continue }
                guard let name = options.columns.join, let shared, let hashes = ours[Name(name)] else {
                    companions.append(column)
                    continue
                }
                let table = try Self.table(of: column, shared, name, byteLimit: byteLimit, options, control)
                byteLimit -= min(byteLimit, table.byteCount)
                companions.append(CompanionColumn(column.layout, origin: .lookedUp(table, byColumn: hashes.companion)))
            }
            if let column = second.column { companions.append(column) }
            if let labels = options.second?.labels { companions.append(labels) }
            guard options.columns.join == nil else { return }
            var pairings: [IdentifierCheck.Pairing] = []
            for (column, shared) in roles + [second] {
                guard let column, let shared else { continue }
                for (name, theirs) in add(shared, of: column.name, containerOptions) {
                    if let ours = ours[Name(name)] { pairings.append(IdentifierCheck.Pairing(name: name, ours: ours, theirs: theirs)) }
                }
            }
            if !pairings.isEmpty { check = IdentifierCheck(pairings: pairings) }
        }

        /// Adds the column of an array's hashes.
        private mutating func add(_ arrays: ArrayIdentifiers, name: String) -> IdentifierCheck.Hashes {
            companions.append(CompanionColumn(name: CompanionColumn.identifiersOf + name, rows: arrays))
            return IdentifierCheck.Hashes(
                companion: companions.count - 1, width: 1, index: 0, path: arrays.path ?? "", quoted: { arrays.quoted(ofRow: $0) })
        }

        /// Adds the columns of the hashes that labels or weights share with the predictions.
        private mutating func add(
            _ shared: SelectedColumns.SharedIdentifiers, of role: String, _ options: ContainerOptions
        ) -> [(name: String, hashes: IdentifierCheck.Hashes)] {
            guard let texts = shared.texts else {
                return shared.arrays.map { name, arrays in (name, add(arrays, name: "\(role): \(name)")) }
            }
            let files = texts.files.map { file in
                var selection = RecordSelection(predictions: [])
                selection.identifiers = file.selection.identifiers
                return file.selecting(selection)
            }
            let count = shared.names.count
            companions.append(
                CompanionColumn(
                    name: CompanionColumn.identifiersOf + role,
                    rows: RecordRowSource(.identifiers, of: files, valuesPerRow: count, options: options)))
            let companion = companions.count - 1
            return shared.names.enumerated().map { index, name in
                (
                    name,
                    IdentifierCheck.Hashes(
                        companion: companion, width: count, index: index, path: texts.path ?? "",
                        quoted: { texts.quotedIdentifier(index, ofRow: $0) })
                )
            }
        }

        /// Reads a column into a table, by the hashes of one of its identifiers.
        private static func table(
            of column: CompanionColumn, _ shared: SelectedColumns.SharedIdentifiers, _ name: String, byteLimit: Int,
            _ options: EvaluationOptions, _ control: RunControl
        ) throws(EngineError) -> RowTable {
            if let texts = shared.texts {
                return try RowTable(
                    texts, identifiers: CompanionColumn(texts.layout.columns[0], origin: .besidePredictions(index: 0)),
                    identifierName: ColumnName.list([name]), valueName: column.name, byteLimit: byteLimit, threadCount: options.threadCount,
                    control
                ) { texts.quotedIdentifier(0, ofRow: $0) }
            }
            guard let rows = column.rows, let arrays = shared.arrays.first(where: { $0.name.isSameName(as: name) })?.identifiers else {
                throw EngineError(.usage, "\(column.name) have no rows to look up", remedy: "leave \(setting: .joinColumn) out")
            }
            return try RowTable(
                rows, identifiers: CompanionColumn(name: CompanionColumn.identifiers, rows: arrays),
                identifierName: ColumnName.list([name]), valueName: column.name, byteLimit: byteLimit, threadCount: options.threadCount,
                control
            ) { arrays.quoted(ofRow: $0) }
        }
    }

    /// The tables in which values are looked up.
    private var tables: [(name: String, table: RowTable)] {
        companions.compactMap { column in
            guard case .lookedUp(let table, _) = column.origin else { return nil }
            return (column.name, table)
        }
    }

    /// The memory that values to look up take, in sentences.
    var notesOfLookedUpRows: [String] {
        tables.map { "\($0.table.rowCount) \($0.name) to look up take \($0.table.byteCount) bytes of memory" }
    }

    /// The warnings of rows that could have been looked up and were not. A shard leaves some to others.
    var warningsOfLookedUpRows: [Message] {
        guard options.shard == nil else { return [] }
        return tables.compactMap { name, table in
            guard table.unusedRowCount > 0 else { return nil }
            return Message(
                code: .unusedRows,
                "\(table.unusedRowCount) of the \(table.rowCount) \(name) of \(table.path) belong to no row of the predictions")
        }
    }
}
