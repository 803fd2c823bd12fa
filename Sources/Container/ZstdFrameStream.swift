import CZstd

/// The content of zstd frames, one after the other (RFC 8878, section 3.1), from a stream. Skippable frames, such as a seek table at the
/// end, are left out. Checksums of frames are verified by libzstd.
final class ZstdFrameStream: SequentialSource {
    private enum State: Equatable {
        case betweenFrames
        case inFrame
        case inSkippableFrame(missingByteCount: Int)
        case atEnd
    }

    private let file: StoredBytes
    private let context: OpaquePointer
    private let maximumWindowByteCount: Int
    private let bytesAhead: ReadAhead
    private var state = State.betweenFrames
    private var byteOffset = 0
    private var frameByteOffset = 0
    /// The number of the frame with data that is being decoded, or comes next.
    private var frameIndex = 0
    /// The number of bytes that the frame has given.
    private var frameDecodedByteCount = 0
    /// The offset of the first of the empty frames that end at `byteOffset` where the state is between frames.
    private var emptyByteOffset = 0
    /// The least number of bytes in empty frames that a stream lets go of at once, so that it need not keep them to be read again.
    private static let forgottenByteCount = 64 << 10

    init(_ file: StoredBytes, _ context: OpaquePointer, maximumWindowByteCount: Int, _ bytesAhead: ReadAhead) {
        self.file = file
        self.context = context
        self.maximumWindowByteCount = maximumWindowByteCount
        self.bytesAhead = bytesAhead
    }

    var isAtEnd: Bool { state == .atEnd }

    func read(into buffer: UnsafeMutableRawBufferPointer, _ filled: inout Int) throws(ContainerError) {
        while true {
            switch state {
            case .atEnd: return
            case .betweenFrames: try beginFrame()
            case .inSkippableFrame(let missing):
                let bytes = try bytesAhead.loadSome(byteOffset, upTo: byteOffset + missing)
                if bytes.isEmpty {
                    throw error(.truncated("inside a skippable frame", found: byteOffset - frameByteOffset, wanted: nil))
                }
                byteOffset += bytes.count
                state = missing == bytes.count ? .betweenFrames : .inSkippableFrame(missingByteCount: missing - bytes.count)
            case .inFrame:
                if try decompress(into: buffer, &filled) { return }
            }
        }
    }

    private func beginFrame() throws(ContainerError) {
        if let end = file.end(ofGapAt: byteOffset) {
            byteOffset = end
            emptyByteOffset = end
        }
        if byteOffset - emptyByteOffset >= Self.forgottenByteCount {
            file.forget(emptyByteOffset..<byteOffset)
            emptyByteOffset = byteOffset
        }
        frameByteOffset = byteOffset
        frameDecodedByteCount = 0
        let bytes = try bytesAhead.loadUpTo(byteOffset, count: ZstdFrameHeader.maximumByteCount)
        if bytes.isEmpty {
            state = .atEnd
            return
        }
        switch FrameStart(bytes) {
        case .skippable(_, let contentByteCount):
            byteOffset += 8
            state = contentByteCount == 0 ? .betweenFrames : .inSkippableFrame(missingByteCount: contentByteCount)
        case .data(let header):
            if let fault = ZstdStream.begin(context, header, maximumWindowByteCount: maximumWindowByteCount) { throw error(fault) }
            state = .inFrame
        case .incomplete(let wanted):
            if bytes.count < 4, !FrameWalk.isBeginningOfMagic(bytes) {
                throw FrameWalk.garbage(in: file, at: byteOffset, bytes, after: frameIndex)
            }
            throw error(.truncated("inside a frame's header", found: bytes.count, wanted: wanted))
        case .reserved:
            throw error(.damaged("a reserved bit of the frame's header is set", found: nil, wanted: nil))
        case .unknown:
            throw FrameWalk.garbage(in: file, at: byteOffset, bytes, after: frameIndex)
        }
    }

    /// Decodes more of the frame.
    ///
    /// - Returns: Whether the buffer is full and the frame has more.
    private func decompress(into buffer: UnsafeMutableRawBufferPointer, _ filled: inout Int) throws(ContainerError) -> Bool {
        while true {
            let wasFull = filled == buffer.count
            let bytes = try bytesAhead.loadSome(byteOffset)
            if bytes.isEmpty { throw error(.truncated("inside a frame", found: byteOffset - frameByteOffset, wanted: nil)) }
            var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: filled)
            let code = ZSTD_decompressStream(context, &output, &input)
            let produced = output.pos - filled
            byteOffset += input.pos
            filled = output.pos
            frameDecodedByteCount += produced
            if ZSTD_isError(code) != 0 { throw error(ZstdStream.fault(code)) }
            if code == 0 {
                if frameDecodedByteCount > 0 {
                    frameIndex += 1
                    emptyByteOffset = byteOffset
                }
                state = .betweenFrames
                return false
            }
            if input.pos == 0, produced == 0 {
                if wasFull { return true }
                throw error(.undecodable("it does not go on"))
            }
        }
    }

    private func error(_ fault: FrameFault) -> ContainerError { fault.error(file, frameIndex, frameByteOffset) }
}
