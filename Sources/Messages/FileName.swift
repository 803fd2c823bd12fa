/// Names of files as text: any bytes that a file's name can have, not UTF-8 alone.
///
/// A byte that is no part of a character is held as one scalar for private use, the last 128 that there are: `U+10FF80` for the byte 0x80
/// to `U+10FFFF` for 0xFF. Such scalars themselves, in a name that is UTF-8, are held byte by byte. So each name has one text, and each
/// text gives back its bytes.
///
/// ```swift
/// let path = FileName.text([0x63, 0x61, 0x66, 0xE9])
/// open(FileName.cString(path), O_RDONLY)
/// ```
///
/// Messages show the byte as `\xe9`.
public enum FileName {
    /// The scalars that stand for bytes.
    private static let scalars: ClosedRange<UInt32> = 0x10FF80...0x10FFFF
    /// The difference between a scalar and its byte.
    private static let offset: UInt32 = 0x10FF00

    /// Makes the text of a name. O(bytes).
    public static func text(_ bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: { scalars.contains($0.value) }) {
            return text
        }
        var text = String.UnicodeScalarView()
        var rest = bytes.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        // The bytes that the parser has taken; those of an error are its first ones.
        var position = bytes.startIndex
        func take(_ count: Int) {
            for _ in 0..<count {
                if let scalar = Unicode.Scalar(offset + UInt32(bytes[position])) { text.append(scalar) }
                position = bytes.index(after: position)
            }
        }
        while true {
            switch parser.parseScalar(from: &rest) {
            case .valid(let encoded):
                let scalar = Unicode.UTF8.decode(encoded)
                if scalars.contains(scalar.value) {
                    take(encoded.count)
                } else {
                    text.append(scalar)
                    position = bytes.index(position, offsetBy: encoded.count)
                }
            case .error(let length): take(length)
            case .emptyInput: return String(text)
            }
        }
    }

    /// Makes the text of a name that a C string holds. O(bytes).
    ///
    /// Unsafe: the pointer leads to bytes up to a zero.
    public static func text(_ string: UnsafePointer<CChar>) -> String {
        var count = 0
        while string[count] != 0 { count += 1 }
        return string.withMemoryRebound(to: UInt8.self, capacity: count) { text(UnsafeBufferPointer(start: $0, count: count)) }
    }

    /// Returns the bytes of a name. O(bytes).
    public static func bytes(_ text: String) -> [UInt8] {
        guard hasBytes(text) else { return Array(text.utf8) }
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            if let byte = byte(scalar) { bytes.append(byte) } else { bytes.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
        }
        return bytes
    }

    /// Returns the bytes of a name as a C string, for a call of the system. O(bytes).
    public static func cString(_ text: String) -> [CChar] {
        bytes(text).map { CChar(bitPattern: $0) } + [0]
    }

    /// Returns the byte that a scalar stands for; nil for all other scalars.
    static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
        scalars.contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value) : nil
    }

    /// Writes a name for reports: bytes that are no part of a character as `\xNN`, everything else as it is. O(bytes).
    public static func shown(_ text: String) -> String {
        guard hasBytes(text) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if let byte = byte(scalar) { shown += "\\x" + String(byte, radix: 16) } else { shown.unicodeScalars.append(scalar) }
        }
        return shown
    }

    /// Returns true if a text has scalars that stand for bytes. Nearly none has.
    private static func hasBytes(_ text: String) -> Bool {
        // Their UTF-8 begins with this byte.
        text.utf8.contains(0xF4) && text.unicodeScalars.contains { scalars.contains($0.value) }
    }
}
