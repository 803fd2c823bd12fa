package import Elements

/// The type of a dataset's elements.
package struct HDF5Type: Sendable, Equatable {
    /// The meaning of the bytes of an element.
    package enum Content: Sendable, Equatable {
        /// Numbers, or truth values.
        case number(ElementType, isBigEndian: Bool)
        /// Texts of a fixed number of bytes, which zeros fill.
        case text
        /// Elements that are not read; the reason in words.
        case unread(String)
    }

    /// The number of bytes of an element.
    package let byteCount: Int
    /// The meaning of the bytes.
    package let content: Content

    /// Reads the message of a type. O(bytes of the message).
    init(_ fields: inout FieldReader, depth: Int = 0) throws(HDF5Error) {
        let place = fields.place
        let head = try fields.byte()
        let (kind, version) = (head & 0x0F, head >> 4)
        guard (1...5).contains(version) else {
            throw HDF5Error(.unsupported, at: place, "version \(version) of a type", remedy: "is it damaged?")
        }
        let flags = UInt32(truncatingIfNeeded: try fields.number(3))
        let size = try fields.count(4)
        byteCount = size
        switch kind {
        case 0: content = try Self.integer(&fields, flags, size)
        case 1: content = try Self.float(&fields, flags, size)
        case 2: content = .unread("times")
        case 3:
            let padding = flags & 0x0F
            content = padding <= 1 ? .text : .unread("texts that spaces fill")
        case 4: content = .unread("bit fields")
        case 5: content = .unread("opaque bytes")
        case 6: content = .unread("a compound type, of several fields")
        case 7: content = .unread("references")
        case 8:
            guard depth == 0 else { throw HDF5Error(.damaged, at: place, "an enumeration of an enumeration") }
            let base = try HDF5Type(&fields, depth: 1)
            guard case .number(let type, let isBigEndian) = base.content, base.byteCount == size else {
                content = .unread("an enumeration of something else than whole numbers")
                return
            }
            content = .number(Self.isTruth(fields, flags, version, type) ? .bool : type, isBigEndian: isBigEndian)
        case 9: content = .unread(flags & 0x0F == 1 ? "texts of variable length" : "lists of variable length")
        case 10: content = .unread("arrays as elements")
        case 11: content = .unread("complex numbers")
        default: content = .unread("a type of class \(kind)")
        }
    }

    private static func integer(_ fields: inout FieldReader, _ flags: UInt32, _ size: Int) throws(HDF5Error) -> Content {
        let (offset, precision) = (try fields.count(2), try fields.count(2))
        guard offset == 0, precision == 8 * size else { return .unread("whole numbers of \(precision) bits in \(size) bytes") }
        let isSigned = flags & 0x08 != 0
        let type: ElementType
        switch size {
        case 1: type = isSigned ? .int8 : .uint8
        case 2: type = isSigned ? .int16 : .uint16
        case 4: type = isSigned ? .int32 : .uint32
        case 8: type = isSigned ? .int64 : .uint64
        default: return .unread("whole numbers of \(size) bytes")
        }
        return .number(type, isBigEndian: flags & 1 != 0)
    }

    private static func float(_ fields: inout FieldReader, _ flags: UInt32, _ size: Int) throws(HDF5Error) -> Content {
        let (offset, precision) = (try fields.count(2), try fields.count(2))
        let exponent = (place: Int(try fields.byte()), count: Int(try fields.byte()))
        let mantissa = (place: Int(try fields.byte()), count: Int(try fields.byte()))
        let bias = try fields.count(4)
        let name = "floats of \(size) bytes with \(exponent.count) bits of exponent and \(mantissa.count) of mantissa"
        // A sign, an exponent with the usual bias, a mantissa whose first bit is implied, and nothing between them.
        guard offset == 0, precision == 8 * size, mantissa.place == 0, exponent.place == mantissa.count, flags & 0x30 == 0x20,
            Int(flags >> 8 & 0xFF) == 8 * size - 1, exponent.count + mantissa.count == 8 * size - 1, exponent.count > 0,
            exponent.count < 32, bias == (1 << (exponent.count - 1)) - 1, flags & 0x40 == 0
        else { return .unread(flags & 0x40 != 0 ? "floats of a VAX" : name) }
        let type: ElementType
        switch (size, exponent.count) {
        case (2, 5): type = .float16
        case (2, 8): type = .bfloat16
        case (4, 8): type = .float32
        case (8, 11): type = .float64
        default: return .unread(name)
        }
        return .number(type, isBigEndian: flags & 1 != 0)
    }

    /// True for the enumeration that h5py writes for truth values: FALSE is 0 and TRUE is 1, in a byte.
    private static func isTruth(_ fields: FieldReader, _ flags: UInt32, _ version: UInt8, _ type: ElementType) -> Bool {
        guard type == .int8 || type == .uint8, flags & 0xFFFF == 2 else { return false }
        var fields = fields
        do throws(HDF5Error) {
            for name in ["FALSE", "TRUE"] {
                let padded = version >= 3 ? name.utf8.count + 1 : 8
                guard try fields.take(padded).elementsEqual(Array(name.utf8) + [UInt8](repeating: 0, count: padded - name.utf8.count))
                else {
                    return false
                }
            }
            return try fields.number(2) == 0x0100
        } catch {
            return false
        }
    }

    /// The type as NumPy names it, with the byte order: `f4`, `big-endian f8`, `S10`; or in words.
    package var text: String {
        switch content {
        case .number(let type, let isBigEndian): isBigEndian && type.byteCount > 1 ? "big-endian \(type.name)" : type.name
        case .text: "S\(byteCount)"
        case .unread(let words): words
        }
    }
}
