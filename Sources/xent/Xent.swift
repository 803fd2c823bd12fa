import ArgumentParser
import Engine
import Messages
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@main
struct Xent: ParsableCommand {
    static let name = "xent"

    static let examples = [
        "xent eval logits.npy.zst --labels labels.npy --task multiclass --input logits",
        "xent eval p.npy --labels y.npy --task binary --input probabilities --json report.json",
        "xent eval shard-*.npy.zst --labels shard-*.y.npy --task multiclass --input logits --partial all.partial",
        "xent merge *.partial --json -",
        "xent inspect logits.npy.zst",
        "xent pack logits.npy -o logits.npy.zst",
        "xent bench --threads 1,2,4",
    ]

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Evaluates cross-entropy over prediction dumps, exactly, on every core.",
        discussion: """
            One exact number, the same 64 bits whatever the threads and machines, about as fast as the file can be decompressed.
            """,
        version: Version.current, subcommands: Manual.commands)

    /// Runs the subcommand that the first argument names, without going through the options of all commands.
    ///
    /// Half of the time that a process takes to start is ArgumentParser's: for a subcommand it goes through the options of this command, of
    /// those that print completions, and three times through the subcommand's own. A subcommand with the name of a super-command parses its
    /// own arguments alone. Help, versions, completions and the errors of arguments are written here, and not by ArgumentParser.
    static func main() {
        StandardDescriptors.holdOpen()
        StandardDescriptors.raiseLimit()
        RefusedMemory.endsTheProcess()
        // A file that cannot grow further (ulimit -f) is then an error of writing, with the file's name, and does not end the process.
        signal(SIGXFSZ, SIG_IGN)
        let arguments = HeaderOption.expand(Array(CommandArguments.all.dropFirst()))
        do {
            try reportingErrors {
                guard let subcommand = Manual.commands.first(where: { $0._commandName == arguments.first }) else {
                    return try answer(arguments)
                }
                try run(subcommand, ListArguments.separated(Array(arguments.dropFirst())))
            }
        } catch let status as ExitCode {
            exit(withError: status)
        } catch {
            StandardError.fail(faultText(error))
            exit(withError: ExitStatus.software)
        }
    }

    /// Describes an error that no part of the program foresaw.
    static func faultText(_ error: any Error) -> String { "\(error); this is a fault of xent: please report it" }

    /// Parses the arguments of a subcommand, and runs it.
    private static func run(_ subcommand: any DocumentedCommand.Type, _ arguments: [String]) throws {
        try ListArguments.checkRepeats(arguments, of: subcommand)
        let gathered = ListArguments.gathered(arguments)
        var parsed = Result { try subcommand.parseAsRoot(gathered) }
        // The error names the words as they were given.
        if case .failure = parsed, gathered.count < arguments.count { parsed = Result { try subcommand.parseAsRoot(arguments) } }
        guard case .failure(let failure) = parsed else {
            var command = try parsed.get()
            guard type(of: command) == subcommand else {
                // ArgumentParser's own command for help, which it also takes a word after one dash for.
                try SingleDash.check(arguments, of: subcommand)
                return try showHelp(subcommand.document)
            }
            return try command.run()
        }
        let options = arguments.prefix { $0 != "--" }
        if options.contains(where: { ["-h", "--help", "-help"].contains($0) }) { return try showHelp(subcommand.document) }
        if options.contains(where: { ["-V", "--version"].contains($0) }) { return try StandardOutput.print(VersionText.text) }
        try SingleDash.check(arguments, of: subcommand)
        if subcommand.exitCode(for: failure).isSuccess { return try StandardOutput.print(subcommand.fullMessage(for: failure)) }
        let errors = ArgumentErrors(command: subcommand, name: "\(name) \(subcommand._commandName)", arguments: arguments)
        StandardError.fail(errors.text(failure))
        throw ExitStatus.usage
    }

    /// Answers a command line that names no subcommand.
    private static func answer(_ arguments: [String]) throws {
        guard let first = arguments.first else { return try showHelp(Manual.overview) }
        switch first {
        case "-h", "--help", "-help": try showHelp(Manual.overview)
        case "help": try help(Array(arguments.dropFirst()))
        case "-V", "--version": try StandardOutput.print(VersionText.text)
        case "--generate-manual": try StandardOutput.write(ManualPage.text)
        case _ where first.hasPrefix("--generate-completion-script"): try completions(arguments)
        case _ where first.hasPrefix("-"):
            try SingleDash.check(arguments, of: self)
            let near = NearName.of(first, among: ["--help", "--version", "--generate-manual", "--generate-completion-script"])
            throw EngineError(
                usage: "there is no option \(first) without a command",
                remedy: near.map { "did you mean \($0)?" } ?? "xent --help lists commands and options")
        default:
            let commands = Manual.commands.map { $0._commandName }
            let near = NearName.of(first, among: commands + ["help"])
            let isFile = FilePattern.isThere(first)
            throw EngineError(
                usage: "'\(first)' is no command",
                remedy: near.map { "did you mean xent \($0)?" }
                    ?? (isFile
                        ? "did you mean xent eval \(first), or xent inspect \(first)?" : "there are \(commands.joined(separator: ", "))"))
        }
    }

    /// Shows the pages that words after `xent help` name.
    private static func help(_ words: [String]) throws {
        guard let word = words.first(where: { !$0.hasPrefix("-") }) else { return try showHelp(Manual.overview) }
        guard let document = Manual.document(of: word) else {
            throw EngineError(
                usage: "there is no help on '\(word)'",
                remedy: NearName.of(word, among: Manual.names).map { "did you mean xent help \($0)?" }
                    ?? "there is on \(Manual.names.joined(separator: ", "))")
        }
        try showHelp(document)
    }

    private static func showHelp(_ document: HelpDocument) throws {
        try StandardOutput.print(HelpText.text(document, width: Terminal.textWidth(of: 1), style: .output))
    }

    private static func completions(_ arguments: [String]) throws {
        let option = "--generate-completion-script"
        let value = arguments[0].hasPrefix(option + "=") ? String(arguments[0].dropFirst(option.count + 1)) : arguments.dropFirst().first
        let shells = CompletionShell.allCases
        let named = value.flatMap { CompletionShell(rawValue: $0) }
        guard let shell = value == nil ? CompletionShell.autodetected() : named else {
            throw EngineError(
                usage: value.map { "there are no completions for '\($0)'" } ?? "the shell is not known from SHELL",
                remedy: "give \(option) " + shells.map(\.rawValue).joined(separator: ", or "))
        }
        try StandardOutput.print(CompletionScript.text(for: shell))
    }
}
