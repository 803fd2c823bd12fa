internal import Locking
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
/// thread has read.
final class DescriptorCache: Sendable {
    /// The cache of the process.
    static let shared = DescriptorCache(limit: defaultLimit)

    /// A quarter of the descriptors that the process may have open, between 4 and 256.
    static let defaultLimit = limit(descriptorCountLimit: Int(sysconf(CInt(_SC_OPEN_MAX))))

    /// The most descriptors that are open at a time.
    let limit: Int
    private let state = Lock(State())

    /// A file's name in the cache.
    struct Key: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Entry {
        /// nil while a thread is opening it.
        var descriptor: FileDescriptor?
        var useCount: Int
        /// The time of the last use, in uses of the cache.
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var keyCount: UInt64 = 0
        var useCount: UInt64 = 0

        mutating func nextUse() -> UInt64 {
            useCount += 1
            return useCount
        }

        /// Closes the descriptor that has not been used for the longest time. O(descriptors).
        ///
        /// - Returns: false where all are in use.
        mutating func closeOldest() -> Bool {
            let idle = entries.filter { $0.value.useCount == 0 }
            guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return false }
            entries[oldest.key] = nil
            // Nothing was written, so there is nothing that closing could lose.
            try? oldest.value.descriptor?.close()
            return true
        }
    }

    /// Creates an empty cache.
    ///
    /// - Parameter limit: The most descriptors that are open at a time; at least 1.
    init(limit: Int) { self.limit = max(1, limit) }

    /// The limit for a process that may have so many descriptors open; a number below 0 stands for no limit.
    static func limit(descriptorCountLimit: Int) -> Int {
        descriptorCountLimit < 0 ? 256 : min(max(descriptorCountLimit / 4, 4), 256)
    }

    /// The number of descriptors that are open or being opened.
    var openCount: Int { state.withLock { $0.entries.count } }

    /// A key that no other file has.
    func makeKey() -> Key {
        state.withLock { state in
            state.keyCount += 1
            return Key(number: state.keyCount)
        }
    }

    /// Calls `body` with a file's descriptor, which stays open until `body` returns.
    ///
    /// `body` must not ask the cache for another descriptor: with all of them in use it could wait for itself.
    ///
    /// - Parameters:
    ///   - key: The file.
    ///   - open: Opens the file. It is called where the cache does not have the descriptor, by one thread at a time for each file.
    ///   - body: Uses the descriptor.
    /// - Throws: The errors of `open` and of `body`.
    func withDescriptor<Result, E: Error>(
        of key: Key, open: () throws(E) -> FileDescriptor, _ body: (FileDescriptor) throws(E) -> Result
    ) throws(E) -> Result {
        var descriptor: FileDescriptor
        switch state.waitUntil({ state in self.claim(key, in: &state) }) {
        case .open(let claimed): descriptor = claimed
        case .toOpen:
            do throws(E) {
                descriptor = try open()
            } catch {
                forget(key)
                throw error
            }
            state.withLock { [descriptor] in $0.entries[key]?.descriptor = descriptor }
            state.wake(.all)
        }
        defer { giveBack(key) }
        return try body(descriptor)
    }

    private enum Claim: Sendable {
        case open(FileDescriptor)
        /// The caller has the right and the duty to open it.
        case toOpen
    }

    /// Claims a use of the descriptor; nil where the thread has to wait.
    private func claim(_ key: Key, in state: inout State) -> Claim? {
        let use = state.nextUse()
        if let entry = state.entries[key] {
            guard let descriptor = entry.descriptor else { return nil }
            state.entries[key] = Entry(descriptor: descriptor, useCount: entry.useCount + 1, lastUse: use)
            return .open(descriptor)
        }
        if state.entries.count >= limit, !state.closeOldest() { return nil }
        state.entries[key] = Entry(descriptor: nil, useCount: 1, lastUse: use)
        return .toOpen
    }

    private func giveBack(_ key: Key) {
        let isIdle = state.withLock { state in
            guard var entry = state.entries[key] else { return false }
            entry.useCount -= 1
            state.entries[key] = entry
            return entry.useCount == 0
        }
        if isIdle { state.wake(.all) }
    }

    /// Closes the descriptor of a file that nobody reads any more, if it is open.
    func forget(_ key: Key) {
        state.withLock { try? $0.entries.removeValue(forKey: key)?.descriptor?.close() }
        state.wake(.all)
    }
}
