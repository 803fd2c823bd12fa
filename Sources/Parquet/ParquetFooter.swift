/// The types that Parquet stores values in.
package enum PhysicalType: Int, Sendable {
    /// One bit a value.
    case boolean
    /// Whole numbers of 4 bytes.
    case int32
    /// Whole numbers of 8 bytes.
    case int64
    /// Times of 12 bytes, as old writers have them.
    case int96
    /// Float32.
    case float
    /// Float64.
    case double
    /// Bytes, whose number each value says.
    case byteArray
    /// Bytes, whose number the schema says.
    case fixedLengthByteArray
}

/// The compressions of pages.
package enum PageCodecName: Int, Sendable {
    /// Pages that are not compressed.
    case none
    /// Snappy blocks.
    case snappy
    /// Gzip, of one member or of several.
    case gzip
    /// LZO, which is not read.
    case lzo
    /// Brotli.
    case brotli
    /// LZ4 blocks in Hadoop's framing.
    case lz4
    /// Zstandard frames.
    case zstd
    /// LZ4 blocks without a frame.
    case lz4Raw

    /// The name that Parquet's definition gives it, in small letters.
    package var name: String {
        switch self {
        case .none: "none"
        case .snappy: "snappy"
        case .gzip: "gzip"
        case .lzo: "lzo"
        case .brotli: "brotli"
        case .lz4: "lz4"
        case .zstd: "zstd"
        case .lz4Raw: "lz4_raw"
        }
    }
}

/// The encodings of values, by the numbers that Parquet's definition gives them.
package enum PageEncoding: Int, Sendable {
    /// Values as they are.
    case plain = 0
    /// Places in a dictionary, as old writers name it.
    case plainDictionary = 2
    /// Runs of equal numbers, and packed bits between them.
    case rle
    /// Packed bits, of levels in old files.
    case bitPacked
    /// Packed differences of whole numbers.
    case deltaBinaryPacked
    /// Texts behind the packed differences of their lengths.
    case deltaLengthByteArray
    /// Texts that share their beginnings with the ones before.
    case deltaByteArray
    /// Places in a dictionary.
    case rleDictionary
    /// The first bytes of all values, then the second ones, and so on.
    case byteStreamSplit
    /// Floating-point numbers as scaled whole numbers, which are not read.
    case alp

    /// True if values are places in a dictionary.
    var isOfDictionary: Bool { self == .plainDictionary || self == .rleDictionary }

    /// The name that Parquet's definition gives it, in small letters.
    package var name: String {
        switch self {
        case .plain: "plain"
        case .plainDictionary: "plain_dictionary"
        case .rle: "rle"
        case .bitPacked: "bit_packed"
        case .deltaBinaryPacked: "delta_binary_packed"
        case .deltaLengthByteArray: "delta_length_byte_array"
        case .deltaByteArray: "delta_byte_array"
        case .rleDictionary: "rle_dictionary"
        case .byteStreamSplit: "byte_stream_split"
        case .alp: "alp"
        }
    }
}

/// An element of the schema as the footer has it: a group with children, or a leaf with a type.
struct SchemaElement {
    enum Repetition: Int { case required, optional, `repeated` }

    /// The meaning of a leaf's values, or of a group, beyond the stored type.
    enum Annotation: Equatable {
        case none, text, list, map, float16
        case integer(bitCount: Int, isSigned: Bool)
        case decimal(scale: Int)
        /// A meaning that is no number and no text, by its name.
        case other(String)
    }

    var type: Int?
    var typeByteCount = 0
    var repetition = Repetition.required
    var name = ""
    var childCount = 0
    var annotation = Annotation.none
}

/// The part of a row group that holds one column.
package struct ColumnChunk: Sendable {
    /// The number of the codec in Parquet's definition.
    var codec = 0
    /// The encodings that the footer names, as bits by their numbers.
    var encodings: UInt32 = 0
    /// The number of values, with nulls.
    package fileprivate(set) var valueCount = 0
    /// The number of bytes of all pages as they are stored, with their headers.
    package fileprivate(set) var storedByteCount = 0
    /// The number of bytes of all pages after decompression, with their headers.
    package fileprivate(set) var decodedByteCount = 0
    var dataPageOffset = 0
    var dictionaryPageOffset = 0
    var offsetIndexOffset = 0
    var offsetIndexByteCount = 0
    var isEncrypted = false
    var isElsewhere = false
    fileprivate var type = 0
    fileprivate var hasMetadata = false

    /// The name of the codec.
    package var codecName: String { PageCodecName(rawValue: codec)?.name ?? "codec \(codec)" }

    /// The names of the encodings that the footer lists.
    package var encodingNames: [String] {
        (0..<32).filter { encodings >> UInt32($0) & 1 == 1 }.map { PageEncoding(rawValue: $0)?.name ?? "encoding \($0)" }
    }
}

/// Rows whose columns lie together.
package struct RowGroup: Sendable {
    /// The number of rows.
    package fileprivate(set) var rowCount = 0
    /// The chunks, one for each leaf of the schema in its order.
    package fileprivate(set) var chunks: [ColumnChunk] = []
}

/// The footer of a file: its schema and the places of its column chunks.
struct ParquetFooter {
    var schema: [SchemaElement] = []
    var rowCount = 0
    var rowGroups: [RowGroup] = []
    var createdBy = ""
    var isEncrypted = false
    /// The names of columns and of the types that their values had before they were stored.
    var narrowTypes: [(column: String, type: String)] = []

    /// The number of bytes of a name that are kept.
    private static let nameByteCountLimit = 4096

    init(_ bytes: UnsafeRawBufferPointer) throws(ThriftReader.Fault) {
        var reader = ThriftReader(bytes)
        var footer = ParquetFooter()
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 2:
                try reader.readList(type, of: .structure) { reader, _ throws(ThriftReader.Fault) in
                    footer.schema.append(try Self.element(&reader))
                }
            case 3: footer.rowCount = try reader.size(type)
            case 4:
                try reader.readList(type, of: .structure) { reader, _ throws(ThriftReader.Fault) in
                    footer.rowGroups.append(try Self.rowGroup(&reader))
                }
            case 5:
                try reader.readList(type, of: .structure) { reader, _ throws(ThriftReader.Fault) in
                    try footer.readKeyValue(&reader)
                }
            case 6: footer.createdBy = try reader.text(type, limit: 256)
            case 8:
                footer.isEncrypted = true
                return false
            default: return false
            }
            return true
        }
        self = footer
    }

    private init() {}

    /// Reads a key and its value, and keeps them if they are of those that this package writes.
    private mutating func readKeyValue(_ reader: inout ThriftReader) throws(ThriftReader.Fault) {
        var (key, value) = ("", "")
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1: key = try reader.text(type, limit: Self.nameByteCountLimit)
            case 2: value = try reader.text(type, limit: 16)
            default: return false
            }
            return true
        }
        if key.hasPrefix(ParquetWriter.narrowTypeKey) {
            narrowTypes.append((String(key.dropFirst(ParquetWriter.narrowTypeKey.count)), value))
        }
    }

    private static func element(_ reader: inout ThriftReader) throws(ThriftReader.Fault) -> SchemaElement {
        var element = SchemaElement()
        var converted: Int?
        var scale = 0
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1: element.type = try reader.int32(type)
            case 2: element.typeByteCount = try reader.int32(type)
            case 3:
                let value = try reader.int32(type)
                guard let repetition = SchemaElement.Repetition(rawValue: value) else { throw .malformed("the repetition \(value)") }
                element.repetition = repetition
            case 4: element.name = try reader.text(type, limit: nameByteCountLimit)
            case 5: element.childCount = try reader.int32(type)
            case 6: converted = try reader.int32(type)
            case 7: scale = try reader.int32(type)
            case 10:
                guard type == .structure else { throw .malformed("a logical type that is no struct") }
                element.annotation = try logicalType(&reader)
            default: return false
            }
            return true
        }
        if element.annotation == .none, let converted { element.annotation = annotation(converted: converted, scale: scale) }
        return element
    }

    private static func annotation(converted: Int, scale: Int) -> SchemaElement.Annotation {
        switch converted {
        case 0, 4, 19: .text
        case 1, 2: .map
        case 3: .list
        case 5: .decimal(scale: scale)
        case 6: .other("date")
        case 7, 8: .other("time")
        case 9, 10: .other("timestamp")
        case 11...14: .integer(bitCount: 8 << (converted - 11), isSigned: false)
        case 15...18: .integer(bitCount: 8 << (converted - 15), isSigned: true)
        case 20: .other("bson")
        case 21: .other("interval")
        default: .none
        }
    }

    private static func logicalType(_ reader: inout ThriftReader) throws(ThriftReader.Fault) -> SchemaElement.Annotation {
        var annotation = SchemaElement.Annotation.none
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1, 4, 12: annotation = .text
            case 2: annotation = .map
            case 3: annotation = .list
            case 5:
                var scale = 0
                try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
                    guard field == 1 else { return false }
                    scale = try reader.int32(type)
                    return true
                }
                annotation = .decimal(scale: scale)
                return true
            case 6: annotation = .other("date")
            case 7: annotation = .other("time")
            case 8: annotation = .other("timestamp")
            case 10:
                var (bitCount, isSigned) = (0, false)
                try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
                    switch field {
                    case 1: bitCount = try reader.int32(type)
                    case 2: isSigned = try reader.boolean(type)
                    default: return false
                    }
                    return true
                }
                annotation = .integer(bitCount: bitCount, isSigned: isSigned)
                return true
            case 11: annotation = .other("null")
            case 13: annotation = .other("bson")
            case 14: annotation = .other("uuid")
            case 15: annotation = .float16
            case 16: annotation = .other("variant")
            default: annotation = .other("logical type \(field)")
            }
            return false
        }
        return annotation
    }

    private static func rowGroup(_ reader: inout ThriftReader) throws(ThriftReader.Fault) -> RowGroup {
        var group = RowGroup()
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1:
                try reader.readList(type, of: .structure) { reader, _ throws(ThriftReader.Fault) in
                    group.chunks.append(try chunk(&reader))
                }
            case 3: group.rowCount = try reader.size(type)
            default: return false
            }
            return true
        }
        return group
    }

    private static func chunk(_ reader: inout ThriftReader) throws(ThriftReader.Fault) -> ColumnChunk {
        var chunk = ColumnChunk()
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1: chunk.isElsewhere = !(try reader.text(type, limit: 1)).isEmpty
            case 3:
                guard type == .structure else { throw .malformed("a column's metadata that are no struct") }
                chunk.hasMetadata = true
                try readMetadata(of: &chunk, &reader)
            case 4: chunk.offsetIndexOffset = try reader.size(type)
            case 5: chunk.offsetIndexByteCount = try reader.int32(type)
            case 8:
                chunk.isEncrypted = true
                return false
            default: return false
            }
            return true
        }
        return chunk
    }

    private static func readMetadata(of chunk: inout ColumnChunk, _ reader: inout ThriftReader) throws(ThriftReader.Fault) {
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1: chunk.type = try reader.int32(type)
            case 2:
                try reader.readList(type, of: .int32) { reader, _ throws(ThriftReader.Fault) in
                    let encoding = try reader.int32(.int32)
                    if (0..<32).contains(encoding) { chunk.encodings |= 1 << UInt32(encoding) }
                }
            case 4: chunk.codec = try reader.int32(type)
            case 5: chunk.valueCount = try reader.size(type)
            case 6: chunk.decodedByteCount = try reader.size(type)
            case 7: chunk.storedByteCount = try reader.size(type)
            case 9: chunk.dataPageOffset = try reader.size(type)
            // Some writers have a negative offset where there is no dictionary.
            case 11: chunk.dictionaryPageOffset = max(0, Int(clamping: try reader.integer(type)))
            default: return false
            }
            return true
        }
    }

    /// Returns the reason why the chunks of a group do not fit the leaves of the schema; nil if they do.
    static func mismatch(_ group: RowGroup, _ leaves: [ParquetColumn]) -> String? {
        guard group.chunks.count == leaves.count else {
            return "\(group.chunks.count) column chunks for the \(leaves.count) columns of the schema"
        }
        for (chunk, leaf) in zip(group.chunks, leaves) where !chunk.isEncrypted {
            guard chunk.hasMetadata else { return "column \(leaf.name) has no metadata" }
            guard chunk.type == leaf.physicalType.rawValue else {
                return "column \(leaf.name) is of type \(chunk.type) here, and of \(leaf.physicalType.rawValue) in the schema"
            }
            guard leaf.isRepeated || chunk.valueCount == group.rowCount else {
                return "column \(leaf.name) has \(chunk.valueCount) values for \(group.rowCount) rows"
            }
        }
        return nil
    }
}
