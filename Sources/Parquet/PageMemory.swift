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

    /// The number of bytes of which the room is a multiple.
    private static let stepByteCount = 64 << 10

    /// Makes room for `wanted` bytes. What was there before is lost if the memory has to grow.
    ///
    /// The room is an eighth larger, so that pages of nearly one size need it once: the system takes longer to give fresh memory than a
    /// page takes to be read, and gives none for a room that nothing is written to.
    func reserve(_ wanted: Int) {
        guard wanted > capacity else { return }
        let byteCount = (wanted + wanted / 8 + Self.stepByteCount - 1) / Self.stepByteCount * Self.stepByteCount
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
