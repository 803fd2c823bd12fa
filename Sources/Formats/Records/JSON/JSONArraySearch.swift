internal import Messages

/// A search for an array inside the object that a text is, by a path of keys. The text may end anywhere.
struct JSONArraySearch {
    private let text: UnsafeRawBufferPointer
    private let isWhole: Bool
    private let path: String
    private let options: RecordFormats.Options
    private var place: Int

    /// Begins at the object at `byteOffset`.
    init(_ text: UnsafeRawBufferPointer, at byteOffset: Int, isWhole: Bool, path: String, _ options: RecordFormats.Options) {
        self.options = options
        self.text = text
        self.isWhole = isWhole
        self.path = path
        place = byteOffset
    }

    /// Finds the array, and returns the offset after its opening bracket. Linear in the text before it.
    ///
    /// - Throws: `FormatError` of kind `.column` if there is no such key, or no array under it, and of kind `.truncatedHeader` if the text
    /// ends
    ///   before.
    mutating func find(_ steps: [JSONPath.Step]) throws(FormatError) -> Int {
        for (index, step) in steps.enumerated() {
            let byte = try nextByte()
            if byte == UInt8(ascii: "{") {
                try enter(step, taken: Array(steps[..<index]))
            } else if byte == UInt8(ascii: "["), let element = step.elementIndex {
                place += 1
                for _ in 0..<element {
                    try skipValue()
                    guard text[place] == UInt8(ascii: ",") else { throw missing(step, Array(steps[..<index]), []) }
                    place += 1
                }
            } else {
                throw FormatError(
                    kind: .column, subject: subject, byteOffset: place,
                    found: "\(QuotedBytes.text(text[place...].prefix(24))), which is no object",
                    allowed: "an object with the key \(step.text)")
            }
        }
        guard try nextByte() == UInt8(ascii: "[") else {
            throw FormatError(
                kind: .column, subject: subject, byteOffset: place, found: QuotedBytes.text(text[place...].prefix(24)),
                allowed: "an array of records")
        }
        return place + 1
    }

    private var subject: String { "records at \(QuotedBytes.text(path.utf8))" }

    /// Goes to the value of a key in the object that begins here.
    private mutating func enter(_ step: JSONPath.Step, taken: [JSONPath.Step]) throws(FormatError) {
        var keys: [String] = []
        repeat {
            place += 1
            guard try nextByte() == UInt8(ascii: "\"") else { break }
            let start = place
            place += 1
            while place < text.count, text[place] != UInt8(ascii: "\"") { place += text[place] == UInt8(ascii: "\\") ? 2 : 1 }
            guard place < text.count else { throw truncated }
            place += 1
            let key = Self.key(UnsafeRawBufferPointer(rebasing: text[start..<place]))
            guard try nextByte() == UInt8(ascii: ":") else { throw truncated }
            place += 1
            _ = try nextByte()
            if .key(key) == step { return }
            keys.append(key)
            try skipValue()
        } while text[place] == UInt8(ascii: ",")
        throw missing(step, taken, keys)
    }

    /// Decodes the key between quotes.
    private static func key(_ quoted: UnsafeRawBufferPointer) -> String {
        let plain = String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
        guard quoted.contains(UInt8(ascii: "\\")) else { return plain }
        let array = [UInt8(ascii: "[")] + Array(quoted) + [UInt8(ascii: "]")]
        let value = array.withUnsafeBytes { try? JSONValue.parse($0) }
        if case .array(let elements) = value, case .string(let key) = elements.first { return key }
        return plain
    }

    /// Goes to the comma or bracket after the value that begins here.
    private mutating func skipValue() throws(FormatError) {
        var lineFeedCount = 0
        place += JSONElements.elementEnd(UnsafeRawBufferPointer(rebasing: text[place...]), &lineFeedCount)
        guard place < text.count else { throw truncated }
    }

    /// Skips white space, and returns the byte after it.
    private mutating func nextByte() throws(FormatError) -> UInt8 {
        while place < text.count, JSONElements.isWhiteSpace(text[place]) { place += 1 }
        guard place < text.count else { throw truncated }
        return text[place]
    }

    private var truncated: FormatError {
        FormatError(
            kind: isWhole ? .syntax : .truncatedHeader, subject: subject, byteOffset: nil,
            found: "no such array within \(text.count) bytes",
            allowed: "up to \(options.recordByteCountLimitText) before the array",
            remedy: isWhole
                ? "is it JSON, and was it cut short?" : "\(setting: .maximumRecord) raises the limit; or write a record a line: jq -c")
    }

    private func missing(_ step: JSONPath.Step, _ taken: [JSONPath.Step], _ keys: [String]) -> FormatError {
        let list = keys.prefix(16).map { QuotedBytes.text($0.utf8) }.joined(separator: ", ") + (keys.count > 16 ? ", …" : "")
        let place = taken.isEmpty ? "the object" : QuotedBytes.text(JSONPath.text(taken).utf8)
        return FormatError(
            kind: .column, subject: subject, byteOffset: nil, found: "no \(QuotedBytes.text(step.text.utf8)) in \(place)",
            allowed: list.isEmpty ? nil : list)
    }
}
