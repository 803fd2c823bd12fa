/// Rows that are taken piece by piece in order: from a stream, or from text whose rows must be counted before they have numbers.
///
/// The four steps are those of `OrderedPool` (`Sources/WorkStealing/PROTOCOL.md`). Pieces are used again, so that memory is bounded by how
/// many are under way.
///
/// | step | made by | calls |
/// |---|---|---|
/// | taken | `Feed` | one at a time, in order |
/// | prepared | `Reader` | side by side |
/// | numbered | `Numbering` | one at a time, in order |
/// | read | `Reader` | side by side |
package protocol OrderedRowSource: RowSource {
    associatedtype Piece: AnyObject, SendableMetatype
    associatedtype Feed: RowFeed where Feed.Piece == Piece
    associatedtype Numbering: RowNumbering where Numbering.Piece == Piece
    associatedtype Reader: PieceReader where Reader.Piece == Piece

    func makeFeed(_ control: RunControl) throws(EngineError) -> sending Feed
    /// Makes an empty piece.
    func makePiece() -> sending Piece
    func makeNumbering() throws(EngineError) -> sending Numbering
    /// Makes a reader, which one worker uses.
    func makeReader(_ control: RunControl) -> sending Reader
}

/// The taking of pieces in order.
package protocol RowFeed<Piece>: SendableMetatype {
    associatedtype Piece: AnyObject
    /// Fills a piece with what comes next: its place, or its bytes where only the feed can read them.
    ///
    /// - Returns: false after the last.
    mutating func next(into piece: Piece) throws(EngineError) -> Bool
}

/// The numbering of rows in order.
package protocol RowNumbering<Piece>: SendableMetatype {
    associatedtype Piece: AnyObject
    /// Gives the rows of a piece their numbers among all rows.
    ///
    /// - Returns: nil where no row ends in the piece.
    mutating func number(_ piece: Piece) throws(EngineError) -> Range<Int>?
    /// The number of rows so far.
    var rowCount: Int { get }
    /// The place of a row that has its number, for messages.
    func place(ofRow row: Int) -> RowPlace
}

/// A reader of pieces: it belongs to one worker and uses its buffers again.
package protocol PieceReader<Piece>: AnyObject, SendableMetatype {
    associatedtype Piece: AnyObject
    /// Does what can be done before the rows have numbers, such as decoding.
    func prepare(_ piece: Piece) throws(EngineError)
    /// Hands over the rows of a piece that has been numbered, batch after batch in order.
    ///
    /// - Throws: what is wrong with the piece, or what `body` throws.
    func read(_ piece: Piece, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError)
}

extension OrderedRowSource {
    package var scheduleText: String { "rows in order, read by one worker at a time and scored by all" }

    package func makeCursor(_ control: RunControl) throws(EngineError) -> sending any RowCursor { try PieceCursor(self, control) }
}
