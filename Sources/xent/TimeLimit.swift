import ArgumentParser
import Engine
import Locking
import Outputs
import WorkStealing
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The limit of an evaluation's time, `--timeout`, watched by a thread of its own.
///
/// When the time is up, the checkpoint is written if there is one, and the run is cancelled. If it then still waits for something, such as
/// a disk, the process ends all the same.
final class TimeLimit: Sendable {
    private enum State: Sendable {
        case running, up, over
    }

    private let state = Lock(State.running)
    private let text: String
    private let checkpoint: RunCheckpoint?
    private let meter: ProgressMeter
    /// The part of the run that was done when the time was up, in words.
    private let done = Lock<String?>(nil)

    /// The longest time to wait for workers to come to the ends of their units.
    private static let patience = Duration.seconds(5)
    /// The time in milliseconds that a cancelled run has to end by itself.
    private static let milliseconds = 2000

    /// Begins to count.
    ///
    /// - Throws: `EngineError` if the system has no thread for it.
    init(
        _ limit: Duration, checkpoint: RunCheckpoint?, _ meter: ProgressMeter, _ cancellation: Cancellation
    ) throws(EngineError) {
        self.checkpoint = checkpoint
        self.meter = meter
        text = Amount.duration(limit.seconds)
        let end = ContinuousClock.now + limit
        guard SystemThread.detach({ self.watch(until: end, cancellation) }) else {
            throw EngineError(usage: "the system has no thread to watch --timeout", remedy: "leave it out, or end other processes")
        }
    }

    /// True if the time was up before the evaluation ended.
    var isUp: Bool { state.withLock { $0 == .up } }

    /// Ends the count: the evaluation has ended, in time or not.
    ///
    /// - Returns: true if the time was up before.
    @discardableResult
    func end() -> Bool {
        let wasUp = state.withLock { state in
            defer { state = .over }
            return state == .up
        }
        state.wake(.all)
        return wasUp
    }

    /// The error of a run whose time was up.
    var error: EngineError {
        EngineError(
            tryAgain: "the time of --timeout, \(text), was up" + (done.withLock { $0 }.map { " at \($0)" } ?? ""),
            remedy: checkpoint.map { "the same command goes on from there, by --checkpoint \($0.path)" }
                ?? "nothing was written; with --checkpoint FILE the next run would go on")
    }

    private func watch(until end: ContinuousClock.Instant, _ cancellation: Cancellation) {
        while ContinuousClock.now < end {
            let left = Int(((end - ContinuousClock.now).seconds * 1000).rounded(.up))
            // An hour at most: the wait counts milliseconds of the system's clock.
            if state.waitUntil(milliseconds: min(max(left, 1), 3_600_000), { $0 == .over ? true : nil }) == true { return }
        }
        let isUp = state.withLock { state in
            if state == .running { state = .up }
            return state == .up
        }
        guard isUp else { return }
        let (decoded, total) = (meter.decodedByteCount, meter.totalByteCount)
        var text = total > 0 ? Amount.part(min(1, Double(decoded) / Double(total)), of: total) : nil
        if let checkpoint { text = checkpoint.save(patience: Self.patience)?.text }
        done.withLock { $0 = text }
        cancellation.cancel()
        if state.waitUntil(milliseconds: Self.milliseconds, { $0 == .over ? true : nil }) == true { return }
        StandardError.fail(error.text(.options))
        RunLog.release(heading: [])
        OutputFile.discardAll { _exit(ExitStatus.tryAgain.rawValue) }
    }
}
