extension ColumnReader {
    /// The way in which the rows of pages are known.
    package enum PageCount: Sendable {
        /// The file's index of pages says them.
        case indexed
        /// The pages say them.
        case said
        /// Rows of lists were counted by their values.
        case counted
    }

    /// Lists the numbers of rows in the data pages of the row group, from the index of pages, or else from their headers: O(pages), each a
    /// short read.
    ///
    /// - Parameter valuesPerRow: the number of values that each row has, if the column holds lists.
    /// - Returns: nil if a page begins inside a row, or may do so.
    package func pageRows(valuesPerRow: Int) throws(ParquetError) -> (rowCounts: [Int], count: PageCount)? {
        begin(rowGroup: rowGroup)
        defer { begin(rowGroup: rowGroup) }
        let rowCount = file.rowGroups[rowGroup].rowCount
        if let index = try readIndex() { return (index.rowCounts(of: rowCount), .indexed) }
        let total = rowCount.multipliedReportingOverflow(by: valuesPerRow)
        let mayCount = column.isRepeated && !total.overflow && total.partialValue == valueCountOfChunk
        var rowCounts: [Int] = []
        var areCounted = false
        while let page = try nextPageHeader() {
            if let rows = rows(of: page, valuesPerRow: nil) {
                rowCounts.append(rows)
            } else if mayCount, let rows = rows(of: page, valuesPerRow: valuesPerRow) {
                rowCounts.append(rows)
                areCounted = true
            } else {
                return nil
            }
            skip(page)
        }
        return rowCounts.reduce(0, +) == rowCount ? (rowCounts, areCounted ? .counted : .said) : nil
    }

    /// Counts the data pages of the row group by their headers. O(pages).
    package func pageCount() throws(ParquetError) -> Int {
        begin(rowGroup: rowGroup)
        defer { begin(rowGroup: rowGroup) }
        var count = 0
        while let page = try nextPageHeader() {
            skip(page)
            count += 1
        }
        return count
    }

    /// Goes past data pages as long as all their rows come before a row. Their values are not read.
    ///
    /// - Parameters:
    ///   - row: the number of the row in the row group.
    ///   - valuesPerRow: the number of values that each list has, by which rows are counted; nil if pages must say their rows.
    ///   - place: the place of a page of the column that was read before; nil if there is none.
    /// - Returns: the number of rows in the pages.
    func skipPages(before row: Int, valuesPerRow: Int?, near place: PagePlace?) throws(ParquetError) -> Int {
        var skipped = 0
        if let place, resume(at: place, before: row) {
            skipped = place.firstRow
        } else if let first = try jump(to: row) {
            return first
        }
        while let page = try nextPageHeader(), let rows = rows(of: page, valuesPerRow: valuesPerRow), rows <= row - skipped {
            skip(page)
            skipped += rows
        }
        return skipped
    }

    /// Returns the number of rows in a page; nil if its header does not say it.
    private func rows(of page: PageHeader, valuesPerRow: Int?) -> Int? {
        if !column.isRepeated { return page.valueCount }
        if let rowCount = page.rowCount { return rowCount }
        guard let valuesPerRow, valuesPerRow > 0, page.valueCount % valuesPerRow == 0 else { return nil }
        return page.valueCount / valuesPerRow
    }
}

extension ColumnCursor {
    /// Goes to the first of some rows of a row group, which are read to the last.
    ///
    /// - Parameters:
    ///   - rows: the numbers of the rows in the row group.
    ///   - valuesPerRow: the number of values that each list has, by which rows of pages are counted that do not say them; nil to read all
    ///     pages before the row.
    ///   - place: the place of a page that a cursor of the same column read before, to which it may go at once; nil if there is none.
    package func begin(rowGroup: Int, rows: Range<Int>, valuesPerRow: Int?, near place: PagePlace? = nil) throws(ParquetError) {
        begin(rowGroup: rowGroup, looksAhead: valuesPerRow == nil)
        // All rows are read without the index of pages, which may be wrong.
        guard rows != 0..<reader.file.rowGroups[rowGroup].rowCount else { return }
        guard rows.lowerBound > 0 else {
            _ = try reader.jump(to: 0)
            return
        }
        let left = rows.lowerBound - (try reader.skipPages(before: rows.lowerBound, valuesPerRow: valuesPerRow, near: place))
        if column.isRepeated {
            try skipLists(left)
        } else {
            try readValues(left) { _, _ in }
        }
    }

    /// Goes to a row of a row group.
    package func begin(rowGroup: Int, row: Int, valuesPerRow: Int?) throws(ParquetError) {
        try begin(rowGroup: rowGroup, rows: row..<reader.file.rowGroups[rowGroup].rowCount, valuesPerRow: valuesPerRow)
    }
}
