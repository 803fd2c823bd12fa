/// A writer of Thrift's compact protocol, in which Parquet has its footer and the headers of its pages.
struct ThriftWriter {
    typealias FieldType = ThriftReader.FieldType

    /// The bytes that have been written.
    private(set) var bytes: [UInt8] = []
    /// The number of the field that was written last in the struct.
    private var lastField = 0

    private mutating func unsigned(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private mutating func signed(_ value: Int64) { unsigned(UInt64(bitPattern: value << 1 ^ value >> 63)) }

    private mutating func head(_ field: Int, _ type: FieldType) {
        let step = field - lastField
        if (1...15).contains(step) {
            bytes.append(UInt8(step) << 4 | type.rawValue)
        } else {
            bytes.append(type.rawValue)
            signed(Int64(field))
        }
        lastField = field
    }

    /// Writes a struct without a field's head, as elements of lists and the outermost one are.
    mutating func structure(_ body: (inout ThriftWriter) -> Void) {
        let outer = lastField
        lastField = 0
        body(&self)
        bytes.append(0)
        lastField = outer
    }

    /// Writes a field that is a struct.
    mutating func structure(_ field: Int, _ body: (inout ThriftWriter) -> Void) {
        head(field, .structure)
        structure(body)
    }

    /// Writes a field of 8 bits.
    mutating func int8(_ field: Int, _ value: Int8) {
        head(field, .byte)
        bytes.append(UInt8(bitPattern: value))
    }

    /// Writes a field of 16 bits.
    mutating func int16(_ field: Int, _ value: Int) {
        head(field, .int16)
        signed(Int64(value))
    }

    /// Writes a field of 32 bits.
    mutating func int32(_ field: Int, _ value: Int) {
        head(field, .int32)
        signed(Int64(value))
    }

    /// Writes a field of 64 bits.
    mutating func int64(_ field: Int, _ value: Int) {
        head(field, .int64)
        signed(Int64(value))
    }

    /// Writes a field that is a truth value.
    mutating func boolean(_ field: Int, _ value: Bool) { head(field, value ? .yes : .no) }

    /// Writes a field that is a text.
    mutating func text(_ field: Int, _ value: String) {
        head(field, .binary)
        text(value)
    }

    private mutating func text(_ value: String) {
        unsigned(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    private mutating func listHead(_ field: Int, of type: FieldType, count: Int) {
        head(field, .list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | type.rawValue)
        } else {
            bytes.append(0xF0 | type.rawValue)
            unsigned(UInt64(count))
        }
    }

    /// Writes a field that is a list of structs.
    mutating func list<Element>(_ field: Int, _ elements: [Element], _ body: (inout ThriftWriter, Element) -> Void) {
        listHead(field, of: .structure, count: elements.count)
        for element in elements { structure { body(&$0, element) } }
    }

    /// Writes a field that is a list of integers of 32 bits.
    mutating func list(_ field: Int, int32s: [Int]) {
        listHead(field, of: .int32, count: int32s.count)
        for value in int32s { signed(Int64(value)) }
    }

    /// Writes a field that is a list of texts.
    mutating func list(_ field: Int, texts: [String]) {
        listHead(field, of: .binary, count: texts.count)
        for value in texts { text(value) }
    }
}
