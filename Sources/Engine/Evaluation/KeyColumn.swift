internal import Insight
internal import Messages
internal import Scoring

/// A column by whose values rows are put into groups: into slices, or clusters.
struct KeyColumn: Sendable {
    /// A column that is wanted, with the intervals that its numbers are put into; nil for its values.
    struct Request: Hashable {
        /// The name that the user gave.
        let name: String
        let intervals: ValueIntervals?
        /// The values that are meant alone, as they are written. Their texts are kept, however many others there are.
        var values: [String] = []

        /// Returns true if the other is of the same column, byte for byte, and the same intervals.
        func isSameColumn(as other: Request) -> Bool { name.isSameName(as: other.name) && intervals == other.intervals }
    }

    /// The place of the column's values.
    enum Origin: Sendable {
        /// The records of the predictions have it among their identifiers.
        case besidePredictions(identifierIndex: Int)
        /// The column has rows of its own.
        case rows(any RowSource)
    }

    /// The column that is wanted.
    let request: Request
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
        if options.sliceKeys.contains(where: { $0.isSameColumn(as: request) }) {
            names.append(Slices.Column.companionName(ofColumn: request.name, intervals: request.intervals))
        }
        if request.intervals == nil, options.clusterColumn?.isSameName(as: request.name) == true { names.append(Clusters.column) }
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
