internal import Container
internal import Outputs
internal import WorkStealing

/// A seekable zstd file that many workers write. The contents of its frames are read in order, compressed side by side, and written in
/// order.
///
/// Memory is bounded by `OrderedPool.itemLimit` contents and compressed frames, and by 12 bytes a frame for the table.
struct SeekableOutput {
    /// The size of the written file.
    struct Extent: Equatable {
        let frameCount: Int
        let byteCount: Int
    }

    /// The content of a frame, and its compressed bytes. Items are used again and again.
    private final class Item {
        let content = ByteBuffer()
        var contentByteCount = 0
        var frame: [UInt8] = []
    }

    private let file: OutputFile
    private var byteOffset = 0
    private var table = SeekTableWriter()

    private init(_ file: OutputFile) { self.file = file }

    /// Writes all frames and the table. The file is whole then, but not committed.
    ///
    /// - Parameter read: reads the next frame's content to the start of a buffer and returns its size in bytes; nil after the last. One
    ///   thread at a time calls it, and no thread after it has thrown.
    /// - Throws: the first error of reading, compressing or writing; `.cancelled`.
    static func write<Reader>(
        to file: OutputFile, workerCount: Int, level: Int, _ control: RunControl,
        reader: sending Reader, read: @Sendable (inout Reader, ByteBuffer) throws(EngineError) -> Int?
    ) throws(EngineError) -> Extent {
        var output: SeekableOutput
        do throws(RunError<EngineError>) {
            // One item is in each worker's hands, and as many again wait for an item before them.
            let pool = OrderedPool(workerCount: workerCount, itemsPerWorker: 2)
            let result = try pool.run(
                source: reader, sequencer: SeekableOutput(file), cancellation: control.cancellation,
                makeItem: { Item() },
                makeWorker: { _ throws(EngineError) in FrameCompressor(level: level) },
                take: { reader, item throws(EngineError) in
                    guard let byteCount = try read(&reader, item.content) else { return false }
                    item.contentByteCount = byteCount
                    return true
                },
                prepare: { item, compressor throws(EngineError) in
                    let content = UnsafeRawBufferPointer(item.content.room(from: 0, count: item.contentByteCount))
                    do throws(SeekableWriterError) { item.frame = try compressor.frame(of: content) } catch {
                        throw EngineError(.inputOutput, path: file.path, "\(error)")
                    }
                },
                admit: { output, item, _ throws(EngineError) in
                    try output.append(item.frame, contentByteCount: item.contentByteCount)
                    control.progress.advance(by: item.contentByteCount)
                    return false
                },
                finish: { _, _ throws(EngineError) in })
            output = result.sequencer
        } catch {
            switch error {
            case .unit(let unit): throw unit.underlying
            case .cancelled: throw EngineError.cancelled
            }
        }
        return try output.finish()
    }

    private mutating func append(_ frame: [UInt8], contentByteCount: Int) throws(EngineError) {
        do throws(OutputError) { try file.write(frame, at: byteOffset) } catch { throw EngineError(error) }
        do throws(SeekableWriterError) { try table.append(frame, contentByteCount: contentByteCount) } catch {
            throw EngineError(.inputOutput, path: file.path, "\(error)")
        }
        byteOffset += frame.count
    }

    private mutating func finish() throws(EngineError) -> Extent {
        let bytes = table.table()
        do throws(OutputError) { try file.write(bytes, at: byteOffset) } catch { throw EngineError(error) }
        return Extent(frameCount: table.frameCount, byteCount: byteOffset + bytes.count)
    }
}
