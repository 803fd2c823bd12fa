internal import Elements
internal import Messages

/// Conversion from and to the `descr` of a `.npy` header: NumPy's type strings, with an order (`<`, `>`, `=`, `|`), a kind and a byte
/// count. <https://numpy.org/doc/stable/reference/arrays.interface.html>
extension ElementType {
    /// The string that `np.save` writes for this type on this machine. For bfloat16 it is the string of `ml_dtypes`, which saves it as a
    /// void of two bytes.
    var npyDescriptor: String {
        let order = byteCount == 1 ? "|" : ByteOrder.isLittleEndianMachine ? "<" : ">"
        switch self {
        case .bfloat16: return order + "V2"
        case .bool: return order + "b1"
        default: return order + name
        }
    }

    /// Reads the type and the byte order from a `descr`.
    ///
    /// `=` and no order at all are this machine's order, as in NumPy. So is `|`, except in `|V2`, which is little-endian: NumPy writes it
    /// for bfloat16 after loading and saving it without `ml_dtypes`, on machines that are all little-endian.
    ///
    /// - Throws: `FormatError` of kind `.elementType`, with the type's name and the remedy.
    static func parseNPY(descriptor: [UInt8], byteOffset: Int?) throws(FormatError) -> (type: ElementType, isByteSwapped: Bool) {
        var order: UInt8?
        var kindAndByteCount = descriptor[...]
        if let first = descriptor.first, [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "="), UInt8(ascii: "|")].contains(first) {
            order = first
            kindAndByteCount = descriptor.dropFirst()
        }
        guard let type = ElementType(npyKindAndByteCount: kindAndByteCount) else {
            let refusal = refusal(npyKindAndByteCount: kindAndByteCount)
            throw unreadable(
                found: QuotedBytes.text(descriptor) + " (\(refusal.name))", byteOffset: byteOffset, remedy: refusal.remedy)
        }
        let isLittleEndian =
            switch order {
            case UInt8(ascii: "<"): true
            case UInt8(ascii: ">"): false
            case UInt8(ascii: "|") where type == .bfloat16: true
            default: ByteOrder.isLittleEndianMachine
            }
        return (type, type.byteCount > 1 && isLittleEndian != ByteOrder.isLittleEndianMachine)
    }

    /// Makes the error for a type that is not read.
    static func unreadable(found: String, byteOffset: Int?, remedy: String) -> FormatError {
        FormatError(
            kind: .elementType, subject: "NumPy element type", byteOffset: byteOffset, found: found,
            allowed: "f2 f4 f8, V2 (read as bfloat16), i1 i2 i4 i8, u1 u2 u4 u8, b1", remedy: remedy)
    }

    private init?(npyKindAndByteCount: ArraySlice<UInt8>) {
        guard npyKindAndByteCount.count == 2 else { return nil }
        switch String(decoding: npyKindAndByteCount, as: UTF8.self) {
        case "f2": self = .float16
        case "V2": self = .bfloat16
        case "f4": self = .float32
        case "f8": self = .float64
        case "i1": self = .int8
        case "i2": self = .int16
        case "i4": self = .int32
        case "i8": self = .int64
        case "u1": self = .uint8
        case "u2": self = .uint16
        case "u4": self = .uint32
        case "u8": self = .uint64
        case "b1": self = .bool
        default: return nil
        }
    }

    private static func refusal(npyKindAndByteCount: ArraySlice<UInt8>) -> (name: String, remedy: String) {
        let saveAsFloat = "save it as np.save(path, array.astype(np.float32))"
        switch npyKindAndByteCount.first {
        case UInt8(ascii: "O"):
            return ("Python objects, kept as a pickle", "\(saveAsFloat); objects are never read, since reading them can run code")
        case UInt8(ascii: "U"), UInt8(ascii: "S"), UInt8(ascii: "a"), UInt8(ascii: "T"):
            return ("strings", "save numbers: class indices, not names")
        case UInt8(ascii: "c"): return ("complex numbers", "save the real part: np.save(path, array.real)")
        case UInt8(ascii: "M"): return ("dates", "save numbers")
        case UInt8(ascii: "m"): return ("time spans", "save numbers")
        case UInt8(ascii: "V") where npyKindAndByteCount.elementsEqual("V1".utf8):
            return ("a void of one byte, as ml_dtypes saves float8 and narrower types", saveAsFloat)
        case UInt8(ascii: "V"): return ("a void, bytes without a meaning", saveAsFloat)
        case UInt8(ascii: "f") where npyKindAndByteCount.elementsEqual("f1".utf8): return ("float8", saveAsFloat)
        case UInt8(ascii: "f") where ["f10", "f12", "f16"].contains { npyKindAndByteCount.elementsEqual($0.utf8) }:
            return ("long double, whose layout differs between machines", "save it as np.save(path, array.astype(np.float64))")
        default: return ("a type that is not known", "save it with np.save as one of the types allowed")
        }
    }
}
