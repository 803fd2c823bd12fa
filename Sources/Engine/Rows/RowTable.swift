internal import Elements
internal import Formats
internal import Messages
internal import Synchronization

/// The rows of a column in memory, looked up by the hashes of their identifiers: labels in another order than the predictions.
///
/// It takes 16 to 24 bytes a row besides the values, at most as many as are allowed. Each row may be looked up once. Rows that were not
/// are counted.
package final class RowTable: Sendable {
    /// The name of the column of identifiers.
    private let identifierName: String
    /// The word for the values, such as "labels".
    private let valueName: String
    /// The name of the first file.
    package let path: String
    private let rowByteCount: Int
    private let values: [UInt8]
    private let hashes: [UInt64]
    /// An open hash table: 1 + the row, or 0. At most half of its slots are taken. Their number is a power of 2.
    private let slots: [UInt32]
    /// A bit for each row that was looked up.
    private let used: Bits

    /// The number of rows.
    package var rowCount: Int { hashes.count }
    /// The number of rows that were not looked up.
    package var unusedRowCount: Int { rowCount - used.count }

    /// The number of bytes in memory.
    package var byteCount: Int { Self.byteCount(rowCount: rowCount, rowByteCount: rowByteCount) }

    /// Computes the number of bytes that a table of rows takes, with the values of each.
    private static func byteCount(rowCount: Int, rowByteCount: Int) -> Int {
        let (bytes, overflow) = rowCount.multipliedReportingOverflow(by: rowByteCount + MemoryLayout<UInt64>.size)
        let (all, isMore) = bytes.addingReportingOverflow(MemoryLayout<UInt32>.size * slotCount(rowCount: rowCount))
        return overflow || isMore ? .max : all
    }

    private static func slotCount(rowCount: Int) -> Int {
        var slotCount = 4
        while slotCount / 2 < rowCount, slotCount < 1 << 34 { slotCount *= 2 }
        return slotCount
    }

    /// Reads all rows of a source, and the hashes of their identifiers.
    ///
    /// - Parameters:
    ///   - identifiers: the column of the hashes, one a row: beside the source's values, or with rows of its own.
    ///   - byteLimit: the number of bytes that the table may take. If it would take more, rows are counted and not kept.
    ///   - quoted: finds the identifier of a row as it is written, and its place.
    /// - Throws: an `EngineError` if an identifier is missing or occurs twice, and one that says how many bytes are needed if these are
    ///   more than `byteLimit`.
    init(
        _ source: any RowSource, identifiers: CompanionColumn, identifierName: String, valueName: String, byteLimit: Int, threadCount: Int,
        _ control: RunControl, quoted: (_ row: Int) -> (place: RowPlace, text: String)?
    ) throws(EngineError) {
        self.identifierName = identifierName
        self.valueName = valueName
        let path = source.path ?? valueName
        self.path = path
        rowByteCount = source.layout.rowByteCount
        let rowByteCount = rowByteCount
        func limitError(_ rowCount: Int) -> EngineError {
            let needed = Self.byteCount(rowCount: rowCount, rowByteCount: rowByteCount)
            return EngineError(
                .usage, path: path,
                "\(rowCount) \(valueName) to be looked up by \(identifierName) take \(needed) bytes of memory, and \(byteLimit) are "
                    + "allowed",
                remedy: "\(setting: .maximumWindow) raises the limit; or sort both files by \(identifierName), which needs no memory")
        }
        // The rows of arrays are known before any is read, those of text when all have been.
        if let rowCount = source.rowCount, Self.byteCount(rowCount: rowCount, rowByteCount: rowByteCount) > byteLimit {
            throw limitError(rowCount)
        }
        let rowLimit = RowLimit { Self.byteCount(rowCount: $0, rowByteCount: rowByteCount) <= byteLimit }
        let result = try RowPipeline(
            source: source, companions: [identifiers], threadCount: threadCount, control: control.withoutProgress
        ).run { Collector(rowByteCount, rowLimit) }
        try source.finishReading()
        try identifiers.rows?.finishReading()
        guard !rowLimit.isExceeded else { throw limitError(rowLimit.rowCount) }
        guard rowLimit.rowCount < UInt32.max else {
            throw EngineError(.data, path: path, "\(rowLimit.rowCount) rows are too many to look up", remedy: "look up fewer than 2^32")
        }
        var values: [UInt8] = []
        var hashes: [UInt64] = []
        values.reserveCapacity(result.rowCount * rowByteCount)
        hashes.reserveCapacity(result.rowCount)
        var parts = result.consumers.flatMap { $0.takeParts() }.sorted { $0.firstRow < $1.firstRow }
        for index in parts.indices {
            values += parts[index].values
            hashes += parts[index].hashes
            // What has been copied is not kept twice.
            parts[index] = (0, [], [])
        }
        let slotCount = Self.slotCount(rowCount: hashes.count)
        var slots = [UInt32](repeating: 0, count: slotCount)
        for (row, hash) in hashes.enumerated() {
            func fault(_ problem: String, remedy: String) -> EngineError {
                let place = quoted(row)?.place
                return EngineError(
                    .data, path: place?.path ?? path, row: place?.row ?? row, line: place?.line, problem, remedy: remedy)
            }
            guard hash != 0 else {
                throw fault("its \(identifierName) is missing", remedy: "each row needs one, to be looked up by")
            }
            let slot = Self.slot(of: hash, in: slots, hashes)
            guard slots[slot] == 0 else {
                let text = quoted(row)?.text ?? "an identifier"
                let first = quoted(Int(slots[slot]) - 1)?.place
                let other = first.map { "\($0.path), " + ($0.line.map { "line \($0)" } ?? "row \($0.row)") } ?? "row \(slots[slot] - 1)"
                throw fault(
                    "\(identifierName) \(text) is there twice: \(other) has it too", remedy: "keep one row of each \(identifierName)")
            }
            slots[slot] = UInt32(row + 1)
        }
        self.values = values
        self.hashes = hashes
        self.slots = slots
        used = Bits(hashes.count)
    }

    /// Finds the values of a batch's rows, and writes them one after another to `buffer`. O(rowCount).
    ///
    /// A row that has a problem already gets zeros.
    /// - Parameters:
    ///   - byteStride: the number of bytes from the hash of a row to that of the next.
    ///   - noted: a list to which the table's rows are added that were looked up; nil if nobody wants them.
    /// - Throws: an `EngineError` for a row without an identifier, one whose identifier the table does not have, and one that was looked
    ///   up before.
    func values(
        of hashes: UnsafeRawPointer, byteStride: Int, _ batch: RowBatch, into buffer: ByteBuffer, noting noted: inout [UInt32]?
    ) throws(EngineError) -> UnsafeRawPointer {
        func hash(_ index: Int) -> UInt64 { hashes.loadUnaligned(fromByteOffset: byteStride * index, as: UInt64.self) }
        buffer.reserve(batch.rowCount * rowByteCount + 64)
        let destination = buffer.room(from: 0, count: batch.rowCount * rowByteCount)
        var problems = batch.problems[...]
        for index in 0..<batch.rowCount {
            while let first = problems.first, first.rowIndex < index { problems.removeFirst() }
            let row = UnsafeMutableRawBufferPointer(rebasing: destination[index * rowByteCount..<(index + 1) * rowByteCount])
            if problems.first?.rowIndex == index {
                row.initializeMemory(as: UInt8.self, repeating: 0)
                continue
            }
            guard hash(index) != 0 else {
                throw refuse(batch.place(index), "its \(identifierName) is missing", "\(valueName) are looked up by it")
            }
            let found = Int(slots[Self.slot(of: hash(index), in: slots, self.hashes)]) - 1
            guard found >= 0 else {
                throw refuse(
                    batch.place(index), "its \(identifierName) is not among the \(rowCount) of \(path)", "give the \(valueName) of all rows")
            }
            guard used.insert(found) else {
                throw refuse(
                    batch.place(index), "its \(identifierName) is that of another row", "each row of \(path) is for one row of predictions")
            }
            noted?.append(UInt32(found))
            values.withUnsafeBytes { values in
                row.copyMemory(from: UnsafeRawBufferPointer(rebasing: values[found * rowByteCount..<(found + 1) * rowByteCount]))
            }
        }
        return UnsafeRawPointer(buffer.base)
    }

    /// Takes rows for looked up that an earlier run looked up.
    ///
    /// - Returns: false if the table does not have so many rows, and nothing was changed.
    func markLookedUp(_ rows: UnitSet) -> Bool {
        guard (rows.largest ?? -1) < rowCount else { return false }
        for (index, word) in rows.words.enumerated() { used.insert(word, at: index) }
        return true
    }

    /// Finds the slot of a hash: that of its row, or the empty one in which its row would be.
    private static func slot(of hash: UInt64, in slots: [UInt32], _ hashes: [UInt64]) -> Int {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0, hashes[Int(slots[slot]) - 1] != hash { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private func refuse(_ place: RowPlace, _ problem: String, _ remedy: String) -> EngineError {
        EngineError(.data, path: place.path, frame: place.frame, row: place.row, line: place.line, problem, remedy: remedy)
    }

    /// The consumer that keeps the rows of a worker.
    private final class Collector: RowConsumer {
        private let rowByteCount: Int
        private let rowLimit: RowLimit
        private var parts: [(firstRow: Int, values: [UInt8], hashes: [UInt64])] = []

        init(_ rowByteCount: Int, _ rowLimit: RowLimit) {
            self.rowByteCount = rowByteCount
            self.rowLimit = rowLimit
        }

        /// Returns the rows, and keeps none.
        func takeParts() -> [(firstRow: Int, values: [UInt8], hashes: [UInt64])] {
            defer { parts = [] }
            return parts
        }

        func consume(_ batch: RowBatch, companions: [UnsafeRawPointer]) throws(EngineError) {
            // A label that cannot be read is an error, since nobody can leave out the row that it belongs to.
            if let problem = batch.problems.first { throw EngineError(problem, at: batch.place(problem.rowIndex)) }
            guard rowLimit.add(batch.rowCount) else {
                parts = []
                return
            }
            let hashes = (0..<batch.rowCount).map { companions[0].loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
            parts.append(
                (batch.firstRow, Array(UnsafeRawBufferPointer(start: batch.values, count: batch.rowCount * rowByteCount)), hashes))
        }
    }

    /// The number of rows that all workers have met, and the limit above which none are kept.
    private final class RowLimit: Sendable {
        private let count = Atomic<Int>(0)
        private let isAllowed: @Sendable (_ rowCount: Int) -> Bool

        init(_ isAllowed: @escaping @Sendable (_ rowCount: Int) -> Bool) { self.isAllowed = isAllowed }

        var rowCount: Int { count.load(ordering: .relaxed) }
        var isExceeded: Bool { !isAllowed(rowCount) }

        /// Counts rows; returns false if there are more by now than may be kept.
        func add(_ rowCount: Int) -> Bool { isAllowed(count.add(rowCount, ordering: .relaxed).newValue) }
    }

    /// A set of rows that many threads put rows into.
    private final class Bits: Sendable {
        private let words: [Word]

        private final class Word: Sendable {
            let bits = Atomic<UInt64>(0)
        }

        init(_ count: Int) { words = (0..<(count + 63) / 64).map { _ in Word() } }

        /// The number of rows in the set. O(words).
        var count: Int { words.reduce(0) { $0 + $1.bits.load(ordering: .relaxed).nonzeroBitCount } }

        /// Puts up to 64 neighbouring rows into the set.
        func insert(_ bits: UInt64, at word: Int) { words[word].bits.bitwiseOr(bits, ordering: .relaxed) }

        /// Puts a row into the set; returns false if it was there.
        func insert(_ row: Int) -> Bool {
            let bit: UInt64 = 1 << UInt64(row % 64)
            return words[row / 64].bits.bitwiseOr(bit, ordering: .relaxed).oldValue & bit == 0
        }
    }
}
