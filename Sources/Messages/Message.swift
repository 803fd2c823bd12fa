/// A sentence for people, in which settings are values: who shows it names them as its reader knows them.
///
/// ```swift
/// let message: Message = "no column is known as the labels; name it with \(setting: .labelColumn)"
/// print(message)  // …; name it with DumpColumns.label
/// let words = SettingNames { setting, _ in setting == .labelColumn ? "the field Labels" : "\(setting)" }
/// print(message.text(words))  // …; name it with the field Labels
/// ```
public struct Message: Sendable, Hashable {
    /// A part of a message.
    private enum Fragment: Sendable, Hashable {
        case text(String)
        case setting(Setting, Setting.Value?)
    }

    /// No two texts are neighbours, and none is empty, so that equal messages have equal fragments.
    private var fragments: [Fragment] = []

    /// The stable name of the message's kind, if it is a warning that has one. It is no part of the sentence.
    public private(set) var code: NoticeCode?

    /// Makes a message of a text that names no settings.
    public init(_ text: String) { append(text) }

    /// Makes a warning of a kind that programs can tell from others.
    public init(code: NoticeCode, _ message: Message) {
        self = message
        self.code = code
    }

    /// True if the message says nothing.
    public var isEmpty: Bool { fragments.isEmpty }

    /// True if the message begins with a setting.
    public var beginsWithSetting: Bool {
        if case .setting? = fragments.first { true } else { false }
    }

    /// The sentence, in which `names` gives the names of the settings.
    ///
    /// Names and values of files stand in messages: characters that steer a terminal are escaped, and a sentence of more than 3,900 bytes
    /// is cut in its middle.
    public func text(_ names: SettingNames) -> String {
        var text = ""
        for fragment in fragments {
            switch fragment {
            case .text(let part): text += part
            case .setting(let setting, let value): text += names.text(setting, value)
            }
        }
        return QuotedBytes.message(text)
    }

    /// The message that says one thing after the other.
    public static func + (left: Message, right: Message) -> Message {
        var message = left
        message.append(right)
        return message
    }

    private mutating func append(_ text: String) {
        guard !text.isEmpty else { return }
        if case .text(let last)? = fragments.last {
            fragments[fragments.count - 1] = .text(last + text)
        } else {
            fragments.append(.text(text))
        }
    }

    private mutating func append(_ message: Message) {
        for fragment in message.fragments {
            if case .text(let text) = fragment { append(text) } else { fragments.append(fragment) }
        }
    }
}

extension Message: CustomStringConvertible {
    /// The sentence with the names of Swift.
    public var description: String { text(.swift) }
}

extension Message: ExpressibleByStringInterpolation {
    /// The parts of a message between quotes.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var message = Message("")

        /// Begins without any part.
        public init(literalCapacity: Int, interpolationCount: Int) {}

        /// Appends text.
        public mutating func appendLiteral(_ text: String) { message.append(text) }

        /// Appends a value as `String` does.
        public mutating func appendInterpolation(_ value: some Any) { message.append("\(value)") }

        /// Appends a message with its settings.
        public mutating func appendInterpolation(_ message: Message) { self.message.append(message) }

        /// Appends a setting, with the value that it is given if there is one.
        public mutating func appendInterpolation(setting: Setting, _ value: Setting.Value? = nil) {
            message.fragments.append(.setting(setting, value))
        }
    }

    /// Makes a message of a text that names no settings.
    public init(stringLiteral text: String) { append(text) }

    /// Makes a message of its parts.
    public init(stringInterpolation: StringInterpolation) { self = stringInterpolation.message }
}

extension Message: Codable {
    /// Reads a text.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes a text, with the names that `CodingUserInfoKey.settingNames` has.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text(encoder.settingNames))
    }
}
