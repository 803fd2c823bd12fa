/// The order of the bytes in a number.
public enum ByteOrder {
    /// True if this machine stores the lowest byte of a number first.
    public static var isLittleEndianMachine: Bool { 1.littleEndian == 1 }

    /// Reverses the bytes of each element in place. O(bytes); the bytes need not be aligned.
    ///
    /// Elements of 1 byte stay as they are. Bytes after the last whole element stay as they are, too.
    ///
    /// - Precondition: `elementByteCount` is 1, 2, 4 or 8.
    public static func swapInPlace(_ bytes: UnsafeMutableRawBufferPointer, elementByteCount: Int) {
        switch elementByteCount {
        case 1: return
        case 2: swapInPlace(bytes, as: UInt16.self)
        case 4: swapInPlace(bytes, as: UInt32.self)
        case 8: swapInPlace(bytes, as: UInt64.self)
        default: preconditionFailure("elements have 1, 2, 4 or 8 bytes")
        }
    }

    @inline(__always)
    private static func swapInPlace<Word: FixedWidthInteger & BitwiseCopyable>(_ bytes: UnsafeMutableRawBufferPointer, as: Word.Type) {
        guard let base = bytes.baseAddress else { return }
        let stride = MemoryLayout<Word>.size
        // Unsafe: every word lies within `bytes`, since the count is rounded down.
        for index in 0..<(bytes.count / stride) {
            let word = base.loadUnaligned(fromByteOffset: index * stride, as: Word.self)
            base.storeBytes(of: word.byteSwapped, toByteOffset: index * stride, as: Word.self)
        }
    }
}
