internal import Container
internal import Elements
internal import Formats

/// A cursor over the rows of arrays, which decodes them straight into the caller's buffer.
final class ArrayCursor: RowCursor {
    private let rows: ConcatenatedArrays
    private let decoder: Decoder
    private let keepsByteOrder: Bool
    private var fileIndex = -1
    /// The number of the next row in its file.
    private var rowInFile = 0
    /// True if the bytes after the file's last row have been read.
    private var isFinished = false
    /// The first bytes of the next row, which came before the writer of a stream stalled.
    private var beginning: [UInt8] = []
    private let readsToEnd: Bool
    /// Returns true once nobody wants the rows any more.
    private let isCalledOff: () -> Bool

    /// Begins before the first row.
    ///
    /// - Parameters:
    ///   - firstFile: the file whose first row is read first.
    ///   - keepsByteOrder: true to give bytes as they are stored, and not in the machine's byte order.
    ///   - readsToEnd: true to read what follows the last row, up to the end of its file, and to verify the file's length and checksums.
    ///   - isCalledOff: returns true once nobody wants the rows any more; asked while the writer of a stream stalls.
    init(
        _ rows: ConcatenatedArrays, options: ContainerOptions, firstFile: Int = 0, keepsByteOrder: Bool = false, readsToEnd: Bool = true,
        isCalledOff: @escaping () -> Bool = { false }
    ) {
        self.rows = rows
        if firstFile > 0 {
            // As if the file before had been read to its end.
            fileIndex = firstFile - 1
            rowInFile = rows.files[fileIndex].rowCount
            isFinished = true
        }
        self.isCalledOff = isCalledOff
        self.readsToEnd = readsToEnd
        self.keepsByteOrder = keepsByteOrder
        decoder = Decoder(options: options)
    }

    /// The stored bytes that other threads can read ahead.
    var prefetch: Prefetch { decoder.prefetch }

    /// Finds the rows that come next and lie in one file; an empty range after the last row.
    func availableRows() throws(EngineError) -> (fileIndex: Int, rows: Range<Int>) {
        while fileIndex < 0 || rowInFile == rows.files[fileIndex].rowCount {
            if fileIndex >= 0 { try finishFile() }
            guard fileIndex + 1 < rows.files.count else { return (fileIndex, 0..<0) }
            fileIndex += 1
            rowInFile = 0
            isFinished = false
            let file = rows.files[fileIndex]
            try decoder.start(atDataOf: file)
        }
        return (fileIndex, rowInFile..<rows.files[fileIndex].rowCount)
    }

    /// Decodes the next `rowCount` rows, which lie in one file, into `buffer` from `byteOffset` on, in the machine's byte order
    /// unless the stored one is kept.
    ///
    /// - Parameter mayStall: true if fewer rows are wanted, one at least, where the writer of a stream stalls. Then the bytes after the
    ///   file's last row are not waited for, either.
    /// - Returns: the number of rows that were read.
    @discardableResult
    func readInFile(
        rowCount: Int, into buffer: ByteBuffer, at byteOffset: Int = 0, mayStall: Bool = false
    ) throws(EngineError) -> Int {
        let file = rows.files[fileIndex]
        let byteCount = rowCount * file.rowByteCount
        buffer.reserve(byteOffset + byteCount, keeping: byteOffset)
        let target = buffer.room(from: byteOffset, count: byteCount)
        buffer.room(from: byteOffset, count: beginning.count).copyBytes(from: beginning)
        var filled = beginning.count
        beginning = []
        while filled < byteCount {
            guard let count = try decoder.readUnlessStalled(into: UnsafeMutableRawBufferPointer(rebasing: target[filled...])) else {
                if isCalledOff() { throw .cancelled }
                if mayStall, filled >= file.rowByteCount { break }
                continue
            }
            guard count > 0 else {
                let decoded = file.layout.dataByteOffset + rowInFile * file.rowByteCount + filled
                throw file.lengthError(decodedByteCount: decoded)
            }
            filled += count
        }
        // Rows without bytes come all at once.
        let rowCount = filled < byteCount ? filled / file.rowByteCount : rowCount
        beginning = Array(UnsafeRawBufferPointer(rebasing: target[(rowCount * file.rowByteCount)..<filled]))
        if file.layout.isByteSwapped, !keepsByteOrder { ByteOrder.swapInPlace(target, elementByteCount: file.layout.elementType.byteCount) }
        rowInFile += rowCount
        if rowInFile == file.rowCount, !mayStall { try finishFile() }
        return rowCount
    }

    func read(rowCount: Int, into buffer: ByteBuffer, at byteOffset: Int) throws(EngineError) -> Int {
        var missing = rowCount
        var end = byteOffset
        while missing > 0 {
            let available = try availableRows()
            guard !available.rows.isEmpty else { break }
            let count = min(missing, available.rows.count)
            try readInFile(rowCount: count, into: buffer, at: end)
            end += count * rows.files[available.fileIndex].rowByteCount
            missing -= count
        }
        return rowCount - missing
    }

    /// Reads the file to its end after the last row. Only the file's other arrays may follow, and the last frame's checksum is verified.
    private func finishFile() throws(EngineError) {
        guard !isFinished, readsToEnd else { return }
        isFinished = true
        let file = rows.files[fileIndex]
        try decoder.skipToEnd(of: file, isCalledOff: isCalledOff)
    }
}

extension Decoder {
    /// Reads a run of a file to its end, from the end of an array on. Only the file's other arrays may follow: the first byte after them is
    /// an error, and nothing is read after it.
    ///
    /// - Parameter isCalledOff: returns true once the caller wants no more; asked while the writer of a stream stalls.
    func skipToEnd(of file: ArrayFile, isCalledOff: () -> Bool = { false }) throws(EngineError) {
        var missing = file.endByteOffset - file.layout.endByteOffset
        var piece = [UInt8](repeating: 0, count: min(missing + 1, 1 << 16))
        while true {
            // One byte more than may come shows whether more comes, and waits for nothing after it.
            let wanted = min(missing + 1, piece.count)
            let count = try piece.withMutableBytes { bytes throws(EngineError) -> Int? in
                try readUnlessStalled(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<wanted]))
            }
            guard let count else {
                if isCalledOff() { throw .cancelled }
                continue
            }
            missing -= count
            if missing < 0 { throw file.lengthError(decodedByteCount: file.endByteOffset + 1) }
            if count == 0 {
                guard missing == 0 else { throw file.lengthError(decodedByteCount: file.endByteOffset - missing) }
                return
            }
        }
    }

    /// Begins at the first byte of an array's data, and goes on to the end of its file.
    func start(atDataOf file: ArrayFile) throws(EngineError) {
        let container = file.container
        var skipped = file.layout.dataByteOffset
        if container.compression == .none, !container.isStream {
            start(container, decodedBytes: skipped..<max(skipped, container.byteCount))
            return
        }
        if container.isCuttable, let first = container.frames.index(ofFrameContainingDecodedByte: skipped) {
            start(container, frames: first..<container.frames.count)
            skipped -= container.frames[first].decodedByteOffset
        } else {
            start(wholeOf: container)
        }
        try skip(skipped, path: file.path)
    }
}
