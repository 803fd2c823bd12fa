/// The header of a zstd frame with data: RFC 8878, section 3.1.1.1.
package struct ZstdFrameHeader: Equatable {
    /// The first four bytes, read as a little-endian number.
    package static let magic: UInt32 = 0xFD2F_B528
    /// The longest header: magic, descriptor, window, dictionary and content size.
    static let maximumByteCount = 18
    /// The most bytes of a block, compressed or not.
    package static let maximumBlockByteCount = 128 << 10

    /// The header's own size in bytes, magic included.
    package let byteCount: Int
    /// The distance in bytes that matches may reach back; the content size where the header has no field for it.
    let windowByteCount: UInt64
    /// True if the header has a window field, which libzstd bounds whatever the content size is.
    let hasWindowField: Bool
    /// The decompressed size in bytes, if the header gives it.
    let contentByteCount: UInt64?
    /// The dictionary that the frame needs; 0 is none.
    package let dictionaryID: UInt32
    /// True if the low 32 bits of XXH64 of the content follow the last block.
    package let hasChecksum: Bool

    /// The most bytes that a block of the frame may have, before and after it is decompressed (RFC 8878, section 3.1.1.2.4).
    var blockByteCountLimit: Int { Int(clamping: min(windowByteCount, UInt64(Self.maximumBlockByteCount))) }
}

/// The bytes at a place where a frame should begin.
package enum FrameStart: Equatable {
    /// A frame with data.
    case data(ZstdFrameHeader)
    /// A skippable frame, with `contentByteCount` bytes behind a header of eight. `variant` is the lowest half byte of the magic number.
    case skippable(variant: UInt8, contentByteCount: Int)
    /// The bytes end before the header, which has at least `wanted` bytes.
    case incomplete(wanted: Int)
    /// A header in which a reserved bit is set.
    case reserved
    /// The bytes are no frame; the first four of them, read as a little-endian number.
    case unknown(magic: UInt32)

    /// Parses the header in `bytes`, of which there should be `ZstdFrameHeader.maximumByteCount` unless the file ends.
    package init(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 4 else {
            self = .incomplete(wanted: 4)
            return
        }
        let magic = bytes.littleEndian(UInt32.self, at: 0)
        if magic & 0xFFFF_FFF0 == Self.skippableMagic {
            guard bytes.count >= 8 else {
                self = .incomplete(wanted: 8)
                return
            }
            let count = bytes.littleEndian(UInt32.self, at: 4)
            self = .skippable(variant: UInt8(magic & 0xF), contentByteCount: Int(count))
            return
        }
        guard magic == ZstdFrameHeader.magic else {
            self = .unknown(magic: magic)
            return
        }
        guard bytes.count >= 5 else {
            self = .incomplete(wanted: 5)
            return
        }
        let descriptor = bytes[4]
        if descriptor & 0b0000_1000 != 0 {
            self = .reserved
            return
        }
        let isSingleSegment = descriptor & 0b0010_0000 != 0
        let windowFieldByteCount = isSingleSegment ? 0 : 1
        let dictionaryFieldByteCount = (1 << Int(descriptor & 3)) >> 1  // 0, 1, 2, 4
        let contentSizeFlag = Int(descriptor >> 6)
        let contentFieldByteCount = contentSizeFlag == 0 ? (isSingleSegment ? 1 : 0) : 1 << contentSizeFlag  // 0, 1, 2, 4, 8
        let byteCount = 5 + windowFieldByteCount + dictionaryFieldByteCount + contentFieldByteCount
        guard bytes.count >= byteCount else {
            self = .incomplete(wanted: byteCount)
            return
        }
        var offset = 5
        var window: UInt64 = 0
        if !isSingleSegment {
            let base = UInt64(1) << (10 + UInt64(bytes[offset] >> 3))
            window = base + base / 8 * UInt64(bytes[offset] & 7)
            offset += 1
        }
        let dictionaryID = bytes.littleEndianNumber(at: offset, byteCount: dictionaryFieldByteCount)
        offset += dictionaryFieldByteCount
        var content: UInt64?
        if contentFieldByteCount > 0 {
            let number = bytes.littleEndianNumber(at: offset, byteCount: contentFieldByteCount)
            content = contentFieldByteCount == 2 ? number + 256 : number
        }
        self = .data(
            ZstdFrameHeader(
                byteCount: byteCount, windowByteCount: isSingleSegment ? content ?? 0 : window, hasWindowField: !isSingleSegment,
                contentByteCount: content, dictionaryID: UInt32(truncatingIfNeeded: dictionaryID),
                hasChecksum: descriptor & 0b0000_0100 != 0))
    }

    /// The fault of a whole frame with a block that is larger than the format allows; nil where there is none, or no whole frame. O(blocks).
    static func oversizedBlock(in bytes: UnsafeRawBufferPointer) -> FrameFault? {
        guard case .data(let header) = FrameStart(bytes) else { return nil }
        let limit = max(1, header.blockByteCountLimit)
        var position = header.byteCount
        while position + 3 <= bytes.count {
            let block = Int(bytes.littleEndianNumber(at: position, byteCount: 3))
            let size = block >> 3
            let isRepeatedByte = block >> 1 & 3 == 1
            if size > limit, !isRepeatedByte { return .damaged(FrameFault.oversizedBlock, found: "\(size) bytes", wanted: "at most \(limit)") }
            if block & 1 == 1 { return nil }
            // A block of one byte, repeated, is stored as that byte.
            position += 3 + (isRepeatedByte ? 1 : size)
        }
        return nil
    }

    /// The lowest of the sixteen magic numbers of skippable frames.
    static let skippableMagic: UInt32 = 0x184D_2A50
}

extension UnsafeRawBufferPointer {
    /// The little-endian number at `offset`, which must be within bounds.
    func littleEndian<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type, at offset: Int) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// The little-endian number in the `byteCount` (at most 8) bytes at `offset`.
    func littleEndianNumber(at offset: Int, byteCount: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in 0..<byteCount { number |= UInt64(self[offset + index]) << UInt64(8 * index) }
        return number
    }
}
