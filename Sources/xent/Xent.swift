import ArgumentParser
import Engine

@main
struct Xent: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xent",
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
}
