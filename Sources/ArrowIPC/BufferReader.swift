internal import CLZ4
internal import CZstd
internal import Container

/// A reader of one buffer of a record batch, forward in any steps. It belongs to one thread and uses its memory again.
///
/// A stored buffer is read where it lies. A compressed one that is short is decompressed at once. A long one is decompressed as far as it
/// is wanted, so that its length costs no memory.
final class BufferReader {
    private let container: ContainerFile
    private let limits: ArrowFile.Limits
    /// The bytes of the buffer in the file, without the number that stands before compressed ones.
    private var stored = 0..<0
    private var codec: ArrowCodec?
    /// The number of bytes of the buffer after decompression.
    private(set) var byteCount = 0
    /// The bytes after decompression of a buffer that is decompressed at once.
    private let whole = ArrowMemory()
    private var isWhole = false
    /// The stored bytes that were read last.
    private let window = ArrowMemory()
    /// The bytes of the window that have not been decompressed, and the offset in the file of the next ones.
    private var windowBytes = 0..<0
    private var nextStored = 0
    /// The number of decompressed bytes that have been handed out.
    private var position = 0
    private var restartCount = 0
    private var zstd: OpaquePointer?
    private var lz4: OpaquePointer?
    private let skipped = ArrowMemory()

    /// The largest buffer that is decompressed at once.
    private static let wholeByteCount = 4 << 20
    private static let windowByteCount = 128 << 10
    /// The number of times that a long buffer is decompressed from its beginning on again.
    private static let restartCountLimit = 64

    init(_ container: ContainerFile, _ limits: ArrowFile.Limits) {
        self.container = container
        self.limits = limits
    }

    deinit {
        ZSTD_freeDCtx(zstd)
        LZ4F_freeDecompressionContext(lz4)
    }

    /// Goes to the beginning of a buffer.
    func begin(_ range: Range<Int>, _ codec: ArrowCodec?) throws(ArrowFault) {
        isWhole = false
        restartCount = 0
        position = 0
        windowBytes = 0..<0
        self.codec = codec
        stored = range
        guard let codec, !range.isEmpty else {
            self.codec = nil
            byteCount = range.count
            return
        }
        guard range.count >= 8 else { throw .damaged("a compressed buffer has \(range.count) bytes") }
        let head = window
        head.reserve(8)
        try readStored(at: range.lowerBound, into: head.room(count: 8))
        let count = Int64(littleEndian: head.base.loadUnaligned(as: Int64.self))
        stored = range.lowerBound + 8..<range.upperBound
        guard count != -1 else {
            // It did not become shorter, and is stored as it is.
            self.codec = nil
            byteCount = stored.count
            return
        }
        guard count >= 0, Self.isPlausible(count, of: stored.count, codec) else {
            throw .damaged("a buffer of \(stored.count) bytes would have \(count) bytes after decompression")
        }
        byteCount = Int(count)
        nextStored = stored.lowerBound
        // A context that was left inside a frame begins anew.
        if let zstd { _ = ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only) }
        if let lz4 { LZ4F_resetDecompressionContext(lz4) }
    }

    /// True if a buffer can have so many bytes after decompression: LZ4 writes 255 bytes for each byte of a length, zstd blocks of 128 KiB
    /// for 4 bytes.
    private static func isPlausible(_ count: Int64, of storedByteCount: Int, _ codec: ArrowCodec) -> Bool {
        let factor = codec == .lz4 ? 256 : 1 << 16
        let limit = storedByteCount.multipliedReportingOverflow(by: factor)
        return limit.overflow || count <= Int64(limit.partialValue)
    }

    /// Throws if the buffer has fewer bytes than are wanted.
    func require(_ count: Int) throws(ArrowFault) {
        guard count <= byteCount else { throw .damaged("a buffer has \(byteCount) bytes, where \(count) are due") }
    }

    private func readStored(at offset: Int, into room: UnsafeMutableRawBufferPointer) throws(ArrowFault) {
        do throws(ContainerError) { try container.readRaw(at: offset, into: room) } catch { throw ArrowFault(error) }
    }

    /// Reads bytes of the buffer. Bytes before those that were read last are decompressed from the beginning on again.
    ///
    /// Unsafe: `target` has room for `count` bytes.
    func read(at offset: Int, count: Int, into target: UnsafeMutableRawPointer) throws(ArrowFault) {
        guard count > 0 else { return }
        guard offset >= 0, offset <= byteCount, count <= byteCount - offset else {
            throw .damaged("a buffer has \(byteCount) bytes, where \(count) from byte \(offset) on are due")
        }
        let room = UnsafeMutableRawBufferPointer(start: target, count: count)
        guard let codec else {
            try readStored(at: stored.lowerBound + offset, into: room)
            return
        }
        if byteCount <= Self.wholeByteCount, stored.count <= 2 * Self.wholeByteCount {
            if !isWhole { try decompressWhole(codec) }
            target.copyMemory(from: whole.base + offset, byteCount: count)
            return
        }
        if offset < position { try restart() }
        while position < offset {
            skipped.reserve(min(offset - position, Self.windowByteCount))
            try decompress(skipped.room(count: min(offset - position, Self.windowByteCount)), codec)
        }
        try decompress(room, codec)
    }

    private func restart() throws(ArrowFault) {
        restartCount += 1
        guard restartCount <= Self.restartCountLimit else {
            throw ArrowFault(
                .unsupported, "its values are not in the order of the rows, in a compressed buffer of \(byteCount) bytes",
                remedy: "write it without compression")
        }
        position = 0
        windowBytes = 0..<0
        nextStored = stored.lowerBound
        if let zstd { _ = ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only) }
        if let lz4 { LZ4F_resetDecompressionContext(lz4) }
    }

    // MARK: Decompression

    private static func fault(_ codec: ArrowCodec, _ problem: String) -> ArrowFault {
        .damaged("a buffer cannot be decompressed by \(codec.rawValue): \(problem)")
    }

    private func zstdContext() throws(ArrowFault) -> OpaquePointer {
        if let zstd { return zstd }
        guard let made = ZSTD_createDCtx() else { throw ArrowFault(.tooLarge, "no memory for a decompressor") }
        // The largest power of two that is allowed, among those that libzstd knows.
        let exponent = min(31, max(10, Int.bitWidth - 1 - limits.byteCount.leadingZeroBitCount))
        _ = ZSTD_DCtx_setParameter(made, ZSTD_d_windowLogMax, Int32(exponent))
        zstd = made
        return made
    }

    private func lz4Context() throws(ArrowFault) -> OpaquePointer {
        if let lz4 { return lz4 }
        var made: OpaquePointer?
        guard LZ4F_isError(LZ4F_createDecompressionContext(&made, UInt32(LZ4F_VERSION))) == 0, let made else {
            throw ArrowFault(.tooLarge, "no memory for a decompressor")
        }
        lz4 = made
        return made
    }

    private func decompressWhole(_ codec: ArrowCodec) throws(ArrowFault) {
        whole.reserve(byteCount)
        switch codec {
        case .zstd:
            window.reserve(stored.count)
            try readStored(at: stored.lowerBound, into: window.room(count: stored.count))
            let count = ZSTD_decompressDCtx(try zstdContext(), whole.base, byteCount, window.base, stored.count)
            guard ZSTD_isError(count) == 0 else { throw Self.fault(.zstd, String(cString: ZSTD_getErrorName(count))) }
            guard count == byteCount else { throw Self.fault(.zstd, "it has \(count) bytes, where \(byteCount) are due") }
        case .lz4:
            try decompress(whole.room(count: byteCount), .lz4)
        }
        isWhole = true
    }

    /// Decompresses the next bytes, which fill `target`.
    private func decompress(_ target: UnsafeMutableRawBufferPointer, _ codec: ArrowCodec) throws(ArrowFault) {
        guard let base = target.baseAddress else { return }
        var written = 0
        while written < target.count {
            if windowBytes.isEmpty {
                let count = min(Self.windowByteCount, stored.upperBound - nextStored)
                guard count > 0 else { throw Self.fault(codec, "it ends \(byteCount - position - written) bytes before its end") }
                window.reserve(count)
                try readStored(at: nextStored, into: window.room(count: count))
                nextStored += count
                windowBytes = 0..<count
            }
            let (read, made) =
                switch codec {
                case .zstd: try zstdStep(base + written, target.count - written)
                case .lz4: try lz4Step(base + written, target.count - written)
                }
            guard read > 0 || made > 0 else { throw Self.fault(codec, "it goes no further") }
            windowBytes = windowBytes.lowerBound + read..<windowBytes.upperBound
            written += made
        }
        position += written
    }

    private func zstdStep(_ target: UnsafeMutableRawPointer, _ room: Int) throws(ArrowFault) -> (read: Int, made: Int) {
        var output = ZSTD_outBuffer(dst: target, size: room, pos: 0)
        var input = ZSTD_inBuffer(src: window.base + windowBytes.lowerBound, size: windowBytes.count, pos: 0)
        let result = ZSTD_decompressStream(try zstdContext(), &output, &input)
        guard ZSTD_isError(result) == 0 else {
            let name = String(cString: ZSTD_getErrorName(result))
            guard ZSTD_getErrorCode(result) != ZSTD_error_frameParameter_windowTooLarge else {
                throw ArrowFault(.tooLarge, "its zstd frames want more memory than \(limits.byteCount) bytes")
            }
            throw Self.fault(.zstd, name)
        }
        return (input.pos, output.pos)
    }

    private func lz4Step(_ target: UnsafeMutableRawPointer, _ room: Int) throws(ArrowFault) -> (read: Int, made: Int) {
        var (made, read) = (room, windowBytes.count)
        let result = LZ4F_decompress(try lz4Context(), target, &made, window.base + windowBytes.lowerBound, &read, nil)
        guard LZ4F_isError(result) == 0 else { throw Self.fault(.lz4, String(cString: LZ4F_getErrorName(result))) }
        return (read, made)
    }
}
