internal import Container
internal import Formats

/// A stretch of one array file that one worker decodes.
///
/// Frames are cut at bytes, so a unit may begin and end inside rows. Each unit is at least as long as a row. So a row begins in every unit,
/// and a row has pieces in two units at most.
struct ArrayUnit: Sendable {
    let fileIndex: Int
    let span: FileSpan
    /// The range of the file's decoded bytes that the unit covers, without the header and the bytes after the last row.
    let decodedBytes: Range<Int>
    /// The number of bytes before `decodedBytes` in the unit: the header, in a file's first unit, and other arrays of the file.
    let skippedByteCount: Int
    /// The number of bytes after `decodedBytes` in the unit, which belong to other arrays of the file.
    let trailingByteCount: Int
    /// The rows that begin in the unit, numbered in the file.
    let rows: Range<Int>
    /// The number of bytes in the unit that end a row from the unit before.
    let headByteCount: Int
    /// The number of bytes in the unit that begin a row which goes on in the next unit.
    let tailByteCount: Int
}

extension ArrayUnit {
    /// The least size of a unit in decoded bytes, if the file is as large.
    static let leastByteCount = 2 << 20
    /// The approximate limit for the units of a file. It keeps the plan of a huge file small.
    static let countLimit = 16384

    /// Cuts a file into units. The cut depends on the file alone, and not on threads. O(frames).
    static func cut(_ file: ArrayFile, fileIndex: Int) -> [ArrayUnit] {
        let data = file.dataBytes
        let rowByteCount = file.rowByteCount
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
                // A small remainder is taken along.
                let end = data.upperBound - start < step + leastByteCount ? data.upperBound : start + step
                units.append(unit(.bytes(start..<end), decoded: start..<end))
                start = end
            }
            return units
        }
        let frames = file.container.frames
        // A file that holds only this array is read whole, with its header and the bytes that may follow. In other files the frames with a
        // part of the array are read.
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
