import ArgumentParser
import Engine
import Messages

/// The options that take several values, up to the next option: `--labels a.npy b.npy`.
///
/// ArgumentParser lets them take several values after `=` too, so that `--labels=y.npy p.npy` would take the predictions for labels. With
/// `=` such an option takes one value here.
enum ListArguments {
    static let names = ["--labels", "--weights"]

    /// Returns arguments in which each value after `=` stands apart from what follows it: all values of the option stand last, in their
    /// order, each with the name of the option.
    static func separated(_ arguments: [String]) -> [String] {
        var arguments = arguments
        for name in names where arguments.prefix(while: { $0 != "--" }).contains(where: { $0.hasPrefix(name + "=") }) {
            let end = arguments.firstIndex(of: "--") ?? arguments.count
            var others: [String] = []
            var values: [String] = []
            var takesValues = false
            for argument in arguments[..<end] {
                if argument.hasPrefix(name + "=") {
                    values.append(argument)
                    takesValues = false
                } else if argument == name {
                    takesValues = true
                } else if takesValues, argument == "-" || !argument.hasPrefix("-") {
                    values.append("\(name)=\(argument)")
                } else {
                    takesValues = false
                    others.append(argument)
                }
            }
            arguments = others + values + arguments[end...]
        }
        return arguments
    }

    /// The least number of words that stand for each other in `gathered`.
    private static let gatheredCount = 64

    /// Returns arguments in which a long run of words that are no options, but for its first, is one word, which `spread` undoes.
    ///
    /// ArgumentParser takes a time that grows with the square of the number of words, and a shell gives all names that match a pattern. The
    /// first word of a run may be the value of the option before it. No argument of a process has the NUL that marks such a word.
    static func gathered(_ arguments: [String]) -> [String] {
        guard arguments.count > gatheredCount else { return arguments }
        var gathered: [String] = []
        var run: ArraySlice<String> = []
        func close() {
            gathered += run.count > gatheredCount ? [run[run.startIndex], "\0" + run.dropFirst().joined(separator: "\0")] : Array(run)
            run = []
        }
        for (place, argument) in arguments.enumerated() {
            if argument == "--" {
                close()
                return gathered + arguments[place...]
            }
            if argument == "-" || !argument.hasPrefix("-") {
                run = run.isEmpty ? arguments[place...place] : arguments[run.startIndex...place]
            } else {
                close()
                gathered.append(argument)
            }
        }
        close()
        return gathered
    }

    /// Returns the words that a word of `gathered` stands for, or the word itself.
    static func spread(_ word: String) -> [String] {
        guard word.utf8.first == 0 else { return [word] }
        return word.dropFirst().split(separator: "\0", omittingEmptySubsequences: false).map { String($0) }
    }

    /// Throws for an option that takes one value and has several: the last would count, and the others be lost in silence.
    static func checkRepeats(_ arguments: [String], of command: any ParsableCommand.Type) throws {
        func name(_ argument: String) -> String { String(argument.prefix { $0 != "=" }) }
        let given = arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }
        var seen: Set<String> = []
        let repeated = Set(given.map(name).filter { !seen.insert($0).inserted })
        guard !repeated.isEmpty else { return }
        for description in ArgumentDescription.all(of: command) where description.kind == .option && !description.isRepeating {
            for option in description.names ?? [] where repeated.contains(option.text) {
                var values: Set<Name> = []
                for (place, argument) in arguments.enumerated() where name(argument) == option.text {
                    if argument.contains("=") {
                        values.insert(Name(String(argument.dropFirst(option.text.count + 1))))
                    } else if place + 1 < arguments.count {
                        values.insert(Name(arguments[place + 1]))
                    }
                }
                guard values.count > 1 else { continue }
                throw EngineError(
                    usage: "\(option.text) is given \(values.count) values: \(QuotedBytes.list(values.map(\.text).sorted(), limit: 3))",
                    remedy: "give it once; columns and classes have commas between them")
            }
        }
    }

    /// The first of such options that took several values, and those: for the error of a command line without predictions.
    static func taken(_ arguments: [String]) -> (name: String, values: [String])? {
        var taken = (name: "", values: [String]())
        for argument in arguments.prefix(while: { $0 != "--" }) {
            guard argument.hasPrefix("-"), argument != "-" else {
                if !taken.name.isEmpty { taken.values.append(argument) }
                continue
            }
            if taken.values.count > 1 { break }
            taken = (names.contains(argument) ? argument : "", [])
        }
        return taken.values.count > 1 ? taken : nil
    }
}
