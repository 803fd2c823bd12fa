internal import Container
internal import Formats
internal import Messages

extension RecordFile {
    /// Finds the largest number of predictions in a record, from a pass over the text. The selection has one path, or the columns of a
    /// table.
    ///
    /// O(bytes), on one thread. Records that cannot be read are passed over here: they are invalid rows later.
    func largestPredictionCount(options: ContainerOptions) throws(EngineError) -> Int {
        guard !container.isStream else {
            throw EngineError(
                .usage, path: path, "with \(setting: .ragged) the most predictions of a record are counted first, and a pipe is read once",
                remedy: "write it to a file first")
        }
        var counting = RecordSelection(predictions: selection.predictions)
        // The sum of a record's values comes with their number.
        counting.sumsValues = true
        let counted = selecting(counting)
        let parser = try counted.makeParser()
        let stream = RecordStream([counted], options: options)
        let buffer = ByteBuffer()
        let rows = RecordRows()
        var largest = 0
        try stream.begin(0)
        while let piece = try stream.next(into: buffer) {
            parser.parse(UnsafeRawBufferPointer(buffer.room(from: 0, count: piece.extent.byteCount)), into: rows)
            largest = max(largest, rows.tokenCounts.reduce(0) { max($0, Int(clamping: $1)) })
        }
        return largest
    }
}
