internal import Container
internal import Formats

/// A stretch of one array file that one worker decodes.
///
/// Frames are cut at bytes, so a unit begins and ends inside rows. Each unit is at least as long as a row: it holds the beginning of one,
/// and a row has pieces in two units at most.
struct ArrayUnit: Sendable {
    let fileIndex: Int
    let span: FileSpan
    /// The range of the file's decoded bytes that it covers, without the header and what follows the last row.
    let decodedBytes: Range<Int>
    /// The number of bytes before `decodedBytes` in the unit: the header, in a file's first unit, and other arrays of the file.
    let skippedByteCount: Int
    /// The number of bytes after `decodedBytes` in the unit, which belong to other arrays of the file.
    let trailingByteCount: Int
    /// The rows that begin in it, numbered in the file.
    let rows: Range<Int>
    /// The size of the end of the row that begins before the unit.
    let headByteCount: Int
    /// The size of the beginning of the row that ends after the unit.
    let tailByteCount: Int
}

extension ArrayUnit {
    /// The least size of a unit in decoded bytes, where the file has as many.
    static let leastByteCount = 2 << 20
    /// The most units of a file, about, so that the plan of a huge file stays small.
    static let countLimit = 16384

    /// Cuts a file. The cut depends on the file alone, not on threads. O(frames).
    static func cut(_ file: ArrayFile, fileIndex: Int) -> [ArrayUnit] {
        let data = file.dataBytes
        let rowByteCount = file.layout.rowByteCount
        let target = max(leastByteCount, 2 * rowByteCount, data.count / countLimit)
        func unit(_ span: FileSpan, decoded: Range<Int>) -> ArrayUnit {
            let inside = decoded.clamped(to: data)
            let before = inside.lowerBound - data.lowerBound
            let end = inside.upperBound - data.lowerBound
            let firstRow = (before + rowByteCount - 1) / rowByteCount
            let endRow = (end + rowByteCount - 1) / rowByteCount
            return ArrayUnit(
                fileIndex: fileIndex, span: span, decodedBytes: inside, skippedByteCount: inside.lowerBound - decoded.lowerBound,
                trailingByteCount: decoded.upperBound - inside.upperBound, rows: firstRow..<endRow,
                headByteCount: firstRow * rowByteCount - before,
                tailByteCount: end - (end / rowByteCount) * rowByteCount)
        }
        guard file.container.isCuttable else { return [unit(.whole, decoded: 0..<file.endByteOffset)] }
        var units: [ArrayUnit] = []
        if file.container.compression == .none {
            let step = target / rowByteCount * rowByteCount
            var start = data.lowerBound
            while start < data.upperBound {
                // What would be left is taken along if it is small.
                let end = data.upperBound - start < step + leastByteCount ? data.upperBound : start + step
                units.append(unit(.bytes(start..<end), decoded: start..<end))
                start = end
            }
            return units
        }
        let frames = file.container.frames
        // The whole file where the array is all that it holds, with its header and what may follow; else the frames that have a part of it.
        var first = 0
        var last = frames.count - 1
        if !file.isAlone, let begin = frames.index(ofFrameContainingDecodedByte: data.lowerBound),
            let end = frames.index(ofFrameContainingDecodedByte: max(data.lowerBound, data.upperBound - 1))
        {
            (first, last) = (begin, end)
        }
        var firstDecoded = frames[first].decodedByteOffset
        for index in first...last {
            let end = frames[index].decodedByteOffset + frames[index].decodedByteCount
            let dataByteCount = end - max(firstDecoded, data.lowerBound)
            guard index == last || (dataByteCount >= target && data.upperBound - end >= target) else { continue }
            units.append(unit(.frames(first..<index + 1), decoded: firstDecoded..<end))
            first = index + 1
            firstDecoded = end
        }
        return units
    }
}
