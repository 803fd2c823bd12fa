/// The labels and weights that can only be read in order, beside predictions whose rows are counted in order as well.
struct CompanionStreams {
    /// One column and the stream of its rows.
    private struct Companion {
        let column: SideColumn
        /// The column's name in messages.
        let name: String
        /// nil where its rows lie beside the predictions or are read by number.
        let stream: (any RowStream)?
    }

    private let labels: Companion?
    private let weights: Companion?

    init(_ plan: Plan) throws(EngineError) {
        func companion(_ column: SideColumn?, _ name: String) throws(EngineError) -> Companion? {
            guard let column else { return nil }
            return Companion(column: column, name: name, stream: try column.stream(plan.containerOptions))
        }
        labels = try companion(plan.labels, "labels")
        weights = try companion(plan.weights, "weights")
    }

    /// Reads the labels and weights of the rows that come next.
    ///
    /// - Parameters:
    ///   - rowCount: the number of these rows.
    ///   - rowEnd: the number of predictions up to and including these rows.
    ///   - path: the predictions' file, for messages.
    func read(rowCount: Int, rowEnd: Int, into buffers: CompanionBuffers, path: String) throws(EngineError) {
        try read(labels, rowCount, rowEnd, into: buffers.labels, path)
        try read(weights, rowCount, rowEnd, into: buffers.weights, path)
        buffers.labelsAreRead = labels?.stream != nil
        buffers.weightsAreRead = weights?.stream != nil
    }

    private func read(
        _ companion: Companion?, _ rowCount: Int, _ rowEnd: Int, into buffer: ByteBuffer, _ path: String
    ) throws(EngineError) {
        guard let companion else { return }
        if let rows = companion.column.arrays, rows.rowCount < rowEnd {
            throw EngineError(
                .data, path: rows.files[0].path, "\(rows.rowCount) \(companion.name) for more rows of predictions: \(path) goes on",
                remedy: "give the \(companion.name) of the same rows")
        }
        guard let stream = companion.stream else { return }
        let count = try stream.readAcrossFiles(rowCount: rowCount, into: buffer)
        guard count == rowCount else {
            throw companion.column.countError(companion.name, found: rowEnd - rowCount + count, predictions: "more")
        }
    }

    /// Throws where there are more labels or weights than the predictions have rows; called after the last row.
    func checkEnd(rowCount: Int) throws(EngineError) {
        for companion in [labels, weights] {
            guard let companion else { continue }
            var found = companion.column.rowCount ?? rowCount
            if let stream = companion.stream { found = rowCount + (try stream.readAcrossFiles(rowCount: 1, into: ByteBuffer())) }
            guard found == rowCount else {
                throw companion.column.countError(companion.name, found: found, predictions: "\(rowCount)")
            }
        }
    }
}

/// Labels and weights of some neighbouring rows, as far as they are read in order.
final class CompanionBuffers {
    let labels = ByteBuffer()
    let weights = ByteBuffer()
    var labelsAreRead = false
    var weightsAreRead = false

    var sides: RowScorer.Sides {
        RowScorer.Sides(
            labels: labelsAreRead ? UnsafeRawPointer(labels.base) : nil, weights: weightsAreRead ? UnsafeRawPointer(weights.base) : nil)
    }
}

extension SideColumn {
    fileprivate func countError(_ what: String, found: Int, predictions: String) -> EngineError {
        EngineError(
            .data, path: arrays?.files[0].path ?? recordFiles.first?.path, "\(found) \(what) for \(predictions) rows of predictions",
            remedy: "give the \(what) of the same rows")
    }
}
