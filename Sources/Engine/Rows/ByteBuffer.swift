/// Raw memory that grows and is used again. Some bytes after its end are readable, for kernels that read in steps of eight.
package final class ByteBuffer {
    /// The number of readable bytes after `capacity`.
    package static let slackByteCount = 64

    /// The first byte of the memory.
    package private(set) var base: UnsafeMutableRawPointer
    /// The number of bytes that the memory holds.
    package private(set) var capacity: Int

    /// Makes an empty buffer.
    package init() {
        capacity = 0
        base = .allocate(byteCount: Self.slackByteCount, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: Self.slackByteCount)
    }

    deinit { base.deallocate() }

    /// Makes room for `byteCount` bytes, and keeps the first `keeping`. The buffer grows to the asked size and no further: the buffers of
    /// workers are most of the memory of a run.
    package func reserve(_ byteCount: Int, keeping: Int = 0) {
        guard byteCount > capacity else { return }
        let grown = UnsafeMutableRawPointer.allocate(byteCount: byteCount + Self.slackByteCount, alignment: 64)
        grown.copyMemory(from: base, byteCount: keeping)
        // The bytes after the end are defined, since kernels compute lanes past the end of a row and throw them away.
        (grown + byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: Self.slackByteCount)
        base.deallocate()
        base = grown
        capacity = byteCount
    }

    /// Returns the memory of `count` bytes from `start` on.
    package func room(from start: Int, count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + start, count: count)
    }
}
