internal import Outputs
internal import Parquet
internal import WorkStealing

/// A Parquet file that many workers write. Pages are read in order, encoded side by side, and written in order.
///
/// Memory is bounded by `OrderedPool.itemLimit` pages before and after encoding, and by some 24 bytes a page for the index.
struct ParquetOutput {
    /// The extent of the written file, and the decisions that were made on the way.
    struct Result {
        let pageCount: Int
        let rowGroupCount: Int
        let byteCount: Int
        let codings: [PackedCoding?]
        let trial: LayoutTrial?
        let shape: ParquetPackingShape
    }

    private let file: OutputFile
    private var writer: ParquetWriter

    /// Writes all pages and the footer. The file is whole then, but not committed.
    ///
    /// - Throws: the first error of reading, encoding or writing; `.cancelled`.
    static func write(
        to file: OutputFile, workerCount: Int, _ source: ParquetPackingSource, reader: sending ParquetPackingReader, _ control: RunControl
    ) throws(EngineError) -> Result {
        let columns = source.columns.map(\.written)
        let predictionIndex = source.predictionIndex
        var output = ParquetOutput(file: file, writer: ParquetWriter(columns, createdBy: "xent version \(Version.current)"))
        try output.write(output.writer.beginning, at: 0)
        let shape = reader.shape
        let codings: [PackedCoding?]
        let trial: LayoutTrial?
        do throws(RunError<EngineError>) {
            // One item is in each worker's hands, and as many again wait for an item before them.
            let result = try OrderedPool(workerCount: workerCount, itemsPerWorker: 2).run(
                source: reader, sequencer: output, cancellation: control.cancellation,
                makeItem: { PackedItem() },
                makeWorker: { _ throws(EngineError) in PageEncoder() },
                take: { reader, item throws(EngineError) in try reader.next(into: item) },
                prepare: { item, encoder throws(EngineError) in
                    guard item.page == nil else { return }
                    item.page = try EngineError.ofPage(file.path) { () throws(PageEncodingError) in
                        try encoder.encode(item.rows.rows, of: columns[item.column], item.coding)
                    }
                },
                admit: { output, item, _ throws(EngineError) in
                    try output.append(item)
                    if item.column == predictionIndex { control.progress.advance(by: item.rows.byteCount) }
                    return false
                },
                finish: { _, _ throws(EngineError) in })
            output = result.sequencer
            (codings, trial) = (result.source.codings, result.source.trial)
        } catch {
            switch error {
            case .unit(let unit): throw unit.underlying
            case .cancelled: throw EngineError.cancelled
            }
        }
        let start = output.writer.byteCount
        let end = output.writer.end()
        try output.write(end, at: start)
        return Result(
            pageCount: output.writer.pageCount, rowGroupCount: output.writer.rowGroupCount, byteCount: output.writer.byteCount,
            codings: codings, trial: trial, shape: shape)
    }

    private mutating func append(_ item: PackedItem) throws(EngineError) {
        guard let page = item.page else { return }
        let start = writer.byteCount
        try write(writer.append(page, toColumn: item.column), at: start)
        if item.endsRowGroup { writer.endRowGroup() }
        item.page = nil
    }

    private func write(_ bytes: [UInt8], at byteOffset: Int) throws(EngineError) {
        do throws(OutputError) { try file.write(bytes, at: byteOffset) } catch { throw EngineError(error) }
    }
}
