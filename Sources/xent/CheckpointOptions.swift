import ArgumentParser
import Engine
import Messages
import Outputs
import WorkStealing
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Options for evaluations that may be interrupted, and go on later.
struct CheckpointOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Keep what is done in this file, every 30 seconds, at SIGTERM, SIGINT and SIGHUP and at --timeout; the same command goes on \
            from there, with other --threads and --kernel too, to the same bytes. The file is removed after success; FILE.lock stays.
            """, valueName: "file"), completion: .file())
    var checkpoint: String?

    @Option(
        help: ArgumentHelp(
            """
            End after so long (90s, 10m, 2h) with exit status 75, if the evaluation has not ended by then; with --checkpoint the next run \
            goes on.
            """, valueName: "time"))
    var timeout: TimeSpan?

    func validate() throws {
        if let timeout, timeout.duration <= .zero { throw ValidationError("--timeout must be longer than 0 seconds.") }
        if let checkpoint, checkpoint == "-" || checkpoint.isEmpty {
            throw ValidationError("--checkpoint '\(checkpoint)' names no file: a checkpoint is read again by the next run.")
        }
    }

    /// Opens the checkpoint, and takes the lock on it; nil if none was asked for.
    ///
    /// - Parameters:
    ///   - wait: the time to wait for another run that has the checkpoint.
    ///   - isQuiet: leaves out what is neither a warning nor an error.
    func open(waiting wait: Duration, isQuiet: Bool, _ cancellation: Cancellation) throws(EngineError) -> RunCheckpoint? {
        guard let path = checkpoint else { return nil }
        return try RunCheckpoint(
            path: path, interval: Self.interval, waiting: wait, isCancelled: { cancellation.isCancelled },
            onEvent: { Self.tell($0, of: path, isQuiet: isQuiet) })
    }

    /// The time between two writings: 30 seconds, unless a test says otherwise.
    private static var interval: Duration {
        guard let value = getenv("XENT_TEST_CHECKPOINT_SECONDS"), let seconds = Double(FileName.text(value)), seconds >= 0, seconds < 1e6
        else { return .seconds(30) }
        return .seconds(seconds)
    }

    private static func tell(_ event: RunCheckpoint.Event, of path: String, isQuiet: Bool) {
        let name = FileName.shown(path)
        switch event {
        case .resumed(let progress):
            let message = "\(name): resumed\(progress.text.map { " at \($0)" } ?? "")"
            RunLog.write(
                .resume, .info, message,
                [("units", .count(progress.finishedUnitCount))] + (progress.fraction.map { [("fraction", .number($0))] } ?? []),
                text: isQuiet ? nil : "xent: \(QuotedBytes.message(message))")
        case .begunAnew(let reason):
            StandardError.warn("\(name): the run begins anew, and not where the checkpoint ends: \(reason)", code: .checkpointSetAside)
        case .notWritten(let error):
            StandardError.warn("\(EngineError(error).text(.options)); the run goes on, and tries again later", code: .checkpointNotWritten)
        case .notLocked(let error):
            StandardError.warn(
                "\(EngineError(error).text(.options)); the run goes on without a lock, so take care that no other has the checkpoint",
                code: .checkpointNotWritten)
        }
    }

    /// Tells that a checkpoint was written because the run ends.
    static func tellSaved(_ progress: RunCheckpoint.Progress, in path: String) {
        let message = "\(FileName.shown(path)): written\(progress.text.map { " at \($0)" } ?? ""); the same command goes on from there"
        RunLog.write(
            .checkpoint, .notice, message,
            [("units", .count(progress.finishedUnitCount))] + (progress.fraction.map { [("fraction", .number($0))] } ?? []),
            text: "xent: \(QuotedBytes.message(message))")
    }
}

extension RunCheckpoint.Progress {
    /// The part that is done in words, such as "61 % (7.3 of 12.0 GB)"; nil if it is not known.
    var text: String? { fraction.map { Amount.part($0, of: totalByteCount) } }
}

extension Amount {
    /// Writes a part of some bytes, such as "61 % (7.3 GB of 12.0 GB)".
    static func part(_ fraction: Double, of totalByteCount: Int?) -> String {
        let percent = "\(Int((fraction * 100).rounded(.down))) %"
        return percent + (totalByteCount.map { " (\(bytes(Int(fraction * Double($0)))) of \(bytes($0)))" } ?? "")
    }
}

/// The checkpoint of a run that succeeded is removed once all outputs have their names.
struct CheckpointRemoval: UnfinishedOutput {
    let checkpoint: RunCheckpoint

    func commit() throws { try checkpoint.remove() }
    func discard() {}
}
