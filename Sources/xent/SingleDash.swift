import ArgumentParser
import Engine

/// Words after a single dash: `-threads 4`. ArgumentParser takes one for letters with a dash each, and an `h` among them for `-h`: it prints the
/// help and exits with 0, and a script goes on without a result.
enum SingleDash {
    /// Throws for the first such word of a command line that is no run of `command`.
    ///
    /// Only of those: a value of an option may begin with a dash (`--clip -inf`). Words that are neither an option's name nor have an `h` are
    /// left to ArgumentParser, which refuses them.
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
