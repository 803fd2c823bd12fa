/// The stored bytes of a file under the name that its errors begin with. Everything that decodes reads through it and does not know where
/// the bytes come from.
final class StoredBytes: Sendable {
    /// The name for messages; of an archive's member `archive.npz: member.npy`.
    let path: String
    /// The name of the source itself.
    let filePath: String
    private let source: any ByteSource
    /// The source of a stream, which is `source`; nil where bytes can be read in any order.
    private let rewindable: RewindableSource?
    private let sizeWhenOpened: Int
    private let identityWhenOpened: ByteSourceIdentity?
    /// Returns true once the caller wants no more bytes; asked while bytes are waited for.
    private let isCancelled: (@Sendable () -> Bool)?

    /// Reads from a source.
    ///
    /// - Parameter path: The name for messages, where it is another than the source's.
    /// - Throws: The source's errors.
    init(_ source: any ByteSource, path: String? = nil, isCancelled: (@Sendable () -> Bool)? = nil) throws(ContainerError) {
        self.path = path ?? source.name
        filePath = self.path
        self.isCancelled = isCancelled
        if source.access == .random, let byteCount = source.byteCount {
            self.source = source
            rewindable = nil
            sizeWhenOpened = max(0, byteCount)
            do throws(ByteSourceError) { identityWhenOpened = try source.identity() } catch {
                throw ContainerError(error, path: self.path)
            }
        } else {
            let stream = source as? RewindableSource ?? RewindableSource(source)
            self.source = stream
            rewindable = stream
            sizeWhenOpened = 0
            identityWhenOpened = nil
        }
    }

    /// Opens the file at `path`, or standard input where that is `-` (`SourcePath`).
    convenience init(path: String, isCancelled: (@Sendable () -> Bool)? = nil) throws(ContainerError) {
        try self.init(SourcePath.source(of: path, isCancelled: isCancelled), path: path, isCancelled: isCancelled)
    }

    /// The bytes of `file` under a name that says which member of it is meant.
    init(_ file: StoredBytes, member name: String) {
        path = "\(file.path): \(name)"
        filePath = file.path
        source = file.source
        rewindable = file.rewindable
        sizeWhenOpened = file.sizeWhenOpened
        identityWhenOpened = file.identityWhenOpened
        isCancelled = file.isCancelled
    }

    /// The version of an object of a store.
    var version: StoredVersion? { source.version }

    /// True if the bytes are read once, in order.
    var isStream: Bool { rewindable != nil }

    /// True if the bytes can be read in any order and cost nothing but time of this machine.
    var isLocal: Bool { !isStream && source.isLocal }

    /// The number of bytes when the file was opened; of a stream, the number that has come so far.
    var byteCount: Int { rewindable?.byteCountSoFar ?? sizeWhenOpened }

    /// Throws `.fileChanged` where the source's identity is another than when it was opened.
    func checkIdentity() throws(ContainerError) {
        guard let identityWhenOpened else { return }
        do throws(ByteSourceError) {
            guard try source.identity() == identityWhenOpened else { throw ByteSourceError.changed }
        } catch {
            throw ContainerError(error, path: path)
        }
    }

    /// Fills `buffer` with the bytes from `byteOffset` on, which must lie within the file as it was opened.
    ///
    /// - Throws: The source's errors; `.fileChanged` where the file has become shorter, `.truncated` where a stream ends before.
    func read(at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ContainerError) {
        var filled = 0
        while filled < buffer.count {
            let count = try readSome(at: byteOffset + filled, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 {
                if isStream {
                    throw ContainerError(
                        path: path, kind: .truncated, byteOffset: byteOffset + filled, problem: "the stream ends early",
                        remedy: "look at what writes it")
                }
                throw ContainerError(
                    path: path, kind: .fileChanged, byteOffset: byteOffset + filled,
                    problem: "the file became shorter while it was being read", found: "the end here",
                    allowed: "\(sizeWhenOpened) bytes, as when it was opened", remedy: "let it be finished first")
            }
            filled += count
        }
    }

    /// Reads some of the bytes from `byteOffset` on, at least one unless there are no more.
    ///
    /// - Throws: The source's errors.
    func readSome(at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ContainerError) -> Int {
        do throws(ByteSourceError) {
            let count = try source.read(at: byteOffset, into: buffer, isCancelled: isCancelled)
            guard count >= 0, count <= buffer.count else { throw .impossibleCount(count, of: buffer.count, at: byteOffset) }
            return count
        } catch {
            throw ContainerError(error, path: path)
        }
    }

    /// Reads some of the bytes from `byteOffset` on, as `readSome(at:into:)` does, and waits for them no longer than `patience`.
    ///
    /// - Returns: The number of bytes; nil where none came in that time.
    /// - Throws: The source's errors.
    func readSome(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, waitingFor patience: Duration
    ) throws(ContainerError) -> Int? {
        let end = ContinuousClock.now + patience
        var isTooLate = false
        do throws(ByteSourceError) {
            let count = try source.read(at: byteOffset, into: buffer) {
                if self.isCancelled?() == true { return true }
                isTooLate = ContinuousClock.now >= end
                return isTooLate
            }
            guard count >= 0, count <= buffer.count else { throw .impossibleCount(count, of: buffer.count, at: byteOffset) }
            return count
        } catch {
            if isTooLate, error.kind == .cancelled { return nil }
            throw ContainerError(error, path: path)
        }
    }

    /// Keeps the first `byteCount` bytes of a stream.
    func keepRewindable(_ byteCount: Int) { rewindable?.keep(byteCount) }

    /// Lets go of a stream's bytes that hold no data.
    func forget(_ range: Range<Int>) { rewindable?.forget(range) }

    /// The end of the bytes without data that begin at `byteOffset` and that the stream has let go of; nil where there are none.
    func end(ofGapAt byteOffset: Int) -> Int? { rewindable?.end(ofGapAt: byteOffset) }

    /// The first `count` bytes, fewer only where there are no more.
    func firstBytes(_ count: Int) throws(ContainerError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        // Where there were empty frames before them, those that follow are as good.
        let start = end(ofGapAt: 0) ?? 0
        var filled = 0
        while filled < count {
            let more = try readSome(at: start + filled, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if more == 0 { break }
            filled += more
        }
        return Array(buffer[..<filled])
    }

    /// Tells the source that a range of bytes is wanted soon.
    func adviseWillRead(_ range: Range<Int>) { source.adviseWillRead(range) }
}
