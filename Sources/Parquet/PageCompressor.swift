internal import CZstd

/// A compressor of pages, for one thread.
final class PageCompressor {
    /// libzstd's contexts by the coding that they are set to.
    private var contexts: [(coding: PlaneCoding, context: OpaquePointer)] = []
    private let output = PageMemory()
    private let frame = AssembledFrame()

    deinit { for (_, context) in contexts { ZSTD_freeCCtx(context) } }

    /// True if this machine's libzstd can code literals alone. Versions before 1.3.8 cannot, and others may be built without it.
    static let codesLiterals: Bool = {
        guard let context = ZSTD_createCCtx() else { return false }
        defer { ZSTD_freeCCtx(context) }
        return set(context, .literals)
    }()

    /// Sets the parameters of a coding, and returns false if libzstd refuses one.
    private static func set(_ context: OpaquePointer, _ coding: PlaneCoding) -> Bool {
        var parameters: [(ZSTD_cParameter, CInt)] = [(ZSTD_c_contentSizeFlag, 1), (ZSTD_c_checksumFlag, 0)]
        switch coding {
        case .level(let level): parameters.append((ZSTD_c_compressionLevel, CInt(clamping: level)))
        case .literals:
            // The search for repetitions takes steps as long as a block, so that it finds none. ZSTD_c_literalCompressionMode has no stable
            // name; its value 1, ZSTD_lcm_huffman, codes literals of the fast strategies too.
            parameters += [
                (ZSTD_c_strategy, CInt(ZSTD_fast.rawValue)), (ZSTD_c_minMatch, 7), (ZSTD_c_hashLog, 6), (ZSTD_c_targetLength, 131_072),
                (ZSTD_c_windowLog, 17), (ZSTD_c_experimentalParam5, 1),
            ]
        }
        return parameters.allSatisfy { ZSTD_isError(ZSTD_CCtx_setParameter(context, $0, $1)) == 0 }
    }

    private func context(_ coding: PlaneCoding) throws(PageFault) -> OpaquePointer {
        if let known = contexts.first(where: { $0.coding == coding }) { return known.context }
        guard let context = ZSTD_createCCtx() else { throw PageFault(.tooLarge, "libzstd has no memory for compressing") }
        guard Self.set(context, coding) else {
            ZSTD_freeCCtx(context)
            throw PageFault(.unsupported, "libzstd refuses the parameters of \(coding)")
        }
        contexts.append((coding, context))
        return context
    }

    /// Compresses bytes to one frame, in which a block ends at the end of each of `partCount` equal parts.
    ///
    /// - Returns: the frame, which is valid until the next call.
    func compress(_ bytes: UnsafeRawBufferPointer, partCount: Int, _ coding: PlaneCoding) throws(PageFault) -> UnsafeRawBufferPointer {
        guard coding == .literals, partCount > 1, bytes.count >= partCount else { return try compressAtOnce(bytes, partCount: partCount, coding) }
        frame.begin(contentByteCount: bytes.count)
        let partByteCount = bytes.count / partCount
        for part in 0..<partCount {
            let end = part == partCount - 1 ? bytes.count : (part + 1) * partByteCount
            let plane = UnsafeRawBufferPointer(rebasing: bytes[part * partByteCount..<end])
            let compressed = try compressAtOnce(plane, partCount: 1, coding)
            // Decoding takes some ten times as long as copying, so that it has to save some bytes.
            if Self.leastSaving * (plane.count - compressed.count) >= plane.count {
                guard frame.appendBlocks(of: compressed) else { throw PageFault(.unsupported, "libzstd wrote a frame that has other parts") }
            } else {
                frame.appendStored(plane)
            }
        }
        return frame.end()
    }

    /// The part of a plane that has to be saved at least: a tenth.
    private static let leastSaving = 10

    private func compressAtOnce(
        _ bytes: UnsafeRawBufferPointer, partCount: Int, _ coding: PlaneCoding
    ) throws(PageFault) -> UnsafeRawBufferPointer {
        let context = try context(coding)
        // A flush may end a block early, which takes a head of three bytes.
        output.reserve(ZSTD_compressBound(bytes.count) + 16 * partCount)
        var target = ZSTD_outBuffer(dst: output.base, size: output.capacity, pos: 0)
        func check(_ code: Int) throws(PageFault) -> Int {
            guard ZSTD_isError(code) == 0 else {
                throw PageFault(.unsupported, "libzstd cannot compress: \(String(cString: ZSTD_getErrorName(code)))")
            }
            return code
        }
        _ = try check(ZSTD_CCtx_reset(context, ZSTD_reset_session_only))
        _ = try check(ZSTD_CCtx_setPledgedSrcSize(context, UInt64(bytes.count)))
        let partByteCount = bytes.count / max(1, partCount)
        for part in 0..<max(1, partCount) {
            let isLast = part == max(1, partCount) - 1
            let end = isLast ? bytes.count : (part + 1) * partByteCount
            var source = ZSTD_inBuffer(src: bytes.baseAddress, size: end, pos: part * partByteCount)
            while try check(ZSTD_compressStream2(context, &target, &source, isLast ? ZSTD_e_end : ZSTD_e_flush)) > 0 {
                guard target.pos < target.size else { throw PageFault(.unsupported, "libzstd writes more than its bound") }
            }
        }
        return UnsafeRawBufferPointer(output.room(count: target.pos))
    }
}
