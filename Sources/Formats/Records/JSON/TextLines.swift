internal import Glibc

/// The lines of a text, one after another, at the speed of memory.
struct TextLines: Sequence, IteratorProtocol {
    struct Line {
        /// Without the line feed.
        let bytes: UnsafeRawBufferPointer
        /// Where it begins in the text.
        let byteOffset: Int
        /// False of a last line whose end is the text's.
        let endsWithLineFeed: Bool

        /// Nothing but spaces, tabs and carriage returns.
        @inline(__always)
        var isBlank: Bool {
            // Most lines begin with what they hold.
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
