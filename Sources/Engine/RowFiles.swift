internal import Formats

/// Files whose rows follow one another.
struct RowFiles: Sendable {
    let files: [ArrayFile]
    /// The number of each file's first row, and after them that of all rows.
    let firstRows: [Int]

    /// `ArrayFile.verifyMemberChecksum` of each.
    func verifyMemberChecksums() throws(EngineError) {
        for file in files { try file.verifyMemberChecksum() }
    }

    init(_ files: [ArrayFile]) throws(EngineError) {
        self.files = files
        var firstRows = [0]
        for file in files {
            let (next, overflow) = firstRows[firstRows.count - 1].addingReportingOverflow(file.rowCount)
            guard !overflow else { throw EngineError(.data, path: file.path, "the files together promise more rows than can be counted") }
            firstRows.append(next)
        }
        self.firstRows = firstRows
    }

    var rowCount: Int { firstRows[files.count] }

    /// Whether some rows can only be had in order.
    var isSequential: Bool { files.contains { !$0.allowsRandomAccess } }

    /// Bytes of one row of the first file; the files of labels and of weights are of one type each.
    var rowByteCount: Int { files[0].layout.rowByteCount }

    /// Which file holds a row, and its number there. O(log files).
    func locate(_ row: Int) -> (file: Int, row: Int) {
        var low = 0
        var high = files.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if firstRows[middle] <= row { low = middle } else { high = middle }
        }
        // Files without rows share their first row with the next one: the last of them is the one that has it.
        return (low, row - firstRows[low])
    }

    /// "p.npy: row 17" for a row of all the files.
    func placeText(_ row: UInt64) -> String {
        let place = locate(Int(clamping: row))
        return "\(files[place.file].path): row \(place.row)"
    }
}
