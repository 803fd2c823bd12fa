/// Conversion of a file's bytes to text for messages.
enum QuotedBytes {
    /// The number of bytes after which a text is cut.
    static let byteCountLimit = 40

    /// Writes `'text'` with all but printable ASCII as `\xNN`, cut to `byteCountLimit` bytes.
    static func text(_ bytes: some Collection<UInt8>) -> String {
        var text = "'"
        for byte in bytes.prefix(byteCountLimit) {
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\\"): text += "\\" + String(UnicodeScalar(byte))
            case 0x20...0x7E: text += String(UnicodeScalar(byte))
            default: text += "\\x" + hex(byte)
            }
        }
        return text + (bytes.count > byteCountLimit ? "…'" : "'")
    }

    /// Writes a column's name as it is if that is safe, and otherwise as `text` does.
    static func name(_ name: String) -> String {
        let isPlain = name.utf8.count <= byteCountLimit && name.utf8.allSatisfy { 0x20...0x7E ~= $0 }
        return isPlain ? name : text(name.utf8)
    }

    /// Writes bytes in hexadecimal, such as `93 4e 55`, at most `limit` of them.
    static func hexadecimal(_ bytes: some Collection<UInt8>, limit: Int = 8) -> String {
        bytes.prefix(limit).map(hex).joined(separator: " ")
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.utf8.count < 2 ? "0" + digits : digits
    }
}
