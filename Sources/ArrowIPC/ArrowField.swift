/// A field of a schema: a column, or a part of one.
struct ArrowField: Sendable {
    /// The layout of a field's values, which says how many buffers it has.
    enum Kind: Sendable, Equatable {
        /// Values of a fixed number of bits: a buffer of validity and one of values.
        case fixed(ArrowColumn.Content, bitCount: Int)
        /// Bytes of any number, found by offsets of 4 or 8 bytes.
        case bytes(isText: Bool, offsetByteCount: Int)
        /// Bytes of any number, found by views of 16 bytes in any number of buffers.
        case views(isText: Bool)
        case structure
        /// Lists, found by offsets of 4 or 8 bytes.
        case list(offsetByteCount: Int)
        /// Lists, each with an offset and a size of 4 or 8 bytes.
        case listView(offsetByteCount: Int)
        case fixedSizeList(count: Int)
        /// Values that are all null, without buffers.
        case null
        case union(isDense: Bool)
        case runEndEncoded
    }

    /// The encoding of values as places in a dictionary.
    struct Dictionary: Sendable, Equatable {
        let id: Int64
        /// The number of bytes of a place.
        let indexByteCount: Int
        let isSigned: Bool
    }

    let name: String
    let kind: Kind
    let children: [ArrowField]
    let dictionary: Dictionary?

    /// The number of buffers of the field itself, without its children's and without those that views point to.
    func bufferCount(_ version: ArrowMessage.Version) -> Int {
        if dictionary != nil { return 2 }
        switch kind {
        case .null: return 0
        case .fixed, .list, .views: return 2
        case .bytes, .listView: return 3
        case .structure, .fixedSizeList: return 1
        // Before version 5 they have a buffer of validity as well.
        case .union(let isDense): return (isDense ? 2 : 1) + (version < .v5 ? 1 : 0)
        case .runEndEncoded: return version < .v5 ? 1 : 0
        }
    }

    /// True if the field itself has a buffer of validity, which then is its first.
    func hasValidity(_ version: ArrowMessage.Version) -> Bool {
        if dictionary != nil { return true }
        switch kind {
        case .null: return false
        case .union, .runEndEncoded: return version < .v5
        default: return true
        }
    }
}

/// The fields of a schema, read from its message.
struct ArrowSchema: Sendable {
    let fields: [ArrowField]
    /// True if numbers in buffers are stored with their highest byte first.
    let isBigEndian: Bool

    private static let depthLimit = 64

    /// Reads a schema.
    ///
    /// The number of fields is at most that of the message's offsets, and their names together are no longer than the message, although
    /// offsets may lead to the same bytes any number of times.
    init(_ table: FlatTable) throws(ArrowFault) {
        let endianness: Int16 = try table.number(0, absent: 0)
        guard endianness == 0 || endianness == 1 else { throw .damaged("its schema has the byte order \(endianness)") }
        isBigEndian = endianness == 1
        var budget = Budget(fieldCount: table.bytes.count / 4, nameByteCount: table.bytes.count)
        fields = try Self.fields(try table.tables(1), depth: 1, &budget)
    }

    /// The numbers of fields and of bytes of names that may still be read.
    private struct Budget {
        var fieldCount: Int
        var nameByteCount: Int
    }

    private static func fields(_ tables: [FlatTable], depth: Int, _ budget: inout Budget) throws(ArrowFault) -> [ArrowField] {
        guard depth <= depthLimit else { throw .damaged("fields of its schema lie in each other more than \(depthLimit) deep") }
        budget.fieldCount -= tables.count
        guard budget.fieldCount >= 0 else { throw .damaged("its schema has more fields than bytes for them") }
        var fields: [ArrowField] = []
        fields.reserveCapacity(tables.count)
        for table in tables {
            let name = try table.text(0)
            budget.nameByteCount -= name.utf8.count
            guard budget.nameByteCount >= 0 else { throw .damaged("the names of its fields are longer than its schema") }
            let children = try Self.fields(try table.tables(5), depth: depth + 1, &budget)
            fields.append(
                ArrowField(
                    name: name, kind: try kind(table, name, children), children: children,
                    dictionary: try table.table(4).map { encoding throws(ArrowFault) in try dictionary(encoding, name) }))
        }
        return fields
    }

    private static func dictionary(_ table: FlatTable, _ name: String) throws(ArrowFault) -> ArrowField.Dictionary {
        var (bitCount, isSigned) = (32, true)
        if let type = try table.table(1) { (bitCount, isSigned) = (Int(try type.number(0, absent: Int32(0))), try type.isTrue(1)) }
        guard [8, 16, 32, 64].contains(bitCount) else { throw .damaged("field \(name) has places in a dictionary of \(bitCount) bits") }
        return ArrowField.Dictionary(id: try table.number(0, absent: 0), indexByteCount: bitCount / 8, isSigned: isSigned)
    }

    private static func kind(_ field: FlatTable, _ name: String, _ children: [ArrowField]) throws(ArrowFault) -> ArrowField.Kind {
        let number: UInt8 = try field.number(2, absent: 0)
        guard let type = try field.table(3) else { throw .damaged("field \(name) has no type") }
        func check(_ count: Int) throws(ArrowFault) {
            guard children.count == count else { throw .damaged("field \(name) has \(children.count) children, where \(count) are due") }
        }
        func unit(_ absent: Int16, _ names: [String]) throws(ArrowFault) -> String {
            let unit = Int(try type.number(0, absent: absent))
            guard names.indices.contains(unit) else { throw .damaged("field \(name) has the unit \(unit)") }
            return names[unit]
        }
        let units = ["s", "ms", "us", "ns"]
        switch number {
        case 1: return .null
        case 2:
            let bitCount = Int(try type.number(0, absent: Int32(0)))
            let isSigned = try type.isTrue(1)
            let content: ArrowColumn.Content =
                switch (bitCount, isSigned) {
                case (8, true): .int8
                case (16, true): .int16
                case (32, true): .int32
                case (64, true): .int64
                case (8, false): .uint8
                case (16, false): .uint16
                case (32, false): .uint32
                case (64, false): .uint64
                default: throw .damaged("field \(name) holds integers of \(bitCount) bits")
                }
            return .fixed(content, bitCount: bitCount)
        case 3:
            switch try type.number(0, absent: Int16(0)) {
            case 0: return .fixed(.float16, bitCount: 16)
            case 1: return .fixed(.float32, bitCount: 32)
            case 2: return .fixed(.float64, bitCount: 64)
            case let precision: throw .damaged("field \(name) has the precision \(precision)")
            }
        case 4: return .bytes(isText: false, offsetByteCount: 4)
        case 5: return .bytes(isText: true, offsetByteCount: 4)
        case 6: return .fixed(.boolean, bitCount: 1)
        case 7:
            let scale = Int(try type.number(1, absent: Int32(0)))
            let bitCount = Int(try type.number(2, absent: Int32(128)))
            guard [32, 64, 128, 256].contains(bitCount) else { throw .damaged("field \(name) holds decimals of \(bitCount) bits") }
            // No decimal of a database has more places, and powers of ten end there.
            return .fixed((0...76).contains(scale) ? .decimal(scale: scale) : .other("decimal of scale \(scale)"), bitCount: bitCount)
        case 8:
            let unit = try unit(1, ["day", "ms"])
            return .fixed(.other("date[\(unit)]"), bitCount: unit == "day" ? 32 : 64)
        case 9:
            let bitCount = Int(try type.number(1, absent: Int32(32)))
            guard bitCount == 32 || bitCount == 64 else { throw .damaged("field \(name) holds times of \(bitCount) bits") }
            return .fixed(.other("time[\(try unit(1, units))]"), bitCount: bitCount)
        case 10: return .fixed(.other("timestamp[\(try unit(0, units))]"), bitCount: 64)
        case 11:
            switch try unit(0, ["month", "day_time", "month_day_nano"]) {
            case "month": return .fixed(.other("interval[month]"), bitCount: 32)
            case "day_time": return .fixed(.other("interval[day_time]"), bitCount: 64)
            case let unit: return .fixed(.other("interval[\(unit)]"), bitCount: 128)
            }
        case 12, 17:
            try check(1)
            // A map is a list of structs with a key and a value.
            return .list(offsetByteCount: 4)
        case 13: return .structure
        case 14:
            let mode: Int16 = try type.number(0, absent: 0)
            guard mode == 0 || mode == 1 else { throw .damaged("field \(name) is a union of mode \(mode)") }
            return .union(isDense: mode == 1)
        case 15:
            let byteCount = Int(try type.number(0, absent: Int32(0)))
            guard (0...(1 << 20)).contains(byteCount) else { throw .damaged("field \(name) has values of \(byteCount) bytes") }
            return .fixed(.other("bytes[\(byteCount)]"), bitCount: 8 * byteCount)
        case 16:
            try check(1)
            let count = Int(try type.number(0, absent: Int32(0)))
            guard count >= 0 else { throw .damaged("field \(name) has lists of \(count) values") }
            return .fixedSizeList(count: count)
        case 18: return .fixed(.other("duration[\(try unit(1, units))]"), bitCount: 64)
        case 19: return .bytes(isText: false, offsetByteCount: 8)
        case 20: return .bytes(isText: true, offsetByteCount: 8)
        case 21:
            try check(1)
            return .list(offsetByteCount: 8)
        case 22:
            try check(2)
            return .runEndEncoded
        case 23: return .views(isText: false)
        case 24: return .views(isText: true)
        case 25, 26:
            try check(1)
            return .listView(offsetByteCount: number == 25 ? 4 : 8)
        default:
            throw ArrowFault(
                .unsupported, "field \(name) has a type of number \(number), which is not known",
                remedy: "write the file again without the column")
        }
    }
}

extension FlatTable {
    /// Returns a truth value; false if the field is not there.
    func isTrue(_ field: Int) throws(ArrowFault) -> Bool { try number(field, absent: UInt8(0)) != 0 }
}
