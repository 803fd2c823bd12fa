import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Container

/// A source that does what a test asks: it gives few bytes at a time, fails, waits, changes.
private final class ScriptedSource: ByteSource {
    let name: String
    let byteCount: Int?
    let access: ByteAccess
    let bytes: [UInt8]
    /// The most bytes that one read gives.
    let readByteCountLimit: Int
    /// The offset from which on every read fails.
    let failingByteOffset: Int
    /// The offset at which a read waits until it is cancelled.
    let waitingByteOffset: Int
    /// The offset at which a read changes the identity.
    let changingByteOffset: Int
    /// Added to every count that is returned.
    let countExcess: Int
    let version = Atomic<Int>(0)
    let readCount = Atomic<Int>(0)
    let cancellationQuestionCount = Atomic<Int>(0)
    let adviceEnd = Atomic<Int>(0)

    init(
        _ bytes: [UInt8], name: String = "scripted", access: ByteAccess = .random, hasByteCount: Bool = true,
        readByteCountLimit: Int = .max, failingByteOffset: Int = .max, waitingByteOffset: Int = .max, changingByteOffset: Int = .max,
        countExcess: Int = 0
    ) {
        self.name = name
        self.bytes = bytes
        self.access = access
        byteCount = hasByteCount ? bytes.count : nil
        self.readByteCountLimit = readByteCountLimit
        self.failingByteOffset = failingByteOffset
        self.waitingByteOffset = waitingByteOffset
        self.changingByteOffset = changingByteOffset
        self.countExcess = countExcess
    }

    func change() { version.add(1, ordering: .relaxed) }

    func identity() throws(ByteSourceError) -> ByteSourceIdentity? {
        ByteSourceIdentity(numbers: [7], tag: "version \(version.load(ordering: .relaxed))")
    }

    func adviseWillRead(_ byteRange: Range<Int>) {
        if byteRange.lowerBound <= adviceEnd.load(ordering: .relaxed) { adviceEnd.max(byteRange.upperBound, ordering: .relaxed) }
    }

    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        readCount.add(1, ordering: .relaxed)
        let end = min(bytes.count, byteOffset + min(buffer.count, readByteCountLimit))
        if end > failingByteOffset {
            throw ByteSourceError(
                byteOffset: failingByteOffset, problem: "the line is dead", found: "silence", allowed: "a tone", remedy: "call again")
        }
        if byteOffset <= waitingByteOffset, end > waitingByteOffset {
            while isCancelled?() != true {
                cancellationQuestionCount.add(1, ordering: .relaxed)
                usleep(1000)
            }
            throw .cancelled
        }
        if byteOffset <= changingByteOffset, end > changingByteOffset { change() }
        let count = max(0, end - byteOffset)
        if count > 0 {
            bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[byteOffset..<end])) }
        }
        return count + countExcess
    }
}

/// The example of `ByteSource`'s documentation.
private struct Zeros: ByteSource {
    let name = "zeros"
    let byteCount: Int? = 1 << 20
    let access = ByteAccess.random
    func read(at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?) -> Int {
        let count = min(buffer.count, (1 << 20) - byteOffset)
        buffer.prefix(count).initializeMemory(as: UInt8.self, repeating: 0)
        return count
    }
}

/// Sources of bytes that the caller makes.
@Suite(.timeLimit(.minutes(5))) struct ByteSourceTests {
    /// Files of each kind, with the same content.
    static let data = ZstdFixture.data(300_000, seed: 61)
    static let kinds: [(name: String, bytes: [UInt8], random: Compression, sequential: Compression)] = [
        ("raw", data, .none, .none),
        ("zstd seekable", ZstdFixture.build(.seekableFullyChecked, data, frameByteCount: 20_000).bytes, .zstdSeekable, .zstdStream),
        ("gzip", DeflateFixture.members(data, pieceByteCount: 30_000).bytes, .gzip, .gzip),
        ("BGZF", DeflateFixture.blocks(data, pieceByteCount: 30_000).bytes, .gzipBlocks, .gzip),
        ("pzstd", ZstdFixture.build(.pzstd, data, frameByteCount: 20_000).bytes, .zstdPzstd, .zstdStream),
    ]

    private func read(_ file: ContainerFile, options: ContainerOptions = .init(), bufferByteCount: Int? = nil) throws -> [UInt8] {
        let decoder = Decoder(options: options)
        decoder.start(wholeOf: file)
        return try readAll(decoder, bufferByteCount: bufferByteCount)
    }

    @Test(arguments: 0..<kinds.count, [ByteAccess.random, .sequential])
    func everyKindOfFile(kind: Int, access: ByteAccess) throws {
        let (_, bytes, random, sequential) = Self.kinds[kind]
        for limit in [777, 100_000, .max] {
            for hasByteCount in [true, false] {
                let file = try ContainerFile(
                    source: ScriptedSource(bytes, access: access, hasByteCount: hasByteCount, readByteCountLimit: limit))
                let isStream = access == .sequential || !hasByteCount
                #expect(file.isStream == isStream && file.compression == (isStream ? sequential : random))
                #expect(file.path == "scripted" && file.filePath == "scripted" && file.warnings.isEmpty)
                // Twice: a stream is read again from its beginning.
                for bufferByteCount in [nil, 99_999] { #expect(try read(file, bufferByteCount: bufferByteCount) == Self.data) }
                #expect(file.byteCount == bytes.count)
            }
        }
    }

    @Test func framesSideBySide() throws {
        let file = try ContainerFile(source: ScriptedSource(Self.kinds[1].bytes, readByteCountLimit: 5000))
        let wrong = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            let decoder = Decoder()
            for index in stride(from: worker, to: file.frames.count, by: 4) {
                decoder.start(file, frames: index..<index + 1)
                let start = file.frames[index].decodedByteOffset
                let wanted = Array(Self.data[start..<start + file.frames[index].decodedByteCount])
                if (try? readAll(decoder, bufferByteCount: nil)) != wanted { wrong.add(1, ordering: .relaxed) }
            }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    @Test func theExampleOfTheDocumentation() throws {
        let file = try ContainerFile(source: Zeros())
        #expect(try read(file) == Array(repeating: 0, count: 1 << 20))
    }

    /// Few reads, each of a large block.
    @Test func readsAreLarge() throws {
        let bytes = ZstdFixture.data(8 << 20, seed: 62)
        let source = ScriptedSource(bytes)
        let file = try ContainerFile(source: source)
        let opening = source.readCount.load(ordering: .relaxed)
        #expect(try read(file) == bytes)
        #expect(source.readCount.load(ordering: .relaxed) - opening <= 8)
        #expect(source.adviceEnd.load(ordering: .relaxed) == bytes.count)
        let zstd = ScriptedSource(ZstdFixture.build(.seekable, bytes, frameByteCount: 10_000).bytes)
        let frames = try ContainerFile(source: zstd)
        let before = zstd.readCount.load(ordering: .relaxed)
        #expect(try read(frames, bufferByteCount: 1000) == bytes)
        #expect(zstd.readCount.load(ordering: .relaxed) - before <= zstd.bytes.count / (128 << 10) + 1)
    }

    @Test(arguments: 0..<kinds.count, [ByteAccess.random, .sequential])
    func aFailure(kind: Int, access: ByteAccess) throws {
        let bytes = Self.kinds[kind].bytes
        let place = 0.6 * Double(bytes.count)
        let source = ScriptedSource(bytes, access: access, readByteCountLimit: 1000, failingByteOffset: Int(place))
        let error = containerError { _ = try read(try ContainerFile(source: source), bufferByteCount: 5000) }
        #expect(
            error?.description
                == "scripted: at byte \(Int(place)): the line is dead: found silence, wanted a tone; call again")
        #expect(error?.kind == .readFailed && error?.path == "scripted")
    }

    @Test(arguments: 0..<kinds.count)
    func aChange(kind: Int) throws {
        let bytes = Self.kinds[kind].bytes
        let source = ScriptedSource(bytes)
        let file = try ContainerFile(source: source)
        #expect(try read(file) == Self.data)
        source.change()
        let before = containerError { _ = try read(file) }
        #expect(before?.kind == .fileChanged && before?.path == "scripted")
        #expect(before?.problem == "the file was changed while it was being read")
        // Opened anew, it is another file.
        #expect(try read(try ContainerFile(source: source)) == Self.data)

        // In the middle of a run: found before its last byte is given out.
        for bufferByteCount in [nil, 1000, 1 << 20] {
            let changing = ScriptedSource(bytes)
            let opened = try ContainerFile(source: changing)
            let decoder = Decoder()
            decoder.start(wholeOf: opened)
            changing.change()
            var count = 0
            let room = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferByteCount ?? 70_000, alignment: 1)
            defer { room.deallocate() }
            let error = containerError {
                while true {
                    let more = try decoder.read(into: room)
                    if more == 0 { break }
                    count += more
                }
            }
            #expect(error?.kind == .fileChanged && count < Self.data.count)
            #expect(containerError { _ = try decoder.read(into: room) } == error)
        }
    }

    /// The identity is taken before anything is read, so a change while the layout is found is noticed as well.
    @Test func aChangeDuringOpening() throws {
        let source = ScriptedSource(Self.kinds[1].bytes, changingByteOffset: 2)
        let file = try ContainerFile(source: source)
        #expect(containerError { _ = try read(file) }?.kind == .fileChanged)
    }

    @Test(arguments: [ByteAccess.random, .sequential])
    func aCancelledWait(access: ByteAccess) throws {
        let isCancelled = Atomic(false)
        let options = ContainerOptions(isCancelled: { isCancelled.load(ordering: .relaxed) })
        let source = ScriptedSource(Self.data, access: access, readByteCountLimit: 1000, waitingByteOffset: 200_000)
        let file = try ContainerFile(source: source, options: options)
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(50)) { isCancelled.store(true, ordering: .relaxed) }
        #expect(containerError { _ = try read(file, options: options) }?.kind == .cancelled)
        #expect(source.cancellationQuestionCount.load(ordering: .relaxed) > 0)
    }

    @Test(arguments: [ByteAccess.random, .sequential])
    func impossibleCounts(access: ByteAccess) {
        for excess in [-1_000_000, 1_000_000] {
            let error = containerError {
                _ = try ContainerFile(source: ScriptedSource(Self.data, access: access, countExcess: excess))
            }
            #expect(error?.kind == .readFailed && error?.problem.contains("impossible number") == true)
        }
        struct Negative: ByteSource {
            let name = "negative"
            let byteCount: Int? = -5
            let access = ByteAccess.random
            func read(at: Int, into: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?) -> Int { 0 }
        }
        #expect(containerError { _ = try ContainerFile(source: Negative()) }?.kind == .empty)
    }

    /// A source that ends before its size.
    @Test func aSourceThatEndsEarly() throws {
        struct Short: ByteSource {
            let name = "short"
            let byteCount: Int? = 5000
            let access = ByteAccess.random
            func read(at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?) -> Int {
                let count = max(0, min(4000 - byteOffset, buffer.count))
                buffer.prefix(count).initializeMemory(as: UInt8.self, repeating: 0x41)
                return count
            }
        }
        let error = containerError { _ = try read(try ContainerFile(source: Short(), options: .init(usesSeekTable: false))) }
        #expect(error?.kind == .fileChanged && error?.byteOffset == 4000)
    }

    // MARK: Memory

    @Test(arguments: 0..<kinds.count)
    func memory(kind: Int) throws {
        let bytes = Self.kinds[kind].bytes
        let file = try ContainerFile(source: MemorySource(name: "memory", bytes: bytes))
        #expect(file.path == "memory" && !file.isStream && file.byteCount == bytes.count)
        #expect(try read(file) == Self.data)
    }

    @Test func memoryOfAnOwner() throws {
        final class Owner {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: ByteSourceTests.data.count, alignment: 1)
            let isReleased: UnsafeMutablePointer<Bool>
            init(_ isReleased: UnsafeMutablePointer<Bool>) {
                self.isReleased = isReleased
                memory.copyBytes(from: ByteSourceTests.data)
            }
            deinit {
                isReleased.pointee = true
                memory.deallocate()
            }
        }
        let isReleased = UnsafeMutablePointer<Bool>.allocate(capacity: 1)
        isReleased.initialize(to: false)
        defer { isReleased.deallocate() }
        func opened() throws -> ContainerFile {
            let owner = Owner(isReleased)
            return try ContainerFile(source: MemorySource(name: "memory", bytes: UnsafeRawBufferPointer(owner.memory), owner: owner))
        }
        func readOpened() throws {
            let file = try opened()
            #expect(!isReleased.pointee)
            #expect(try read(file) == Self.data)
        }
        try readOpened()
        #expect(isReleased.pointee)
    }

    @Test func readsOutsideOfMemory() throws {
        let source = MemorySource(name: "memory", bytes: [1, 2, 3])
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 1)
        defer { room.deallocate() }
        for (byteOffset, count) in [(-1, 0), (0, 3), (2, 1), (3, 0), (.max, 0)] {
            #expect(try source.read(at: byteOffset, into: room, isCancelled: nil) == count)
        }
    }

    // MARK: Archives

    @Test func anArchiveInMemory() throws {
        let content = Array("some bytes of a member".utf8)
        let bytes = ZipFixture(members: [.init(name: "a.npy", content: content)]).build().bytes
        let archive = try ZipArchive(source: MemorySource(name: "archive", bytes: bytes))
        let member = try #require(archive.member(named: "a.npy"))
        let file = try ContainerFile(member: member, of: archive)
        #expect(file.path == "archive: a.npy" && file.filePath == "archive")
        #expect(try read(file) == content)
        let error = containerError { _ = try ZipArchive(source: ScriptedSource(bytes, access: .sequential)) }
        #expect(error?.kind == .unsupported && error?.problem.contains("stream") == true)
    }
}
