package import Messages
package import WorkStealing

/// Rows that are taken piece by piece in order: from a stream, or from text whose rows must be counted before they have numbers.
///
/// The four steps are those of `OrderedPool` (`Sources/WorkStealing/PROTOCOL.md`). Pieces are used again, so memory is bounded by the
/// number of pieces under way.
///
/// | step | made by | calls |
/// |---|---|---|
/// | taken | `Feed` | one at a time, in order |
/// | prepared | `Reader` | side by side |
/// | numbered | `Numbering` | one at a time, in order |
/// | read | `Reader` | side by side |
package protocol OrderedRowSource: RowSource {
    /// The type of a piece: some neighbouring rows on their way through the steps.
    associatedtype Piece: AnyObject, SendableMetatype
    /// The type that takes pieces in order.
    associatedtype Feed: RowFeed where Feed.Piece == Piece
    /// The type that numbers rows in order.
    associatedtype Numbering: RowNumbering where Numbering.Piece == Piece
    /// The type that prepares and reads pieces.
    associatedtype Reader: PieceReader where Reader.Piece == Piece

    /// Begins to take pieces, from the first one on.
    func makeFeed(_ control: RunControl) throws(EngineError) -> sending Feed
    /// Makes an empty piece.
    func makePiece() -> sending Piece
    /// Begins to number rows, from 0 on.
    func makeNumbering() throws(EngineError) -> sending Numbering
    /// Makes a reader, which one worker uses.
    func makeReader(_ control: RunControl) -> sending Reader
}

/// A feed, which takes pieces in order.
package protocol RowFeed<Piece>: SendableMetatype {
    /// The type of a piece.
    associatedtype Piece: AnyObject
    /// Fills a piece with what comes next: its place, or its bytes if only the feed can read them.
    ///
    /// - Returns: false after the last piece.
    mutating func next(into piece: Piece) throws(EngineError) -> Bool
}

/// A numbering, which gives rows their numbers in order.
package protocol RowNumbering<Piece>: SendableMetatype {
    /// The type of a piece.
    associatedtype Piece: AnyObject
    /// Gives the rows of a piece their numbers among all rows.
    ///
    /// - Returns: nil where no row ends in the piece.
    mutating func number(_ piece: Piece) throws(EngineError) -> Range<Int>?
    /// The number of rows so far.
    var rowCount: Int { get }
    /// The place of a row that has its number, for messages.
    func place(ofRow row: Int) -> RowPlace
    /// The doubts about the pieces so far, such as a text that seems to be cut short.
    var warnings: [Message] { get }
}

extension RowNumbering {
    package var warnings: [Message] { [] }
}

/// A reader of pieces: it belongs to one worker and uses its buffers again.
package protocol PieceReader<Piece>: AnyObject, SendableMetatype {
    /// The type of a piece.
    associatedtype Piece: AnyObject
    /// Does the work that needs no numbers, such as decoding.
    func prepare(_ piece: Piece) throws(EngineError)
    /// Hands over the rows of a piece that has been numbered, batch after batch in order.
    ///
    /// - Throws: the error of the piece, or the error of `body`.
    func read(_ piece: Piece, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError)
}

extension OrderedRowSource {
    package var scheduleText: String { "rows in order, read by one worker at a time and scored by all" }
    package func scheduleText(inOrderBeside column: String) -> String { scheduleText }

    package func run<Consumer: RowConsumer>(
        _ pipeline: RowPipeline, _ makeConsumer: @Sendable () -> sending Consumer
    ) throws(RunError<EngineError>) -> RowPipeline.Result<Consumer> {
        try pipeline.run(ordered: self, makeConsumer)
    }

    package func makeCursor(_ control: RunControl) throws(EngineError) -> sending any RowCursor { try PieceCursor(self, control) }
}
