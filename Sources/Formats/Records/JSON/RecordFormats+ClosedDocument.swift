extension RecordFormats {
    /// Closes the beginning of a JSON document after the last record that is whole, so that it is a document of its own.
    ///
    /// ```swift
    /// // [{"p":0.5},{"p":0.25}]
    /// RecordFormats.closedDocument(beginningWith: Array(#"[{"p":0.5},{"p":0.25},{"p"#.utf8), recordPath: nil)
    /// ```
    ///
    /// Whether the text is well-formed is not checked, since whoever reads it checks that. O(bytes).
    ///
    /// - Parameters:
    ///   - beginning: the first bytes of the document.
    ///   - recordPath: the path to the array of records; nil if the document is the array.
    /// - Returns: nil if there is no whole record.
    package static func closedDocument(beginningWith beginning: [UInt8], recordPath: String?) -> [UInt8]? {
        guard let steps = recordPath.map({ JSONPath($0)?.steps.count }) ?? 0 else { return nil }
        var closings: [UInt8] = []
        var end: (byteOffset: Int, closings: [UInt8])?
        var (isInString, isEscaped) = (false, false)
        for (byteOffset, byte) in beginning.enumerated() {
            if isInString {
                isInString = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["): closings.append(UInt8(ascii: "]"))
            case UInt8(ascii: "{"): closings.append(UInt8(ascii: "}"))
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                guard closings.popLast() == byte else { return nil }
                if closings.count == steps + 1, closings.last == UInt8(ascii: "]") { end = (byteOffset + 1, closings) }
            default: break
            }
        }
        return end.map { Array(beginning[..<$0.byteOffset]) + $0.closings.reversed() }
    }
}
