import SeededRandom
import Testing

@testable import Container

@Suite struct DamageTests {
    /// Cutting a file anywhere gives an error, but for cuts between whole frames of a file that has no table: nothing in
    /// such a file says that there was more. Then exactly the data of the frames before the cut are given.
    @Test(arguments: ZstdFixture.Layout.allCases.filter { $0 != .raw })
    func aFileCutAnywhere(layout: ZstdFixture.Layout) throws {
        let data = ZstdFixture.data(320, seed: 11)
        let built = ZstdFixture.build(layout, data, frameByteCount: 64)
        let temporary = TemporaryFile([])
        let decoder = Decoder()
        for cut in 0..<built.bytes.count {
            temporary.write(Array(built.bytes[..<cut]))
            var bytes: [UInt8]?
            let error = containerError { bytes = try readAsEngine(temporary.path, decoder: decoder) }
            if let bytes {
                #expect(built.seams.contains(cut), "cut at \(cut)")
                let whole = built.frames.last { $0.place.upperBound <= cut }?.data.upperBound ?? 0
                #expect(bytes == Array(data[..<whole]), "cut at \(cut)")
            } else {
                #expect((error?.kind == .empty) == (cut == 0), "cut at \(cut)")
                #expect([.empty, .truncated, .damaged].contains(error?.kind), "cut at \(cut): \(String(describing: error))")
                #expect(error?.remedy != nil)
            }
        }
    }

    /// Any single flipped bit gives an error or changes nothing.
    ///
    /// Only in the first frame's magic number a flip can make the file another, raw one, which is for whoever reads raw bytes
    /// to refuse; not so where a seek table ends it.
    @Test(arguments: ZstdFixture.Layout.allCases.filter { $0.hasChecksums })
    func aFlippedBitAnywhere(layout: ZstdFixture.Layout) throws {
        let data = ZstdFixture.data(330, seed: 12)
        let built = ZstdFixture.build(layout, data, frameByteCount: 110)
        let temporary = TemporaryFile([])
        let decoder = Decoder()
        var errorCount = 0
        for bit in 0..<8 * built.bytes.count {
            var bytes = built.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            temporary.write(bytes)
            var decoded: [UInt8]?
            let error = containerError { decoded = try readAsEngine(temporary.path, decoder: decoder) }
            if let decoded {
                if bit < 32, layout.compression != .zstdSeekable, decoded == bytes { continue }
                #expect(decoded == data, "bit \(bit % 8) of byte \(bit / 8)")
            } else {
                #expect(error != nil, "bit \(bit % 8) of byte \(bit / 8)")
                errorCount += 1
            }
        }
        // Nearly all of them are noticed.
        #expect(errorCount > 8 * built.bytes.count / 2)
    }

    @Test func aFlippedBitInACheckedFrameNamesThePlace() throws {
        let data = ZstdFixture.data(100_000, seed: 13)
        for layout in [ZstdFixture.Layout.seekableTableChecked, .seekableFullyChecked, .framesChecked, .mixed] {
            var built = ZstdFixture.build(layout, data, frameByteCount: 20_000)
            let place = built.frames[2].place
            built.bytes[place.lowerBound + place.count / 2] ^= 0x10
            let temporary = TemporaryFile(built.bytes)
            let error = containerError { _ = try readAsEngine(temporary.path) }
            #expect(error?.frameIndex == 2 && error?.byteOffset == place.lowerBound, "\(layout)")
            #expect([.checksumMismatch, .damaged].contains(error?.kind), "\(layout)")
            #expect(error?.description.hasPrefix("\(temporary.path): frame 2 at byte \(place.lowerBound): ") == true)
        }
    }

    @Test func bytesAfterTheLastFrame() throws {
        let data = ZstdFixture.data(1000, seed: 14)
        for layout in [ZstdFixture.Layout.single, .frames, .pzstd, .seekable, .mixed] {
            for garbage in [[UInt8(0)], [0x28, 0xB5, 0x2F], [1, 2, 3, 4, 5, 6, 7, 8], Array(repeating: 0, count: 5000)] {
                let built = ZstdFixture.build(layout, data, frameByteCount: 300)
                let temporary = TemporaryFile(built.bytes + garbage)
                let error = containerError { _ = try readAsEngine(temporary.path) }
                #expect(error?.kind == (garbage.count == 3 ? .truncated : .damaged), "\(layout)")
                #expect(error?.byteOffset == built.bytes.count, "\(layout)")
            }
        }
    }

    @Test func aReservedBlockTypeOrHeaderBit() throws {
        let frame = ZstdFixture.frame(ZstdFixture.data(100, seed: 15))
        guard case .data(let header) = frame.withUnsafeBytes({ FrameStart($0) }) else {
            Issue.record("no frame")
            return
        }
        for (index, mask) in [(header.byteCount, UInt8(6)), (4, 8)] {
            var bytes = frame
            bytes[index] |= mask
            let temporary = TemporaryFile(frame + bytes)
            let error = containerError { _ = try ContainerFile(path: temporary.path) }
            #expect(error?.kind == .damaged && error?.byteOffset == frame.count && error?.frameIndex == 1)
            #expect(error?.problem.contains("reserved") == true)
        }
    }

    /// A frame whose header is changed to say that it is empty is not left out in silence.
    @Test func aFrameThatClaimsToBeEmpty() throws {
        let frames = (0..<3).map { ZstdFixture.frame(Array("abcdefgh\($0)".utf8) + Array(repeating: UInt8(65 + $0), count: 90)) }
        var bytes = frames[1]
        // A single segment, whose size takes one byte.
        #expect(bytes[4] == 0b0010_0000 && bytes[5] == 99)
        bytes[5] = 0
        let temporary = TemporaryFile(frames[0] + bytes + frames[2])
        let error = containerError { _ = try ContainerFile(path: temporary.path) }
        #expect(error?.kind == .damaged && error?.frameIndex == 1 && error?.byteOffset == frames[0].count)
    }

    /// Where the caller's buffer takes all of a streamed frame, its checksum is verified before the bytes are given out.
    @Test func theLastBytesOfAStreamedFrameAreVerifiedFirst() throws {
        // The first 256 KiB, which are read at once, end just before the checksum.
        var random = SplitMix64(seed: 17)
        var data = Array(repeating: UInt8(0), count: 20_000)
        var bytes: [UInt8] = []
        let target = (256 << 10) + 4
        while bytes.count < target {
            data += (0..<max(1, target - bytes.count - 40)).map { _ in UInt8.random(in: 0...255, using: &random) }
            bytes = ZstdFixture.frame(data, checksum: true, contentSize: false)
        }
        #expect(bytes.count == target)
        let temporary = TemporaryFile(bytes)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: data.count, alignment: 1)
        defer { buffer.deallocate() }
        let decoder = Decoder()
        decoder.start(wholeOf: try ContainerFile(path: temporary.path))
        #expect(try decoder.read(into: buffer) == data.count)
        #expect(decoder.nextByteCount == 0)
        #expect(try decoder.read(into: buffer) == 0)

        bytes[bytes.count - 1] ^= 1
        temporary.write(bytes)
        decoder.start(wholeOf: try ContainerFile(path: temporary.path))
        let error = containerError { _ = try decoder.read(into: buffer) }
        #expect(error?.kind == .checksumMismatch)
    }

    @Test func aFileThatShrinksWhileItIsRead() throws {
        let data = ZstdFixture.data(50_000, seed: 16)
        for layout in [ZstdFixture.Layout.raw, .seekable, .singleUnsized] {
            let built = ZstdFixture.build(layout, data, frameByteCount: 1000)
            let temporary = TemporaryFile(built.bytes)
            let decoder = Decoder()
            decoder.start(wholeOf: try ContainerFile(path: temporary.path))
            temporary.write(Array(built.bytes[..<(built.bytes.count / 2)]))
            let error = containerError { _ = try readAll(decoder, bufferByteCount: nil) }
            #expect(error?.kind == .fileChanged)
            #expect(error?.byteOffset == built.bytes.count / 2)
        }
    }

    /// Random mutations of small files: no crash, no endless output, no memory beyond what the limits allow.
    @Test(arguments: 0..<4)
    func mutatedFiles(worker: Int) throws {
        let seed = 0x5EED_0000 + UInt64(worker)
        print("DamageTests.mutatedFiles: seed \(seed)")
        var random = SplitMix64(seed: seed)
        let decoder = Decoder(options: ContainerOptions(maximumWindowByteCount: 1 << 20))
        let temporary = TemporaryFile([])
        let layouts = ZstdFixture.Layout.allCases
        let sources = layouts.map { ZstdFixture.build($0, ZstdFixture.data(700, seed: seed ^ 1), frameByteCount: 150).bytes }
        var outcomes = (fine: 0, wrong: 0)
        for _ in 0..<1200 {
            var bytes = sources.randomElement(using: &random) ?? []
            for _ in 0...Int.random(in: 0..<5, using: &random) {
                let place = Int.random(in: 0..<max(1, bytes.count), using: &random)
                switch Int.random(in: 0..<7, using: &random) {
                case 0 where !bytes.isEmpty: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2 where !bytes.isEmpty: bytes.remove(at: place)
                case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                case 4: bytes.removeSubrange(place..<min(bytes.count, place + 40))
                case 5: bytes += sources.randomElement(using: &random) ?? []
                case 6 where bytes.count > 4:
                    // Sizes that hurt, where there may be a size.
                    let number = [0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x8000_0000].randomElement(using: &random) ?? 0
                    bytes.replaceSubrange(
                        min(place, bytes.count - 4)..<min(place, bytes.count - 4) + 4, with: ZstdFixture.littleEndian(number, 4))
                default: break
                }
            }
            temporary.write(bytes)
            let options = ContainerOptions(maximumWindowByteCount: 1 << 20, usesSeekTable: Bool.random(using: &random))
            do {
                let file = try ContainerFile(path: temporary.path, options: options)
                decoder.start(wholeOf: file)
                let decoded = try readAll(decoder, bufferByteCount: [1, 7, 150, nil].randomElement(using: &random) ?? nil)
                if let expected = file.decodedByteCount { #expect(decoded.count == expected) }
                outcomes.fine += 1
            } catch let error as ContainerError {
                #expect(!error.description.isEmpty)
                outcomes.wrong += 1
            }
            // A frame of 8 MiB beside its compressed bytes at the very most, and a window.
            #expect(decoder.allocatedByteCount < 20 << 20)
        }
        #expect(outcomes.fine > 0 && outcomes.wrong > 600)
    }

    /// Files that are random but for their beginning.
    @Test func randomFiles() throws {
        var random = SplitMix64(seed: 0xFACE)
        let temporary = TemporaryFile([])
        let decoder = Decoder(options: ContainerOptions(maximumWindowByteCount: 1 << 20))
        for _ in 0..<1000 {
            let beginnings: [[UInt8]] = [[0x28, 0xB5, 0x2F, 0xFD], [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0]]
            var bytes = beginnings.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0..<60, using: &random) {
                bytes.append(UInt8.random(in: 0...255, using: &random) & UInt8.random(in: 0...255, using: &random))
            }
            temporary.write(bytes)
            if let file = try? ContainerFile(path: temporary.path) {
                decoder.start(wholeOf: file)
                _ = try? readAll(decoder, bufferByteCount: nil)
            }
            #expect(decoder.allocatedByteCount < 20 << 20)
        }
    }
}
