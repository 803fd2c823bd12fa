internal import Container
internal import Elements
internal import Formats

/// A reader of array units. It decodes a block that stays in a core's cache, and hands its rows over before it decodes the next. Its memory
/// is a frame and a row; nothing grows with the dump.
final class ArrayUnitReader: UnitReader {
    private let source: ArrayRowSource
    private let splitRows: SplitRowStore
    private let control: RunControl
    private let decoder: Decoder
    private let buffer = ByteBuffer()
    /// The row whose bytes came with two units.
    private let splitRow = ByteBuffer()

    /// The number of bytes that are decoded before their rows are handed over. A block of this size stays in a core's cache.
    static let blockByteCount = 512 << 10

    init(_ source: ArrayRowSource, _ splitRows: SplitRowStore, _ control: RunControl) {
        self.source = source
        self.splitRows = splitRows
        self.control = control
        decoder = Decoder(options: source.options)
    }

    func read(unit unitIndex: Int, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
        let unit = source.units[unitIndex]
        let file = source.arrays.files[unit.fileIndex]
        let rowByteCount = file.rowByteCount
        decoder.start(file.container, unit.span)
        // These bytes of the unit are still to come before its first row: the header, and then the end of the row that began in the unit
        // before.
        var skipping = unit.skippedByteCount
        var headMissing = unit.headByteCount
        var nextRow = unit.rows.lowerBound
        var filled = 0
        var damage: EngineError?
        var remaining = unit.skippedByteCount + unit.decodedBytes.count + unit.trailingByteCount
        while true {
            // A unit may be a whole file, so cancellation is checked before every block.
            try control.checkCancellation()
            let wanted = decoder.nextByteCount
            if wanted > 0 {
                // The room depends on the unit alone, and not on the size to which this reader's buffer has grown: the rows that are
                // gathered before a damaged frame must not depend on threads. The room is never less than a block, or tiny frames would
                // make the buffer grow by bytes.
                let room = max(wanted, Self.blockByteCount)
                // There is room for the whole row at once: growing by blocks would copy a wide row again and again.
                buffer.reserve(max(filled, rowByteCount) + room, keeping: filled)
                var count = 0
                do throws(EngineError) {
                    count = try decoder.readNext(into: buffer.room(from: filled, count: room))
                } catch {
                    // The rows before the damage are handed over first, and their errors come first.
                    damage = error
                }
                filled += count
                remaining -= count
                control.progress.advance(by: count)
                guard remaining >= 0 else { throw file.lengthError(decodedByteCount: file.endByteOffset - remaining) }
                if count == 0, remaining > 0, damage == nil {
                    throw file.lengthError(decodedByteCount: file.endByteOffset - remaining)
                }
                // Small frames are gathered.
                if count > 0, filled < Self.blockByteCount, remaining > 0 { continue }
            } else if remaining > 0 {
                throw file.lengthError(decodedByteCount: file.endByteOffset - remaining)
            }
            var start = min(skipping, filled)
            skipping -= start
            if headMissing > 0 {
                if filled - start >= headMissing {
                    let end = Array(UnsafeRawBufferPointer(buffer.room(from: start, count: headMissing)))
                    start += headMissing
                    headMissing = 0
                    if let beginning = splitRows.bring(end: end, of: unitIndex, by: self) {
                        try join(beginning, end, row: unit.rows.lowerBound - 1, inFile: unit.fileIndex, body)
                    }
                } else if let damage {
                    throw damage
                } else if wanted > 0 {
                    // This is never the last piece, since a unit is longer than a row.
                    move(from: start, &filled)
                    continue
                }
            }
            let trailing = max(0, unit.trailingByteCount - remaining)
            let rowCount = max(0, filled - trailing - start) / rowByteCount
            if rowCount > 0 {
                try hand(buffer.base + start, rows: nextRow..<nextRow + rowCount, inFile: unit.fileIndex, body)
                nextRow += rowCount
                start += rowCount * rowByteCount
            }
            move(from: start, &filled)
            if let damage { throw damage }
            // A unit that is done has been read to its end, where a frame's checksum is.
            if wanted == 0 { break }
        }
        if unit.tailByteCount > 0 {
            let beginning = Array(UnsafeRawBufferPointer(buffer.room(from: 0, count: filled - unit.trailingByteCount)))
            if let end = splitRows.bring(beginning: beginning, before: unitIndex + 1, by: self) {
                try join(beginning, end, row: nextRow, inFile: unit.fileIndex, body)
            }
        }
    }

    /// Moves the bytes from `start` on to the beginning of the buffer.
    private func move(from start: Int, _ filled: inout Int) {
        if start > 0 { buffer.base.copyMemory(from: buffer.base + start, byteCount: filled - start) }
        filled -= start
    }

    /// Hands over a row whose two pieces have met.
    private func join(
        _ beginning: [UInt8], _ end: [UInt8], row: Int, inFile fileIndex: Int, _ body: (RowBatch) throws(EngineError) -> Void
    ) throws(EngineError) {
        splitRow.reserve(beginning.count + end.count)
        splitRow.room(from: 0, count: beginning.count).copyBytes(from: beginning)
        splitRow.room(from: beginning.count, count: end.count).copyBytes(from: end)
        try hand(splitRow.base, rows: row..<row + 1, inFile: fileIndex, body)
    }

    /// Hands over whole rows of one file.
    private func hand(
        _ values: UnsafeMutableRawPointer, rows: Range<Int>, inFile fileIndex: Int, _ body: (RowBatch) throws(EngineError) -> Void
    ) throws(EngineError) {
        let arrays = source.arrays
        let file = arrays.files[fileIndex]
        let layout = file.layout
        if layout.isByteSwapped {
            ByteOrder.swapInPlace(
                UnsafeMutableRawBufferPointer(start: values, count: rows.count * file.rowByteCount),
                elementByteCount: layout.elementType.byteCount)
        }
        try body(
            RowBatch(
                firstRow: arrays.firstRows[fileIndex] + rows.lowerBound, rowCount: rows.count, values: values,
                elementType: layout.elementType, place: { arrays.place(ofRow: rows.lowerBound + $0, inFile: fileIndex) }))
    }
}
