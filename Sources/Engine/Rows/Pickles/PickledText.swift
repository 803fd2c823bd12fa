internal import Container
internal import Formats
internal import Locking
internal import Messages

/// The bytes of an array that stand in a pickle as a text, as protocol 2 has them. They are decoded as a whole when they are first read.
final class PickledText: ByteSource {
    private let container: ContainerFile
    private let range: Range<Int>
    private let options: ContainerOptions
    private let decodedByteCount: Int
    private let decoded = Lock<[UInt8]?>(nil)

    /// Makes a source that reads nothing yet.
    ///
    /// - Parameters:
    ///   - range: the text's bytes in the container.
    ///   - decodedByteCount: the number of its characters.
    /// - Throws: `EngineError` if the bytes are more than may be kept in memory.
    init(_ range: Range<Int>, decodedByteCount: Int, of container: ContainerFile, options: ContainerOptions) throws(EngineError) {
        guard decodedByteCount <= options.maximumWindowByteCount else {
            throw EngineError(
                .data, path: container.path,
                "an array of \(decodedByteCount) bytes is stored as text, which is kept in memory, and "
                    + "\(options.maximumWindowByteCount) may be",
                remedy: "save it with protocol=4, or as a tensor; or allow more with \(setting: .maximumWindow)")
        }
        self.container = container
        self.range = range
        self.options = options
        self.decodedByteCount = decodedByteCount
    }

    var name: String { container.path }
    var byteCount: Int? { decodedByteCount }
    var access: ByteAccess { .random }

    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        let bytes = try decoded.withLock { decoded throws(ByteSourceError) in
            if let decoded { return decoded }
            let bytes = try decode()
            decoded = bytes
            return bytes
        }
        let count = max(0, min(buffer.count, bytes.count - byteOffset))
        bytes.withBytes { bytes in buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[byteOffset..<byteOffset + count])) }
        return count
    }

    private func decode() throws(ByteSourceError) -> [UInt8] {
        let decoder = Decoder(options: options)
        var position = range.lowerBound
        if container.compression == .none {
            decoder.start(container, decodedBytes: range)
        } else {
            decoder.start(wholeOf: container)
            position = 0
        }
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(decodedByteCount)
        var text = PickledTextDecoder()
        var room = piece
        while position < range.upperBound {
            let end = position < range.lowerBound ? range.lowerBound : range.upperBound
            let wanted = min(piece.count, end - position)
            var count = 0
            do throws(ContainerError) {
                count = try piece.withMutableBytes { bytes throws(ContainerError) in
                    try decoder.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<wanted]))
                }
            } catch {
                throw ByteSourceError(error)
            }
            guard count > 0 else { throw damage("the file ends inside an array", at: position) }
            if position >= range.lowerBound {
                let decodedCount = piece.withBytes { piece in
                    room.withMutableBytes { text.decode(UnsafeRawBufferPointer(rebasing: piece[..<count]), into: $0) }
                }
                guard let decodedCount, bytes.count <= decodedByteCount - decodedCount else {
                    throw damage("an array's text has other characters, or more, than its bytes", at: position)
                }
                bytes += room[..<decodedCount]
            }
            position += count
        }
        guard bytes.count == decodedByteCount, text.isAtEnd else {
            throw damage("an array's text has fewer characters than its bytes", at: position)
        }
        return bytes
    }

    private func damage(_ problem: String, at byteOffset: Int) -> ByteSourceError {
        ByteSourceError(kind: .damaged, byteOffset: byteOffset, problem: problem, remedy: "write or copy it again")
    }
}
