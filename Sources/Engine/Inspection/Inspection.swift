internal import Container
internal import Formats
public import WorkStealing

/// The facts about a file: format, columns, shape, type, frames, and whether it can be shared out over cores.
public struct Inspection: Sendable, Encodable {
    /// An array of an archive, a column of a table, or a path in the first record.
    public struct Column: Sendable, Encodable {
        public let name: String
        /// As NumPy names it, of an array.
        public let elementType: String?
        public let shape: [Int]?
        /// What the first records hold, of text: number, text, boolean, missing, array.
        public let content: String?
        /// Numbers of an array in the first record.
        public let count: Int?
        /// The first values: of an array those of its first row, of text as they stand there.
        public let examples: [String]?
        /// Of an array of a zip archive, where it is compressed.
        public let compression: String?
        /// Why the array cannot be read.
        public let problem: String?

        enum CodingKeys: String, CodingKey {
            case name, shape, content, count, examples, compression, problem
            case elementType = "element_type"
        }
    }

    public let path: String
    public let bytes: Int
    /// Absent where only decoding tells.
    public let decodedBytes: Int?
    public let format: String
    /// The next three are those of the file's one array; absent where it has several, or is text.
    public let elementType: String?
    public let byteOrder: String?
    public let shape: [Int]?
    /// Absent for an array that has no name.
    public let columns: [Column]?
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
        case path, bytes, format, shape, columns, compression, frames, warnings
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
    ///
    /// - Parameters:
    ///   - maximumWindowByteCount: the largest window that a zstd frame may ask a decoder to keep.
    ///   - hasHeader: whether the first line of a table holds names.
    ///   - cancellation: ends the wait for a pipe.
    /// - Throws: `EngineError` where the file cannot be opened, or its first rows cannot be read.
    public init(
        path: String, maximumWindowByteCount: Int = 128 << 20, hasHeader: Bool = true, cancellation: Cancellation = Cancellation()
    ) throws(EngineError) {
        self = try ReadingMode.attempt { mode throws(EngineError) in
            let options = ContainerOptions(
                maximumWindowByteCount: maximumWindowByteCount, usesSeekTable: mode.usesSeekTable,
                isCancelled: { cancellation.isCancelled })
            return try Self(path, options, hasHeader: hasHeader, mode)
        }
    }

    private init(_ path: String, _ options: ContainerOptions, hasHeader: Bool, _ mode: ReadingMode) throws(EngineError) {
        let file = try DumpFile(path, options: options, hasHeader: hasHeader)
        let container = file.container
        self.path = path
        bytes = container.byteCount
        format = file.format
        compression = container.compression.rawValue
        let isRaw = container.compression == .none
        frames = isRaw ? nil : container.frames.count
        largestFrameBytes = isRaw || container.decodedByteCount == nil ? nil : container.frames.map(\.decodedByteCount).max()
        do throws(ContainerError) {
            hasChecksums = try container.hasChecksums()
        } catch {
            throw EngineError(error)
        }
        let isText = file.isText
        let others = isText ? "the others parse and score" : "the others score"
        if container.isStream {
            shardingNote = "it is read from a pipe: one worker decodes, \(others)"
        } else if isRaw {
            shardingNote =
                if isText {
                    "any worker can read any line"
                } else if file.format == "npz" {
                    "any worker can read any row of an array that is stored; one that is deflated is decompressed by one"
                } else {
                    "any worker can read any row"
                }
        } else if container.isCuttable {
            shardingNote = "its frames can be decompressed side by side"
        } else if container.frames.count > 1 {
            shardingNote = "its frames do not say how long they are: one worker decompresses, \(others)"
        } else {
            shardingNote =
                "it is a single \(container.compression.rawValue == "gzip" ? "stream" : "frame"): one worker decompresses, \(others)"
        }
        warnings = mode.warnings + file.warnings
        isShardable = container.isCuttable
        switch file.content {
        case .array(let array):
            let layout = array.layout
            decodedBytes = layout.endByteOffset
            elementType = layout.elementType.name
            byteOrder =
                layout.elementType.byteCount == 1 ? "none" : (layout.isByteSwapped == ByteOrder.isLittleEndianMachine ? "big" : "little")
            shape = layout.shape
            columns = nil
            firstRows = try Self.firstRows(of: array, options)
        case .archive(let arrays):
            decodedBytes = container.decodedByteCount
            (elementType, byteOrder, shape) = (nil, nil, nil)
            columns = arrays.map { Column($0, options) }
            firstRows = []
        case .records(let records):
            decodedBytes = container.decodedByteCount
            (elementType, byteOrder, shape) = (nil, nil, nil)
            columns = records.format.columns.map { Column($0) }
            firstRows = []
        }
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

extension Inspection.Column {
    fileprivate init(_ archived: DumpFile.ArchivedArray, _ options: ContainerOptions) {
        name = archived.name
        (content, count) = (nil, nil)
        do throws(EngineError) {
            let array = try archived.open()
            let row = array.container.isStream ? nil : try Inspection.firstRows(of: array, options).first
            elementType = array.layout.elementType.name
            shape = array.layout.shape
            examples = row.map { $0.map { "\($0)" } }
            compression = array.container.compression == .deflate ? array.container.compression.rawValue : nil
            problem = nil
        } catch {
            (elementType, shape, examples, compression) = (nil, nil, nil, nil)
            problem = error.description
        }
    }

    fileprivate init(_ column: RecordColumn) {
        name = column.name
        (elementType, shape, compression, problem) = (nil, nil, nil, nil)
        examples = column.examples
        switch column.content {
        case .number: (content, count) = ("number", nil)
        case .text: (content, count) = ("text", nil)
        case .boolean: (content, count) = ("boolean", nil)
        case .missing: (content, count) = ("missing", nil)
        case .array(let numbers): (content, count) = ("array", numbers)
        }
    }
}
