internal import Container
internal import Elements
internal import Formats
internal import Messages
internal import Scoring

/// Identifiers of rows that are arrays of archives, whole numbers or strings, as hashes (`Identifier.hash`): a `UInt64` a row. The texts of
/// strings can be kept, for a column by which rows are put into groups.
struct ArrayIdentifiers: OrderedRowSource {
    /// The form in which an array holds identifiers.
    enum Form: Sendable {
        /// Whole numbers or truth values.
        case numbers(ElementType)
        /// Strings in the same number of bytes each.
        case strings(StringArrayLayout.Encoding)
    }

    /// The identifiers of one file.
    struct Part: Sendable {
        let array: ArrayFile
        let form: Form

        /// Returns the identifier of a row as messages quote it.
        fileprivate func text(_ row: UnsafeRawBufferPointer) -> String {
            switch form {
            case .numbers(let type):
                let number = Self.number(row, type)
                return (number.isNegative ? "-" : "") + String(number.magnitude)
            case .strings(let encoding): return QuotedBytes.text(Self.bytes(row, encoding))
            }
        }

        /// Returns the identifier of a row as it is written.
        fileprivate func plainText(_ stored: UnsafeRawPointer, at row: Int) -> String {
            let bytes = UnsafeRawBufferPointer(start: stored + row * array.rowByteCount, count: array.rowByteCount)
            guard case .strings(let encoding) = form else { return text(bytes) }
            return String(decoding: Self.bytes(bytes, encoding), as: UTF8.self)
        }

        /// Writes the hashes of rows. O(bytes of the rows).
        ///
        /// - Parameter writer: adds the strings of hashes, where they are kept.
        fileprivate func hash(
            _ stored: UnsafeRawPointer, rowCount: Int, into hashes: UnsafeMutableRawPointer, _ writer: HashedValueWriter?
        ) {
            let rowByteCount = array.rowByteCount
            for row in 0..<rowCount {
                let bytes = UnsafeRawBufferPointer(start: stored + row * rowByteCount, count: rowByteCount)
                let hash: UInt64
                switch form {
                case .numbers(let type):
                    let number = Self.number(bytes, type)
                    hash = Identifier.hash(number.magnitude, isNegative: number.isNegative)
                case .strings(let encoding):
                    let text = Self.bytes(bytes, encoding)
                    let ofText = Identifier.hash(text)
                    hash = writer?.code(ofHash: ofText) { String(decoding: text, as: UTF8.self) } ?? ofText
                }
                hashes.storeBytes(of: hash, toByteOffset: 8 * row, as: UInt64.self)
            }
        }

        private static func number(_ bytes: UnsafeRawBufferPointer, _ type: ElementType) -> (magnitude: UInt64, isNegative: Bool) {
            func signed(_ number: some SignedInteger & FixedWidthInteger) -> (UInt64, Bool) { (UInt64(number.magnitude), number < 0) }
            return switch type {
            case .int8: signed(bytes.loadUnaligned(as: Int8.self))
            case .int16: signed(bytes.loadUnaligned(as: Int16.self))
            case .int32: signed(bytes.loadUnaligned(as: Int32.self))
            case .int64: signed(bytes.loadUnaligned(as: Int64.self))
            case .uint16: (UInt64(bytes.loadUnaligned(as: UInt16.self)), false)
            case .uint32: (UInt64(bytes.loadUnaligned(as: UInt32.self)), false)
            case .uint64: (bytes.loadUnaligned(as: UInt64.self), false)
            case .uint8, .bool, .float16, .bfloat16, .float32, .float64: (UInt64(bytes.loadUnaligned(as: UInt8.self)), false)
            }
        }

        /// Returns a string's bytes in UTF-8, without the zeros after its end.
        private static func bytes(_ row: UnsafeRawBufferPointer, _ encoding: StringArrayLayout.Encoding) -> [UInt8] {
            switch encoding {
            case .bytes: return Array(row[..<((row.lastIndex { $0 != 0 } ?? -1) + 1)])
            case .scalars(let isBigEndian):
                var text: [UInt8] = []
                var zeroCount = 0
                for start in stride(from: 0, to: row.count - 3, by: 4) {
                    let stored = row.loadUnaligned(fromByteOffset: start, as: UInt32.self)
                    let value = isBigEndian ? UInt32(bigEndian: stored) : UInt32(littleEndian: stored)
                    if value == 0 {
                        zeroCount += 1
                        continue
                    }
                    text += repeatElement(0, count: zeroCount)
                    zeroCount = 0
                    text += UTF8.encode(Unicode.Scalar(value) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter
                }
                return text
            }
        }
    }

    let parts: [Part]
    private let arrays: ConcatenatedArrays
    /// The rows of each part, as they are stored.
    private let stored: [any RowSource]
    /// The strings, whose texts are kept; nil if their hashes are enough.
    private let hashedValues: HashedValues?

    /// Makes the identifiers of files whose rows follow one another.
    ///
    /// - Parameter hashedValues: keeps the texts of strings.
    init(_ parts: [Part], _ options: ContainerOptions, hashedValues: HashedValues? = nil) throws(EngineError) {
        self.parts = parts
        self.hashedValues = hashedValues
        arrays = try ConcatenatedArrays(parts.map(\.array))
        var stored: [any RowSource] = []
        for part in parts { stored.append(try ConcatenatedArrays([part.array]).column(options)) }
        self.stored = stored
    }

    var path: String? { arrays.files.first?.path }
    var layout: RowLayout { RowLayout(elementType: .uint64, valuesPerRow: 1) }
    var rowCount: Int? { arrays.rowCount }
    var decodedByteCount: Int? { arrays.decodedByteCount }

    func finishReading() throws(EngineError) { try arrays.verifyMemberChecksums() }

    /// Reads the identifier of a row as messages quote it; nil if it cannot be read. O(bytes up to the row).
    func quoted(ofRow row: Int) -> (place: RowPlace, text: String)? {
        guard row < arrays.rowCount else { return nil }
        let (file, rowInFile) = arrays.locate(row)
        let part = parts[file]
        let rowByteCount = part.array.rowByteCount
        do throws(EngineError) {
            let cursor = try stored[file].makeCursor()
            let buffer = ByteBuffer()
            var left = rowInFile + 1
            var count = 0
            while left > 0 {
                count = try cursor.read(rowCount: min(left, Self.pieceRowCount), into: buffer, at: 0)
                guard count > 0 else { return nil }
                left -= count
            }
            let last = UnsafeRawBufferPointer(buffer.room(from: (count - 1) * rowByteCount, count: rowByteCount))
            return (arrays.place(ofRow: row), part.text(last))
        } catch {
            return nil
        }
    }

    // MARK: In order

    private static let pieceRowCount = 1 << 14

    final class Piece {
        fileprivate var part = 0
        fileprivate var firstRow = 0
        fileprivate var rowCount = 0
        fileprivate let stored = ByteBuffer()
        fileprivate let hashes = ByteBuffer()
    }

    struct Feed: RowFeed {
        fileprivate let source: ArrayIdentifiers
        fileprivate let control: RunControl
        fileprivate var part = -1
        fileprivate var cursor: (any RowCursor)?

        fileprivate init(_ source: ArrayIdentifiers, _ control: RunControl) {
            self.source = source
            self.control = control
        }

        mutating func next(into piece: Piece) throws(EngineError) -> Bool {
            try control.checkCancellation()
            while true {
                if let cursor {
                    let count = try cursor.read(rowCount: ArrayIdentifiers.pieceRowCount, into: piece.stored, at: 0)
                    if count > 0 {
                        (piece.part, piece.rowCount) = (part, count)
                        return true
                    }
                }
                guard part + 1 < source.parts.count else { return false }
                part += 1
                cursor = try source.stored[part].makeCursor(control.withoutProgress)
            }
        }
    }

    struct Numbering: RowNumbering {
        fileprivate let arrays: ConcatenatedArrays
        private(set) var rowCount = 0

        fileprivate init(_ arrays: ConcatenatedArrays) { self.arrays = arrays }

        mutating func number(_ piece: Piece) throws(EngineError) -> Range<Int>? {
            piece.firstRow = rowCount
            rowCount += piece.rowCount
            return piece.firstRow..<rowCount
        }

        func place(ofRow row: Int) -> RowPlace { arrays.place(ofRow: row) }
    }

    final class Reader: PieceReader {
        private let source: ArrayIdentifiers
        private let writer: HashedValueWriter?

        fileprivate init(_ source: ArrayIdentifiers) {
            self.source = source
            writer = source.hashedValues.map { HashedValueWriter($0) }
        }

        func prepare(_ piece: Piece) throws(EngineError) {
            piece.hashes.reserve(8 * piece.rowCount)
            source.parts[piece.part].hash(
                UnsafeRawPointer(piece.stored.base), rowCount: piece.rowCount, into: piece.hashes.base, writer)
        }

        func read(_ piece: Piece, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
            let first = piece.firstRow, stored = UnsafeRawPointer(piece.stored.base), part = source.parts[piece.part]
            try body(
                RowBatch(
                    firstRow: first, rowCount: piece.rowCount, values: UnsafeRawPointer(piece.hashes.base), elementType: .uint64,
                    place: { [arrays = source.arrays] in arrays.place(ofRow: first + $0) }, shownText: { part.plainText(stored, at: $1) }))
        }
    }

    func makeFeed(_ control: RunControl) throws(EngineError) -> sending Feed { Feed(self, control) }
    func makePiece() -> sending Piece { Piece() }
    func makeNumbering() throws(EngineError) -> sending Numbering { Numbering(arrays) }
    func makeReader(_ control: RunControl) -> sending Reader { Reader(self) }

    // MARK: By number

    var makeRandomReader: (@Sendable (_ control: RunControl) -> sending any RandomRowReader)? {
        guard stored.allSatisfy({ $0.makeRandomReader != nil }) else { return nil }
        return { RandomReader(self, $0) }
    }

    /// A reader of hashes by the numbers of rows. Each worker has its own.
    final class RandomReader: RandomRowReader {
        private let source: ArrayIdentifiers
        private let readers: [(any RandomRowReader)?]
        private let hashes = ByteBuffer()
        private let writer: HashedValueWriter?

        fileprivate init(_ source: ArrayIdentifiers, _ control: RunControl) {
            self.source = source
            writer = source.hashedValues.map { HashedValueWriter($0) }
            readers = source.stored.map { $0.makeRandomReader?(control) }
        }

        func bytes(of rows: Range<Int>) throws(EngineError) -> UnsafeRawPointer {
            hashes.reserve(8 * rows.count)
            var row = rows.lowerBound
            while row < rows.upperBound {
                let (file, first) = source.arrays.locate(row)
                let part = source.parts[file]
                let count = min(rows.upperBound - row, part.array.rowCount - first)
                // There is a reader for each part, or there is no reader of all.
                guard let stored = try readers[file]?.bytes(of: first..<first + count) else { break }
                part.hash(stored, rowCount: count, into: hashes.base + 8 * (row - rows.lowerBound), writer)
                row += count
            }
            return UnsafeRawPointer(hashes.base)
        }
    }
}
