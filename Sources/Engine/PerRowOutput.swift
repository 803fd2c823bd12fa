internal import Container
internal import Formats
internal import WorkStealing

/// The loss of every row in the order of the rows, as `.npy` of f8: written in place by whichever worker scored them.
///
/// A row that is ignored or invalid has no loss: 0 for an ignored one, as the frameworks give, NaN for an invalid one. A name that ends in
/// `.zst` is compressed at the end, from the raw file: frames must follow each other in order, which workers do not. After an evaluation it is
/// whole, but has no name until `commit`.
public final class PerRowOutput: Sendable {
    private let raw: OutputFile
    private let path: String
    private let header: [UInt8]
    private let rowCount: Int
    /// What takes the raw file's place once it is there.
    private let compressed = Lock<OutputFile?>(nil)
    private var isCompressed: Bool { path.hasSuffix(".zst") }

    init(path: String, rowCount: Int) throws(EngineError) {
        self.path = path
        self.rowCount = rowCount
        header = NPYHeader.encode(elementType: .float64, shape: [rowCount])
        raw = try OutputFile(path: path)
        do {
            try raw.write(header, at: 0)
        } catch {
            raw.discard()
            throw error
        }
    }

    /// Writes the losses of neighbouring rows.
    func write(_ losses: UnsafeBufferPointer<Double>, firstRow: Int) throws(EngineError) {
        try raw.write(UnsafeRawBufferPointer(losses), at: header.count + 8 * firstRow)
    }

    /// After the last row: compresses, where the name asks for it.
    func finish(_ cancellation: Cancellation) throws(EngineError) {
        guard isCompressed else { return }
        let output = try OutputFile(path: path, distinction: "-compressed")
        do {
            try compress(into: output, cancellation)
        } catch {
            output.discard()
            throw error
        }
        compressed.withLock { $0 = output }
        raw.discard()
    }

    private var finished: OutputFile { compressed.withLock { $0 } ?? raw }

    /// Gives the file its name. Only the first `commit` or `discard` does anything.
    public func commit() throws(EngineError) { try finished.commit() }

    /// Removes the file.
    public func discard() { finished.discard() }

    private func compress(into output: OutputFile, _ cancellation: Cancellation) throws(EngineError) {
        var writer = SeekableWriter(level: 3)
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        let byteCount = header.count + 8 * rowCount
        var byteOffset = 0
        var outputOffset = 0
        while byteOffset < byteCount {
            if cancellation.isCancelled { throw EngineError(.cancelled, "cancelled; nothing was written") }
            let count = min(piece.count, byteCount - byteOffset)
            try piece.withMutableBytes { bytes throws(EngineError) in
                try raw.read(UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), at: byteOffset)
            }
            let frame: [UInt8]
            do { frame = try writer.frame(of: piece[..<count]) } catch { throw EngineError(.inputOutput, path: path, "\(error)") }
            try output.write(frame, at: outputOffset)
            outputOffset += frame.count
            byteOffset += count
        }
        try output.write(writer.seekTable(), at: outputOffset)
    }
}
