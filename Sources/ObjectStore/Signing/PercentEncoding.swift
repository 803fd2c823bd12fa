/// The encoding of texts in URLs (RFC 3986), as signatures of Amazon's want it: every byte but letters, digits and `-_.~` becomes `%` and
/// two capital hexadecimal digits.
enum PercentEncoding {
    /// Encodes a key, whose `/` stay. O(bytes).
    static func path(_ text: String) -> String { encode(text) { isUnreserved($0) || $0 == UInt8(ascii: "/") } }

    /// Encodes the name or the value of a query. O(bytes).
    static func query(_ text: String) -> String { encode(text, isUnreserved) }

    /// Encodes the bytes that no URL may have, such as spaces and letters beyond ASCII, and leaves all else as it is. O(bytes).
    static func missing(in url: String) -> String { encode(url) { $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}".utf8.contains($0) } }

    private static func encode(_ text: String, _ stays: (UInt8) -> Bool) -> String {
        let digits = Array("0123456789ABCDEF")
        var encoded = ""
        for byte in text.utf8 {
            if stays(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return encoded
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-_.~".utf8.contains(byte)
        }
    }
}
