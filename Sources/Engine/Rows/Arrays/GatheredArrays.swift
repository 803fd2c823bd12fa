internal import Container
internal import Elements
internal import Formats
internal import Messages

/// The rows of arrays whose rows do not lie one after another: in Fortran order, with the classes on another axis than the last, or with a
/// place of an axis left out. They are gathered block by block.
///
/// A block is a range of rows. Its elements are read into memory as they are stored, and rows are put together from there, some at a time
/// (`ColumnTransposer`). A worker's memory is a block and a few hundred KiB of rows. A block has 2 MiB, or as much as it takes to read at
/// least 16 KiB of each column at once; where columns are compressed, as much as it takes not to decode each frame for many blocks, but no
/// more than `ContainerOptions.maximumWindowByteCount`.
struct GatheredArrays: UnitRowSource {
    let arrays: ConcatenatedArrays
    let options: ContainerOptions
    /// The blocks of each file.
    fileprivate let blocks: [ArrayBlocks]
    /// The number of each file's first unit, and after them the number of all units.
    private let firstUnits: [Int]

    /// Cuts arrays into blocks.
    ///
    /// - Throws: `EngineError` if a file can be read only in order, and would have to be kept in memory to a larger part than is allowed.
    init(_ arrays: ConcatenatedArrays, options: ContainerOptions) throws(EngineError) {
        self.arrays = arrays
        self.options = options
        var blocks: [ArrayBlocks] = []
        for file in arrays.files { blocks.append(try file.blocks(memoryByteCount: options.maximumWindowByteCount)) }
        self.blocks = blocks
        firstUnits = blocks.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    var path: String? { arrays.files.first?.path }
    var layout: RowLayout { arrays.layout }
    var rowCount: Int? { arrays.rowCount }
    var decodedByteCount: Int? { arrays.decodedByteCount }
    var unitCount: Int { firstUnits[blocks.count] }
    var scheduleText: String { "\(String.counted(unitCount, "unit")), whose rows are put together from columns, shared out by stealing" }

    /// Finds the file and the block of a unit. O(log files).
    fileprivate func locate(unit: Int) -> (file: Int, block: Int) {
        var low = 0
        var high = blocks.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if firstUnits[middle] <= unit { low = middle } else { high = middle }
        }
        return (low, unit - firstUnits[low])
    }

    /// Finds the unit that holds a row. O(log files).
    fileprivate func unit(ofRow row: Int) -> Int {
        let place = arrays.locate(row)
        return firstUnits[place.file] + blocks[place.file].block(ofRow: place.row)
    }

    func rows(ofUnit index: Int) -> Range<Int> {
        let (file, block) = locate(unit: index)
        let rows = blocks[file].rows(ofBlock: block)
        return arrays.firstRows[file] + rows.lowerBound..<arrays.firstRows[file] + rows.upperBound
    }

    func place(ofRow row: Int) -> RowPlace { arrays.place(ofRow: row) }

    func makeReader(_ control: RunControl) -> sending Reader { Reader(self, control) }

    var makeRandomReader: (@Sendable (_ control: RunControl) -> sending any RandomRowReader)? {
        guard arrays.files.allSatisfy(\.allowsRandomAccess) else { return nil }
        return { RandomReader(self, $0) }
    }

    func finishReading() throws(EngineError) { try arrays.verifyMemberChecksums() }

    /// A block of a file, as its elements are stored.
    fileprivate struct Staged {
        var fileIndex = 0
        var block: ArrayBlock?
        let elements = ByteBuffer()
    }

    /// The approximate number of bytes of the rows that are put together at once.
    private static let batchByteCount = 512 << 10
    /// The least number of rows that are put together at once: those that share lines of the columns.
    private static let batchRowCount = 32

    /// Puts the rows of a block together and hands them over, some at a time.
    fileprivate static func hand(
        _ staged: Staged, of arrays: ConcatenatedArrays, by rows: ByteBuffer, _ control: RunControl,
        _ body: (RowBatch) throws(EngineError) -> Void
    ) throws(EngineError) {
        guard let block = staged.block else { return }
        let fileIndex = staged.fileIndex
        let file = arrays.files[fileIndex]
        let batchRowCount = max(Self.batchRowCount, Self.batchByteCount / max(1, file.rowByteCount))
        var done = 0
        while done < block.rows.count {
            try control.checkCancellation()
            let part = done..<min(block.rows.count, done + batchRowCount)
            rows.reserve(part.count * file.rowByteCount)
            file.copyRows(part, of: block, from: staged.elements, into: rows.base)
            let first = block.rows.lowerBound + done
            try body(
                RowBatch(
                    firstRow: arrays.firstRows[fileIndex] + first, rowCount: part.count, values: rows.base,
                    elementType: file.layout.elementType, place: { arrays.place(ofRow: first + $0, inFile: fileIndex) }))
            done = part.upperBound
        }
    }

    final class Reader: UnitReader {
        private let source: GatheredArrays
        private let control: RunControl
        private let reader: ArrayBlockReader
        private var staged = Staged()
        private let rows = ByteBuffer()

        fileprivate init(_ source: GatheredArrays, _ control: RunControl) {
            self.source = source
            self.control = control
            reader = ArrayBlockReader(options: source.options)
        }

        func read(unit index: Int, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
            try control.checkCancellation()
            let (fileIndex, blockIndex) = source.locate(unit: index)
            let file = source.arrays.files[fileIndex]
            let block = source.blocks[fileIndex][blockIndex]
            try reader.read(block, of: file, number: fileIndex, into: staged.elements)
            staged.fileIndex = fileIndex
            staged.block = block
            control.progress.advance(by: block.rows.count * file.rowByteCount)
            try GatheredArrays.hand(staged, of: source.arrays, by: rows, control, body)
        }
    }

    /// A reader of rows by their numbers. It keeps the block that it read last, since neighbouring batches ask for neighbouring rows.
    final class RandomReader: RandomRowReader {
        private let source: GatheredArrays
        private let control: RunControl
        private let reader: ArrayBlockReader
        private let elements = ByteBuffer()
        /// The rows of a block, put together.
        private let rows = ByteBuffer()
        /// The numbers of these rows among all rows.
        private var rowNumbers = 0..<0
        /// The rows that are put together from several blocks.
        private let assembled = ByteBuffer()

        fileprivate init(_ source: GatheredArrays, _ control: RunControl) {
            self.source = source
            self.control = control
            reader = ArrayBlockReader(options: source.options)
        }

        func bytes(of wanted: Range<Int>) throws(EngineError) -> UnsafeRawPointer {
            guard !wanted.isEmpty else { return UnsafeRawPointer(assembled.base) }
            let rowByteCount = source.layout.rowByteCount
            try load(wanted.lowerBound)
            if wanted.upperBound <= rowNumbers.upperBound {
                return UnsafeRawPointer(rows.base) + (wanted.lowerBound - rowNumbers.lowerBound) * rowByteCount
            }
            assembled.reserve(wanted.count * rowByteCount)
            var row = wanted.lowerBound
            while row < wanted.upperBound {
                try load(row)
                let count = min(wanted.upperBound, rowNumbers.upperBound) - row
                (assembled.base + (row - wanted.lowerBound) * rowByteCount).copyMemory(
                    from: rows.base + (row - rowNumbers.lowerBound) * rowByteCount, byteCount: count * rowByteCount)
                row += count
            }
            return UnsafeRawPointer(assembled.base)
        }

        /// Puts the rows of the block that holds a row together, if they are not there.
        private func load(_ row: Int) throws(EngineError) {
            guard !rowNumbers.contains(row) else { return }
            try control.checkCancellation()
            rowNumbers = 0..<0
            let unit = source.unit(ofRow: row)
            let (fileIndex, blockIndex) = source.locate(unit: unit)
            let file = source.arrays.files[fileIndex]
            let block = source.blocks[fileIndex][blockIndex]
            try reader.read(block, of: file, number: fileIndex, into: elements)
            rows.reserve(block.rows.count * file.rowByteCount)
            file.copyRows(0..<block.rows.count, of: block, from: elements, into: rows.base)
            rowNumbers = source.rows(ofUnit: unit)
        }
    }
}

/// Gathered rows of arrays of which one at least can be read only in order, such as a pipe. One worker at a time reads blocks as they are
/// stored, and all put rows together and score.
struct GatheredStream: OrderedRowSource {
    /// The rows, as blocks.
    let gathered: GatheredArrays

    var path: String? { gathered.path }
    var layout: RowLayout { gathered.layout }
    var rowCount: Int? { gathered.rowCount }
    var decodedByteCount: Int? { gathered.decodedByteCount }
    var scheduleText: String {
        "\(String.counted(gathered.unitCount, "unit")), decompressed by one worker at a time, put together from columns and scored by all"
    }
    func knownPlace(ofRow row: Int) -> RowPlace? { gathered.place(ofRow: row) }
    func finishReading() throws(EngineError) { try gathered.finishReading() }

    /// A block on its way.
    final class Piece {
        fileprivate var staged = GatheredArrays.Staged()
    }

    struct Feed: RowFeed {
        fileprivate let gathered: GatheredArrays
        fileprivate let control: RunControl
        fileprivate let reader: ArrayBlockReader
        fileprivate var orderedReader: OrderedBlockReader
        fileprivate var nextUnit = 0
        fileprivate var currentFile = -1

        fileprivate init(_ gathered: GatheredArrays, _ control: RunControl, firstUnit: Int) {
            self.gathered = gathered
            self.control = control
            nextUnit = firstUnit
            reader = ArrayBlockReader(options: gathered.options)
            orderedReader = OrderedBlockReader(options: gathered.options)
        }

        mutating func next(into piece: Piece) throws(EngineError) -> Bool {
            guard nextUnit < gathered.unitCount else { return false }
            try control.checkCancellation()
            let (fileIndex, blockIndex) = gathered.locate(unit: nextUnit)
            let file = gathered.arrays.files[fileIndex]
            let block = gathered.blocks[fileIndex][blockIndex]
            if file.allowsRandomAccess {
                try reader.read(block, of: file, number: fileIndex, into: piece.staged.elements)
            } else {
                if fileIndex != currentFile { try orderedReader.start(file) }
                try orderedReader.read(block, of: file, into: piece.staged.elements)
                if blockIndex == gathered.blocks[fileIndex].count - 1 { try orderedReader.finish(file) }
            }
            currentFile = fileIndex
            nextUnit += 1
            piece.staged.fileIndex = fileIndex
            piece.staged.block = block
            control.progress.advance(by: block.rows.count * file.rowByteCount)
            return true
        }
    }

    struct Numbering: RowNumbering {
        fileprivate let arrays: ConcatenatedArrays
        private(set) var rowCount = 0

        fileprivate init(_ arrays: ConcatenatedArrays) { self.arrays = arrays }

        /// Nothing: a piece's number is that of its unit. A file that is read in order is begun at its first block.
        func resumeState(before piece: Piece) -> [UInt8]? {
            arrays.files[piece.staged.fileIndex].allowsRandomAccess || piece.staged.block?.rows.lowerBound == 0 ? [] : nil
        }

        mutating func number(_ piece: Piece) throws(EngineError) -> Range<Int>? {
            guard let rows = piece.staged.block?.rows else { return nil }
            let first = arrays.firstRows[piece.staged.fileIndex]
            rowCount = first + rows.upperBound
            return first + rows.lowerBound..<rowCount
        }

        func place(ofRow row: Int) -> RowPlace { arrays.place(ofRow: row) }
    }

    final class Reader: PieceReader {
        private let arrays: ConcatenatedArrays
        private let control: RunControl
        private let rows = ByteBuffer()

        fileprivate init(_ arrays: ConcatenatedArrays, _ control: RunControl) {
            self.arrays = arrays
            self.control = control
        }

        func prepare(_ piece: Piece) throws(EngineError) {}

        func read(_ piece: Piece, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
            try GatheredArrays.hand(piece.staged, of: arrays, by: rows, control, body)
        }
    }

    func makeFeed(_ control: RunControl) throws(EngineError) -> sending Feed { Feed(gathered, control, firstUnit: 0) }
    func makeFeed(_ control: RunControl, from point: ResumePoint) throws(EngineError) -> sending Feed {
        Feed(gathered, control, firstUnit: point.piece)
    }
    func makeNumbering(from point: ResumePoint) throws(EngineError) -> sending Numbering { Numbering(gathered.arrays) }

    func canResume(from point: ResumePoint) -> Bool {
        guard point.state.isEmpty, (0..<gathered.unitCount).contains(point.piece) else { return false }
        let (file, block) = gathered.locate(unit: point.piece)
        return block == 0 || gathered.arrays.files[file].allowsRandomAccess
    }
    func makePiece() -> sending Piece { Piece() }
    func makeNumbering() throws(EngineError) -> sending Numbering { Numbering(gathered.arrays) }
    func makeReader(_ control: RunControl) -> sending Reader { Reader(gathered.arrays, control) }
}
