internal import Locking
internal import Messages
public import Outputs
internal import Scoring
internal import WorkStealing

/// A file from which an evaluation goes on if it was interrupted.
///
/// While the evaluation runs, its finished units and the states of their figures are written to the file from time to time. A later run of
/// the same request that is given the file does the rest, with any number of threads and any kernel, to the same bytes. If the file is of
/// another request, of other inputs, or damaged, the run begins anew and says why. A file that is no checkpoint is an error, and stays as
/// it is. The file is written whole or not at all, and removed by `remove()` once the results are safe.
///
/// ```swift
/// let checkpoint = try RunCheckpoint(path: "nightly.checkpoint")
/// options.checkpoint = checkpoint
/// let evaluation = try Evaluation(options)
/// try PartialFile.write(evaluation.partial, to: "all.partial")
/// try checkpoint.remove()
/// ```
///
/// A second run with the same file waits or fails: the run holds a lock on the file beside it whose name ends in `.lock`, which stays.
public final class RunCheckpoint: Sendable {
    /// The part of a run that is done.
    public struct Progress: Sendable, Equatable {
        /// The number of finished units.
        public let finishedUnitCount: Int
        /// The share of the run that is finished, from 0 to 1; nil if it is not known.
        public let fraction: Double?
        /// The number of decoded bytes of the predictions; nil if it is not known.
        public let totalByteCount: Int?
    }

    /// A thing that happens to a checkpoint and that people may want to know.
    public enum Event: Sendable {
        /// The run goes on where another was interrupted.
        case resumed(Progress)
        /// There is a checkpoint that the run cannot go on from; it begins anew, and writes another in its place.
        case begunAnew(reason: String)
        /// The checkpoint could not be written. The run goes on, and tries again later.
        case notWritten(OutputError)
        /// Other runs cannot be kept away from the file, since there can be no lock on it.
        case notLocked(OutputError)
    }

    /// The path of the file.
    public let path: String
    private let interval: Duration
    private let handler: @Sendable (Event) -> Void
    private let lock: FileLock?
    private let state = Lock<State>(State())
    /// Held by whoever writes. The text of the last failure, so that it is told once.
    private let writing = Lock<String?>(nil)

    private struct State: Sendable {
        /// The run that is written; nil before it begins and after it has ended.
        var run: Run?
        /// The number of runs that were begun, so that the thread of one that has ended finds that out.
        var runCount = 0
        /// True if a file of this or an earlier run is there.
        var isFileThere = false
        /// The number of resumptions before and in this run.
        var resumeCount = 0
        /// The checkpoint that was there.
        var found: Checkpoint?
        /// The identities of the inputs before they were read.
        var inputs: [Checkpoint.Input] = []
    }

    /// A run that is under way.
    private struct Run: Sendable {
        let ledger: UnitLedger
        /// The checkpoint without the work that is done.
        var checkpoint: Checkpoint
        let start: ContinuousClock.Instant
        /// The seconds that the runs before took.
        let secondsBefore: Double
    }

    /// Makes a checkpoint, and takes the lock on it.
    ///
    /// - Parameters:
    ///   - path: the file, which need not be there. Its folder must be.
    ///   - interval: the time from one writing to the next. It becomes longer if writing takes more than a thousandth of it. Zero means
    ///     after each unit.
    ///   - wait: the time to wait for another run that has the file.
    ///   - isCancelled: ends this wait when it returns true.
    ///   - handler: called when something happens, from any thread.
    /// - Throws: `EngineError`: of category `.tryAgain` if another run has the file, `.inputOutput` if the folder is not there, and
    ///   `.data` if the path leads to something that is no checkpoint.
    public init(
        path: String, interval: Duration = .seconds(30), waiting wait: Duration = .zero, isCancelled: () -> Bool = { false },
        onEvent handler: @escaping @Sendable (Event) -> Void = { _ in }
    ) throws(EngineError) {
        self.path = path
        self.interval = interval
        self.handler = handler
        // Nothing is made beside a file that is not ours.
        if case .failure(.notACheckpoint)? = try CheckpointFile.content(path, Cancellation()) { throw CheckpointFile.notACheckpoint(path) }
        guard FileIdentity(path: path) != nil else {
            throw EngineError(.inputOutput, path: path, "its folder is not there", remedy: "make it first")
        }
        do throws(FileLock.Failure) {
            lock = try FileLock(path: path + ".lock", waiting: wait, isCancelled: isCancelled)
        } catch {
            switch error {
            case .held(let holder):
                throw EngineError(
                    .tryAgain, path: path, "another run has the checkpoint" + (holder.map { ": \($0.text)" } ?? ""),
                    remedy: "try again when it has ended")
            case .cancelled: throw EngineError(cancelledBefore: "the checkpoint was free")
            case .output(let error):
                lock = nil
                handler(.notLocked(error))
            }
        }
    }

    deinit { lock?.unlock() }

    // MARK: The run

    /// Throws an `EngineError` of category `.usage` if no run of these options can be resumed. An evaluation does so itself; this is for
    /// callers that want to know before they make a checkpoint.
    public static func check(_ options: EvaluationOptions) throws(EngineError) {
        guard options.perRowPath == nil else {
            throw EngineError(
                usage: "\(setting: .perRow) and \(setting: .checkpoint) exclude each other: the losses of rows would have to be kept too",
                remedy: "leave one of them out")
        }
        guard !options.files.contains(where: { $0.path == "-" }) else {
            throw EngineError(
                usage: "standard input cannot be read again, so that no run can be resumed that reads it",
                remedy: "leave \(setting: .checkpoint) out, or write it to a file first")
        }
    }

    /// Looks at the inputs and at the file that is there, before anything is read.
    ///
    /// - Returns: the reading mode with which the run that left the file went on.
    /// - Throws: `EngineError` if an input cannot be read again, or the file is no checkpoint.
    func prepare(_ options: EvaluationOptions, _ cancellation: Cancellation) throws(EngineError) -> ReadingMode {
        try Self.check(options)
        var inputs: [Checkpoint.Input] = []
        for (role, path) in options.files {
            inputs.append(Checkpoint.Input(role: role.rawValue, path: path, identity: try InputIdentity(path: path)))
        }
        var fault: String?
        var found: Checkpoint?
        switch try CheckpointFile.content(path, cancellation) {
        case nil: break
        case .success(let checkpoint)?: found = checkpoint
        case .failure(let error)?:
            switch error {
            case .notACheckpoint: throw CheckpointFile.notACheckpoint(path)
            case .otherVersion(let version): fault = "it is of version \(version), and this xent knows version 1"
            case .damaged(let problem): fault = "it is damaged: \(problem)"
            }
        }
        var now = Checkpoint()
        now.inputs = inputs
        let mode = found.flatMap { $0.difference(ofInputsTo: now) == nil ? ReadingMode($0.reading) : nil } ?? ReadingMode()
        state.withLock { state in
            state.inputs = inputs
            state.found = found
            state.isFileThere = found != nil || fault != nil
        }
        if let fault { handler(.begunAnew(reason: fault)) }
        return mode
    }

    /// Begins the run of a plan.
    ///
    /// - Parameter observers: the observers from which workers start.
    /// - Returns: the ledger of the run, with the work that is done already.
    func begin(
        _ plan: EvaluationPlan, _ mode: ReadingMode, observers: [any RowObserver], _ start: ContinuousClock.Instant, _ control: RunControl
    ) -> UnitLedger {
        var checkpoint = Checkpoint()
        checkpoint.settings = plan.checkpointSettings(observers)
        checkpoint.reading = mode.checkpointReading
        checkpoint.unitCount = plan.source.knownUnitCount
        checkpoint.totalByteCount = plan.source.decodedByteCount
        checkpoint.started = .now
        let (inputs, found) = state.withLock { state in
            // The run may begin again in another mode, from the beginning.
            defer { state.found = nil }
            return (state.inputs, state.found)
        }
        checkpoint.inputs = inputs
        var work = FinishedWork(observers: observers)
        var secondsBefore = 0.0
        if let found {
            let problem = found.difference(to: checkpoint) ?? Self.take(found, &work, plan, mode, observers)
            if let problem {
                work = FinishedWork(observers: observers)
                handler(.begunAnew(reason: problem))
            } else {
                checkpoint.started = found.started
                checkpoint.resumeCount = found.resumeCount + 1
                secondsBefore = found.seconds
                control.progress.advance(by: found.decodedByteCount)
                let done = Progress(
                    finishedUnitCount: found.finishedUnitCount, fraction: found.fraction, totalByteCount: checkpoint.totalByteCount)
                handler(.resumed(done))
            }
        }
        let ledger = UnitLedger(work) { [weak self] in
            if let self, self.interval == .zero { self.save(milliseconds: 0) }
            DeathPoint.reachUnit()
        }
        let run = Run(ledger: ledger, checkpoint: checkpoint, start: start, secondsBefore: secondsBefore)
        let number = state.withLock { state in
            state.run = run
            state.runCount += 1
            state.resumeCount = checkpoint.resumeCount
            return state.runCount
        }
        if interval > .zero {
            // Without a thread the file is written when someone asks for it.
            _ = SystemThread.detach { [weak self, state, interval] in
                var pause = interval
                while Self.waits(for: pause, run: number, state), let next = self?.saveInTurn(run: number) { pause = next }
            }
        }
        return ledger
    }

    /// Takes the work that a checkpoint holds; says what is wrong with it if a run of the plan cannot have left it.
    private static func take(
        _ found: Checkpoint, _ work: inout FinishedWork, _ plan: EvaluationPlan, _ mode: ReadingMode, _ observers: [any RowObserver]
    ) -> String? {
        guard found.reading == mode.checkpointReading else { return "the inputs have to be read in another way" }
        do throws(PartialError) {
            work = try found.work(observers)
        } catch {
            return "it is damaged: \(error.found)"
        }
        guard plan.source.canContinue(work) else { return "it is damaged: its units are none of these inputs" }
        for (column, rows) in work.lookedUpRows {
            guard plan.companions.indices.contains(column), case .lookedUp(let table, _) = plan.companions[column].origin,
                table.markLookedUp(rows)
            else { return "it is damaged: it has rows that were looked up and are not there" }
        }
        return nil
    }

    /// Ends the run: nothing is written any more, and all figures are the ledger's.
    func endRun() {
        let run = state.withLock { state in
            defer { state.run = nil }
            return state.run
        }
        state.wake(.all)
        // Whoever is writing now has finished after this.
        writing.withLock { _ in }
        run?.ledger.collect(milliseconds: Self.endMilliseconds)
        // A file that is there says that all is done, so that nothing is done again if the results are not safe yet.
        if let run, state.withLock({ $0.isFileThere }) { write(run) }
    }

    /// The longest time to wait for pages of workers that have ended, which nobody holds for long.
    private static let endMilliseconds = 60_000

    /// Ends the run after an error, and leaves the file as it is.
    func abandonRun() {
        state.withLock { $0.run = nil }
        state.wake(.all)
        writing.withLock { _ in }
    }

    /// Throws if an input is not what it was when the run began.
    func checkInputs() throws(EngineError) {
        for input in state.withLock({ $0.inputs }) {
            if let difference = try InputIdentity(path: input.path).difference(from: input.identity) {
                throw EngineError(
                    .data, path: input.path, "it changed while it was read: it \(difference)",
                    remedy: "evaluate it when nobody writes to it")
            }
        }
    }

    /// The number of times that the work was resumed; 0 if the run began anew.
    public var resumeCount: Int { state.withLock { $0.resumeCount } }

    // MARK: The file

    /// Writes the checkpoint now, from any thread, if a run is under way.
    ///
    /// - Parameter patience: the longest time to wait for workers to come to the ends of their units. Units that are not finished by then
    ///   are done again when the run is resumed.
    /// - Returns: the part of the run that is in the file; nil if nothing was written.
    @discardableResult
    public func save(patience: Duration = .seconds(1)) -> Progress? {
        save(milliseconds: Int(clamping: patience.components.seconds) * 1000 + Int(patience.components.attoseconds / 1_000_000_000_000_000))
    }

    @discardableResult
    private func save(milliseconds: Int) -> Progress? {
        guard let ledger = state.withLock({ $0.run?.ledger }) else { return nil }
        ledger.collect(milliseconds: milliseconds)
        // The run may have ended meanwhile: then the ledger is its own.
        return writing.withLock { lastProblem in
            guard let run = state.withLock({ $0.run }) else { return nil }
            return write(run, &lastProblem)
        }
    }

    private func write(_ run: Run) { writing.withLock { _ = write(run, &$0) } }

    private func write(_ run: Run, _ lastProblem: inout String?) -> Progress? {
        guard let work = run.ledger.work else { return nil }
        var checkpoint = run.checkpoint
        checkpoint.inputs = quietInputs()
        checkpoint.take(work)
        checkpoint.seconds = run.secondsBefore + (ContinuousClock.now - run.start).seconds
        checkpoint.written = .now
        checkpoint.decodedByteCount = Self.decodedByteCount(checkpoint)
        do throws(OutputError) {
            let file = try OutputFile(path: path)
            do throws(OutputError) { try file.write(checkpoint.encoded(), at: 0) } catch {
                file.discard()
                throw error
            }
            DeathPoint.reach(.snapshotBeforeRename)
            try file.commit()
            DeathPoint.reach(.snapshotAfterRename)
        } catch {
            if lastProblem != error.description { handler(.notWritten(error)) }
            lastProblem = error.description
            return nil
        }
        lastProblem = nil
        state.withLock { $0.isFileThere = true }
        return Progress(
            finishedUnitCount: checkpoint.finishedUnitCount, fraction: checkpoint.fraction, totalByteCount: checkpoint.totalByteCount)
    }

    /// The number of decoded bytes that need not be decoded again.
    private static func decodedByteCount(_ checkpoint: Checkpoint) -> Int {
        if let unitCount = checkpoint.unitCount, unitCount > 0, let total = checkpoint.totalByteCount {
            return Int(Double(total) * Double(min(checkpoint.finishedUnitCount, unitCount)) / Double(unitCount))
        }
        return checkpoint.resumePoint?.decodedByteCount ?? 0
    }

    /// The inputs with identities that can be trusted: a file that had just been changed when the run began is looked at once more.
    private func quietInputs() -> [Checkpoint.Input] {
        let inputs = state.withLock { $0.inputs }
        guard inputs.contains(where: \.identity.isRacy) else { return inputs }
        let quiet = inputs.map { input -> Checkpoint.Input in
            guard input.identity.isRacy, let now = try? InputIdentity(path: input.path), now == input.identity else { return input }
            return Checkpoint.Input(role: input.role, path: input.path, identity: now)
        }
        state.withLock { $0.inputs = quiet }
        return quiet
    }

    /// Waits until it is time to write a run again.
    ///
    /// It is a function of the state alone: a thread that waited for a checkpoint, and not for its state, would keep its lock for a moment after the
    /// caller has let go of it.
    ///
    /// - Returns: false if the run has ended.
    private static func waits(for pause: Duration, run number: Int, _ state: Lock<State>) -> Bool {
        let end = ContinuousClock.now + pause
        while true {
            let left = Int(((end - ContinuousClock.now).seconds * 1000).rounded(.up))
            // Waits of an hour at most: the wait counts milliseconds of the system's clock.
            let hasEnded = state.waitUntil(milliseconds: min(max(left, 0), 3_600_000)) { state in
                state.run == nil || state.runCount != number ? true : nil
            }
            if hasEnded == true { return false }
            if ContinuousClock.now >= end { return true }
        }
    }

    /// Writes a run. Returns the time to the next writing; nil if the run has ended.
    private func saveInTurn(run number: Int) -> Duration? {
        guard let ledger = state.withLock({ $0.run?.ledger }) else { return nil }
        ledger.collect(milliseconds: 1000)
        let start = ContinuousClock.now
        let hasEnded = writing.withLock { lastProblem -> Bool in
            guard let run = state.withLock({ $0.runCount == number ? $0.run : nil }) else { return true }
            _ = write(run, &lastProblem)
            return false
        }
        // At most a thousandth of the time goes into writing.
        return hasEnded ? nil : max(interval, (ContinuousClock.now - start) * Self.leastRatio)
    }

    /// The least ratio of the time between two writings to the time that one takes.
    private static let leastRatio = 1000

    /// Removes the file, once the results of the run are safe.
    ///
    /// - Throws: `EngineError` of category `.inputOutput`.
    public func remove() throws(EngineError) {
        DeathPoint.reach(.commit)
        guard state.withLock({ $0.isFileThere }) else { return }
        let path = path
        try EngineError.ofOutput { () throws(OutputError) in try OutputFile.remove(path) }
        state.withLock { $0.isFileThere = false }
    }
}
