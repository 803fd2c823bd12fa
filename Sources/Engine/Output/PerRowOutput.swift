internal import Container
internal import Elements
internal import Formats
internal import Outputs
internal import WorkStealing

/// The loss of every row in the order of the rows, as `.npy` of f8. Each worker writes the losses of the rows that it scored in their
/// place.
///
/// A row that is ignored or invalid has no loss. NaN stands in its place, always with the same bits. A file whose name ends in `.zst` is
/// compressed. Workers finish rows in no order, so a compressed file or a pipe, which must be written in order, is made at the end from a
/// file without a name. After an evaluation the output is whole, but has no name until `commit`.
public final class PerRowOutput: Sendable {
    private let output: OutputFile
    /// The file for losses as they come; nil if the output itself takes them in any order.
    private let scratch: OutputFile?
    private let headerByteCount: Int
    private let hasHeader: Bool

    private var rows: OutputFile { scratch ?? output }
    private var isCompressed: Bool { output.path.hasSuffix(".zst") }

    /// Opens the output.
    ///
    /// - Parameter rowCount: the number of rows; nil if it is known only at the end.
    init(path: String, rowCount: Int?) throws(EngineError) {
        // NumPy leaves room for the number of rows to grow, so the header's size does not depend on it.
        let header = Self.header(rowCount: rowCount ?? 0)
        headerByteCount = header.count
        hasHeader = rowCount != nil
        do throws(OutputError) { output = try OutputFile(path: path) } catch { throw EngineError(error) }
        do throws(OutputError) {
            scratch = path.hasSuffix(".zst") || !output.isRandomAccess ? try output.scratchFile() : nil
        } catch {
            output.discard()
            throw EngineError(error)
        }
        guard hasHeader else { return }
        do throws(OutputError) {
            try rows.write(header, at: 0)
        } catch {
            discard()
            throw EngineError(error)
        }
    }

    private static func header(rowCount: Int) -> [UInt8] { NPYHeader.encode(elementType: .float64, shape: [rowCount]) }

    /// Writes the losses of neighbouring rows.
    func write(_ losses: UnsafeBufferPointer<Double>, firstRow: Int) throws(EngineError) {
        let bytes = UnsafeRawBufferPointer(losses)
        try EngineError.ofOutput { () throws(OutputError) in try rows.write(bytes, at: headerByteCount + 8 * firstRow) }
    }

    /// Completes the file after the last row, by writing what must be written in order.
    func finish(rowCount: Int, _ cancellation: Cancellation) throws(EngineError) {
        if !hasHeader { try EngineError.ofOutput { () throws(OutputError) in try rows.write(Self.header(rowCount: rowCount), at: 0) } }
        guard let scratch else { return }
        try copy(scratch, byteCount: headerByteCount + 8 * rowCount, cancellation)
        scratch.discard()
    }

    /// Gives the file its name. Only the first call of `commit` or `discard` does anything.
    ///
    /// - Throws: `EngineError` of category `.inputOutput`.
    public func commit() throws(EngineError) {
        try EngineError.ofOutput { () throws(OutputError) in try output.commit() }
    }

    /// Removes the file, unless it was committed.
    public func discard() {
        scratch?.discard()
        output.discard()
    }

    /// Copies the losses to the output in order, compressed if its name says so.
    private func copy(_ scratch: OutputFile, byteCount: Int, _ cancellation: Cancellation) throws(EngineError) {
        var writer = SeekableWriter(level: 3)
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        var byteOffset = 0
        var outputOffset = 0
        while byteOffset < byteCount {
            if cancellation.isCancelled { throw .cancelled }
            let count = min(piece.count, byteCount - byteOffset)
            try piece.withMutableBytes { bytes throws(EngineError) in
                let room = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
                try EngineError.ofOutput { () throws(OutputError) in try scratch.read(room, at: byteOffset) }
            }
            var bytes = Array(piece[..<count])
            if isCompressed {
                do {
                    bytes = try writer.frame(of: piece[..<count])
                } catch {
                    throw EngineError(.inputOutput, path: output.path, "\(error)")
                }
            }
            try EngineError.ofOutput { () throws(OutputError) in try output.write(bytes, at: outputOffset) }
            outputOffset += bytes.count
            byteOffset += count
        }
        guard isCompressed else { return }
        let table = writer.seekTable()
        try EngineError.ofOutput { () throws(OutputError) in try output.write(table, at: outputOffset) }
    }
}
