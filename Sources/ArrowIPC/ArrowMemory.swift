/// Raw memory that grows and is used again. Some bytes after its end are readable, for loops that read in steps of eight.
final class ArrowMemory {
    private static let slackByteCount = 64

    private(set) var base: UnsafeMutableRawPointer
    private(set) var capacity = 0

    init() {
        base = .allocate(byteCount: Self.slackByteCount, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: Self.slackByteCount)
    }

    deinit { base.deallocate() }

    /// Makes room for `byteCount` bytes. The first `kept` bytes stay if the memory has to grow, and others are lost.
    func reserve(_ byteCount: Int, keeping kept: Int = 0) {
        guard byteCount > capacity else { return }
        let wanted = kept > 0 ? max(byteCount, capacity + capacity / 2) : byteCount
        let grown = UnsafeMutableRawPointer.allocate(byteCount: wanted + Self.slackByteCount, alignment: 64)
        (grown + wanted).initializeMemory(as: UInt8.self, repeating: 0, count: Self.slackByteCount)
        if kept > 0 { grown.copyMemory(from: base, byteCount: kept) }
        base.deallocate()
        base = grown
        capacity = wanted
    }

    /// Returns the memory of `count` bytes from `start` on.
    func room(from start: Int = 0, count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + start, count: count)
    }
}
