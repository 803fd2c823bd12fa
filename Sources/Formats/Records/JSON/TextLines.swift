internal import Glibc

/// A sequence of the lines of a text, at the speed of memory.
struct TextLines: Sequence, IteratorProtocol {
    struct Line {
        /// The line without its line feed.
        let bytes: UnsafeRawBufferPointer
        /// The line's offset in the text, in bytes.
        let byteOffset: Int
        /// False for a last line that ends with the text.
        let endsWithLineFeed: Bool

        /// True if the line holds nothing but spaces, tabs and carriage returns.
        @inline(__always)
        var isBlank: Bool {
            // Most lines do not begin with white space.
            if let first = bytes.first, first > 0x20 { return false }
            return bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        }
    }

    private let text: UnsafeRawBufferPointer
    private var byteOffset = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    @inline(__always)
    mutating func next() -> Line? {
        let remaining = text.count - byteOffset
        guard remaining > 0, let start = text.baseAddress?.advanced(by: byteOffset) else { return nil }
        let lineOffset = byteOffset
        // Unsafe: `start` has `remaining` bytes after it, and what is found lies within them.
        guard let lineFeed = memchr(start, 0x0A, remaining) else {
            byteOffset = text.count
            return Line(bytes: UnsafeRawBufferPointer(start: start, count: remaining), byteOffset: lineOffset, endsWithLineFeed: false)
        }
        let byteCount = UnsafeRawPointer(lineFeed) - start
        byteOffset += byteCount + 1
        return Line(bytes: UnsafeRawBufferPointer(start: start, count: byteCount), byteOffset: lineOffset, endsWithLineFeed: true)
    }
}
