import Dispatch
import Synchronization
import Testing

@testable import Container

@Suite struct RoundTripTests {
    static let sizes: [(frame: Int, total: Int)] = [(7, 500), (4096, 30_000), (1 << 20, (1 << 20) + 1234)]

    @Test(arguments: ZstdFixture.Layout.allCases, 0..<sizes.count)
    func givesTheOriginalBytes(layout: ZstdFixture.Layout, size: Int) throws {
        let (frameByteCount, total) = Self.sizes[size]
        let rest = layout == .pzstdWithEmptyEnd ? total % frameByteCount : 0
        let data = ZstdFixture.data(total - rest, seed: UInt64(size) + 1)
        let built = ZstdFixture.build(layout, data, frameByteCount: frameByteCount)
        let temporary = TemporaryFile(built.bytes)
        let file = try ContainerFile(path: temporary.path)
        #expect(file.compression == layout.compression)
        #expect(file.warnings == [])
        #expect(file.byteCount == built.bytes.count)
        #expect(file.frames.map { $0.byteOffset..<$0.byteOffset + $0.byteCount } == built.frames.map(\.place))

        let decoder = Decoder()
        for bufferByteCount in [1, 3, 4096, 5 << 20, nil] {
            decoder.start(wholeOf: file)
            // A debug build takes a while to read megabytes byte by byte.
            #expect(try readAll(decoder, bufferByteCount: bufferByteCount, readCount: 5000) == data)
            #expect(decoder.nextByteCount == 0)
        }

        let unaided = try ContainerFile(path: temporary.path, options: ContainerOptions(usesSeekTable: false))
        decoder.start(wholeOf: unaided)
        #expect(try readAll(decoder, bufferByteCount: nil) == data)
        #expect(unaided.frames.count == file.frames.count)

        if layout == .raw {
            #expect(file.isCuttable && file.decodedByteCount == data.count)
            for cut in [0, 1, data.count / 3, data.count - 1, data.count] {
                decoder.start(file, decodedBytes: 0..<cut)
                let head = try readAll(decoder, bufferByteCount: nil)
                decoder.start(file, decodedBytes: cut..<data.count)
                #expect(try head + readAll(decoder, bufferByteCount: 777) == data)
            }
            return
        }

        // Runs split at every frame, of which the middle one is a single frame.
        for (index, frame) in built.frames.enumerated() {
            for (range, place) in [
                (0..<index, 0..<frame.data.lowerBound), (index..<index + 1, frame.data),
                (index + 1..<built.frames.count, frame.data.upperBound..<data.count),
            ] where range.count == 1 || frameByteCount < 1 << 20 {
                decoder.start(file, frames: range)
                #expect(try readAll(decoder, bufferByteCount: index % 2 == 0 ? nil : 10_000) == Array(data[place]))
            }
        }

        if file.frames.hasDecodedByteCounts {
            #expect(file.decodedByteCount == data.count)
            #expect(file.isCuttable == (built.frames.count > 1))
            #expect(file.frames.map { $0.decodedByteOffset..<$0.decodedByteOffset + $0.decodedByteCount } == built.frames.map(\.data))
            for (index, frame) in built.frames.enumerated() {
                for byte in [frame.data.lowerBound, frame.data.upperBound - 1] {
                    #expect(file.frames.index(ofFrameContainingDecodedByte: byte) == index)
                    #expect(file.frame(containingDecodedByte: byte)?.byteOffset == frame.place.lowerBound)
                }
            }
            #expect(file.frame(containingDecodedByte: data.count) == nil)
            #expect(file.frame(containingDecodedByte: -1) == nil)
        } else {
            #expect(file.decodedByteCount == nil && !file.isCuttable)
            #expect(file.frame(containingDecodedByte: 0) == nil)
        }
    }

    @Test func sizesAreKnownWhereTheyCanBe() throws {
        let data = ZstdFixture.data(60_000, seed: 5)
        for layout in ZstdFixture.Layout.allCases where layout != .pzstdWithEmptyEnd {
            let temporary = TemporaryFile(ZstdFixture.build(layout, data, frameByteCount: 9000).bytes)
            let file = try ContainerFile(path: temporary.path)
            let isKnown = ![.singleUnsized, .framesUnsized, .longWindow].contains(layout)
            #expect((file.decodedByteCount == data.count) == isKnown, "\(layout)")
        }
    }

    @Test func severalTinyFramesComeInOneCall() throws {
        let data = ZstdFixture.data(7000, seed: 3)
        let temporary = TemporaryFile(ZstdFixture.build(.seekable, data, frameByteCount: 7).bytes)
        let decoder = Decoder()
        decoder.start(wholeOf: try ContainerFile(path: temporary.path))
        #expect(decoder.nextByteCount == 7)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1000, alignment: 1)
        defer { buffer.deallocate() }
        #expect(try decoder.read(into: buffer) == 994)
        #expect(Array(buffer[..<994]) == Array(data[..<994]))
        #expect(decoder.nextByteCount == 7)
    }

    @Test func largeFramesAreStreamedAndVerified() throws {
        let data = ZstdFixture.data((9 << 20) + 17, seed: 4)
        for (layout, isVerified) in [
            (ZstdFixture.Layout.seekableTableChecked, true), (.seekableFullyChecked, true), (.seekable, false), (.framesChecked, true),
            (.frames, false), (.seekableUnsized, false), (.framesUnsized, false),
        ] {
            var built = ZstdFixture.build(layout, data, frameByteCount: (9 << 20) + 5)
            let temporary = TemporaryFile(built.bytes)
            let file = try ContainerFile(path: temporary.path)
            let decoder = Decoder()
            decoder.start(wholeOf: file)
            #expect(decoder.nextByteCount == 1 << 20)
            for bufferByteCount in [300_001, nil] {
                decoder.start(wholeOf: file)
                #expect(try readAll(decoder, bufferByteCount: bufferByteCount) == data)
            }
            // No need for room of the frame's size, whatever the caller has.
            #expect(decoder.allocatedByteCount < 6 << 20)

            guard isVerified else { continue }
            // A flipped bit in the middle is noticed before the frame's last byte is given out.
            built.bytes[built.frames[0].place.upperBound - 2_000_000] ^= 4
            temporary.write(built.bytes)
            decoder.start(wholeOf: try ContainerFile(path: temporary.path))
            var readByteCount = 0
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100_000, alignment: 1)
            defer { buffer.deallocate() }
            let error = containerError {
                while true {
                    let count = try decoder.read(into: buffer)
                    if count == 0 { break }
                    readByteCount += count
                }
            }
            #expect([.checksumMismatch, .damaged].contains(error?.kind), "\(layout)")
            #expect(error?.frameIndex == 0 && error?.byteOffset == 0)
            #expect(readByteCount < built.frames[0].data.upperBound)
            // The same again until the next start.
            #expect(containerError { _ = try decoder.read(into: buffer) } == error)
        }
    }

    @Test func dataBeforeADamagedFrameComeFirst() throws {
        let data = ZstdFixture.data(500, seed: 6)
        var built = ZstdFixture.build(.framesChecked, data, frameByteCount: 100)
        built.bytes[built.frames[3].place.upperBound - 1] ^= 1
        let temporary = TemporaryFile(built.bytes)
        let decoder = Decoder()
        for bufferByteCount in [1, 70, 100, 170, 1000] {
            decoder.start(wholeOf: try ContainerFile(path: temporary.path))
            var bytes: [UInt8] = []
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferByteCount, alignment: 1)
            defer { buffer.deallocate() }
            let error = containerError {
                while true {
                    let count = try decoder.read(into: buffer)
                    if count == 0 { break }
                    bytes.append(contentsOf: buffer[..<count])
                }
            }
            #expect(bytes == Array(data[..<300]))
            #expect(error?.kind == .checksumMismatch && error?.frameIndex == 3)
            #expect(error?.byteOffset == built.frames[3].place.lowerBound)
            #expect(decoder.nextByteCount == 1)
        }
    }

    @Test func oneFileIsSharedByManyThreads() throws {
        let data = ZstdFixture.data(3_000_000, seed: 7)
        for layout in [ZstdFixture.Layout.seekableFullyChecked, .pzstd, .frames] {
            let temporary = TemporaryFile(ZstdFixture.build(layout, data, frameByteCount: 50_000).bytes)
            let file = try ContainerFile(path: temporary.path)
            let wrong = Atomic(0)
            DispatchQueue.concurrentPerform(iterations: 8) { worker in
                let decoder = Decoder()
                for index in stride(from: worker, to: file.frames.count, by: 8) {
                    let frame = file.frames[index]
                    decoder.start(file, frames: index..<index + 1)
                    let piece = try? readAll(decoder, bufferByteCount: nil)
                    if piece != Array(data[frame.decodedByteOffset..<frame.decodedByteOffset + frame.decodedByteCount]) {
                        wrong.add(1, ordering: .relaxed)
                    }
                }
            }
            #expect(wrong.load(ordering: .relaxed) == 0)
        }
    }

    @Test func buffersGrowToTheLargestFrameAndStay() throws {
        let data = ZstdFixture.data(4_000_000, seed: 8)
        let temporary = TemporaryFile(ZstdFixture.build(.seekableFullyChecked, data, frameByteCount: 400_000).bytes)
        let file = try ContainerFile(path: temporary.path)
        let decoder = Decoder()
        decoder.start(wholeOf: file)
        _ = try readAll(decoder, bufferByteCount: nil)
        let settled = decoder.allocatedByteCount
        #expect(settled < 1 << 20)
        for _ in 0..<3 {
            decoder.start(wholeOf: file)
            _ = try readAll(decoder, bufferByteCount: nil)
            #expect(decoder.allocatedByteCount == settled)
        }
    }
}
