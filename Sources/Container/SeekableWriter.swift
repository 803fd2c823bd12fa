internal import CZstd

/// Makes the frames and the seek table of a seekable zstd file (zstd's contrib/seekable_format): each frame with its content size and
/// checksum, the table with the same checksums. `zstd -d` reads such a file like any other.
public struct SeekableWriter {
    private let context: ZstdCompressor
    private var entries: [UInt8] = []
    private var frameCount: UInt32 = 0

    /// `level` is zstd's compression level, 1 to 19 and its negative ones.
    public init(level: Int32) {
        context = ZstdCompressor(level: level)
    }

    /// The next frame, of at most 1 GiB decoded.
    ///
    /// Throws where libzstd reports an error (out of memory) or there are too many frames for the format.
    public mutating func frame(of bytes: ArraySlice<UInt8>) throws(SeekableWriterError) -> [UInt8] {
        guard bytes.count <= 1 << 30, frameCount < UInt32.max else {
            throw SeekableWriterError(problem: "a frame of \(bytes.count) bytes, number \(frameCount), is beyond the seekable format")
        }
        let frame = try context.compress(bytes)
        append(UInt32(frame.count))
        append(UInt32(bytes.count))
        // The frame's own checksum, its last four bytes, is the one that the table holds: the low half of XXH64 of the content.
        entries += frame.suffix(4)
        frameCount += 1
        return frame
    }

    /// The skippable frame that ends the file.
    public consuming func seekTable() -> [UInt8] {
        var table: [UInt8] = []
        func append(_ value: UInt32) { for shift in [0, 8, 16, 24] as [UInt32] { table.append(UInt8(truncatingIfNeeded: value >> shift)) } }
        append(0x184D_2A5E)
        append(UInt32(entries.count + 9))
        table += entries
        append(frameCount)
        // Descriptor: entries have checksums.
        table.append(0x80)
        append(0x8F92_EAB1)
        return table
    }

    private mutating func append(_ value: UInt32) {
        for shift in [0, 8, 16, 24] as [UInt32] { entries.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}

/// Owns a libzstd compression context.
private final class ZstdCompressor {
    private let context: OpaquePointer?

    init(level: Int32) {
        context = ZSTD_createCCtx()
        if let context {
            ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
            ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        }
    }

    deinit { ZSTD_freeCCtx(context) }

    func compress(_ bytes: ArraySlice<UInt8>) throws(SeekableWriterError) -> [UInt8] {
        guard let context else { throw SeekableWriterError(problem: "libzstd has no memory for compressing") }
        var code = 0
        let frame = bytes.withUnsafeBytes { source in
            [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(source.count)) { target, count in
                code = ZSTD_compress2(context, target.baseAddress, target.count, source.baseAddress, source.count)
                count = ZSTD_isError(code) == 0 ? code : 0
            }
        }
        guard ZSTD_isError(code) == 0 else {
            throw SeekableWriterError(problem: "libzstd cannot compress: \(String(cString: ZSTD_getErrorName(code)))")
        }
        return frame
    }
}

/// Why a frame could not be written.
public struct SeekableWriterError: Error, Sendable, CustomStringConvertible {
    public let problem: String
    public var description: String { problem }
}
