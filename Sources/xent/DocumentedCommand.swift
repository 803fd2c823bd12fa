import ArgumentParser
import FoundationEssentials

/// A command with what its help says besides its options.
protocol DocumentedCommand: ParsableCommand {
    /// The ways to call it, without the options that are listed.
    static var usage: [String] { get }
    /// Commands that can be pasted, a line each.
    static var examples: [String] { get }
    /// The options without which it does not run. ArgumentParser knows them as optional where a better error is made than its own.
    static var requiredOptions: [String] { get }
}

extension DocumentedCommand {
    static var requiredOptions: [String] { [] }

    /// The page of the command.
    static var document: HelpDocument {
        let name = "\(Xent.name) \(_commandName)"
        var sections: [HelpDocument.Section] = []
        if !examples.isEmpty { sections.append(HelpDocument.Section(heading: "Examples", blocks: [.lines(examples)])) }
        var usageBlocks: [HelpDocument.Block] = [.lines(usage)]
        if !configuration.discussion.isEmpty {
            usageBlocks += configuration.discussion.split(separator: "\n\n").map {
                .text($0.split(whereSeparator: \.isWhitespace).joined(separator: " "))
            }
        }
        sections.append(HelpDocument.Section(heading: "Usage", blocks: usageBlocks))
        sections += optionSections
        sections.append(
            HelpDocument.Section(
                heading: "More", blocks: [.text("xent help lists the other commands and topics. man xent has all of them on one page.")]))
        return HelpDocument(title: name, abstract: configuration.abstract, sections: sections)
    }

    /// The arguments and options by their groups, in the order of declaration.
    private static var optionSections: [HelpDocument.Section] {
        var titles: [String] = []
        var entries: [String: [(term: String, text: String)]] = [:]
        for argument in ArgumentDescription.all(of: self) {
            let title = argument.sectionTitle ?? (argument.kind == .positional ? "Arguments" : "Options")
            if entries[title] == nil { titles.append(title) }
            entries[title, default: []].append((argument.term, argument.text(isRequired: requiredOptions.contains(argument.longName))))
        }
        // Options of every command come last.
        if let index = titles.firstIndex(of: "Options") { titles.append(titles.remove(at: index)) }
        return titles.map { HelpDocument.Section(heading: $0, blocks: [.entries(entries[$0] ?? [])]) }
    }
}

/// An argument or option as ArgumentParser describes it.
struct ArgumentDescription: Decodable {
    enum Kind: String, Decodable { case positional, option, flag }

    struct Name: Decodable {
        let kind: String
        let name: String

        /// The name with its dashes.
        var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
    }

    let kind: Kind
    let shouldDisplay: Bool
    let sectionTitle: String?
    let isOptional: Bool
    let isRepeating: Bool
    let names: [Name]?
    let valueName: String?
    let defaultValue: String?
    let allValues: [String]?
    let abstract: String?

    /// The descriptions of a command's arguments; none if ArgumentParser gives them in another form than the one that is known here.
    static func all(of command: any ParsableCommand.Type) -> [ArgumentDescription] {
        struct Tool: Decodable {
            struct Command: Decodable { let arguments: [ArgumentDescription]? }
            let command: Command
        }
        let tool = try? JSONDecoder().decode(Tool.self, from: Data(command._dumpHelp().utf8))
        return (tool?.command.arguments ?? []).filter { $0.shouldDisplay && $0.longName != "--version" }
    }

    /// The long name with its dashes; that of an argument without names is its own.
    var longName: String { names?.first { $0.kind == "long" }?.text ?? valueName ?? "" }

    /// The value in capitals, as usage lines have it: FILE, N. Of few values they are named themselves: fail|skip.
    var value: String {
        if let choices = fewValues { return choices }
        return (valueName ?? "").uppercased() + (isRepeating && kind == .positional ? "…" : "")
    }

    /// The values that the argument takes, if they are short enough for a usage line.
    private var fewValues: String? {
        guard let allValues, allValues.count > 1 else { return nil }
        let text = allValues.joined(separator: "|")
        return text.count <= 20 ? text : nil
    }

    /// The names and the value: "-j, --threads N".
    var term: String {
        guard kind != .positional else { return value }
        let short = (names ?? []).filter { $0.kind != "long" }.map(\.text)
        let long = (names ?? []).filter { $0.kind == "long" }.map(\.text)
        return (short + long).joined(separator: ", ") + (kind == .option ? " \(value)" : "")
    }

    /// The explanation, with the values that there are, and what holds if it is left out.
    func text(isRequired: Bool) -> String {
        var text = (isRequired || (kind != .flag && !isOptional) ? "(required) " : "") + (abstract ?? "")
        if let allValues, !allValues.isEmpty, fewValues == nil { text += " Values: \(allValues.joined(separator: ", "))." }
        if let defaultValue { text += " Default: \(defaultValue)." }
        return text
    }
}
