/// Data that can only be decoded from its beginning to its end.
protocol SequentialSource: AnyObject {
    /// True if all data has been returned and is verified.
    var isAtEnd: Bool { get }
    /// Decodes the next bytes into `buffer`, until it is full or there are no more.
    ///
    /// - Parameters:
    ///   - buffer: The memory that is filled.
    ///   - filled: The number of bytes that were written; it is right also where an error is thrown.
    func read(into buffer: UnsafeMutableRawBufferPointer, _ filled: inout Int) throws(ContainerError)
}

/// The bytes of a stream as they are.
final class RawStream: SequentialSource {
    private let bytesAhead: ReadAhead
    private var byteOffset = 0
    private(set) var isAtEnd = false

    init(_ bytesAhead: ReadAhead) { self.bytesAhead = bytesAhead }

    func read(into buffer: UnsafeMutableRawBufferPointer, _ filled: inout Int) throws(ContainerError) {
        // Bytes are returned as soon as some have come; the caller asks again for more.
        filled = try bytesAhead.readSome(at: byteOffset, into: buffer)
        byteOffset += filled
        isAtEnd = filled == 0
    }
}
