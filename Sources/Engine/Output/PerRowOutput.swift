internal import Container
internal import Elements
internal import Formats
internal import Messages
internal import Outputs
internal import WorkStealing

/// The loss of every row in the order of the rows, as `.npy` of f8 or as CSV. Each worker writes the losses of the rows that it scored in
/// their place.
///
/// A row that is ignored or invalid has no loss. NaN stands in its place, always with the same bits. A file whose name ends in `.csv` has
/// the columns `row`, which counts from 0, and `loss`, in the shortest digits that read back to the same number. A file whose name ends in
/// `.zst` is compressed. Workers finish rows in no order, so CSV, a compressed file and a pipe, which must be written in order, are made at
/// the end from a file without a name. After an evaluation the output is whole, but has no name until `commit`.
public final class PerRowOutput: Sendable {
    private let output: OutputFile
    /// The file for losses as they come; nil if the output itself takes them in any order.
    private let scratch: OutputFile?
    private let headerByteCount: Int
    private let hasHeader: Bool
    /// The number of the first row in the whole dump.
    private let firstRow: Int

    private var rows: OutputFile { scratch ?? output }
    private let isCompressed: Bool
    private let isText: Bool

    /// Opens the output.
    ///
    /// - Parameters:
    ///   - rowCount: the number of rows; nil if it is known only at the end.
    ///   - firstRow: the number of the first row in the whole dump, for text.
    /// - Throws: `EngineError`, of category `.usage` if the path's ending names no format. A path that leads to an open descriptor, a pipe
    ///   or a device may have any name, and is written as `.npy` unless the name says otherwise.
    init(path: String, rowCount: Int?, firstRow: Int = 0) throws(EngineError) {
        let name = path.lowercased()
        isCompressed = name.hasSuffix(".zst")
        isText = [".csv", ".csv.zst"].contains { name.hasSuffix($0) }
        // NumPy leaves room for the number of rows to grow, so the header's size does not depend on it.
        let header = Self.header(rowCount: rowCount ?? 0)
        headerByteCount = header.count
        hasHeader = rowCount != nil
        self.firstRow = firstRow
        let output = try EngineError.ofOutput { () throws(OutputError) in try OutputFile(path: path) }
        self.output = output
        do throws(EngineError) {
            guard isText || !output.isRandomAccess || [".npy", ".npy.zst"].contains(where: { name.hasSuffix($0) }) else {
                throw EngineError(
                    .usage, path: path, "the ending of its name is none that the losses of rows can be written as",
                    remedy: "\(setting: .perRow) takes a name that ends in .npy, .npy.zst, .csv or .csv.zst")
            }
            let isInOrder = isCompressed || isText || !output.isRandomAccess
            scratch = isInOrder ? try EngineError.ofOutput { () throws(OutputError) in try output.scratchFile() } : nil
        } catch {
            output.discard()
            throw error
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
        // The first piece of text replaces the array's header.
        var byteOffset = isText ? headerByteCount : 0
        var text = isText ? Array("row,loss\n".utf8) : []
        var row = firstRow
        var outputOffset = 0
        while byteOffset < byteCount || !text.isEmpty {
            if cancellation.isCancelled { throw .cancelled }
            let count = min(piece.count, byteCount - byteOffset)
            try piece.withMutableBytes { bytes throws(EngineError) in
                let room = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
                try EngineError.ofOutput { () throws(OutputError) in try scratch.read(room, at: byteOffset) }
            }
            var bytes = Array(piece[..<count])
            if isText {
                bytes.withUnsafeBytes { losses in
                    for loss in losses.bindMemory(to: Double.self) {
                        text += "\(row),\(loss)\n".utf8
                        row += 1
                    }
                }
                bytes = text
                text = []
            }
            if isCompressed {
                do {
                    bytes = try writer.frame(of: bytes[...])
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
