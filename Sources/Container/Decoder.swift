import CXXHash
import CZstd

/// Decodes runs of frames, or ranges of raw files, into buffers that the caller owns.
///
/// Each worker has a decoder of its own: it owns a libzstd context, an inflater and a buffer for compressed bytes, which are reused from
/// run to run. Nothing is allocated for a frame once they have grown to the largest one. A decoder takes at most about 20 MiB of memory,
/// 2 MiB for what other threads read ahead, and the window of a frame that must be streamed (`ContainerOptions.maximumWindowByteCount`).
///
/// The place, the sizes and the checksums of every frame are verified. A frame of at most 8 MiB is verified before its first byte is
/// returned. A larger frame, a frame of unknown size, a gzip member and everything from a stream is verified by the time its last byte is
/// returned, so bytes that came before an error must not be relied on.
///
/// The source's identity is compared with the one that it had when the file was opened, before the last byte of a run is returned and where
/// there is an error.
///
/// The CRC-32 of a zip archive's stored member is verified at the end of a run of the whole member. Runs of parts are remembered for
/// `ContainerFile.verifyMemberChecksum()`.
public final class Decoder {
    /// The largest decoded size, in bytes, of a frame that is decompressed in one piece.
    static let wholeFrameByteCount = 8 << 20
    /// The size of a piece, in bytes, of a frame whose size is unknown or too large for one piece.
    static let pieceByteCount = 1 << 20
    /// The most compressed bytes of one frame that are kept: a little more than `wholeFrameByteCount` bytes can take when they are
    /// compressed.
    private static let compressedByteCountMaximum = wholeFrameByteCount + (128 << 10)

    private let maximumWindowByteCount: Int
    /// The libzstd context; nil where libzstd had no memory for it. Then reading throws.
    private let context: OpaquePointer?
    /// The state of the checksum of a streamed frame; created when it is first needed.
    private var hashState: OpaquePointer?

    // The run.
    var file: ContainerFile?
    var nextFrameIndex = 0
    var endFrameIndex = 0
    /// The error that the run ended with; thrown again until the next start.
    private var failure: ContainerError?
    /// True if the source's identity has been compared after the run's last byte, or after an error.
    private var isIdentityChecked = false

    /// The stored bytes of the run.
    let bytesAhead = ReadAhead()

    /// A whole decoded frame that was larger than the caller's buffer: `scratch[scratchRange]` has not been returned yet.
    var scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var scratchRange = 0..<0

    /// The frame that is being streamed.
    private var streamed: StreamedFrame?
    /// The offset in the file of the next byte of a streamed frame, or of a raw file, which is read up to `endByteOffset`.
    private var byteOffset = 0
    private var endByteOffset = 0
    /// The bytes of a raw run in a stored member, and the CRC-32 of those that were read.
    private var memberPart: MemberContent.Part?

    /// The inflater; created when it is first needed.
    var inflaterIfAny: Inflater?
    /// The deflated member that is being decoded in pieces.
    var deflated: DeflatedMember?
    /// The decoder of the frames of a `FrameSource`, and the file that they are of; created when it is first needed.
    var frameDecoderIfAny: (any FrameDecoder)?
    var frameDecoderFile: ContainerFile?
    /// The decoder of a run that can only go from the beginning to the end.
    private var sequence: (any SequentialSource)?

    /// The sizes and the checksum that a streamed frame must have.
    private struct StreamedFrame {
        let extent: Extent
        let checksum: ExpectedChecksum
        let expectedByteCount: Int?
        var decodedByteCount = 0
    }

    /// The number and the place of a frame.
    struct Extent {
        let index: Int
        let byteOffset: Int
        let byteEnd: Int
        var byteCount: Int { byteEnd - byteOffset }
    }

    /// The checksum that a seek table's checksum is compared with.
    private enum ExpectedChecksum {
        /// The table has no checksum, or the frame's own is preferred.
        case none
        /// The frame's own checksum, which libzstd verifies; the two are the same four bytes.
        case frames(UInt32)
        /// The checksum of the decoded bytes.
        case content(UInt32)
    }

    /// Creates a decoder without a run. It holds little memory before its first frame.
    public init(options: ContainerOptions = .init()) {
        maximumWindowByteCount = options.maximumWindowByteCount
        context = ZSTD_createDCtx()
    }

    deinit {
        ZSTD_freeDCtx(context)
        if let hashState { XXH64_freeState(hashState) }
        scratch.deallocate()
    }

    /// The number of bytes of memory that this decoder holds at the moment.
    public var allocatedByteCount: Int {
        bytesAhead.capacity + scratch.count + (frameDecoderIfAny?.allocatedByteCount ?? 0) + (context.map { ZSTD_sizeof_DCtx($0) } ?? 0)
    }

    /// The stored bytes of the run, which other threads can read ahead while this decoder decompresses a frame in pieces. At other times
    /// reading ahead does nothing.
    package var prefetch: Prefetch { bytesAhead.prefetch }

    // MARK: Runs

    /// Begins a run of frames and drops the run before it.
    ///
    /// - Parameters:
    ///   - file: A compressed file. Frames of unknown size are streamed.
    ///   - frames: A range of indices of `file.frames`.
    public func start(_ file: ContainerFile, frames: Range<Int>) {
        precondition(frames.lowerBound >= 0 && frames.upperBound <= file.frames.count, "no such frames")
        begin(file)
        nextFrameIndex = frames.lowerBound
        endFrameIndex = frames.upperBound
        if !frames.isEmpty, file.compression != .chunks {
            bytesAhead.start(
                file.stored, file.frames.byteOffset(of: frames.lowerBound)..<file.frames.byteEnd(of: frames.upperBound - 1))
            // Its one frame is all of its members.
            if file.compression == .gzip {
                sequence = GzipMembers(file.stored, inflater(), bytesAhead)
                bytesAhead.startPrefetch(at: file.frames.byteOffset(of: frames.lowerBound))
            }
        }
    }

    /// Begins a run of the bytes of a raw file and drops the run before it.
    ///
    /// - Parameters:
    ///   - file: A file of compression `.none`. A stream has no ranges: reading then throws `.readFailed`.
    ///   - decodedBytes: A range within `0..<file.byteCount`.
    public func start(_ file: ContainerFile, decodedBytes: Range<Int>) {
        precondition(file.compression == .none, "ranges of bytes are for raw files")
        if file.isStream {
            begin(file)
            failure = ContainerError(
                path: file.path, kind: .readFailed, byteOffset: decodedBytes.lowerBound, problem: "a stream is read from its beginning on",
                found: "a range of its bytes that was asked for", remedy: "write it to a file first")
            return
        }
        precondition(decodedBytes.lowerBound >= 0 && decodedBytes.upperBound <= file.byteCount, "no such bytes")
        begin(file)
        byteOffset = file.rawByteOffset + decodedBytes.lowerBound
        endByteOffset = file.rawByteOffset + decodedBytes.upperBound
        if file.memberContent != nil { memberPart = MemberContent.Part(bytes: decodedBytes, checksum: 0) }
        bytesAhead.start(file.stored, byteOffset..<endByteOffset)
    }

    /// Begins a run of all data of the file, in order, and drops the run before it.
    ///
    /// Several runs of a stream can begin one after the other until one has gone beyond the bytes that the stream keeps
    /// (`ContainerFile.rewindableByteCount`). After that, reading throws `.readFailed`.
    public func start(wholeOf file: ContainerFile) {
        if file.isStream {
            begin(file)
            bytesAhead.start(file.stored, 0..<Int.max)
            switch file.compression {
            case .none: sequence = RawStream(bytesAhead)
            case .gzip: sequence = GzipMembers(file.stored, inflater(), bytesAhead)
            default:
                guard let context else {
                    failure = FrameFault.memory.error(file.stored, nil, 0)
                    return
                }
                sequence = ZstdFrameStream(file.stored, context, maximumWindowByteCount: maximumWindowByteCount, bytesAhead)
            }
        } else if file.compression == .none {
            start(file, decodedBytes: 0..<file.byteCount)
        } else {
            start(file, frames: 0..<file.frames.count)
        }
    }

    private func begin(_ file: ContainerFile) {
        bytesAhead.stopPrefetch()
        self.file = file
        failure = nil
        isIdentityChecked = false
        streamed = nil
        deflated = nil
        sequence = nil
        memberPart = nil
        scratchRange = 0..<0
        nextFrameIndex = 0
        endFrameIndex = 0
        byteOffset = 0
        endByteOffset = 0
    }

    /// The room in bytes that the next read needs in order to decode straight into the caller's buffer.
    ///
    /// It is the decoded size of the next frame if that is known and at most 8 MiB, and otherwise 1 MiB or the rest of the run. It is never
    /// more than 8 MiB, whatever a file claims, and 0 at the end of the run. The end of a stream shows only when it has been read.
    public var nextByteCount: Int {
        if !scratchRange.isEmpty { return scratchRange.count <= Self.wholeFrameByteCount ? scratchRange.count : Self.pieceByteCount }
        // A caller that asks before each read must read to get the error.
        if failure != nil { return 1 }
        guard let file else { return 0 }
        if let sequence { return sequence.isAtEnd ? 0 : Self.pieceByteCount }
        if file.compression == .none { return min(endByteOffset - byteOffset, Self.pieceByteCount) }
        if let streamed {
            guard let expected = streamed.expectedByteCount else { return Self.pieceByteCount }
            return max(1, min(expected - streamed.decodedByteCount, Self.pieceByteCount))
        }
        if let deflated { return max(1, min(deflated.byteCount - deflated.decodedByteCount, Self.pieceByteCount)) }
        if nextFrameIndex == endFrameIndex { return 0 }
        let count = file.frames.decodedByteCount(of: nextFrameIndex) ?? Self.pieceByteCount
        return count <= Self.wholeFrameByteCount ? count : Self.pieceByteCount
    }

    /// Decodes the next bytes of the run into `buffer`.
    ///
    /// One call decodes as many whole frames as fit. A frame that is larger than the buffer comes in pieces, one a call.
    ///
    /// - Parameter buffer: The memory that is filled from its beginning, at least one byte. After an error its content is undefined.
    /// - Returns: The number of bytes written; 0 only at the end of the run.
    /// - Throws: The error of the next frame, after all data before it have been returned, and then the same again until the next start:
    ///   `.truncated`, `.damaged`, `.checksumMismatch`, `.seekTableLies`, `.unsupported` (a dictionary), `.windowTooLarge`, `.readFailed`,
    ///   `.fileChanged`, `.outOfMemory`, `.cancelled`.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(ContainerError) -> Int {
        precondition(!buffer.isEmpty, "a read needs room for a byte")
        do throws(ContainerError) {
            let count = try readRun(into: buffer)
            if !isIdentityChecked, nextByteCount == 0 {
                try file?.stored.checkIdentity()
                isIdentityChecked = true
            }
            return count
        } catch {
            // The run goes on when bytes come.
            if failure == nil, bytesAhead.hasStalled { throw error }
            if !isIdentityChecked { failure = error.kind == .fileChanged ? error : changeError ?? error }
            isIdentityChecked = true
            throw failure ?? error
        }
    }

    /// Decodes the next bytes of the run into `buffer`, as `read(into:)` does, and waits for the bytes of a stream no longer than `patience`.
    ///
    /// A caller that gets nil may use what it has read so far, and then ask again.
    ///
    /// - Parameter patience: The longest time to wait for the next stored bytes.
    /// - Returns: nil where no stored byte came in that time, and none could be decoded.
    /// - Throws: The errors of `read(into:)`.
    public func read(
        into buffer: UnsafeMutableRawBufferPointer, waitingFor patience: Duration
    ) throws(ContainerError) -> Int? {
        guard let file, file.isStream else { return try read(into: buffer) }
        bytesAhead.patience = patience
        defer { bytesAhead.patience = nil }
        do throws(ContainerError) { return try read(into: buffer) } catch {
            if failure == nil, bytesAhead.hasStalled { return nil }
            throw error
        }
    }

    /// The error of a source that has changed since the file was opened, which explains any other error.
    private var changeError: ContainerError? {
        do throws(ContainerError) {
            try file?.stored.checkIdentity()
            return nil
        } catch {
            return error.kind == .fileChanged ? error : nil
        }
    }

    private func readRun(into buffer: UnsafeMutableRawBufferPointer) throws(ContainerError) -> Int {
        if !scratchRange.isEmpty { return takeScratch(into: buffer) }
        if let failure { throw failure }
        guard let file else { return 0 }
        bytesAhead.setDecoding(true)
        defer { bytesAhead.setDecoding(false) }
        var filled = 0
        do {
            if let sequence {
                try sequence.read(into: buffer, &filled)
            } else {
                switch file.compression {
                case .none: filled = try readRaw(file, into: buffer)
                case .chunks: try readSourced(file, into: buffer, filled: &filled)
                case .gzipBlocks, .deflate: try readDeflated(file, into: buffer, filled: &filled)
                default: try readFrames(file, into: buffer, filled: &filled)
                }
            }
        } catch {
            // A stream that stalled goes on.
            if !bytesAhead.hasStalled { failure = error }
            if filled == 0 { throw error }
        }
        return filled
    }

    private func readRaw(_ file: ContainerFile, into buffer: UnsafeMutableRawBufferPointer) throws(ContainerError) -> Int {
        let count = min(buffer.count, endByteOffset - byteOffset)
        if count == 0 { return 0 }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        try bytesAhead.read(at: byteOffset, into: bytes)
        byteOffset += count
        if let part = memberPart, let content = file.memberContent {
            let found = CRC32.checksum(UnsafeRawBufferPointer(bytes), after: part.checksum)
            memberPart = MemberContent.Part(bytes: part.bytes, checksum: found)
            if byteOffset == endByteOffset {
                content.add(MemberContent.Part(bytes: part.bytes, checksum: found))
                if let wanted = file.memberChecksum, part.bytes == 0..<file.byteCount, found != wanted {
                    throw file.memberChecksumError(found: found, wanted: wanted)
                }
            }
        }
        return count
    }

    private func readFrames(
        _ file: ContainerFile, into buffer: UnsafeMutableRawBufferPointer, filled: inout Int
    ) throws(ContainerError) {
        while filled < buffer.count {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            if streamed != nil {
                try stream(file, into: room, filled: &filled)
                continue
            }
            if nextFrameIndex == endFrameIndex { return }
            let extent = Extent(
                index: nextFrameIndex, byteOffset: file.frames.byteOffset(of: nextFrameIndex),
                byteEnd: file.frames.byteEnd(of: nextFrameIndex))
            let listedByteCount = file.frames.decodedByteCount(of: nextFrameIndex)
            if let listedByteCount, filled > 0, listedByteCount > room.count { return }

            let isReadWhole =
                extent.byteCount <= Self.compressedByteCountMaximum
                && listedByteCount.map { $0 <= Self.wholeFrameByteCount } ?? false
            var bytes = try bytesAhead.load(
                extent.byteOffset, count: isReadWhole ? extent.byteCount : min(extent.byteCount, ZstdFrameHeader.maximumByteCount))
            let header = try header(of: extent, bytes, file)
            let checksum = expectedChecksum(of: extent, header, file)
            let contentByteCount = header.contentByteCount.map { Int(clamping: $0) }
            if let contentByteCount, let listedByteCount, contentByteCount != listedByteCount {
                throw FrameFault.contradiction(
                    "its header gives another size than the table", found: "\(contentByteCount) bytes", wanted: "\(listedByteCount)"
                ).error(file.stored, extent.index, extent.byteOffset, hints: file.sizesAreHints)
            }
            guard let byteCount = listedByteCount ?? contentByteCount, byteCount <= Self.wholeFrameByteCount,
                extent.byteCount <= Self.compressedByteCountMaximum
            else {
                try beginStream(extent, header, checksum, expectedByteCount: listedByteCount ?? contentByteCount, file)
                continue
            }
            if byteCount <= room.count {
                if !isReadWhole { bytes = try bytesAhead.load(extent.byteOffset, count: extent.byteCount) }
                try decode(extent, bytes, into: UnsafeMutableRawBufferPointer(rebasing: room[..<byteCount]), checksum, file)
                filled += byteCount
                nextFrameIndex += 1
            } else if filled > 0 {
                return
            } else {
                if !isReadWhole { bytes = try bytesAhead.load(extent.byteOffset, count: extent.byteCount) }
                ReadAhead.grow(&scratch, to: byteCount, keeping: 0)
                try decode(extent, bytes, into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<byteCount]), checksum, file)
                scratchRange = 0..<byteCount
                nextFrameIndex += 1
                filled = takeScratch(into: buffer)
                return
            }
        }
    }

    func takeScratch(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, scratchRange.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: scratch[scratchRange.lowerBound..<scratchRange.lowerBound + count]))
        scratchRange = scratchRange.lowerBound + count..<scratchRange.upperBound
        return count
    }

    // MARK: Frames in one piece

    private func header(
        of extent: Extent, _ bytes: UnsafeRawBufferPointer, _ file: ContainerFile
    ) throws(ContainerError) -> ZstdFrameHeader {
        let start = FrameStart(UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, ZstdFrameHeader.maximumByteCount)]))
        guard case .data(let header) = start else {
            let found =
                switch start {
                case .data, .reserved: "a header with a reserved bit set"
                case .skippable: "a skippable frame"
                case .incomplete(let wanted): "\(bytes.count) bytes of a header of \(wanted)"
                case .unknown(let magic): "0x" + String(magic, radix: 16)
                }
            throw FrameFault.contradiction("no frame with data begins here", found: found, wanted: "a zstd frame's header")
                .error(file.stored, extent.index, extent.byteOffset, hints: file.sizesAreHints)
        }
        if let fault = ZstdStream.refusal(header) { throw fault.error(file.stored, extent.index, extent.byteOffset) }
        return header
    }

    private func expectedChecksum(of extent: Extent, _ header: ZstdFrameHeader, _ file: ContainerFile) -> ExpectedChecksum {
        guard let checksum = file.frames.checksum(of: extent.index) else { return .none }
        if !header.hasChecksum { return .content(checksum) }
        // Where the table has been set aside, a frame's own checksum is worth more than the table's.
        return file.sizesAreHints ? .frames(checksum) : .none
    }

    /// Decompresses a frame, all of whose bytes are `bytes`, to fill `output` exactly.
    private func decode(
        _ extent: Extent, _ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, _ checksum: ExpectedChecksum,
        _ file: ContainerFile
    ) throws(ContainerError) {
        guard let context else { throw FrameFault.memory.error(file.stored, extent.index, extent.byteOffset) }
        let code = ZSTD_decompressDCtx(context, output.baseAddress, output.count, bytes.baseAddress, bytes.count)
        var fault: FrameFault?
        if let found = FrameStart.oversizedBlock(in: bytes) {
            fault = found
        } else if ZSTD_isError(code) != 0 || code != output.count {
            fault = explain(code, bytes, wanted: output.count)
        } else {
            switch checksum {
            case .none: break
            case .frames(let wanted):
                fault = Self.compare(framesChecksum: bytes.littleEndian(UInt32.self, at: bytes.count - 4), wanted)
            case .content(let wanted):
                let found = UInt32(truncatingIfNeeded: XXH64(output.baseAddress, output.count, 0))
                if found != wanted { fault = .checksum(source: "in the seek table", found: found, wanted: wanted) }
            }
        }
        if let fault { throw fault.error(file.stored, extent.index, extent.byteOffset, hints: file.sizesAreHints) }
    }

    /// The reason for which a frame did not decompress to `wanted` bytes, given libzstd's code.
    private func explain(_ code: Int, _ bytes: UnsafeRawBufferPointer, wanted: Int) -> FrameFault {
        let byteCount = ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count)
        if ZSTD_isError(byteCount) != 0 {
            return .contradiction("its blocks do not end within it", found: "more", wanted: "\(bytes.count) bytes")
        }
        if byteCount != bytes.count {
            return .contradiction("its blocks end before it does", found: "\(byteCount) bytes", wanted: "\(bytes.count)")
        }
        if ZSTD_isError(code) == 0 {
            return .contradiction("it decompresses to another size than was announced", found: "\(code) bytes", wanted: "\(wanted)")
        }
        // Without a content size in the header, the room that libzstd ran out of was the table's idea.
        let hasContentSize = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count) < ZSTD_CONTENTSIZE_ERROR
        if ZSTD_getErrorCode(code) == ZSTD_error_dstSize_tooSmall, !hasContentSize {
            return .contradiction(
                "it decompresses to another size than was announced", found: "more", wanted: "\(wanted) bytes")
        }
        return ZstdStream.fault(code)
    }

    private static func compare(framesChecksum found: UInt32, _ wanted: UInt32) -> FrameFault? {
        if found == wanted { return nil }
        // libzstd has found the content right by the frame's own checksum.
        return .contradiction(
            "its checksum is another than the table's", found: "0x" + String(found, radix: 16), wanted: "0x" + String(wanted, radix: 16))
    }

    // MARK: Frames in pieces

    private func beginStream(
        _ extent: Extent, _ header: ZstdFrameHeader, _ checksum: ExpectedChecksum, expectedByteCount: Int?, _ file: ContainerFile
    ) throws(ContainerError) {
        guard let context else { throw FrameFault.memory.error(file.stored, extent.index, extent.byteOffset) }
        if let fault = ZstdStream.begin(context, header, maximumWindowByteCount: maximumWindowByteCount) {
            throw fault.error(file.stored, extent.index, extent.byteOffset)
        }
        if case .content = checksum {
            if hashState == nil { hashState = XXH64_createState() }
            guard let hashState else { throw FrameFault.memory.error(file.stored, extent.index, extent.byteOffset) }
            _ = XXH64_reset(hashState, 0)
        }
        streamed = StreamedFrame(extent: extent, checksum: checksum, expectedByteCount: expectedByteCount)
        byteOffset = extent.byteOffset
        bytesAhead.startPrefetch(at: byteOffset)
    }

    /// Decodes more of the streamed frame until `room` is full, or the frame has ended and is verified.
    private func stream(
        _ file: ContainerFile, into room: UnsafeMutableRawBufferPointer, filled: inout Int
    ) throws(ContainerError) {
        guard var frame = streamed, let context else { return }
        let extent = frame.extent
        var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        var fault: FrameFault?
        while fault == nil {
            // Also when the room is full libzstd is asked once more: perhaps only the frame's end is missing, and then its
            // last bytes are verified before they are given out.
            let wasFull = output.pos == output.size
            let bytes = try bytesAhead.loadAny(byteOffset, upTo: extent.byteEnd)
            var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            let outputStart = output.pos
            let code = ZSTD_decompressStream(context, &output, &input)
            byteOffset += input.pos
            if ZSTD_isError(code) != 0 {
                fault = ZstdStream.fault(code)
                break
            }
            let produced = output.pos - outputStart
            frame.decodedByteCount += produced
            if produced > 0, case .content = frame.checksum, let hashState {
                _ = XXH64_update(hashState, room.baseAddress.map { $0 + outputStart }, produced)
            }
            if let expected = frame.expectedByteCount, frame.decodedByteCount > expected {
                fault = .contradiction("it decompresses to another size than was announced", found: "more", wanted: "\(expected) bytes")
            } else if code == 0 {
                fault = try check(frame, file)
                if fault == nil {
                    streamed = nil
                    nextFrameIndex += 1
                    filled += output.pos
                    return
                }
            } else if input.pos == 0 && produced == 0 {
                if wasFull { break }
                fault = .contradiction(
                    "its blocks do not end within it", found: "more", wanted: "\(extent.byteCount) bytes")
            }
        }
        if let fault { throw fault.error(file.stored, extent.index, extent.byteOffset, hints: file.sizesAreHints) }
        streamed = frame
        filled += output.pos
    }

    /// The fault of a streamed frame that has come to its end; nil where it is right.
    private func check(_ frame: StreamedFrame, _ file: ContainerFile) throws(ContainerError) -> FrameFault? {
        let extent = frame.extent
        if byteOffset != extent.byteEnd {
            return .contradiction(
                "its blocks end before it does", found: "\(byteOffset - extent.byteOffset) bytes", wanted: "\(extent.byteCount)")
        }
        if let expected = frame.expectedByteCount, frame.decodedByteCount != expected {
            return .contradiction(
                "it decompresses to another size than was announced", found: "\(frame.decodedByteCount) bytes", wanted: "\(expected)")
        }
        switch frame.checksum {
        case .none: return nil
        case .frames(let wanted):
            var found: UInt32 = 0
            try withUnsafeMutableBytes(of: &found) { (bytes) throws(ContainerError) in
                try file.stored.read(at: extent.byteEnd - 4, into: bytes)
            }
            return Self.compare(framesChecksum: UInt32(littleEndian: found), wanted)
        case .content(let wanted):
            guard let hashState else { return nil }
            let found = UInt32(truncatingIfNeeded: XXH64_digest(hashState))
            return found == wanted ? nil : .checksum(source: "in the seek table", found: found, wanted: wanted)
        }
    }
}

@available(*, unavailable, message: "each worker has a decoder of its own")
extension Decoder: Sendable {}
