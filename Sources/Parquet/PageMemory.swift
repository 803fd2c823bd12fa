/// Raw memory that grows and is used again. Some bytes after its end are readable, for loops that read in steps of eight.
final class PageMemory {
    /// The number of readable bytes after `capacity`.
    static let slackByteCount = 64

    private(set) var base: UnsafeMutableRawPointer
    private(set) var capacity: Int

    init() {
        capacity = 0
        base = .allocate(byteCount: Self.slackByteCount, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: Self.slackByteCount)
    }

    deinit { base.deallocate() }

    /// Makes room for `byteCount` bytes. What was there before is lost if the memory has to grow.
    func reserve(_ byteCount: Int) {
        guard byteCount > capacity else { return }
        let grown = UnsafeMutableRawPointer.allocate(byteCount: byteCount + Self.slackByteCount, alignment: 64)
        (grown + byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: Self.slackByteCount)
        base.deallocate()
        base = grown
        capacity = byteCount
    }

    /// Returns the memory of `count` bytes from `start` on.
    func room(from start: Int = 0, count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + start, count: count)
    }
}
