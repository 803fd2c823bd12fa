/// Bytes that do not say what their format requires, or say what Xent does not read.
///
/// The message names the place, what was found, what was allowed and the remedy. It knows no file: whoever opened the file puts the path
/// in front. Quoted bytes are cut to a few dozen, and everything but printable ASCII is escaped, so that a hostile file can neither flood
/// a log nor steer a terminal.
public struct FormatError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, for code; `description` is for people.
    public enum Kind: String, Sendable, CaseIterable {
        /// The first bytes are not the format's.
        case signature
        /// A version of the format that is not known.
        case version
        /// The header's own length is not believable.
        case headerLength
        /// The file ends inside the header.
        case truncatedHeader
        /// The header is not written as the format requires.
        case syntax
        /// A key that the header must have is not there.
        case missingKey
        /// A key is there twice.
        case duplicateKey
        /// A key that the format does not know.
        case unknownKey
        /// The elements are of a type that is not read.
        case elementType
        /// The shape is no shape: a negative or unrepresentable dimension, or too many of them.
        case shape
        /// The shape promises more elements or bytes than can be counted.
        case arrayTooLarge
        /// The elements lie in an order that is not read (columns first).
        case storageOrder
        /// A column that is not there, is there twice, or could be several.
        case column
    }

    /// What went wrong, for code.
    public let kind: Kind
    /// What is wrong, the message's first words, such as "NumPy shape".
    public let subject: String
    /// The place, counted from the start of the (decompressed) file. Nil when the whole is meant.
    public let byteOffset: Int?
    /// What was there.
    public let found: String
    /// What could have been there.
    public let allowed: String?
    /// What to do about it.
    public let remedy: String?

    /// An error as it is; `found` must not hold bytes of a file unescaped.
    public init(kind: Kind, subject: String, byteOffset: Int?, found: String, allowed: String? = nil, remedy: String? = nil) {
        self.kind = kind
        self.subject = subject
        self.byteOffset = byteOffset
        self.found = found
        self.allowed = allowed
        self.remedy = remedy
    }

    /// One line: `NumPy shape at byte 61: found -3, allowed: 0 or more; …`.
    public var description: String {
        var text = subject
        if let byteOffset { text += " at byte \(byteOffset)" }
        text += ": found \(found)"
        if let allowed { text += ", allowed: \(allowed)" }
        if let remedy { text += "; \(remedy)" }
        return text
    }
}
