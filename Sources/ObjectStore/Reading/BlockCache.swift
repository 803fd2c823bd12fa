internal import Locking

/// The blocks of objects that are in memory, or on their way.
///
/// They have at most `byteCountLimit` bytes, and besides one block for each reader that waits. A block that was read to its end makes room
/// first, then the one that was read longest ago. Blocks that were fetched ahead wait for their readers.
final class BlockCache: Sendable {
    private struct Key: Hashable {
        let object: ObjectIdentifier
        let index: Int
    }

    private enum Entry {
        /// The block will be asked for when there is room.
        case wanted
        /// A connection has been told to fetch the block.
        case coming
        case there(Block)
    }

    /// A block in memory, as far as its room is concerned.
    private struct Use {
        /// The number of the last read of it among all reads; that of its coming where it has not been read.
        var number: Int
        var isRead = false
        var isFinished = false
    }

    /// A block that waits for room.
    private struct Pending: Sendable {
        let object: RemoteObject
        let index: Int
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var uses: [Key: Use] = [:]
        /// The number of bytes of the blocks that are there or coming.
        var heldByteCount = 0
        var readCount = 0
        /// The blocks that wait for room, in their order.
        var pending: [Pending] = []
        /// The blocks of each object that have been read to their ends. They are not fetched ahead again.
        var finished: [ObjectIdentifier: Set<Int>] = [:]
    }

    private let pool: ConnectionPool
    private let settings: ObjectStoreSettings
    private let byteCountLimit: Int
    private let state = Lock(State())

    init(_ pool: ConnectionPool, _ settings: ObjectStoreSettings) {
        self.pool = pool
        self.settings = settings
        byteCountLimit = 2 * max(1, settings.connectionCount) * RemoteObject.blockByteCount
    }

    /// Returns a block, which is fetched if it is not there. It waits until the block has come.
    func block(_ index: Int, of object: RemoteObject, isCancelled: (() -> Bool)?) throws(ObjectStoreError) -> Block {
        let key = Key(object: ObjectIdentifier(object), index: index)
        while true {
            if let failure = object.failure.withLock({ $0 }) { throw failure }
            let found = state.waitUntil(milliseconds: 100) { state -> Block? in
                switch state.entries[key] {
                case .there(let block):
                    state.readCount += 1
                    state.uses[key]?.number = state.readCount
                    state.uses[key]?.isRead = true
                    return block
                case .coming: break
                case nil, .wanted:
                    // Who reads a block again that was read to its end begins another pass.
                    if state.finished[key.object]?.contains(index) == true { state.finished[key.object] = [] }
                    makeRoom(&state, for: object.range(ofBlock: index).count)
                    start(index, of: object, key, &state, isUrgent: true)
                }
                return nil
            }
            if let found { return found }
            if let failure = object.failure.withLock({ $0 }) { throw failure }
            if isCancelled?() == true { throw .cancelled }
            guard pool.startThreadIfNeeded() else { throw .noThread }
        }
    }

    /// Puts the first block of an object there, which came when it was opened.
    func keep(_ block: Block, ofBeginningOf object: RemoteObject) {
        let key = Key(object: ObjectIdentifier(object), index: 0)
        state.withLock { state in
            makeRoom(&state, for: block.bytes.count)
            state.entries[key] = .there(block)
            state.readCount += 1
            // It counts as read: many objects may be opened before the first of them is read.
            state.uses[key] = Use(number: state.readCount, isRead: true)
            state.heldByteCount += block.bytes.count
        }
    }

    /// Has blocks fetched that will be read, as soon as there is room. It returns at once.
    func prefetch(_ indices: Range<Int>, of object: RemoteObject) {
        let identifier = ObjectIdentifier(object)
        _ = state.withLock { state in
            for index in indices where state.finished[identifier]?.contains(index) != true {
                let key = Key(object: identifier, index: index)
                guard state.entries[key] == nil else { continue }
                state.entries[key] = .wanted
                state.pending.append(Pending(object: object, index: index))
            }
            return startPending(&state)
        }
    }

    /// Says that a block was read to its end.
    func finish(_ index: Int, of object: RemoteObject) {
        let key = Key(object: ObjectIdentifier(object), index: index)
        _ = state.withLock { state in
            state.uses[key]?.isFinished = true
            state.finished[key.object, default: []].insert(index)
            return startPending(&state)
        }
    }

    /// Lets go of all blocks of an object, which nobody has any more.
    func forget(_ object: ObjectIdentifier) {
        state.withLock { state in
            let blockCount = state.entries.count
            guard blockCount > 0 || state.finished[object] != nil else { return }
            for key in state.entries.keys.filter({ $0.object == object }) {
                if case .there(let block) = state.entries[key] { state.heldByteCount -= block.bytes.count }
                state.entries[key] = nil
                state.uses[key] = nil
            }
            state.finished[object] = nil
        }
    }

    /// Starts what waits for room, as far as there is some.
    ///
    /// - Returns: The blocks that wait no more. They are to be let go of without the lock: with the last reference to an object its blocks
    ///   are forgotten, which takes it.
    private func startPending(_ state: inout State) -> [Pending] {
        var doneCount = 0
        for pending in state.pending {
            let key = Key(object: ObjectIdentifier(pending.object), index: pending.index)
            // A reader may have come to it since, and have started it.
            if case .wanted? = state.entries[key] {
                guard makeRoom(&state, for: pending.object.range(ofBlock: pending.index).count) else { break }
                start(pending.index, of: pending.object, key, &state, isUrgent: false)
            }
            doneCount += 1
        }
        let done = Array(state.pending.prefix(doneCount))
        state.pending.removeFirst(doneCount)
        return done
    }

    /// Has a connection fetch a block.
    private func start(_ index: Int, of object: RemoteObject, _ key: Key, _ state: inout State, isUrgent: Bool) {
        state.entries[key] = .coming
        state.heldByteCount += object.range(ofBlock: index).count
        pool.submit(isUrgent: isUrgent) { connection in self.fetch(index, of: object, key, on: connection) }
    }

    private func fetch(_ index: Int, of object: RemoteObject, _ key: Key, on connection: HTTPConnection) {
        let range = object.range(ofBlock: index)
        var block: Block?
        do throws(ObjectStoreError) {
            guard let memory = Block(byteCount: range.count) else {
                throw ObjectStoreError(.readFailed, byteOffset: range.lowerBound, "there is no memory for \(range.count) bytes")
            }
            _ = try RangeFetch(requests: object.requests, settings: settings).fetch(
                range, of: object.version, into: memory.bytes, on: connection, isCancelled: { false })
            block = memory
        } catch {
            object.failure.withLock { if $0 == nil { $0 = error } }
        }
        state.withLock { state in
            if let block {
                state.entries[key] = .there(block)
                state.uses[key] = Use(number: state.readCount)
            } else {
                state.entries[key] = nil
                state.heldByteCount -= range.count
            }
        }
        state.wake(.all)
    }

    /// Lets go of blocks until there is room for so many bytes.
    ///
    /// - Returns: false if there is not, and all blocks that are there are still to be read.
    @discardableResult
    private func makeRoom(_ state: inout State, for byteCount: Int) -> Bool {
        while state.heldByteCount + byteCount > byteCountLimit {
            // Blocks that were fetched ahead, and that nobody has come to after so many reads of others, were not wanted.
            let forgotten = state.readCount - Self.forgottenReadCount
            func order(_ use: Use) -> (Int, Int) { (use.isFinished ? 0 : 1, use.number) }
            let candidates = state.uses.filter { $0.value.isRead || $0.value.number < forgotten }
            guard let oldest = candidates.min(by: { order($0.value) < order($1.value) }),
                case .there(let block) = state.entries[oldest.key]
            else { return false }
            state.entries[oldest.key] = nil
            state.uses[oldest.key] = nil
            state.heldByteCount -= block.bytes.count
        }
        return true
    }

    private static let forgottenReadCount = 2048
}
