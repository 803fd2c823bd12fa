internal import Messages
internal import WorkStealing

/// Some neighbouring rows of a source, for columns beside predictions of which only some files are read.
struct RowSlice: RowSource {
    /// The source that has the rows.
    let source: any RowSource
    /// The numbers of the rows in the source.
    let rows: Range<Int>

    init(_ source: any RowSource, _ rows: Range<Int>) {
        self.source = source
        self.rows = rows
    }

    var path: String? { source.path }
    var layout: RowLayout { source.layout }
    /// The number of rows: as many as are wanted, or fewer if the source ends before.
    var rowCount: Int? { source.rowCount.map { max(0, min($0, rows.upperBound) - rows.lowerBound) } ?? rows.count }
    var decodedByteCount: Int? { source.decodedByteCount }
    var scheduleText: String { source.scheduleText }
    var knownUnitCount: Int? { source.knownUnitCount }

    func scheduleText(inOrderBeside column: String) -> String { source.scheduleText(inOrderBeside: column) }
    func finishReading() throws(EngineError) {
        // A slice does not read all, so that there is nothing to be said of the whole.
    }
    func canContinue(_ work: FinishedWork) -> Bool { source.canContinue(work) }
    func knownPlace(ofRow row: Int) -> RowPlace? { source.knownPlace(ofRow: row + rows.lowerBound) }
    func findPlace(ofRow row: Int) -> RowPlace? { source.findPlace(ofRow: row + rows.lowerBound) }

    /// Reads all rows of the source: slices are companions of predictions, and no pipeline has one for its rows.
    func run<Consumer: RowConsumer>(
        _ pipeline: RowPipeline, _ makeConsumer: @Sendable () -> sending Consumer
    ) throws(RunError<EngineError>) -> RowPipeline.Result<Consumer> {
        try source.run(pipeline, makeConsumer)
    }

    func makeCursor(_ control: RunControl) throws(EngineError) -> sending any RowCursor {
        Cursor(try source.makeCursor(control), rows, skippedByteCount: layout.rowByteCount)
    }

    var makeRandomReader: (@Sendable (_ control: RunControl) -> sending any RandomRowReader)? {
        guard let makeReader = source.makeRandomReader else { return nil }
        let first = rows.lowerBound
        return { control in Reader(makeReader(control), first) }
    }

    /// A reader by number.
    private final class Reader: RandomRowReader {
        private let reader: any RandomRowReader
        private let first: Int

        init(_ reader: any RandomRowReader, _ first: Int) {
            self.reader = reader
            self.first = first
        }

        func bytes(of rows: Range<Int>) throws(EngineError) -> UnsafeRawPointer {
            try reader.bytes(of: rows.lowerBound + first..<rows.upperBound + first)
        }
    }

    /// A reader in order, which reads past the rows before the slice.
    private final class Cursor: RowCursor {
        private let cursor: any RowCursor
        private var skipped: Int
        private var left: Int
        private let rowByteCount: Int
        var warnings: [Message] { cursor.warnings }

        init(_ cursor: any RowCursor, _ rows: Range<Int>, skippedByteCount: Int) {
            self.cursor = cursor
            skipped = rows.lowerBound
            left = rows.count
            rowByteCount = max(1, skippedByteCount)
        }

        func read(rowCount: Int, into buffer: ByteBuffer, at byteOffset: Int) throws(EngineError) -> Int {
            if skipped > 0 {
                let room = ByteBuffer()
                while skipped > 0 {
                    let count = min(skipped, max(1, (1 << 20) / rowByteCount))
                    guard try cursor.read(rowCount: count, into: room, at: 0) == count else { return 0 }
                    skipped -= count
                }
            }
            let read = try cursor.read(rowCount: min(rowCount, left), into: buffer, at: byteOffset)
            left -= read
            return read
        }
    }
}
