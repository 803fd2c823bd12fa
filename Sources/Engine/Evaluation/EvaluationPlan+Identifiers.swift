internal import Container
internal import Formats
internal import Messages

extension EvaluationPlan {
    /// Returns the column with its values looked up in a table of its text, or as it is if rows are paired by their places.
    static func joined(
        _ column: CompanionColumn, _ texts: RecordRowSource?, _ beside: [CompanionColumn], _ options: EvaluationOptions,
        _ control: RunControl
    ) throws(EngineError) -> CompanionColumn {
        guard let texts, let name = options.columns.join,
            let place = beside.firstIndex(where: { $0.name == CompanionColumn.identifiers })
        else { return column }
        let table = try RowTable(
            texts, identifierName: ColumnName.list([name]), valueName: column.name, threadCount: options.threadCount, control
        ) { texts.quotedIdentifier(0, ofRow: $0) }
        return CompanionColumn(column.layout, origin: .lookedUp(table, byColumn: place))
    }

    /// The warnings of rows that could have been looked up and were not. A shard leaves some to others.
    var warningsOfLookedUpRows: [Message] {
        guard options.shard == nil else { return [] }
        return companions.compactMap { column in
            guard case .lookedUp(let table, _) = column.origin, table.unusedRowCount > 0 else { return nil }
            return Message(
                code: .unusedRows,
                "\(table.unusedRowCount) of the \(table.rowCount) \(column.name) of \(table.path) belong to no row of the predictions")
        }
    }

    /// Makes the comparison of the identifiers that texts share, and adds the columns that it reads to `others`.
    static func identifierCheck(
        _ columns: SelectedColumns, _ source: any RowSource, beside: [CompanionColumn], _ others: [CompanionColumn],
        _ options: ContainerOptions
    ) -> (check: IdentifierCheck?, others: [CompanionColumn]) {
        guard let predictions = source as? RecordRowSource,
            let place = beside.firstIndex(where: { $0.name == CompanionColumn.identifiers }),
            !others.contains(where: \.isLookedUp)
        else { return (nil, others) }
        let places = Dictionary(zip(columns.identifierNames, columns.identifierNames.indices), uniquingKeysWith: { first, _ in first })
        var others = others
        var pairings: [IdentifierCheck.Pairing] = []
        for (texts, name) in [
            (columns.labelTexts, CompanionColumn.labelIdentifiers), (columns.weightTexts, CompanionColumn.weightIdentifiers),
        ] {
            guard let texts, let identifiers = texts.files.first?.selection.identifiers else { continue }
            let files = texts.files.map { file in
                var selection = RecordSelection(predictions: [])
                selection.identifiers = file.selection.identifiers
                return file.selecting(selection)
            }
            pairings.append(
                IdentifierCheck.Pairing(
                    companion: beside.count + others.count,
                    columns: identifiers.compactMap { places[$0.name] }, others: texts))
            others.append(
                CompanionColumn(
                    name: name, rows: RecordRowSource(.identifiers, of: files, valuesPerRow: identifiers.count, options: options)))
        }
        let check = IdentifierCheck(names: columns.identifierNames, companion: place, predictions: predictions, pairings: pairings)
        return (check, others)
    }
}
