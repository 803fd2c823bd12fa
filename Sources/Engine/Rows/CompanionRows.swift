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
    /// True if the rows of tables that are looked up are remembered, for a run that can be resumed.
    var remembersLookedUpRows = false
    /// The rows that were looked up since they were taken, by the indices of their columns.
    private var lookedUpRows: [Int: [UInt32]] = [:]

    /// Returns the rows of tables that were looked up since the last call, by the indices of their columns.
    func takeLookedUpRows() -> [Int: [UInt32]] {
        defer { lookedUpRows = [:] }
        return lookedUpRows
    }

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
                var rows: [UInt32]? = remembersLookedUpRows ? [] : nil
                pointers[index] = try table.values(
                    of: pointers[place], byteStride: columns[place].rowByteCount, batch,
                    into: lookedUp.buffer(ofColumn: index), noting: &rows)
                if let rows { lookedUpRows[index, default: []] += rows }
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
