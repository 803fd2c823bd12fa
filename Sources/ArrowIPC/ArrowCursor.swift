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
    /// The rows of a piece: for each the range of its values in the field that was looked at last, and what is wrong with it.
    private var starts: [Int] = []
    private var ends: [Int] = []
    private var problems: [ListProblem?] = []

    /// The number of rows, of values and of bytes of values that are read at once.
    private static let pieceRowCount = 1 << 12
    private static let pieceValueCount = 1 << 16
    private static let pieceByteCount = 256 << 10

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
        } catch {
            throw self.error(error)
        }
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
                throw .damaged("a value is at place \(index(place).map { "\($0)" } ?? "beyond 2^63") of a dictionary of \(dictionary.count)")
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
        try readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, problem: problem) { from, place, count throws(ArrowFault) in
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
        try readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: innerCount, problem: problem) { from, place, count throws(ArrowFault) in
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
            let count = min(rowCount - done, batchRowCount - row, Self.pieceRowCount)
            do throws(ArrowFault) {
                try findLists(count, innerCount: innerCount)
                // Neighbouring values that go to neighbouring places, mostly those of all rows.
                var pending = (from: 0, place: 0, count: 0)
                func flush() throws(ArrowFault) {
                    guard pending.count > 0 else { return }
                    try copy(pending.from, pending.place, pending.count)
                    if column.dictionary == nil {
                        try leaf.forEachNull(pending.from..<pending.from + pending.count) { value in
                            let place = pending.place + value - pending.from
                            problem(place / valuesPerRow, .nullValue(at: place % valuesPerRow))
                        }
                    }
                    pending.count = 0
                }
                for index in 0..<count {
                    let found = ends[index] - starts[index]
                    var wrong = problems[index]
                    if wrong != .null, found != valuesPerRow { wrong = .count(found) }
                    if let wrong {
                        problem(done + index, wrong)
                        continue
                    }
                    let place = (done + index) * valuesPerRow
                    if pending.count == 0 || pending.from + pending.count != starts[index] || pending.place + pending.count != place {
                        try flush()
                        pending = (starts[index], place, 0)
                    }
                    pending.count += found
                }
                try flush()
            } catch {
                throw self.error(error)
            }
            row += count
            done += count
        }
    }

    /// Finds for each of the next rows of the batch the range of its values, and a problem of the lists around them.
    ///
    /// - Parameter innerCount: the number of values that each list in a list must have; nil if there are none.
    private func findLists(_ count: Int, innerCount: Int?) throws(ArrowFault) {
        starts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        problems.removeAll(keepingCapacity: true)
        starts.append(contentsOf: row..<row + count)
        ends.append(contentsOf: row + 1..<row + count + 1)
        problems.append(contentsOf: repeatElement(nil, count: count))
        var depth = 0
        for (place, reader) in levels.enumerated() {
            if reader.hasNulls { try findNulls(reader, isRow: depth == 0) }
            guard reader.level.isList else { continue }
            let childCount = place + 1 < levels.count ? levels[place + 1].count : leaf.count
            try descend(reader, childCount: childCount, checkedCount: depth > 0 ? innerCount : nil)
            depth += 1
        }
    }

    /// Notes the rows that have a null in a level.
    ///
    /// - Parameter isRow: true if the level has one value a row.
    private func findNulls(_ reader: LevelReader, isRow: Bool) throws(ArrowFault) {
        for index in starts.indices where problems[index] != .null && starts[index] < ends[index] {
            var first: Int?
            try LeafReader.forEachNull(reader.validity, bits, starts[index]..<ends[index]) { first = first ?? $0 }
            guard let first else { continue }
            problems[index] = isRow ? .null : .nullValue(at: first - starts[index])
        }
    }

    /// Goes from lists to the values in them.
    private func descend(_ reader: LevelReader, childCount: Int, checkedCount: Int?) throws(ArrowFault) {
        switch reader.level.kind {
        case .structure: return
        case .fixedSizeList(let count):
            for index in starts.indices {
                // The products fit: that of all lists has been checked.
                starts[index] *= count
                ends[index] *= count
                if let checkedCount, count != checkedCount, problems[index] == nil { problems[index] = .innerCount }
            }
        case .list(let offsetByteCount):
            guard reader.count > 0 else {
                for index in starts.indices { (starts[index], ends[index]) = (0, 0) }
                return
            }
            let lists = ends
            var index = 0
            while index < starts.count {
                // Rows whose lists follow one another are read together, mostly all.
                var end = index + 1
                while end < starts.count, starts[end] == lists[end - 1] { end += 1 }
                let first = starts[index]
                var (current, last, isSorted, isUneven) = (index, 0, true, false)
                try leaf.forEachOffset(reader.offsets, first..<lists[end - 1] + 1, offsetByteCount: offsetByteCount) { place, offset in
                    isSorted = isSorted && offset >= last
                    if place == first { starts[index] = offset } else if let checkedCount { isUneven = isUneven || offset - last != checkedCount }
                    // A row's lists end where those of the next one begin.
                    while current < end, lists[current] == place {
                        ends[current] = offset
                        if isUneven, problems[current] == nil { problems[current] = .innerCount }
                        isUneven = false
                        current += 1
                        if current < end { starts[current] = offset }
                    }
                    last = offset
                }
                guard isSorted, last <= childCount else {
                    throw .damaged("the offsets of its lists are not in order, or go beyond its \(childCount) values")
                }
                index = end
            }
        case .listView(let offsetByteCount):
            for index in starts.indices {
                let range = starts[index]..<ends[index]
                (starts[index], ends[index]) = try findViews(reader, range, offsetByteCount, childCount, index, checkedCount)
            }
        }
    }

    /// Returns the range of the values of some neighbouring list views, which must follow one another.
    private func findViews(
        _ reader: LevelReader, _ range: Range<Int>, _ offsetByteCount: Int, _ childCount: Int, _ index: Int, _ checkedCount: Int?
    ) throws(ArrowFault) -> (Int, Int) {
        guard problems[index] != .null, !range.isEmpty else { return (0, 0) }
        var (start, end) = (0, 0)
        for list in range {
            var (offset, size) = (0, 0)
            try leaf.forEachOffset(reader.offsets, list..<list + 1, offsetByteCount: offsetByteCount) { offset = $1 }
            try leaf.forEachOffset(reader.sizes, list..<list + 1, offsetByteCount: offsetByteCount) { size = $1 }
            guard offset >= 0, size >= 0, size <= childCount - offset else {
                throw .damaged("a list has \(size) values from \(offset) on of \(childCount)")
            }
            if list == range.lowerBound {
                (start, end) = (offset, offset)
            } else if offset != end {
                throw ArrowFault(
                    .unsupported, "the list views in a row do not follow one another, which is not read", remedy: "write them as lists")
            }
            if let checkedCount, size != checkedCount, problems[index] == nil { problems[index] = .innerCount }
            end += size
        }
        return (start, end)
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
                try findLists(1, innerCount: nil)
                if problems[0] != .null {
                    var from = starts[0]
                    while from < ends[0] {
                        let count = min(ends[0] - from, Self.pieceRowCount)
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
        do throws(ArrowFault) {
            var listCount = 1
            starts = [row]
            ends = [row + 1]
            problems = [nil]
            var depth = 0
            for (place, reader) in levels.enumerated() {
                if reader.hasNulls, depth == 0 { try findNulls(reader, isRow: true) }
                guard reader.level.isList else { continue }
                let childCount = place + 1 < levels.count ? levels[place + 1].count : leaf.count
                try descend(reader, childCount: childCount, checkedCount: nil)
                depth += 1
                if depth == 1, column.listDepth > 1 { listCount = ends[0] - starts[0] }
            }
            row += 1
            return problems[0] == .null ? (1, 0) : (listCount, ends[0] - starts[0])
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
