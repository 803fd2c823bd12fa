internal import Container
internal import Formats

/// A stretch of one prediction file that one worker decodes and scores.
///
/// Frames are cut at bytes, so a unit begins and ends inside rows. Each unit is at least as long as a row: it holds the beginning of one,
/// and a row has pieces in two units at most.
struct WorkUnit: Sendable {
    enum Span: Sendable {
        case frames(Range<Int>)
        /// Of a raw file.
        case bytes(Range<Int>)
        /// A file that cannot be cut.
        case whole
    }

    let fileIndex: Int
    let span: Span
    /// Where it lies in the file's decoded bytes, without the header and what follows the last row.
    let decodedBytes: Range<Int>
    /// What stands before `decodedBytes` in the unit: the header, in a file's first; other arrays of the file.
    let skippedByteCount: Int
    /// What stands after them: other arrays of the file.
    let trailingByteCount: Int
    /// The rows that begin in it, numbered in the file.
    let rows: Range<Int>
    /// The end of the row that begins before the unit.
    let headByteCount: Int
    /// The beginning of the row that ends after it.
    let tailByteCount: Int
}

extension WorkUnit {
    /// The least size of a unit, where the file has as much.
    static let leastByteCount = 2 << 20
    /// About the most units of a file, so that the plan of a huge file stays small.
    static let countLimit = 16384

    /// Cuts a file, by the file alone: not by threads.
    static func cut(_ file: ArrayFile, fileIndex: Int) -> [WorkUnit] {
        let data = file.dataBytes
        let rowByteCount = file.layout.rowByteCount
        let target = max(leastByteCount, 2 * rowByteCount, data.count / countLimit)
        func unit(_ span: Span, decoded: Range<Int>) -> WorkUnit {
            let inside = decoded.clamped(to: data)
            let before = inside.lowerBound - data.lowerBound
            let end = inside.upperBound - data.lowerBound
            let firstRow = (before + rowByteCount - 1) / rowByteCount
            let endRow = (end + rowByteCount - 1) / rowByteCount
            return WorkUnit(
                fileIndex: fileIndex, span: span, decodedBytes: inside, skippedByteCount: inside.lowerBound - decoded.lowerBound,
                trailingByteCount: decoded.upperBound - inside.upperBound, rows: firstRow..<endRow,
                headByteCount: firstRow * rowByteCount - before,
                tailByteCount: end - (end / rowByteCount) * rowByteCount)
        }
        guard file.container.isCuttable else { return [unit(.whole, decoded: 0..<file.endByteOffset)] }
        var units: [WorkUnit] = []
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
