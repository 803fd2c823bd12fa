import ArgumentParser
import Engine
import Messages

/// The options of a command line with their values as they were given, in the order in which the command declares them.
///
/// ArgumentParser gives parsed values alone. A plan holds the words, so that each worker parses what the planner parsed.
struct GivenOptions {
    /// The options: the long name, and the values in their order; a flag has none.
    let options: [(name: String, values: [String])]

    /// Takes the options of words that `command` has parsed.
    init(_ arguments: [String], of command: any ParsableCommand.Type) {
        let descriptions = ArgumentDescription.all(of: command).filter { $0.kind != .positional }
        var values: [String: [String]] = [:]
        var left = arguments[...]
        while let argument = left.popFirst() {
            if argument == "--" { break }
            guard argument.hasPrefix("-"), argument != "-" else { continue }
            let equals = argument.firstIndex(of: "=")
            let name = equals.map { String(argument[..<$0]) } ?? argument
            let isLong = argument.hasPrefix("--")
            // `-j4`: a short name with its value.
            let known = isLong ? name : String(name.prefix(2))
            guard let description = descriptions.first(where: { ($0.names ?? []).contains { $0.text == known } }) else { continue }
            values[description.longName, default: []] += []
            guard description.kind == .option else { continue }
            if let equals {
                values[description.longName, default: []].append(String(argument[argument.index(after: equals)...]))
            } else if !isLong, argument.utf8.count > 2 {
                values[description.longName, default: []].append(String(argument.dropFirst(2)))
            } else if ListArguments.names.contains(name) {
                while let next = left.first, next == "-" || !next.hasPrefix("-") { 
                    values[description.longName, default: []].append(next)
                    left.removeFirst()
                }
            } else if let value = left.popFirst() {
                values[description.longName, default: []].append(value)
            }
        }
        options = descriptions.compactMap { description in values[description.longName].map { (description.longName, $0) } }
    }

    /// The options of this process's command line.
    static func ofProcess(_ command: any ParsableCommand.Type) -> GivenOptions {
        GivenOptions(ListArguments.separated(HeaderOption.expand(Array(CommandArguments.all.dropFirst(2)))), of: command)
    }

    /// The options as words that can be parsed again, one a value: `--name=value`, or `--name` for a flag.
    func words(where isIncluded: (String) -> Bool) -> [String] {
        options.filter { isIncluded($0.name) }.flatMap { option in
            option.values.isEmpty ? [option.name] : option.values.map { "\(option.name)=\($0)" }
        }
    }
}
