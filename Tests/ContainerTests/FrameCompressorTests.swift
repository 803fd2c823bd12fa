import Testing

@testable import Container

/// Frames, and the table of them.
@Suite struct FrameCompressorTests {
    /// What a compressor made before does not matter: workers make different frames in every run.
    @Test(arguments: [-1, 1, 3, 4, 6, 8, 11, 13, 17])
    func framesDependOnTheirContentAlone(level: Int) throws {
        let contents = (0..<6).map { ZstdFixture.data(20_000 + 9000 * $0, seed: 60 + UInt64($0)) }
        let used = FrameCompressor(level: level)
        for content in contents { _ = try content.withUnsafeBytes { try used.frame(of: $0) } }
        for content in contents.reversed() {
            let fresh = FrameCompressor(level: level)
            let (first, second) = try content.withUnsafeBytes { (try fresh.frame(of: $0), try used.frame(of: $0)) }
            #expect(first == second)
        }
    }

    @Test func levelsAreLibzstds() throws {
        #expect(FrameCompressor.levels.contains(1...19) && FrameCompressor.levels.lowerBound < -10)
        #expect(FrameCompressor.defaultLevel == 3)
        let content = ZstdFixture.data(5000, seed: 70)
        for level in [FrameCompressor.levels.lowerBound, FrameCompressor.levels.upperBound] {
            let frame = try content.withUnsafeBytes { try FrameCompressor(level: level).frame(of: $0) }
            #expect(!frame.isEmpty)
        }
    }

    /// Refused by its size alone, before a byte is looked at.
    @Test func contentBeyondTheFormat() {
        let content = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 4096), count: FrameCompressor.largestContentByteCount + 1)
        #expect(throws: SeekableWriterError.self) { try FrameCompressor(level: 1).frame(of: content) }
    }

    @Test func tableOfFramesReadsBack() throws {
        let contents = [ZstdFixture.data(1, seed: 71), ZstdFixture.data(7000, seed: 72), ZstdFixture.data(300, seed: 73)]
        let compressor = FrameCompressor(level: 3)
        var table = SeekTableWriter()
        var file: [UInt8] = []
        for content in contents {
            let frame = try content.withUnsafeBytes { try compressor.frame(of: $0) }
            try table.append(frame, contentByteCount: content.count)
            file += frame
        }
        #expect(table.frameCount == 3)
        file += table.table()
        let temporary = TemporaryFile(file)
        let opened = try ContainerFile(path: temporary.path)
        #expect(opened.compression == .zstdSeekable && opened.warnings.isEmpty)
        #expect(opened.frames.map(\.decodedByteCount) == [1, 7000, 300])
        #expect(opened.frames.allSatisfy { $0.checksum != nil })
        let decoder = Decoder()
        decoder.start(wholeOf: opened)
        #expect(try readAll(decoder, bufferByteCount: nil) == contents.flatMap { $0 })
    }

    /// A file without a frame: the table alone.
    @Test func tableOfNothing() {
        #expect(SeekTableWriter().table() == [0x5E, 0x2A, 0x4D, 0x18, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0xB1, 0xEA, 0x92, 0x8F])
    }
}
