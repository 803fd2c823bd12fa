internal import Container
internal import WorkStealing

/// A seekable zstd file that is written by many workers: its frames' contents are read in order, by whoever comes, compressed side by side,
/// and written in order.
///
/// No worker waits for another one's frame. One that finds too many frames ahead of the oldest compresses the oldest once more, from the
/// same bytes to the same frame, and whoever is done first has its frame written: any single worker can finish. So memory is bounded, by
/// `workerCount` contents and three times as many compressed frames, and beside that 12 bytes a frame for the table.
final class SeekableOutput: Sendable {
    /// The content of a frame, and its place. The bytes stay as they are for as long as anybody holds it.
    final class Job {
        let index: Int
        let content: ByteBuffer
        let contentByteCount: Int
        // Both are touched under the lock of `window` only.
        fileprivate var holderCount = 1
        fileprivate var isDone = false

        fileprivate init(index: Int, content: ByteBuffer, contentByteCount: Int) {
            self.index = index
            self.content = content
            self.contentByteCount = contentByteCount
        }

        var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(content.room(from: 0, count: contentByteCount)) }
    }

    private struct Reading {
        var nextIndex = 0
        var hasEnded = false
        let read: (ByteBuffer) throws(EngineError) -> Int?
    }

    /// The frames between the oldest that is not written and the newest that was read.
    private struct Window {
        var nextToWrite = 0
        /// By index: those that somebody holds.
        var jobs: [Int: Job] = [:]
        /// By index: those that are compressed and not yet written.
        var finished: [Int: (frame: [UInt8], contentByteCount: Int)] = [:]
        /// Buffers that nobody holds.
        var spareBuffers: [ByteBuffer] = []
        var failure: EngineError?

        mutating func fail(_ error: EngineError) { if failure == nil { failure = error } }

        /// The frame that comes next, if it is finished; nil when all is lost anyway.
        mutating func takeNextToWrite() -> (frame: [UInt8], contentByteCount: Int)? {
            failure == nil ? finished.removeValue(forKey: nextToWrite) : nil
        }

        mutating func release(_ job: Job) {
            job.holderCount -= 1
            guard job.holderCount == 0 else { return }
            jobs[job.index] = nil
            spareBuffers.append(job.content)
        }
    }

    private struct Writing {
        var byteOffset = 0
        var table = SeekTableWriter()
    }

    private let file: OutputFile
    private let progress: ProgressMeter
    /// How many frames may lie between the oldest that is not written and the next.
    private let windowFrameCount: Int
    // Taken in this order: reading, window; or writing, window.
    private let reading: Lock<Reading>
    private let writing = Lock(Writing())
    private let window = Lock(Window())

    /// - Parameter read: reads the next frame's content to the start of a buffer and returns its size, nil after the last. It is called
    ///   by one thread at a time, and not again after it has thrown.
    init(
        _ file: OutputFile, workerCount: Int, progress: ProgressMeter, read: @escaping (ByteBuffer) throws(EngineError) -> Int?
    ) {
        self.file = file
        self.progress = progress
        windowFrameCount = 2 * workerCount
        reading = Lock(Reading(read: read))
    }

    /// Writes all frames and the table. The file is whole then, and not committed.
    ///
    /// - Returns: the number of frames, and the file's size.
    /// - Throws: what reading, compressing or writing threw first; `.cancelled`.
    func run(_ pool: WorkStealingPool, level: Int, _ cancellation: Cancellation) throws(EngineError) -> (frameCount: Int, byteCount: Int) {
        do throws(RunError<EngineError>) {
            // One unit for each worker: to take frames until there are no more.
            _ = try pool.run(
                unitCount: pool.workerCount, cancellation: cancellation,
                makeWorker: { _ throws(EngineError) in FrameCompressor(level: level) },
                body: { _, compressor throws(EngineError) in work(compressor, cancellation) })
        } catch {
            switch error {
            case .unit(let unit): throw unit.underlying
            case .cancelled: throw EngineError(.cancelled, "cancelled; nothing was written")
            }
        }
        if let failure = window.withLock({ $0.failure }) { throw failure }
        let (table, byteOffset, frameCount) = writing.withLock { writing in
            let frameCount = writing.table.frameCount
            let table = writing.table.table()
            writing.table = SeekTableWriter()
            return (table, writing.byteOffset, frameCount)
        }
        try file.write(table, at: byteOffset)
        return (frameCount, byteOffset + table.count)
    }

    private func work(_ compressor: FrameCompressor, _ cancellation: Cancellation) {
        while !cancellation.isCancelled, let job = next() {
            do throws(SeekableWriterError) {
                finish(job, frame: try compressor.frame(of: job.bytes))
            } catch {
                window.withLock { window in
                    window.fail(EngineError(.inputOutput, path: file.path, "\(error)"))
                    window.release(job)
                }
            }
        }
    }

    /// The next frame to compress: one that is read now or, where that would be too many, the oldest that is not done. nil when there is
    /// nothing left to begin.
    func next() -> Job? {
        while true {
            switch claim() {
            case .job(let job): return job
            case .end: return nil
            case .full:
                let oldest = window.withLock { window -> Job? in
                    guard let job = window.jobs[window.nextToWrite], !job.isDone else { return nil }
                    job.holderCount += 1
                    return job
                }
                if let oldest { return oldest }
                // It is compressed: it is being written, or about to be.
                writeFinished()
            }
        }
    }

    private enum Claim {
        case job(Job)
        /// There are as many frames under way as there may be.
        case full
        case end
    }

    private func claim() -> Claim {
        reading.withLock { reading in
            if reading.hasEnded { return .end }
            let (hasFailed, buffer) = window.withLock { window -> (Bool, ByteBuffer?) in
                if window.failure != nil { return (true, nil) }
                if reading.nextIndex - window.nextToWrite >= windowFrameCount { return (false, nil) }
                return (false, window.spareBuffers.popLast() ?? ByteBuffer())
            }
            guard let buffer else { return hasFailed ? .end : .full }
            do throws(EngineError) {
                guard let byteCount = try reading.read(buffer) else {
                    reading.hasEnded = true
                    return .end
                }
                let job = Job(index: reading.nextIndex, content: buffer, contentByteCount: byteCount)
                reading.nextIndex += 1
                window.withLock { $0.jobs[job.index] = job }
                return .job(job)
            } catch {
                reading.hasEnded = true
                window.withLock { $0.fail(error) }
                return .end
            }
        }
    }

    /// Brings the frame of a job, and writes what can be written. Somebody else may have brought the same before.
    func finish(_ job: Job, frame: [UInt8]) {
        window.withLock { window in
            if !job.isDone {
                job.isDone = true
                window.finished[job.index] = (frame, job.contentByteCount)
                progress.advance(by: job.contentByteCount)
            }
            window.release(job)
        }
        writeFinished()
    }

    /// Writes the finished frames that come next. While one worker writes, others that have a frame ready stand here: what the disk does
    /// not take is not compressed either.
    private func writeFinished() {
        writing.withLock { writing in
            while let (frame, contentByteCount) = window.withLock({ $0.takeNextToWrite() }) {
                do throws(EngineError) {
                    try file.write(frame, at: writing.byteOffset)
                    do throws(SeekableWriterError) {
                        try writing.table.append(frame, contentByteCount: contentByteCount)
                    } catch {
                        throw EngineError(.inputOutput, path: file.path, "\(error)")
                    }
                } catch {
                    window.withLock { $0.fail(error) }
                    return
                }
                writing.byteOffset += frame.count
                window.withLock { $0.nextToWrite += 1 }
            }
        }
    }
}
