/// A frame that was found by walking from block to block, without decompressing.
struct WalkedFrame {
    let byteOffset: Int
    let byteEnd: Int
    /// The frame's header; nil for a skippable frame.
    let header: ZstdFrameHeader?
    /// The fewest and the most bytes that the blocks can hold.
    let decodedBounds: ClosedRange<Int>

    /// True if the frame cannot hold a byte: a skippable frame, or a frame whose blocks are empty.
    var isEmpty: Bool { decodedBounds.upperBound == 0 }

    /// The decompressed size in bytes, if the header or the blocks give it.
    var decodedByteCount: Int? {
        guard let header else { return 0 }
        if let content = header.contentByteCount { return Int(clamping: content) }
        return decodedBounds.lowerBound == decodedBounds.upperBound ? decodedBounds.lowerBound : nil
    }
}

/// Walks over the frames of a zstd file, reading frame and block headers only (RFC 8878, section 3.1).
struct FrameWalk {
    private let file: StoredBytes
    private let window: HeaderWindow
    /// The offset of the next frame in the file.
    private(set) var byteOffset: Int
    /// The number of frames with data so far, for messages.
    private var dataFrameCount = 0

    /// - Parameter window: A window onto the same file to go on using, where there is one.
    init(_ file: StoredBytes, from byteOffset: Int = 0, window: HeaderWindow? = nil) {
        self.file = file
        self.byteOffset = byteOffset
        self.window = window ?? HeaderWindow(file)
    }

    /// The next frame, or nil at the end of the file.
    ///
    /// The frame is known to end within the file, and its header's content size to fit its blocks. Time is proportional to the number of
    /// blocks, memory is constant.
    ///
    /// - Throws: `.truncated`, `.damaged`, `.unsupported` (a dictionary), or a failure to read.
    mutating func next() throws(ContainerError) -> WalkedFrame? {
        if byteOffset >= file.byteCount { return nil }
        let start = byteOffset
        let bytes = try window.look(at: start)
        switch FrameStart(bytes) {
        case .skippable(_, let contentByteCount):
            let available = file.byteCount - start - 8
            guard contentByteCount <= available else {
                throw truncated(at: start, "inside a skippable frame", found: available, wanted: contentByteCount)
            }
            byteOffset = start + 8 + contentByteCount
            return WalkedFrame(byteOffset: start, byteEnd: byteOffset, header: nil, decodedBounds: 0...0)
        case .data(let header):
            return try walkBlocks(of: header, from: start)
        case .incomplete(let wanted):
            // Fewer than four bytes may be the beginning of a frame, or garbage: only their values can tell.
            if bytes.count < 4, !Self.isBeginningOfMagic(bytes) { throw garbage(at: start, bytes) }
            throw truncated(at: start, "inside a frame's header", found: bytes.count, wanted: wanted)
        case .reserved:
            throw damaged(at: start, "a reserved bit of the frame's header is set")
        case .unknown:
            throw garbage(at: start, bytes)
        }
    }

    private mutating func walkBlocks(of header: ZstdFrameHeader, from start: Int) throws(ContainerError) -> WalkedFrame {
        if header.dictionaryID != 0 { throw FrameFault.dictionary(header.dictionaryID).error(file, frameIndex, start) }
        // A header may claim that there is nothing (a window of 0), and a compressed block still holds something.
        let blockBound = max(1, header.blockByteCountLimit)
        var position = start + header.byteCount
        var least = 0
        var most = 0
        while true {
            let bytes = try window.look(at: position)
            guard bytes.count >= 3 else {
                throw truncated(at: start, "before the header of a block", found: bytes.count, wanted: 3)
            }
            let block = Int(bytes.littleEndianNumber(at: 0, byteCount: 3))
            let size = block >> 3
            let stored: Int
            // libzstd takes a byte that is repeated more often, in one piece and streamed.
            guard block >> 1 & 3 == 1 || size <= blockBound else {
                throw damaged(at: start, FrameFault.oversizedBlock, found: "\(size) bytes", wanted: "at most \(blockBound)")
            }
            switch block >> 1 & 3 {
            case 0:  // raw
                stored = size
                least += size
                most += size
            case 1:  // one byte, repeated
                stored = 1
                least += size
                most += size
            case 2:  // compressed
                stored = size
                most += blockBound
            default:
                throw damaged(at: start, "a block is of the reserved type", found: "its header at byte \(position)")
            }
            position += 3 + stored
            guard position <= file.byteCount else {
                throw truncated(at: start, "inside a block", found: stored - (position - file.byteCount), wanted: stored)
            }
            if block & 1 == 1 { break }
        }
        if header.hasChecksum {
            position += 4
            guard position <= file.byteCount else {
                throw truncated(at: start, "inside a checksum", found: 4 - (position - file.byteCount), wanted: 4)
            }
        }
        if let content = header.contentByteCount {
            if content > UInt64(most) {
                throw damaged(
                    at: start, "the frame claims a size that its blocks cannot hold", found: "\(content) bytes",
                    wanted: "at most \(most)")
            }
            if content == 0, most > 0 {
                throw damaged(at: start, "the frame claims to be empty, and it has blocks with content", found: "up to \(most) bytes")
            }
            if content < UInt64(least) {
                throw damaged(
                    at: start, "the frame claims a size that is less than its blocks hold", found: "\(content) bytes",
                    wanted: "at least \(least)")
            }
        }
        byteOffset = position
        dataFrameCount += 1
        return WalkedFrame(byteOffset: start, byteEnd: position, header: header, decodedBounds: least...most)
    }

    /// Returns true if `bytes`, fewer than four, are the beginning of a frame's magic number.
    static func isBeginningOfMagic(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let data: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18]
        return bytes.indices.allSatisfy { bytes[$0] == data[$0] }
            || bytes.indices.allSatisfy { ($0 == 0 ? bytes[$0] & 0xF0 : bytes[$0]) == skippable[$0] }
    }

    // MARK: Errors

    /// The number of the frame that is being walked, if it has data.
    private var frameIndex: Int? { dataFrameCount }

    private func truncated(at start: Int, _ place: String, found: Int, wanted: Int) -> ContainerError {
        ContainerError(
            path: file.path, kind: .truncated, frameIndex: frameIndex, byteOffset: start,
            problem: "the file ends \(place)", found: "\(found) bytes", allowed: "\(wanted)",
            remedy: "it was cut short: " + ContainerError.copyAgain)
    }

    private func damaged(at start: Int, _ problem: String, found: String? = nil, wanted: String? = nil) -> ContainerError {
        ContainerError(
            path: file.path, kind: .damaged, frameIndex: frameIndex, byteOffset: start, problem: problem, found: found,
            allowed: wanted, remedy: ContainerError.copyAgain)
    }

    private func garbage(at start: Int, _ bytes: UnsafeRawBufferPointer) -> ContainerError {
        Self.garbage(in: file, at: start, bytes, after: dataFrameCount)
    }

    /// The error for bytes at `start`, after `dataFrameCount` frames with data, that are no frame.
    static func garbage(in file: StoredBytes, at start: Int, _ bytes: UnsafeRawBufferPointer, after dataFrameCount: Int) -> ContainerError {
        let found = bytes.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
        return ContainerError(
            path: file.path, kind: .damaged, byteOffset: start,
            problem: "after \(dataFrameCount) frames with data come bytes that are no zstd frame", found: found,
            allowed: "28 b5 2f fd, or the end of the file", remedy: ContainerError.copyAgain)
    }
}
