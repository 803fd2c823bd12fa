import Container
import Engine
import Foundation
import Synchronization
import Testing
import WorkStealing

/// One frame is decompressed by one worker at a time. Another that has scored rows meanwhile reads the stored bytes that come next.
@Suite struct PrefetchTests {
    /// Memory whose large reads wait until two threads have read, or until that has taken too long.
    private final class TwoReaders: ByteSource {
        let name = "memory/frame"
        let access = ByteAccess.random
        let isLocal: Bool
        private let bytes: [UInt8]
        private let waits: Bool
        private let readers = Mutex<Set<UInt>>([])
        /// True if nobody else read while a worker was reading.
        let isWaitInVain = Atomic(false)

        init(_ bytes: [UInt8], isLocal: Bool, waits: Bool) { (self.bytes, self.isLocal, self.waits) = (bytes, isLocal, waits) }

        var byteCount: Int? { bytes.count }
        /// The number of threads that have read pieces of the frame.
        var readerCount: Int { readers.withLock { $0.count } }

        func read(at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?) -> Int {
            let count = max(0, min(buffer.count, bytes.count - byteOffset))
            bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[byteOffset..<byteOffset + count])) }
            // The first piece may be read before there are workers.
            guard count >= 1 << 17, byteOffset >= 1 << 20 else { return count }
            readers.withLock { _ = $0.insert(UInt(bitPattern: ObjectIdentifier(Thread.current))) }
            let end = ContinuousClock.now + .seconds(5)
            while waits, readerCount < 2, !isWaitInVain.load(ordering: .relaxed) {
                if ContinuousClock.now >= end {
                    isWaitInVain.store(true, ordering: .relaxed)
                    break
                }
                Thread.sleep(forTimeInterval: 0.001)
            }
            return count
        }
    }

    private static let dump = GeneratedDump(seed: 9, rowCount: 400_009)
    private static let stored = Result { try seekableZstd(dump.npy(.predictions), frameByteCount: .max) }

    private static let labels = dump.npy(.labels)

    private static func evaluate(_ source: TwoReaders, threads: Int) throws -> Figures {
        let labels = MemorySource(name: "memory/labels", bytes: labels)
        var options = try seamOptions(
            threads: threads, predictions: [source.name], labels: [labels.name], observers: seamObservers(hasGroups: false))
        options.byteSources = [source.name: source, labels.name: labels]
        return Figures(try Evaluation(options))
    }

    @Test func aWorkerThatHasScoredReadsAhead() throws {
        let stored = try Self.stored.get()
        let alone = TwoReaders(stored, isLocal: true, waits: false)
        let figures = try Self.evaluate(alone, threads: 1)
        #expect(alone.readerCount == 1)
        // Workers share one processor by turns, and then none of them reads ahead. Nor does one that begins when the other has decoded and scored the
        // first pieces alone, and that has nothing to score before the read that waits for it: of several runs one is helped.
        var isHelped = false
        for _ in 0..<10 where !isHelped {
            let helped = TwoReaders(stored, isLocal: true, waits: ProcessorCount.available > 1)
            #expect(try Self.evaluate(helped, threads: 2) == figures ? true : false)
            isHelped = !helped.isWaitInVain.load(ordering: .relaxed)
        }
        #expect(isHelped)
        for isLocal in [true, false] {
            for threads in [2, 4, 8] {
                let source = TwoReaders(stored, isLocal: isLocal, waits: false)
                #expect(try Self.evaluate(source, threads: threads) == figures ? true : false, "\(threads) threads, local: \(isLocal)")
            }
        }
    }
}
