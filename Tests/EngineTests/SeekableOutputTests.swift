import Container
import Messages
import Synchronization
import Testing
import WorkStealing

@testable import Engine
@testable import Outputs

/// Frames that are compressed side by side are written in order, whatever the number of workers. The orders of steps are those of
/// `OrderedQueueTests`.
@Suite struct SeekableOutputTests {
    private static let contents: [[UInt8]] = (0..<40).map { index in
        (0..<100 + 7 * index).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0 / 3) }  // any bytes do
    }

    private static func read(_ next: inout Int, _ buffer: ByteBuffer) -> Int? {
        guard next < contents.count else { return nil }
        let content = contents[next]
        next += 1
        buffer.reserve(content.count)
        buffer.room(from: 0, count: content.count).copyBytes(from: content)
        return content.count
    }

    private static func expected() throws -> [UInt8] {
        var writer = SeekableWriter(level: 1)
        var bytes: [UInt8] = []
        for content in contents { bytes += try writer.frame(of: content[...]) }
        return bytes + writer.seekTable()
    }

    @Test(arguments: [1, 2, 3, 8]) func anyNumberOfWorkersWritesTheSame(workerCount: Int) throws {
        for _ in 0..<20 {
            let folder = TemporaryFolder()
            let file = try OutputFile(path: folder["out"])
            let progress = ProgressMeter()
            let extent = try SeekableOutput.write(
                to: file, workerCount: workerCount, level: 1, RunControl(progress: progress), reader: 0
            ) { next, buffer throws(EngineError) in Self.read(&next, buffer) }
            try file.commit()
            #expect(folder.read("out") == (try Self.expected()))
            #expect(extent == SeekableOutput.Extent(frameCount: Self.contents.count, byteCount: folder.read("out").count))
            #expect(progress.decodedByteCount == Self.contents.reduce(0) { $0 + $1.count })
        }
    }

    /// What reading throws ends it: nothing further is read.
    @Test func readingFails() throws {
        let folder = TemporaryFolder()
        let file = try OutputFile(path: folder["out"])
        defer { file.discard() }
        let readCount = Atomic<Int>(0)
        let error = #expect(throws: EngineError.self) {
            _ = try SeekableOutput.write(
                to: file, workerCount: 2, level: 1, RunControl(), reader: 0
            ) { count, buffer throws(EngineError) in
                count += 1
                readCount.store(count, ordering: .relaxed)
                if count == 3 { throw EngineError(usage: "the third", remedy: "none") }
                buffer.reserve(10)
                return 10
            }
        }
        #expect(error?.problem == "the third")
        #expect(readCount.load(ordering: .relaxed) == 3)
    }

    @Test func cancelled() throws {
        let folder = TemporaryFolder()
        let file = try OutputFile(path: folder["out"])
        defer { file.discard() }
        let cancellation = Cancellation()
        let error = #expect(throws: EngineError.self) {
            _ = try SeekableOutput.write(
                to: file, workerCount: 3, level: 1, RunControl(cancellation: cancellation), reader: 0
            ) { next, buffer throws(EngineError) in
                if next == 7 { cancellation.cancel() }
                return Self.read(&next, buffer)
            }
        }
        #expect(error?.category == .cancelled)
    }
}
