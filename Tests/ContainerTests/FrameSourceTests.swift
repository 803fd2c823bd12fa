import SeededRandom
import Testing

@testable import Container

/// Frames that a format stores by rules of its own, which are read as those of compressed files are.
@Suite struct FrameSourceTests {
    /// Frames of bytes that count up, of which one may be damaged.
    private struct CountingFrames: FrameSource {
        let frameCount: Int
        let lastByteCount: Int
        var damagedFrame: Int?

        static let byteCount = 1000
        var storedByteCount: Int { 10 * frameCount }
        var hasChecksums: Bool { true }

        func decodedByteCount(ofFrame index: Int) -> Int { index == frameCount - 1 ? lastByteCount : Self.byteCount }
        func makeDecoder() -> any FrameDecoder { CountingDecoder(self) }

        /// The bytes of some frames.
        func bytes(ofFrames frames: Range<Int>) -> [UInt8] {
            frames.flatMap { frame in (0..<decodedByteCount(ofFrame: frame)).map { UInt8(truncatingIfNeeded: frame * Self.byteCount + $0) } }
        }
    }

    private final class CountingDecoder: FrameDecoder {
        private let frames: CountingFrames
        let allocatedByteCount = 0

        init(_ frames: CountingFrames) { self.frames = frames }

        func decode(_ index: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError) {
            if index == frames.damagedFrame { throw ByteSourceError(byteOffset: 7, problem: "a frame is damaged") }
            #expect(buffer.count == frames.decodedByteCount(ofFrame: index))
            buffer.copyBytes(from: frames.bytes(ofFrames: index..<index + 1))
        }
    }

    private static func file(_ frames: CountingFrames) throws -> ContainerFile {
        let whole = try ContainerFile(source: MemorySource(name: "whole", bytes: Array("a file around frames".utf8)), options: ContainerOptions())
        return try #require(ContainerFile(frames: frames, named: "whole/part", of: whole))
    }

    /// Reads a run to its end, in pieces of `pieceByteCount` bytes at most.
    private static func read(_ decoder: Decoder, pieceByteCount: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: pieceByteCount)
        while true {
            let count = try piece.withUnsafeMutableBytes { try decoder.read(into: $0) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    @Test("Runs of frames have the frames' bytes, in pieces of any size", arguments: [(1, 1), (1, 1000), (5, 300), (40, 1000)])
    func runs(_ shape: (frameCount: Int, lastByteCount: Int)) throws {
        let frames = CountingFrames(frameCount: shape.frameCount, lastByteCount: shape.lastByteCount)
        let file = try Self.file(frames)
        #expect(file.decodedByteCount == (shape.frameCount - 1) * CountingFrames.byteCount + shape.lastByteCount)
        #expect(file.frames.count == shape.frameCount && file.compression == .chunks)
        let decoder = Decoder(options: ContainerOptions())
        var random = SplitMix64(seed: 71)
        for pieceByteCount in [1, 299, 1000, 1001, 4096, 100_000] {
            let first = Int.random(in: 0..<shape.frameCount, using: &random)
            let run = first..<Int.random(in: first + 1...shape.frameCount, using: &random)
            decoder.start(file, frames: run)
            #expect(try Self.read(decoder, pieceByteCount: pieceByteCount) == frames.bytes(ofFrames: run), "\(run), \(pieceByteCount) bytes")
        }
        decoder.start(wholeOf: file)
        #expect(try Self.read(decoder, pieceByteCount: 777) == frames.bytes(ofFrames: 0..<shape.frameCount))
    }

    @Test("A frame that cannot be decoded is the error of the run, after the bytes before it")
    func damage() throws {
        let frames = CountingFrames(frameCount: 6, lastByteCount: 1000, damagedFrame: 3)
        let file = try Self.file(frames)
        let decoder = Decoder(options: ContainerOptions())
        decoder.start(file, frames: 1..<6)
        var bytes = [UInt8](repeating: 0, count: 2000)
        let count = try bytes.withUnsafeMutableBytes { try decoder.read(into: $0) }
        #expect(Array(bytes[..<count]) == frames.bytes(ofFrames: 1..<3))
        let error = #expect(throws: ContainerError.self) { try bytes.withUnsafeMutableBytes { try decoder.read(into: $0) } }
        #expect(error.map { "\($0)".contains("whole/part") } == true, "\(String(describing: error))")
        decoder.start(file, frames: 4..<6)
        #expect(try Self.read(decoder, pieceByteCount: 5000) == frames.bytes(ofFrames: 4..<6))
    }
}
