/// The texts of elements in the XML that object stores answer with, whose elements have no attributes that matter.
///
/// It is no parser of XML: an element is found by its tags, wherever it stands. A server that sends anything else gets no more out of it
/// than a missing name.
struct XMLText {
    private let text: Substring

    init(_ text: String) { self.text = text[...] }

    private init(_ text: Substring) { self.text = text }

    /// The text of the first element of a name, its references resolved; nil where there is none. O(bytes).
    func first(_ name: String) -> String? { element(name, from: text.startIndex).map { Self.resolved($0.content) } }

    /// The contents of all elements of a name, in their order. O(bytes).
    func all(_ name: String) -> [XMLText] {
        var found: [XMLText] = []
        var place = text.startIndex
        while let next = element(name, from: place) {
            found.append(XMLText(next.content))
            place = next.end
        }
        return found
    }

    private func element(_ name: String, from start: Substring.Index) -> (content: Substring, end: Substring.Index)? {
        guard let open = Self.end(of: "<\(name)>", in: text[start...]) else { return nil }
        let rest = text[open...]
        guard let close = Self.end(of: "</\(name)>", in: rest) else { return nil }
        let contentEnd = rest.utf8.index(close, offsetBy: -(name.utf8.count + 3))
        return (rest[..<contentEnd], close)
    }

    /// The place after the first occurrence of a text.
    private static func end(of pattern: String, in text: Substring) -> Substring.Index? {
        let wanted = Array(pattern.utf8), bytes = text.utf8
        guard let first = wanted.first else { return nil }
        var place = bytes.startIndex
        while let start = bytes[place...].firstIndex(of: first) {
            if bytes[start...].starts(with: wanted) { return bytes.index(start, offsetBy: wanted.count) }
            place = bytes.index(after: start)
        }
        return nil
    }

    /// Puts characters in the place of their references, such as `&amp;` and `&#228;`.
    private static func resolved(_ text: Substring) -> String {
        var result = ""
        var rest = text
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            guard let end = rest[start...].firstIndex(of: ";"), let character = character(rest[rest.index(after: start)..<end]) else {
                result += "&"
                rest = rest[rest.index(after: start)...]
                continue
            }
            result.unicodeScalars.append(character)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func character(_ reference: Substring) -> Unicode.Scalar? {
        switch reference {
        case "amp": "&"
        case "lt": "<"
        case "gt": ">"
        case "quot": "\""
        case "apos": "'"
        default:
            if reference.hasPrefix("#x") {
                UInt32(reference.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
            } else if reference.hasPrefix("#") {
                UInt32(reference.dropFirst()).flatMap(Unicode.Scalar.init)
            } else {
                nil
            }
        }
    }
}
