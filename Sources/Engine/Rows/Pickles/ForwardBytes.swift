internal import Container

/// A reader of some of a file's decoded bytes, each time behind the ones before. What lies between is not read of a raw file, and decoded
/// and dropped of a compressed one.
struct ForwardBytes {
    /// The number of bytes that are read at once, at least.
    private static let pieceByteCount = 64 << 10

    private let container: ContainerFile
    private let decoder: Decoder
    /// The number of bytes that the decoder has given.
    private var decodedByteCount = 0
    private var kept: [UInt8] = []
    private var keptByteOffset = 0

    init(of container: ContainerFile, options: ContainerOptions) {
        self.container = container
        decoder = Decoder(options: options)
        if container.compression != .none { decoder.start(wholeOf: container) }
    }

    /// Returns the bytes from the beginning of `range` on: those of the range and perhaps more, and fewer only if the file ends before.
    mutating func bytes(_ range: Range<Int>) throws(EngineError) -> ArraySlice<UInt8> {
        let keptEnd = keptByteOffset + kept.count
        if range.lowerBound >= keptByteOffset, range.upperBound <= keptEnd { return kept[(range.lowerBound - keptByteOffset)...] }
        let wanted = max(range.count, Self.pieceByteCount)
        if container.compression == .none {
            let count = max(0, min(wanted, container.byteCount - range.lowerBound))
            kept = [UInt8](repeating: 0, count: count)
            keptByteOffset = range.lowerBound
            do throws(ContainerError) {
                let container = container
                try kept.withMutableBytes { bytes throws(ContainerError) in
                    if !bytes.isEmpty { try container.readRaw(at: range.lowerBound, into: bytes) }
                }
            } catch {
                throw EngineError(error)
            }
            return kept[...]
        }
        kept.removeFirst(min(kept.count, max(0, range.lowerBound - keptByteOffset)))
        keptByteOffset = range.lowerBound
        try skip(to: range.lowerBound)
        while kept.count < range.count {
            let piece = try next(wanted - kept.count)
            if piece.isEmpty { break }
            kept += piece
        }
        return kept[...]
    }

    /// Decodes up to a place, if it has not been reached. A file that ends before has no bytes there.
    private mutating func skip(to byteOffset: Int) throws(EngineError) {
        while decodedByteCount < byteOffset, try !next(min(1 << 20, byteOffset - decodedByteCount)).isEmpty {}
    }

    private mutating func next(_ byteCount: Int) throws(EngineError) -> ArraySlice<UInt8> {
        var piece = [UInt8](repeating: 0, count: byteCount)
        let decoder = decoder
        let count = try piece.withMutableBytes { bytes throws(EngineError) in try decoder.readNext(into: bytes) }
        decodedByteCount += count
        return piece.prefix(count)
    }
}
