internal import Locking

/// The state of an ordered run: the items under way, the progress of each, and the next step of each worker.
///
/// It is a plain value that knows nothing of threads, so that tests can walk through every interleaving of several workers with the code
/// that real runs use. The states of an item are those of PROTOCOL.md, "The ordered pool".
struct OrderedQueue<Item, Failure: Error> {
    /// A step that a worker does outside of the lock.
    enum Step: Equatable {
        /// Fill an item with the next content, and then prepare it.
        case take
        /// Admit the oldest item that has not been admitted.
        case admit
        /// Finish an item that was admitted.
        case finish
    }

    /// The next action of a worker.
    enum Turn {
        /// Do a step. `item` is nil if a new one is to be made.
        case step(Step, index: Int, item: Item?)
        /// Sleep until woken, since another worker holds the item or step that must come first. Then call `wakeUp` and ask again.
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
            // While a worker sleeps, the admitted items have a worker, and the reading stays with the worker that reads.
            return mayTake && sleeperCount > 0 ? .take : .finish
        }
        return mayTake ? .take : nil
    }

    private var isOver: Bool { (hasEnded || failure != nil) && underWayCount == 0 }

    /// The workers to be woken after a change: one if there is a step for it. A worker that wakes takes a turn and so wakes the next, so
    /// that each possible step finds a worker.
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

    /// Says that a worker that was told to sleep is awake.
    mutating func wakeUp() { sleeperCount -= 1 }

    /// Says that an item was filled. The worker that took it prepares it; another worker may take the next one.
    mutating func endTaking() { isTaking = false }

    /// Says that there was no further item.
    mutating func endTakingWithoutItem(_ item: Item) {
        isTaking = false
        hasEnded = true
        // No item was begun.
        nextToTake -= 1
        recycle(item)
    }

    mutating func endPreparing(_ index: Int, _ item: Item) {
        if isBeyondFailure(index) { recycle(item) } else { prepared[index] = item }
    }

    /// Says that an item was admitted.
    ///
    /// - Parameter isToFinish: true if the item is still to be finished.
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

    /// Says that taking an item failed, so that there are no further ones.
    mutating func failTaking(_ index: Int, _ item: Item, _ error: Failure) {
        isTaking = false
        fail(index, item, error)
    }

    mutating func failAdmitting(_ index: Int, _ item: Item, _ error: Failure) {
        isAdmitting = false
        fail(index, item, error)
    }

    /// Says that preparing or finishing an item failed. Items above it are dropped; those below it go on.
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
