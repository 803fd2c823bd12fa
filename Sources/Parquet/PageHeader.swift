/// The header of a page: its kind, its sizes, and how its values are stored.
struct PageHeader {
    enum Kind: Equatable { case data, dataV2, dictionary, other(Int) }

    var kind = Kind.other(-1)
    /// The number of bytes of the page after decompression, without the header.
    var decodedByteCount = 0
    /// The number of bytes of the page as it is stored, without the header.
    var storedByteCount = 0
    var checksum: UInt32?
    /// The number of values, with nulls.
    var valueCount = 0
    /// The number of rows, which only pages of version 2 say.
    var rowCount: Int?
    var encoding = 0
    var definitionEncoding = PageEncoding.rle.rawValue
    var repetitionEncoding = PageEncoding.rle.rawValue
    var definitionByteCount = 0
    var repetitionByteCount = 0
    var isCompressed = true
    /// The number of bytes of the header itself.
    var byteCount = 0

    /// Reads a header at the beginning of `bytes`.
    init(_ bytes: UnsafeRawBufferPointer) throws(ThriftReader.Fault) {
        var reader = ThriftReader(bytes)
        var header = PageHeader()
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1:
                let kind = try reader.int32(type)
                header.kind =
                    switch kind {
                    case 0: .data
                    case 2: .dictionary
                    case 3: .dataV2
                    default: .other(kind)
                    }
            case 2: header.decodedByteCount = try reader.size(type)
            case 3: header.storedByteCount = try reader.size(type)
            case 4: header.checksum = UInt32(truncatingIfNeeded: try reader.integer(type))
            case 5 where type == .structure: try header.readData(&reader)
            case 7 where type == .structure: try header.readDictionary(&reader)
            case 8 where type == .structure: try header.readDataV2(&reader)
            default: return false
            }
            return true
        }
        header.byteCount = reader.offset
        self = header
    }

    private init() {}

    private mutating func readData(_ reader: inout ThriftReader) throws(ThriftReader.Fault) {
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1: valueCount = try reader.size(type)
            case 2: encoding = try reader.int32(type)
            case 3: definitionEncoding = try reader.int32(type)
            case 4: repetitionEncoding = try reader.int32(type)
            default: return false
            }
            return true
        }
    }

    private mutating func readDictionary(_ reader: inout ThriftReader) throws(ThriftReader.Fault) {
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1: valueCount = try reader.size(type)
            case 2: encoding = try reader.int32(type)
            default: return false
            }
            return true
        }
    }

    private mutating func readDataV2(_ reader: inout ThriftReader) throws(ThriftReader.Fault) {
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1: valueCount = try reader.size(type)
            case 3: rowCount = try reader.size(type)
            case 4: encoding = try reader.int32(type)
            case 5: definitionByteCount = try reader.size(type)
            case 6: repetitionByteCount = try reader.size(type)
            case 7: isCompressed = try reader.boolean(type)
            default: return false
            }
            return true
        }
    }
}
