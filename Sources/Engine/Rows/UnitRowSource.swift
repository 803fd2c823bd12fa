internal import Messages
package import WorkStealing

/// Rows that are cut into units, each of which any worker can read by itself.
///
/// The cut depends on the files alone, and never on the number of workers. A row belongs to the unit in which it begins. A reader may hand
/// over a row of the unit before, if the two units share its bytes.
///
/// ```swift
/// struct Numbers: UnitRowSource {
///     let layout = RowLayout(elementType: .float64, valuesPerRow: 1)
///     var rowCount: Int? { 1000 }
///     var decodedByteCount: Int? { 8000 }
///     var unitCount: Int { 10 }
///     func rows(ofUnit index: Int) -> Range<Int> { index * 100..<(index + 1) * 100 }
///     func place(ofRow row: Int) -> RowPlace { RowPlace(path: "numbers", row: row) }
///     func makeReader(_ control: RunControl) -> NumbersReader { NumbersReader() }
/// }
/// ```
package protocol UnitRowSource: RowSource {
    /// The type that reads units.
    associatedtype Reader: UnitReader

    /// The number of units.
    var unitCount: Int { get }
    /// The numbers of the rows that begin in a unit. Units follow one another without gaps.
    func rows(ofUnit index: Int) -> Range<Int>
    /// The place of a row, for messages.
    func place(ofRow row: Int) -> RowPlace
    /// Makes a reader, which one worker uses.
    func makeReader(_ control: RunControl) -> sending Reader
    /// The rows whose bytes two units of a run share; nil if units hold whole rows.
    var splitRows: SplitRowStore? { get }
    /// Returns true if a row may be left so by a run that was interrupted: its unit is there, and the piece has the right size.
    func canHave(_ seam: SplitRowStore.Seam) -> Bool
}

/// A reader of units: it belongs to one worker and uses its buffers again.
package protocol UnitReader: AnyObject, SendableMetatype {
    /// Reads a unit and hands its rows over, batch after batch in order.
    ///
    /// - Throws: the error of the unit, or the error of `body`.
    func read(unit index: Int, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError)
}

extension UnitRowSource {
    package var splitRows: SplitRowStore? { nil }
    package func canHave(_ seam: SplitRowStore.Seam) -> Bool { false }
    package var knownUnitCount: Int? { unitCount }

    package func canContinue(_ work: FinishedWork) -> Bool {
        (work.finished.largest ?? -1) < unitCount && work.seams.allSatisfy { canHave($0) }
            && (work.resumePoint.map { UnitsInOrder(self).canResume(from: $0) } ?? true)
    }

    package var scheduleText: String { String.counted(unitCount, "unit") + ", shared out by stealing" }
    package func scheduleText(inOrderBeside column: String) -> String {
        "\(UnitsInOrder(self).scheduleText), since the \(column) cannot be read out of order"
    }
    package func knownPlace(ofRow row: Int) -> RowPlace? { place(ofRow: row) }

    package func run<Consumer: RowConsumer>(
        _ pipeline: RowPipeline, _ makeConsumer: @Sendable () -> sending Consumer
    ) throws(RunError<EngineError>) -> RowPipeline.Result<Consumer> {
        try pipeline.run(units: self, makeConsumer)
    }

    package func makeCursor(_ control: RunControl) throws(EngineError) -> sending any RowCursor {
        try PieceCursor(UnitsInOrder(self), control)
    }
}

/// The units of a source, taken in order, for rows whose companions can be read only in order.
package struct UnitsInOrder<Source: UnitRowSource>: OrderedRowSource {
    /// The source whose units are taken.
    package let source: Source

    /// Makes a source of the same rows.
    package init(_ source: Source) { self.source = source }

    package var layout: RowLayout { source.layout }
    package var rowCount: Int? { source.rowCount }
    package var decodedByteCount: Int? { source.decodedByteCount }
    package var scheduleText: String { String.counted(source.unitCount, "unit") + " in order" }
    package func finishReading() throws(EngineError) { try source.finishReading() }
    package var splitRows: SplitRowStore? { source.splitRows }

    package final class Piece {
        fileprivate var unit = 0
    }

    package struct Feed: RowFeed {
        fileprivate let unitCount: Int
        fileprivate var nextUnit = 0

        package mutating func next(into piece: Piece) throws(EngineError) -> Bool {
            guard nextUnit < unitCount else { return false }
            piece.unit = nextUnit
            nextUnit += 1
            return true
        }
    }

    package struct Numbering: RowNumbering {
        fileprivate let source: Source
        package private(set) var rowCount = 0

        fileprivate init(_ source: Source) { self.source = source }

        package func resumeState(before piece: Piece) -> [UInt8]? { [] }

        package mutating func number(_ piece: Piece) throws(EngineError) -> Range<Int>? {
            let rows = source.rows(ofUnit: piece.unit)
            rowCount = rows.upperBound
            return rows
        }

        package func place(ofRow row: Int) -> RowPlace { source.place(ofRow: row) }
    }

    package final class Reader: PieceReader {
        private let reader: Source.Reader

        fileprivate init(_ reader: Source.Reader) { self.reader = reader }

        package func prepare(_ piece: Piece) throws(EngineError) {}

        package func read(_ piece: Piece, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
            try reader.read(unit: piece.unit, body)
        }
    }

    package func makeFeed(_ control: RunControl) throws(EngineError) -> sending Feed { Feed(unitCount: source.unitCount) }
    package func makePiece() -> sending Piece { Piece() }
    package func makeNumbering() throws(EngineError) -> sending Numbering { Numbering(source) }
    package func canResume(from point: ResumePoint) -> Bool { point.state.isEmpty && (0..<source.unitCount).contains(point.piece) }
    package func makeFeed(_ control: RunControl, from point: ResumePoint) throws(EngineError) -> sending Feed {
        Feed(unitCount: source.unitCount, nextUnit: point.piece)
    }
    package func makeNumbering(from point: ResumePoint) throws(EngineError) -> sending Numbering { Numbering(source) }
    package func makeReader(_ control: RunControl) -> sending Reader { Reader(source.makeReader(control)) }
}
