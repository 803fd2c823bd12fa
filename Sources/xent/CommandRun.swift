import ArgumentParser
import Engine
import Messages
import Outputs
import Unattended
import WorkStealing
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

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
/// printed, and the process ends with its status or by the signal. What a run leaves for the next one, its metrics and its line of a history,
/// is written however it ends.
final class CommandRun {
    // Before any output is opened, so that no signal finds an unfinished one.
    private let signals = Signals()
    private var outputs: [any UnfinishedOutput] = []
    /// The number of warnings that are errors.
    private var strictWarningCount = 0
    /// The number of all warnings.
    private var warningCount = 0
    /// The files that the command reads.
    var inputs: InputFiles
    /// The record of the run for those that come after it; nil where none was asked for.
    private var record: RunRecord?
    /// The outcome of the gates, which decides the exit status once all is written.
    private var gates: [GateResult] = []
    /// True once the end has been recorded.
    private var hasEnded = false
    /// An error that ends the run when its outputs are written.
    private var errorAfterOutputs: EngineError?

    /// The cancellation that a signal sets.
    var cancellation: Cancellation { signals.cancellation }

    private init() { inputs = InputFiles(signals.cancellation) }

    /// Runs a command.
    ///
    /// - Parameters:
    ///   - options: what holds for runs that nobody watches; nil for commands that have no such options.
    ///   - historyPath: the history that the run appends to; nil for none.
    ///   - isSilent: true if nothing is said unless the run fails.
    static func run(
        _ options: UnattendedOptions? = nil, historyPath: String? = nil, isSilent: Bool = false, _ body: (CommandRun) throws -> Void
    ) throws {
        RunLog.begin(options?.log ?? .text, isSilent: isSilent)
        let run = CommandRun()
        let began = RunBeginning()
        RunLog.write(.start, .info, "began", [("command", .text(RunBeginning.command)), ("version", .text(Version.current))], text: nil)
        var lock: FileLock?
        do {
            try Xent.reportingErrors(suggestion: { run.inputs.suggestion(for: $0) }) {
                run.record = try options.flatMap { try RunRecord($0, historyPath: historyPath) }
                lock = try options.flatMap { try $0.takeLock(run.cancellation) }
                try body(run)
                try UnforeseenFault.happenForTests()
                // The last ones were opened last: a report follows what it tells of.
                for output in run.outputs.reversed() { try output.commit() }
                if let error = run.errorAfterOutputs { throw error }
            }
            try run.checkGates()
            try run.checkStrictness()
            try Xent.reportingErrors { try run.end(.success, began) }
        } catch {
            // Committed files stay.
            for output in run.outputs { output.discard() }
            let status = run.signals.received.map { ExitCode(128 + $0) } ?? (error as? ExitCode) ?? ExitStatus.software
            try? Xent.reportingErrors { try run.end(status, began) }
            if !(error is ExitCode) { StandardError.fail(Xent.faultText(error)) }
            RunLog.release(heading: began.heading(status))
            lock?.unlock()
            run.signals.dieIfReceived()
            throw status
        }
        lock?.unlock()
    }

    /// Writes what the run leaves for the next one, and tells that it ends.
    private func end(_ status: ExitCode, _ began: RunBeginning) throws {
        guard !hasEnded else { return }
        hasEnded = true
        defer {
            RunLog.write(
                .end, status.isSuccess ? .info : .notice, status.isSuccess ? "done" : "ended with status \(status.rawValue)",
                [("status", .count(Int(status.rawValue))), ("seconds", .number(began.seconds))]
                    + (record?.report.map { [("mean", .number($0.loss.mean))] } ?? []), text: nil)
        }
        record?.warningCount = warningCount
        record?.gates = gates
        try record?.write(status, began)
    }

    /// Throws if a gate is not met.
    private func checkGates() throws {
        let failed = gates.filter { $0.verdict == .fail }
        guard !failed.isEmpty else { return }
        StandardError.fail(
            "\(failed.count == gates.count ? "" : "\(failed.count) of ")\(Amount.counted(gates.count, "gate")) \(failed.count == 1 && gates.count == 1 ? "is" : "are") "
                + "not met; the report is written all the same")
        throw ExitStatus.gateNotMet
    }

    /// Takes the report of an evaluation or a merge, and tells the outcome of its gates.
    ///
    /// - Returns: the report with the outcome. A baseline of another loss is told when everything is written.
    func judge(_ report: Report, by gates: [Gate], baseline: GateBaseline?, isQuiet: Bool) -> Report {
        var judged = report
        do throws(EngineError) {
            judged = try report.judged(by: gates, baseline: baseline)
            warn(Array(judged.warnings.dropFirst(report.warnings.count)))
        } catch {
            errorAfterOutputs = error
        }
        record?.report = judged
        tell(judged.gates ?? [], isQuiet: isQuiet)
        return judged
    }

    /// Tells the outcome of gates, each with both numbers.
    func tell(_ results: [GateResult], isQuiet: Bool) {
        gates = results
        for result in results {
            let isMet = result.verdict != .fail
            let fields: [(String, RunLog.Field)] =
                [("gate", .text(result.gate)), ("verdict", .text(result.verdict.rawValue))]
                + (result.value.map { [("value", .number($0))] } ?? []) + (result.bound.map { [("bound", .number($0))] } ?? [])
                + (result.baseline.map { [("baseline", .number($0))] } ?? [])
            let text = QuotedBytes.message(result.text)
            RunLog.write(
                .gate, isMet ? .info : .error, result.text, fields,
                text: isMet && isQuiet ? nil : "xent: \(isMet ? "met:" : TextStyle.error.failure("not met:")) \(text)")
        }
    }

    /// Notes how many files the run scored anew, and how many its report is of.
    func noteFiles(new newCount: Int, of count: Int) {
        record?.newFileCount = newCount
        record?.fileCount = count
    }

    /// Sets what is done when the first signal comes, before the run is cancelled; nil for nothing.
    func setLastWork(_ work: (@Sendable () -> Void)?) { signals.setLastWork(work) }

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
    /// - Parameter isStrict: makes them the run's failure, after its outputs are written.
    func warn(_ warnings: [Message], isStrict: Bool = false) {
        warningCount += warnings.count
        for warning in warnings { StandardError.warn(warning.text, code: warning.code ?? .other) }
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

/// An error that nothing in the program throws but for tests of what becomes of such errors.
private struct UnforeseenFault: Error {
    /// Throws where the environment has `XENT_TEST_FAULT`.
    static func happenForTests() throws {
        if getenv("XENT_TEST_FAULT") != nil { throw UnforeseenFault() }
    }
}
