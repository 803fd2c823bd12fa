package import Elements
internal import Insight
internal import Scoring

/// A column that goes beside the predictions, row by row: labels, weights, or a key.
package struct CompanionColumn: Sendable {
    /// The place of a column's values.
    package enum Origin: Sendable {
        /// The batches of the predictions carry the column, at this index of `RowBatch.columns`.
        case besidePredictions(index: Int)
        /// The column has rows of its own, which are lined up with the predictions by their numbers.
        case rows(any RowSource)
        /// The column's values are looked up by the hashes of the companion column at this index, which stands before it.
        case lookedUp(RowTable, byColumn: Int)
    }

    /// The name of the column of labels. Columns with other names than `labels` and `weights` are handed on to the observers.
    package static let labels = "labels"
    /// The name of the column of row weights.
    package static let weights = "weights"
    /// The name of the column of a second model's predictions.
    static let secondPredictions = PairedRows.column
    /// The name of the column of the labels that lie with a second model's predictions.
    static let secondLabels = "second labels"
    /// The name of the column of token counts, of task likelihood.
    package static let tokenCounts = TokenSums.tokenColumn
    /// The name of the column of placeholder counts, of task likelihood.
    package static let placeholderCounts = InputWarnings.placeholderColumn
    /// The name of the column of byte counts, of task likelihood.
    package static let byteCounts = TokenSums.byteColumn
    /// The name of the column of word counts, of task likelihood.
    package static let wordCounts = WordSums.wordColumn

    /// The name of the column of hashes of the rows' identifiers that lies beside the predictions.
    package static let identifiers = "identifiers"
    /// The beginning of the names of columns of hashes of identifiers that have rows of their own.
    static let identifiersOf = "identifiers of "

    /// True for a column that scoring reads itself. All others are for observers.
    static func isOfScoring(_ name: String) -> Bool {
        name == labels || name == weights || name == secondLabels || name == identifiers || name.hasPrefix(identifiersOf)
    }

    /// The column's name, type and width.
    package let layout: ColumnLayout
    /// The place of the column's values.
    package let origin: Origin
    /// The values whose hashes the column's rows hold; nil for a column of numbers.
    let hashedValues: HashedValues?
    /// The index of the one value that is meant, among those that a row has at the place; nil if all are.
    let valueIndex: Int?

    /// Makes a column with values at a place.
    package init(_ layout: ColumnLayout, origin: Origin) { self.init(layout, origin: origin, hashedValues: nil) }

    /// Makes a column of hashes, one of those that a row has at the place.
    init(_ layout: ColumnLayout, origin: Origin, hashedValues: HashedValues?, valueIndex: Int? = nil) {
        self.layout = layout
        self.origin = origin
        self.hashedValues = hashedValues
        self.valueIndex = valueIndex
    }

    /// Makes a column with rows of its own.
    package init(name: String, rows: any RowSource) {
        self.init(
            ColumnLayout(name: name, elementType: rows.layout.elementType, valuesPerRow: rows.layout.valuesPerRow), origin: .rows(rows))
    }

    /// The column's name.
    package var name: String { layout.name }
    /// The type of the column's values.
    package var elementType: ElementType { layout.elementType }
    /// The number of values a row.
    package var valuesPerRow: Int { layout.valuesPerRow }
    /// The number of bytes a row.
    package var rowByteCount: Int { layout.rowByteCount }

    /// The column's own rows; nil if it lies beside the predictions.
    package var rows: (any RowSource)? {
        if case .rows(let rows) = origin { rows } else { nil }
    }

    /// True if the column's values are looked up.
    var isLookedUp: Bool {
        if case .lookedUp = origin { true } else { false }
    }

    /// True if the column has rows of its own that can be read only in order.
    package var isInOrder: Bool { rows.map { $0.makeRandomReader == nil } ?? false }
}
