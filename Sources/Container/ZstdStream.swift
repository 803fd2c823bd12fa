import CZstd

/// What all users of a libzstd decompression context share.
enum ZstdStream {
    /// Makes `context` ready to stream a frame.
    ///
    /// libzstd allocates the window, or the whole content where that is known to be smaller. That is held against
    /// `maximumWindowByteCount` here, and then libzstd's own limit is set to let exactly this window pass.
    ///
    /// - Returns: What stands in the way, or nil.
    static func begin(_ context: OpaquePointer, _ header: ZstdFrameHeader, maximumWindowByteCount: Int) -> FrameFault? {
        if let fault = refusal(header) { return fault }
        let wanted = min(header.windowByteCount, header.contentByteCount ?? .max)
        if wanted > UInt64(max(0, maximumWindowByteCount)) { return .window(header.windowByteCount, allowed: maximumWindowByteCount) }
        let bounds = windowLogBounds
        let logarithm = header.windowByteCount <= 1 ? 0 : 64 - (header.windowByteCount - 1).leadingZeroBitCount
        if logarithm > Int(bounds.upperBound) { return .window(header.windowByteCount, allowed: 1 << Int(bounds.upperBound)) }
        var code = ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        if ZSTD_isError(code) == 0 {
            code = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, max(bounds.lowerBound, CInt(logarithm)))
        }
        return ZSTD_isError(code) == 0 ? nil : fault(code)
    }

    private static let windowLogBounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax)

    /// Why no decoder of ours takes a frame with this header, if so, whether in one piece or streamed.
    static func refusal(_ header: ZstdFrameHeader) -> FrameFault? {
        if header.dictionaryID != 0 { return .dictionary(header.dictionaryID) }
        // What libzstd accepts at all: its largest logarithm, and up to seven eighths more.
        let limit = 1 << Int(windowLogBounds.upperBound)
        return header.hasWindowField && header.windowByteCount >= UInt64(2 * limit) ? .window(header.windowByteCount, allowed: limit) : nil
    }

    /// A frame's fault for an error code of libzstd's.
    static func fault(_ code: Int) -> FrameFault {
        switch ZSTD_getErrorCode(code) {
        case ZSTD_error_checksum_wrong: .checksum(source: "in its frame", found: nil, wanted: nil)
        case ZSTD_error_memory_allocation: .memory
        default: .undecodable(String(cString: ZSTD_getErrorName(code)))
        }
    }
}
