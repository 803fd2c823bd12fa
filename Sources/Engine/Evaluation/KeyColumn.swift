internal import Insight
internal import Messages
internal import Scoring

/// A column by whose values rows are put into groups: into slices, or clusters.
struct KeyColumn: Sendable {
    /// The place of the column's values.
    enum Origin: Sendable {
        /// The records of the predictions have it among their identifiers.
        case besidePredictions(identifierIndex: Int)
        /// The column has rows of its own.
        case rows(any RowSource)
    }

    /// The name that the user gave.
    let name: String
    let origin: Origin
    /// The values whose hashes the column holds; nil for numbers.
    let hashedValues: HashedValues?

    /// Makes the companions through which observers read the column.
    ///
    /// - Parameter identifiers: the column of the records' identifiers beside the predictions, and its index; nil where there is none.
    func companions(
        _ options: EvaluationOptions, identifiers: (column: CompanionColumn, index: Int)?
    ) -> [CompanionColumn] {
        var names: [String] = []
        if options.sliceColumnNames.contains(name: name) { names.append(Slices.Column.companionName(ofColumn: name)) }
        if options.clusterColumn?.isSameName(as: name) == true { names.append(Clusters.column) }
        return names.compactMap { companionName in
            switch origin {
            case .rows(let rows):
                return CompanionColumn(
                    ColumnLayout(name: companionName, elementType: rows.layout.elementType), origin: .rows(rows), hashedValues: hashedValues)
            case .besidePredictions(let identifierIndex):
                guard let identifiers else { return nil }
                return CompanionColumn(
                    ColumnLayout(
                        name: companionName, elementType: identifiers.column.elementType, valuesPerRow: identifiers.column.valuesPerRow),
                    origin: .besidePredictions(index: identifiers.index), hashedValues: hashedValues, valueIndex: identifierIndex)
            }
        }
    }
}
