import ArgumentParser
import Engine
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

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Evaluates cross-entropy over prediction dumps, exactly, on every core.",
        discussion: """
            One exact number, the same 64 bits whatever the threads and machines, about as fast as the file can be decompressed.

            EXAMPLES
              xent eval logits.npy.zst --labels labels.npy --task multiclass --input logits
              xent eval p.npy --labels y.npy --task binary --input probabilities --json report.json
              xent eval shard-*.npy.zst --labels shard-*.y.npy --task multiclass --input logits --partial all.partial
              xent merge *.partial --json -
              xent inspect logits.npy.zst
              xent pack logits.npy -o logits.npy.zst
              xent bench --threads 1,2,4

            EXIT STATUS
              0 done; 64 bad usage; 65 bad data (damaged, mismatched, or invalid); 66 an input cannot be opened; 74 reading or writing
              failed; death by the signal itself on SIGINT and SIGTERM.
            """,
        version: Version.current,
        subcommands: [EvalCommand.self, MergeCommand.self, InspectCommand.self, PackCommand.self, LossesCommand.self, BenchCommand.self])

    /// Runs the subcommand that the first argument names, without going through the options of all commands.
    ///
    /// Half of the time that a process takes to start is ArgumentParser's: for a subcommand it goes through the options of this command, of
    /// those that print completions, and three times through the subcommand's own. A subcommand with the name of a super-command parses its
    /// own arguments alone. Arguments that it cannot parse, and all requests for help, take the usual way, which writes the messages.
    static func main() {
        StandardDescriptors.holdOpen()
        // A file that cannot grow further (ulimit -f) is then an error of writing, with the file's name, and does not end the process.
        signal(SIGXFSZ, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        let subcommand = configuration.subcommands.first { $0._commandName == arguments.first }
        guard let subcommand, var command = try? subcommand.parseAsRoot(Array(arguments.dropFirst())), type(of: command) == subcommand else {
            do {
                try reportingErrors { try SingleDash.check(arguments, of: subcommand ?? self) }
            } catch {
                exit(withError: error)
            }
            return main(arguments)
        }
        do {
            try command.run()
        } catch {
            exit(withError: error)
        }
    }
}
