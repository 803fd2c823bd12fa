internal import Locking
internal import Synchronization
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The descriptors of files that are open, of which there are never more than a limit.
///
/// A file asks for its descriptor whenever it reads. A descriptor that is not there is opened, and where there are too many the one that
/// has not been used for the longest time is closed for it. One in use is never closed: if all are in use, the thread waits until another
/// thread has read. The system may give fewer descriptors than the limit says. The cache then gets along with those that it has.
final class DescriptorCache: Sendable {
    /// The cache of the process.
    static let shared = DescriptorCache(limit: defaultLimit)

    /// A quarter of the descriptors that the process may have open, between 1 and 256.
    static let defaultLimit = limit(descriptorCountLimit: Int(sysconf(CInt(_SC_OPEN_MAX))))

    /// The most descriptors that are open at a time.
    let limit: Int
    private let state = Lock(State())
    /// The number of uses of all slots so far.
    private let useCount = Atomic<UInt64>(0)
    /// The number of threads that wait, or are about to.
    private let waiterCount = Atomic<Int>(0)

    /// A file's place in the cache, whose descriptor is open or not. Using one that is open takes no lock.
    final class Slot: Sendable {
        /// The descriptor plus one in the upper half, the number of its uses at the moment in the lower half; 0 while it is closed.
        private let word = Atomic<UInt64>(0)
        /// The time of the last use, in uses of the cache.
        fileprivate let lastUse = Atomic<UInt64>(0)

        /// Creates the slot of a file that is closed.
        init() {}

        /// Begins a use of the descriptor; nil where it is closed.
        fileprivate func beginUse() -> FileDescriptor? {
            var seen = word.load(ordering: .relaxed)
            while let descriptor = Self.descriptor(in: seen) {
                // Acquiring: what the opening thread did comes before.
                let (isDone, now) = word.compareExchange(
                    expected: seen, desired: seen + 1, successOrdering: .acquiring, failureOrdering: .relaxed)
                if isDone { return descriptor }
                seen = now
            }
            return nil
        }

        /// Ends a use, and returns whether it was the only one.
        ///
        /// Sequentially consistent, as is `isIdle`: see `DescriptorCache.endUse(_:)`.
        fileprivate func endUse() -> Bool {
            word.subtract(1, ordering: .sequentiallyConsistent).newValue & 0xFFFF_FFFF == 0
        }

        fileprivate var isIdle: Bool { word.load(ordering: .sequentiallyConsistent) & 0xFFFF_FFFF == 0 }

        /// Puts in a descriptor that is in use once.
        fileprivate func open(_ descriptor: FileDescriptor) {
            word.store((UInt64(UInt32(bitPattern: descriptor.rawValue)) + 1) << 32 | 1, ordering: .releasing)
        }

        /// Closes the descriptor, unless it is in use.
        ///
        /// - Returns: Whether it is closed.
        fileprivate func close() -> Bool {
            let seen = word.load(ordering: .relaxed)
            guard seen & 0xFFFF_FFFF == 0 else { return false }
            // Acquiring: the last use comes before.
            guard word.compareExchange(expected: seen, desired: 0, successOrdering: .acquiring, failureOrdering: .relaxed).exchanged else {
                return false
            }
            // Nothing was written, so there is nothing that closing could lose.
            try? Self.descriptor(in: seen)?.close()
            return true
        }

        private static func descriptor(in word: UInt64) -> FileDescriptor? {
            word == 0 ? nil : FileDescriptor(rawValue: CInt(bitPattern: UInt32(truncatingIfNeeded: word >> 32 - 1)))
        }
    }

    private struct State {
        /// The slots whose descriptors are open.
        var open: [ObjectIdentifier: Slot] = [:]
        /// The slots whose descriptors a thread is opening.
        var opening: Set<ObjectIdentifier> = []

        var openCount: Int { open.count + opening.count }

        /// Closes the descriptor that has not been used for the longest time. O(descriptors).
        ///
        /// - Returns: false where all are in use.
        mutating func closeOldest() -> Bool {
            while true {
                let idle = open.values.filter(\.isIdle)
                guard let oldest = idle.min(by: { $0.lastUse.load(ordering: .relaxed) < $1.lastUse.load(ordering: .relaxed) }) else {
                    return false
                }
                // Another thread may have begun to use it meanwhile.
                if oldest.close() {
                    open[ObjectIdentifier(oldest)] = nil
                    return true
                }
            }
        }
    }

    /// Creates an empty cache.
    ///
    /// - Parameter limit: The most descriptors that are open at a time; at least 1.
    init(limit: Int) { self.limit = max(1, limit) }

    /// The limit for a process that may have so many descriptors open; a number below 0 stands for no limit.
    static func limit(descriptorCountLimit: Int) -> Int {
        descriptorCountLimit < 0 ? 256 : min(max(descriptorCountLimit / 4, 1), 256)
    }

    /// The number of descriptors that are open or being opened.
    var openCount: Int { state.withLock { $0.openCount } }

    /// Calls `body` with a file's descriptor, which stays open until `body` returns.
    ///
    /// `body` must not ask the cache for another descriptor: with all of them in use it could wait for itself.
    ///
    /// - Parameters:
    ///   - slot: The file's slot.
    ///   - open: Opens the file. It is called where the descriptor is closed, by one thread at a time for each slot. If it throws an error
    ///     of kind `.tooManyOpenFiles`, it is called again when another file was closed.
    ///   - body: Uses the descriptor.
    /// - Throws: The errors of `open` and of `body`.
    func withDescriptor<Result, E: Error>(
        of slot: Slot, open: () throws(E) -> FileDescriptor, _ body: (FileDescriptor) throws(E) -> Result
    ) throws(E) -> Result {
        // Not by `??`, which does not keep the type of the error.
        let descriptor = if let open = slot.beginUse() { open } else { try beginUse(of: slot, open: open) }
        slot.lastUse.store(useCount.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
        defer { endUse(of: slot) }
        return try body(descriptor)
    }

    private enum Claim: Sendable {
        case open(FileDescriptor)
        /// The caller has the right and the duty to open it.
        case toOpen
    }

    /// Begins a use of a descriptor that was closed a moment ago.
    private func beginUse<E: Error>(of slot: Slot, open: () throws(E) -> FileDescriptor) throws(E) -> FileDescriptor {
        // True once the system refused a descriptor: another file must be closed first, whatever the limit is.
        var isRefused = false
        while true {
            if case .open(let descriptor) = claim(slot, afterRefusal: isRefused) { return descriptor }
            defer { state.wake(.all) }
            do throws(E) {
                let descriptor = try open()
                state.withLock { state in
                    state.opening.remove(ObjectIdentifier(slot))
                    state.open[ObjectIdentifier(slot)] = slot
                    slot.open(descriptor)
                }
                return descriptor
            } catch {
                let canCloseAnother = state.withLock { state in
                    state.opening.remove(ObjectIdentifier(slot))
                    return state.openCount > 0
                }
                guard canCloseAnother, (error as? any FailureToRead)?.kind == .tooManyOpenFiles else { throw error }
                isRefused = true
            }
        }
    }

    /// Waits for a place for a descriptor, and takes it, or begins a use of the descriptor if another thread has opened it meanwhile.
    ///
    /// - Parameter afterRefusal: true if another file must be closed first, if one is open.
    private func claim(_ slot: Slot, afterRefusal isRefused: Bool) -> Claim {
        waiterCount.add(1, ordering: .sequentiallyConsistent)
        defer { waiterCount.subtract(1, ordering: .sequentiallyConsistent) }
        return state.waitUntil { state -> Claim? in
            if let descriptor = slot.beginUse() { return .open(descriptor) }
            if state.opening.contains(ObjectIdentifier(slot)) { return nil }
            let isFull = isRefused ? state.openCount > 0 : state.openCount >= self.limit
            if isFull, !state.closeOldest() { return nil }
            state.opening.insert(ObjectIdentifier(slot))
            return .toOpen
        }
    }

    /// Ends a use, and wakes the threads that wait for a descriptor that is not in use.
    ///
    /// No thread sleeps on: it counts itself as a waiter before it looks at the slots, and here the slot is changed before the waiters are
    /// counted, all in one order. So either it sees the slot idle, or it is seen here. Then the lock is taken once, so that it has gone to
    /// sleep before it is woken.
    private func endUse(of slot: Slot) {
        guard slot.endUse(), waiterCount.load(ordering: .sequentiallyConsistent) > 0 else { return }
        state.withLock { _ in }
        state.wake(.all)
    }

    /// Closes the descriptor of a file that no thread reads any more, if it is open.
    func forget(_ slot: Slot) {
        state.withLock { state in
            guard state.open.removeValue(forKey: ObjectIdentifier(slot)) != nil else { return }
            _ = slot.close()
        }
        state.wake(.all)
    }
}

/// An error of a file that cannot be opened or read.
private protocol FailureToRead {
    var kind: ContainerError.Kind { get }
}

extension ContainerError: FailureToRead {}
extension ByteSourceError: FailureToRead {}
