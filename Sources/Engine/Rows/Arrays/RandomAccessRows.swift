internal import Container
internal import Elements
internal import Formats

/// A reader of rows by their numbers, from arrays that allow random access. Each worker has its own. It keeps the bytes that it decoded
/// last, since neighbouring batches ask for neighbouring rows.
final class RandomAccessRows: RandomRowReader {
    private let source: ConcatenatedArrays
    private let decoder: Decoder
    /// The decoded bytes of one file.
    private let decoded = ByteBuffer()
    /// The index of this file; -1 for none.
    private var decodedFile = -1
    /// The range that the bytes cover of the file's decoded bytes.
    private var decodedBytes = 0..<0
    /// The rows that are put together from several files, or swapped to the machine's byte order.
    private let assembled = ByteBuffer()

    init(_ source: ConcatenatedArrays, options: ContainerOptions) {
        self.source = source
        decoder = Decoder(options: options)
    }

    func bytes(of rows: Range<Int>) throws(EngineError) -> UnsafeRawPointer {
        guard !rows.isEmpty else { return UnsafeRawPointer(assembled.base) }
        let first = source.locate(rows.lowerBound)
        let firstFile = source.files[first.file]
        let byteCount = firstFile.rowByteCount
        if first.row + rows.count <= firstFile.rowCount, !firstFile.layout.isByteSwapped {
            return try read(first.file, rows: first.row..<first.row + rows.count)
        }
        assembled.reserve(rows.count * byteCount)
        var row = rows.lowerBound
        while row < rows.upperBound {
            let place = source.locate(row)
            let file = source.files[place.file]
            let count = min(rows.upperBound - row, file.rowCount - place.row)
            let source = try read(place.file, rows: place.row..<place.row + count)
            let target = assembled.room(from: (row - rows.lowerBound) * byteCount, count: count * byteCount)
            target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: count * byteCount))
            if file.layout.isByteSwapped { ByteOrder.swapInPlace(target, elementByteCount: file.layout.elementType.byteCount) }
            row += count
        }
        return UnsafeRawPointer(assembled.base)
    }

    /// Reads the bytes of rows of one file, as they are stored.
    private func read(_ fileIndex: Int, rows: Range<Int>) throws(EngineError) -> UnsafeRawPointer {
        let file = source.files[fileIndex]
        let byteCount = file.rowByteCount
        let start = file.layout.dataByteOffset + rows.lowerBound * byteCount
        let wanted = start..<start + rows.count * byteCount
        let isOfFile = decodedFile == fileIndex
        if !isOfFile || !(decodedBytes.lowerBound <= wanted.lowerBound && wanted.upperBound <= decodedBytes.upperBound) {
            decodedFile = -1
            let container = file.container
            var covered = wanted
            // The end of the range that was decoded before is kept.
            var keptByteCount = 0
            if container.compression == .none {
                decoder.start(container, decodedBytes: wanted)
            } else {
                let frames = container.frames
                guard let first = frames.index(ofFrameContainingDecodedByte: wanted.lowerBound),
                    let last = frames.index(ofFrameContainingDecodedByte: wanted.upperBound - 1)
                else { throw file.lengthError(decodedByteCount: container.decodedByteCount ?? 0) }
                covered = frames[first].decodedByteOffset..<frames[last].decodedByteOffset + frames[last].decodedByteCount
                var firstMissing = first
                if isOfFile, decodedBytes.contains(wanted.lowerBound),
                    let next = frames.index(ofFrameContainingDecodedByte: decodedBytes.upperBound)
                {
                    firstMissing = next
                    covered = wanted.lowerBound..<covered.upperBound
                    keptByteCount = decodedBytes.upperBound - wanted.lowerBound
                    decoded.base.copyMemory(from: decoded.base + (wanted.lowerBound - decodedBytes.lowerBound), byteCount: keptByteCount)
                }
                decoder.start(container, frames: firstMissing..<last + 1)
            }
            decoded.reserve(covered.count, keeping: keptByteCount)
            try decoder.fill(decoded.room(from: keptByteCount, count: covered.count - keptByteCount), path: file.path)
            decodedBytes = covered
            decodedFile = fileIndex
        }
        return UnsafeRawPointer(decoded.base) + (wanted.lowerBound - decodedBytes.lowerBound)
    }
}
