import Testing

@testable import Container

@Suite struct GzipBlocksTests {
    @Test(arguments: [1, 100, 65_280, 65_281, 1_000_000]) func blocksOfManySizes(size: Int) throws {
        let data = ZstdFixture.data(size, seed: UInt64(size))
        for pieceByteCount in [max(1, size / 100), 5000, 65_280] {
            let built = DeflateFixture.blocks(data, pieceByteCount: pieceByteCount)
            let temporary = TemporaryFile(built.bytes)
            let file = try ContainerFile(path: temporary.path)
            #expect(file.compression == .gzipBlocks && file.compression.rawValue == "gzip-blocks")
            #expect(file.decodedByteCount == size && file.warnings.isEmpty)
            #expect(file.isCuttable == (built.members.count > 1))
            #expect(file.frames.count == built.members.count)
            for (frame, member) in zip(file.frames, built.members) {
                #expect(frame.byteOffset == member.place.lowerBound && frame.byteCount == member.place.count)
                #expect(frame.decodedByteOffset == member.data.lowerBound && frame.decodedByteCount == member.data.count)
            }
            let decoder = Decoder()
            for bufferByteCount in [nil, 999, 1 << 20] {
                decoder.start(wholeOf: file)
                #expect(try readAll(decoder, bufferByteCount: bufferByteCount) == data)
            }
            // From the middle, as workers do.
            let middle = file.frames.count / 2
            decoder.start(file, frames: middle..<file.frames.count)
            #expect(try readAll(decoder, bufferByteCount: nil) == Array(data[file.frames[middle].decodedByteOffset...]))
        }
    }

    @Test func theEndBlock() throws {
        let data = ZstdFixture.data(5000, seed: 1)
        let without = TemporaryFile(DeflateFixture.blocks(data, pieceByteCount: 1000, ends: false).bytes)
        let file = try ContainerFile(path: without.path)
        #expect(file.compression == .gzipBlocks && file.warnings.count == 1 && file.warnings[0].contains("missing"))
        #expect(try readAsEngine(without.path) == data)
        // Empty blocks in the middle, as of joined files, and a file of nothing else.
        let twice = DeflateFixture.blocks(data, pieceByteCount: 1000).bytes
        let joined = TemporaryFile(twice + twice)
        #expect(try ContainerFile(path: joined.path).frames.count == 10)
        #expect(try readAsEngine(joined.path) == data + data)
        let empty = TemporaryFile(DeflateFixture.endBlock)
        #expect(try ContainerFile(path: empty.path).decodedByteCount == 0)
        #expect(try readAsEngine(empty.path) == [])
    }

    /// Members without the field, or with a size that is not theirs: then the file is gzip like any other.
    @Test func whatIsNotAllBlocks() throws {
        let data = ZstdFixture.data(3000, seed: 2)
        let blocks = DeflateFixture.blocks(data, pieceByteCount: 1000)
        let mixed = TemporaryFile(blocks.bytes + DeflateFixture.member(data))
        #expect(try ContainerFile(path: mixed.path).compression == .gzip)
        #expect(try readAsEngine(mixed.path) == data + data)
        let padded = TemporaryFile(blocks.bytes + Array(repeating: 0, count: 1000))
        #expect(try ContainerFile(path: padded.path).compression == .gzip)
        #expect(try readAsEngine(padded.path) == data)
        // Without the hints.
        let plain = TemporaryFile(blocks.bytes)
        #expect(try ContainerFile(path: plain.path, options: ContainerOptions(usesSeekTable: false)).compression == .gzip)
    }

    /// A block that says that it is empty, and is not, is not left out.
    @Test func aBlockThatClaimsToBeEmpty() throws {
        let data = ZstdFixture.data(300, seed: 3)
        let built = DeflateFixture.blocks(data, pieceByteCount: 100)
        var bytes = built.bytes
        for index in 0..<4 { bytes[built.members[1].place.upperBound - 4 + index] = 0 }
        let temporary = TemporaryFile(bytes)
        let error = containerError { _ = try readAsEngine(temporary.path) }
        #expect(error?.kind == .damaged && error?.frameIndex == 1)
    }

    /// A size of two blocks in the first one's header leads from block to block to the end, and is found out.
    @Test func aSizeThatLies() throws {
        let data = ZstdFixture.data(400, seed: 4)
        let built = DeflateFixture.blocks(data, pieceByteCount: 100)
        var bytes = built.bytes
        let both = built.members[0].place.count + built.members[1].place.count
        bytes[16] = UInt8(truncatingIfNeeded: both - 1)
        bytes[17] = UInt8((both - 1) >> 8)
        let temporary = TemporaryFile(bytes)
        let file = try ContainerFile(path: temporary.path)
        #expect(file.compression == .gzipBlocks && file.frames.count == 3)
        let decoder = Decoder()
        decoder.start(wholeOf: file)
        let error = containerError { _ = try readAll(decoder, bufferByteCount: nil) }
        #expect(error?.kind == .seekTableLies && error?.frameTerm == "block" && error?.frameIndex == 0)
        // Without the sizes beside the data, the file is sound.
        #expect(try readAsEngine(temporary.path) == data)
    }

    @Test func damageNamesTheBlock() throws {
        let data = ZstdFixture.data(5000, seed: 5)
        let built = DeflateFixture.blocks(data, pieceByteCount: 1000)
        let place = built.members[3].place
        var bytes = built.bytes
        bytes[place.upperBound - 8] ^= 1
        let temporary = TemporaryFile(bytes)
        let decoder = Decoder()
        decoder.start(wholeOf: try ContainerFile(path: temporary.path))
        let error = containerError { _ = try readAll(decoder, bufferByteCount: nil) }
        #expect(error?.kind == .checksumMismatch)
        #expect(error?.description.hasPrefix("\(temporary.path): block 3 at byte \(place.lowerBound): ") == true)
        let cut = TemporaryFile(Array(built.bytes[..<(place.lowerBound + 50)]))
        let cutError = containerError { _ = try ContainerFile(path: cut.path) }
        #expect(cutError?.kind == .truncated && cutError?.frameIndex == 3 && cutError?.byteOffset == place.lowerBound)
    }
}
