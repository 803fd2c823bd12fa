internal import Container
internal import Elements
public import Formats
internal import HDF5
public import Messages
public import WorkStealing

/// The facts about a file: format, columns, shape, type, frames, and whether it can be shared out over cores.
public struct Inspection: Sendable, Encodable {
    /// An array of an archive, a column of a table, or a path in the first record.
    public struct Column: Sendable, Encodable {
        /// The name of the column.
        public let name: String
        /// The type of an array as NumPy names it.
        public let elementType: String?
        /// The shape of an array.
        public let shape: [Int]?
        /// The kind of value in the first records of a text: number, text, boolean, missing or array.
        public let content: String?
        /// The number of values of an array in the first record.
        public let count: Int?
        /// The first values: those of an array's first row, or the texts as they stand.
        public let examples: [String]?
        /// The compression of an array in a zip archive; nil if it is stored.
        public let compression: String?
        /// The reason why the array cannot be read; nil if it can.
        public let problem: Message?
        /// The way in which an evaluation reads an array; nil for text.
        public let reading: Reading?
        /// The way in which a column of Parquet or Arrow is stored; nil for other formats.
        public let storage: ColumnStorage?
        /// The distances of neighbouring places along each dimension of a tensor, in elements; nil for other arrays.
        public let strides: [Int]?
        /// The place of the values of an array in a pickle, in words; nil for other formats.
        public let place: String?
        /// The dimensions of a chunk of a dataset of HDF5; nil for a dataset whose elements lie together, and for other formats.
        public let chunkShape: [Int]?
        /// The filters of a dataset of HDF5, in the order in which its chunks went through them; nil for a dataset without chunks, and for
        /// other formats.
        public let filters: [String]?
        /// True if several workers can decode a dataset of HDF5 at once; nil for other formats.
        public let isShardable: Bool?

        enum CodingKeys: String, CodingKey {
            case name, shape, content, count, examples, compression, problem, reading, storage, strides, place, filters
            case elementType = "element_type"
            case chunkShape = "chunk_shape"
            case isShardable = "shardable"
        }
    }

    /// The way in which a column of Parquet or Arrow is stored.
    public struct ColumnStorage: Sendable, Encodable {
        /// The type in words, such as "list of float32".
        public internal(set) var type: String
        /// The codecs of the row groups, each once.
        public let codecs: [String]
        /// The encodings that the file's footer lists for the column, each once.
        public let encodings: [String]
        /// The number of data pages; absent if the file has too many columns to look at all pages.
        public let pages: Int?
        /// The stored size in bytes.
        public let bytes: Int
        /// The size after decompression in bytes.
        public let decodedBytes: Int

        enum CodingKeys: String, CodingKey {
            case type, codecs, encodings, pages, bytes
            case decodedBytes = "decoded_bytes"
        }
    }

    /// A callable that a pickle names.
    public struct Callable: Sendable, Encodable {
        /// The module and the name as they are written.
        public let name: String
        /// The place of the first opcode that names it, in bytes of the pickle.
        public let byteOffset: Int
        /// True if it is one by which tensors or arrays are written. A pickle that names any other is refused by an evaluation.
        public let isRead: Bool

        enum CodingKeys: String, CodingKey {
            case name
            case byteOffset = "byte_offset"
            case isRead = "read"
        }
    }

    /// The path of the file.
    public let path: String
    /// The number of row groups of a Parquet file; absent for other formats.
    public let rowGroups: Int?
    /// The number of record batches of an Arrow file; absent for other formats.
    public let recordBatches: Int?
    /// The number of rows of a Parquet or Arrow file; absent for other formats.
    public let rows: Int?
    /// The name that the writer of a Parquet file gave itself.
    public let createdBy: String?
    /// The stored size in bytes.
    public let bytes: Int
    /// The decoded size in bytes; absent if only decoding tells.
    public let decodedBytes: Int?
    /// The recognised format, such as "npy".
    public let format: String
    /// The element type of the file's one array; absent if the file has several, or is text.
    public let elementType: String?
    /// The byte order of the file's one array: "little", "big", or "none" for values of one byte.
    public let byteOrder: String?
    /// The shape of the file's one array.
    public let shape: [Int]?
    /// True if the file's one array is stored with its first index running fastest, and has another order of bytes so.
    public let isFortranOrder: Bool?
    /// The distances of neighbouring places along each dimension of the file's one tensor, in elements; absent for other arrays.
    public let strides: [Int]?
    /// The place of the values of a pickle's one array, in words; absent for other formats.
    public let place: String?
    /// The way in which an evaluation reads the file's one array.
    public let reading: Reading?
    /// The columns; absent for an array without a name.
    public let columns: [Column]?
    /// The recognised compression, "none" for a raw file.
    public let compression: String
    /// The number of compressed frames; absent for a raw file.
    public let frames: Int?
    /// The decoded size of the largest frame in bytes; absent for a raw file, and if only decoding tells.
    public let largestFrameBytes: Int?
    /// True if the first frame has a checksum; absent for a raw file and for a stream of zstd frames.
    public let hasChecksums: Bool?
    /// True if several workers can decode the file at once.
    public let isShardable: Bool
    /// The reason for `isShardable`, in words.
    public let shardingNote: String
    /// The values of the first rows, a few of each.
    public let firstRows: [[Double]]
    /// The callables that a pickle names, none of which is ever called; absent for a file without a pickle.
    public let callables: [Callable]?
    /// The faults of the file that do not keep it from being read, in sentences.
    public let warnings: [Message]

    enum CodingKeys: String, CodingKey {
        case path, bytes, format, shape, columns, compression, frames, warnings, reading, rows, callables, strides, place
        case rowGroups = "row_groups"
        case recordBatches = "record_batches"
        case createdBy = "created_by"
        case isFortranOrder = "fortran_order"
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
    ///   - path: the file.
    ///   - maximumWindowByteCount: the largest window in bytes that a zstd frame may ask a decoder to keep.
    ///   - maximumRecordByteCount: the most bytes of a record of text.
    ///   - columns: the choice of columns, of which what is said of texts counts: whether a table has names, as one of predictions.
    ///   - cancellation: ends the wait for a pipe.
    /// - Throws: `EngineError` if the file cannot be opened, or its first rows cannot be read.
    public init(
        path: String, maximumWindowByteCount: Int = 128 << 20, maximumRecordByteCount: Int = 256 << 20,
        columns: DumpColumns = DumpColumns(), cancellation: Cancellation = Cancellation()
    ) throws(EngineError) {
        self = try ReadingMode.attempt { mode throws(EngineError) in
            let options = mode.containerOptions(maximumWindowByteCount: maximumWindowByteCount, cancellation)
            let records = columns.recordOptions(.predictions, recordByteCountLimit: maximumRecordByteCount)
            return try Self(path, options, records, mode)
        }
    }

    private init(
        _ path: String, _ options: ContainerOptions, _ recordOptions: RecordFormats.Options, _ mode: ReadingMode
    ) throws(EngineError) {
        let file = try DumpFile(path, options: options, recordOptions: recordOptions, listsCallables: true)
        let container = file.container
        callables = file.pickle?.callables.map { Callable(name: $0.name, byteOffset: $0.byteOffset, isRead: $0.isRead) }
        self.path = path
        bytes = container.byteCount
        format = file.format
        compression = container.compression.rawValue
        let isRaw = container.compression == .none
        frames = isRaw ? nil : container.frames.count
        largestFrameBytes = isRaw || container.decodedByteCount == nil ? nil : container.frames.map(\.decodedByteCount).max()
        do throws(ContainerError) {
            // Those of an archive's one array are of its member.
            if case .array(let array) = file.content {
                hasChecksums = try array.container.hasChecksums()
            } else {
                hasChecksums = try container.hasChecksums()
            }
        } catch {
            throw EngineError(error)
        }
        let isText = file.isText
        let others = isText ? "the others parse and score" : "the others score"
        var isCuttable = container.isCuttable
        if case .records(let records) = file.content, !records.format.isCuttable { isCuttable = false }
        var facts: ColumnarFacts?
        if case .columnar(let table) = file.content {
            let found = table.file.facts
            facts = found
            (rowGroups, recordBatches, rows, createdBy) = (found.rowGroupCount, found.recordBatchCount, table.rowCount, found.createdBy)
            isCuttable = isCuttable && found.isShardable
        } else {
            (rowGroups, recordBatches, rows, createdBy) = (nil, nil, nil, nil)
        }
        if let facts {
            shardingNote = facts.shardingNote
        } else if container.isCuttable, !isCuttable {
            shardingNote = "its records are elements of one array: one worker reads them, \(others)"
        } else if container.isStream {
            shardingNote = "it is read from a pipe: one worker decodes, \(others)"
        } else if isRaw {
            shardingNote =
                if isText {
                    "any worker can read any line"
                } else if file.format == HDF5Arrays.format {
                    "any worker can read any row of a dataset that lies together, and any chunks of one in chunks"
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
        warnings = mode.warnings + file.warnings.map { Message(code: .seekTable, Message($0)) } + file.doubts
        isShardable = isCuttable
        switch file.content {
        case .array(let array):
            let layout = array.layout
            decodedBytes = layout.endByteOffset
            elementType = layout.elementType.name
            byteOrder =
                layout.elementType.byteCount == 1 ? "none" : (layout.isByteSwapped == ByteOrder.isLittleEndianMachine ? "big" : "little")
            shape = layout.shape
            isFortranOrder = !layout.isRowMajor
            reading = Reading(of: array)
            columns = nil
            if let pickled = file.pickle?.arrays.first {
                strides = pickled.strides
                place = pickled.place(hasChecksum: hasChecksums != nil)
            } else {
                (strides, place) = (nil, nil)
            }
            firstRows = try Self.firstRows(of: array, options)
        case .archive(let arrays):
            decodedBytes = container.decodedByteCount
            (elementType, byteOrder, shape, isFortranOrder, reading, strides, place) = (nil, nil, nil, nil, nil, nil, nil)
            columns = arrays.enumerated().map { Column($1, at: $0, file.pickle?.arrays[$0], file.datasets?[$0], options) }
            firstRows = []
        case .records(let records):
            decodedBytes = container.decodedByteCount
            (elementType, byteOrder, shape, isFortranOrder, reading, strides, place) = (nil, nil, nil, nil, nil, nil, nil)
            columns = records.format.columns.map { Column($0) }
            firstRows = []
        case .columnar(let table):
            decodedBytes = facts?.decodedByteCount
            (elementType, byteOrder, shape, isFortranOrder, reading, strides, place) = (nil, nil, nil, nil, nil, nil, nil)
            columns = table.names.columns.indices.map { Column(table, at: $0) }
            firstRows = []
        }
    }

    static let rowLimit = 3
    static let columnLimit = 6

    static func firstRows(of file: ArrayFile, _ options: ContainerOptions) throws(EngineError) -> [[Double]] {
        let rowCount = file.rowCountToLookAt(limit: rowLimit)
        guard rowCount > 0, file.rowByteCount > 0 else { return [] }
        // Columns that can be read only in order, and are too long to be kept, show no rows; an evaluation says what to do.
        guard file.rows.isContiguous || (try? file.blocks(memoryByteCount: options.maximumWindowByteCount)) != nil else { return [] }
        try file.checkWidth()
        let buffer = try file.firstRows(rowCount, options: options)
        let columnCount = min(columnLimit, file.rows.valuesPerRow)
        return (0..<rowCount).map { row in
            (0..<columnCount).map {
                Float64Values.value(buffer.base + row * file.rowByteCount, elementType: file.layout.elementType, at: $0)
            }
        }
    }
}

extension Inspection.Column {
    fileprivate init(
        _ archived: DumpFile.ArchivedArray, at index: Int, _ pickled: PickledArray?, _ dataset: HDF5Dataset?, _ options: ContainerOptions
    ) {
        do throws(EngineError) {
            try self.init(archived.name, at: index, try archived.open(), pickled, dataset, options)
        } catch {
            self.init(unreadable: archived.name, pickled, dataset, error.message)
        }
    }

    private init(
        _ name: String, at index: Int, _ array: ArrayFile, _ pickled: PickledArray?, _ dataset: HDF5Dataset?, _ options: ContainerOptions
    ) throws(EngineError) {
        self.name = name
        (content, count) = (nil, nil)
        (chunkShape, filters) = (dataset?.chunkShape, dataset?.chunkShape.map { _ in dataset?.filterNames ?? [] })
        isShardable = dataset.map { _ in array.container.isCuttable }
        // In a file that is decompressed from its beginning on, each look takes as long as all that lies before.
        let isLookedAt =
            index < Self.countedColumnLimit || (dataset == nil && array.container.compression == .none && !array.container.isStream)
        let row = array.container.isStream || !isLookedAt ? nil : try Inspection.firstRows(of: array, options).first
        elementType = array.layout.elementType.name
        shape = array.layout.shape
        examples = row.map { $0.map { "\($0)" } }
        compression = array.container.compression == .deflate ? array.container.compression.rawValue : nil
        (problem, reading, storage) = (nil, Inspection.Reading(of: array), nil)
        strides = pickled?.strides
        let hasChecksum: Bool
        do throws(ContainerError) { hasChecksum = try array.container.hasChecksums() != nil } catch { throw EngineError(error) }
        place = pickled?.place(hasChecksum: hasChecksum)
    }

    private init(unreadable name: String, _ pickled: PickledArray?, _ dataset: HDF5Dataset?, _ problem: Message) {
        self.name = name
        (content, count, examples, compression, reading, storage) = (nil, nil, nil, nil, nil, nil)
        (elementType, shape, strides) = (pickled?.typeName ?? dataset?.type?.text, pickled?.shape ?? dataset?.shape, pickled?.strides)
        (chunkShape, filters, isShardable) = (dataset?.chunkShape, dataset?.chunkShape.map { _ in dataset?.filterNames ?? [] }, nil)
        place = pickled?.place(hasChecksum: true)
        self.problem = problem
    }

    /// The number of columns whose pages are counted, and of arrays whose first rows are decompressed.
    private static let countedColumnLimit = 64

    fileprivate init(_ table: ColumnarTable, at index: Int) {
        name = table.names.columns[index].name
        (elementType, shape, content, count, examples, compression, reading) = (nil, nil, nil, nil, nil, nil, nil)
        (strides, place, chunkShape, filters, isShardable) = (nil, nil, nil, nil, nil)
        let (leaf, type): (StoredColumn, String?) =
            switch table.storage[index] {
            case .value(let leaf), .list(let leaf): (leaf, nil)
            case .vector(let vector): (vector.values, "vector of Spark, dense or sparse, of float64")
            }
        var found: Inspection.ColumnStorage?
        do throws(ColumnarError) {
            found = try table.file.storage(of: leaf, isCounted: index < Self.countedColumnLimit)
            problem = nil
        } catch {
            problem = error.engineError.message
            found = try? table.file.storage(of: leaf, isCounted: false)
        }
        if let type { found?.type = type }
        storage = found
    }

    fileprivate init(_ column: RecordColumn) {
        name = column.name
        (elementType, shape, compression, problem, reading, storage, strides, place) = (nil, nil, nil, nil, nil, nil, nil, nil)
        (chunkShape, filters, isShardable) = (nil, nil, nil)
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

extension PickledArray {
    /// Describes the place of the values.
    ///
    /// - Parameter hasChecksum: false for a storage whose archive gives no checksum.
    fileprivate func place(hasChecksum: Bool) -> String {
        func text(_ first: Int) -> String { first > 0 ? " from element \(first) on" : "" }
        switch content {
        case .bytes(let range): return "bytes \(range.lowerBound) to \(range.upperBound) of the pickle"
        case .text(let range, _): return "a text in bytes \(range.lowerBound) to \(range.upperBound) of the pickle"
        case .storage(let key, _, let first): return "storage \(key)" + text(first) + (hasChecksum ? "" : ", without a checksum")
        case .storageBytes(let range, let first): return "bytes \(range.lowerBound) to \(range.upperBound) of the file" + text(first)
        }
    }
}
