/// Conversion of a file's bytes and names to text for messages: printable, and bounded.
///
/// A hostile file can so neither flood a log nor steer a terminal.
public enum QuotedBytes {
    /// The number of bytes after which a text from a file is cut.
    public static let byteCountLimit = 40
    /// The number of bytes after which a whole message is cut, so that it has at most 4,000 with what a program writes around it.
    public static let messageByteCountLimit = 3900

    /// Writes `'text'` with all but printable ASCII as `\xNN`, cut to `byteCountLimit` bytes.
    public static func text(_ bytes: some Collection<UInt8>) -> String {
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
    public static func name(_ name: String) -> String {
        let isPlain = name.utf8.count <= byteCountLimit && name.utf8.allSatisfy { 0x20...0x7E ~= $0 }
        return isPlain ? name : text(name.utf8)
    }

    /// Writes a text without quotes, as `printable` does, cut to `limit` scalars. O(limit).
    public static func short(_ text: String, limit: Int = 48) -> String {
        let scalars = text.unicodeScalars
        let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex) ?? scalars.endIndex
        return printable(String(scalars[..<end])) + (end < scalars.endIndex ? "…" : "")
    }

    /// Lists names for a message, or the first `limit` of them, each as `short` does and between quotes if it is empty: `a, b and 3 more`.
    public static func list(_ names: [String], limit: Int = 24) -> String {
        guard !names.isEmpty else { return "none" }
        let shown = names.prefix(limit).map { $0.isEmpty ? "''" : short($0) }.joined(separator: ", ")
        return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
    }

    /// Writes bytes in hexadecimal, such as `93 4e 55`, at most `limit` of them.
    public static func hexadecimal(_ bytes: some Collection<UInt8>, limit: Int = 8) -> String {
        bytes.prefix(limit).map(hex).joined(separator: " ")
    }

    /// Writes a text of any language with what steers a terminal escaped: control characters as `\x1b`, and invisible marks, such as those
    /// that change the direction of text, as `\u{202e}`. Bytes of a file's name that are no UTF-8 are written as `\xe9`. Linear.
    public static func printable(_ text: String) -> String {
        // Nearly all texts are plain.
        if text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) { return text }
        var printable = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let byte = FileName.byte(scalar) {
                printable.append(contentsOf: "\\x\(hex(byte))".unicodeScalars)
                continue
            }
            switch scalar.properties.generalCategory {
            case .control: printable.append(contentsOf: "\\x\(hex(UInt8(truncatingIfNeeded: scalar.value)))".unicodeScalars)
            case .format, .surrogate, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse:
                printable.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            default: printable.append(scalar)
            }
        }
        return String(printable)
    }

    /// Writes a whole message: printable, and bounded. A message that is written already stays as it is. Linear.
    public static func message(_ text: String) -> String { bounded(printable(text)) }

    /// Cuts a text to `messageByteCountLimit` bytes, in its middle, since a message ends with its remedy.
    static func bounded(_ text: String) -> String {
        guard text.utf8.count > messageByteCountLimit else { return text }
        let mark = " … "
        let endByteCount = messageByteCountLimit / 4
        let beginning = prefix(of: text.unicodeScalars, messageByteCountLimit - endByteCount - mark.utf8.count)
        let end = prefix(of: text.unicodeScalars.reversed(), endByteCount).reversed()
        var bounded = String.UnicodeScalarView(beginning)
        bounded.append(contentsOf: mark.unicodeScalars)
        bounded.append(contentsOf: end)
        return String(bounded)
    }

    /// Returns the first scalars that take at most `byteCount` bytes.
    private static func prefix(of scalars: some Sequence<Unicode.Scalar>, _ byteCount: Int) -> [Unicode.Scalar] {
        var taken: [Unicode.Scalar] = []
        var count = 0
        for scalar in scalars {
            count += UTF8.width(scalar)
            guard count <= byteCount else { break }
            taken.append(scalar)
        }
        return taken
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.utf8.count < 2 ? "0" + digits : digits
    }
}
