import Glibc
import Testing

@testable import Container

@Suite struct OpeningTests {
    private func error(_ path: String) -> ContainerError? { containerError { _ = try ContainerFile(path: path) } }

    @Test func whatIsNoFile() {
        #expect(error("/nonexistent/predictions.npy")?.kind == .notFound)
        #expect(error("/nonexistent/predictions.npy")?.description == "/nonexistent/predictions.npy: no such file; check the name")
        #expect(error("")?.kind == .notFound)
        #expect(error("/tmp\0/x")?.kind == .notFound)
        #expect(error("/tmp")?.kind == .isDirectory)
        #expect(error("/dev/null")?.kind == .notRegularFile)
        #expect(error("/tmp/" + String(repeating: "x", count: 300))?.kind == .cannotOpen)
        let temporary = TemporaryFile([1])
        #expect(error(temporary.path + "/x")?.kind == .notFound)
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything")) func withoutPermission() {
        let temporary = TemporaryFile([1, 2, 3])
        chmod(temporary.path, 0)
        #expect(error(temporary.path)?.kind == .permissionDenied)
    }

    @Test func anEmptyFile() {
        let temporary = TemporaryFile([])
        #expect(error(temporary.path)?.kind == .empty)
        #expect(error(temporary.path)?.description.hasPrefix("\(temporary.path): the file is empty; ") == true)
    }

    @Test func formatsThatAreRefusedByName() {
        for (bytes, name) in [
            ([0x1F, 0x8B, 7, 0, 0, 0, 0, 0, 0, 3], "gzip's compression method 7"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 4], "xz"),
            ([0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7], "LZ4"), (Array("BZh91AY&SY".utf8), "bzip2"),
        ] as [([UInt8], String)] {
            let temporary = TemporaryFile(bytes)
            let error = error(temporary.path)
            #expect(error?.kind == .unsupported && error?.problem.hasPrefix(name) == true && error?.remedy != nil)
        }
    }

    @Test func rawBytesOfAnyKind() throws {
        for bytes in [[0x93], [0x28, 0xB5, 0x2E], [0x28, 0xB5, 0x2F, 0xFC], [0x60, 0x2A, 0x4D, 0x18], Array("a,b\n1,2\n".utf8)] as [[UInt8]]
        {
            let temporary = TemporaryFile(bytes)
            let file = try ContainerFile(path: temporary.path)
            #expect(file.compression == .none && file.decodedByteCount == bytes.count && file.frames.isEmpty && file.isCuttable)
            let decoder = Decoder()
            decoder.start(wholeOf: file)
            #expect(decoder.nextByteCount == bytes.count)
            #expect(try readAll(decoder, bufferByteCount: 2) == bytes)
        }
    }

    @Test func framesWithoutData() throws {
        for bytes in [ZstdFixture.frame([]), ZstdFixture.frame([], checksum: true, contentSize: false), ZstdFixture.skippable([1, 2, 3])] {
            let temporary = TemporaryFile(bytes)
            let file = try ContainerFile(path: temporary.path)
            #expect(file.compression == .zstdSingleFrame && file.decodedByteCount == 0 && file.frames.isEmpty)
            let decoder = Decoder()
            decoder.start(wholeOf: file)
            #expect(decoder.nextByteCount == 0)
            #expect(try readAll(decoder, bufferByteCount: 2) == [])
        }
    }

    /// What `printf 0123456789 | pzstd` of zstd 1.5.4 writes, and the file that it writes for no bytes at all.
    @Test func filesOfPzstdItself() throws {
        let digits: [UInt8] = [
            0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 23, 0, 0, 0, 0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x58, 0x51, 0, 0, 0x30, 0x31, 0x32, 0x33, 0x34,
            0x35, 0x36, 0x37, 0x38, 0x39, 0xE7, 0x67, 0x18, 0xA8,
        ]
        let temporary = TemporaryFile(digits)
        let file = try ContainerFile(path: temporary.path)
        #expect(file.compression == .zstdPzstd && file.frames.count == 1 && file.frames[0].byteOffset == 12)
        let decoder = Decoder()
        decoder.start(wholeOf: file)
        #expect(try readAll(decoder, bufferByteCount: nil) == Array("0123456789".utf8))

        let nothing: [UInt8] = [
            0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 13, 0, 0, 0, 0x28, 0xB5, 0x2F, 0xFD, 0x04, 0, 1, 0, 0, 0x99, 0xE9, 0xD8, 0x51,
        ]
        let empty = TemporaryFile(nothing)
        #expect(try ContainerFile(path: empty.path).decodedByteCount == 0)
    }
}
