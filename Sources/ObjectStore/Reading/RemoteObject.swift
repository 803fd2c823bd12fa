internal import Locking

/// An object in a store, or behind a web address, of which any range can be read by any thread.
///
/// It is opened by one request for its beginning, whose answer has its size and its version. Every later request names that version, so
/// that the server refuses to give bytes of another one. Bytes come in blocks of 4 MiB, some of them ahead of their readers, through
/// connections that all objects of a process share (`ObjectStore`).
///
/// ```swift
/// let object = try ObjectStore.shared.open("s3://dumps/logits.npy.zst")
/// let count = try object.read(at: 0, into: buffer)
/// ```
public final class RemoteObject: Sendable {
    /// The size of the first block, in bytes: that of the request that opens an object.
    public static let beginningByteCount = 1 << 20
    /// The size of the other blocks in bytes, but for the last.
    public static let blockByteCount = 4 << 20
    /// The number of blocks ahead of a reader that are asked for.
    static let aheadBlockCount = 8

    /// The URL without its query.
    public let name: String
    /// The size in bytes.
    public var byteCount: Int { version.byteCount }
    /// The entity tag with its quotes; nil where the server gives none that tells versions apart.
    public var entityTag: String? { version.entityTag }
    /// The name of the version in a bucket that keeps several.
    public var versionID: String? { version.versionID }

    let version: ObjectVersion
    let requests: ObjectRequests
    /// The failure that ended the reading, for all who read.
    let failure = Lock<ObjectStoreError?>(nil)
    private let cache: BlockCache

    init(_ requests: ObjectRequests, _ version: ObjectVersion, _ cache: BlockCache) {
        name = requests.url.shownText
        self.requests = requests
        self.version = version
        self.cache = cache
    }

    deinit { cache.forget(ObjectIdentifier(self)) }

    /// The number of blocks.
    var blockCount: Int {
        let rest = max(0, byteCount - Self.beginningByteCount)
        return (byteCount > 0 ? 1 : 0) + (rest + Self.blockByteCount - 1) / Self.blockByteCount
    }

    /// The bytes of a block.
    func range(ofBlock index: Int) -> Range<Int> {
        guard index > 0 else { return 0..<min(byteCount, Self.beginningByteCount) }
        let start = Self.beginningByteCount + (index - 1) * Self.blockByteCount
        return start..<min(byteCount, start + Self.blockByteCount)
    }

    /// The block that a byte lies in.
    func block(at byteOffset: Int) -> Int {
        byteOffset < Self.beginningByteCount ? 0 : 1 + (byteOffset - Self.beginningByteCount) / Self.blockByteCount
    }

    /// Reads some of the bytes from `byteOffset` on, at least one unless the object has no more. It waits until they have come.
    ///
    /// - Parameters:
    ///   - byteOffset: The offset of the first byte, at least 0.
    ///   - buffer: The memory that is filled from its beginning; at least one byte.
    ///   - isCancelled: Called several times a second while bytes are waited for; once it returns true, the wait ends. nil: never.
    /// - Returns: The number of bytes; 0 only at the object's end.
    /// - Throws: `.readFailed` after several tries, `.objectChanged`, `.notFound` or `.permissionDenied` where that became so, `.cancelled`.
    public func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)? = nil
    ) throws(ObjectStoreError) -> Int {
        guard byteOffset >= 0, byteOffset < byteCount, !buffer.isEmpty else { return 0 }
        let index = block(at: byteOffset)
        let block = try cache.block(index, of: self, isCancelled: isCancelled)
        let start = byteOffset - range(ofBlock: index).lowerBound
        let count = min(buffer.count, block.bytes.count - start)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: block.bytes[start..<start + count]))
        if start + count == block.bytes.count { cache.finish(index, of: self) }
        return count
    }

    /// Asks for the blocks of a byte range, and for some after it, before they are read. It returns at once.
    public func adviseWillRead(_ byteRange: Range<Int>) {
        let range = byteRange.clamped(to: 0..<byteCount)
        guard !range.isEmpty else { return }
        cache.prefetch(block(at: range.lowerBound)..<min(blockCount, block(at: range.upperBound - 1) + 1 + Self.aheadBlockCount), of: self)
    }
}
