/// A name of a column, a member, a class, a tensor or a file, which its bytes tell from other names.
///
/// Swift's `==` takes two strings for the same if Unicode holds them for equivalent, such as `é` of one scalar and `é` of two. So do its
/// sets, its dictionaries and its searches. For files, for JSON and for whoever wrote a table they are two names. All names that come from
/// files or from users are compared as this type, or by the functions beside it.
package struct Name: Sendable, Hashable {
    /// The name as text.
    package let text: String

    /// Makes a name.
    package init(_ text: String) { self.text = text }

    /// Returns true if two names have the same bytes. O(bytes).
    package static func == (left: Name, right: Name) -> Bool { left.text.isSameName(as: right.text) }

    /// Hashes the bytes. O(bytes).
    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // Two names one after another are told from two others with the same bytes together: no text has this byte.
        hasher.combine(0xFF as UInt8)
    }
}

extension StringProtocol {
    /// Returns true if two texts have the same bytes. O(bytes).
    package func isSameName(as other: some StringProtocol) -> Bool {
        // Byte by byte, each byte of a text that is not known here to be a String would be a call.
        let isSame = utf8.withContiguousStorageIfAvailable { bytes in
            other.utf8.withContiguousStorageIfAvailable { bytes.elementsEqual($0) }
        }
        if let isSame, let isSame { return isSame }
        return utf8.elementsEqual(other.utf8)
    }

    /// Returns true if the text's bytes begin with those of another. O(bytes of the other).
    package func hasBytes(atStart other: some StringProtocol) -> Bool { utf8.starts(with: other.utf8) }
}

extension Sequence<String> {
    /// Returns true if the texts hold a name, told by its bytes. O(bytes).
    package func contains(name: String) -> Bool { contains { $0.isSameName(as: name) } }

    /// The texts as names.
    package var names: [Name] { map { Name($0) } }
}

extension Collection<String> {
    /// Returns the index of the first text with the bytes of a name; nil if there is none. O(bytes).
    package func firstIndex(ofName name: String) -> Index? { firstIndex { $0.isSameName(as: name) } }
}
