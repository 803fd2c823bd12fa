/// The header of a gzip member: RFC 1952, section 2.3.
struct GzipHeader: Equatable {
    /// The first two bytes of a member.
    static let magic: [UInt8] = [0x1F, 0x8B]
    /// The shortest header.
    static let leastByteCount = 10
    /// The longest header that is accepted, in bytes: the name and the comment have no bound of their own.
    static let mostByteCount = 1 << 20
    /// The size of the trailer behind the compressed bytes: CRC-32 and size, four bytes each.
    static let trailerByteCount = 8

    /// The header's own size in bytes.
    let byteCount: Int
    /// The size of the whole member in bytes, if the extra field `BC` gives it (BGZF, SAMv1, section 4.1).
    let blockByteCount: Int?
}

/// The bytes at a place where a gzip member should begin.
enum GzipStart: Equatable {
    case member(GzipHeader)
    /// The bytes end before the header, which has at least `wanted` bytes.
    case incomplete(wanted: Int)
    /// The bytes are no member.
    case unknown
    /// A member with a compression method other than deflate.
    case method(UInt8)
    /// A member with a wrong header, and the fault in words.
    case damaged(String)

    private static let hasChecksum: UInt8 = 1 << 1
    private static let hasExtra: UInt8 = 1 << 2
    private static let hasName: UInt8 = 1 << 3
    private static let hasComment: UInt8 = 1 << 4
    private static let reserved: UInt8 = 0b1110_0000

    /// Parses the header at the start of `bytes`.
    init(_ bytes: UnsafeRawBufferPointer) {
        guard zip(bytes, GzipHeader.magic).allSatisfy({ $0 == $1 }) else {
            self = .unknown
            return
        }
        guard bytes.count >= GzipHeader.leastByteCount else {
            self = .incomplete(wanted: GzipHeader.leastByteCount)
            return
        }
        guard bytes[2] == 8 else {
            self = .method(bytes[2])
            return
        }
        let flags = bytes[3]
        if flags & Self.reserved != 0 {
            self = .damaged("a reserved bit of the header is set")
            return
        }
        var offset = GzipHeader.leastByteCount
        var blockByteCount: Int?
        if flags & Self.hasExtra != 0 {
            guard bytes.count >= offset + 2 else {
                self = .incomplete(wanted: offset + 2)
                return
            }
            let end = offset + 2 + Int(bytes.littleEndian(UInt16.self, at: offset))
            guard bytes.count >= end else {
                self = .incomplete(wanted: end)
                return
            }
            offset += 2
            // Subfields: two letters, a length of two bytes, and that many. What does not divide like this is none of ours.
            while offset + 4 <= end {
                let length = Int(bytes.littleEndian(UInt16.self, at: offset + 2))
                if bytes[offset] == 0x42, bytes[offset + 1] == 0x43, length == 2, offset + 6 <= end {
                    blockByteCount = Int(bytes.littleEndian(UInt16.self, at: offset + 4)) + 1
                }
                offset += 4 + length
            }
            offset = end
        }
        for flag in [Self.hasName, Self.hasComment] where flags & flag != 0 {
            guard let end = bytes[offset...].firstIndex(of: 0) else {
                self =
                    bytes.count >= GzipHeader.mostByteCount
                    ? .damaged("the header does not end within \(GzipHeader.mostByteCount) bytes") : .incomplete(wanted: bytes.count + 1)
                return
            }
            offset = end + 1
        }
        if flags & Self.hasChecksum != 0 {
            guard bytes.count >= offset + 2 else {
                self = .incomplete(wanted: offset + 2)
                return
            }
            let wanted = bytes.littleEndian(UInt16.self, at: offset)
            guard UInt16(truncatingIfNeeded: CRC32.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<offset]))) == wanted else {
                self = .damaged("the header does not have its checksum")
                return
            }
            offset += 2
        }
        self = .member(GzipHeader(byteCount: offset, blockByteCount: blockByteCount))
    }
}
