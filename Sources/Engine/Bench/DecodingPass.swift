internal import Container
internal import Formats
internal import WorkStealing

/// Reads and decompresses what an evaluation does, by the same decoders on the same pool, and throws the bytes away: the time that no
/// evaluation can be faster than, however fast its kernels.
///
/// Predictions are shared out in the evaluation's own units. Labels, which it reads by row, are here units of their own: each of their
/// bytes is decompressed once.
enum DecodingPass {
    /// What one worker decodes at a stretch: one part of a file, or several where only one worker at a time can go on.
    private struct Unit: Sendable {
        let parts: [(file: ArrayFile, span: WorkUnit.Span)]
    }

    /// Opens the files and decodes them.
    ///
    /// - Returns: the number of decoded bytes.
    static func run(_ options: EvaluationOptions, _ cancellation: Cancellation) throws(EngineError) -> Int {
        // Opening is a part of an evaluation, too.
        let plan = try Plan(options, usesSeekTable: true)
        let files = plan.predictions.files
        var units: [Unit]
        switch plan.schedule {
        case .stealing(let cut), .inOrder(let cut): units = cut.map { Unit(parts: [(files[$0.fileIndex], $0.span)]) }
        case .stream: units = [Unit(parts: files.map { ($0, .whole) })]
        case .records: throw Bench.recordsError(plan)
        }
        for file in plan.labels?.arrays?.files ?? [] {
            units += WorkUnit.cut(file, fileIndex: 0).map { Unit(parts: [(file, $0.span)]) }
        }
        let pool = WorkStealingPool(workerCount: options.threadCount)
        do throws(RunError<EngineError>) {
            let (workers, _) = try pool.run(
                unitCount: units.count, cancellation: cancellation,
                makeWorker: { _ throws(EngineError) in Worker(plan.containerOptions) },
                body: { [units] index, worker throws(EngineError) in
                    for part in units[index].parts { try worker.decode(part.file.container, part.span, cancellation) }
                })
            return workers.reduce(0) { $0 + $1.decodedByteCount }
        } catch {
            switch error {
            case .unit(let unit): throw unit.underlying.withoutBlame()
            case .cancelled: throw EngineError(cancelledBefore: "all was measured")
            }
        }
    }

    /// A decoder and a buffer, as an evaluation's worker has them.
    private final class Worker {
        private let decoder: Decoder
        private let buffer = ByteBuffer()
        private(set) var decodedByteCount = 0

        init(_ options: ContainerOptions) { decoder = Decoder(options: options) }

        func decode(_ file: ContainerFile, _ span: WorkUnit.Span, _ cancellation: Cancellation) throws(EngineError) {
            switch span {
            case .frames(let frames): decoder.start(file, frames: frames)
            case .bytes(let bytes): decoder.start(file, decodedBytes: bytes)
            case .whole: decoder.start(wholeOf: file)
            }
            while true {
                let wanted = decoder.nextByteCount
                if wanted == 0 || cancellation.isCancelled { return }
                let room = max(wanted, EvaluationWorker.blockByteCount)
                buffer.reserve(room)
                let count: Int
                do { count = try decoder.read(into: buffer.room(from: 0, count: room)) } catch { throw EngineError(error) }
                if count == 0 { return }
                decodedByteCount += count
            }
        }
    }
}
