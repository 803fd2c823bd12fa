/// Raw memory that grows and is reused, with readable bytes after its end for kernels that read in steps of eight.
package final class ByteBuffer {
    /// The number of readable bytes after `capacity`.
    package static let slackByteCount = 64

    package private(set) var base: UnsafeMutableRawPointer
    package private(set) var capacity: Int

    package init() {
        capacity = 0
        base = .allocate(byteCount: Self.slackByteCount, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: Self.slackByteCount)
    }

    deinit { base.deallocate() }

    /// Makes room for `byteCount` bytes, the first `keeping` of which stay. Grows to what is asked and no further: a worker's buffers
    /// are most of the memory of a run.
    package func reserve(_ byteCount: Int, keeping: Int = 0) {
        guard byteCount > capacity else { return }
        let grown = UnsafeMutableRawPointer.allocate(byteCount: byteCount + Self.slackByteCount, alignment: 64)
        grown.copyMemory(from: base, byteCount: keeping)
        // Defined bytes in the slack: lanes past the end of a row are computed and thrown away.
        (grown + byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: Self.slackByteCount)
        base.deallocate()
        base = grown
        capacity = byteCount
    }

    /// The memory of `count` bytes from `start` on.
    package func room(from start: Int, count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + start, count: count)
    }
}
