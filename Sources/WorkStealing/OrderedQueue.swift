internal import Locking

/// The state of an ordered run: which items are under way, how far each of them is, and what a worker may do next.
///
/// It is a plain value that knows nothing of threads, so that tests can walk through every interleaving of several workers with the code
/// that runs in earnest. The states of an item are those of PROTOCOL.md, "The ordered pool".
struct OrderedQueue<Item, Failure: Error> {
    /// The steps of an item that a worker does outside of the lock.
    enum Step: Equatable {
        /// Fill an item with what comes next, and then prepare it.
        case take
        /// Admit the oldest item that has not been admitted.
        case admit
        /// Finish an item that was admitted.
        case finish
    }

    /// What a worker does next.
    enum Turn {
        /// `item` is nil where a new one is to be made.
        case step(Step, index: Int, item: Item?)
        /// Sleep until woken, since another worker holds what has to come first; then say `wakeUp` and ask again.
        case sleep
        /// There is nothing to do, and never will be.
        case leave
    }

    /// The most items that may be under way.
    let itemLimit: Int
    /// The number of items that were finished, or needed no finishing.
    private(set) var doneCount = 0
    /// The failure of the lowest item that failed.
    private(set) var failure: UnitError<Failure>?
    /// The number of workers that sleep, or were woken and have not said so yet.
    private(set) var sleeperCount = 0

    private var nextToTake = 0
    private var isTaking = false
    private var hasEnded = false
    private var nextToAdmit = 0
    private var isAdmitting = false
    /// Items that are prepared and wait for those before them, by index.
    private var prepared: [Int: Item] = [:]
    /// Items that are admitted and wait for a worker, oldest first.
    private var admitted: [(index: Int, item: Item)] = []
    /// Items that are not in use.
    private var spare: [Item] = []
    /// The number of items between being taken and being done.
    private(set) var underWayCount = 0

    init(itemLimit: Int) { self.itemLimit = max(1, itemLimit) }

    /// The step that one more worker could do; nil where there is none at the moment.
    private var available: Step? {
        if !isAdmitting, prepared[nextToAdmit] != nil { return .admit }
        let mayTake = !isTaking && !hasEnded && failure == nil && underWayCount < itemLimit
        if !admitted.isEmpty {
            // While somebody sleeps, the items that are admitted have a worker; what is read stays with the worker that reads.
            return mayTake && sleeperCount > 0 ? .take : .finish
        }
        return mayTake ? .take : nil
    }

    private var isOver: Bool { (hasEnded || failure != nil) && underWayCount == 0 }

    /// The workers to be woken after a change: one where there is a step for one. A worker that is woken takes a turn and wakes the next,
    /// so each step that can be done finds a worker.
    var wake: Sleepers {
        if sleeperCount == 0 { return .none }
        return isOver ? .all : available == nil ? .none : .one
    }

    /// Gives a worker its next step. O(1) but for `finish`, which is O(items).
    mutating func nextTurn() -> Turn {
        switch available {
        case .take:
            isTaking = true
            underWayCount += 1
            nextToTake += 1
            return .step(.take, index: nextToTake - 1, item: spare.popLast())
        case .admit:
            isAdmitting = true
            return .step(.admit, index: nextToAdmit, item: prepared.removeValue(forKey: nextToAdmit))
        case .finish:
            let (index, item) = admitted.removeFirst()
            return .step(.finish, index: index, item: item)
        case nil:
            if isOver { return .leave }
            sleeperCount += 1
            return .sleep
        }
    }

    /// A worker that was told to sleep is awake.
    mutating func wakeUp() { sleeperCount -= 1 }

    /// The item was filled, and is being prepared by the worker that took it; another worker may take the next one.
    mutating func endTaking() { isTaking = false }

    /// There was no further item.
    mutating func endTakingWithoutItem(_ item: Item) {
        isTaking = false
        hasEnded = true
        // Nothing was begun.
        nextToTake -= 1
        recycle(item)
    }

    mutating func endPreparing(_ index: Int, _ item: Item) {
        if isBeyondFailure(index) { recycle(item) } else { prepared[index] = item }
    }

    /// - Parameter isToFinish: whether there is more to do for the item than to have admitted it.
    mutating func endAdmitting(_ index: Int, _ item: Item, isToFinish: Bool) {
        isAdmitting = false
        nextToAdmit = index + 1
        if isToFinish {
            if isBeyondFailure(index) { recycle(item) } else { admitted.append((index, item)) }
        } else {
            doneCount += 1
            recycle(item)
        }
    }

    mutating func endFinishing(_ item: Item) {
        doneCount += 1
        recycle(item)
    }

    /// Taking an item failed, so that there are no further ones.
    mutating func failTaking(_ index: Int, _ item: Item, _ error: Failure) {
        isTaking = false
        fail(index, item, error)
    }

    mutating func failAdmitting(_ index: Int, _ item: Item, _ error: Failure) {
        isAdmitting = false
        fail(index, item, error)
    }

    /// Preparing or finishing an item failed. Items above it are dropped, those below it go on.
    mutating func fail(_ index: Int, _ item: Item, _ error: Failure) {
        if !isBeyondFailure(index) {
            failure = UnitError(unit: index, underlying: error)
            for (other, item) in prepared where other > index {
                prepared[other] = nil
                recycle(item)
            }
            for (other, item) in admitted where other > index { recycle(item) }
            admitted.removeAll { $0.index > index }
        }
        recycle(item)
    }

    private func isBeyondFailure(_ index: Int) -> Bool { failure.map { index > $0.unit } ?? false }

    private mutating func recycle(_ item: Item) {
        underWayCount -= 1
        spare.append(item)
    }
}

extension OrderedQueue: Sendable where Item: Sendable {}
extension OrderedQueue.Turn: Sendable where Item: Sendable {}
