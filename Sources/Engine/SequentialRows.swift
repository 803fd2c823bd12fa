internal import Container
internal import Formats

/// Rows in their order, from files that cannot be cut: decoded by one at a time.
final class SequentialRows {
    private let rows: RowFiles
    private let decoder: Decoder
    private let keepsByteOrder: Bool
    private var fileIndex = -1
    /// The next row of the file, and of all.
    private var rowInFile = 0
    private(set) var nextRow = 0
    private var started = false

    /// `keepsByteOrder`: give the bytes as they are stored, not in the machine's byte order.
    init(_ rows: RowFiles, options: ContainerOptions, keepsByteOrder: Bool = false) {
        self.rows = rows
        self.keepsByteOrder = keepsByteOrder
        decoder = Decoder(options: options)
    }

    /// How many of the rows that come next lie in one file.
    func availableRowCount() throws(EngineError) -> (fileIndex: Int, rowInFile: Int, rowCount: Int) {
        while fileIndex < 0 || rowInFile == rows.files[fileIndex].rowCount {
            if fileIndex >= 0 { try finishFile() }
            guard fileIndex + 1 < rows.files.count else { return (fileIndex, 0, 0) }
            fileIndex += 1
            rowInFile = 0
            let file = rows.files[fileIndex]
            decoder.start(wholeOf: file.container)
            try skip(file.layout.dataByteOffset, of: file)
        }
        return (fileIndex, rowInFile, rows.files[fileIndex].rowCount - rowInFile)
    }

    /// Decodes the next `rowCount` rows, which lie in one file, into `buffer` from `byteOffset` on, in the machine's byte order
    /// unless the stored one is kept.
    func read(rowCount: Int, into buffer: ByteBuffer, at byteOffset: Int = 0) throws(EngineError) {
        let file = rows.files[fileIndex]
        let byteCount = rowCount * file.layout.rowByteCount
        buffer.reserve(byteOffset + byteCount, keeping: byteOffset)
        let target = buffer.room(from: byteOffset, count: byteCount)
        var filled = 0
        while filled < byteCount {
            let count: Int
            do {
                count = try decoder.read(into: UnsafeMutableRawBufferPointer(rebasing: target[filled...]))
            } catch {
                throw EngineError(error)
            }
            guard count > 0 else {
                let decoded = file.layout.dataByteOffset + rowInFile * file.layout.rowByteCount + filled
                throw file.lengthError(decodedByteCount: decoded)
            }
            filled += count
        }
        if file.layout.isByteSwapped, !keepsByteOrder { ByteOrder.swapInPlace(target, elementByteCount: file.layout.elementType.byteCount) }
        rowInFile += rowCount
        nextRow += rowCount
        if rowInFile == file.rowCount { try finishFile() }
    }

    /// The same for rows that may lie in several files, all of one element type.
    func readAcrossFiles(rowCount: Int, into buffer: ByteBuffer) throws(EngineError) {
        var missing = rowCount
        var filled = 0
        while missing > 0 {
            let available = try availableRowCount()
            // The plan has counted the rows.
            guard available.rowCount > 0 else { return }
            let count = min(missing, available.rowCount)
            try read(rowCount: count, into: buffer, at: filled)
            filled += count * rows.files[available.fileIndex].layout.rowByteCount
            missing -= count
        }
    }

    /// After the last row: nothing may follow, and the last frame's checksum is read.
    private func finishFile() throws(EngineError) {
        guard rowInFile >= 0 else { return }
        let file = rows.files[fileIndex]
        var rest = 0
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = try piece.withMutableBytes { bytes throws(EngineError) -> Int in
                do throws(ContainerError) { return try decoder.read(into: bytes) } catch { throw EngineError(error) }
            }
            if count == 0 { break }
            rest += count
        }
        if rest > 0 { throw file.lengthError(decodedByteCount: file.layout.endByteOffset + rest) }
    }

    private func skip(_ byteCount: Int, of file: ArrayFile) throws(EngineError) {
        var header = [UInt8](repeating: 0, count: byteCount)
        try header.withMutableBytes { bytes throws(EngineError) in try decoder.fill(bytes, from: file) }
    }
}
