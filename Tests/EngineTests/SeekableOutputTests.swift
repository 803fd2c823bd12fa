import Container
import Oracle
import Testing
import WorkStealing

@testable import Engine

/// Workers in any order and at any pace, played by hand on one thread: nothing waits, nothing piles up, and the file is the same.
@Suite struct SeekableOutputTests {
    private static let contents: [[UInt8]] = (0..<40).map { index in
        (0..<100 + 7 * index).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0 / 3) }  // any bytes do
    }

    /// An output that is given `contents`, and the file that it writes.
    private final class Play {
        let file: OutputFile
        let output: SeekableOutput
        let progress = ProgressMeter()
        let compressor = FrameCompressor(level: 1)

        init(_ folder: TemporaryFolder, workerCount: Int) throws {
            file = try OutputFile(path: folder["out"])
            var next = 0
            output = SeekableOutput(file, workerCount: workerCount, progress: progress) { buffer throws(EngineError) in
                guard next < contents.count else { return nil }
                let content = contents[next]
                next += 1
                buffer.reserve(content.count)
                buffer.room(from: 0, count: content.count).copyBytes(from: content)
                return content.count
            }
        }

        /// Ends a job as its worker would, when its bytes were found to be the right ones still.
        func finish(_ job: SeekableOutput.Job, sourceLocation: SourceLocation = #_sourceLocation) throws {
            #expect(Array(job.bytes) == contents[job.index], "frame \(job.index)", sourceLocation: sourceLocation)
            output.finish(job, frame: try compressor.frame(of: job.bytes))
        }

        /// Whatever is left is done by a single worker; then the file must be whole.
        func end(_ folder: TemporaryFolder, sourceLocation: SourceLocation = #_sourceLocation) throws {
            while let job = output.next() { try finish(job) }
            // A pool with nothing left to do adds the table.
            let (frameCount, byteCount) = try output.run(WorkStealingPool(workerCount: 1), level: 1, Cancellation())
            #expect(frameCount == contents.count, sourceLocation: sourceLocation)
            try file.commit()
            #expect(folder.read("out").count == byteCount, sourceLocation: sourceLocation)
            #expect(folder.read("out") == (try Self.expected()), sourceLocation: sourceLocation)
            #expect(progress.decodedByteCount == contents.reduce(0) { $0 + $1.count }, sourceLocation: sourceLocation)
        }

        private static func expected() throws -> [UInt8] {
            var writer = SeekableWriter(level: 1)
            var bytes: [UInt8] = []
            for content in contents { bytes += try writer.frame(of: content[...]) }
            return bytes + writer.seekTable()
        }
    }

    @Test func aSingleWorkerWritesAll() throws {
        let folder = TemporaryFolder()
        try Play(folder, workerCount: 1).end(folder)
    }

    /// One worker took the first frame and came to a stand. The other one goes ahead by as many frames as there may be, and then does
    /// that frame itself; what the first brings in the end is not wanted, and does no harm.
    @Test func aWorkerThatStandsStillHoldsNobodyUp() throws {
        let folder = TemporaryFolder()
        let play = try Play(folder, workerCount: 2)
        let stuck = try #require(play.output.next())
        #expect(stuck.index == 0)
        for index in 1..<4 {
            let job = try #require(play.output.next())
            #expect(job.index == index)
            try play.finish(job)
        }
        let helped = try #require(play.output.next())
        #expect(helped.index == 0)
        try play.finish(helped)
        for index in 4..<30 {
            let job = try #require(play.output.next())
            #expect(job.index == index)
            // A buffer that somebody holds is not read into.
            #expect(job.content !== stuck.content)
            try play.finish(job)
        }
        try play.finish(stuck)
        try play.end(folder)
    }

    /// The last frames are with workers that stand still: the others leave, since there is nothing to begin.
    @Test func atTheEndNobodyIsWaitedFor() throws {
        let folder = TemporaryFolder()
        let play = try Play(folder, workerCount: 3)
        var held: [SeekableOutput.Job] = []
        while let job = play.output.next() {
            if job.index >= Self.contents.count - 3 { held.append(job) } else { try play.finish(job) }
        }
        #expect(held.map(\.index) == [37, 38, 39])
        for job in held.reversed() { try play.finish(job) }
        try play.end(folder)
    }

    /// Any order in which workers take and bring frames.
    @Test func anyInterleaving() throws {
        let folder = TemporaryFolder()
        var helpCount = 0
        for seed in 0..<(isOptimised ? 300 : 40) as Range<UInt64> {
            var random = SplitMix64(seed: 1000 + seed)
            let workerCount = Int.random(in: 1...6, using: &random)
            let play = try Play(folder, workerCount: workerCount)
            // How willing each worker is to go on: some hardly ever.
            let pace = (0..<workerCount).map { _ in Double.random(in: 0.02...1, using: &random) }
            var held = [SeekableOutput.Job?](repeating: nil, count: workerCount)
            var taken: Set<Int> = []
            var buffers: Set<ObjectIdentifier> = []
            var hasEnded = false
            while !hasEnded || held.contains(where: { $0 != nil }) {
                let worker = Int.random(in: 0..<workerCount, using: &random)
                guard Double.random(in: 0..<1, using: &random) < pace[worker] else { continue }
                if let job = held[worker] {
                    try play.finish(job)
                    held[worker] = nil
                } else if let job = play.output.next() {
                    if !taken.insert(job.index).inserted { helpCount += 1 }
                    buffers.insert(ObjectIdentifier(job.content))
                    held[worker] = job
                } else {
                    hasEnded = true
                }
            }
            #expect(buffers.count <= workerCount, "seed \(1000 + seed)")
            try play.end(folder)
        }
        #expect(helpCount > 20)
    }

    /// What reading throws ends it: nothing further is handed out.
    @Test func readingFails() throws {
        let folder = TemporaryFolder()
        let file = try OutputFile(path: folder["out"])
        defer { file.discard() }
        var count = 0
        let output = SeekableOutput(file, workerCount: 2, progress: ProgressMeter()) { buffer throws(EngineError) in
            count += 1
            if count == 3 { throw EngineError(usage: "the third", remedy: "none") }
            buffer.reserve(10)
            return 10
        }
        let error = #expect(throws: EngineError.self) { try output.run(WorkStealingPool(workerCount: 2), level: 1, Cancellation()) }
        #expect(error?.problem == "the third")
        #expect(output.next() == nil && count == 3)
    }
}
