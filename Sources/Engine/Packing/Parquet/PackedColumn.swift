internal import Elements
internal import Formats
internal import Messages
internal import Parquet

/// The rows of one page of a column, before they are encoded. It is used again and again.
final class PackedPage {
    /// The values that are there: numbers, or texts behind their lengths.
    let values = ByteBuffer()
    var byteCount = 0
    var rowCount = 0
    /// For each row 1 if it is there and 0 if it is null; empty if no row is null.
    var validity: [UInt8] = []

    /// The rows as the encoder takes them. They are valid until the page is used again.
    var rows: PageRows {
        PageRows(
            rowCount: rowCount, values: UnsafeRawBufferPointer(values.room(from: 0, count: byteCount)),
            validity: validity.isEmpty ? nil : validity)
    }

    /// Adds bytes after the values.
    func append(_ bytes: UnsafeRawBufferPointer) {
        makeRoom(bytes.count).copyMemory(from: bytes)
    }

    /// Adds room for bytes after the values, and returns it.
    func makeRoom(_ count: Int) -> UnsafeMutableRawBufferPointer {
        // The buffer grows to the asked size and no further, so that it is asked for twice as much as before.
        if byteCount + count > values.capacity { values.reserve(max(byteCount + count, 2 * values.capacity), keeping: byteCount) }
        defer { byteCount += count }
        return values.room(from: byteCount, count: count)
    }
}

/// A reader of the rows of one column of a Parquet file that is packed, in order.
protocol PackedColumnReader: AnyObject {
    /// Reads the next rows to a page, as many as were asked for or, where rows differ in size, fewer; none only after the last row.
    func read(_ rowCount: Int, into page: PackedPage) throws(EngineError)
}

/// A reader of numbers of any source.
final class PackedNumberReader: PackedColumnReader {
    private let cursor: any RowCursor
    private let rowByteCount: Int

    init(_ rows: any RowSource, _ control: RunControl) throws(EngineError) {
        cursor = try rows.makeCursor(control)
        rowByteCount = rows.layout.rowByteCount
    }

    func read(_ rowCount: Int, into page: PackedPage) throws(EngineError) {
        page.rowCount = try cursor.read(rowCount: rowCount, into: page.values, at: 0)
        page.byteCount = page.rowCount * rowByteCount
    }
}

/// A reader of a column of a table as it is, with its nulls: numbers, truth values, texts.
final class PackedTableReader: PackedColumnReader {
    private let groupRowCounts: [Int]
    private let leaf: StoredColumn
    private let cursor: any ColumnarCursor
    private var group = -1
    private var rowsLeft = 0

    /// The number of rows that are read before the size of texts is looked at.
    private static let textRowCount = 1024
    /// The number of bytes of texts after which a page ends.
    private static let textByteCount = 1 << 20

    init(_ file: any ColumnarFile, _ leaf: StoredColumn) {
        groupRowCounts = file.groupRowCounts
        self.leaf = leaf
        cursor = file.makeCursor(leaf, reusing: nil)
    }

    func read(_ rowCount: Int, into page: PackedPage) throws(EngineError) {
        (page.rowCount, page.byteCount) = (0, 0)
        page.validity.removeAll(keepingCapacity: true)
        try EngineError.ofColumns { () throws(ColumnarError) in
            while page.rowCount < rowCount, page.byteCount < Self.textByteCount || leaf.byteCount > 0 {
                guard try advance() else { break }
                let limit = leaf.byteCount > 0 ? rowsLeft : min(rowsLeft, Self.textRowCount)
                let count = min(rowCount - page.rowCount, limit)
                try cursor.readValues(count) { rows, segment in add(rows.count, segment, to: page) }
                page.rowCount += count
                rowsLeft -= count
            }
        }
        if page.validity.allSatisfy({ $0 == 1 }) { page.validity.removeAll(keepingCapacity: true) }
    }

    /// Makes sure that a row is left in the group, and goes to the next one if none is. Returns false after the last one.
    private func advance() throws(ColumnarError) -> Bool {
        while rowsLeft == 0 {
            if group >= 0 { try cursor.finish() }
            guard group + 1 < groupRowCounts.count else { return false }
            group += 1
            try cursor.begin(group: group, rows: 0..<groupRowCounts[group], valuesPerRow: nil)
            rowsLeft = groupRowCounts[group]
        }
        return true
    }

    private func add(_ count: Int, _ segment: ColumnarSegment, to page: PackedPage) {
        guard case .values(let values, let from) = segment else {
            page.validity += repeatElement(0, count: count)
            return
        }
        page.validity += repeatElement(1, count: count)
        if let type = leaf.elementType {
            guard let room = page.makeRoom(count * type.byteCount).baseAddress else { return }
            values.copyElements(from: from, count: count, into: room)
            return
        }
        for index in from..<from + count {
            let text = values.spans[index]
            withUnsafeBytes(of: UInt32(text.count).littleEndian) { page.append($0) }
            page.append(text)
        }
    }
}
