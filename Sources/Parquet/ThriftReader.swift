/// A reader of Thrift's compact protocol, in which Parquet writes its footer and the headers of its pages.
///
/// Nothing is allocated for what the bytes promise: counts of lists are compared with the bytes that are left, and structs in structs are
/// skipped to a fixed depth.
struct ThriftReader {
    /// The types of the compact protocol. The two truth values of a field are types of their own.
    enum FieldType: UInt8 {
        case yes = 1, no, byte, int16, int32, int64, double, binary, list, set, map, structure, uuid
    }

    /// A fault of the bytes.
    enum Fault: Error, Equatable {
        /// The bytes end inside a value.
        case truncated
        /// A value breaks the rules of the protocol, or has another type than Parquet gives it.
        case malformed(String)
    }

    let bytes: UnsafeRawBufferPointer
    /// The offset of the next byte.
    private(set) var offset = 0

    /// The number of structs, lists and maps that may lie in each other.
    private static let depthLimit = 32

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func byte() throws(Fault) -> UInt8 {
        guard offset < bytes.count else { throw .truncated }
        defer { offset += 1 }
        return bytes[offset]
    }

    private mutating func unsigned() throws(Fault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            guard shift < 63 || byte <= 1 else { throw .malformed("a number of more than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }

    private mutating func signed() throws(Fault) -> Int64 {
        let value = try unsigned()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// Calls `body` with the identifier and type of each field of a struct. `body` returns false for a field that it has not read, which is
    /// then skipped.
    mutating func readStruct(
        _ body: (_ reader: inout ThriftReader, _ field: Int, _ type: FieldType) throws(Fault) -> Bool
    ) throws(Fault) {
        var last = 0
        while true {
            let head = try byte()
            if head == 0 { return }
            guard let type = FieldType(rawValue: head & 0x0F) else { throw .malformed("a field of type \(head & 0x0F)") }
            if head >> 4 == 0 {
                let field = try signed()
                guard let field = Int16(exactly: field) else { throw .malformed("a field with the number \(field)") }
                last = Int(field)
            } else {
                last += Int(head >> 4)
            }
            if try !body(&self, last, type) { try skip(type, depth: 0) }
        }
    }

    /// Reads the number of elements of a list, and calls `body` for each.
    mutating func readList(
        _ type: FieldType, of element: FieldType, _ body: (_ reader: inout ThriftReader, _ index: Int) throws(Fault) -> Void
    ) throws(Fault) {
        guard type == .list || type == .set else { throw .malformed("a value of type \(type) where a list is due") }
        let (count, found) = try listHead()
        guard found == element || count == 0 else { throw .malformed("a list of \(found) where one of \(element) is due") }
        for index in 0..<count { try body(&self, index) }
    }

    private mutating func listHead() throws(Fault) -> (count: Int, element: FieldType) {
        let head = try byte()
        guard let element = FieldType(rawValue: max(1, head & 0x0F)) else { throw .malformed("a list of type \(head & 0x0F)") }
        let count = head >> 4 == 15 ? try unsigned() : UInt64(head >> 4)
        // Each element has a byte at least.
        guard count <= UInt64(bytes.count - offset) else { throw .truncated }
        return (Int(count), element)
    }

    /// Reads the value of a field of one of the integer types, up to 64 bits.
    mutating func integer(_ type: FieldType) throws(Fault) -> Int64 {
        switch type {
        case .byte: return Int64(Int8(bitPattern: try byte()))
        case .int16, .int32, .int64: return try signed()
        default: throw .malformed("a value of type \(type) where an integer is due")
        }
    }

    /// Reads an integer of 32 bits.
    mutating func int32(_ type: FieldType) throws(Fault) -> Int {
        let value = try integer(type)
        guard let value = Int32(exactly: value) else { throw .malformed("\(value) where an integer of 32 bits is due") }
        return Int(value)
    }

    /// Reads a size or an offset, which is not below 0.
    mutating func size(_ type: FieldType) throws(Fault) -> Int {
        let value = try integer(type)
        guard value >= 0, let size = Int(exactly: value) else { throw .malformed("a size of \(value)") }
        return size
    }

    /// Reads a truth value of a field.
    func boolean(_ type: FieldType) throws(Fault) -> Bool {
        switch type {
        case .yes: true
        case .no: false
        default: throw .malformed("a value of type \(type) where a truth value is due")
        }
    }

    /// Reads a text of at most `limit` bytes; longer ones are cut.
    mutating func text(_ type: FieldType, limit: Int) throws(Fault) -> String {
        guard type == .binary else { throw .malformed("a value of type \(type) where a text is due") }
        let count = try unsigned()
        guard count <= UInt64(bytes.count - offset) else { throw .truncated }
        defer { offset += Int(count) }
        return String(decoding: bytes[offset..<offset + min(limit, Int(count))], as: UTF8.self)
    }

    /// Skips a value.
    mutating func skip(_ type: FieldType, depth: Int) throws(Fault) {
        guard depth < Self.depthLimit else { throw .malformed("structs in each other more than \(Self.depthLimit) deep") }
        switch type {
        case .yes, .no: break
        case .byte: _ = try byte()
        case .int16, .int32, .int64: _ = try unsigned()
        case .double: try skipBytes(8)
        case .uuid: try skipBytes(16)
        case .binary:
            let count = try unsigned()
            guard count <= UInt64(bytes.count - offset) else { throw .truncated }
            offset += Int(count)
        case .list, .set:
            let (count, element) = try listHead()
            for _ in 0..<count { try skipElement(element, depth: depth + 1) }
        case .map:
            let count = try unsigned()
            guard count <= UInt64(bytes.count - offset) else { throw .truncated }
            if count == 0 { return }
            let types = try byte()
            guard let key = FieldType(rawValue: types >> 4), let value = FieldType(rawValue: types & 0x0F) else {
                throw .malformed("a map of types \(types >> 4) and \(types & 0x0F)")
            }
            for _ in 0..<count {
                try skipElement(key, depth: depth + 1)
                try skipElement(value, depth: depth + 1)
            }
        case .structure:
            while true {
                let head = try byte()
                if head == 0 { return }
                guard let type = FieldType(rawValue: head & 0x0F) else { throw .malformed("a field of type \(head & 0x0F)") }
                if head >> 4 == 0 { _ = try unsigned() }
                try skip(type, depth: depth + 1)
            }
        }
    }

    /// Skips an element of a list. A truth value takes a byte there.
    private mutating func skipElement(_ type: FieldType, depth: Int) throws(Fault) {
        if type == .yes || type == .no { try skipBytes(1) } else { try skip(type, depth: depth) }
    }

    private mutating func skipBytes(_ count: Int) throws(Fault) {
        guard count <= bytes.count - offset else { throw .truncated }
        offset += count
    }
}
