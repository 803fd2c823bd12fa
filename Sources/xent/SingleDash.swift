import ArgumentParser
import Engine

/// A check for words after a single dash, such as `-threads 4`. ArgumentParser reads each letter as an option. With an `h` among them,
/// which it takes for `-h`, it prints the help and exits with 0, and a script goes on without a result.
enum SingleDash {
    /// Throws for the first such word in the command line of `command`.
    ///
    /// It refuses only words that are the name of an option or have an `h`, since the value of an option may begin with a dash (`--clip
    /// -inf`). ArgumentParser refuses the others.
    static func check(_ arguments: [String], of command: any ParsableCommand.Type) throws {
        let options = Set(command.helpMessage(columns: 1000).split { !$0.isLetter && $0 != "-" })
        for argument in arguments.prefix(while: { $0 != "--" }) {
            let word = argument.dropFirst().prefix { $0.isLetter || $0 == "-" }
            guard argument.first == "-", word.first?.isLetter == true, word.count > 1, argument != "-help" else { continue }
            let isKnown = options.contains("-" + argument.prefix(1 + word.count))
            guard isKnown || word.contains("h") else { continue }
            throw EngineError(
                usage: "'\(argument)' is no option: names of options have two dashes",
                remedy: isKnown ? "write -\(argument.prefix(1 + word.count))" : "--help lists them")
        }
    }
}
