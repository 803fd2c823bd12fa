import Engine
import Messages
import Outputs
import WorkStealing

/// An output that is whole or not there: it is opened before the work begins and gets its name when all is done.
protocol UnfinishedOutput {
    /// Gives the output its name. Only the first `commit` or `discard` does anything.
    func commit() throws
    /// Removes the output.
    func discard()
}

extension OutputFile: UnfinishedOutput {}
extension PerRowOutput: UnfinishedOutput {}
extension JSONOutput: UnfinishedOutput {}
extension PartialOutput: UnfinishedOutput {}

/// One run of a command, from its signals to its exit status.
///
/// Outputs are committed together after the work. If anything fails, or a signal comes, those that are not committed are discarded, an error is
/// printed, and the process ends with its status or by the signal.
final class CommandRun {
    // Before any output is opened, so that no signal finds an unfinished one.
    private let signals = Signals()
    private var outputs: [any UnfinishedOutput] = []

    /// The cancellation that a signal sets.
    var cancellation: Cancellation { signals.cancellation }

    private init() {}

    /// Runs a command.
    static func run(_ body: (CommandRun) throws -> Void) throws {
        let run = CommandRun()
        do {
            try Xent.reportingErrors {
                try body(run)
                // The last ones were opened last: a report follows what it tells of.
                for output in run.outputs.reversed() { try output.commit() }
            }
        } catch {
            // Committed files stay.
            for output in run.outputs { output.discard() }
            run.signals.dieIfReceived()
            throw error
        }
    }

    /// Takes an output, to be committed or discarded at the end.
    func adding<Output: UnfinishedOutput>(_ output: Output) -> Output {
        outputs.append(output)
        return output
    }

    /// Throws if a signal came. The catch in `run(_:)` then removes unfinished outputs, and the process dies.
    func checkCancellation() throws {
        if cancellation.isCancelled { throw EngineError(cancelledBefore: "anything was written") }
    }

    /// Prints warnings on standard error.
    func warn(_ warnings: [Message]) {
        for warning in warnings { StandardError.print("xent: warning: \(warning.text)") }
    }
}
