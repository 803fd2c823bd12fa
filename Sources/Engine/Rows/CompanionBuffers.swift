/// The memory of companion columns that are read in order for one piece, or looked up for one batch. Buffers are used again and again.
final class CompanionBuffers {
    private var buffers: [Int: ByteBuffer] = [:]
    /// The number of the first row in the buffers, which is one before the piece's own first row.
    var firstRow = 0

    /// Returns the buffer of a column, and makes it if there is none.
    func buffer(ofColumn index: Int) -> ByteBuffer {
        if let buffer = buffers[index] { return buffer }
        let made = ByteBuffer()
        buffers[index] = made
        return made
    }

    /// Returns the column's bytes from a row on; nil if the column is not read in order.
    func bytes(ofColumn index: Int, row: Int, rowByteCount: Int) -> UnsafeRawPointer? {
        buffers[index].map { UnsafeRawPointer($0.base) + (row - firstRow) * rowByteCount }
    }
}
