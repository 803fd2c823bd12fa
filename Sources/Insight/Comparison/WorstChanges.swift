internal import Messages
internal import Scoring

/// The rows whose losses are the most larger by a second model: the larger difference first, of equals the earlier row.
///
/// Losses count without the rows' weights. The state depends on the set of rows alone.
public struct WorstChanges: Sendable {
    /// A row that was kept.
    public struct Row: Sendable, Equatable, ListedRow {
        /// The number of the row in its dump, from 0.
        public let number: UInt64
        /// The loss by B less that by A.
        public let difference: Double
        /// The losses by both.
        public let lossA: Double, lossB: Double
        /// The label: a class, or 0 or 1; nil where labels are no classes.
        public let label: Int?
        /// The classes of the largest probability by both; nil for tasks without.
        public let predictedA: Int?, predictedB: Int?
        /// The probability of the label by both.
        public let labelProbabilityA: Double, labelProbabilityB: Double
        /// The values of the shown columns, in their order.
        public internal(set) var shown: [SliceValue] = []

        func comes(before other: Row) -> Bool {
            difference != other.difference ? difference > other.difference : number < other.number
        }
    }

    /// The columns whose values are kept with each row.
    public let shownColumns: ShownColumns
    private var heap: RankedHeap<Row>

    /// The changes of no rows.
    ///
    /// - Throws: `SpecificationError` for a number that is not in 1...`WorstRows.limit`.
    init(count: Int, shownColumns: ShownColumns) throws(SpecificationError) {
        guard (1...WorstRows.limit).contains(count) else {
            throw SpecificationError(problem: "\(setting: .worst) is \(count)", remedy: "give 1 to \(WorstRows.limit) rows")
        }
        self.shownColumns = shownColumns
        heap = RankedHeap(limit: count)
    }

    /// Keeps the rows of a block that have changed the most. O(rowCount), and O(log count) for each row that is kept.
    ///
    /// - Parameters:
    ///   - a: the rows as A predicts them.
    ///   - b: the same rows as B predicts them.
    mutating func add(_ a: ScoredBlock, _ b: ScoredBlock) {
        let lossesA = a.losses(ofDialect: 0), lossesB = b.losses(ofDialect: 0), divisors = a.rowDivisors(ofDialect: 0)
        for row in 0..<a.rows.rowCount {
            var (lossA, lossB) = (lossesA[row], lossesB[row])
            guard lossA == lossA, lossB == lossB else { continue }
            if let divisors {
                // A row of weight 0 has the loss 0, whatever was predicted.
                (lossA, lossB) = divisors[row] > 0 ? (lossA / divisors[row], lossB / divisors[row]) : (0, 0)
            }
            let difference = lossA == lossB ? 0 : lossB - lossA
            if let last = heap.last, difference < last.difference { continue }
            heap.insert(
                Row(
                    // Wrapping: rows are numbered below 2^63.
                    number: a.rows.firstRow &+ UInt64(row), difference: difference, lossA: lossA, lossB: lossB,
                    label: WorstRows.label(a, row), predictedA: Self.top(a, row), predictedB: Self.top(b, row),
                    labelProbabilityA: a.facts.labelProbability?[row] ?? .nan, labelProbabilityB: b.facts.labelProbability?[row] ?? .nan),
                shownColumns, of: a)
        }
    }

    private static func top(_ block: ScoredBlock, _ row: Int) -> Int? {
        guard let top = block.facts.topClass, top[row] >= 0 else { return nil }
        return Int(top[row])
    }

    /// Adds the rows of another state.
    ///
    /// - Throws: `PartialError` if that one has other columns.
    mutating func merge(_ other: WorstChanges) throws(PartialError) {
        guard shownColumns == other.shownColumns else { throw .otherSettings(PairedRows.tag) }
        for row in other.heap.elements { heap.insert(row) }
    }

    /// The kept rows, the worst first.
    public var rows: [Row] { heap.sorted }

    /// The numbers of the kept rows, in no order.
    var numbersOfRows: [UInt64] { heap.elements.map(\.number) }

    /// Sets the values of a shown column in all rows that are kept.
    ///
    /// - Parameters:
    ///   - texts: the texts by the numbers of rows; a row that is not among them has no value.
    ///   - column: the index of the column.
    mutating func show(_ texts: [UInt64: String], inColumn column: Int) { heap.show(texts, inColumn: column) }

    /// Appends a varint, the number of kept rows; then for each, the worst first, a varint, its number; five Float64 of eight bytes, the difference,
    /// the losses and the probabilities of the label; three varints, the label and the predicted classes, each plus 1, or 0 where there is none; and
    /// the value of each shown column.
    func encode(into bytes: inout [UInt8]) {
        let rows = rows
        bytes.append(varint: UInt64(rows.count))
        for row in rows {
            bytes.append(varint: row.number)
            for number in [row.difference, row.lossA, row.lossB, row.labelProbabilityA, row.labelProbabilityB] {
                bytes.append(littleEndian: number.bitPattern)
            }
            for place in [row.label, row.predictedA, row.predictedB] { bytes.append(varint: place.map { UInt64($0) + 1 } ?? 0) }
            for value in row.shown { value.encode(into: &bytes) }
        }
    }

    /// Takes what `encode(into:)` wrote.
    mutating func decode(_ reader: inout SectionReader) throws(PartialError) {
        heap = RankedHeap(limit: heap.limit)
        let rowCount = try reader.varintCount(leastByteCount: 44)
        guard rowCount <= heap.limit else { throw .damaged("\(rowCount) rows are kept, and \(heap.limit) may be") }
        for _ in 0..<rowCount {
            let number = try reader.varint()
            let difference = try reader.double(), lossA = try reader.double(), lossB = try reader.double()
            let labelProbabilityA = try reader.double(), labelProbabilityB = try reader.double()
            guard !difference.isNaN else { throw .damaged("the difference of a row is not a number") }
            var places: [Int?] = []
            for _ in 0..<3 {
                let place = try reader.varint()
                places.append(place == 0 ? nil : Int(clamping: place - 1))
            }
            heap.insert(
                Row(
                    number: number, difference: difference, lossA: lossA, lossB: lossB, label: places[0], predictedA: places[1],
                    predictedB: places[2], labelProbabilityA: labelProbabilityA, labelProbabilityB: labelProbabilityB,
                    shown: try shownColumns.values(&reader)))
        }
    }
}
