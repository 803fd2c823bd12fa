import Synchronization

/// The range words of a batch's workers, one atomic each, 128 bytes apart.
///
/// They are 128 bytes apart, since current processors fetch 64-byte lines in pairs (x86-64) or have 128-byte lines (Apple's arm64), and a
/// worker that takes from its own word must not slow down its neighbours. The memory is raw because a Swift struct cannot ask for such an
/// alignment, and an array of class instances would put each reference count on its word's line. A noncopyable value owns it, which
/// `WorkStealingPool.run` keeps alive until every worker has left.
///
/// `@unchecked Sendable`: the pointer leads to atomics alone, which the compiler cannot see, and nothing else changes after `init`.
///
/// Every method makes exactly one atomic access; PROTOCOL.md gives the reason for each ordering. `worker` is below `workerCount`.
struct RangeTable: ~Copyable, @unchecked Sendable {
    private static let bytesPerWord = 128

    let workerCount: Int
    private let base: UnsafeMutableRawPointer

    /// Deals out `grainCount` grains in ranges that differ in length by one at most.
    ///
    /// - Parameter workerCount: at least 1, at most `WorkStealingPool.maximumWorkerCount`.
    init(grainCount: UInt32, workerCount: Int) {
        self.workerCount = workerCount
        base = .allocate(byteCount: workerCount * Self.bytesPerWord, alignment: Self.bytesPerWord)
        for worker in 0..<workerCount {
            // In 64 bits: at most 2^32 * 2^10.
            let front = UInt64(grainCount) * UInt64(worker) / UInt64(workerCount)
            let back = UInt64(grainCount) * UInt64(worker + 1) / UInt64(workerCount)
            let word = RangeWord(front: UInt32(front), back: UInt32(back))
            (base + worker * Self.bytesPerWord).initializeMemory(as: Atomic<UInt64>.self, to: Atomic(word.bits))
        }
    }

    deinit {
        for worker in 0..<workerCount {
            atomic(worker).deinitialize(count: 1)
        }
        base.deallocate()
    }

    private func atomic(_ worker: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (base + worker * Self.bytesPerWord).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Reads a worker's word, which may have changed since. Relaxed: `replace` decides.
    func look(at worker: Int) -> RangeWord {
        RangeWord(bits: atomic(worker).pointee.load(ordering: .relaxed))
    }

    /// Replaces `seen` by `next`. Returns true if `seen` was still there. Never fails spuriously.
    ///
    /// It acquires all that the worker that published the range had released.
    func replace(_ seen: RangeWord, with next: RangeWord, of worker: Int) -> Bool {
        atomic(worker).pointee.compareExchange(
            expected: seen.bits, desired: next.bits, successOrdering: .acquiring, failureOrdering: .relaxed
        ).exchanged
    }

    /// Makes `range` the owner's, and open to thieves. Only the owner calls this, and only while its word is empty, when no `replace` by a
    /// thief can succeed.
    ///
    /// It releases all that the owner has seen to the workers that steal from the range.
    func publish(_ range: RangeWord, of worker: Int) {
        atomic(worker).pointee.store(range.bits, ordering: .releasing)
    }

    /// Empties the owner's word, whose grains need not be run. Only the owner calls this. A thief that steals from it before finds out for
    /// itself.
    func discard(of worker: Int) {
        atomic(worker).pointee.store(RangeWord.empty.bits, ordering: .relaxed)
    }
}
