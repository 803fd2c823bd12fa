internal import Container

/// A frame of zstd that is put together from blocks: those of other frames, and bytes as they are.
///
/// libzstd codes a plane as soon as that saves a little, and has no setting for how much it should save. The format is RFC 8878, §3.1.1. The
/// blocks of a frame stay together, in their order, so that each finds the tables of the one before it.
final class AssembledFrame {
    private let memory = PageMemory()
    private var byteCount = 0
    /// The offset of the last block's header.
    private var lastBlock = 0

    private static let blockByteCount = ZstdFrameHeader.maximumBlockByteCount
    private static let blockHeaderByteCount = 3

    /// Begins a frame without a checksum, whose window is its content.
    func begin(contentByteCount: Int) {
        // Each part adds a header to a block of any size, and its frame's bytes are fewer than its own.
        memory.reserve(contentByteCount + 16 * (contentByteCount / Self.blockByteCount + 64))
        byteCount = 0
        withUnsafeBytes(of: ZstdFrameHeader.magic.littleEndian) { append($0) }
        // The two highest bits give the number of bytes of the content's size, the sixth says that there is no other window.
        append([0b1110_0000])
        withUnsafeBytes(of: UInt64(contentByteCount).littleEndian) { append($0) }
        lastBlock = byteCount
    }

    private func append(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            memory.base.storeBytes(of: byte, toByteOffset: byteCount, as: UInt8.self)
            byteCount += 1
        }
    }

    private func appendBlock(_ header: UInt32, _ content: UnsafeRawBufferPointer) {
        lastBlock = byteCount
        append([UInt8(truncatingIfNeeded: header), UInt8(truncatingIfNeeded: header >> 8), UInt8(truncatingIfNeeded: header >> 16)])
        memory.room(from: byteCount, count: content.count).copyMemory(from: content)
        byteCount += content.count
    }

    /// Adds bytes as they are.
    func appendStored(_ bytes: UnsafeRawBufferPointer) {
        for start in stride(from: 0, to: bytes.count, by: Self.blockByteCount) {
            let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + Self.blockByteCount)])
            appendBlock(UInt32(part.count) << 3, part)
        }
    }

    /// Adds the blocks of a frame. Returns false, and adds nothing that can be used, if the frame has a dictionary, a checksum or no blocks.
    func appendBlocks(of frame: UnsafeRawBufferPointer) -> Bool {
        guard case .data(let header) = FrameStart(frame), !header.hasChecksum, header.dictionaryID == 0 else { return false }
        var offset = header.byteCount
        while frame.count - offset >= Self.blockHeaderByteCount {
            let header = UInt32(frame[offset]) | UInt32(frame[offset + 1]) << 8 | UInt32(frame[offset + 2]) << 16
            offset += Self.blockHeaderByteCount
            // A block of one byte many times stores that byte alone.
            let count = header >> 1 & 3 == 1 ? 1 : Int(header >> 3)
            guard count <= frame.count - offset else { return false }
            appendBlock(header & ~1, UnsafeRawBufferPointer(rebasing: frame[offset..<offset + count]))
            offset += count
            if header & 1 == 1 { return offset == frame.count }
        }
        return false
    }

    /// Ends the frame, and returns it. It is valid until the next one begins.
    func end() -> UnsafeRawBufferPointer {
        let first = memory.base.load(fromByteOffset: lastBlock, as: UInt8.self)
        memory.base.storeBytes(of: first | 1, toByteOffset: lastBlock, as: UInt8.self)
        return UnsafeRawBufferPointer(memory.room(count: byteCount))
    }
}
