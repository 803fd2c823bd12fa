internal import CBrotli
internal import CLZ4
internal import CSnappy
internal import CZlib
internal import CZstd

/// A decompressor of pages, for one thread.
final class PageCodec {
    /// libzstd's context, which is kept for all pages.
    private var zstd: OpaquePointer?

    deinit { ZSTD_freeDCtx(zstd) }

    /// The largest number of decoded bytes that a stored byte can stand for; nil if there is no such number.
    ///
    /// snappy copies at most 64 bytes for 3, LZ4 255 for each byte of a length, deflate 258 for 2 bits.
    static func expansionLimit(_ codec: PageCodecName) -> Int? {
        switch codec {
        case .none: 1
        case .snappy: 22
        case .lz4, .lz4Raw: 256
        case .gzip: 1040
        case .brotli, .zstd, .lzo: nil
        }
    }

    /// Decompresses a page, which fills `target` to its last byte.
    func decompress(
        _ source: UnsafeRawBufferPointer, _ codec: PageCodecName, into target: UnsafeMutableRawBufferPointer
    ) throws(PageFault) {
        // Nothing is stored for a page without bytes, or an empty block of the codec.
        if target.count == 0, source.count == 0 { return }
        let count: Int
        switch codec {
        case .none:
            guard source.count == target.count else { throw Self.sizeFault(source.count, target.count) }
            target.copyMemory(from: source)
            return
        case .snappy: count = try snappy(source, target)
        case .zstd: count = try zstd(source, target)
        case .gzip: count = try gzip(source, target)
        case .lz4Raw: count = try lz4(source, target)
        case .lz4:
            // What wrote this codec before LZ4_RAW existed was Hadoop, with sizes before each block, or was not.
            if hadoopLZ4(source, target) { return }
            count = try lz4(source, target)
        case .brotli: count = try brotli(source, target)
        case .lzo: throw PageFault(.unsupported, "it is compressed with LZO, which is not read", remedy: "write it again with ZSTD")
        }
        guard count == target.count else { throw Self.sizeFault(count, target.count) }
    }

    private static func sizeFault(_ found: Int, _ expected: Int) -> PageFault {
        .damaged("it decompresses to \(found) bytes, and its header says \(expected)")
    }

    private static func fault(_ codec: String) -> PageFault { .damaged("its \(codec) bytes are damaged") }

    private func snappy(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) throws(PageFault) -> Int {
        var count = 0
        let bytes = source.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard snappy_uncompressed_length(bytes, source.count, &count) == SNAPPY_OK else { throw Self.fault("snappy") }
        guard count == target.count else { return count }
        let status = snappy_uncompress(bytes, source.count, target.baseAddress?.assumingMemoryBound(to: CChar.self), &count)
        guard status == SNAPPY_OK else { throw Self.fault("snappy") }
        return count
    }

    private func zstd(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) throws(PageFault) -> Int {
        if zstd == nil { zstd = ZSTD_createDCtx() }
        let count = ZSTD_decompressDCtx(zstd, target.baseAddress, target.count, source.baseAddress, source.count)
        guard ZSTD_isError(count) == 0 else {
            throw .damaged("its zstd frame cannot be decompressed: \(String(cString: ZSTD_getErrorName(count)))")
        }
        return count
    }

    private func gzip(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) throws(PageFault) -> Int {
        guard source.count <= Int(UInt32.max), target.count <= Int(UInt32.max) else { throw Self.fault("gzip") }
        var stream = z_stream()
        // 32: gzip's header or zlib's, whichever there is.
        guard inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw Self.fault("gzip") }
        defer { inflateEnd(&stream) }
        // zlib does not write to its input, and has no const for it.
        stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.avail_in = UInt32(source.count)
        var end: UInt8 = 0
        return try withUnsafeMutablePointer(to: &end) { end throws(PageFault) in
            // A page of no bytes still has a member, for which zlib wants an address.
            stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? end
            stream.avail_out = UInt32(target.count)
            while true {
                let status = inflate(&stream, Z_FINISH)
                guard status == Z_STREAM_END else { throw Self.fault("gzip") }
                // Members may follow one another.
                if stream.avail_in == 0 || stream.avail_out == 0 { return target.count - Int(stream.avail_out) }
                guard inflateReset(&stream) == Z_OK else { throw Self.fault("gzip") }
            }
        }
    }

    private func lz4(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) throws(PageFault) -> Int {
        guard let count = Self.lz4Block(source, target) else { throw Self.fault("LZ4") }
        return count
    }

    private static func lz4Block(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let input = source.baseAddress, let output = target.baseAddress, let inputCount = Int32(exactly: source.count),
            let outputCount = Int32(exactly: target.count)
        else { return nil }
        let count = LZ4_decompress_safe(
            input.assumingMemoryBound(to: CChar.self), output.assumingMemoryBound(to: CChar.self), inputCount, outputCount)
        return count < 0 ? nil : Int(count)
    }

    /// Decompresses blocks with Hadoop's framing: for each the sizes after and before decompression, big-endian, 4 bytes each. Returns
    /// false if the bytes are none.
    private func hadoopLZ4(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) -> Bool {
        var (read, written) = (0, 0)
        while source.count - read >= 8 {
            let decoded = Int(UInt32(bigEndian: source.loadUnaligned(fromByteOffset: read, as: UInt32.self)))
            let stored = Int(UInt32(bigEndian: source.loadUnaligned(fromByteOffset: read + 4, as: UInt32.self)))
            read += 8
            guard stored <= source.count - read, decoded <= target.count - written else { return false }
            let count = Self.lz4Block(
                UnsafeRawBufferPointer(rebasing: source[read..<read + stored]),
                UnsafeMutableRawBufferPointer(rebasing: target[written..<written + decoded]))
            guard count == decoded else { return false }
            read += stored
            written += decoded
        }
        return read == source.count && written == target.count
    }

    private func brotli(_ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer) throws(PageFault) -> Int {
        var count = target.count
        let status = BrotliDecoderDecompress(
            source.count, source.baseAddress?.assumingMemoryBound(to: UInt8.self), &count,
            target.baseAddress?.assumingMemoryBound(to: UInt8.self))
        guard status == BROTLI_DECODER_RESULT_SUCCESS else { throw Self.fault("brotli") }
        return count
    }
}
