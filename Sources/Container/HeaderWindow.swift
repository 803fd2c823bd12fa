/// A small window onto a file, for a walk forwards from header to header.
///
/// It reads up to 64 KiB at once where headers are close together, and a few bytes where they are far apart.
final class HeaderWindow {
    /// The number of bytes that one look gives: a frame header has at most 18.
    static let lookByteCount = 32
    private static let capacity = 64 << 10
    private static let shortHop = 4096

    private let file: StoredBytes
    private let buffer: UnsafeMutableRawBufferPointer
    private var byteOffset = 0
    private var byteCount = 0
    private var readByteCount = HeaderWindow.shortHop

    init(_ file: StoredBytes) {
        self.file = file
        buffer = .allocate(byteCount: Self.capacity, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// The next `lookByteCount` bytes from `offset` on, fewer only before the end of the file.
    ///
    /// The bytes stay valid until the next call.
    func look(at offset: Int) throws(ContainerError) -> UnsafeRawBufferPointer {
        let wanted = max(0, min(Self.lookByteCount, file.byteCount - offset))
        if offset < byteOffset || offset + wanted > byteOffset + byteCount {
            let hop = offset - (byteOffset + byteCount)
            readByteCount = abs(hop) < Self.shortHop ? min(readByteCount * 4, Self.capacity) : Self.lookByteCount
            let count = min(readByteCount, file.byteCount - offset)
            byteCount = 0
            if count > 0 { try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])) }
            byteOffset = offset
            byteCount = max(0, count)
        }
        let start = offset - byteOffset
        return UnsafeRawBufferPointer(rebasing: buffer[start..<start + wanted])
    }

    /// A copy of the bytes that `look(at:)` gives.
    func copy(at offset: Int) throws(ContainerError) -> [UInt8] { try Array(look(at: offset)) }
}
