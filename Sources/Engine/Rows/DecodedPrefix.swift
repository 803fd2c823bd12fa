internal import Container

/// The beginning of a file's decoded bytes, as far as it has been asked for.
struct DecodedPrefix {
    private(set) var bytes: [UInt8] = []
    /// True if `bytes` are all bytes of the file.
    private(set) var isWhole = false
    private let decoder: Decoder

    init(of container: ContainerFile, options: ContainerOptions) {
        decoder = Decoder(options: options)
        decoder.start(wholeOf: container)
    }

    /// Reads on until there are `byteCount` bytes, or all bytes of the file.
    mutating func read(upTo byteCount: Int) throws(EngineError) {
        // One read may give only a few bytes, since frames may be small.
        while bytes.count < byteCount, !isWhole {
            var piece = [UInt8](repeating: 0, count: min(byteCount - bytes.count, 1 << 20))
            let count = try piece.withMutableBytes { bytes throws(EngineError) -> Int in
                do throws(ContainerError) { return try decoder.read(into: bytes) } catch { throw EngineError(error) }
            }
            isWhole = count == 0
            bytes += piece.prefix(count)
        }
    }
}
