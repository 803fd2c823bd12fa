/// What can only be decoded from its beginning to its end.
protocol SequentialSource: AnyObject {
    /// Whether all has been given out, and was found right.
    var isAtEnd: Bool { get }
    /// Decodes what comes next into `buffer`, until it is full or there is no more.
    ///
    /// - Parameter filled: How many bytes were written; right also where an error is thrown.
    func read(into buffer: UnsafeMutableRawBufferPointer, _ filled: inout Int) throws(ContainerError)
}

/// A stream's bytes as they are.
final class RawStream: SequentialSource {
    private let bytesAhead: ReadAhead
    private var byteOffset = 0
    private(set) var isAtEnd = false

    init(_ bytesAhead: ReadAhead) { self.bytesAhead = bytesAhead }

    func read(into buffer: UnsafeMutableRawBufferPointer, _ filled: inout Int) throws(ContainerError) {
        // What has come is given out: whoever wants more asks again.
        filled = try bytesAhead.readSome(at: byteOffset, into: buffer)
        byteOffset += filled
        isAtEnd = filled == 0
    }
}
