package import Container
internal import Parquet

extension Packing {
    /// Packs the predictions of a source to a Parquet file in memory, on one thread: for measurements.
    package static func parquetBytes(of predictions: any ByteSource) throws(EngineError) -> [UInt8] {
        var options = PackingOptions(inputPath: predictions.name, outputPath: "")
        options.layout = .parquet
        options.byteSources[predictions.name] = predictions
        let source = try ParquetPackingSource(options, ContainerOptions())
        var reader = try ParquetPackingReader(source, level: nil, pageByteCount: nil, RunControl())
        var writer = ParquetWriter(source.columns.map(\.written), createdBy: "xent version \(Version.current)")
        var bytes = writer.beginning
        let (item, encoder) = (PackedItem(), PageEncoder())
        while try reader.next(into: item) {
            let page = try EngineError.ofPage(predictions.name) { () throws(PageEncodingError) in
                if let page = item.page { return page }
                return try encoder.encode(item.rows.rows, of: writer.columns[item.column], item.coding)
            }
            bytes += writer.append(page, toColumn: item.column)
            if item.endsRowGroup { writer.endRowGroup() }
        }
        return bytes + writer.end()
    }
}
