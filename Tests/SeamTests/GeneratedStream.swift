import Container
import Engine
import Formats

/// A format of one's own that comes as a stream: rows of a generator, piece after piece. Nothing but reading tells how many they are.
struct GeneratedStream: OrderedRowSource {
    let dump: GeneratedDump
    let field: GeneratedDump.Field
    /// The fields that batches carry beside the values.
    var carried: [GeneratedDump.Field] = []
    /// The numbers of rows that pieces have, over and over; in one of them no row ends.
    var pieceRowCounts = [1, 500, 0, 37, 2048]
    /// The row before which the feed waits until the run is cancelled.
    var waitingRow: Int?
    /// Says that the feed waits.
    var patience = Patience()

    var path: String? { "stream/\(field.rawValue)" }
    var layout: RowLayout {
        RowLayout(elementType: field.elementType, valuesPerRow: dump.valuesPerRow(field), columns: carried.map(\.column))
    }
    var rowCount: Int? { nil }
    var decodedByteCount: Int? { nil }

    /// Some rows: the feed fills in how many, the numbering which they are, the reader what they hold.
    final class Piece {
        fileprivate var rowCount = 0
        fileprivate var rows = 0..<0
        fileprivate let values = ByteBuffer()
        fileprivate var columns: [ByteBuffer] = []
    }

    struct Feed: RowFeed {
        fileprivate let source: GeneratedStream
        fileprivate let control: RunControl
        fileprivate var pieceCount = 0
        fileprivate var rowCount = 0

        mutating func next(into piece: Piece) throws(EngineError) -> Bool {
            guard rowCount < source.dump.rowCount else { return false }
            try control.checkCancellation()
            let wanted = source.pieceRowCounts[pieceCount % source.pieceRowCounts.count]
            piece.rowCount = min(wanted, source.dump.rowCount - rowCount)
            if let waitingRow = source.waitingRow, (rowCount..<rowCount + piece.rowCount).contains(waitingRow) {
                try source.patience.wait(path: "stream/\(source.field.rawValue)", control)
            }
            pieceCount += 1
            rowCount += piece.rowCount
            control.progress.advance(by: piece.rowCount * source.layout.rowByteCount)
            return true
        }
    }

    struct Numbering: RowNumbering {
        fileprivate let name: String
        private(set) var rowCount = 0

        fileprivate init(name: String) { self.name = name }

        mutating func number(_ piece: Piece) throws(EngineError) -> Range<Int>? {
            piece.rows = rowCount..<rowCount + piece.rowCount
            rowCount = piece.rows.upperBound
            return piece.rows.isEmpty ? nil : piece.rows
        }

        func place(ofRow row: Int) -> RowPlace { RowPlace(path: name, row: row) }
    }

    final class Reader: PieceReader {
        private let source: GeneratedStream

        fileprivate init(_ source: GeneratedStream) { self.source = source }

        func prepare(_ piece: Piece) throws(EngineError) {}

        func read(_ piece: Piece, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
            let rows = piece.rows
            source.dump.write(source.field, rows, to: piece.values)
            if piece.columns.isEmpty { piece.columns = source.carried.map { _ in ByteBuffer() } }
            for (buffer, field) in zip(piece.columns, source.carried) { source.dump.write(field, rows, to: buffer) }
            let name = "stream/\(source.field.rawValue)"
            try body(
                RowBatch(
                    firstRow: rows.lowerBound, rowCount: rows.count, values: piece.values.base, elementType: source.field.elementType,
                    columns: piece.columns.map { UnsafeRawPointer($0.base) },
                    place: { RowPlace(path: name, row: rows.lowerBound + $0) }))
        }
    }

    func makeFeed(_ control: RunControl) throws(EngineError) -> sending Feed { Feed(source: self, control: control) }
    func makePiece() -> sending Piece { Piece() }
    func makeNumbering() throws(EngineError) -> sending Numbering { Numbering(name: "stream/\(field.rawValue)") }
    func makeReader(_ control: RunControl) -> sending Reader { Reader(self) }
}
