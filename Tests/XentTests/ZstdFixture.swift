import Foundation

/// zstd files of all kinds, made by the `zstd` tool; seek tables and pzstd's headers are written here.
struct ZstdFixture {
    /// Compressed, each with its checksum, in their order.
    let frames: [Data]
    private let decodedByteCounts: [Int]

    /// Cuts `bytes` into frames of `pieceByteCount`.
    init(_ bytes: Data, pieceByteCount: Int, checksum: Bool = true) throws {
        let scratch = try Scratch()
        var names: [String] = []
        var counts: [Int] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = min(start + pieceByteCount, bytes.endIndex)
            names.append("piece-\(names.count)")
            counts.append(end - start)
            try scratch.write(names[names.count - 1], bytes[start..<end])
            start = end
        }
        try XentRun.tool("zstd", ["-q", checksum ? "--check" : "--no-check"] + names, in: scratch)
        frames = try names.map { try scratch.bytes($0 + ".zst") }
        decodedByteCounts = counts
    }

    /// As `zstd` writes a file.
    static func singleFrame(_ bytes: Data) throws -> Data { try ZstdFixture(bytes, pieceByteCount: max(1, bytes.count)).plain }

    /// As `zstd` writes a stream whose length it does not know: no content size in the frame.
    static func stream(_ bytes: Data) throws -> Data {
        let scratch = try Scratch()
        try scratch.write("in", bytes)
        try XentRun.tool("sh", ["-c", "cat in | zstd -q -c > out"], in: scratch)
        return try scratch.bytes("out")
    }

    static func decompressed(_ bytes: Data) throws -> Data {
        let scratch = try Scratch()
        try scratch.write("in.zst", bytes)
        try XentRun.tool("zstd", ["-q", "-d", "in.zst", "-o", "out"], in: scratch)
        return try scratch.bytes("out")
    }

    /// Frames one after another.
    var plain: Data { frames.reduce(Data(), +) }

    /// Where a frame begins in `plain` and in `seekable`.
    func byteOffset(ofFrame index: Int) -> Int { frames[..<index].reduce(0) { $0 + $1.count } }

    /// As pzstd: a skippable frame with the frame's size before each.
    var pzstd: Data {
        frames.reduce(Data()) { $0 + Self.littleEndian(0x184D_2A50) + Self.littleEndian(4) + Self.littleEndian($1.count) + $1 }
    }

    /// The Seekable format: a table at the end, here without checksums of its own.
    var seekable: Data {
        var table = Data()
        for (frame, count) in zip(frames, decodedByteCounts) { table += Self.littleEndian(frame.count) + Self.littleEndian(count) }
        table += Self.littleEndian(frames.count) + Data([0]) + Self.littleEndian(0x8F92_EAB1)
        return plain + Self.littleEndian(0x184D_2A5E) + Self.littleEndian(table.count) + table
    }

    /// A frame that begins soundly and says that it decompresses to `byteCount` bytes, far more than follow.
    static func hostile(_ start: Data, claiming byteCount: Int) -> Data {
        // RFC 8878: magic, descriptor (content size of 8 bytes), a window of 1 MiB.
        var frame = littleEndian(0xFD2F_B528) + Data([0xC0, 0x50])
        frame += littleEndian(byteCount) + littleEndian(byteCount >> 32)
        // A raw block, then one that repeats a byte 2^17 times.
        frame += littleEndian(start.count << 3).prefix(3) + start
        frame += littleEndian(1 << 20 | 1 << 1).prefix(3) + Data([0])
        return frame
    }

    static func littleEndian(_ value: Int) -> Data { Data((0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }) }
}
