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

    /// Returns true if pieces can be taken from a point on that a numbering of the same rows noted, maybe in another process.
    func canResume(from point: ResumePoint) -> Bool
    /// Begins to take pieces at a point for which `canResume(from:)` returns true.
    func makeFeed(_ control: RunControl, from point: ResumePoint) throws(EngineError) -> sending Feed
    /// Begins to number the rows of pieces from such a point on.
    func makeNumbering(from point: ResumePoint) throws(EngineError) -> sending Numbering
    /// The rows whose bytes two pieces of a run share; nil if pieces hold whole rows.
    var splitRows: SplitRowStore? { get }
}

/// A piece at which the rows of an ordered source can be taken up again.
package struct ResumePoint: Sendable, Equatable {
    /// The number of the piece among all pieces.
    package let piece: Int
    /// The feed's and the numbering's state before the piece, in bytes of the source's own.
    package let state: [UInt8]
    /// The number of decoded bytes before the piece, for progress.
    package let decodedByteCount: Int

    /// Makes a point.
    package init(piece: Int, state: [UInt8], decodedByteCount: Int) {
        self.piece = piece
        self.state = state
        self.decodedByteCount = decodedByteCount
    }
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
    /// Returns the state from which a feed and a numbering can go on with a piece that has not been numbered; nil if they have to begin at an
    /// earlier piece.
    func resumeState(before piece: Piece) -> [UInt8]?
}

extension RowNumbering {
    package var warnings: [Message] { [] }
    package func resumeState(before piece: Piece) -> [UInt8]? { nil }
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
    package func canResume(from point: ResumePoint) -> Bool { false }
    package func makeFeed(_ control: RunControl, from point: ResumePoint) throws(EngineError) -> sending Feed { try makeFeed(control) }
    package func makeNumbering(from point: ResumePoint) throws(EngineError) -> sending Numbering { try makeNumbering() }
    package var splitRows: SplitRowStore? { nil }
    package var knownUnitCount: Int? { nil }

    package func canContinue(_ work: FinishedWork) -> Bool {
        work.seams.isEmpty && (work.resumePoint.map { canResume(from: $0) } ?? true)
    }

    package var scheduleText: String { "rows in order, read by one worker at a time and scored by all" }
    package func scheduleText(inOrderBeside column: String) -> String { scheduleText }

    package func run<Consumer: RowConsumer>(
        _ pipeline: RowPipeline, _ makeConsumer: @Sendable () -> sending Consumer
    ) throws(RunError<EngineError>) -> RowPipeline.Result<Consumer> {
        try pipeline.run(ordered: self, makeConsumer)
    }

    package func makeCursor(_ control: RunControl) throws(EngineError) -> sending any RowCursor { try PieceCursor(self, control) }
}
