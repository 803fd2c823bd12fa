/// The companion columns of one piece, as far as they are read in order; used again and again.
final class CompanionBuffers {
    private var buffers: [Int: ByteBuffer] = [:]
    /// The number of the first row in the buffers: one before the piece's own.
    var firstRow = 0

    func buffer(ofColumn index: Int) -> ByteBuffer {
        if let buffer = buffers[index] { return buffer }
        let made = ByteBuffer()
        buffers[index] = made
        return made
    }

    /// The column's bytes from a row on.
    func bytes(ofColumn index: Int, row: Int, rowByteCount: Int) -> UnsafeRawPointer? {
        buffers[index].map { UnsafeRawPointer($0.base) + (row - firstRow) * rowByteCount }
    }
}
