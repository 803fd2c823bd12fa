import SeededRandom
import Testing

@testable import Container

@Suite struct GzipTests {
    private func error(_ bytes: [UInt8], options: ContainerOptions = .init()) -> ContainerError? {
        let temporary = TemporaryFile(bytes)
        return containerError {
            let decoder = Decoder()
            decoder.start(wholeOf: try ContainerFile(path: temporary.path, options: options))
            _ = try readAll(decoder, bufferByteCount: nil)
        }
    }

    @Test(arguments: [0, 1, 2, 100, 65_535, 65_536, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000])
    func membersOfManySizes(size: Int) throws {
        let data = ZstdFixture.data(size, seed: UInt64(size))
        let decoder = Decoder()
        for pieceByteCount in [max(1, size), max(1, size / 3), 70_000] {
            var built = DeflateFixture.members(data, pieceByteCount: pieceByteCount)
            if size == 0 { built.bytes = DeflateFixture.member([]) }
            let temporary = TemporaryFile(built.bytes)
            let file = try ContainerFile(path: temporary.path)
            #expect(file.compression == .gzip && file.compression.rawValue == "gzip" && file.decodedByteCount == nil && !file.isCuttable)
            #expect(file.frames.count == 1 && !file.frames.hasDecodedByteCounts && !file.isStream)
            #expect(try file.hasChecksums() == true)
            for bufferByteCount in [nil, 1 << 16, 4097] {
                decoder.start(wholeOf: file)
                #expect(try readAll(decoder, bufferByteCount: bufferByteCount) == data)
                #expect(decoder.nextByteCount == 0)
            }
        }
        #expect(decoder.allocatedByteCount < 2 << 20)
    }

    /// Also through buffers of a byte, where members and blocks end at every place of one.
    @Test func manyMembersThroughSmallBuffers() throws {
        let seed: UInt64 = 0x6E21
        print("GzipTests.manyMembersThroughSmallBuffers: seed \(seed)")
        var random = SplitMix64(seed: seed)
        let decoder = Decoder()
        for _ in 0..<200 {
            var data: [UInt8] = []
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let piece = ZstdFixture.data(Int.random(in: 0...300, using: &random), seed: random.next())
                bytes += DeflateFixture.member(
                    piece, level: Int.random(in: 0...9, using: &random), strategy: CInt.random(in: 0...4, using: &random))
                data += piece
            }
            bytes += Array(repeating: 0, count: Int.random(in: 0...3, using: &random) * 300)
            let temporary = TemporaryFile(bytes)
            decoder.start(wholeOf: try ContainerFile(path: temporary.path))
            #expect(try readAll(decoder, bufferByteCount: Int.random(in: 1...9, using: &random)) == data)
        }
    }

    @Test func whatFollowsTheLastMember() throws {
        let data = ZstdFixture.data(1000, seed: 1)
        let member = DeflateFixture.member(data)
        for zeros in [1, 7, 512, 300_000] {
            let temporary = TemporaryFile(member + Array(repeating: 0, count: zeros))
            #expect(try readAsEngine(temporary.path) == data)
            let late = error(member + Array(repeating: 0, count: zeros) + [0x1F])
            #expect(late?.kind == .damaged && late?.byteOffset == member.count + zeros && late?.found == "1f")
        }
        for garbage in [[UInt8(1)], [0x1F, 0x8C], [0x42, 0x43, 0x44, 0x45, 0x46]] {
            let error = error(member + garbage)
            #expect(error?.kind == .damaged && error?.byteOffset == member.count && error?.problem.contains("after 1 gzip member ") == true)
        }
        // This may have become a member.
        for start in [[0x1F], [0x1F, 0x8B], [0x1F, 0x8B, 8, 0, 0]] as [[UInt8]] {
            #expect(error(member + start)?.kind == .truncated)
        }
    }

    @Test func cutAnywhere() throws {
        let data = ZstdFixture.data(400, seed: 2)
        let built = DeflateFixture.members(data, pieceByteCount: 100)
        let temporary = TemporaryFile([])
        let decoder = Decoder()
        for cut in 2..<built.bytes.count {
            temporary.write(Array(built.bytes[..<cut]))
            var bytes: [UInt8]?
            let error = containerError { bytes = try readAsEngine(temporary.path, decoder: decoder) }
            let member = built.members.firstIndex { $0.place.contains(cut) } ?? 0
            if let bytes {
                #expect(built.members[member].place.lowerBound == cut && bytes == Array(data[..<built.members[member].data.lowerBound]))
            } else {
                #expect(error?.kind == .truncated && error?.frameIndex == member && error?.remedy != nil, "cut at \(cut)")
                let start = built.members[member].place.lowerBound
                #expect(error?.byteOffset == start)
                #expect(error?.description.hasPrefix("\(temporary.path): member \(member) at byte \(start): the file ends ") == true)
            }
        }
    }

    /// Any flipped bit gives an error or changes nothing; but for the first two bytes, without which the file is a raw one.
    @Test(arguments: [false, true]) func aFlippedBitAnywhere(blocks: Bool) throws {
        let data = ZstdFixture.data(360, seed: 3)
        let built =
            blocks ? DeflateFixture.blocks(data, pieceByteCount: 90) : DeflateFixture.members(data, pieceByteCount: 90)
        let temporary = TemporaryFile([])
        let decoder = Decoder()
        var errorCount = 0
        for bit in 16..<8 * built.bytes.count {
            var bytes = built.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            temporary.write(bytes)
            var decoded: [UInt8]?
            let error = containerError { decoded = try readAsEngine(temporary.path, decoder: decoder) }
            if let decoded {
                #expect(decoded == data, "bit \(bit % 8) of byte \(bit / 8)")
            } else {
                #expect(error != nil && error?.kind != .seekTableLies, "bit \(bit % 8) of byte \(bit / 8)")
                errorCount += 1
            }
        }
        #expect(errorCount > 8 * built.bytes.count / 2)
    }

    @Test(arguments: 0..<4) func mutatedFiles(worker: Int) throws {
        let seed = 0x6219_0000 + UInt64(worker)
        print("GzipTests.mutatedFiles: seed \(seed)")
        var random = SplitMix64(seed: seed)
        let temporary = TemporaryFile([])
        let decoder = Decoder()
        for round in 0..<1500 {
            let data = ZstdFixture.data(Int.random(in: 1...2000, using: &random), seed: random.next())
            let pieceByteCount = Int.random(in: 1...700, using: &random)
            let built =
                round % 2 == 0
                ? DeflateFixture.blocks(data, pieceByteCount: pieceByteCount)
                : DeflateFixture.members(data, pieceByteCount: pieceByteCount)
            var bytes = built.bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 2..<max(3, bytes.count), using: &random)
                switch random.next() % 4 {
                case 0: bytes[min(place, bytes.count - 1)] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
                case 2: bytes.insert(contentsOf: bytes[max(0, place - 20)..<min(place, bytes.count)], at: min(place, bytes.count))
                default: bytes = Array(bytes[..<min(place, bytes.count)])
                }
                if bytes.count < 3 { break }
            }
            temporary.write(bytes)
            var decoded: [UInt8]?
            _ = containerError { decoded = try readAsEngine(temporary.path, decoder: decoder) }
            // Whole members may be missing, or come twice; no byte of a member may be wrong.
            if let decoded, decoded != data, decoded != bytes {
                let pieces = Set(built.members.map { Array(data[$0.data]) })
                #expect(isMade(decoded, of: pieces), "round \(round)")
            }
            #expect(decoder.allocatedByteCount < 4 << 20)
        }
    }

    /// Whether `bytes` is some of the pieces, one after the other.
    private func isMade(_ bytes: [UInt8], of pieces: Set<[UInt8]>) -> Bool {
        var ends: Set<Int> = [0]
        for end in 1..<max(1, bytes.count + 1)
        where pieces.contains(where: { ends.contains(end - $0.count) && bytes[..<end].hasSuffix($0) }) {
            ends.insert(end)
        }
        return ends.contains(bytes.count)
    }

    @Test func damageNamesMemberAndByte() throws {
        let data = ZstdFixture.data(40_000, seed: 4)
        let built = DeflateFixture.members(data, pieceByteCount: 10_000)
        let place = built.members[2].place
        for (offset, kind, words) in [
            (place.lowerBound + 2, ContainerError.Kind.unsupported, "method 9"),
            (place.lowerBound + 3, .damaged, "reserved bit"),
            (place.lowerBound + 12, .damaged, "header does not have its checksum"),
            (place.upperBound - 8, .checksumMismatch, "checksum in its trailer"),
            (place.upperBound - 4, .damaged, "another size than its trailer"),
        ] {
            var bytes = built.bytes
            bytes[offset] ^= offset == place.lowerBound + 3 ? 0x80 : 1
            let temporary = TemporaryFile(bytes)
            let decoder = Decoder()
            decoder.start(wholeOf: try ContainerFile(path: temporary.path))
            let error = containerError { _ = try readAll(decoder, bufferByteCount: nil) }
            #expect(error?.kind == kind && error?.problem.contains(words) == true, "\(words): \(String(describing: error))")
            #expect(error?.description.hasPrefix("\(temporary.path): member 2 at byte \(place.lowerBound): ") == true)
        }
    }

    /// All data before the damage is given out, then the error, again and again.
    @Test func theErrorComesAfterTheDataBeforeIt() throws {
        let data = ZstdFixture.data(3000, seed: 5)
        let built = DeflateFixture.members(data, pieceByteCount: 1000)
        var bytes = built.bytes
        bytes[built.members[2].place.lowerBound] = 7
        let temporary = TemporaryFile(bytes)
        let decoder = Decoder()
        decoder.start(wholeOf: try ContainerFile(path: temporary.path))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 5000, alignment: 1)
        defer { buffer.deallocate() }
        #expect(try decoder.read(into: buffer) == 2000)
        #expect(Array(buffer[..<2000]) == Array(data[..<2000]))
        for _ in 0..<2 {
            #expect(decoder.nextByteCount > 0)
            #expect(containerError { _ = try decoder.read(into: buffer) }?.kind == .damaged)
        }
    }

    @Test func aHeaderWithoutEnd() {
        let member = DeflateFixture.member([1, 2, 3], name: String(repeating: "n", count: 100_000))
        let temporary = TemporaryFile(member)
        #expect((try? readAsEngine(temporary.path)) == [1, 2, 3])
        let error = error([0x1F, 0x8B, 8, 8, 0, 0, 0, 0, 0, 3] + Array(repeating: 0x41, count: 3 << 20))
        #expect(error?.kind == .damaged && error?.problem.contains("does not end within") == true)
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ other: [UInt8]) -> Bool { count >= other.count && suffix(other.count).elementsEqual(other) }
}
