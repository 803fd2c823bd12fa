internal import Elements
internal import Formats

/// Arrays in files whose rows follow one another.
struct ConcatenatedArrays: Sendable {
    let files: [ArrayFile]
    /// The number of each file's first row, and after them the number of all rows.
    let firstRows: [Int]

    /// Verifies the checksums of the archive members that were read in parts.
    func verifyMemberChecksums() throws(EngineError) {
        for file in files { try file.verifyMemberChecksum() }
    }

    /// Throws if the files together promise more rows than can be counted.
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

    /// Finds the file that holds a row, and the row's number in it. O(log files).
    func locate(_ row: Int) -> (file: Int, row: Int) {
        var low = 0
        var high = files.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if firstRows[middle] <= row { low = middle } else { high = middle }
        }
        // Files without rows share their first row with the next file. The search finds the last of them, which has the row.
        return (low, row - firstRows[low])
    }

    /// Finds the place of a row by its number among the rows of all files.
    func place(ofRow row: Int) -> RowPlace {
        let (fileIndex, row) = locate(row)
        return place(ofRow: row, inFile: fileIndex)
    }

    /// Finds the place of a row by its number in one of the files.
    func place(ofRow row: Int, inFile fileIndex: Int) -> RowPlace {
        let file = files[fileIndex]
        return RowPlace(path: file.path, row: row, frame: file.frame(containingRow: row))
    }

    /// The layout of a row in the first file.
    var layout: RowLayout {
        guard let file = files.first else { return RowLayout(elementType: .float64, valuesPerRow: 1) }
        return RowLayout(elementType: file.layout.elementType, valuesPerRow: file.rows.valuesPerRow)
    }

    /// The number of decoded bytes of all files.
    var decodedByteCount: Int { files.reduce(0) { $0 + $1.layout.endByteOffset } }
}
