internal import Container
internal import Formats
internal import WorkStealing

/// The loss of every row in the order of the rows, as `.npy` of f8: written in place by whichever worker scored them.
///
/// A row that is ignored or invalid has no loss: NaN stands in its place, always of the same bits. A name that ends in `.zst` is compressed at
/// the end, from the raw file: frames must follow each other in order, which workers do not. After an evaluation it is whole, but has no name
/// until `commit`.
public final class PerRowOutput: Sendable {
    private let raw: OutputFile
    private let path: String
    private let headerByteCount: Int
    private let hasHeader: Bool
    /// What takes the raw file's place once it is there.
    private let compressed = Lock<OutputFile?>(nil)
    private var isCompressed: Bool { path.hasSuffix(".zst") }

    /// `rowCount`: nil where it is known at the end only.
    init(path: String, rowCount: Int?) throws(EngineError) {
        self.path = path
        // NumPy leaves room for the number of rows to grow, so the header's size does not depend on it.
        let header = Self.header(rowCount: rowCount ?? 0)
        headerByteCount = header.count
        hasHeader = rowCount != nil
        raw = try OutputFile(path: path)
        guard hasHeader else { return }
        do {
            try raw.write(header, at: 0)
        } catch {
            raw.discard()
            throw error
        }
    }

    private static func header(rowCount: Int) -> [UInt8] { NPYHeader.encode(elementType: .float64, shape: [rowCount]) }

    /// Writes the losses of neighbouring rows.
    func write(_ losses: UnsafeBufferPointer<Double>, firstRow: Int) throws(EngineError) {
        try raw.write(UnsafeRawBufferPointer(losses), at: headerByteCount + 8 * firstRow)
    }

    /// After the last row: compresses, where the name asks for it.
    func finish(rowCount: Int, _ cancellation: Cancellation) throws(EngineError) {
        if !hasHeader { try raw.write(Self.header(rowCount: rowCount), at: 0) }
        guard isCompressed else { return }
        let output = try OutputFile(path: path, distinction: "-compressed")
        do {
            try compress(into: output, byteCount: headerByteCount + 8 * rowCount, cancellation)
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

    private func compress(into output: OutputFile, byteCount: Int, _ cancellation: Cancellation) throws(EngineError) {
        var writer = SeekableWriter(level: 3)
        var piece = [UInt8](repeating: 0, count: 1 << 20)
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
