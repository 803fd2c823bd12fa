internal import Formats
internal import Messages

/// The comparison of rows that are paired by their places: an identifier that two files share must be the same in both.
struct IdentifierCheck: Sendable {
    /// The identifiers of labels or weights, and the columns of the predictions' identifiers that they are compared with.
    struct Pairing: Sendable {
        /// The index of the companion column with the others' hashes.
        let companion: Int
        /// For each of the others' identifiers, its index among those of the predictions.
        let columns: [Int]
        /// The others' text, for messages.
        let others: RecordRowSource
    }

    /// The names of the identifiers.
    let names: [String]
    /// The index of the companion column with the predictions' hashes.
    let companion: Int
    let predictions: RecordRowSource
    let pairings: [Pairing]

    /// Compares the rows of a batch. O(rows × identifiers).
    ///
    /// - Throws: an `EngineError` with both values for the first row that differs.
    func check(_ batch: RowBatch, _ companions: [UnsafeRawPointer]) throws(EngineError) {
        let ours = companions[companion].assumingMemoryBound(to: UInt64.self)
        for pairing in pairings {
            let theirs = companions[pairing.companion].assumingMemoryBound(to: UInt64.self)
            let width = pairing.columns.count
            for (column, place) in pairing.columns.enumerated() {
                for row in 0..<batch.rowCount where ours[row * names.count + place] != theirs[row * width + column] {
                    // The identifier of a row that could not be read is unknown.
                    if batch.problems.contains(where: { $0.rowIndex == row }) { continue }
                    throw difference(batch, row, identifier: place, pairing, column)
                }
            }
        }
    }

    private func difference(_ batch: RowBatch, _ row: Int, identifier: Int, _ pairing: Pairing, _ column: Int) -> EngineError {
        let name = ColumnName.list([names[identifier]])
        let place = batch.place(row)
        let number = batch.firstRow + row
        let ours = predictions.quotedIdentifier(identifier, ofRow: number)?.text
        let theirs = pairing.others.quotedIdentifier(column, ofRow: number)
        let otherPath = theirs?.place.path ?? pairing.others.path ?? ""
        var problem = "\(name) differs from the row of \(otherPath) that it is paired with"
        if let ours, let theirs {
            problem = "\(name) is \(ours), and that of \(otherPath)\(theirs.place.line.map { ", line \($0)," } ?? "") is \(theirs.text)"
        }
        return EngineError(
            .data, path: place.path, frame: place.frame, row: place.row, line: place.line, Message(problem),
            remedy: "rows are paired by their places: sort both files alike, or look labels up with \(setting: .joinColumn, .text(name)); "
                + "\(setting: .identifierColumn) names the one column to compare")
    }
}
