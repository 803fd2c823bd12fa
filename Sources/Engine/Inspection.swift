internal import Container
internal import Formats
internal import Scoring
#if canImport(Glibc)
internal import func Glibc.exp
#elseif canImport(Darwin)
internal import func Darwin.exp
#endif

/// What a file is: format, shape, type, frames, and whether it can be shared out over cores.
public struct Inspection: Sendable, Encodable {
    public let path: String
    public let bytes: Int
    public let decodedBytes: Int
    public let format: String
    public let elementType: String
    public let byteOrder: String
    public let shape: [Int]
    public let compression: String
    public let frames: Int?
    public let largestFrameBytes: Int?
    public let hasChecksums: Bool?
    /// Whether several workers can decode it at once, and if not, why.
    public let isShardable: Bool
    public let shardingNote: String
    /// The values of the first rows, a few of each.
    public let firstRows: [[Double]]
    public let warnings: [String]

    enum CodingKeys: String, CodingKey {
        case path, bytes, format, shape, compression, frames, warnings
        case decodedBytes = "decoded_bytes"
        case elementType = "element_type"
        case byteOrder = "byte_order"
        case largestFrameBytes = "largest_frame_bytes"
        case hasChecksums = "has_checksums"
        case isShardable = "shardable"
        case shardingNote = "sharding_note"
        case firstRows = "first_rows"
    }

    /// Opens the file and reads its first rows.
    public init(path: String, maximumWindowByteCount: Int = 128 << 20) throws(EngineError) {
        let options = ContainerOptions(maximumWindowByteCount: maximumWindowByteCount)
        let file = try ArrayFile.open(path, options: options)
        let container = file.container
        let layout = file.layout
        self.path = path
        bytes = container.byteCount
        decodedBytes = layout.endByteOffset
        format = "npy"
        elementType = layout.elementType.name
        byteOrder = layout.elementType.byteCount == 1 ? "none" : (layout.isByteSwapped == ByteOrder.isLittleEndianMachine ? "big" : "little")
        shape = layout.shape
        compression = container.compression.rawValue
        let isRaw = container.compression == .none
        frames = isRaw ? nil : container.frames.count
        largestFrameBytes = isRaw || container.decodedByteCount == nil ? nil : container.frames.map(\.decodedByteCount).max()
        do throws(ContainerError) {
            hasChecksums = try container.hasChecksums()
        } catch {
            throw EngineError(error)
        }
        isShardable = container.isCuttable
        if isRaw {
            shardingNote = "any worker can read any row"
        } else if container.isCuttable {
            shardingNote = "its frames can be decompressed side by side"
        } else if container.decodedByteCount == nil {
            shardingNote = "its frames do not say how long they are: one worker decompresses, the others score"
        } else {
            shardingNote = "it is a single frame: one worker decompresses, the others score"
        }
        firstRows = try Self.firstRows(of: file, options)
        warnings = file.warnings
    }

    static let rowLimit = 3
    static let columnLimit = 6

    static func firstRows(of file: ArrayFile, _ options: ContainerOptions) throws(EngineError) -> [[Double]] {
        let rowCount = file.rowCountToLookAt(limit: rowLimit)
        guard rowCount > 0, file.layout.rowByteCount > 0 else { return [] }
        try file.checkWidth()
        let buffer = try file.firstRows(rowCount, options: options)
        let columnCount = min(columnLimit, file.layout.elementsPerRow)
        return (0..<rowCount).map { row in
            (0..<columnCount).map {
                Float64Values.value(buffer.base + row * file.layout.rowByteCount, elementType: file.layout.elementType, at: $0)
            }
        }
    }
}

/// A look at values whose meaning was not given.
public enum InputGuess {
    /// What the first rows of a predictions file look like, in a sentence.
    public static func describe(path: String) throws(EngineError) -> String {
        let options = ContainerOptions()
        let file = try ArrayFile.open(path, options: options)
        let rowCount = file.rowCountToLookAt(limit: 256)
        guard rowCount > 0, PredictionElement(file.layout.elementType) != nil else { return "\(path) holds no predictions" }
        try file.checkWidth()
        let buffer = try file.firstRows(rowCount, options: options)
        let columnCount = file.layout.elementsPerRow
        var minimum = Double.infinity, maximum = -Double.infinity
        var worstSum = 0.0, worstExponentialSum = 0.0
        for row in 0..<rowCount {
            var sum = 0.0, exponentialSum = 0.0
            for column in 0..<columnCount {
                let value = Float64Values.value(
                    buffer.base + row * file.layout.rowByteCount, elementType: file.layout.elementType, at: column)
                minimum = min(minimum, value)
                maximum = max(maximum, value)
                sum += value
                exponentialSum += exp(value)
            }
            worstSum = max(worstSum, (sum - 1).magnitude)
            worstExponentialSum = max(worstExponentialSum, (exponentialSum - 1).magnitude)
        }
        let range = "the first \(rowCount) rows of \(path) lie in \(minimum)...\(maximum)"
        if minimum >= 0, maximum <= 1, columnCount == 1 || worstSum < 1e-2 {
            return range + (columnCount > 1 ? " and sum to 1" : "") + ": they look like probabilities"
        }
        if maximum <= 0, columnCount == 1 || worstExponentialSum < 1e-2 {
            return range + (columnCount > 1 ? " and their exponentials sum to 1" : "") + ": they look like log-probabilities"
        }
        return range + (columnCount > 1 ? " and do not sum to 1" : "") + ": they look like logits"
    }
}
