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
        /// The first bytes of the source; nil once a reader has gone beyond them.
        var kept: [UInt8]? = []
        var limit = RewindableSource.keptByteCountLimit
        var isAtEnd = false
    }

    init(_ source: any ByteSource) { self.source = source }

    var name: String { source.name }
    var byteCount: Int? { nil }
    var access: ByteAccess { .sequential }

    /// The number of bytes that have come so far.
    var byteCountSoFar: Int { comeByteCount.load(ordering: .relaxed) }

    /// Keeps the first `byteCount` bytes, unless some of them have gone by already. Memory is taken as they come.
    func keep(_ byteCount: Int) {
        beginning.withLock { $0.limit = max($0.limit, byteCount) }
    }

    /// Reads some of the bytes from `byteOffset` on, which lies within the bytes that are kept, or where the source is.
    ///
    /// - Throws: The source's errors; `.readFailed` where the bytes have gone by.
    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        try beginning.withLock { beginning throws(ByteSourceError) in
            if let kept = beginning.kept, byteOffset < kept.count {
                let count = min(buffer.count, kept.count - byteOffset)
                kept.withUnsafeBytes { kept in
                    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: kept[byteOffset..<byteOffset + count]))
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
