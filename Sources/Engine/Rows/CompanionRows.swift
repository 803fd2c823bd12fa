/// The companion columns of batches, gathered from wherever they lie. Each worker has its own.
final class CompanionRows {
    private let columns: [CompanionColumn]
    /// The readers of the columns whose rows are read by number.
    private let readers: [(any RandomRowReader)?]
    private var pointers: [UnsafeRawPointer]
    /// The values that were looked up.
    private let lookedUp = CompanionBuffers()
    /// The memory that pointers lead to before the first batch.
    private let empty = ByteBuffer()

    init(_ columns: [CompanionColumn], _ control: RunControl) {
        self.columns = columns
        readers = columns.map { $0.rows?.makeRandomReader?(control) }
        pointers = Array(repeating: UnsafeRawPointer(empty.base), count: columns.count)
    }

    /// Finds the bytes of each column of a batch, from its first row on. The pointers are valid until the next call.
    ///
    /// - Parameter buffers: the columns of the batch's piece that were read in order, where there are any.
    func pointers(for batch: RowBatch, _ buffers: CompanionBuffers?) throws(EngineError) -> [UnsafeRawPointer] {
        for (index, column) in columns.enumerated() {
            switch column.origin {
            case .besidePredictions(let place): pointers[index] = batch.columns[place]
            case .lookedUp(let table, let place):
                pointers[index] = try table.values(
                    of: pointers[place], byteStride: columns[place].rowByteCount, batch, into: lookedUp.buffer(ofColumn: index))
            case .rows:
                if let reader = readers[index] {
                    pointers[index] = try reader.bytes(of: batch.firstRow..<batch.firstRow + batch.rowCount)
                } else if let bytes = buffers?.bytes(ofColumn: index, row: batch.firstRow, rowByteCount: column.rowByteCount) {
                    pointers[index] = bytes
                } else {
                    preconditionFailure("a piece comes with the columns that are read in order")
                }
            }
        }
        return pointers
    }
}
