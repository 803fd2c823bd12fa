import Foundation
import Glibc
import SeededRandom
import Synchronization
import Testing

@testable import Container

/// Pipes, and standard input. The suite runs one test at a time, since descriptor 0 is the process's.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StreamTests {
    private func open(_ writer: PipeWriter) throws -> ContainerFile {
        try ContainerFile(source: PipeSource(descriptor: writer.readEnd, name: "-", closesWhenDone: true))
    }

    /// What comes through a pipe, read as the engine does: a look at the beginning, then all of it.
    private func readStream(_ bytes: [UInt8], _ pieceByteCounts: [Int], bufferByteCount: Int? = nil) throws -> [UInt8] {
        let writer = PipeWriter(bytes, pieceByteCounts: pieceByteCounts)
        let file = try open(writer)
        let look = Decoder()
        look.start(wholeOf: file)
        var some: UInt8 = 0
        _ = try withUnsafeMutableBytes(of: &some) { try look.read(into: $0) }
        let decoder = Decoder()
        decoder.start(wholeOf: file)
        return try readAll(decoder, bufferByteCount: bufferByteCount)
    }

    @Test(arguments: ZstdFixture.Layout.allCases) func zstdAndRaw(layout: ZstdFixture.Layout) throws {
        let data = ZstdFixture.data(300_000, seed: 41)
        let built = ZstdFixture.build(layout, data, frameByteCount: 40_000)
        for pieces in [[1, 2, 3, 7, 1000], [4096], [1 << 20]] {
            let writer = PipeWriter(built.bytes, pieceByteCounts: pieces)
            let file = try open(writer)
            #expect(file.isStream && !file.isCuttable && file.decodedByteCount == nil && file.frames.isEmpty && file.warnings.isEmpty)
            #expect(file.compression == (layout == .raw ? .none : .zstdStream) && file.path == "-" && file.filePath == "-")
            let decoder = Decoder()
            for bufferByteCount in [nil, 999, 1 << 19] {
                decoder.start(wholeOf: file)
                #expect(decoder.nextByteCount > 0)
                #expect(try readAll(decoder, bufferByteCount: bufferByteCount) == data)
                #expect(decoder.nextByteCount == 0)
            }
            #expect(file.byteCount == built.bytes.count)
        }
    }

    @Test(arguments: [false, true]) func gzip(blocks: Bool) throws {
        let data = ZstdFixture.data(200_000, seed: 42)
        let built =
            blocks ? DeflateFixture.blocks(data, pieceByteCount: 30_000) : DeflateFixture.members(data, pieceByteCount: 30_000)
        for pieces in [[1, 2, 3, 7, 1000], [4096], [1 << 20]] {
            #expect(try readStream(built.bytes, pieces) == data)
            #expect(try readStream(built.bytes + Array(repeating: 0, count: 5000), pieces, bufferByteCount: 777) == data)
        }
        let writer = PipeWriter(built.bytes, pieceByteCounts: [100])
        let file = try open(writer)
        #expect(file.compression == .gzip && file.isStream && file.frames.isEmpty && file.decodedByteCount == nil)
    }

    /// Tiny files through tiny writes, where every boundary falls everywhere.
    @Test func tinyWrites() throws {
        let seed: UInt64 = 0x71
        print("StreamTests.tinyWrites: seed \(seed)")
        var random = SplitMix64(seed: seed)
        for _ in 0..<150 {
            let data = ZstdFixture.data(Int.random(in: 1...400, using: &random), seed: random.next())
            let layout = ZstdFixture.Layout.allCases.randomElement(using: &random) ?? .raw
            let pieces = (0..<5).map { _ in Int.random(in: 1...9, using: &random) }
            let buffer = Int.random(in: 1...50, using: &random)
            #expect(try readStream(ZstdFixture.build(layout, data, frameByteCount: 90).bytes, pieces, bufferByteCount: buffer) == data)
            #expect(try readStream(DeflateFixture.members(data, pieceByteCount: 90).bytes, pieces, bufferByteCount: buffer) == data)
        }
    }

    @Test func cutAnywhere() throws {
        let data = ZstdFixture.data(300, seed: 43)
        var files: [(bytes: [UInt8], seams: [Int: Int])] = []
        let members = DeflateFixture.members(data, pieceByteCount: 100)
        files.append((members.bytes, Dictionary(uniqueKeysWithValues: members.members.map { ($0.place.lowerBound, $0.data.lowerBound) })))
        for layout in [ZstdFixture.Layout.singleUnsized, .framesChecked, .pzstd, .seekable] {
            let built = ZstdFixture.build(layout, data, frameByteCount: 100)
            var seams: [Int: Int] = [:]
            for seam in built.seams { seams[seam] = built.frames.last { $0.place.upperBound <= seam }?.data.upperBound ?? 0 }
            files.append((built.bytes, seams))
        }
        for (bytes, seams) in files {
            for cut in 4..<bytes.count {
                var decoded: [UInt8]?
                let error = containerError { decoded = try readStream(Array(bytes[..<cut]), [5, 11]) }
                if let decoded {
                    #expect(decoded == seams[cut].map { Array(data[..<$0]) }, "cut at \(cut)")
                } else {
                    #expect(error?.kind == .truncated, "cut at \(cut): \(String(describing: error))")
                    #expect(error?.description.hasPrefix("standard input: ") == true)
                    #expect(error?.problem.contains("the stream ends") == true)
                }
            }
        }
    }

    @Test func aFlippedBitAnywhere() throws {
        let data = ZstdFixture.data(200, seed: 44)
        for bytes in [
            DeflateFixture.members(data, pieceByteCount: 100).bytes, ZstdFixture.build(.framesChecked, data, frameByteCount: 100).bytes,
        ] {
            for bit in 32..<8 * bytes.count {
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                var decoded: [UInt8]?
                _ = containerError { decoded = try readStream(flipped, [1 << 16]) }
                if let decoded { #expect(decoded == data, "bit \(bit % 8) of byte \(bit / 8)") }
            }
        }
    }

    @Test func whatIsRefused() throws {
        let zip = ZipFixture(members: [.init(name: "a.npy", content: [1, 2, 3])]).build().bytes
        for (bytes, kind, words) in [
            (zip, ContainerError.Kind.unsupported, "its directory is at its end"), ([], .empty, "empty"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0, 4], .unsupported, "xz"),
        ] {
            let writer = PipeWriter(bytes, pieceByteCounts: [1])
            let error = containerError { _ = try open(writer) }
            #expect(error?.kind == kind && error?.problem.contains(words) == true && error?.remedy != nil)
        }
    }

    /// The beginning can be read again and again, until somebody has gone beyond it.
    @Test func goingBack() throws {
        let limit = ContainerFile.rewindableByteCount
        for size in [limit - 1, limit] {
            let data = ZstdFixture.data(size, seed: 45)
            let writer = PipeWriter(data, pieceByteCounts: [1 << 16])
            let file = try open(writer)
            let decoder = Decoder()
            for _ in 0..<3 {
                decoder.start(wholeOf: file)
                #expect(try readAll(decoder, bufferByteCount: 100_000) == data)
            }
        }
        let data = ZstdFixture.data(limit + 1, seed: 46)
        let writer = PipeWriter(data, pieceByteCounts: [1 << 16])
        let file = try open(writer)
        let decoder = Decoder()
        for _ in 0..<2 {
            decoder.start(wholeOf: file)
            var first = [UInt8](repeating: 0, count: limit)
            try first.withUnsafeMutableBytes { bytes in
                var filled = 0
                while filled < limit {
                    filled += try decoder.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]))
                }
            }
            #expect(first == Array(data[..<limit]))
        }
        #expect(try readAll(decoder, bufferByteCount: nil) == [data[limit]])
        for next in [decoder, Decoder()] {
            next.start(wholeOf: file)
            let error = containerError { _ = try readAll(next, bufferByteCount: nil) }
            #expect(error?.kind == .readFailed && error?.problem.contains("only once") == true)
        }
    }

    /// More of the beginning is kept where somebody asks for it in time.
    @Test func keepingMore() throws {
        let data = ZstdFixture.data(2 * ContainerFile.rewindableByteCount, seed: 47)
        let writer = PipeWriter(data, pieceByteCounts: [1 << 16])
        let file = try open(writer)
        file.keepRewindable(data.count)
        let decoder = Decoder()
        for _ in 0..<3 {
            decoder.start(wholeOf: file)
            #expect(try readAll(decoder, bufferByteCount: 100_000) == data)
        }
    }

    @Test func noRangesOfAStream() throws {
        let writer = PipeWriter([1, 2, 3], pieceByteCounts: [1])
        let decoder = Decoder()
        decoder.start(try open(writer), decodedBytes: 0..<1)
        #expect(decoder.nextByteCount > 0)
        #expect(containerError { _ = try readAll(decoder, bufferByteCount: nil) }?.kind == .readFailed)
    }

    /// Signals whose handlers do not ask for the read to be begun again.
    @Test func interruptedReads() throws {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        var old = sigaction()
        #expect(sigaction(SIGUSR1, &action, &old) == 0)
        defer { sigaction(SIGUSR1, &old, nil) }
        let data = ZstdFixture.data(50_000, seed: 47)
        let writer = PipeWriter(data, pieceByteCounts: [10], interrupting: pthread_self())
        let decoder = Decoder()
        decoder.start(wholeOf: try open(writer))
        #expect(try readAll(decoder, bufferByteCount: nil) == data)
    }

    /// A descriptor that does not wait.
    @Test func aDescriptorThatDoesNotWait() throws {
        let data = ZstdFixture.data(20_000, seed: 48)
        let writer = PipeWriter(data, pieceByteCounts: [10])
        #expect(fcntl(writer.readEnd, F_SETFL, O_NONBLOCK) == 0)
        let decoder = Decoder()
        decoder.start(wholeOf: try open(writer))
        #expect(try readAll(decoder, bufferByteCount: nil) == data)
    }

    @Test func aNamedPipe() throws {
        let path = TemporaryFile([]).path + ".pipe"
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let data = ZstdFixture.data(100_000, seed: 49)
        _ = PipeWriter(DeflateFixture.member(data), pieceByteCounts: [1000], path: path)
        let file = try ContainerFile(path: path)
        #expect(file.isStream && file.compression == .gzip && file.path == path)
        let decoder = Decoder()
        decoder.start(wholeOf: file)
        #expect(try readAll(decoder, bufferByteCount: nil) == data)
    }

    /// A wait ends soon after it is cancelled, before a pipe's first writer and between its bytes.
    @Test func cancelledWaits() throws {
        let isCancelled = Atomic(false)
        func cancelSoon() {
            isCancelled.store(false, ordering: .relaxed)
            Thread.detachNewThread {
                usleep(50_000)
                isCancelled.store(true, ordering: .relaxed)
            }
        }
        let options = ContainerOptions(isCancelled: { isCancelled.load(ordering: .relaxed) })
        let path = TemporaryFile([]).path + ".pipe"
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        cancelSoon()
        #expect(containerError { _ = try ContainerFile(path: path, options: options) }?.kind == .cancelled)
        cancelSoon()
        let whole = containerError {
            _ = try ContainerFile.storedBytes(path: path, byteCountLimit: 9, isCancelled: options.isCancelled)
        }
        #expect(whole?.kind == .cancelled)

        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { close(ends[1]) }
        // More than is looked at to find out how it is compressed.
        let start = Array(String(repeating: "a,b\n1,2\n", count: 100).utf8)
        #expect(write(ends[1], start, start.count) == start.count)
        isCancelled.store(false, ordering: .relaxed)
        let file = try ContainerFile(source: PipeSource(descriptor: ends[0], name: "-", closesWhenDone: true), options: options)
        let decoder = Decoder(options: options)
        decoder.start(wholeOf: file)
        cancelSoon()
        #expect(containerError { _ = try readAll(decoder, bufferByteCount: nil) }?.kind == .cancelled)
    }

    /// Descriptor 0, with something else in its place as long as `body` runs.
    private func withStandardInput(_ descriptor: CInt, _ body: () throws -> Void) throws {
        let kept = dup(0)
        dup2(descriptor, 0)
        defer {
            if kept >= 0 {
                dup2(kept, 0)
                close(kept)
            }
        }
        try body()
    }

    @Test func standardInput() throws {
        let data = ZstdFixture.data(100_000, seed: 50)
        // A file: read from where the descriptor stands, in any order.
        let built = ZstdFixture.build(.seekable, data, frameByteCount: 10_000)
        let temporary = TemporaryFile(Array(repeating: 7, count: 100) + built.bytes)
        let descriptor = Glibc.open(temporary.path, O_RDONLY)
        lseek(descriptor, 100, SEEK_SET)
        try withStandardInput(descriptor) { () throws in
            let file = try ContainerFile(path: "-")
            #expect(!file.isStream && file.isCuttable && file.compression == .zstdSeekable && file.path == "-")
            #expect(file.byteCount == built.bytes.count)
            for path in ["-", "/dev/stdin", "/dev/fd/0"] { #expect(try readAsEngine(path) == data) }
            let decoder = Decoder()
            decoder.start(file, frames: 5..<6)
            #expect(try readAll(decoder, bufferByteCount: nil) == Array(data[50_000..<60_000]))
            // Beyond the end there is nothing.
            lseek(descriptor, 1 << 40, SEEK_SET)
            #expect(containerError { _ = try ContainerFile(path: "-") }?.kind == .empty)
        }
        close(descriptor)
        // Held open for writing, as the program does with a closed one.
        let writeOnly = Glibc.open("/dev/null", O_WRONLY)
        try withStandardInput(writeOnly) {
            let error = containerError { _ = try ContainerFile(path: "-") }
            #expect(error?.kind == .cannotOpen && error?.problem.contains("closed") == true)
        }
        close(writeOnly)
        let folder = Glibc.open("/tmp", O_RDONLY)
        try withStandardInput(folder) { #expect(containerError { _ = try ContainerFile(path: "-") }?.kind == .isDirectory) }
        close(folder)
        // A pipe: opening it again finds the same beginning.
        let writer = PipeWriter(built.bytes, pieceByteCounts: [1000])
        try withStandardInput(writer.readEnd) { () throws in
            close(writer.readEnd)
            #expect(try ContainerFile(path: "-").isStream)
            #expect(try readAsEngine("-") == data)
            #expect(try readAsEngine("-") == data)
            let error = containerError { _ = try ZipArchive(path: "-") }
            #expect(error?.kind == .unsupported && error?.description.hasPrefix("standard input: ") == true)
        }
    }
}
