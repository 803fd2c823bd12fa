internal import Locking
internal import Synchronization

/// A sequential source whose beginning is kept.
///
/// The first `keptByteCountLimit` bytes are kept, or more where `keep(_:)` asks for it before they have gone by. So several readers can
/// begin at the beginning one after the other: one that looks at a header, then one that reads everything. As soon as a reader goes beyond
/// the kept bytes they are let go.
final class RewindableSource: ByteSource {
    /// The number of bytes that are kept at least.
    static let keptByteCountLimit = 8 << 20

    /// The stream of standard input: one for the process, so that opening it again finds its beginning.
    static let standardInput = RewindableSource(
        PipeSource(descriptor: 0, name: SourcePath.standardInput, closesWhenDone: false))

    private let source: any ByteSource
    private let beginning = Lock(Beginning())
    /// The number of bytes that have come from the source. It is not behind the lock, which a reader may hold for long.
    private let comeByteCount = Atomic<Int>(0)

    private struct Beginning {
        /// The first bytes of the source without the gaps; nil once a reader has gone beyond them.
        var kept: [UInt8]? = []
        /// The byte ranges of the source that are not kept since they hold no data, in order and apart from each other.
        var gaps: [Range<Int>] = []
        var limit = RewindableSource.keptByteCountLimit
        var isAtEnd = false
        /// The number of bytes in `gaps`.
        var gapByteCount = 0

        /// The last gap that begins before `byteOffset`. O(log gaps).
        func gap(before byteOffset: Int) -> Range<Int>? {
            var (low, high) = (0, gaps.count)
            while low < high {
                let middle = (low + high) / 2
                if gaps[middle].lowerBound < byteOffset { low = middle + 1 } else { high = middle }
            }
            return low == 0 ? nil : gaps[low - 1]
        }

        /// The place in `kept` of a byte of the source, and the number of bytes up to the next gap; nil for a byte that is not kept.
        /// O(gaps).
        func place(of byteOffset: Int) -> (start: Int, count: Int)? {
            guard let kept else { return nil }
            var start = byteOffset
            for gap in gaps {
                if byteOffset < gap.lowerBound { return (start, gap.lowerBound - byteOffset) }
                if byteOffset < gap.upperBound { return nil }
                start -= gap.count
            }
            return start < kept.count ? (start, kept.count - start) : nil
        }
    }

    init(_ source: any ByteSource) { self.source = source }

    var name: String { source.name }
    var version: StoredVersion? { source.version }
    var byteCount: Int? { nil }
    var access: ByteAccess { .sequential }

    /// The number of bytes that have come so far.
    var byteCountSoFar: Int { comeByteCount.load(ordering: .relaxed) }

    /// Keeps the first `byteCount` bytes, unless some of them have gone by already. Memory is taken as they come.
    func keep(_ byteCount: Int) {
        beginning.withLock { $0.limit = max($0.limit, byteCount) }
    }

    /// Lets go of a byte range without data, such as empty frames: readers that come after find its end with `end(ofGapAt:)`. The bytes
    /// that are kept after it stay.
    func forget(_ range: Range<Int>) {
        beginning.withLock { beginning in
            guard let kept = beginning.kept, !range.isEmpty, range.lowerBound >= beginning.gaps.last?.upperBound ?? 0,
                range.upperBound <= comeByteCount.load(ordering: .relaxed)
            else { return }
            let start = range.lowerBound - beginning.gapByteCount
            guard start + range.count <= kept.count else { return }
            beginning.kept?.removeSubrange(start..<start + range.count)
            if let last = beginning.gaps.last, last.upperBound == range.lowerBound {
                beginning.gaps[beginning.gaps.count - 1] = last.lowerBound..<range.upperBound
            } else {
                beginning.gaps.append(range)
            }
            beginning.gapByteCount += range.count
        }
    }

    /// The end of the gap that begins at `byteOffset`; nil where none does. O(log gaps).
    func end(ofGapAt byteOffset: Int) -> Int? {
        beginning.withLock { beginning in
            guard let gap = beginning.gap(before: byteOffset + 1), gap.lowerBound == byteOffset else { return nil }
            return gap.upperBound
        }
    }

    /// Reads some of the bytes from `byteOffset` on, which lies within the bytes that are kept, or where the source is.
    ///
    /// - Throws: The source's errors; `.readFailed` where the bytes have gone by.
    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        try beginning.withLock { beginning throws(ByteSourceError) in
            if let place = beginning.place(of: byteOffset), let kept = beginning.kept {
                let count = min(buffer.count, place.count)
                kept.withUnsafeBytes { kept in
                    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: kept[place.start..<place.start + count]))
                }
                return count
            }
            let here = comeByteCount.load(ordering: .relaxed)
            guard byteOffset == here else {
                throw ByteSourceError(
                    byteOffset: byteOffset, problem: "a stream can be read only once, and these bytes have gone by",
                    found: "it read up to byte \(here)", allowed: "no going back beyond the first \(beginning.limit) bytes",
                    remedy: "write it to a file first")
            }
            if beginning.isAtEnd { return 0 }
            // No further than the limit: a reader that stops exactly there can still go back.
            let room = beginning.kept.map { beginning.limit - $0.count } ?? 0
            let target = room > 0 ? UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(room, buffer.count)]) : buffer
            let count = try source.read(at: byteOffset, into: target, isCancelled: isCancelled)
            guard count >= 0, count <= target.count else { throw .impossibleCount(count, of: target.count, at: byteOffset) }
            if count == 0 {
                beginning.isAtEnd = true
            } else if room > 0 {
                beginning.kept?.append(contentsOf: UnsafeRawBufferPointer(rebasing: target[..<count]))
            } else {
                beginning.kept = nil
            }
            comeByteCount.store(here + count, ordering: .relaxed)
            return count
        }
    }
}
