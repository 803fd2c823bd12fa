import Foundation
import Messages
import Scoring
import Testing

/// Messages name settings as their reader knows them.
@Suite("MessageTests")
struct MessageTests {
    private static let options = SettingNames { setting, value in "<\(setting)\(value.map { " \($0.text)" } ?? "")>" }

    @Test("settings are named last")
    func names() {
        let reason = "text"
        let inner: Message = "check \(setting: .input)"
        let message: Message = "\(reason) of \(3): \(inner); \(setting: .invalidRows, .skip) leaves it out"
        #expect(message.description == "text of 3: check LossSpecification.input; EvaluationOptions.invalidRows = .skip leaves it out")
        #expect(message.text(Self.options) == "text of 3: check <input>; <invalidRows skip> leaves it out")
        #expect("\(message)" == message.description)
        #expect(message + "!" == "\(message)!")
    }

    @Test("equal messages are equal, however they were put together")
    func equality() {
        let two: Message = "a" + "b\(1)" + "" + "\(setting: .clip)\("")" + "c"
        #expect(two == "ab1\(setting: .clip)c" && two.hashValue == ("ab1\(setting: .clip)c" as Message).hashValue)
        #expect(two != "ab1LossModifiers.clipc" && two.description == "ab1LossModifiers.clipc")
        #expect(("\(setting: .input, .probabilities)" as Message) != "\(setting: .input)")
        #expect(("" as Message).isEmpty && ("\("")" as Message) == Message("") && !two.isEmpty)
        #expect(("\("")\(setting: .clip)" as Message).beginsWithSetting && !two.beginsWithSetting)
    }

    @Test("encoders have the names that are written")
    func coding() throws {
        let message: Message = "leave \(setting: .clip) out"
        let encoder = JSONEncoder()
        #expect(try encoder.encode([message]) == Data(#"["leave LossModifiers.clip out"]"#.utf8))
        #expect(try encoder.encode([Setting.clip]) == Data(#"["LossModifiers.clip"]"#.utf8))
        encoder.userInfo[.settingNames] = Self.options
        let data = try encoder.encode([message])
        #expect(data == Data(#"["leave <clip> out"]"#.utf8))
        #expect(try encoder.encode([Setting.clip]) == Data(#"["<clip>"]"#.utf8))
        #expect(try JSONDecoder().decode([Message].self, from: data) == ["leave <clip> out"])
    }

    @Test("the examples of the documentation say what their comments promise")
    func documentationExamples() {
        // Of `Messages.docc/Messages.md`.
        let message: Message = "no column is known as the labels; name it with \(setting: .labelColumn)"
        #expect("\(message)" == "no column is known as the labels; name it with DumpColumns.label")
        let options = SettingNames { setting, value in
            setting == .labelColumn ? "--label-column" : SettingNames.swift.text(setting, value)
        }
        #expect(message.text(options) == "no column is known as the labels; name it with --label-column")
        let sum: Message = "p.csv: \(message)" + "; \(setting: .clip)"
        #expect(sum.text(options) == "p.csv: no column is known as the labels; name it with --label-column; LossModifiers.clip")
        // Of `Message`.
        let words = SettingNames { setting, _ in setting == .labelColumn ? "the field Labels" : "\(setting)" }
        #expect(message.text(words) == "no column is known as the labels; name it with the field Labels")
    }

    @Test("values are those of the enumerations that they stand for")
    func values() {
        func text(_ value: some RawRepresentable<String>) -> [String] { [".\(value)", value.rawValue] }
        func text(_ value: Setting.Value) -> [String] { [value.swiftText, value.text] }
        #expect(text(.probabilities) == text(PredictionInput.probabilities))
        #expect(text(.logProbabilities) == text(PredictionInput.logProbabilities))
        #expect(text(.kullbackLeibler) == text(Divergence.kullbackLeibler))
        #expect(text(.once) == text(SameShard.once) && text(.each) == text(SameShard.each))
        #expect(Set(Setting.allCases.map(\.swiftName)).count == Setting.allCases.count)
    }
}
