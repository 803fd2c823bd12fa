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

    /// Begins before the first row.
    ///
    /// - Parameter keepsByteOrder: true to give bytes as they are stored, and not in the machine's byte order.
    init(_ rows: ConcatenatedArrays, options: ContainerOptions, keepsByteOrder: Bool = false) {
        self.rows = rows
        self.keepsByteOrder = keepsByteOrder
        decoder = Decoder(options: options)
    }

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
    func readInFile(rowCount: Int, into buffer: ByteBuffer, at byteOffset: Int = 0) throws(EngineError) {
        let file = rows.files[fileIndex]
        let byteCount = rowCount * file.rowByteCount
        buffer.reserve(byteOffset + byteCount, keeping: byteOffset)
        let target = buffer.room(from: byteOffset, count: byteCount)
        var filled = 0
        while filled < byteCount {
            let count = try decoder.readNext(into: UnsafeMutableRawBufferPointer(rebasing: target[filled...]))
            guard count > 0 else {
                let decoded = file.layout.dataByteOffset + rowInFile * file.rowByteCount + filled
                throw file.lengthError(decodedByteCount: decoded)
            }
            filled += count
        }
        if file.layout.isByteSwapped, !keepsByteOrder { ByteOrder.swapInPlace(target, elementByteCount: file.layout.elementType.byteCount) }
        rowInFile += rowCount
        if rowInFile == file.rowCount { try finishFile() }
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
        guard !isFinished else { return }
        isFinished = true
        let file = rows.files[fileIndex]
        let rest = try decoder.skipToEnd()
        if file.layout.endByteOffset + rest != file.endByteOffset {
            throw file.lengthError(decodedByteCount: file.layout.endByteOffset + rest)
        }
    }
}

extension Decoder {
    /// Reads the run to its end, and returns the number of bytes that were left of it.
    func skipToEnd() throws(EngineError) -> Int {
        var byteCount = 0
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = try piece.withMutableBytes { bytes throws(EngineError) -> Int in
                try readNext(into: bytes)
            }
            if count == 0 { return byteCount }
            byteCount += count
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
