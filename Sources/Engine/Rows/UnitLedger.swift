internal import Locking
package import Scoring
internal import Synchronization

/// The work of a run that is done for good: finished units, and everything that another run needs to go on from there.
package struct FinishedWork: Sendable {
    /// The numbers of the finished units, or pieces of an ordered source.
    package var finished = UnitSet()
    /// The states of the observers after the rows of the finished units.
    package var observers: [any RowObserver]
    /// The rows of which one unit is finished and the other is not.
    package var seams: [SplitRowStore.Seam] = []
    /// The piece of an ordered source from which on pieces have to be taken again; nil for the first one, and for units.
    package var resumePoint: ResumePoint?
    /// The rows of tables that were looked up, by the indices of the companion columns.
    package var lookedUpRows: [Int: UnitSet] = [:]

    /// No work.
    package init(observers: [any RowObserver]) { self.observers = observers }
}

/// The book of a run's finished units, for a run that can be resumed.
///
/// Each worker has a page: it enters the units that it finished, and its consumer holds their figures. From time to time a page is handed
/// over: the units are marked, and their figures merged into those of the ledger. Only whole units are handed over, so the ledger is
/// at every moment the result of a set of units, whatever the workers are doing.
///
/// Between two requests a unit costs a lock that nobody else wants, and nothing is merged. A page is handed over by its worker at the end
/// of a unit, or by the one who asks while its worker waits for work. See `collect(milliseconds:)`.
package final class UnitLedger: Sendable {
    /// The work that was finished before the run began.
    private let before: FinishedWork
    /// Called after each unit, on the worker's thread, with no lock held.
    private let unitIsFinished: @Sendable () -> Void
    /// The number of requests to hand over.
    private let requestCount = Atomic<Int>(0)
    private let state: Lock<State>

    fileprivate struct State: Sendable {
        var work: FinishedWork
        /// The least number of a unit that is not finished.
        var unfinished: Int
        /// The points that have been noted and may be needed, in ascending order.
        var points: [ResumePoint] = []
        var pages: [Page] = []
        /// For each page, the number of the last request that it answered.
        var answers: [Int] = []
        var splitRows: SplitRowStore?
        /// True if figures could not be merged, so that the ledger is of no use.
        var isBroken = false
    }

    /// The bytes of rows over seams that are kept before pages are handed over out of turn.
    private static let keptByteCountLimit = 16 << 20
    /// The time of a unit after which its page is handed over at once. Merging takes far less.
    private static let longUnit = Duration.milliseconds(250)

    /// Makes a ledger.
    ///
    /// - Parameters:
    ///   - before: the work that an earlier run finished, or none.
    ///   - unitIsFinished: called after each unit, on the worker's thread.
    package init(_ before: FinishedWork, unitIsFinished: @escaping @Sendable () -> Void = {}) {
        self.before = before
        self.unitIsFinished = unitIsFinished
        var state = State(work: before, unfinished: before.finished.lowestMissing)
        state.points = before.resumePoint.map { [$0] } ?? []
        self.state = Lock(state)
    }

    /// Returns true if an earlier run finished the unit.
    func wasFinished(_ unit: Int) -> Bool { before.finished.contains(unit) }

    /// The point from which pieces are taken.
    var resumePoint: ResumePoint? { before.resumePoint }

    /// Begins a run, whose units share rows by `splitRows`.
    func begin(_ splitRows: SplitRowStore?) {
        splitRows?.keepRows(before.seams)
        state.withLock { $0.splitRows = splitRows }
    }

    /// Adds the page of a worker.
    func addPage(_ consumer: any RowConsumer, _ companions: CompanionRows) -> Page {
        let page = Page(self, consumer, companions)
        let request = requestCount.load(ordering: .relaxed)
        state.withLock { state in
            page.index = state.pages.count
            state.pages.append(page)
            state.answers.append(request)
        }
        return page
    }

    /// Notes a point from which pieces can be taken again.
    func note(_ point: ResumePoint) {
        state.withLock { state in
            guard state.points.last.map({ $0.piece < point.piece }) ?? true else { return }
            state.points.append(point)
            state.dropPoints()
        }
    }

    /// Marks a piece without rows.
    func finishWithoutRows(_ unit: Int) { state.withLock { $0.work.finished.insert(unit) } }

    /// Marks units, and merges the figures of their rows.
    fileprivate func add(_ observers: [any RowObserver], _ units: [Int], _ lookedUpRows: [Int: [UInt32]]) {
        state.withLock { state in
            do throws(PartialError) { try state.work.observers.merge(observers) } catch { state.isBroken = true }
            for unit in units { state.work.finished.insert(unit) }
            for (column, rows) in lookedUpRows {
                var set = state.work.lookedUpRows.removeValue(forKey: column) ?? UnitSet()
                for row in rows { set.insert(Int(row)) }
                state.work.lookedUpRows[column] = set
            }
            state.splitRows?.finish(units)
            state.dropPoints()
        }
    }

    fileprivate func answer(_ request: Int, page: Int) {
        state.withLock { $0.answers[page] = request }
        state.wake(.all)
    }

    /// The number of the last request to hand over.
    fileprivate var request: Int { requestCount.load(ordering: .relaxed) }

    fileprivate func finishedUnit() {
        // Too many rows wait for their other units to be handed over.
        if let splitRows = state.withLock({ $0.splitRows }), splitRows.keptByteCount > Self.keptByteCountLimit {
            requestCount.add(1, ordering: .relaxed)
        }
        unitIsFinished()
    }

    /// Asks for all pages, and waits until they are handed over: those of workers between two units at once, the others at the ends of
    /// their units.
    ///
    /// - Parameter milliseconds: the longest time to wait. Pages that are not handed over by then are left out, which is no error.
    func collect(milliseconds: Int) {
        let request = requestCount.add(1, ordering: .relaxed).newValue
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        while true {
            let pages = state.withLock { state in zip(state.pages, state.answers).filter { $1 < request }.map { $0.0 } }
            for page in pages { page.handOverIfFree() }
            // Short sleeps: a worker may have come to its end without another unit.
            let isDone = state.waitUntil(milliseconds: min(10, milliseconds)) { $0.answers.allSatisfy { $0 >= request } ? true : nil }
            if isDone == true || ContinuousClock.now >= end { return }
        }
    }

    /// The work that is done for good; nil if figures could not be merged, which is a fault of an observer.
    package var work: FinishedWork? {
        state.withLock { state -> FinishedWork? in
            guard !state.isBroken else { return nil }
            var work = state.work
            work.seams = state.splitRows?.seams ?? []
            work.resumePoint = state.lastPoint
            return work
        }
    }

    /// The numbers of finished units, and of decoded bytes before the point from which pieces have to be taken again.
    package var progress: (finishedUnitCount: Int, decodedByteCount: Int?) {
        state.withLock { ($0.work.finished.count, $0.lastPoint?.decodedByteCount) }
    }

    /// A worker's page: the units that it finished since it was handed over last.
    ///
    /// `@unchecked Sendable`: the consumer and all that changes is touched with `turn` held and not otherwise, from the first unit on until
    /// the run has ended.
    final class Page: @unchecked Sendable {
        private let ledger: UnitLedger
        private let consumer: any RowConsumer
        private let companions: CompanionRows
        /// Held by the worker during each unit.
        private let turn = Lock<Void>(())
        private var units: [Int] = []
        /// True if a unit failed: then the consumer holds rows of a unit that is not finished.
        private var isSpoilt = false
        private var answered = 0
        /// The page's place in the ledger, which is set before others see the page.
        fileprivate var index = 0

        fileprivate init(_ ledger: UnitLedger, _ consumer: any RowConsumer, _ companions: CompanionRows) {
            self.ledger = ledger
            self.consumer = consumer
            self.companions = companions
            answered = ledger.request
        }

        /// Reads a unit, and enters it.
        func enter(_ unit: Int, _ read: () throws(EngineError) -> Void) throws(EngineError) {
            try turn.withLock { _ throws(EngineError) in
                let start = ContinuousClock.now
                do throws(EngineError) { try read() } catch {
                    isSpoilt = true
                    throw error
                }
                units.append(unit)
                if ledger.request != answered || ContinuousClock.now - start > UnitLedger.longUnit { handOver() }
            }
            ledger.finishedUnit()
        }

        /// Hands the page over, unless its worker is in a unit.
        fileprivate func handOverIfFree() { _ = turn.withLockIfFree { _ in handOver() } }

        private func handOver() {
            let request = ledger.request
            if !isSpoilt, !units.isEmpty { ledger.add(consumer.takeStates(), units, companions.takeLookedUpRows()) }
            units = []
            answered = request
            ledger.answer(request, page: index)
        }
    }
}

extension UnitLedger.State {
    /// The last point before which all pieces are finished.
    fileprivate var lastPoint: ResumePoint? { points.last { $0.piece <= unfinished } }

    /// Drops the points before the last one of which all earlier pieces are finished.
    fileprivate mutating func dropPoints() {
        while work.finished.contains(unfinished) { unfinished += 1 }
        if let last = points.lastIndex(where: { $0.piece <= unfinished }), last > 0 { points.removeFirst(last) }
    }
}
