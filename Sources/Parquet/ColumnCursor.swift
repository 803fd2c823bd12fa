internal import Elements

/// A reader of the rows of one column, one after another in one row group: values that may be null, or lists.
package final class ColumnCursor {
    /// The reader of the pages.
    package let reader: ColumnReader
    /// The column.
    package let column: ParquetColumn
    private var page: ColumnPage { reader.page }
    /// The runs of levels that come next, and how many of their levels are left.
    private var (repetitionRun, repetitionLeft) = (0, 0)
    private var (definitionRun, definitionLeft) = (0, 0)
    /// The index of the next value among those of the page that are there.
    private var value = 0
    /// The number of levels of the page that are left.
    private var levelsLeft = 0
    /// The length of all lists of the page, which have no nulls, as long as they are read as such; nil if levels are read run by run.
    private var listLength: Int?
    /// The repetition level that comes next.
    private var nextRepetition: Int { listLength == nil ? Int(page.repetition.runs[repetitionRun].level) : 0 }
    /// True if a list at the end of a page may go on in the next one; false if rows were counted, so that none does.
    private var looksAhead = true

    /// Makes a cursor before the first row of a row group, with memory that others may use after it.
    package init(_ file: ParquetFile, rowGroup: Int, column: ParquetColumn, scratch: PageScratch = PageScratch()) {
        reader = ColumnReader(file, rowGroup: rowGroup, column: column, scratch: scratch)
        self.column = column
    }

    /// Goes to the first row of a row group.
    package func begin(rowGroup: Int) { begin(rowGroup: rowGroup, looksAhead: true) }

    /// Goes to the first row of a row group.
    ///
    /// - Parameter looksAhead: false if rows were counted by pages, so that no list goes on in the next page.
    func begin(rowGroup: Int, looksAhead: Bool) {
        reader.begin(rowGroup: rowGroup)
        levelsLeft = 0
        listLength = nil
        self.looksAhead = looksAhead
    }

    /// Makes sure that there is a next level, and reads a page for it if need be. Returns false after the last one.
    private func advance() throws(ParquetError) -> Bool {
        while levelsLeft == 0 {
            guard try reader.nextPage() else { return false }
            levelsLeft = page.levelCount
            value = 0
            (repetitionRun, definitionRun) = (0, 0)
            repetitionLeft = page.repetition.runs.first.map { Int($0.count) } ?? 0
            definitionLeft = page.definition.runs.first.map { Int($0.count) } ?? 0
            listLength = page.listLength
            if listLength == nil { try expandLevels() }
        }
        return true
    }

    /// Goes from lists of one length to the runs of their levels, before the list that comes next.
    private func expandLevels() throws(ParquetError) {
        do throws(PageFault) { try page.expandLevels(runLimit: reader.file.limits.runLimit) } catch {
            throw reader.chunkError(error.kind, error.problem)
        }
        guard let length = listLength else {
            repetitionLeft = page.repetition.runs.first.map { Int($0.count) } ?? 0
            return
        }
        listLength = nil
        // Two runs a list.
        repetitionRun = 2 * (value / length)
        repetitionLeft = repetitionRun < page.repetition.runs.count ? 1 : 0
    }

    /// Goes past lists of one length, as many as the page has and at most `limit`, and returns their number; 0 if the page has others, or if
    /// only its last list is left, which may go on in the next page.
    private func skipUniform(_ limit: Int) -> Int {
        guard let listLength else { return 0 }
        let mayGoOn = looksAhead && !page.endsWithRow
        let count = min(limit, levelsLeft / listLength - (mayGoOn ? 1 : 0))
        value += count * listLength
        levelsLeft -= count * listLength
        definitionLeft -= count * listLength
        return count
    }

    /// Goes past levels of the runs that come next.
    private func consume(_ count: Int) {
        levelsLeft -= count
        repetitionLeft -= count
        definitionLeft -= count
        if repetitionLeft == 0, levelsLeft > 0 {
            repetitionRun += 1
            repetitionLeft = Int(page.repetition.runs[repetitionRun].count)
        }
        if definitionLeft == 0, levelsLeft > 0 {
            definitionRun += 1
            definitionLeft = Int(page.definition.runs[definitionRun].count)
        }
    }

    private var endError: ParquetError { reader.chunkError(.damaged, "it ends before the last row of the row group") }

    // MARK: Values

    /// Some neighbouring rows of a column without lists.
    package enum Segment {
        /// The rows have values: those of the page from an index on.
        case values(ColumnPage, from: Int)
        /// The rows are null.
        case null
    }

    /// Reads the next rows of a column without lists, and calls `body` for each stretch of values or nulls in order.
    ///
    /// - Parameter body: takes the indices of rows among those that are read, and their values.
    package func readValues(
        _ rowCount: Int, _ body: (_ rows: Range<Int>, _ segment: Segment) throws(ParquetError) -> Void
    ) throws(ParquetError) {
        var row = 0
        while row < rowCount {
            guard try advance() else { throw endError }
            let count = min(rowCount - row, definitionLeft)
            let isThere = Int(page.definition.runs[definitionRun].level) == column.definitionLimit
            try body(row..<row + count, isThere ? .values(page, from: value) : .null)
            if isThere { value += count }
            consume(count)
            row += count
            try checkWidth()
        }
    }

    /// Throws if a value of a narrowed column is none of its type.
    private func checkWidth() throws(ParquetError) {
        try reader.checkValues()
        guard page.hasWideValue, let type = column.narrowType else { return }
        throw reader.chunkError(
            .damaged, "the file's metadata say that its values were \(type.name), and one of them is none",
            remedy: "remove the key \(ParquetWriter.narrowTypeKey)\(column.name), which belongs to other values")
    }

    // MARK: Lists

    /// The reason why a list is no row of as many values as wanted.
    package enum ListProblem: Sendable, Equatable {
        /// There is no list.
        case null
        /// The list has a value that is null, at this place in it.
        case nullValue(at: Int)
        /// The list has another number of values.
        case count(Int)
        /// A list in it has another number of values; there are as many in all as wanted.
        case innerCount
    }

    /// Reads the next lists of a column, and copies their values in the type that they are handed over in.
    ///
    /// Unsafe: `target` has room for `rowCount * valuesPerRow` elements of `column.elementType`, or stored values if it is nil. A list with a problem leaves its room as it was, or partly
    /// filled.
    ///
    /// - Parameters:
    ///   - valuesPerRow: the number of values that a list must have, with those of all lists in it.
    ///   - innerCount: the number of values of each list in it, if the column holds lists of lists.
    ///   - problem: called for each list that has another number of values, or nulls, in order.
    package func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int? = nil, into target: UnsafeMutableRawPointer,
        problem: (_ row: Int, ListProblem) -> Void
    ) throws(ParquetError) {
        let byteCount = column.elementType?.byteCount ?? column.byteCount
        try readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, problem: problem) { page, from, place, count in
            page.copyElements(column, from: from, count: count, into: target + place * byteCount)
        }
    }

    /// Reads the next lists of a column of numbers as `Float64`, like `readLists(_:valuesPerRow:into:problem:)`.
    package func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int? = nil, numbers target: UnsafeMutablePointer<Double>,
        problem: (_ row: Int, ListProblem) -> Void
    ) throws(ParquetError) {
        try readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, problem: problem) { page, from, place, count in
            page.copyNumbers(column, from: from, count: count, into: target + place)
        }
    }

    /// Goes past lists.
    func skipLists(_ rowCount: Int) throws(ParquetError) {
        var left = rowCount
        while left > 0 {
            guard try advance() else { throw endError }
            let skipped = skipUniform(left)
            left -= skipped
            guard skipped == 0 else { continue }
            try readLists(1, valuesPerRow: -1, innerCount: nil, problem: { _, _ in }) { _, _, _, _ in }
            left -= 1
        }
    }

    /// Reads the next list's length without its values: 0 for one that is missing or empty; nil after the last list.
    package func nextLength() throws(ParquetError) -> Int? {
        guard try advance() else { return nil }
        if let length = listLength, skipUniform(1) == 1 { return length }
        var length = 0
        try readLists(1, valuesPerRow: -1, innerCount: nil, problem: { _, problem in
            if case .count(let count) = problem { length = count }
        }) { _, _, _, _ in }
        return length
    }

    /// Reads the next list of lists without its values, and returns the number of lists in it and of all their values; nil after the last
    /// one.
    package func nextShape() throws(ParquetError) -> (listCount: Int, valueCount: Int)? {
        guard try advance() else { return nil }
        try expandLevels()
        var listCount = 0
        var isFirst = true
        let before = (repetitionRun, repetitionLeft)
        // Lists whose levels are all in this page are enough: a first list that is longer than a page is counted from its levels here.
        var levels = 0
        var (run, left) = before
        while levels < levelsLeft {
            let level = page.repetition.runs[run].level
            if level == 0, !isFirst { break }
            if level < 2 { listCount += isFirst ? 1 : left }
            levels += isFirst ? 1 : left
            left -= isFirst ? 1 : left
            isFirst = false
            if left == 0 {
                run += 1
                guard run < page.repetition.runs.count else { break }
                left = Int(page.repetition.runs[run].count)
            }
        }
        guard let length = try nextLength() else { return nil }
        return (listCount, length)
    }

    private func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int?, problem: (_ row: Int, ListProblem) -> Void,
        copy: (_ page: ColumnPage, _ from: Int, _ place: Int, _ count: Int) -> Void
    ) throws(ParquetError) {
        let least = column.elementDefinitionLevels.first ?? 0
        // Neighbouring values that go to neighbouring places, mostly those of many lists.
        var pending = (from: 0, place: 0, count: 0)
        func flush() {
            if pending.count > 0 { copy(page, pending.from, pending.place, pending.count) }
            pending.count = 0
        }
        var row = -1
        while row + 1 < rowCount {
            row += 1
            if levelsLeft == 0 {
                flush()
                guard try advance() else { throw endError }
            }
            if let length = listLength {
                flush()
                let first = value
                let count = length == valuesPerRow ? skipUniform(rowCount - row) : 0
                if count > 0 {
                    copy(page, first, row * length, count * length)
                    row += count - 1
                    continue
                }
                try expandLevels()
            }
            guard nextRepetition == 0 else {
                throw reader.chunkError(.damaged, "a list goes on where a row begins")
            }
            var found = 0
            var nullPlace: Int?
            var isNull = false
            var isFirst = true
            var isUneven = false
            repeat {
                if let innerCount, !isFirst, page.repetition.runs[repetitionRun].level == 1 {
                    // Each of these levels begins a list in the list.
                    isUneven = isUneven || found % innerCount != 0 || (innerCount > 1 && min(repetitionLeft, definitionLeft) > 1)
                }
                let count = isFirst ? 1 : min(repetitionLeft, definitionLeft)
                let level = Int(page.definition.runs[definitionRun].level)
                if level == column.definitionLimit {
                    let kept = max(0, min(count, valuesPerRow - found))
                    if kept > 0 {
                        let place = row * valuesPerRow + found
                        if pending.count == 0 || pending.from + pending.count != value || pending.place + pending.count != place {
                            flush()
                            pending = (value, place, 0)
                        }
                        pending.count += kept
                    }
                    value += count
                    found += count
                } else if level >= least {
                    nullPlace = nullPlace ?? found
                    found += count
                } else if isFirst {
                    isNull = level < least - 1
                } else {
                    throw reader.chunkError(.damaged, "a list goes on after its end")
                }
                consume(count)
                isFirst = false
                if levelsLeft == 0 {
                    flush()
                    guard try advance() else { break }
                }
            } while nextRepetition != 0
            if isNull {
                problem(row, .null)
            } else if found != valuesPerRow {
                problem(row, .count(found))
            } else if let nullPlace {
                problem(row, .nullValue(at: nullPlace))
            } else if isUneven {
                problem(row, .innerCount)
            }
        }
        flush()
        try checkWidth()
    }

    /// Throws if rows of the row group are left, or if a page after the last row is damaged.
    package func finish() throws(ParquetError) {
        guard try !advance() else { throw reader.chunkError(.damaged, "it has more rows than the row group") }
    }
}
