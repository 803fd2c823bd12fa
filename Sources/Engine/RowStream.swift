internal import Container

/// Rows that are read one after another, whatever they come from.
protocol RowStream: AnyObject {
    /// Reads the next rows to the start of `buffer`, in the machine's byte order and all of one element type.
    ///
    /// - Returns: how many there were, fewer than asked for only at the end of all.
    func readAcrossFiles(rowCount: Int, into buffer: ByteBuffer) throws(EngineError) -> Int
}

extension SideColumn {
    /// Its rows in order, where they can be had in no other way.
    func stream(_ options: ContainerOptions) throws(EngineError) -> (any RowStream)? {
        switch source {
        case .arrays(let rows): rows.isSequential ? SequentialRows(rows, options: options) : nil
        case .records(let files, let column): try RecordColumnRows(files, column, options)
        case .besidePredictions: nil
        }
    }
}
