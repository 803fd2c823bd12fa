internal import Container
internal import Formats
internal import Synchronization

/// The part of a text whose records are read: the records that begin in a range of its decoded bytes.
///
/// The range may begin and end inside records. A record begins after a line feed, or after the header. So the bytes up to the first line
/// feed at or after the byte before the range belong to the part before, and the last record goes on to the first line feed at or after the
/// range's last byte.
final class RecordWindow: Sendable {
    /// The range of decoded bytes in which the wanted records begin.
    let byteRange: Range<Int>
    /// The flag that the end of the last wanted record has been found, so that nothing more has to be read.
    private let isCompleteFlag = Atomic(false)

    /// The number of rows of the file before the window; nil if nobody counted them. Then rows are counted from the window on.
    let rowsBefore: Int?
    /// The number of lines of the file before the window; 0 if lines are counted from the window on.
    let linesBefore: Int

    /// The rows among which those of the window are counted.
    var counting: RowPlace.Counting { rowsBefore == nil ? .inShard : .inFile }

    init(_ byteRange: Range<Int>, rowsBefore: Int? = nil, linesBefore: Int = 0) {
        self.byteRange = byteRange
        self.rowsBefore = rowsBefore
        self.linesBefore = linesBefore
    }

    // Relaxed: if one chunk more is read, it is not used.
    var isComplete: Bool { isCompleteFlag.load(ordering: .relaxed) }

    func complete() { isCompleteFlag.store(true, ordering: .relaxed) }

    /// Makes the window of a shard of a text; nil if the text's size is not known before it is read, or if it cannot be read from the
    /// middle.
    init?(_ shard: Shard, of file: RecordFile) {
        guard let bytes = Self.decodedBytes(of: file) else { return nil }
        let range = shard.range(of: bytes.count)
        byteRange = bytes.lowerBound + range.lowerBound..<bytes.lowerBound + range.upperBound
        rowsBefore = range.lowerBound == 0 ? 0 : nil
        linesBefore = 0
    }

    /// The decoded bytes of a text after its header; nil if their number is not known before they are read, or if reading cannot begin in the
    /// middle.
    static func decodedBytes(of file: RecordFile) -> Range<Int>? {
        guard !file.spans.isEmpty, let byteCount = file.container.decodedByteCount else { return nil }
        let header = min(file.format.headerByteCount, byteCount)
        return header..<byteCount
    }
}

extension RecordFile {
    /// The range of decoded bytes that a span covers.
    func decodedBytes(of span: FileSpan) -> Range<Int> {
        switch span {
        case .bytes(let bytes): return bytes
        case .frames(let frames):
            guard let first = frames.first, let last = frames.last else { return 0..<0 }
            let (begin, end) = (container.frames[first], container.frames[last])
            return begin.decodedByteOffset..<end.decodedByteOffset + end.decodedByteCount
        case .whole: return 0..<(container.decodedByteCount ?? 0)
        }
    }
}
