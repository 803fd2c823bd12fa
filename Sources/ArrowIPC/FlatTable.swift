/// A table of Flatbuffers, the encoding of Arrow's metadata. Every offset is compared with the bytes before it is followed.
///
/// A table begins with the distance back to its list of fields, which has for each field the distance from the table to its value, or 0 for
/// a field that is not there. All numbers are little-endian, at any alignment.
struct FlatTable {
    /// The bytes of the message, which must outlive the table.
    let bytes: UnsafeRawBufferPointer
    /// The offset of the table in the bytes.
    let offset: Int
    /// The offset of its list of fields, and the number of bytes of that.
    private let fieldsOffset: Int
    private let fieldsByteCount: Int

    /// Finds the root table of a message.
    init(rootOf bytes: UnsafeRawBufferPointer) throws(ArrowFault) {
        let root = try Self.load(UInt32.self, bytes, at: 0)
        try self.init(bytes, at: Int(root))
    }

    /// Finds the table at an offset.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ArrowFault) {
        let distance = Int(try Self.load(Int32.self, bytes, at: offset))
        // Both numbers have at most 33 bits.
        fieldsOffset = offset - distance
        fieldsByteCount = Int(try Self.load(UInt16.self, bytes, at: fieldsOffset))
        guard fieldsByteCount >= 4, fieldsByteCount <= bytes.count - fieldsOffset else {
            throw .damaged("a table of its metadata has a list of fields of \(fieldsByteCount) bytes")
        }
        self.bytes = bytes
        self.offset = offset
    }

    /// Loads a number, at any alignment.
    static func load<Number: FixedWidthInteger & BitwiseCopyable>(
        _: Number.Type, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(ArrowFault) -> Number {
        guard offset >= 0, offset <= bytes.count - MemoryLayout<Number>.size else {
            throw .damaged("its metadata points to byte \(offset) of \(bytes.count)")
        }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// Returns the offset of a field's value; nil if the field is not there.
    private func place(_ field: Int) throws(ArrowFault) -> Int? {
        let entry = 4 + 2 * field
        guard entry + 2 <= fieldsByteCount else { return nil }
        let distance = Int(try Self.load(UInt16.self, bytes, at: fieldsOffset + entry))
        return distance == 0 ? nil : offset + distance
    }

    /// Returns a number that a field holds, or `absent`.
    func number<Number: FixedWidthInteger & BitwiseCopyable>(_ field: Int, absent: Number) throws(ArrowFault) -> Number {
        guard let place = try place(field) else { return absent }
        return try Self.load(Number.self, bytes, at: place)
    }

    /// Returns the offset to which a field points; nil if the field is not there.
    private func target(_ field: Int) throws(ArrowFault) -> Int? {
        guard let place = try place(field) else { return nil }
        return place + Int(try Self.load(UInt32.self, bytes, at: place))
    }

    /// Returns the table to which a field points; nil if the field is not there.
    func table(_ field: Int) throws(ArrowFault) -> FlatTable? {
        guard let target = try target(field) else { return nil }
        return try FlatTable(bytes, at: target)
    }

    /// Returns the list to which a field points, whose elements have `elementByteCount` bytes; nil if the field is not there.
    func list(_ field: Int, elementByteCount: Int) throws(ArrowFault) -> FlatList? {
        guard let target = try target(field) else { return nil }
        let count = Int(try Self.load(UInt32.self, bytes, at: target))
        guard count <= (bytes.count - target - 4) / elementByteCount else {
            throw .damaged("a list of its metadata has \(count) elements, which are more than its bytes")
        }
        return FlatList(offset: target + 4, count: count)
    }

    /// Returns the tables of a list; none if the field is not there.
    func tables(_ field: Int) throws(ArrowFault) -> [FlatTable] {
        guard let list = try list(field, elementByteCount: 4) else { return [] }
        var tables: [FlatTable] = []
        tables.reserveCapacity(list.count)
        for index in 0..<list.count {
            let place = list.offset + 4 * index
            tables.append(try FlatTable(bytes, at: place + Int(try Self.load(UInt32.self, bytes, at: place))))
        }
        return tables
    }

    /// Returns the text of a field; empty if the field is not there.
    func text(_ field: Int) throws(ArrowFault) -> String {
        guard let list = try list(field, elementByteCount: 1) else { return "" }
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[list.offset..<list.offset + list.count]), as: UTF8.self)
    }
}

/// A list of numbers or structs in a message, all of whose bytes are there.
struct FlatList: Sendable {
    /// The offset of the first element in the message.
    let offset: Int
    let count: Int
}
