/// The filter `shuffle`, which stores the first bytes of all elements, then the second ones, and so on.
enum Shuffling {
    /// Puts the bytes of elements together again. What is left after the last whole element is copied. O(bytes).
    ///
    /// Unsafe: both have room for `byteCount` bytes, and do not overlap.
    static func undo(
        _ source: UnsafeRawPointer, into target: UnsafeMutableRawPointer, byteCount: Int, elementByteCount: Int
    ) {
        let count = elementByteCount > 1 ? byteCount / elementByteCount : 0
        switch elementByteCount {
        case 2: undo(source, into: target, count, UInt16.self)
        case 4: undo(source, into: target, count, UInt32.self)
        case 8: undo(source, into: target, count, UInt64.self)
        default:
            for plane in 0..<(count > 0 ? elementByteCount : 0) {
                for index in 0..<count {
                    target.storeBytes(
                        of: source.load(fromByteOffset: plane * count + index, as: UInt8.self),
                        toByteOffset: index * elementByteCount + plane,
                        as: UInt8.self)
                }
            }
        }
        let done = count * elementByteCount
        (target + done).copyMemory(from: source + done, byteCount: byteCount - done)
    }

    /// The loop for elements that are a word; the compiler makes vectors of it.
    @inline(__always)
    private static func undo<Word: FixedWidthInteger & UnsignedInteger>(
        _ source: UnsafeRawPointer, into target: UnsafeMutableRawPointer, _ count: Int, _ type: Word.Type
    ) {
        let size = MemoryLayout<Word>.size
        let bytes = source.assumingMemoryBound(to: UInt8.self)
        for index in 0..<count {
            var word: Word = 0
            for plane in 0..<size { word |= Word(truncatingIfNeeded: bytes[plane &* count &+ index]) &<< Word(8 &* plane) }
            // No overflow: all within the buffers.
            target.storeBytes(of: word.littleEndian, toByteOffset: index &* size, as: Word.self)
        }
    }
}
