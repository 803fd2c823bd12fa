import Dispatch
import Foundation
import Glibc
import SeededRandom
import Synchronization
import Testing

@testable import Container

/// Stored bytes that other threads read before the decoder needs them.
@Suite(.timeLimit(.minutes(5))) struct PrefetchTests {
    /// A source that counts who reads what, and calls a test back.
    private final class WatchedSource: ByteSource {
        struct Read: Equatable {
            let byteOffset: Int
            let isByDecoder: Bool
        }
        let name = "watched"
        let bytes: [UInt8]
        let access = ByteAccess.random
        let isLocal: Bool
        /// Called in each read, before it gives bytes; it may throw the read's error.
        let onRead: @Sendable (Read) throws(ByteSourceError) -> Void
        private let decoderThread = pthread_self()
        private let seen = Mutex<[Read]>([])
        /// The number of bytes that the decoder has said it will read.
        let advisedByteCount = Atomic<Int>(0)

        init(
            _ bytes: [UInt8], isLocal: Bool = true, onRead: @escaping @Sendable (Read) throws(ByteSourceError) -> Void = { _ in }
        ) {
            (self.bytes, self.isLocal, self.onRead) = (bytes, isLocal, onRead)
        }

        var byteCount: Int? { bytes.count }
        var reads: [Read] { seen.withLock { $0 } }
        /// The number of reads by other threads than the decoder's.
        var helpingReadCount: Int { reads.count { !$0.isByDecoder } }

        func adviseWillRead(_ byteRange: Range<Int>) { advisedByteCount.add(byteRange.count, ordering: .relaxed) }

        func read(
            at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
        ) throws(ByteSourceError) -> Int {
            let read = Read(byteOffset: byteOffset, isByDecoder: pthread_equal(pthread_self(), decoderThread) != 0)
            seen.withLock { $0.append(read) }
            try onRead(read)
            let count = min(buffer.count, bytes.count - byteOffset)
            bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[byteOffset..<byteOffset + count])) }
            return count
        }
    }

    /// A decoder that a source's callback, which is made before it, can reach.
    private final class Helper: Sendable {
        let prefetch = Mutex<Prefetch?>(nil)

        /// True once the decoder reads.
        var isInUse: Bool { prefetch.withLock { $0 != nil } }

        /// Reads ahead on another thread, and returns when that is done.
        func readAhead() {
            guard let prefetch = prefetch.withLock({ $0 }) else { return }
            Self.onAnotherThread { prefetch.readAhead() }
        }

        static func onAnotherThread(_ body: @escaping @Sendable () -> Void) {
            let end = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                body()
                end.signal()
            }
            end.wait()
        }
    }

    private static let data = ZstdFixture.data(20_000_000, seed: 71)
    /// Files of frames that are too large to be decompressed in one piece, and their content.
    private static let files: [(name: String, bytes: [UInt8])] = [
        ("one zstd frame", ZstdFixture.frame(data, checksum: true)),
        ("one zstd frame without its size", ZstdFixture.frame(data, contentSize: false)),
        ("two zstd frames", ZstdFixture.frame(data[..<9_000_000], checksum: true) + ZstdFixture.frame(data[9_000_000...])),
        ("gzip", DeflateFixture.members(data, pieceByteCount: 7_000_000).bytes),
    ]

    private static func read(
        _ source: WatchedSource, _ helper: Helper
    ) throws -> (bytes: [UInt8], openingReadCount: Int, decoder: Decoder) {
        let file = try ContainerFile(source: source)
        let openingReadCount = source.reads.count
        let decoder = Decoder()
        helper.prefetch.withLock { $0 = decoder.prefetch }
        defer { helper.prefetch.withLock { $0 = nil } }
        decoder.start(wholeOf: file)
        return (try readAll(decoder, bufferByteCount: 1 << 20), openingReadCount, decoder)
    }

    /// While the decoder reads a piece, another thread reads those after it. The decoder takes them and reads none of them again.
    @Test(arguments: 0..<2)
    func whatWasReadAheadIsNotReadAgain(kind: Int) throws {
        let helper = Helper()
        let source = WatchedSource(Self.files[kind].bytes) { read in if read.isByDecoder { helper.readAhead() } }
        let (bytes, openingReadCount, decoder) = try Self.read(source, helper)
        #expect(bytes == Self.data ? true : false)
        let reads = source.reads[openingReadCount...]
        #expect(Set(reads.map(\.byteOffset)).count == reads.count)
        let ownCount = reads.count(where: \.isByDecoder)
        // The frame's beginning is read before anything can be read ahead.
        #expect(ownCount <= reads.count / (Prefetch.pieceCountLimit + 1) + 2 && ownCount < reads.count / 4)
        // The buffer, the pieces, and the one that was exchanged for the buffer.
        #expect(decoder.prefetch.allocatedByteCount <= (Prefetch.pieceCountLimit + 1) * Prefetch.pieceByteCount)
    }

    /// Several frames, and members of gzip files, are read ahead as well: the pieces then begin anew.
    @Test(arguments: 2..<4)
    func severalFrames(kind: Int) throws {
        let helper = Helper()
        let source = WatchedSource(Self.files[kind].bytes) { read in if read.isByDecoder { helper.readAhead() } }
        let (bytes, openingReadCount, _) = try Self.read(source, helper)
        #expect(bytes == Self.data ? true : false)
        let reads = source.reads[openingReadCount...]
        let ownCount = reads.count(where: \.isByDecoder)
        #expect(ownCount < reads.count / 2)
    }

    /// Nothing is read ahead from a source that is not local, by the thread that decodes, or while nobody decodes.
    @Test func whereNothingIsReadAhead() throws {
        let helper = Helper()
        let reserved = WatchedSource(Self.files[0].bytes, isLocal: false) { _ in helper.readAhead() }
        #expect(try Self.read(reserved, helper).bytes == Self.data ? true : false)
        #expect(reserved.helpingReadCount == 0)

        let source = WatchedSource(Self.files[0].bytes)
        let decoder = Decoder()
        decoder.start(wholeOf: try ContainerFile(source: source))
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
        defer { room.deallocate() }
        var bytes: [UInt8] = []
        while true {
            let count = try decoder.read(into: room)
            if count == 0 { break }
            bytes += room[..<count]
            let readCount = source.reads.count
            decoder.prefetch.readAhead()
            #expect(source.reads.count == readCount)
        }
        #expect(bytes == Self.data ? true : false)
    }

    /// The kernel is told what will be read of compressed files, and not of raw ones: these it reads ahead itself, in larger pages.
    @Test func advice() throws {
        let raw = ZstdFixture.data(9_000_000, seed: 72)
        for (bytes, isLocal, advised) in [
            (raw, true, 0), (raw, false, raw.count), (Self.files[0].bytes, true, Self.files[0].bytes.count),
        ] {
            let source = WatchedSource(bytes, isLocal: isLocal)
            let decoder = Decoder()
            decoder.start(wholeOf: try ContainerFile(source: source))
            source.advisedByteCount.store(0, ordering: .relaxed)
            _ = try readAll(decoder, bufferByteCount: 1 << 20)
            #expect(source.advisedByteCount.load(ordering: .relaxed) == advised)
        }
    }

    /// An error is met by the decoder at its place, whoever met it before.
    @Test func errors() throws {
        let bytes = Self.files[0].bytes
        for place in [0.3, 0.6, 0.999] {
            let failingByteOffset = Int(place * Double(bytes.count)) / Prefetch.pieceByteCount * Prefetch.pieceByteCount
            func error(isHelped: Bool) throws -> ContainerError? {
                let helper = Helper()
                let source = WatchedSource(bytes) { read throws(ByteSourceError) in
                    if read.isByDecoder, isHelped { helper.readAhead() }
                    // Opening reads the headers of all blocks.
                    if read.byteOffset >= failingByteOffset, helper.isInUse {
                        throw ByteSourceError(byteOffset: read.byteOffset, problem: "the line is dead")
                    }
                }
                let error = containerError { _ = try Self.read(source, helper) }
                #expect((source.helpingReadCount > 0) == isHelped)
                return error
            }
            let plain = try error(isHelped: false)
            #expect(plain?.problem == "the line is dead" && plain?.byteOffset == failingByteOffset)
            #expect(try error(isHelped: true) == plain)
        }
        // An error that only another thread has met is none.
        let helper = Helper()
        let source = WatchedSource(bytes) { read throws(ByteSourceError) in
            if !read.isByDecoder { throw ByteSourceError(byteOffset: read.byteOffset, problem: "the line is dead") }
            helper.readAhead()
        }
        #expect(try Self.read(source, helper).bytes == Self.data ? true : false)
        #expect(source.helpingReadCount == 1)
    }

    /// A file that becomes shorter is an error with the same words.
    @Test func aFileThatBecomesShorter() throws {
        let bytes = Self.files[0].bytes
        var errors: [ContainerError?] = []
        for isHelped in [false, true] {
            let file = TemporaryFile(bytes)
            let opened = try ContainerFile(path: file.path)
            let decoder = Decoder()
            decoder.start(wholeOf: opened)
            let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
            defer { room.deallocate() }
            var count = try decoder.read(into: room)
            file.write(Array(bytes[..<(bytes.count / 2)]))
            let prefetch = decoder.prefetch
            errors.append(
                containerError {
                    while true {
                        if isHelped {
                            let isDone = DispatchSemaphore(value: 0)
                            Thread.detachNewThread {
                                for _ in 0..<100 { prefetch.readAhead() }
                                isDone.signal()
                            }
                            defer { isDone.wait() }
                            count = try decoder.read(into: room)
                        } else {
                            count = try decoder.read(into: room)
                        }
                        if count == 0 { break }
                    }
                })
        }
        #expect(errors[0]?.kind == .fileChanged)
        // The names of the files differ.
        #expect(errors[1]?.kind == .fileChanged && errors[1]?.problem == errors[0]?.problem)
    }

    /// The decoder does not wait for a thread that has its next piece in flight: it reads the piece itself.
    @Test func nobodyWaits() throws {
        let helper = Helper()
        let isRead = DispatchSemaphore(value: 0)
        let isDone = DispatchSemaphore(value: 0)
        let isHeld = DispatchSemaphore(value: 0)
        let heldByteOffset = Mutex<Int?>(nil)
        let source = WatchedSource(Self.files[0].bytes) { read in
            if read.isByDecoder {
                if heldByteOffset.withLock({ $0 }) == nil, let prefetch = helper.prefetch.withLock({ $0 }) {
                    Thread.detachNewThread {
                        // Not yet while the frame's beginning is read.
                        prefetch.readAhead()
                        isDone.signal()
                    }
                    _ = isHeld.wait(timeout: .now() + 0.2)
                } else if heldByteOffset.withLock({ $0 }) == read.byteOffset {
                    isRead.signal()
                }
            } else if heldByteOffset.withLock({ held in
                if held == nil { held = read.byteOffset }
                return held == read.byteOffset
            }) {
                isHeld.signal()
                // The piece is held until the decoder has come to it.
                isRead.wait()
            }
        }
        #expect(try Self.read(source, helper).bytes == Self.data ? true : false)
        let held = try #require(heldByteOffset.withLock { $0 })
        let heldCount = source.reads.count { $0.byteOffset == held }
        #expect(heldCount == 2)
        isDone.wait()
    }

    /// Threads that read ahead whenever they like change nothing of what is decoded, nor of the errors of damaged files.
    @Test(arguments: 0..<4)
    func anyNumberOfThreads(kind: Int) throws {
        let stored = Self.files[kind].bytes
        var damaged = stored
        damaged[stored.count / 2] ^= 0x10
        for bytes in [stored, damaged, Array(stored[..<(stored.count - 1000)])] {
            func outcome(threadCount: Int) -> (bytes: [UInt8], error: ContainerError?) {
                let decoder = Decoder()
                let prefetch = decoder.prefetch
                let isOver = Atomic(false)
                let group = DispatchGroup()
                for _ in 0..<threadCount {
                    group.enter()
                    Thread.detachNewThread {
                        while !isOver.load(ordering: .relaxed) {
                            prefetch.readAhead()
                            usleep(50)
                        }
                        group.leave()
                    }
                }
                var read: [UInt8] = []
                let error = containerError {
                    for _ in 0..<2 {
                        decoder.start(wholeOf: try ContainerFile(source: WatchedSource(bytes)))
                        read = []
                        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 300_000, alignment: 1)
                        defer { room.deallocate() }
                        while true {
                            let count = try decoder.read(into: room)
                            if count == 0 { break }
                            read += room[..<count]
                        }
                    }
                }
                isOver.store(true, ordering: .relaxed)
                group.wait()
                return (read, error)
            }
            let plain = outcome(threadCount: 0)
            if bytes == stored { #expect(plain.error == nil && plain.bytes == Self.data ? true : false) }
            for threadCount in [1, 3] {
                let helped = outcome(threadCount: threadCount)
                #expect(helped.bytes == plain.bytes && helped.error == plain.error ? true : false, "\(threadCount) threads")
            }
        }
    }
}
