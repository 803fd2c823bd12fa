import CXXHash
import CZstd
import Glibc
import SeededRandom
import Testing

@testable import Container

/// A file that lives as long as the test needs it.
final class TemporaryFile {
    let path: String
    private let descriptor: CInt

    init(_ bytes: [UInt8]) {
        var template = Array("/tmp/xent-container-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        precondition(descriptor >= 0, "no temporary file")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        write(bytes)
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Replaces the content. The file is never cut to nothing, since some file systems then wait for the disk.
    func write(_ bytes: [UInt8]) {
        var written = 0
        bytes.withUnsafeBytes { buffer in
            while written < buffer.count {
                let count = pwrite(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written, off_t(written))
                precondition(count > 0, "the temporary file cannot be written")
                written += count
            }
        }
        ftruncate(descriptor, off_t(bytes.count))
    }
}

/// Compressed files, made with libzstd and by hand.
enum ZstdFixture {
    /// Bytes of which some compress well, some not at all.
    static func data(_ count: Int, seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        // In a debug build, one call for each byte would take most of the tests' time.
        return Array(unsafeUninitializedCapacity: count) { buffer, filled in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            while filled < count {
                let length = min(8 * Int(1 + random.next() % 250), count - filled)
                let kind = random.next() % 3
                let repeated = random.next()
                for offset in stride(from: filled, to: filled + length, by: 8) {
                    let word =
                        switch kind {
                        case 0: random.next()
                        case 1: repeated
                        default: random.next() & 0x0F0F_0F0F_0F0F_0F0F | 0x3030_3030_3030_3030
                        }
                    if offset + 8 <= count {
                        bytes.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
                    } else {
                        for index in offset..<count { bytes[index] = UInt8(truncatingIfNeeded: word >> UInt64(8 * (index - offset))) }
                    }
                }
                filled += length
            }
        }
    }

    /// One frame.
    static func frame(
        _ bytes: some Collection<UInt8>, checksum: Bool = false, contentSize: Bool = true, windowLog: Int? = nil, level: Int = 3
    ) -> [UInt8] {
        let source = Array(bytes)
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        func set(_ parameter: ZSTD_cParameter, _ value: Int) {
            precondition(ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, CInt(value))) == 0)
        }
        set(ZSTD_c_compressionLevel, level)
        set(ZSTD_c_checksumFlag, checksum ? 1 : 0)
        set(ZSTD_c_contentSizeFlag, contentSize ? 1 : 0)
        if let windowLog {
            set(ZSTD_c_windowLog, windowLog)
            set(ZSTD_c_enableLongDistanceMatching, 1)
        }
        var target = [UInt8](repeating: 0, count: ZSTD_compressBound(source.count) + 64)
        if contentSize {
            let count = ZSTD_compress2(context, &target, target.count, source, source.count)
            precondition(ZSTD_isError(count) == 0)
            return Array(target[..<count])
        }
        // A stream of unknown length, as from a pipe.
        let capacity = target.count
        let count = source.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { target in
                var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count / 2, pos: 0)
                var output = ZSTD_outBuffer(dst: target.baseAddress, size: capacity, pos: 0)
                while input.pos < input.size { _ = ZSTD_compressStream2(context, &output, &input, ZSTD_e_continue) }
                input.size = source.count
                let rest = ZSTD_compressStream2(context, &output, &input, ZSTD_e_end)
                precondition(rest == 0)
                return output.pos
            }
        }
        return Array(target[..<count])
    }

    static func littleEndian(_ number: Int, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    static func skippable(_ content: [UInt8], variant: Int = 3) -> [UInt8] {
        littleEndian(0x184D_2A50 + variant, 4) + littleEndian(content.count, 4) + content
    }

    /// A header with a window descriptor, and blocks that each repeat a byte `size` times.
    static func bomb(contentSize: Int?, windowDescriptor: UInt8 = 0x50, blockCount: Int, size: Int) -> [UInt8] {
        var bytes = littleEndian(0xFD2F_B528, 4) + [contentSize == nil ? 0 : 0b1100_0000, windowDescriptor]
        if let contentSize { bytes += littleEndian(contentSize, 8) }
        for index in 0..<blockCount {
            bytes += littleEndian(size << 3 | 1 << 1 | (index == blockCount - 1 ? 1 : 0), 3) + [0x41]
        }
        return bytes
    }

    static func checksum(_ bytes: some Collection<UInt8>) -> UInt32 {
        let bytes = Array(bytes)
        return UInt32(truncatingIfNeeded: XXH64(bytes, bytes.count, 0))
    }

    /// A line of a seek table, to be falsified at will.
    struct Entry {
        var byteCount: Int
        var decodedByteCount: Int
        var checksum: UInt32
    }

    static func seekTable(
        _ entries: [Entry], checksums: Bool, frameCount: Int? = nil, descriptor: UInt8? = nil, skippedByteCount: Int? = nil
    ) -> [UInt8] {
        var content: [UInt8] = []
        for entry in entries {
            content += littleEndian(entry.byteCount, 4) + littleEndian(entry.decodedByteCount, 4)
            if checksums { content += littleEndian(Int(entry.checksum), 4) }
        }
        content += littleEndian(frameCount ?? entries.count, 4) + [descriptor ?? (checksums ? 0x80 : 0)] + littleEndian(0x8F92_EAB1, 4)
        return littleEndian(0x184D_2A5E, 4) + littleEndian(skippedByteCount ?? content.count, 4) + content
    }

    /// A file of frames and what is known of it.
    struct Built {
        var bytes: [UInt8] = []
        /// The frames with data: their place in the file, and their piece of the data.
        var frames: [(place: Range<Int>, data: Range<Int>)] = []
        /// Ends of the whole frames in the file: where cutting it leaves a file that nothing is wrong with.
        var seams: [Int] = []
        /// What a true seek table says.
        var entries: [Entry] = []
    }

    enum Layout: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case raw, single, singleUnsized, singleChecked, frames, framesChecked, framesUnsized, seekable, seekableUnsized
        case seekableTableChecked, seekableFullyChecked, pzstd, pzstdWithEmptyEnd, mixed, mixedSeekable, longWindow

        var testDescription: String { rawValue }

        var compression: Compression {
            switch self {
            case .raw: .none
            case .single, .singleUnsized, .singleChecked, .longWindow: .zstdSingleFrame
            case .frames, .framesChecked, .framesUnsized, .mixed: .zstdFrames
            case .seekable, .seekableUnsized, .seekableTableChecked, .seekableFullyChecked, .mixedSeekable: .zstdSeekable
            case .pzstd, .pzstdWithEmptyEnd: .zstdPzstd
            }
        }

        var hasChecksums: Bool {
            switch self {
            case .singleChecked, .framesChecked, .seekableTableChecked, .seekableFullyChecked, .pzstd, .pzstdWithEmptyEnd, .mixed,
                .mixedSeekable:
                true
            default: false
            }
        }
    }

    static func build(_ layout: Layout, _ data: [UInt8], frameByteCount: Int) -> Built {
        var built = Built()
        func add(_ frame: [UInt8], decodedByteCount: Int = 0) {
            let start = built.bytes.count
            built.bytes += frame
            let decodedStart = built.frames.last?.data.upperBound ?? 0
            let decoded = decodedStart..<decodedStart + decodedByteCount
            if decodedByteCount > 0 { built.frames.append((start..<built.bytes.count, decoded)) }
            built.seams.append(built.bytes.count)
            built.entries.append(
                Entry(byteCount: frame.count, decodedByteCount: decodedByteCount, checksum: checksum(data[decoded])))
        }
        var pieces: [ArraySlice<UInt8>] = []
        switch layout {
        case .raw:
            built.bytes = data
            return built
        case .single, .singleUnsized, .singleChecked, .longWindow:
            pieces = [data[...]]
        default:
            pieces = stride(from: 0, to: data.count, by: frameByteCount).map { data[$0..<min($0 + frameByteCount, data.count)] }
        }
        for piece in pieces {
            switch layout {
            case .raw: break
            case .single, .frames, .seekable, .seekableTableChecked: add(frame(piece), decodedByteCount: piece.count)
            case .singleUnsized, .framesUnsized, .seekableUnsized: add(frame(piece, contentSize: false), decodedByteCount: piece.count)
            case .singleChecked, .framesChecked, .seekableFullyChecked: add(frame(piece, checksum: true), decodedByteCount: piece.count)
            case .longWindow: add(frame(piece, contentSize: false, windowLog: 25), decodedByteCount: piece.count)
            case .pzstd, .pzstdWithEmptyEnd:
                let frame = frame(piece, checksum: true, contentSize: false)
                add(skippable(littleEndian(frame.count, 4), variant: 0))
                add(frame, decodedByteCount: piece.count)
            case .mixed, .mixedSeekable:
                if built.frames.count % 2 == 0 { add(skippable([1, 2, 3, 4, 5], variant: built.frames.count % 16)) }
                add(frame(piece, checksum: true), decodedByteCount: piece.count)
                add(frame([], checksum: true, contentSize: built.frames.count % 2 == 0))
            }
        }
        switch layout {
        case .pzstdWithEmptyEnd:
            let frame = frame([], checksum: true, contentSize: false)
            add(skippable(littleEndian(frame.count, 4), variant: 0))
            add(frame)
        case .seekable, .seekableUnsized: built.bytes += seekTable(built.entries, checksums: false)
        case .seekableTableChecked, .seekableFullyChecked, .mixedSeekable:
            built.bytes += seekTable(built.entries, checksums: true)
        default: break
        }
        return built
    }
}

/// Reads the decoder's run to its end, into buffers of `bufferByteCount`, or of the size it asks for where that is nil.
///
/// Not more than `readCount` times into buffers of less than 4096 bytes; then those have 4096.
func readAll(_ decoder: Decoder, bufferByteCount: Int?, readCount: Int = .max) throws -> [UInt8] {
    var reads = 0
    var bytes: [UInt8] = []
    var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bufferByteCount ?? 0), alignment: 1)
    defer { buffer.deallocate() }
    while true {
        reads += 1
        if reads == readCount, buffer.count < 4096 {
            buffer.deallocate()
            buffer = .allocate(byteCount: 4096, alignment: 1)
        }
        let wanted = decoder.nextByteCount
        precondition(wanted <= 8 << 20)
        if bufferByteCount == nil, wanted > buffer.count {
            buffer.deallocate()
            buffer = .allocate(byteCount: wanted, alignment: 1)
        }
        let room = bufferByteCount == nil && wanted > 0 ? UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]) : buffer
        let count = try decoder.read(into: room)
        if count == 0 { break }
        precondition(wanted > 0, "data came although none was announced")
        bytes.append(contentsOf: room[..<count])
    }
    return bytes
}

/// Opens and reads all, and does without the seek table if that lies: as the engine does.
func readAsEngine(_ path: String, decoder: Decoder = Decoder(), bufferByteCount: Int? = nil) throws -> [UInt8] {
    do {
        decoder.start(wholeOf: try ContainerFile(path: path))
        return try readAll(decoder, bufferByteCount: bufferByteCount)
    } catch let error as ContainerError where error.kind == .seekTableLies {
        decoder.start(wholeOf: try ContainerFile(path: path, options: ContainerOptions(usesSeekTable: false)))
        return try readAll(decoder, bufferByteCount: bufferByteCount)
    }
}

/// The error that `body` ends with, if it is one of ours.
func containerError(_ body: () throws -> Void) -> ContainerError? {
    do {
        try body()
        return nil
    } catch {
        return error as? ContainerError
    }
}
