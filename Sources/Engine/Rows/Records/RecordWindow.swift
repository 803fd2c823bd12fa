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

    init(_ byteRange: Range<Int>) { self.byteRange = byteRange }

    // Relaxed: if one chunk more is read, it is not used.
    var isComplete: Bool { isCompleteFlag.load(ordering: .relaxed) }

    func complete() { isCompleteFlag.store(true, ordering: .relaxed) }

    /// Makes the window of a shard of a text; nil if the text's size is not known before it is read, or if it cannot be read from the
    /// middle.
    init?(_ shard: Shard, of file: RecordFile) {
        guard !file.spans.isEmpty, let byteCount = file.container.decodedByteCount else { return nil }
        let header = file.format.headerByteCount
        let range = shard.range(of: max(0, byteCount - header))
        byteRange = header + range.lowerBound..<header + range.upperBound
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
