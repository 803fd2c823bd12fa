import ArgumentParser
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
    /// The number of warnings that are errors.
    private var strictWarningCount = 0
    /// The files that the command reads.
    var inputs: InputFiles

    /// The cancellation that a signal sets.
    var cancellation: Cancellation { signals.cancellation }

    private init() { inputs = InputFiles(signals.cancellation) }

    /// Runs a command.
    static func run(_ body: (CommandRun) throws -> Void) throws {
        let run = CommandRun()
        do {
            try Xent.reportingErrors(suggestion: { run.inputs.suggestion(for: $0) }) {
                try body(run)
                // The last ones were opened last: a report follows what it tells of.
                for output in run.outputs.reversed() { try output.commit() }
            }
            try run.checkStrictness()
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
    ///
    /// - Parameters:
    ///   - isSilent: leaves them out.
    ///   - isStrict: makes them the run's failure, after its outputs are written.
    func warn(_ warnings: [Message], isSilent: Bool = false, isStrict: Bool = false) {
        if !isSilent { for warning in warnings { StandardError.warn(warning.text) } }
        if isStrict { strictWarningCount += warnings.count }
    }

    private func checkStrictness() throws {
        guard strictWarningCount > 0 else { return }
        let warnings =
            strictWarningCount == 1
            ? "1 warning, which --strict makes an error" : "\(strictWarningCount) warnings, which --strict makes errors"
        StandardError.fail("\(warnings); the report is written all the same")
        throw ExitStatus.data
    }

    /// Says that a run waits for someone to type, if standard input is read and is a terminal.
    func announceTerminalInput() {
        guard inputs.standardInputCount > 0, Terminal.isTerminal(0) else { return }
        StandardError.print("xent: reads standard input from the terminal; Ctrl-D ends it, Ctrl-C gives up")
    }
}
