internal import Container
internal import Formats

/// The text of one file after another, decoded in order and cut after whole records.
final class RecordStream {
    private let files: [RecordFile]
    private let decoder: Decoder
    private(set) var fileIndex = -1
    /// The number of the file's lines that have been given out.
    private var line = 0
    private var parser: (any RecordParser)?
    /// The beginning of a record whose end has not been read.
    private var carry: [UInt8] = []
    private var isAtEnd = true
    /// Returns true once nobody wants the pieces any more.
    private let isCalledOff: () -> Bool

    /// The least size of a piece in bytes, if the file is as large.
    static let pieceByteCount = 1 << 20

    init(_ files: [RecordFile], options: ContainerOptions, isCalledOff: @escaping () -> Bool = { false }) {
        self.files = files
        self.isCalledOff = isCalledOff
        decoder = Decoder(options: options)
    }

    /// Some whole records at the beginning of a buffer.
    struct Piece {
        let fileIndex: Int
        /// The number of the file's lines before the records.
        let line: Int
        let extent: RecordExtent
        /// The number of bytes that were decoded for the records.
        let decodedByteCount: Int
    }

    /// Begins to read a file.
    func begin(_ index: Int) throws(EngineError) {
        fileIndex = index
        let file = files[index]
        parser = try file.makeParser()
        decoder.start(wholeOf: file.container)
        try decoder.skip(file.format.headerByteCount, path: file.path)
        line = file.format.headerLineCount
        carry = []
        isAtEnd = false
    }

    /// Reads the next whole records of the file that was begun to the start of `buffer`; nil after the last one. Where the writer of a stream
    /// stalls, they are those that have come.
    func next(into buffer: ByteBuffer) throws(EngineError) -> Piece? {
        guard !isAtEnd, let parser else { return nil }
        let file = files[fileIndex]
        buffer.reserve(carry.count + Self.pieceByteCount)
        buffer.room(from: 0, count: carry.count).copyBytes(from: carry)
        var filled = carry.count
        var decodedByteCount = 0
        carry = []
        var measuredByteCount = filled
        while true {
            // A record that is longer than a piece makes the piece grow by its own length, so that it is neither copied nor searched again
            // and again. It is refused at the first byte too many.
            let target = min(filled + max(Self.pieceByteCount, filled), max(filled, file.recordByteCountLimit) + 1)
            buffer.reserve(target, keeping: filled)
            while !isAtEnd, filled < target {
                guard decoder.nextByteCount > 0 else {
                    isAtEnd = true
                    break
                }
                let room = buffer.room(from: filled, count: target - filled)
                guard let count = try read(into: room, mayStall: filled > measuredByteCount) else { break }
                filled += count
                decodedByteCount += count
                isAtEnd = count == 0
            }
            measuredByteCount = filled
            let text = UnsafeRawBufferPointer(buffer.room(from: 0, count: filled))
            let extent = parser.measure(text, isEnd: isAtEnd, assumesNoLineFeedsInRecords: false)
            if let problem = extent.endProblem {
                throw EngineError(.data, path: file.path, line: line + extent.lineCount, problem.message, remedy: problem.remedy)
            }
            if extent.byteCount > 0 || isAtEnd {
                if filled == 0 { return nil }
                carry = Array(text[extent.byteCount...])
                defer { line += extent.lineCount }
                return Piece(fileIndex: fileIndex, line: line, extent: extent, decodedByteCount: decodedByteCount)
            }
            guard filled <= file.recordByteCountLimit else { throw file.lengthError(line: line + 1) }
        }
    }

    /// Reads more of the file.
    ///
    /// - Parameter mayStall: true if there is text that has not been looked at.
    /// - Returns: the number of bytes; nil if the writer of a stream stalls and `mayStall` is true.
    private func read(into room: UnsafeMutableRawBufferPointer, mayStall: Bool) throws(EngineError) -> Int? {
        while true {
            if let count = try decoder.readUnlessStalled(into: room) { return count }
            if isCalledOff() { throw .cancelled }
            if mayStall { return nil }
        }
    }
}
