import CZstd

/// Functions that all users of a libzstd decompression context share.
enum ZstdStream {
    /// Makes `context` ready to stream a frame.
    ///
    /// libzstd allocates the window, or the whole content if that is known to be smaller. Its size is compared with
    /// `maximumWindowByteCount` here, and then libzstd's own limit is set to accept exactly this window.
    ///
    /// - Returns: The fault that keeps the frame from being streamed, or nil.
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

    /// The fault for which a frame with this header cannot be decompressed, in one piece or streamed; nil where it can.
    static func refusal(_ header: ZstdFrameHeader) -> FrameFault? {
        if header.dictionaryID != 0 { return .dictionary(header.dictionaryID) }
        // libzstd accepts its largest logarithm, and up to seven eighths more.
        let limit = 1 << Int(windowLogBounds.upperBound)
        return header.hasWindowField && header.windowByteCount >= UInt64(2 * limit) ? .window(header.windowByteCount, allowed: limit) : nil
    }

    /// The fault of a frame for which libzstd returned an error code.
    static func fault(_ code: Int) -> FrameFault {
        switch ZSTD_getErrorCode(code) {
        case ZSTD_error_checksum_wrong: .checksum(source: "in its frame", found: nil, wanted: nil)
        case ZSTD_error_memory_allocation: .memory
        default: .undecodable(String(cString: ZSTD_getErrorName(code)))
        }
    }
}
