/// The stored bytes of a range of a file, read in order and in large pieces into a buffer that is kept from range to range.
final class ReadAhead {
    /// The smallest size of a piece, in bytes, so that several small frames come at once.
    static let readByteCount = 256 << 10
    /// The number of bytes for which the source is told in advance that they will be read.
    private static let adviceByteCount = 4 << 20

    /// The longest time that a read of a stream waits for its bytes; nil for as long as it takes. After that reads throw `.cancelled`, and
    /// `hasStalled` is true. What has been read stays, so that the same read can be begun again.
    var patience: Duration? {
        didSet { hasStalled = false }
    }
    /// True if the last read threw since no byte came in `patience`.
    private(set) var hasStalled = false

    private var file: StoredBytes?
    private var endByteOffset = 0
    /// The end of the byte range that the source has been told of.
    private var advisedByteOffset = 0

    /// `buffer[..<byteCount]` are the bytes of the file from `byteOffset` on.
    private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var byteOffset = 0
    private var byteCount = 0

    /// The pieces of the range that other threads read ahead, where `startPrefetch(at:)` has asked for them.
    let prefetch = Prefetch()
    /// True if other threads may have read ahead.
    private var hasPrefetch = false
    /// True while the decoder is at work.
    private var isDecoding = false

    deinit { buffer.deallocate() }

    /// The size of the buffer, and of the pieces that were read ahead, in bytes.
    var capacity: Int { buffer.count + prefetch.allocatedByteCount }

    /// Turns to another range. Bytes that are in the buffer already stay.
    func start(_ file: StoredBytes, _ range: Range<Int>) {
        if self.file !== file {
            self.file = file
            byteCount = 0
        }
        advisedByteOffset = range.lowerBound
        endByteOffset = range.upperBound
    }

    /// Lets other threads read ahead while the decoder is at work, from the end of the buffer on, or from `offset` on if that byte is not in
    /// the buffer. It pays where the range is read in order and in pieces.
    func startPrefetch(at offset: Int) {
        guard let file, !hasPrefetch, file.isLocal else { return }
        hasPrefetch = true
        let bufferEnd = byteOffset + byteCount
        prefetch.start(file, from: offset >= byteOffset && offset < bufferEnd ? bufferEnd : offset, upTo: endByteOffset)
        prefetch.setDecoding(isDecoding)
    }

    /// Says whether the decoder is at work.
    func setDecoding(_ isDecoding: Bool) {
        self.isDecoding = isDecoding
        if hasPrefetch { prefetch.setDecoding(isDecoding) }
    }

    /// Asks other threads for nothing more.
    func stopPrefetch() {
        guard hasPrefetch else { return }
        hasPrefetch = false
        prefetch.stop()
    }

    /// Fills `target` with the bytes from `offset` on, past the buffer.
    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(ContainerError) {
        // Of a file the kernel itself reads as much ahead as these reads are long. Where it is asked for more, it puts the bytes into single
        // pages of its cache, and copying them out of there takes half as long again, now and in later runs.
        if file?.isLocal == false { advise(from: offset) }
        try file?.read(at: offset, into: target)
    }

    /// The `count` bytes from `offset` on, which must lie within the range. Valid until the next call.
    func load(_ offset: Int, count: Int) throws(ContainerError) -> UnsafeRawBufferPointer {
        let kept = byteOffset + byteCount - offset
        if offset < byteOffset || kept < count {
            let keptByteCount = offset >= byteOffset ? max(0, kept) : 0
            let total = max(count, min(Self.readByteCount, endByteOffset - offset))
            if keptByteCount > 0, offset > byteOffset, let base = buffer.baseAddress {
                base.copyMemory(from: base + (offset - byteOffset), byteCount: keptByteCount)  // they may overlap
            }
            byteOffset = offset
            byteCount = keptByteCount
            advise(from: offset)
            // A piece takes the buffer's place, which must then have nothing to keep.
            if hasPrefetch,
                let found = prefetch.exchange(
                    &buffer, at: offset, byteCount: keptByteCount == 0 ? count : .max, orReadUpTo: offset + total)
            {
                byteCount = found
                return UnsafeRawBufferPointer(rebasing: buffer[..<count])
            }
            Self.grow(&buffer, to: total, keeping: keptByteCount)
            try file?.read(at: offset + keptByteCount, into: UnsafeMutableRawBufferPointer(rebasing: buffer[keptByteCount..<total]))
            byteCount = total
        }
        let start = offset - byteOffset
        return UnsafeRawBufferPointer(rebasing: buffer[start..<start + count])
    }

    /// Some of the bytes from `offset` to `end`: those in the buffer, or else the next piece.
    func loadAny(_ offset: Int, upTo end: Int) throws(ContainerError) -> UnsafeRawBufferPointer {
        let there = byteOffset + byteCount - offset
        let isThere = offset >= byteOffset && there > 0
        return try load(offset, count: min(isThere ? there : Self.readByteCount, end - offset))
    }

    /// Some of the bytes from `offset` to `end` and to the range's end: those in the buffer, or else the next piece. A stream gives as many
    /// as come at once. The result is empty only where there are no more bytes.
    func loadSome(_ offset: Int, upTo end: Int = .max) throws(ContainerError) -> UnsafeRawBufferPointer {
        guard let file, file.isStream else { return try loadAny(offset, upTo: max(offset, min(end, endByteOffset))) }
        if offset < byteOffset || offset >= byteOffset + byteCount {
            byteOffset = offset
            byteCount = 0
            Self.grow(&buffer, to: Self.readByteCount, keeping: 0)
            byteCount = try readStream(file, at: offset, into: buffer)
        }
        let start = offset - byteOffset
        return UnsafeRawBufferPointer(rebasing: buffer[start..<min(byteCount, start + (end - offset))])
    }

    /// The `count` bytes from `offset` on, fewer only where there are no more. Valid until the next call.
    func loadUpTo(_ offset: Int, count: Int) throws(ContainerError) -> UnsafeRawBufferPointer {
        guard let file, file.isStream else { return try load(offset, count: max(0, min(count, endByteOffset - offset))) }
        var kept = try loadSome(offset)
        while kept.count < count {
            // The bytes that are there move to the front, and the next ones come behind them.
            let keptByteCount = kept.count
            if offset > byteOffset, let base = buffer.baseAddress {
                base.copyMemory(from: base + (offset - byteOffset), byteCount: keptByteCount)  // they may overlap
            }
            byteOffset = offset
            byteCount = keptByteCount
            Self.grow(&buffer, to: count + Self.readByteCount, keeping: keptByteCount)
            let more = try readStream(
                file, at: offset + keptByteCount, into: UnsafeMutableRawBufferPointer(rebasing: buffer[keptByteCount...]))
            byteCount += more
            kept = UnsafeRawBufferPointer(rebasing: buffer[..<byteCount])
            if more == 0 { break }
        }
        return UnsafeRawBufferPointer(rebasing: kept[..<min(count, kept.count)])
    }

    /// Fills `target` with some of a stream's bytes from `offset` on: those in the buffer, or else bytes read past it.
    ///
    /// - Returns: The number of bytes; 0 only where there are no more.
    func readSome(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(ContainerError) -> Int {
        let isThere = offset >= byteOffset && offset < byteOffset + byteCount
        if !isThere, target.count >= Self.readByteCount, let file { return try readStream(file, at: offset, into: target) }
        let bytes = try loadSome(offset)
        let count = min(bytes.count, target.count)
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        return count
    }

    /// Reads some of a stream's bytes, and throws where none comes in `patience`.
    private func readStream(
        _ file: StoredBytes, at offset: Int, into target: UnsafeMutableRawBufferPointer
    ) throws(ContainerError) -> Int {
        guard let patience else { return try file.readSome(at: offset, into: target) }
        if let count = try file.readSome(at: offset, into: target, waitingFor: patience) { return count }
        hasStalled = true
        throw ContainerError(ByteSourceError.cancelled, path: file.path)
    }

    /// Makes `buffer` hold at least `count` bytes. It grows in steps, so that frames of similar sizes do not each make it grow.
    static func grow(_ buffer: inout UnsafeMutableRawBufferPointer, to count: Int, keeping keptByteCount: Int) {
        if buffer.count >= count { return }
        let rounded = (max(count, buffer.count + buffer.count / 4) + 0xFFFF) & ~0xFFFF
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: rounded, alignment: 64)
        if keptByteCount > 0 { larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<keptByteCount])) }
        buffer.deallocate()
        buffer = larger
    }

    /// Tells the source which bytes the range reads next, some MiB ahead, once for every 2 MiB at most.
    private func advise(from offset: Int) {
        let wanted = min(offset + Self.adviceByteCount, endByteOffset)
        guard wanted > advisedByteOffset, advisedByteOffset - offset < Self.adviceByteCount / 2 else { return }
        file?.adviseWillRead(max(offset, advisedByteOffset)..<wanted)
        advisedByteOffset = wanted
    }
}
