internal import Formats

/// What goes beside the predictions, row by row: their labels, or their weights.
struct SideColumn: Sendable {
    /// Where its values are.
    enum Source: Sendable {
        /// In arrays, which are addressed by row or read in order.
        case arrays(RowFiles)
        /// In text of their own, read in order.
        case records([RecordFile], RecordColumnRows.Column)
        /// In the same records as the predictions.
        case besidePredictions
    }

    let source: Source
    let elementType: ElementType
    /// 1, or the number of classes.
    let valuesPerRow: Int

    var rowByteCount: Int { valuesPerRow * elementType.byteCount }

    /// nil where it is no array.
    var arrays: RowFiles? {
        if case .arrays(let rows) = source { rows } else { nil }
    }

    /// nil where it cannot be told without reading.
    var rowCount: Int? { arrays?.rowCount }

    /// Files of its own.
    var recordFiles: [RecordFile] {
        if case .records(let files, _) = source { files } else { [] }
    }

    /// Whether some rows can only be had in order, from files of its own.
    var isSequential: Bool {
        switch source {
        case .arrays(let rows): rows.isSequential
        case .records: true
        case .besidePredictions: false
        }
    }
}
