package import Formats

/// A column that goes beside the predictions, row by row: their labels, their weights, a key.
package struct CompanionColumn: Sendable {
    /// The place of a column's values.
    package enum Origin: Sendable {
        /// The batches of the predictions carry it, at this index of `RowBatch.columns`.
        case besidePredictions(index: Int)
        /// It has rows of its own, which are lined up with the predictions by their numbers.
        case rows(any RowSource)
    }

    /// The names of the columns that a loss is computed from. Any other name is handed on to the observers.
    package static let labels = "labels"
    package static let weights = "weights"
    package static let tokenCounts = "tokens"
    package static let byteCounts = "bytes"

    package let layout: ColumnLayout
    package let origin: Origin

    package init(_ layout: ColumnLayout, origin: Origin) {
        self.layout = layout
        self.origin = origin
    }

    /// A column with rows of its own.
    package init(name: String, rows: any RowSource) {
        self.init(
            ColumnLayout(name: name, elementType: rows.layout.elementType, valuesPerRow: rows.layout.valuesPerRow), origin: .rows(rows))
    }

    package var name: String { layout.name }
    package var elementType: ElementType { layout.elementType }
    package var valuesPerRow: Int { layout.valuesPerRow }
    package var rowByteCount: Int { layout.rowByteCount }

    /// The rows of its own; nil where it lies beside the predictions.
    package var rows: (any RowSource)? {
        if case .rows(let rows) = origin { rows } else { nil }
    }

    /// Whether it has rows of its own that can only be read in order.
    package var isInOrder: Bool { rows.map { !$0.allowsRandomAccess } ?? false }
}
