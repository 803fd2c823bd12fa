internal import Elements

/// The rows of an array that lies in memory.
///
/// The caller's memory needs no room after its end. Kernels read a little past the last row, so the last rows are copied.
///
/// `@unchecked Sendable`: the memory is only read, and the maker of a source keeps it alive and unchanged as long as the source is used.
struct MemoryRowSource: UnitRowSource, @unchecked Sendable {
    let layout: RowLayout
    private let bytes: UnsafeRawBufferPointer
    private let totalRowCount: Int
    private let rowsPerUnit: Int
    /// The word for the rows in messages.
    private let name: String

    /// The approximate number of bytes in a unit.
    private static let unitByteCount = 2 << 20
    /// The approximate number of bytes in a batch.
    private static let batchByteCount = 512 << 10

    /// Makes a source of rows in memory.
    ///
    /// - Parameter bytes: whole rows in the machine's byte order.
    init(_ bytes: UnsafeRawBufferPointer, _ elementType: ElementType, valuesPerRow: Int, rowCount: Int, name: String) {
        layout = RowLayout(elementType: elementType, valuesPerRow: valuesPerRow)
        self.bytes = bytes
        totalRowCount = rowCount
        self.name = name
        rowsPerUnit = max(1, Self.unitByteCount / max(1, layout.rowByteCount))
    }

    var path: String? { name }
    var rowCount: Int? { totalRowCount }
    var decodedByteCount: Int? { bytes.count }
    var unitCount: Int { totalRowCount == 0 ? 0 : (totalRowCount - 1) / rowsPerUnit + 1 }

    func rows(ofUnit index: Int) -> Range<Int> {
        index * rowsPerUnit..<min(totalRowCount, (index + 1) * rowsPerUnit)
    }

    func place(ofRow row: Int) -> RowPlace { RowPlace(path: name, row: row, counting: .inMemory) }

    func makeReader(_ control: RunControl) -> sending Reader { Reader(self, control) }

    var makeRandomReader: (@Sendable (_ control: RunControl) -> sending any RandomRowReader)? { { Reader(self, $0) } }

    /// Copies rows to the start of a buffer.
    private func copy(_ rows: Range<Int>, to buffer: ByteBuffer) {
        let byteCount = rows.count * layout.rowByteCount
        buffer.reserve(byteCount)
        guard byteCount > 0 else { return }
        buffer.room(from: 0, count: byteCount).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[rows.lowerBound * layout.rowByteCount..<rows.upperBound * layout.rowByteCount]))
    }

    final class Reader: UnitReader, RandomRowReader {
        private let source: MemoryRowSource
        private let control: RunControl
        private let buffer = ByteBuffer()

        fileprivate init(_ source: MemoryRowSource, _ control: RunControl) {
            self.source = source
            self.control = control
        }

        func read(unit index: Int, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
            let source = source
            let rowByteCount = source.layout.rowByteCount
            var rows = source.rows(ofUnit: index)
            let batchRowCount = max(1, MemoryRowSource.batchByteCount / max(1, rowByteCount))
            while !rows.isEmpty {
                try control.checkCancellation()
                let batch = rows.prefix(batchRowCount)
                let end = batch.endIndex * rowByteCount
                let values: UnsafeRawPointer
                if end + ByteBuffer.slackByteCount <= source.bytes.count, let base = source.bytes.baseAddress {
                    values = base + batch.startIndex * rowByteCount
                } else {
                    source.copy(batch.startIndex..<batch.endIndex, to: buffer)
                    values = UnsafeRawPointer(buffer.base)
                }
                let first = batch.startIndex
                try body(
                    RowBatch(
                        firstRow: first, rowCount: batch.count, values: values, elementType: source.layout.elementType,
                        place: { source.place(ofRow: first + $0) }))
                control.progress.advance(by: batch.count * rowByteCount)
                rows = rows.dropFirst(batchRowCount)
            }
        }

        func bytes(of rows: Range<Int>) throws(EngineError) -> UnsafeRawPointer {
            source.copy(rows, to: buffer)
            return UnsafeRawPointer(buffer.base)
        }
    }
}
