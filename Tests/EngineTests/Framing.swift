import CZstd
import Container

/// How a file's bytes are stored.
enum Framing: Sendable, CustomStringConvertible {
    case raw
    /// One frame, which says how long it is.
    case single
    /// One frame of unknown length, as from a pipe.
    case streamed
    /// pzstd's skippable frames with the compressed sizes.
    case pzstd(frameByteCount: Int, isSized: Bool)
    /// Frames, one after the other.
    case frames(frameByteCount: Int, isSized: Bool)
    /// Frames with a table of their sizes.
    case seekable(frameByteCount: Int, hasChecksums: Bool)

    var description: String {
        switch self {
        case .raw: "raw"
        case .single: "a single frame"
        case .streamed: "a streamed frame"
        case .pzstd(let count, let isSized): "pzstd, frames of \(count) bytes \(isSized ? "that say so" : "of unknown size")"
        case .frames(let count, let isSized): "frames of \(count) bytes \(isSized ? "that say so" : "of unknown size")"
        case .seekable(let count, let hasChecksums): "seekable, frames of \(count) bytes \(hasChecksums ? "with" : "without") checksums"
        }
    }

    /// All kinds, with frames of a few bytes up to some larger than most dumps of the tests.
    static let all: [Framing] = [
        .raw, .single, .streamed, .pzstd(frameByteCount: 4096, isSized: true), .pzstd(frameByteCount: 4096, isSized: false),
        .pzstd(frameByteCount: 61, isSized: false), .frames(frameByteCount: 7, isSized: true), .frames(frameByteCount: 61, isSized: true),
        .frames(frameByteCount: 4096, isSized: true), .frames(frameByteCount: 1 << 20, isSized: true),
        .frames(frameByteCount: 61, isSized: false), .frames(frameByteCount: 4096, isSized: false),
        .seekable(frameByteCount: 7, hasChecksums: true), .seekable(frameByteCount: 61, hasChecksums: false),
        .seekable(frameByteCount: 4096, hasChecksums: true), .seekable(frameByteCount: 4096, hasChecksums: false),
        .seekable(frameByteCount: 1 << 20, hasChecksums: true),
    ]

    /// The bytes of a file that holds `bytes`.
    func store(_ bytes: [UInt8]) -> [UInt8] {
        let (frameByteCount, isSized, hasChecksums): (Int, Bool, Bool) =
            switch self {
            case .raw: (0, false, false)
            case .single: (bytes.count, true, false)
            case .streamed: (bytes.count, false, false)
            case .pzstd(let count, let isSized): (count, isSized, true)
            case .frames(let count, let isSized): (count, isSized, isSized)
            case .seekable(let count, let hasChecksums): (count, true, hasChecksums)
            }
        if case .raw = self { return bytes }
        let compressor = Compressor(isSized: isSized, hasChecksums: hasChecksums)
        var file: [UInt8] = []
        var entries: [Compressor.Entry] = []
        for start in stride(from: 0, to: bytes.count, by: frameByteCount) {
            let end = min(start + frameByteCount, bytes.count)
            let frame = compressor.frame(bytes[start..<end])
            if case .pzstd = self { file += Compressor.skippable(Compressor.littleEndian(frame.count, 4), variant: 0) }
            file += frame
            entries.append(Compressor.Entry(frame: frame, decodedByteCount: end - start))
        }
        if case .seekable = self { file += Compressor.seekTable(entries, hasChecksums: hasChecksums) }
        return file
    }
}

/// Makes zstd frames with libzstd, quickly: a context is reused.
final class Compressor {
    private let context = ZSTD_createCCtx()
    private let isSized: Bool

    init(isSized: Bool = true, hasChecksums: Bool = false) {
        self.isSized = isSized
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, hasChecksums ? 1 : 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, isSized ? 1 : 0)
    }

    deinit { ZSTD_freeCCtx(context) }

    func frame(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let capacity = ZSTD_compressBound(bytes.count) + 64
        return [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
            count = bytes.withUnsafeBytes { source in
                if isSized {
                    let code = ZSTD_compress2(context, target.baseAddress, capacity, source.baseAddress, source.count)
                    precondition(ZSTD_isError(code) == 0)
                    return code
                }
                // As from a pipe: libzstd learns only at the end how much there is.
                var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count / 2, pos: 0)
                var output = ZSTD_outBuffer(dst: target.baseAddress, size: capacity, pos: 0)
                while input.pos < input.size {
                    precondition(ZSTD_isError(ZSTD_compressStream2(context, &output, &input, ZSTD_e_continue)) == 0)
                }
                input.size = source.count
                precondition(ZSTD_compressStream2(context, &output, &input, ZSTD_e_end) == 0)
                return output.pos
            }
        }
    }

    static func littleEndian(_ number: Int, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    static func skippable(_ content: [UInt8], variant: Int) -> [UInt8] {
        littleEndian(0x184D_2A50 + variant, 4) + littleEndian(content.count, 4) + content
    }

    /// A line of a seek table.
    struct Entry {
        var byteCount: Int
        var decodedByteCount: Int
        var checksum: [UInt8]

        init(frame: [UInt8], decodedByteCount: Int) {
            byteCount = frame.count
            self.decodedByteCount = decodedByteCount
            // The table's checksum is the frame's own, its last four bytes.
            checksum = Array(frame.suffix(4))
        }
    }

    static func seekTable(_ entries: [Entry], hasChecksums: Bool) -> [UInt8] {
        var content: [UInt8] = []
        for entry in entries {
            content += littleEndian(entry.byteCount, 4) + littleEndian(entry.decodedByteCount, 4)
            if hasChecksums { content += entry.checksum }
        }
        content += littleEndian(entries.count, 4) + [hasChecksums ? 0x80 : 0] + littleEndian(0x8F92_EAB1, 4)
        return skippable(content, variant: 0xE)
    }

    /// A frame of blocks that each repeat a byte `blockByteCount` times: a few bytes that claim to be terabytes.
    static func bomb(contentByteCount: Int?, blockCount: Int, blockByteCount: Int, byte: UInt8 = 0x41) -> [UInt8] {
        var bytes = littleEndian(0xFD2F_B528, 4) + [contentByteCount == nil ? 0 : 0b1100_0000, 0x50]
        if let contentByteCount { bytes += littleEndian(contentByteCount, 8) }
        bytes.reserveCapacity(bytes.count + 4 * blockCount)
        for index in 0..<blockCount {
            bytes += littleEndian(blockByteCount << 3 | 1 << 1 | (index == blockCount - 1 ? 1 : 0), 3) + [byte]
        }
        return bytes
    }
}
