extension ColumnReader {
    /// Lists the numbers of rows in the data pages of the row group, from their headers. O(pages), each a short read.
    ///
    /// - Parameter valuesPerRow: the number of values that each row has, if the column holds lists.
    /// - Returns: nil if a page begins inside a row, or may do so; `areCounted` is true if pages of lists do not say how many rows they
    ///   have, so that rows were counted by their values.
    package func pageRows(valuesPerRow: Int) throws(ParquetError) -> (rowCounts: [Int], areCounted: Bool)? {
        begin(rowGroup: rowGroup)
        defer { begin(rowGroup: rowGroup) }
        let rowCount = file.rowGroups[rowGroup].rowCount
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
        return rowCounts.reduce(0, +) == rowCount ? (rowCounts, areCounted) : nil
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
    /// - Returns: the number of rows in the pages.
    func skipPages(before row: Int, valuesPerRow: Int?) throws(ParquetError) -> Int {
        var skipped = 0
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
    /// Goes to a row of a row group.
    ///
    /// - Parameters:
    ///   - row: the number of the row in the row group.
    ///   - valuesPerRow: the number of values that each list has, by which rows of pages are counted that do not say them; nil to read all
    ///     pages before the row.
    package func begin(rowGroup: Int, row: Int, valuesPerRow: Int?) throws(ParquetError) {
        begin(rowGroup: rowGroup, looksAhead: valuesPerRow == nil)
        guard row > 0 else { return }
        let left = row - (try reader.skipPages(before: row, valuesPerRow: valuesPerRow))
        if column.isRepeated {
            try skipLists(left)
        } else {
            try readValues(left) { _, _ in }
        }
    }
}
