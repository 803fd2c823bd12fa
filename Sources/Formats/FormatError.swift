public import Messages

/// An error about bytes that break the rules of their format, or that say something that Xent does not read.
///
/// The message names the place, the value found, the values allowed and the remedy. It knows no file: the opener of the file puts the path
/// in front. Quoted bytes are cut to a few dozen, and all but printable ASCII is escaped, so that a hostile file can neither flood a log
/// nor steer a terminal.
public struct FormatError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The cause, for code; `description` is for people.
    public enum Kind: String, Sendable, CaseIterable {
        /// The first bytes are not the format's.
        case signature
        /// The version of the format is not known.
        case version
        /// The header's length cannot be right.
        case headerLength
        /// The file ends inside the header.
        case truncatedHeader
        /// The header breaks the format's grammar.
        case syntax
        /// A required key is missing from the header.
        case missingKey
        /// A key occurs twice.
        case duplicateKey
        /// The format does not know the key.
        case unknownKey
        /// The elements are of a type that is not read.
        case elementType
        /// The shape has a negative or unrepresentable dimension, or too many dimensions.
        case shape
        /// The shape has more elements or bytes than can be counted.
        case arrayTooLarge
        /// The file is of a known format that is not read.
        case otherFormat
        /// A pickle names a callable by which it holds something else than tensors and arrays.
        case callable
        /// A column does not exist, exists twice, or could be several.
        case column
    }

    /// The cause, for code.
    public let kind: Kind
    /// The thing that is wrong, as the first words of the message, such as "NumPy shape".
    public let subject: String
    /// The place, in bytes from the start of the (decompressed) file. Nil if the error is about the whole file.
    public let byteOffset: Int?
    /// The value found, in words.
    public let found: String
    /// The values that are allowed there, in words.
    public let allowed: String?
    /// The action that avoids the error.
    public let remedy: Message?

    /// Makes an error whose remedy names no setting. `found` must not hold unescaped bytes of a file.
    public init(kind: Kind, subject: String, byteOffset: Int?, found: String, allowed: String? = nil, remedy: String? = nil) {
        self.init(
            kind: kind, subject: subject, byteOffset: byteOffset, found: found, allowed: allowed, remedy: remedy.map { Message($0) })
    }

    /// Makes an error. `found` must not hold unescaped bytes of a file.
    public init(kind: Kind, subject: String, byteOffset: Int?, found: String, allowed: String? = nil, remedy: Message?) {
        self.kind = kind
        self.subject = subject
        self.byteOffset = byteOffset
        self.found = found
        self.allowed = allowed
        self.remedy = remedy
    }

    /// The error in one line: `NumPy shape at byte 61: found -3, allowed: 0 or more; …`.
    public var message: Message {
        if kind == .otherFormat { return "this is \(found), which is not read" + (remedy.map { "; \($0)" } ?? "") }
        let place = byteOffset.map { " at byte \($0)" } ?? ""
        let wanted = allowed.map { ", allowed: \($0)" } ?? ""
        let statement: Message = "\(subject)\(place): found \(found)\(wanted)"
        guard let remedy else { return statement }
        return "\(statement); \(remedy)"
    }

    /// The message with the names of Swift.
    public var description: String { message.description }
}
