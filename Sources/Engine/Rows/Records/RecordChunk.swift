internal import Container
internal import Formats

/// Some text of one file, from its decoding to its parsing. Chunks are used again and again.
///
/// A chunk of a file that is cut into spans begins and ends inside records. The end of the record that began before it stands before
/// `body`. The beginning of the record that goes on after it stands after `body`. Once the chunks before it are numbered, the beginning of
/// its first record is put in front, and `text` is whole records.
final class RecordChunk {
    let buffer = ByteBuffer()
    /// The room in bytes in front of the decoded bytes, for the beginning of a record. A longer beginning moves the bytes.
    static let frontByteCount = 1 << 12

    var fileIndex = 0
    /// The stretch of the file that is to be decoded; nil if whole records have been read from a stream.
    var span: FileSpan?
    /// The index of the stretch among those of the file.
    var spanIndex = 0
    /// True if the chunk is the first one of its file.
    var isFirst = false
    var isLast = false
    /// True if the chunk was cut from a file at line feeds, even inside quotes.
    var isCut = false
    /// True if the decoded bytes begin with the first record of a window.
    var beginsWindow = false
    /// True if the decoded bytes end with the last record of a window.
    var endsWindow = false
    /// The range in `buffer` of a span's decoded bytes.
    var decoded = 0..<0
    /// The range in `buffer` of the whole lines of a span.
    var body = 0..<0
    /// The counts of the records in `body`.
    var bodyExtent = RecordExtent()

    /// The range in `buffer` of whole records, once they are numbered.
    var text = 0..<0
    /// The counts of the records in `text`.
    var extent = RecordExtent()
    /// The number of the first row among all rows.
    var firstRow = 0
    /// The number of the first row in its file, or in its shard if the rows before that are not counted.
    var firstRowInFile = 0
    /// The number of the file's lines before the chunk.
    var firstLine = 0

    /// Finds the whole lines of a decoded span. O(bytes). No lock is held.
    func measure(_ parser: any RecordParser, headerByteCount: Int) {
        let bytes = UnsafeRawBufferPointer(buffer.room(from: decoded.lowerBound, count: decoded.count))
        guard isCut else {
            // The chunk is a whole file.
            body = decoded.lowerBound + min(headerByteCount, bytes.count)..<decoded.upperBound
            bodyExtent = parser.measure(self.bytes(body), isEnd: true, assumesNoLineFeedsInRecords: false)
            return
        }
        let first = isFirst ? min(headerByteCount, bytes.count) : (bytes.firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count)
        let end = max(first, bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0)
        body = decoded.lowerBound + first..<decoded.lowerBound + end
        bodyExtent = parser.measure(
            UnsafeRawBufferPointer(rebasing: bytes[first..<end]), isEnd: false, assumesNoLineFeedsInRecords: true)
    }

    /// Puts the beginning of the first record in front of the decoded bytes.
    func prepend(_ carry: [UInt8]) {
        let shift = carry.count - decoded.lowerBound
        if shift > 0 {
            buffer.reserve(decoded.upperBound + shift, keeping: decoded.upperBound)
            (buffer.base + carry.count).copyMemory(from: buffer.base + decoded.lowerBound, byteCount: decoded.count)
            decoded = decoded.lowerBound + shift..<decoded.upperBound + shift
            body = body.lowerBound + shift..<body.upperBound + shift
        }
        buffer.room(from: decoded.lowerBound - carry.count, count: carry.count).copyBytes(from: carry)
    }

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(buffer.room(from: range.lowerBound, count: range.count))
    }

    /// Cuts a decoded span to a window. It drops a record that begins before the window, and the bytes after the window's last record.
    ///
    /// - Parameters:
    ///   - start: the offset of the span's first byte among the file's decoded bytes.
    ///   - headerByteCount: the bytes before the file's first record.
    func cut(to window: Range<Int>, start: Int, headerByteCount: Int) {
        // Finds the first line feed at or after a byte of the file.
        func lineFeed(from byteOffset: Int) -> Int? {
            let from = decoded.lowerBound + max(0, byteOffset - start)
            guard from < decoded.upperBound else { return nil }
            return bytes(from..<decoded.upperBound).firstIndex(of: 0x0A).map { from + $0 }
        }
        var range = decoded
        if let end = lineFeed(from: window.upperBound - 1) {
            range = range.lowerBound..<end + 1
            endsWindow = true
            isLast = true
        }
        // Only a record that begins in this span can be told from one that began before it.
        if window.lowerBound > headerByteCount, start < window.lowerBound {
            let end = lineFeed(from: window.lowerBound - 1)
            range = min(end.map { $0 + 1 } ?? range.upperBound, range.upperBound)..<range.upperBound
            beginsWindow = end != nil
            // The header is not in it any more.
            isFirst = false
        }
        decoded = range
    }
}
