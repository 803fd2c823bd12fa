import CZlib

/// Deflate, gzip and BGZF, made with zlib and by hand.
enum DeflateFixture {
    /// A raw deflate stream. Level 0 only stores.
    static func deflate(_ bytes: some Collection<UInt8>, level: Int = 6, strategy: CInt = Z_DEFAULT_STRATEGY) -> [UInt8] {
        var source = Array(bytes)
        var stream = z_stream()
        precondition(
            deflateInit2_(
                &stream, CInt(level), Z_DEFLATED, -MAX_WBITS, 8, strategy, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { deflateEnd(&stream) }
        var target = [UInt8](repeating: 0, count: source.count + source.count / 8 + 256)
        let capacity = target.count
        return source.withUnsafeMutableBufferPointer { source in
            target.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(capacity)
                precondition(CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END)
                return Array(target[..<(capacity - Int(stream.avail_out))])
            }
        }
    }

    static func checksum(_ bytes: some Collection<UInt8>) -> Int {
        let bytes = Array(bytes)
        return Int(crc32_z(0, bytes, bytes.count))
    }

    /// A gzip member with the header fields that are given.
    static func member(
        _ bytes: some Collection<UInt8>, extra: [UInt8]? = nil, name: String? = nil, comment: String? = nil, headerChecksum: Bool = false,
        level: Int = 6, strategy: CInt = Z_DEFAULT_STRATEGY
    ) -> [UInt8] {
        let flags =
            (headerChecksum ? 2 : 0) | (extra == nil ? 0 : 4) | (name == nil ? 0 : 8) | (comment == nil ? 0 : 16)
        var header: [UInt8] = [0x1F, 0x8B, 8, UInt8(flags), 1, 2, 3, 4, 0, 3]
        if let extra { header += ZstdFixture.littleEndian(extra.count, 2) + extra }
        if let name { header += Array(name.utf8) + [0] }
        if let comment { header += Array(comment.utf8) + [0] }
        if headerChecksum { header += ZstdFixture.littleEndian(checksum(header) & 0xFFFF, 2) }
        return header + deflate(bytes, level: level, strategy: strategy) + ZstdFixture.littleEndian(checksum(bytes), 4)
            + ZstdFixture.littleEndian(bytes.count, 4)
    }

    /// A BGZF block of at most 64 KiB.
    static func block(_ bytes: some Collection<UInt8>, level: Int = 6) -> [UInt8] {
        let byteCount = member(bytes, extra: [0x42, 0x43, 2, 0, 0, 0], level: level).count
        return member(bytes, extra: [0x42, 0x43, 2, 0] + ZstdFixture.littleEndian(byteCount - 1, 2), level: level)
    }

    /// The block that ends a BGZF file, as the specification (SAMv1, section 4.1.2) has it.
    static let endBlock: [UInt8] = [
        0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, 0x1B, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]

    /// A file of members or blocks.
    struct Built {
        var bytes: [UInt8] = []
        /// Each member's place in the file, and its piece of the data.
        var members: [(place: Range<Int>, data: Range<Int>)] = []
    }

    static func build(_ data: [UInt8], pieceByteCount: Int, _ member: (ArraySlice<UInt8>, Int) -> [UInt8]) -> Built {
        var built = Built()
        for (number, start) in stride(from: 0, to: data.count, by: pieceByteCount).enumerated() {
            let piece = start..<min(start + pieceByteCount, data.count)
            let bytes = member(data[piece], number)
            built.members.append((built.bytes.count..<built.bytes.count + bytes.count, piece))
            built.bytes += bytes
        }
        return built
    }

    /// Members whose headers differ.
    static func members(_ data: [UInt8], pieceByteCount: Int) -> Built {
        build(data, pieceByteCount: pieceByteCount) { piece, number in
            switch number % 4 {
            case 0: member(piece)
            case 1: member(piece, name: "logits.npy", level: 9)
            case 2: member(piece, extra: [0x41, 0x42, 1, 0, 7], name: "a", comment: "a comment", headerChecksum: true, level: 1)
            default: member(piece, comment: "", headerChecksum: true, level: 0)
            }
        }
    }

    static func blocks(_ data: [UInt8], pieceByteCount: Int, ends: Bool = true) -> Built {
        var built = build(data, pieceByteCount: pieceByteCount) { piece, _ in block(piece) }
        if ends { built.bytes += endBlock }
        return built
    }
}
