internal import Formats
internal import Messages

/// A comparison of columns beside the predictions, which ends the run at the first row that must not be paired.
protocol RowCheck: Sendable {
    /// Compares the rows of a batch.
    ///
    /// - Parameter companions: the bytes of the columns beside the predictions, from the batch's first row on.
    /// - Throws: `EngineError` for the first row that differs.
    func check(_ batch: RowBatch, _ companions: [UnsafeRawPointer]) throws(EngineError)
}

/// The comparison of rows that are paired by their places: an identifier that two files share must be the same in both.
struct IdentifierCheck: RowCheck {
    /// The hashes of an identifier, as some files have them.
    struct Hashes: Sendable {
        /// The index of the companion column with the hashes.
        let companion: Int
        /// The number of hashes a row in that column, and the index of this identifier's among them.
        let width: Int, index: Int
        /// The path of the first file.
        let path: String
        /// Reads the identifier of a row as messages quote it, with its place; nil if it cannot be read again.
        let quoted: @Sendable (_ row: Int) -> (place: RowPlace, text: String)?
    }

    /// An identifier of the predictions, and the same of labels or weights.
    struct Pairing: Sendable {
        let name: String
        let ours: Hashes
        let theirs: Hashes
    }

    let pairings: [Pairing]

    /// Compares the rows of a batch. O(rows × identifiers).
    ///
    /// - Throws: an `EngineError` with both values for the first row that differs.
    func check(_ batch: RowBatch, _ companions: [UnsafeRawPointer]) throws(EngineError) {
        for pairing in pairings {
            let ours = companions[pairing.ours.companion], theirs = companions[pairing.theirs.companion]
            for row in 0..<batch.rowCount {
                // Columns of arrays may lie at any address.
                let our = ours.loadUnaligned(fromByteOffset: 8 * (row * pairing.ours.width + pairing.ours.index), as: UInt64.self)
                let their = theirs.loadUnaligned(fromByteOffset: 8 * (row * pairing.theirs.width + pairing.theirs.index), as: UInt64.self)
                // The identifier of a row that could not be read is unknown.
                if our == their || batch.problems.contains(where: { $0.rowIndex == row }) { continue }
                throw difference(batch, row, pairing)
            }
        }
    }

    private func difference(_ batch: RowBatch, _ row: Int, _ pairing: Pairing) -> EngineError {
        let name = ColumnName.list([pairing.name])
        let place = batch.place(row)
        let number = batch.firstRow + row
        let ours = pairing.ours.quoted(number)?.text
        let theirs = pairing.theirs.quoted(number)
        let otherPath = theirs?.place.path ?? pairing.theirs.path
        var problem = "\(name) differs from the row of \(otherPath) that it is paired with"
        if let ours, let theirs {
            let place = theirs.place.line.map { "line \($0)" } ?? "row \(theirs.place.row)"
            problem = "\(name) is \(ours), and that of \(otherPath), \(place), is \(theirs.text)"
        }
        return EngineError(
            .data, path: place.path, frame: place.frame, row: place.row, line: place.line, Message(problem),
            remedy: "rows are paired by their places: sort both files alike, or look labels up with \(setting: .joinColumn, .text(name)); "
                + "\(setting: .identifierColumn) names the one column to compare")
    }
}
