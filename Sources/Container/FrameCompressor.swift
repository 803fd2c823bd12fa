internal import CZstd

/// Makes zstd frames, each with its content size and checksum. Each worker has one of its own: it owns a libzstd context, which is reused.
///
/// A frame depends on its content, the level and libzstd's version alone, not on the frames that were made before it. For frames of 1 MiB
/// the context takes 1.2 MiB at level 3 and 17 MiB at level 22; the most, for much larger frames, is 640 MiB (libzstd 1.5.4).
public final class FrameCompressor {
    /// The levels that this libzstd has: its negative ones, 0 (its default, 3), and up to 22.
    public static var levels: ClosedRange<Int> { Int(ZSTD_minCLevel())...Int(ZSTD_maxCLevel()) }
    /// The level that 0 stands for.
    public static var defaultLevel: Int { Int(ZSTD_defaultCLevel()) }
    /// The largest content of a frame, in bytes: the limit of zstd's own writer of the seekable format.
    public static let largestContentByteCount = 1 << 30

    /// The libzstd context; nil where libzstd had no memory for it, or refused the level. Then compressing throws.
    private let context: OpaquePointer?

    /// Creates a compressor.
    ///
    /// - Parameter level: One of `levels`.
    public init(level: Int) {
        let context = ZSTD_createCCtx()
        let parameters = [(ZSTD_c_compressionLevel, CInt(clamping: level)), (ZSTD_c_contentSizeFlag, 1), (ZSTD_c_checksumFlag, 1)]
        guard parameters.allSatisfy({ ZSTD_isError(ZSTD_CCtx_setParameter(context, $0, $1)) == 0 }) else {
            ZSTD_freeCCtx(context)
            self.context = nil
            return
        }
        self.context = context
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Compresses `content` to a frame.
    ///
    /// - Throws: `SeekableWriterError` where the content has more than `largestContentByteCount` bytes, or libzstd reports an error (out of
    ///   memory).
    public func frame(of content: UnsafeRawBufferPointer) throws(SeekableWriterError) -> [UInt8] {
        guard content.count <= Self.largestContentByteCount else {
            throw SeekableWriterError(problem: "a frame of \(content.count) bytes is beyond the seekable format")
        }
        guard let context else { throw SeekableWriterError(problem: "libzstd has no memory for compressing") }
        var code = 0
        let frame = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(content.count)) { target, count in
            code = ZSTD_compress2(context, target.baseAddress, target.count, content.baseAddress, content.count)
            count = ZSTD_isError(code) == 0 ? code : 0
        }
        guard ZSTD_isError(code) == 0 else {
            throw SeekableWriterError(problem: "libzstd cannot compress: \(String(cString: ZSTD_getErrorName(code)))")
        }
        return frame
    }
}

@available(*, unavailable, message: "each worker has a compressor of its own")
extension FrameCompressor: Sendable {}
