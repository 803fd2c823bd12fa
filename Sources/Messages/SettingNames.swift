/// The words for settings and their values that one kind of reader knows.
public struct SettingNames: Sendable {
    private let words: @Sendable (Setting, Setting.Value?) -> String

    /// Makes names of a function.
    ///
    /// - Parameter words: Returns the words for a setting, together with the value that a message gives it, if it gives one.
    public init(_ words: @escaping @Sendable (Setting, Setting.Value?) -> String) { self.words = words }

    /// Returns the words for a setting and the value that a message gives it.
    public func text(_ setting: Setting, _ value: Setting.Value? = nil) -> String { words(setting, value) }

    /// The names of the library's own properties: `EvaluationOptions.invalidRows = .skip`.
    public static let swift = SettingNames { setting, value in
        setting.swiftName + (value.map { " = \($0.swiftText)" } ?? "")
    }
}

extension Setting: Encodable {
    /// Writes the name that `CodingUserInfoKey.settingNames` gives.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(encoder.settingNames.text(self))
    }
}

extension Encoder {
    /// The names with which messages are written.
    var settingNames: SettingNames { userInfo[.settingNames] as? SettingNames ?? .swift }
}

extension CodingUserInfoKey {
    /// The key of the `SettingNames` with which an encoder writes messages and settings. Without it they have the names of Swift.
    public static let settingNames: CodingUserInfoKey = {
        guard let key = CodingUserInfoKey(rawValue: "settingNames") else { preconditionFailure("every text makes a key") }
        return key
    }()
}
