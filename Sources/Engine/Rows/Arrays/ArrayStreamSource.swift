internal import Container
internal import Formats
internal import Scoring

/// The rows of arrays that cannot be cut, or that are read beside others. One worker at a time decodes them.
struct ArrayStreamSource: OrderedRowSource {
    let arrays: ConcatenatedArrays
    let options: ContainerOptions
    /// True if rows are given as they are stored, and not in the machine's byte order.
    var keepsByteOrder = false

    /// The approximate size of a piece in decoded bytes.
    ///
    /// `OrderedPool` lets the worker that decodes go on decoding, so a piece costs no more than a wake-up that nobody waits for.
    private static let pieceByteCount = 2 * ArrayUnitReader.blockByteCount

    var path: String? { arrays.files.first?.path }
    var layout: RowLayout { arrays.layout }
    var rowCount: Int? { arrays.rowCount }
    var decodedByteCount: Int? { arrays.decodedByteCount }
    var scheduleText: String { "one stream of predictions, decompressed by one worker at a time and scored by all" }
    func knownPlace(ofRow row: Int) -> RowPlace? { arrays.place(ofRow: row) }

    // The reads of both look at the cancellation of `options`.
    var makeRandomReader: (@Sendable (_ control: RunControl) -> sending any RandomRowReader)? {
        guard !keepsByteOrder, arrays.files.allSatisfy(\.allowsRandomAccess) else { return nil }
        return { [arrays, options] _ in RandomAccessRows(arrays, options: options) }
    }

    func makeCursor(_ control: RunControl) throws(EngineError) -> sending any RowCursor {
        ArrayCursor(arrays, options: options, keepsByteOrder: keepsByteOrder)
    }

    func finishReading() throws(EngineError) { try arrays.verifyMemberChecksums() }

    /// Some neighbouring rows of one file, decoded.
    final class Piece {
        fileprivate var fileIndex = 0
        /// The rows' numbers in the file.
        fileprivate var rows = 0..<0
        fileprivate let values = ByteBuffer()
        /// The stored bytes that come after the piece's.
        fileprivate var prefetch: Prefetch?
    }

    struct Feed: RowFeed {
        fileprivate let arrays: ConcatenatedArrays
        fileprivate let cursor: ArrayCursor
        fileprivate let control: RunControl

        mutating func next(into piece: Piece) throws(EngineError) -> Bool {
            let available = try cursor.availableRows()
            guard !available.rows.isEmpty else { return false }
            let rowByteCount = arrays.files[available.fileIndex].rowByteCount
            let wanted = min(available.rows.count, max(1, ArrayStreamSource.pieceByteCount / rowByteCount))
            // Rows of a stream are handed over where its writer stalls, so that an invalid one is told.
            let rowCount = try cursor.readInFile(rowCount: wanted, into: piece.values, mayStall: true)
            // The header is decoded with the first rows.
            let headerByteCount = available.rows.lowerBound == 0 ? arrays.files[available.fileIndex].layout.dataByteOffset : 0
            control.progress.advance(by: headerByteCount + rowCount * rowByteCount)
            piece.prefetch = cursor.prefetch
            piece.fileIndex = available.fileIndex
            piece.rows = available.rows.lowerBound..<available.rows.lowerBound + rowCount
            return true
        }
    }

    struct Numbering: RowNumbering {
        fileprivate let arrays: ConcatenatedArrays
        private(set) var rowCount = 0

        fileprivate init(_ arrays: ConcatenatedArrays) { self.arrays = arrays }

        /// The index of the file. Only at the first row of a file can decoding begin.
        func resumeState(before piece: Piece) -> [UInt8]? {
            guard piece.rows.lowerBound == 0 else { return nil }
            var state: [UInt8] = []
            state.append(littleEndian: UInt64(piece.fileIndex))
            return state
        }

        mutating func number(_ piece: Piece) throws(EngineError) -> Range<Int>? {
            let first = arrays.firstRows[piece.fileIndex]
            rowCount = first + piece.rows.upperBound
            return first + piece.rows.lowerBound..<rowCount
        }

        func place(ofRow row: Int) -> RowPlace { arrays.place(ofRow: row) }
    }

    final class Reader: PieceReader {
        private let arrays: ConcatenatedArrays

        fileprivate init(_ arrays: ConcatenatedArrays) { self.arrays = arrays }

        func prepare(_ piece: Piece) throws(EngineError) {}

        func read(_ piece: Piece, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
            let arrays = arrays, fileIndex = piece.fileIndex, rows = piece.rows
            try body(
                RowBatch(
                    firstRow: arrays.firstRows[fileIndex] + rows.lowerBound, rowCount: rows.count, values: piece.values.base,
                    elementType: arrays.files[fileIndex].layout.elementType,
                    place: { arrays.place(ofRow: rows.lowerBound + $0, inFile: fileIndex) }))
            // While another worker decompresses the next piece, this one takes the copying of stored bytes over from it.
            piece.prefetch?.readAhead()
        }
    }

    func makeFeed(_ control: RunControl) throws(EngineError) -> sending Feed { makeFeed(control, fileIndex: 0) }
    func makeFeed(_ control: RunControl, from point: ResumePoint) throws(EngineError) -> sending Feed {
        makeFeed(control, fileIndex: fileIndex(of: point) ?? 0)
    }
    func makeNumbering(from point: ResumePoint) throws(EngineError) -> sending Numbering { Numbering(arrays) }
    func canResume(from point: ResumePoint) -> Bool { fileIndex(of: point) != nil }

    /// Finds the file at whose first row a point lies; nil if there is no such point.
    private func fileIndex(of point: ResumePoint) -> Int? {
        var reader = SectionReader(point.state[...])
        guard let index = try? reader.unsigned(), reader.remainingByteCount == 0 else { return nil }
        return Int(exactly: index).flatMap { arrays.files.indices.contains($0) ? $0 : nil }
    }

    private func makeFeed(_ control: RunControl, fileIndex: Int) -> sending Feed {
        let cursor = ArrayCursor(
            arrays, options: options, firstFile: fileIndex, keepsByteOrder: keepsByteOrder, isCalledOff: { control.hasFailed })
        return Feed(arrays: arrays, cursor: cursor, control: control)
    }
    func makePiece() -> sending Piece { Piece() }
    func makeNumbering() throws(EngineError) -> sending Numbering { Numbering(arrays) }
    func makeReader(_ control: RunControl) -> sending Reader { Reader(arrays) }
}
