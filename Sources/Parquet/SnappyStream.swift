/// A page in snappy's format: the number of its bytes, then literals and copies of what came before.
///
/// The source is google/snappy, `format_description.txt`. Its writers compress blocks of 64 KiB, each by itself, so that no copy reaches
/// further back; the format has no such limit. A page with such a copy is decompressed from its first byte again, and all of it is kept.
final class SnappyStream: PageStream {
    private let stored: StoredBytes
    private let memory: PageMemory
    /// The number of bytes of the whole page after decompression.
    private let byteCount: Int
    /// The number of bytes before the next one that copies can reach.
    private var historyByteCount = blockByteCount
    /// The number of bytes that may be in the memory.
    private var limit: Int
    /// The number of bytes of the page before those in the memory.
    private var firstInMemory = 0
    /// The number of bytes in the memory, and of those that have been read.
    private var (decoded, used) = (0, 0)
    /// The number of bytes of a literal that are left.
    private var literalLeft = 0
    private var hasBegun = false

    private static let blockByteCount = 64 << 10
    /// The number of bytes that are decompressed at once.
    private static let pieceByteCount = 256 << 10
    /// The largest number of bytes of a copy.
    private static let copyByteCount = 64
    private static var fault: PageFault { .damaged("its snappy bytes are damaged") }

    /// Makes a stream of a page of `byteCount` bytes, with memory that nothing else uses as long as it is read.
    init(_ stored: StoredBytes, byteCount: Int, _ memory: PageMemory) {
        self.stored = stored
        self.byteCount = byteCount
        self.memory = memory
        limit = min(byteCount, Self.blockByteCount + Self.pieceByteCount) + Self.copyByteCount
        memory.reserve(limit)
        stored.expectDirectReads()
    }

    /// Decompresses a page of `byteCount` bytes to memory, of which literals are read straight to their place.
    ///
    /// - Returns: the bytes, which begin with the memory.
    static func decompress(
        _ stored: StoredBytes, byteCount: Int, into memory: PageMemory
    ) throws(PageFault) -> UnsafeRawBufferPointer {
        memory.reserve(byteCount + copyByteCount)
        let stream = SnappyStream(stored, byteCount: byteCount, memory)
        (stream.historyByteCount, stream.limit) = (byteCount, byteCount + copyByteCount)
        try stream.decodePiece()
        stream.used = stream.decoded
        try stream.finish(after: 0)
        return UnsafeRawBufferPointer(memory.room(count: byteCount))
    }

    func read(_ count: Int, into target: UnsafeMutableRawPointer?) throws(PageFault) {
        var done = 0
        while done < count {
            if used == decoded { try decodePiece() }
            let found = min(decoded - used, count - done)
            guard found > 0 else { throw Self.endFault }
            if let target { (target + done).copyMemory(from: memory.base + used, byteCount: found) }
            used += found
            done += found
        }
    }

    func finish(after count: Int) throws(PageFault) {
        try read(count, into: nil)
        // A page of no bytes still says so.
        if !hasBegun { try begin() }
        guard firstInMemory + used == byteCount else { throw Self.lengthFault }
        guard literalLeft == 0, stored.isAtEnd else { throw Self.fault }
    }

    /// Decompresses the bytes that follow, as many as the memory has room for. All before them have been read.
    private func decodePiece() throws(PageFault) {
        if decoded + Self.copyByteCount > limit {
            let kept = min(historyByteCount, decoded)
            memory.base.copyMemory(from: memory.base + decoded - kept, byteCount: kept)
            firstInMemory += decoded - kept
            (decoded, used) = (kept, kept)
        }
        while decoded + Self.copyByteCount <= limit, firstInMemory + decoded < byteCount {
            // After a copy from far away all begins anew.
            if !hasBegun { try begin() }
            if literalLeft > 0 { try copyLiteral() } else { try decodeElement() }
        }
    }

    /// Reads the number of bytes, which comes first.
    private func begin() throws(PageFault) {
        hasBegun = true
        let bytes = try stored.peek(5)
        var (value, count) = (0, 0)
        repeat {
            guard count < min(5, bytes.count) else { throw Self.fault }
            value |= Int(bytes[count] & 0x7F) << (7 * count)
            count += 1
        } while bytes[count - 1] & 0x80 != 0
        guard value == byteCount else { throw .damaged("it decompresses to \(value) bytes, and its header says \(byteCount)") }
        stored.use(count)
    }

    private func copyLiteral() throws(PageFault) {
        // With the beginning of the element after it, to which the memory's slack leaves room.
        let count = try stored.read(
            min(literalLeft, limit - decoded), into: memory.base + decoded, spare: PageMemory.slackByteCount)
        guard count > 0 else { throw Self.fault }
        decoded += count
        literalLeft -= count
    }

    /// Decodes a copy, or the beginning of a literal.
    private func decodeElement() throws(PageFault) {
        let bytes = try stored.peek(5)
        guard let tag = bytes.first else { throw Self.fault }
        func number(_ count: Int) throws(PageFault) -> Int {
            guard bytes.count > count else { throw Self.fault }
            var value = 0
            for index in 0..<count { value |= Int(bytes[1 + index]) << (8 * index) }
            return value
        }
        let left = byteCount - firstInMemory - decoded
        guard tag & 3 != 0 else {
            let head = Int(tag >> 2)
            let lengthByteCount = max(0, head - 59)
            literalLeft = (lengthByteCount == 0 ? head : try number(lengthByteCount)) + 1
            guard literalLeft <= left else { throw Self.fault }
            stored.use(1 + lengthByteCount)
            return
        }
        let (length, offset, elementByteCount): (Int, Int, Int)
        switch tag & 3 {
        case 1: (length, offset, elementByteCount) = (Int(tag >> 2 & 7) + 4, Int(tag >> 5) << 8 | (try number(1)), 2)
        case 2: (length, offset, elementByteCount) = (Int(tag >> 2) + 1, try number(2), 3)
        default: (length, offset, elementByteCount) = (Int(tag >> 2) + 1, try number(4), 5)
        }
        guard offset > 0, offset <= firstInMemory + decoded, length <= left else { throw Self.fault }
        guard offset <= decoded else { return startOver() }
        let target = memory.base + decoded
        if offset >= length {
            target.copyMemory(from: target - offset, byteCount: length)
        } else {
            // The copy repeats what it has just written itself.
            for index in 0..<length { (target + index).copyMemory(from: target + index - offset, byteCount: 1) }
        }
        stored.use(elementByteCount)
        decoded += length
    }

    /// Goes back to the first byte, with memory for all. Those that have been read before will not be read again.
    private func startOver() {
        used += firstInMemory
        (historyByteCount, limit) = (byteCount, byteCount + Self.copyByteCount)
        memory.reserve(limit)
        stored.begin()
        (hasBegun, firstInMemory, decoded, literalLeft) = (false, 0, 0, 0)
    }
}
