internal import Container
internal import Formats

/// The beginning of a file's decoded bytes, as far as it has been asked for.
struct DecodedPrefix {
    private(set) var bytes: [UInt8] = []
    /// True if `bytes` are all bytes of the file.
    private(set) var isWhole = false
    private let container: ContainerFile
    private let decoder: Decoder
    private let recordByteCountLimit: Int
    /// Looks at the bytes that have come where the writer of a stream stalls; it may throw.
    private let whenStalled: (([UInt8]) throws(EngineError) -> Void)?
    /// The number of bytes that it has looked at.
    private var seenByteCount = 0

    /// The number of bytes that are kept of a stream beyond what was looked at: a decoder reads ahead.
    private static let keptByteCount = 8 << 20

    /// Begins before the first byte.
    ///
    /// - Parameters:
    ///   - recordByteCountLimit: the most bytes of a record.
    ///   - whenStalled: looks at the bytes that have come where the writer of a stream stalls.
    init(
        of container: ContainerFile, options: ContainerOptions, recordByteCountLimit: Int = RecordFormats.recordByteCountLimit,
        whenStalled: (([UInt8]) throws(EngineError) -> Void)? = nil
    ) {
        self.whenStalled = whenStalled
        self.container = container
        self.recordByteCountLimit = recordByteCountLimit
        decoder = Decoder(options: options)
        decoder.start(wholeOf: container)
    }

    /// Reads on until there are `byteCount` bytes, or all bytes of the file.
    mutating func read(upTo byteCount: Int) throws(EngineError) {
        if byteCount > bytes.capacity { bytes.reserveCapacity(min(byteCount, 1 << 26)) }
        // One read may give only a few bytes, since frames may be small.
        while bytes.count < byteCount, !isWhole {
            var piece = [UInt8](repeating: 0, count: min(byteCount - bytes.count, 1 << 20))
            let count = try piece.withMutableBytes { bytes throws(EngineError) -> Int? in try decoder.readUnlessStalled(into: bytes) }
            guard let count else {
                if bytes.count > seenByteCount { try whenStalled?(bytes) }
                seenByteCount = bytes.count
                continue
            }
            isWhole = count == 0
            bytes += piece.prefix(count)
        }
    }

    /// Reads on until `look` knows the format.
    ///
    /// - Parameter look: recognises the format from the first bytes; it is told whether they are all.
    mutating func recognise<Found: Sendable>(
        _ look: (UnsafeRawBufferPointer, _ isWhole: Bool) throws(FormatError) -> DumpFormat.Recognition<Found>
    ) throws(EngineError) -> Found {
        while true {
            let result: DumpFormat.Recognition<Found>
            do throws(FormatError) {
                result = try bytes.withBytes { bytes throws(FormatError) in try look(bytes, isWhole) }
            } catch {
                throw EngineError(error, path: container.path)
            }
            switch result {
            case .recognised(let found): return found
            case .needs(let byteCount):
                // The bytes of a stream must be kept until the first record has been parsed, whose numbers may be longer than the names.
                container.keepRewindable(min(4 * byteCount, max(byteCount, recordByteCountLimit)) + Self.keptByteCount)
                try read(upTo: byteCount)
            }
        }
    }
}
