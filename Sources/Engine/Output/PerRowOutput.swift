internal import Container
internal import Formats
internal import WorkStealing

/// The loss of every row in the order of the rows, as `.npy` of f8: written in place by whichever worker scored them.
///
/// A row that is ignored or invalid has no loss: NaN stands in its place, always of the same bits. A name that ends in `.zst` is compressed.
/// Workers finish rows in no order: what has to be written in order, a compressed file or a pipe, is made at the end from a file without a
/// name. After an evaluation it is whole, but has no name until `commit`.
public final class PerRowOutput: Sendable {
    private let output: OutputFile
    /// The losses as they come; nil where the output takes them so.
    private let scratch: OutputFile?
    private let headerByteCount: Int
    private let hasHeader: Bool

    private var rows: OutputFile { scratch ?? output }
    private var isCompressed: Bool { output.path.hasSuffix(".zst") }

    /// `rowCount`: nil where it is known at the end only.
    init(path: String, rowCount: Int?) throws(EngineError) {
        // NumPy leaves room for the number of rows to grow, so the header's size does not depend on it.
        let header = Self.header(rowCount: rowCount ?? 0)
        headerByteCount = header.count
        hasHeader = rowCount != nil
        output = try OutputFile(path: path)
        do throws(EngineError) {
            scratch = path.hasSuffix(".zst") || !output.isRandomAccess ? try output.scratchFile() : nil
        } catch {
            output.discard()
            throw error
        }
        guard hasHeader else { return }
        do {
            try rows.write(header, at: 0)
        } catch {
            discard()
            throw error
        }
    }

    private static func header(rowCount: Int) -> [UInt8] { NPYHeader.encode(elementType: .float64, shape: [rowCount]) }

    /// Writes the losses of neighbouring rows.
    func write(_ losses: UnsafeBufferPointer<Double>, firstRow: Int) throws(EngineError) {
        try rows.write(UnsafeRawBufferPointer(losses), at: headerByteCount + 8 * firstRow)
    }

    /// After the last row: writes what has to be written in order.
    func finish(rowCount: Int, _ cancellation: Cancellation) throws(EngineError) {
        if !hasHeader { try rows.write(Self.header(rowCount: rowCount), at: 0) }
        guard let scratch else { return }
        try copy(scratch, byteCount: headerByteCount + 8 * rowCount, cancellation)
        scratch.discard()
    }

    /// Gives the file its name. Only the first `commit` or `discard` does anything.
    public func commit() throws(EngineError) { try output.commit() }

    /// Removes the file.
    public func discard() {
        scratch?.discard()
        output.discard()
    }

    private func copy(_ scratch: OutputFile, byteCount: Int, _ cancellation: Cancellation) throws(EngineError) {
        var writer = SeekableWriter(level: 3)
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        var byteOffset = 0
        var outputOffset = 0
        while byteOffset < byteCount {
            if cancellation.isCancelled { throw .cancelled }
            let count = min(piece.count, byteCount - byteOffset)
            try piece.withMutableBytes { bytes throws(EngineError) in
                try scratch.read(UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), at: byteOffset)
            }
            var bytes = Array(piece[..<count])
            if isCompressed {
                do {
                    bytes = try writer.frame(of: piece[..<count])
                } catch {
                    throw EngineError(.inputOutput, path: output.path, "\(error)")
                }
            }
            try output.write(bytes, at: outputOffset)
            outputOffset += bytes.count
            byteOffset += count
        }
        if isCompressed { try output.write(writer.seekTable(), at: outputOffset) }
    }
}
