import Glibc
import Testing

@testable import Container

/// Claims that would take more memory or time than anybody has.
@Suite struct LimitTests {
    private static let frameStart = "frame 0 at byte 0: "

    /// The most memory that this process ever held, in bytes.
    private func peakByteCount() -> Int {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        return Int(usage.ru_maxrss) << 10
    }

    @Test func aWindowBeyondTheLimit() throws {
        let data = ZstdFixture.data(10_000, seed: 31)
        let temporary = TemporaryFile(ZstdFixture.frame(data, contentSize: false, windowLog: 27))
        let decoder = Decoder()
        decoder.start(wholeOf: try ContainerFile(path: temporary.path))
        #expect(try readAll(decoder, bufferByteCount: nil) == data)

        let options = ContainerOptions(maximumWindowByteCount: (128 << 20) - 1)
        let strict = Decoder(options: options)
        strict.start(wholeOf: try ContainerFile(path: temporary.path, options: options))
        let error = containerError { _ = try readAll(strict, bufferByteCount: nil) }
        #expect(error?.kind == .windowTooLarge)
        #expect(
            error?.description == temporary.path + ": " + Self.frameStart
                + "decompressing it takes too much memory: found a window of 134217728 bytes, wanted at most 134217727; "
                + "ContainerOptions.maximumWindowByteCount raises the limit")
        #expect(strict.allocatedByteCount < 1 << 20)

        // A content size that is known and small needs no such window.
        let sized = TemporaryFile(ZstdFixture.bomb(contentSize: 1000, windowDescriptor: 0x98, blockCount: 1, size: 1000))
        strict.start(wholeOf: try ContainerFile(path: sized.path))
        for bufferByteCount in [nil, 10] {
            #expect(try readAll(strict, bufferByteCount: bufferByteCount).count == (bufferByteCount == nil ? 1000 : 0))
        }
    }

    @Test func everyWindowDescriptor() throws {
        let decoder = Decoder()
        for descriptor in UInt8.min...UInt8.max {
            let temporary = TemporaryFile(
                ZstdFixture.bomb(contentSize: nil, windowDescriptor: descriptor, blockCount: 2, size: 1000)
                    + ZstdFixture.frame([1, 2, 3]))
            let file = try ContainerFile(path: temporary.path)
            #expect(file.decodedByteCount == 2003)
            // Blocks that only repeat a byte give the size away, and then no window is needed.
            decoder.start(wholeOf: file)
            if descriptor >> 3 < 22 {
                #expect(try readAll(decoder, bufferByteCount: nil).count == 2003)
            } else {
                // 4 GiB and more, which libzstd does not take.
                let error = containerError { _ = try readAll(decoder, bufferByteCount: nil) }
                #expect(error?.kind == .windowTooLarge && error?.allowed == "at most 2147483648")
            }
            #expect(decoder.allocatedByteCount < 1 << 20)
        }
    }

    @Test func aHeaderThatClaimsTerabytes() throws {
        for claim in [1 << 24, 1 << 32, 1 << 45, Int.max] {
            let temporary = TemporaryFile(ZstdFixture.bomb(contentSize: claim, blockCount: 3, size: 100_000))
            let error = containerError { _ = try ContainerFile(path: temporary.path) }
            #expect(error?.kind == .damaged)
            #expect(error?.found == "\(claim) bytes" && error?.allowed == "at most 300000")
        }
        // Behind a seek table nobody looks at it before it is decompressed.
        let bomb = ZstdFixture.bomb(contentSize: 1 << 45, blockCount: 3, size: 100_000)
        let table = ZstdFixture.seekTable([.init(byteCount: bomb.count, decodedByteCount: 300_000, checksum: 0)], checksums: false)
        let temporary = TemporaryFile(bomb + table)
        let decoder = Decoder()
        decoder.start(wholeOf: try ContainerFile(path: temporary.path))
        #expect(containerError { _ = try readAll(decoder, bufferByteCount: nil) }?.kind == .seekTableLies)
        #expect(containerError { _ = try readAsEngine(temporary.path) }?.kind == .damaged)
        #expect(decoder.allocatedByteCount < 2 << 20)
    }

    @Test func framesThatClaimMoreThanCanBeCounted() throws {
        // Single segments: the window is the content size, whatever that is.
        var header = ZstdFixture.littleEndian(0xFD2F_B528, 4) + [0b1110_0000] + Array(repeating: 0xFF, count: 8)
        header += ZstdFixture.littleEndian(1000 << 3 | 1 << 1 | 1, 3) + [7]
        let temporary = TemporaryFile(header + header)
        #expect(containerError { _ = try ContainerFile(path: temporary.path) }?.kind == .damaged)
    }

    /// pzstd's way leads past the blocks, so nothing bounds the claims of the headers but the decoder.
    @Test func claimsBehindPzstdsHeaders() throws {
        for claim in [1 << 45, Int.max] {
            let bomb = ZstdFixture.bomb(contentSize: claim, blockCount: 30, size: 100_000)
            let frame = ZstdFixture.skippable(ZstdFixture.littleEndian(bomb.count, 4), variant: 0) + bomb
            let temporary = TemporaryFile(frame + frame)
            let decoder = Decoder()
            let error = containerError {
                let file = try ContainerFile(path: temporary.path)
                #expect(file.decodedByteCount == 2 * claim)
                decoder.start(wholeOf: file)
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
                defer { buffer.deallocate() }
                while try decoder.read(into: buffer) > 0 {}
            }
            #expect(error?.kind == .damaged)
            #expect(decoder.allocatedByteCount < 4 << 20)
        }
    }

    /// Four bytes a block, each 128 KiB of output: 50 GB from 1.5 MB, all of it true.
    @Test func aBombIsStreamedInBoundedMemory() throws {
        let blockCount = 400_000
        let total = blockCount * (128 << 10)
        for contentSize in [nil, total] {
            let temporary = TemporaryFile(ZstdFixture.bomb(contentSize: contentSize, blockCount: blockCount, size: 128 << 10))
            let before = peakByteCount()
            let file = try ContainerFile(path: temporary.path)
            #expect(file.decodedByteCount == total && file.frames.count == 1)
            let decoder = Decoder()
            decoder.start(wholeOf: file)
            #expect(decoder.nextByteCount == 1 << 20)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
            defer { buffer.deallocate() }
            for _ in 0..<32 { #expect(try decoder.read(into: buffer) == 1 << 20) }
            #expect(decoder.allocatedByteCount < 4 << 20)
            #expect(peakByteCount() - before < 128 << 20)
        }
    }

    @Test func manyBombsBehindASeekTable() throws {
        // 4 GiB less one byte is the most that an entry can claim. Each claim is one that its bytes could keep.
        let bomb = ZstdFixture.bomb(contentSize: nil, blockCount: 32_768, size: 128 << 10)
        let count = 20
        let entries = (0..<count).map { _ in ZstdFixture.Entry(byteCount: bomb.count, decodedByteCount: 0xFFFF_FFFF, checksum: 0) }
        let bytes = (0..<count).flatMap { _ in bomb } + ZstdFixture.seekTable(entries, checksums: false)
        let temporary = TemporaryFile(bytes)
        let file = try ContainerFile(path: temporary.path)
        #expect(file.compression == .zstdSeekable && file.decodedByteCount == count * 0xFFFF_FFFF)
        let decoder = Decoder()
        decoder.start(file, frames: 5..<7)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        for _ in 0..<8 { #expect(try decoder.read(into: buffer) == 1 << 20) }
        #expect(decoder.allocatedByteCount < 4 << 20)
    }

    @Test func aTableOfMoreEntriesThanTheFileCanHave() throws {
        // Entries that would need 20 bytes of memory for each 8 in the file, if they were believed.
        let entries = Array(repeating: ZstdFixture.Entry(byteCount: 0, decodedByteCount: 0, checksum: 0), count: 100_000)
        let frame = ZstdFixture.frame([1, 2, 3])
        let temporary = TemporaryFile(frame + ZstdFixture.seekTable(entries, checksums: false))
        let file = try ContainerFile(path: temporary.path)
        #expect(file.warnings.count == 1 && file.frames.count == 1)
        // It is not even read.
        #expect(file.warnings[0].contains("it lists 100000 frames, more than fit in the \(frame.count) bytes before it"))
    }

    @Test func aDictionaryIsRefused() throws {
        let frame: [UInt8] =
            ZstdFixture.littleEndian(0xFD2F_B528, 4) + [0b0000_0011, 0x50] + ZstdFixture.littleEndian(77, 4) + [0x19, 0, 0, 1, 2, 3]
        for bytes in [
            frame, frame + ZstdFixture.seekTable([.init(byteCount: frame.count, decodedByteCount: 3, checksum: 0)], checksums: false),
        ] {
            let temporary = TemporaryFile(bytes)
            let error = containerError { _ = try readAsEngine(temporary.path) }
            #expect(error?.kind == .unsupported && error?.frameIndex == 0)
            #expect(error?.problem.contains("dictionary 77") == true)
        }
    }
}
