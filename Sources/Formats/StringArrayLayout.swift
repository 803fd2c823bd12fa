/// The place of an array of strings in a file: NumPy's `<U8` and `S8`, which keep each string in the same number of bytes.
package struct StringArrayLayout: Sendable {
    /// The form of the strings.
    package enum Encoding: Sendable, Equatable {
        /// Unicode scalars of four bytes each.
        case scalars(isBigEndian: Bool)
        /// Bytes of no encoding.
        case bytes

        /// Reads the form, and the number of bytes of each string, from a `descr`; nil for any other type.
        static func parseNPY(descriptor: [UInt8]) -> (encoding: Encoding, byteCount: Int)? {
            var rest = descriptor[...]
            var isBigEndian = !ByteOrder.isLittleEndianMachine
            if let order = rest.first, [UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "="), UInt8(ascii: "|")].contains(order) {
                if order == UInt8(ascii: "<") { isBigEndian = false }
                if order == UInt8(ascii: ">") { isBigEndian = true }
                rest = rest.dropFirst()
            }
            guard let kind = rest.popFirst(), !rest.isEmpty, rest.count <= 9, rest.allSatisfy({ (0x30...0x39).contains($0) }),
                let count = Int(String(decoding: rest, as: UTF8.self))
            else { return nil }
            switch kind {
            case UInt8(ascii: "U"): return (.scalars(isBigEndian: isBigEndian), 4 * count)
            case UInt8(ascii: "S"), UInt8(ascii: "a"): return (.bytes, count)
            default: return nil
            }
        }
    }

    /// The layout of the bytes: the array's own dimensions, and after them the bytes of a string.
    package let bytes: ArrayLayout
    /// The form of each string.
    package let encoding: Encoding

    init(_ bytes: ArrayLayout, _ encoding: Encoding) {
        self.bytes = bytes
        self.encoding = encoding
    }
}
