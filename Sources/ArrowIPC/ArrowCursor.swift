internal import Container

/// The memory of a cursor, which cursors of other columns of the same file can use after it.
package final class ArrowScratch {
    let leaf: LeafReader
    let values = ArrowValues()
    private let file: ArrowFile
    /// The cursor that used it last.
    fileprivate var user: ObjectIdentifier?
    /// The metadata of the record batches that were read last, by their numbers.
    private var headers: [Int: BatchHeader] = [:]
    private var headerByteCount = 0

    /// The largest number of bytes of metadata that is kept.
    private static let headerByteCountLimit = 4 << 20

    /// Makes memory that nobody uses.
    package init(_ file: ArrowFile) {
        self.file = file
        leaf = LeafReader(file)
    }

    /// Returns the metadata of a record batch.
    func header(_ batch: Int) throws(ArrowFault) -> BatchHeader {
        if let known = headers[batch] { return known }
        let message = file.batches[batch].message
        let memory = ArrowMemory()
        memory.reserve(message.metadata.count)
        try file.read(message.metadata, into: memory)
        let header = try BatchHeader(
            memory, byteCount: message.metadata.count, bodyByteOffset: message.bodyByteOffset, bodyByteCount: message.bodyByteCount,
            nodeCount: file.nodeCount, bufferCount: file.bufferCount, viewCount: file.viewCount)
        guard header.rowCount == file.batches[batch].rowCount else { throw .damaged("its metadata has changed") }
        headerByteCount += header.byteCount
        if headerByteCount > Self.headerByteCountLimit {
            headers = [:]
            headerByteCount = header.byteCount
        }
        headers[batch] = header
        return header
    }
}

/// A reader of the rows of one column, one after another through all record batches: values that may be null, or lists.
package final class ArrowCursor {
    /// The column.
    package let column: ArrowColumn
    private let file: ArrowFile
    private let scratch: ArrowScratch
    private var leaf: LeafReader { scratch.leaf }
    private var values: ArrowValues { scratch.values }
    private let levels: [LevelReader]
    /// The number of the record batch whose rows are read; −1 for none.
    private var batch = -1
    /// The number of the next row in the batch, and the number of the batch's rows.
    private var row = 0
    private var batchRowCount = 0
    private var dictionary: DictionaryValues?
    private let indices = ArrowMemory()
    private let bits = ArrowMemory()
    /// The lists of the rows that were looked at last.
    private var ranges = ListRanges()
    /// The number of values of each row of the batch, if all levels are structs and lists of one size without nulls; nil otherwise.
    private var fixedCount: Int?

    /// The number of rows and of bytes of values that are read at once.
    private static let pieceRowCount = 1 << 12
    private static let pieceByteCount = 256 << 10

    /// Some neighbouring rows: for each the range of its values in the field that was looked at last, and what is wrong with it.
    private struct ListRanges {
        var starts: [Int] = []
        var ends: [Int] = []
        var problems: [ListProblem?] = []
        var hasProblems = false

        /// Goes to rows by their numbers.
        mutating func begin(_ rows: Range<Int>) {
            starts.removeAll(keepingCapacity: true)
            ends.removeAll(keepingCapacity: true)
            problems.removeAll(keepingCapacity: true)
            starts.append(contentsOf: rows)
            ends.append(contentsOf: rows.lowerBound + 1..<rows.upperBound + 1)
            problems.append(contentsOf: repeatElement(nil, count: rows.count))
            hasProblems = false
        }

        /// Notes a problem of a row that has none yet, or that its list is missing.
        mutating func add(_ problem: ListProblem, _ index: Int) {
            hasProblems = true
            if problems[index] == nil || problem == .null { problems[index] = problem }
        }
    }

    /// The readers of a list or a struct around the values.
    private final class LevelReader {
        let level: ArrowColumn.Level
        let validity: BufferReader
        let offsets: BufferReader
        let sizes: BufferReader
        var count = 0
        var hasNulls = false

        init(_ level: ArrowColumn.Level, _ file: ArrowFile) {
            self.level = level
            validity = BufferReader(file.container, file.limits)
            offsets = BufferReader(file.container, file.limits)
            sizes = BufferReader(file.container, file.limits)
        }
    }

    /// Makes a cursor before the first row, with memory that others may use after it.
    package init(_ file: ArrowFile, column: ArrowColumn, scratch: ArrowScratch? = nil) {
        self.file = file
        self.column = column
        self.scratch = scratch ?? ArrowScratch(file)
        levels = column.levels.map { LevelReader($0, file) }
    }

    // MARK: Rows

    /// Goes to a row of the file. O(log batches).
    package func begin(row: Int) throws(ArrowError) {
        var (low, high) = (0, file.batches.count)
        while low < high {
            let middle = (low + high) / 2
            if file.batches[middle].firstRow <= row { low = middle + 1 } else { high = middle }
        }
        // The last batch that begins at the row or before it.
        let found = max(0, low - 1)
        guard found < file.batches.count else { return }
        if found != batch || scratch.user != ObjectIdentifier(self) { try enter(found) }
        self.row = row - file.batches[found].firstRow
    }

    private func error(_ fault: ArrowFault) -> ArrowError {
        ArrowError(fault, path: file.path, ArrowError.Place(batch: batch, column: column.name))
    }

    /// Goes to the next batch with rows if all rows of the last one have been read. Returns false after the last one.
    private func advance() throws(ArrowError) -> Bool {
        while row >= batchRowCount {
            guard batch + 1 < file.batches.count else { return false }
            try enter(batch + 1)
        }
        return true
    }

    /// Goes to the first row of a batch.
    private func enter(_ index: Int) throws(ArrowError) {
        batch = index
        row = 0
        batchRowCount = 0
        scratch.user = ObjectIdentifier(self)
        do throws(ArrowFault) {
            try check()
            let header = try scratch.header(index)
            var due = header.rowCount
            for reader in levels {
                let node = reader.level.node
                (reader.count, reader.hasNulls) = try LeafReader.begin(reader.validity, header, node)
                guard reader.count >= due else { throw .damaged("a field has \(reader.count) values, where \(due) are due") }
                func buffer(_ place: Int) throws(ArrowFault) -> Range<Int> {
                    try header.buffer(node.buffer(place), viewsBefore: node.viewsBefore)
                }
                switch reader.level.kind {
                case .structure: due = reader.count
                case .fixedSizeList(let count):
                    let product = reader.count.multipliedReportingOverflow(by: count)
                    guard !product.overflow else { throw .damaged("\(reader.count) lists of \(count) values cannot be counted") }
                    due = product.partialValue
                case .list(let offsetByteCount):
                    try reader.offsets.begin(try buffer(0), header.codec)
                    try leaf.requireOffsets(reader.offsets, count: reader.count, offsetByteCount: offsetByteCount)
                    due = 0
                case .listView(let offsetByteCount):
                    try reader.offsets.begin(try buffer(0), header.codec)
                    try reader.sizes.begin(try buffer(1), header.codec)
                    let size = reader.count.multipliedReportingOverflow(by: offsetByteCount)
                    guard !size.overflow else { throw .damaged("a field has \(reader.count) lists") }
                    try reader.offsets.require(size.partialValue)
                    try reader.sizes.require(size.partialValue)
                    due = 0
                }
            }
            if let dictionary = column.dictionary {
                try leaf.begin(
                    header, column.node, .fixed(bitCount: 8 * dictionary.indexByteCount), byteCount: dictionary.indexByteCount)
                try loadDictionary(dictionary, batch: index)
            } else {
                try leaf.begin(header, column.node, column.storage, byteCount: column.byteCount)
            }
            guard leaf.count >= due else { throw .damaged("a field has \(leaf.count) values, where \(due) are due") }
            batchRowCount = header.rowCount
            fixedCount = Self.fixedCount(levels)
        } catch {
            throw self.error(error)
        }
    }

    /// Returns the number of values of each row in levels that all have one size and no nulls.
    private static func fixedCount(_ levels: [LevelReader]) -> Int? {
        var count = 1
        for reader in levels {
            guard !reader.hasNulls else { return nil }
            switch reader.level.kind {
            case .structure: continue
            // The product fits: that of all values has been checked.
            case .fixedSizeList(let size): count = count.multipliedReportingOverflow(by: size).partialValue
            case .list, .listView: return nil
            }
        }
        return count
    }

    /// Throws if the column's values are of a type that is not read.
    private func check() throws(ArrowFault) {
        guard column.storage != .opaque else {
            throw ArrowFault(.unsupported, "\(column.typeText) is not read", remedy: "write the column as numbers or as text")
        }
    }

    private func loadDictionary(_ encoding: ArrowField.Dictionary, batch: Int) throws(ArrowFault) {
        let places = file.dictionaries[encoding.id] ?? []
        let known = places.prefix { $0.firstBatch <= batch }
        let first = known.lastIndex { !$0.isDelta } ?? known.startIndex
        if file.form == .file, known.count(where: { !$0.isDelta }) > 1 {
            throw .damaged("dictionary \(encoding.id) is in the file twice")
        }
        let messages = first..<known.endIndex
        if dictionary?.messages != messages { dictionary = try DictionaryValues(file, column, places, messages) }
    }

    // MARK: Values

    /// Some neighbouring rows of a column without lists.
    package enum Segment {
        /// The rows have values: those at an index and after it.
        case values(ArrowValues, from: Int)
        /// The rows are null.
        case null
    }

    /// Reads the next rows of a column without lists, and calls `body` for each stretch of values or nulls in order.
    ///
    /// - Parameter body: takes the indices of rows among those that are read, and their values.
    package func readValues<Failure: Error>(
        _ rowCount: Int, failure: (ArrowError) -> Failure, _ body: (_ rows: Range<Int>, _ segment: Segment) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(!column.isRepeated, "a column without lists")
        var flags: [UInt8] = []
        var done = 0
        while done < rowCount {
            let count: Int
            do throws(ArrowError) { count = try readPiece(rowCount - done, &flags) } catch { throw failure(error) }
            var first = 0
            while first < count {
                var end = first + 1
                while end < count, flags[end] == flags[first] { end += 1 }
                try body(done + first..<done + end, flags[first] != 0 ? .values(values, from: first) : .null)
                first = end
            }
            done += count
        }
    }

    /// Reads some of the next rows to `values`, with a flag for each that is 0 for a null. Returns their number.
    private func readPiece(_ limit: Int, _ flags: inout [UInt8]) throws(ArrowError) -> Int {
        guard try advance() else {
            throw ArrowError(.damaged, path: file.path, ArrowError.Place(column: column.name), "it ends before the last row")
        }
        let largest = column.isBytes ? Self.pieceRowCount : max(1, Self.pieceByteCount / max(1, column.byteCount))
        let count = min(limit, batchRowCount - row, largest)
        flags.removeAll(keepingCapacity: true)
        flags.append(contentsOf: repeatElement(1, count: count))
        do throws(ArrowFault) {
            try flags.withUnsafeMutableBufferPointer { flags throws(ArrowFault) in
                guard let base = flags.baseAddress else { return }
                for reader in levels where reader.hasNulls {
                    try LeafReader.forEachNull(reader.validity, bits, row..<row + count) { base[$0 - row] = 0 }
                }
                try leaf.readValidity(from: row, count: count, into: base)
                if column.isBytes {
                    try readTexts(from: row, count: count, flags: base)
                } else {
                    values.memory.reserve(count * column.byteCount)
                    try readNumbers(from: row, count: count, flags: base, into: values.memory.base)
                }
            }
        } catch {
            throw self.error(error)
        }
        row += count
        return count
    }

    /// Reads values that are bytes to `values`.
    private func readTexts(from start: Int, count: Int, flags: UnsafeMutablePointer<UInt8>) throws(ArrowFault) {
        guard let dictionary else {
            try leaf.readSpans(from: start, count: count, flags: flags, into: &values.spans)
            return
        }
        values.spans.removeAll(keepingCapacity: true)
        try forEachIndex(from: start, count: count, flags: flags, dictionary) { _, index in
            values.spans.append(index.map { dictionary.spans[$0] } ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    /// Reads values of a fixed size.
    ///
    /// - Parameter flags: 0 for each value that is null; those that are null in the dictionary get 0.
    private func readNumbers(
        from start: Int, count: Int, flags: UnsafeMutablePointer<UInt8>, into target: UnsafeMutableRawPointer
    ) throws(ArrowFault) {
        guard let dictionary else {
            try leaf.readFixed(from: start, count: count, into: target)
            return
        }
        let byteCount = column.byteCount
        try forEachIndex(from: start, count: count, flags: flags, dictionary) { place, index in
            let value = target + place * byteCount
            if let index {
                value.copyMemory(from: dictionary.numbers.base + index * byteCount, byteCount: byteCount)
            } else {
                value.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
            }
        }
    }

    /// Calls `body` with each place in the dictionary, or nil for a null.
    private func forEachIndex(
        from start: Int, count: Int, flags: UnsafeMutablePointer<UInt8>, _ dictionary: DictionaryValues,
        _ body: (_ place: Int, _ index: Int?) -> Void
    ) throws(ArrowFault) {
        guard let encoding = column.dictionary else { return }
        indices.reserve(count * encoding.indexByteCount)
        try leaf.readFixed(from: start, count: count, into: indices.base)
        func index(_ place: Int) -> Int? {
            switch (encoding.indexByteCount, encoding.isSigned) {
            case (1, true): Int(exactly: indices.base.load(fromByteOffset: place, as: Int8.self))
            case (1, false): Int(exactly: indices.base.load(fromByteOffset: place, as: UInt8.self))
            case (2, true): Int(exactly: indices.base.load(fromByteOffset: 2 * place, as: Int16.self))
            case (2, false): Int(exactly: indices.base.load(fromByteOffset: 2 * place, as: UInt16.self))
            case (4, true): Int(exactly: indices.base.load(fromByteOffset: 4 * place, as: Int32.self))
            case (4, false): Int(exactly: indices.base.load(fromByteOffset: 4 * place, as: UInt32.self))
            case (_, true): Int(exactly: indices.base.load(fromByteOffset: 8 * place, as: Int64.self))
            case (_, false): Int(exactly: indices.base.load(fromByteOffset: 8 * place, as: UInt64.self))
            }
        }
        for place in 0..<count {
            guard flags[place] != 0 else {
                body(place, nil)
                continue
            }
            guard let found = index(place), found >= 0, found < dictionary.count else {
                let shown = index(place).map { "\($0)" } ?? "beyond 2^63"
                throw .damaged("a value is at place \(shown) of a dictionary of \(dictionary.count)")
            }
            if dictionary.flags[found] == 0 {
                flags[place] = 0
                body(place, nil)
            } else {
                body(place, found)
            }
        }
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

    /// Reads the next lists of a column, and copies their values as they are stored.
    ///
    /// Unsafe: `target` has room for `rowCount * valuesPerRow` stored values. A list with a problem leaves its room as it was, or filled.
    ///
    /// - Parameters:
    ///   - valuesPerRow: the number of values that a list must have, with those of all lists in it.
    ///   - innerCount: the number of values of each list in it, if the column holds lists of lists.
    ///   - problem: called for each list that has another number of values, or nulls.
    package func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int? = nil, into target: UnsafeMutableRawPointer,
        problem: (_ row: Int, ListProblem) -> Void
    ) throws(ArrowError) {
        let byteCount = column.byteCount
        try readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, problem: problem) {
            from, place, count throws(ArrowFault) in
            if column.dictionary == nil {
                try leaf.readFixed(from: from, count: count, into: target + place * byteCount)
            } else {
                try forEachPiece(from, place, count, valuesPerRow, problem) { from, place, count, flags throws(ArrowFault) in
                    try readNumbers(from: from, count: count, flags: flags, into: target + place * byteCount)
                }
            }
        }
    }

    /// Reads the next lists of a column of numbers, like `readLists(_:valuesPerRow:innerCount:into:problem:)`, and calls `copy` with
    /// them in pieces.
    ///
    /// - Parameter copy: takes values, of which the first `count` are to be stored at `place` and after it.
    package func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int? = nil, problem: (_ row: Int, ListProblem) -> Void,
        copy: (_ values: ArrowValues, _ place: Int, _ count: Int) -> Void
    ) throws(ArrowError) {
        try readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, problem: problem) {
            from, place, count throws(ArrowFault) in
            try forEachPiece(from, place, count, valuesPerRow, problem) { from, place, count, flags throws(ArrowFault) in
                values.memory.reserve(count * column.byteCount)
                try readNumbers(from: from, count: count, flags: flags, into: values.memory.base)
                copy(values, place, count)
            }
        }
    }

    /// Cuts a stretch of values into pieces, with flags that say which are null. Those that are so in the dictionary are problems of
    /// their rows.
    private func forEachPiece(
        _ from: Int, _ place: Int, _ count: Int, _ valuesPerRow: Int, _ problem: (_ row: Int, ListProblem) -> Void,
        _ body: (_ from: Int, _ place: Int, _ count: Int, UnsafeMutablePointer<UInt8>) throws(ArrowFault) -> Void
    ) throws(ArrowFault) {
        var flags: [UInt8] = []
        var done = 0
        while done < count {
            let piece = min(count - done, max(1, Self.pieceByteCount / max(1, column.byteCount)))
            flags.removeAll(keepingCapacity: true)
            flags.append(contentsOf: repeatElement(1, count: piece))
            try flags.withUnsafeMutableBufferPointer { flags throws(ArrowFault) in
                guard let base = flags.baseAddress else { return }
                try leaf.readValidity(from: from + done, count: piece, into: base)
                try body(from + done, place + done, piece, base)
            }
            for index in 0..<piece where flags[index] == 0 {
                let value = place + done + index
                problem(value / valuesPerRow, .nullValue(at: value % valuesPerRow))
            }
            done += piece
        }
    }

    private func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int?, problem: (_ row: Int, ListProblem) -> Void,
        copy: (_ from: Int, _ place: Int, _ count: Int) throws(ArrowFault) -> Void
    ) throws(ArrowError) {
        var done = 0
        while done < rowCount {
            guard try advance() else {
                throw ArrowError(.damaged, path: file.path, ArrowError.Place(column: column.name), "it ends before the last row")
            }
            var count = min(rowCount - done, batchRowCount - row)
            do throws(ArrowFault) {
                if fixedCount == valuesPerRow, innerCount == nil {
                    // Rows lie as they are wanted.
                    let first = row * valuesPerRow
                    try copyLists(from: first, to: done * valuesPerRow, count: count * valuesPerRow, valuesPerRow, problem, copy)
                } else {
                    count = min(count, Self.pieceRowCount)
                    // No other copy of the arrays, which are changed in place.
                    var ranges = ListRanges()
                    swap(&ranges, &self.ranges)
                    defer { swap(&ranges, &self.ranges) }
                    ranges.begin(row..<row + count)
                    try findLists(&ranges, innerCount: innerCount)
                    try readLists(ranges, from: done, valuesPerRow: valuesPerRow, problem: problem, copy: copy)
                }
            } catch {
                throw self.error(error)
            }
            row += count
            done += count
        }
    }

    /// Copies the values of lists that have been found.
    private func readLists(
        _ ranges: ListRanges, from first: Int, valuesPerRow: Int, problem: (_ row: Int, ListProblem) -> Void,
        copy: (_ from: Int, _ place: Int, _ count: Int) throws(ArrowFault) -> Void
    ) throws(ArrowFault) {
        let count = ranges.starts.count
        var start = 0
        while start < count {
            let found = ranges.ends[start] - ranges.starts[start]
            if let wrong = ranges.problems[start] == .null || found == valuesPerRow ? ranges.problems[start] : .count(found) {
                problem(first + start, wrong)
                start += 1
                continue
            }
            // Neighbouring rows whose values are neighbours, mostly all.
            var end = start + 1
            while end < count, ranges.starts[end] == ranges.ends[end - 1], ranges.ends[end] - ranges.starts[end] == valuesPerRow,
                !ranges.hasProblems || ranges.problems[end] == nil
            {
                end += 1
            }
            let place = (first + start) * valuesPerRow
            try copyLists(from: ranges.starts[start], to: place, count: (end - start) * valuesPerRow, valuesPerRow, problem, copy)
            start = end
        }
    }

    /// Copies neighbouring values, and notes the nulls among them.
    private func copyLists(
        from: Int, to place: Int, count: Int, _ valuesPerRow: Int, _ problem: (_ row: Int, ListProblem) -> Void,
        _ copy: (_ from: Int, _ place: Int, _ count: Int) throws(ArrowFault) -> Void
    ) throws(ArrowFault) {
        try copy(from, place, count)
        guard column.dictionary == nil else { return }
        try leaf.forEachNull(from..<from + count) { value in
            let found = place + value - from
            problem(found / valuesPerRow, .nullValue(at: found % valuesPerRow))
        }
    }

    /// Finds for each row of the batch the range of its values, and a problem of the lists around them.
    ///
    /// - Parameter innerCount: the number of values that each list in a list must have; nil if there are none.
    private func findLists(_ ranges: inout ListRanges, innerCount: Int?) throws(ArrowFault) {
        var depth = 0
        for (place, reader) in levels.enumerated() {
            if reader.hasNulls { try findNulls(reader, &ranges, isRow: depth == 0) }
            guard reader.level.isList else { continue }
            let childCount = place + 1 < levels.count ? levels[place + 1].count : leaf.count
            try descend(reader, &ranges, childCount: childCount, checkedCount: depth > 0 ? innerCount : nil)
            depth += 1
        }
    }

    /// Notes the rows that have a null in a level.
    ///
    /// - Parameter isRow: true if the level has one value a row.
    private func findNulls(_ reader: LevelReader, _ ranges: inout ListRanges, isRow: Bool) throws(ArrowFault) {
        for index in ranges.starts.indices where ranges.problems[index] != .null && ranges.starts[index] < ranges.ends[index] {
            var first: Int?
            try LeafReader.forEachNull(reader.validity, bits, ranges.starts[index]..<ranges.ends[index]) { first = first ?? $0 }
            guard let first else { continue }
            ranges.add(isRow ? .null : .nullValue(at: first - ranges.starts[index]), index)
        }
    }

    /// Goes from lists to the values in them.
    private func descend(
        _ reader: LevelReader, _ ranges: inout ListRanges, childCount: Int, checkedCount: Int?
    ) throws(ArrowFault) {
        switch reader.level.kind {
        case .structure: return
        case .fixedSizeList(let count):
            for index in ranges.starts.indices {
                // The products fit: that of all lists has been checked.
                ranges.starts[index] *= count
                ranges.ends[index] *= count
                if let checkedCount, count != checkedCount { ranges.add(.innerCount, index) }
            }
        case .list(let offsetByteCount):
            guard reader.count > 0 else {
                for index in ranges.starts.indices { (ranges.starts[index], ranges.ends[index]) = (0, 0) }
                return
            }
            var index = 0
            while index < ranges.starts.count {
                // Rows whose lists follow one another are read together, mostly all.
                var end = index + 1
                while end < ranges.starts.count, ranges.starts[end] == ranges.ends[end - 1] { end += 1 }
                try followOffsets(reader, &ranges, index..<end, offsetByteCount, childCount, checkedCount)
                index = end
            }
        case .listView(let offsetByteCount):
            for index in ranges.starts.indices { try followViews(reader, &ranges, index, offsetByteCount, childCount, checkedCount) }
        }
    }

    /// Goes from the lists of rows that follow one another to the values in them.
    private func followOffsets(
        _ reader: LevelReader, _ ranges: inout ListRanges, _ rows: Range<Int>, _ offsetByteCount: Int, _ childCount: Int,
        _ checkedCount: Int?
    ) throws(ArrowFault) {
        let first = ranges.starts[rows.lowerBound]
        let lists = first..<ranges.ends[rows.upperBound - 1]
        var (isSorted, last) = (true, 0)
        if lists.count == rows.count {
            // One list a row.
            try ranges.starts.withUnsafeMutableBufferPointer { starts throws(ArrowFault) in
                try ranges.ends.withUnsafeMutableBufferPointer { ends throws(ArrowFault) in
                    try leaf.forEachOffset(reader.offsets, first..<lists.upperBound + 1, offsetByteCount: offsetByteCount) {
                        place, offset in
                        isSorted = isSorted && offset >= last
                        last = offset
                        let row = rows.lowerBound + place - first
                        if row < rows.upperBound { starts[row] = offset }
                        if row > rows.lowerBound { ends[row - 1] = offset }
                    }
                }
            }
            if let checkedCount {
                for row in rows where ranges.ends[row] - ranges.starts[row] != checkedCount { ranges.add(.innerCount, row) }
            }
        } else {
            let ends = ranges.ends
            var (current, isUneven) = (rows.lowerBound, false)
            try leaf.forEachOffset(reader.offsets, first..<lists.upperBound + 1, offsetByteCount: offsetByteCount) { place, offset in
                isSorted = isSorted && offset >= last
                if place == first {
                    ranges.starts[rows.lowerBound] = offset
                } else if let checkedCount {
                    isUneven = isUneven || offset - last != checkedCount
                }
                // A row's lists end where those of the next one begin.
                while current < rows.upperBound, ends[current] == place {
                    ranges.ends[current] = offset
                    if isUneven { ranges.add(.innerCount, current) }
                    isUneven = false
                    current += 1
                    if current < rows.upperBound { ranges.starts[current] = offset }
                }
                last = offset
            }
        }
        guard isSorted, last <= childCount else {
            throw .damaged("the offsets of its lists are not in order, or go beyond its \(childCount) values")
        }
    }

    /// Goes from the list views of a row, which must follow one another, to the values in them.
    private func followViews(
        _ reader: LevelReader, _ ranges: inout ListRanges, _ index: Int, _ offsetByteCount: Int, _ childCount: Int, _ checkedCount: Int?
    ) throws(ArrowFault) {
        let lists = ranges.starts[index]..<ranges.ends[index]
        (ranges.starts[index], ranges.ends[index]) = (0, 0)
        guard ranges.problems[index] != .null else { return }
        for list in lists {
            var (offset, size) = (0, 0)
            try leaf.forEachOffset(reader.offsets, list..<list + 1, offsetByteCount: offsetByteCount) { offset = $1 }
            try leaf.forEachOffset(reader.sizes, list..<list + 1, offsetByteCount: offsetByteCount) { size = $1 }
            guard offset >= 0, size >= 0, size <= childCount - offset else {
                throw .damaged("a list has \(size) values from \(offset) on of \(childCount)")
            }
            if list == lists.lowerBound {
                (ranges.starts[index], ranges.ends[index]) = (offset, offset)
            } else if offset != ranges.ends[index] {
                throw ArrowFault(
                    .unsupported, "the list views in a row do not follow one another, which is not read", remedy: "write them as lists")
            }
            if let checkedCount, size != checkedCount { ranges.add(.innerCount, index) }
            ranges.ends[index] += size
        }
    }

    // MARK: Items

    /// Reads the items of the next rows whatever their numbers are, in pieces: values in lists, or the rows' own.
    ///
    /// - Parameter body: takes the flags of some items, 0 for a null, and their values. Those of null lists are left out.
    package func readItems(_ rowCount: Int, _ body: (_ flags: [UInt8], _ values: ArrowValues) -> Void) throws(ArrowError) {
        var flags: [UInt8] = []
        var done = 0
        while done < rowCount {
            guard column.isRepeated else {
                done += try readPiece(rowCount - done, &flags)
                body(flags, values)
                continue
            }
            guard try advance() else { return }
            do throws(ArrowFault) {
                var ranges = ListRanges()
                ranges.begin(row..<row + 1)
                try findLists(&ranges, innerCount: nil)
                if ranges.problems[0] != .null {
                    var from = ranges.starts[0]
                    while from < ranges.ends[0] {
                        let count = min(ranges.ends[0] - from, Self.pieceRowCount)
                        try readItems(from: from, count: count, &flags)
                        body(flags, values)
                        from += count
                    }
                }
            } catch {
                throw self.error(error)
            }
            row += 1
            done += 1
        }
    }

    private func readItems(from start: Int, count: Int, _ flags: inout [UInt8]) throws(ArrowFault) {
        flags.removeAll(keepingCapacity: true)
        flags.append(contentsOf: repeatElement(1, count: count))
        // Structs around an item in its list have as many values as the list.
        let inner = levels.suffix(from: (levels.lastIndex { $0.level.isList } ?? -1) + 1)
        try flags.withUnsafeMutableBufferPointer { flags throws(ArrowFault) in
            guard let base = flags.baseAddress else { return }
            for reader in inner where reader.hasNulls {
                try LeafReader.forEachNull(reader.validity, bits, start..<start + count) { base[$0 - start] = 0 }
            }
            try leaf.readValidity(from: start, count: count, into: base)
            if column.isBytes {
                try readTexts(from: start, count: count, flags: base)
            } else {
                values.memory.reserve(count * column.byteCount)
                try readNumbers(from: start, count: count, flags: base, into: values.memory.base)
            }
        }
    }

    // MARK: Shapes

    /// Reads the next list's length without its values: 0 for one that is missing or empty; nil after the last list.
    package func nextLength() throws(ArrowError) -> Int? { try nextShape()?.valueCount }

    /// Reads the next list of lists without its values, and returns the number of lists in it and of all their values; nil after the last
    /// one. A list without lists in it counts as 1.
    package func nextShape() throws(ArrowError) -> (listCount: Int, valueCount: Int)? {
        guard try advance() else { return nil }
        if fixedCount == 0 {
            // Lists without values may be any number, and one stands for all.
            row = batchRowCount
            return (1, 0)
        }
        do throws(ArrowFault) {
            var listCount = 1
            var ranges = ListRanges()
            ranges.begin(row..<row + 1)
            var depth = 0
            for (place, reader) in levels.enumerated() {
                if reader.hasNulls, depth == 0 { try findNulls(reader, &ranges, isRow: true) }
                guard reader.level.isList else { continue }
                let childCount = place + 1 < levels.count ? levels[place + 1].count : leaf.count
                try descend(reader, &ranges, childCount: childCount, checkedCount: nil)
                depth += 1
                if depth == 1, column.listDepth > 1 { listCount = ranges.ends[0] - ranges.starts[0] }
            }
            row += 1
            return ranges.problems[0] == .null ? (1, 0) : (listCount, ranges.ends[0] - ranges.starts[0])
        } catch {
            throw self.error(error)
        }
    }
}

extension ArrowFile {
    /// Reads the metadata of a message.
    ///
    /// - Precondition: the range is of a message of this file.
    func read(_ range: Range<Int>, into memory: ArrowMemory) throws(ArrowFault) {
        do throws(ContainerError) { try container.readRaw(at: range.lowerBound, into: memory.room(count: range.count)) } catch {
            throw ArrowFault(error)
        }
    }
}
