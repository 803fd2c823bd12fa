import ArgumentParser
import Messages

/// The errors of a command line that cannot be parsed, worded as all other errors are.
///
/// ArgumentParser gives its errors as sentences alone. They are told apart by their beginnings; any other sentence stays as it is, but for
/// its capital letter and its full stop.
struct ArgumentErrors {
    let command: any ParsableCommand.Type
    /// The words that the command begins with: "xent eval".
    let name: String
    /// The arguments after these words.
    let arguments: [String]

    /// The error as one line.
    func text(_ error: any Error) -> String {
        let message = command.message(for: error)
        let quoted = Self.quoted(message)
        if message.hasPrefix("The value '"), quoted.count >= 2 { return unknownValue(quoted[0], of: quoted[1]) }
        if message.hasPrefix("Unknown option '"), let option = quoted.first { return unknownOption(option) }
        if message.hasPrefix("Missing value for '"), let option = quoted.first { return missingValue(of: option) }
        if message.hasPrefix("Missing expected argument '"), let argument = quoted.first { return missingArgument(argument) }
        if message.contains("nexpected argument"), !quoted.isEmpty {
            let all = quoted.map { "'\($0)'" }.joined(separator: ", ")
            let (verb, pronoun) = quoted.count == 1 ? ("is", "it") : ("are", "them")
            return "\(all) \(verb) too much: \(name) does not take \(pronoun); \(seeHelp)"
        }
        if message.hasPrefix("The option '"), quoted.count == 2 { return "\(quoted[0]) takes no value, and has '\(quoted[1])'; \(seeHelp)" }
        var text = message.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }.joined(separator: " ")
        if text.hasSuffix(".") { text.removeLast() }
        let first = text.prefix(1)
        return first.lowercased() + text.dropFirst() + (text.contains("; ") ? "" : "; \(seeHelp)")
    }

    private var seeHelp: String { "\(name) --help lists what there is" }

    private var descriptions: [ArgumentDescription] { ArgumentDescription.all(of: command) }

    private func description(of option: String) -> ArgumentDescription? {
        descriptions.first { $0.names?.contains { $0.text == option } ?? false }
    }

    private func unknownValue(_ value: String, of synopsis: String) -> String {
        let option = String(synopsis.prefix { $0 != " " })
        let description = description(of: option)
        guard let values = description?.allValues, !values.isEmpty else {
            guard let description else { return "'\(value)' is no value of \(option); \(seeHelp)" }
            // The first sentence says what it is for.
            let purpose = (description.abstract ?? "").split(separator: ". ")[0].drop { $0 == " " }
            let text = purpose.hasSuffix(".") ? purpose.dropLast() : purpose
            return "\(option) takes \(description.value), and '\(value)' is none; "
                + (text.isEmpty ? seeHelp : text.prefix(1).lowercased() + text.dropFirst())
        }
        let near = NearName.of(value, among: values).map { "did you mean \($0)? " } ?? ""
        return "\(option) '\(value)' is not known; \(near)\(option) takes \(values.joined(separator: ", "))"
    }

    private func unknownOption(_ option: String) -> String {
        let names = descriptions.flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map(\.text)
        let near = NearName.of(option, among: names).map { "did you mean \($0)?" } ?? seeHelp
        return "there is no option \(option); \(near)"
    }

    private func missingValue(of synopsis: String) -> String {
        let option = String(synopsis.prefix { $0 != " " })
        let value = description(of: option).map { $0.value }
        return "\(option) has no value; \(value.map { "give \(option) \($0)" } ?? seeHelp)"
    }

    private func missingArgument(_ synopsis: String) -> String {
        guard synopsis.hasPrefix("<") else {
            let option = String(synopsis.prefix { $0 != " " })
            return "\(option) is missing; \(missingValueRemedy(option))"
        }
        let value = String(synopsis.dropFirst().prefix { $0 != ">" })
        if let taken = ListArguments.taken(arguments) {
            let files = taken.values.map { "'\($0)'" }.joined(separator: " and ")
            return "no \(value) are named: \(taken.name) took \(files), all that follows it up to the next option; "
                + "write \(taken.name)=\(taken.values[0]), or name the \(value) first"
        }
        let isSeveral = descriptions.first { $0.kind == .positional }?.isRepeating ?? false
        return (isSeveral ? "no \(value) are named; name at least one" : "no \(value) is named; name a file") + ", or see \(name) --help"
    }

    private func missingValueRemedy(_ option: String) -> String {
        description(of: option).map { "give \(option) \($0.value)" } ?? seeHelp
    }

    /// The texts between single quotes. A quote within a word, as in "doesn't", begins none.
    private static func quoted(_ message: String) -> [String] {
        var texts: [String] = []
        var text: String?
        var previous: Character = " "
        let characters = Array(message)
        for (index, character) in characters.enumerated() {
            if character == "'" {
                let next = index + 1 < characters.count ? characters[index + 1] : " "
                if text == nil, previous == " " {
                    text = ""
                    previous = character
                    continue
                }
                if let whole = text, [" ", ".", ",", ":"].contains(next) {
                    texts.append(whole)
                    text = nil
                    previous = character
                    continue
                }
            }
            text?.append(character)
            previous = character
        }
        return texts
    }
}
