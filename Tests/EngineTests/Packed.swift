import CXXHash
import Container
import Outputs
import Testing

@testable import Engine

/// Packs, commits, and gives the report; all but the files has a usual value.
@discardableResult
func pack(
    _ input: String, _ output: String, level: Int = 3, frameByteCount: Int = 1 << 20, threads: Int = 1
) throws(EngineError) -> PackReport {
    var options = PackingOptions(inputPath: input, outputPath: output)
    options.level = level
    options.frameByteCount = frameByteCount
    options.threadCount = threads
    let packing = try Packing(options)
    do throws(OutputError) { try packing.output.commit() } catch { throw EngineError(error) }
    return packing.report
}

/// A packed file as Container finds it, every frame decompressed.
struct Packed {
    let frames: [Frame]
    /// All that it decompresses to.
    let bytes: [UInt8]
    let compression: Compression

    init(_ path: String) throws {
        let file = try ContainerFile(path: path)
        compression = file.compression
        frames = Array(file.frames)
        let decoder = Decoder()
        decoder.start(wholeOf: file)
        var decoded = [UInt8](repeating: 0, count: (file.decodedByteCount ?? 0) + 1)
        var filled = 0
        while true {
            let count = try decoded.withUnsafeMutableBytes {
                try decoder.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            if count == 0 { break }
            filled += count
        }
        bytes = Array(decoded[..<filled])
    }

    /// Checks that it is `plain`, its header in the first frame, `rowsPerFrame` whole rows in each of the others but the last, and that
    /// every frame's checksum stands in the table and at the frame's end.
    func expect(
        plain: [UInt8], headerByteCount: Int, rowByteCount: Int, rowsPerFrame: Int, file: [UInt8], _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(compression == .zstdSeekable, "\(what)", sourceLocation: sourceLocation)
        #expect(bytes == plain ? true : false, "\(what): other bytes", sourceLocation: sourceLocation)
        let dataByteCount = plain.count - headerByteCount
        let frameByteCount = rowsPerFrame * rowByteCount
        var sizes = [headerByteCount]
        if dataByteCount > 0 {
            sizes += [Int](repeating: frameByteCount, count: (dataByteCount - 1) / frameByteCount)
            sizes.append(dataByteCount - (sizes.count - 1) * frameByteCount)
        }
        #expect(frames.map(\.decodedByteCount) == sizes, "\(what)", sourceLocation: sourceLocation)
        for frame in frames {
            let content = plain[frame.decodedByteOffset..<frame.decodedByteOffset + frame.decodedByteCount]
            let checksum = content.withUnsafeBytes { UInt32(truncatingIfNeeded: XXH64($0.baseAddress, $0.count, 0)) }
            #expect(frame.checksum == checksum, "\(what), frame \(frame.index)", sourceLocation: sourceLocation)
            // RFC 8878: bit 2 of the descriptor says that the content's checksum ends the frame.
            let stored = file[frame.byteOffset..<frame.byteOffset + frame.byteCount]
            #expect(stored[frame.byteOffset + 4] & 4 != 0, "\(what), frame \(frame.index)", sourceLocation: sourceLocation)
            #expect(Array(stored.suffix(4)) == Compressor.littleEndian(Int(checksum), 4), "\(what)", sourceLocation: sourceLocation)
        }
    }
}
