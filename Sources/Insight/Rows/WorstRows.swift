internal import Messages
public import Scoring

/// The rows with the largest losses, or the most confident mistakes, in a total order: the larger measure first, of equals the earlier row.
///
/// A loss counts without the row's weight. Rows without a loss in the first dialect are left out. The state depends on the set of rows
/// alone.
public struct WorstRows: RowObserver, Equatable {
    static let tag = "worst"
    /// The largest number of rows that are kept.
    public static let limit = 10_000

    /// A measure by which a row is bad.
    public enum Measure: String, Sendable, Codable, CaseIterable {
        /// Its loss.
        case loss
        /// The probability of the predicted class, of rows that are wrong.
        case confidentWrong = "confident-wrong"
        /// How far the largest probability is above that of the label, of rows that are wrong.
        case margin
    }

    /// A row that was kept.
    public struct Row: Sendable, Equatable, ListedRow {
        /// The number of the row in its dump, from 0.
        public let number: UInt64
        /// The value of the measure.
        public let measure: Double
        /// The row's loss, without its weight.
        public let loss: Double
        /// The label: a class, or 0 or 1; nil where labels are no classes.
        public let label: Int?
        /// The class of the largest probability; nil for task multilabel.
        public let predicted: Int?
        /// The probability of the label.
        public let labelProbability: Double
        /// The probability of the predicted class; NaN for task multilabel.
        public let topProbability: Double
        /// The values of the shown columns, in their order.
        public internal(set) var shown: [SliceValue] = []

        func comes(before other: Row) -> Bool {
            measure != other.measure ? measure > other.measure : number < other.number
        }
    }

    /// The number of rows that are kept.
    public let count: Int
    /// The measure by which a row is bad.
    public let measure: Measure
    /// The columns whose values are kept with each row.
    public let shownColumns: ShownColumns
    private var heap: RankedHeap<Row>

    /// No rows.
    ///
    /// - Throws: `SpecificationError` for a number that is not in 1...`limit`, and for a measure that the task does not have.
    public init(
        _ specification: LossSpecification, count: Int, by measure: Measure = .loss, shownColumns: [String] = []
    ) throws(SpecificationError) {
        guard (1...Self.limit).contains(count) else {
            throw SpecificationError(problem: "\(setting: .worst) is \(count)", remedy: "give 1 to \(Self.limit) rows")
        }
        if measure != .loss, specification.task == .likelihood || specification.task == .multilabel {
            throw SpecificationError(
                problem: "the rows of task \(specification.task.rawValue) have no predicted class",
                remedy: "take the worst ones by their losses")
        }
        self.count = count
        self.measure = measure
        self.shownColumns = try ShownColumns(shownColumns, ofRows: count)
        heap = RankedHeap(limit: count)
    }

    /// "worst".
    public var tag: String { Self.tag }

    /// A varint, the number of rows; a varint, the number of bytes of the measure's name, and the name; and for each shown column the same of its
    /// name.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(count))
        for name in [measure.rawValue] + shownColumns.names {
            bytes.append(varint: UInt64(name.utf8.count))
            bytes += Array(name.utf8)
        }
        return bytes
    }

    /// The probabilities of the label and of the predicted class, by which mistakes are sorted. Those of the rows with the largest losses are
    /// computed for these alone.
    public var requiredFacts: RowFacts { measure == .loss ? [] : [.labelProbability, .topPrediction, .isCorrect] }

    /// Room for the distribution of a row; no part of the state.
    private var probabilities = RowNumbers(), logarithms = RowNumbers()

    /// Keeps the worst rows of a block. O(rowCount), and O(log count) for each row that is kept.
    public mutating func observe(_ block: ScoredBlock) {
        if measure == .loss { observeLosses(block) } else { observeMistakes(block) }
    }

    /// Keeps the most confident mistakes of a block.
    private mutating func observeMistakes(_ block: ScoredBlock) {
        let facts = block.facts
        guard let ofLabel = facts.labelProbability, let ofTop = facts.topProbability, let topClass = facts.topClass,
            let isCorrect = facts.isCorrect
        else { return }
        let losses = block.losses(ofDialect: 0), divisors = block.rowDivisors(ofDialect: 0)
        var least = heap.last?.measure ?? -.infinity
        for row in 0..<block.rows.rowCount {
            let weighted = losses[row]
            guard !weighted.isNaN, isCorrect[row] == 0 else { continue }
            // A row of weight 0 has the loss 0, whatever was predicted.
            let loss = divisors.map { $0[row] > 0 ? weighted / $0[row] : 0 } ?? weighted
            let value = measure == .margin ? ofTop[row] - ofLabel[row] : ofTop[row]
            guard value >= least, !value.isNaN else { continue }
            // Wrapping: rows are numbered below 2^63.
            heap.insert(
                Row(
                    number: block.rows.firstRow &+ UInt64(row), measure: value, loss: loss, label: Self.label(block, row),
                    predicted: topClass[row] < 0 ? nil : Int(topClass[row]), labelProbability: ofLabel[row], topProbability: ofTop[row]),
                shownColumns, of: block)
            least = heap.last?.measure ?? -.infinity
        }
    }

    /// Keeps the rows of a block with the largest losses.
    private mutating func observeLosses(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0), divisors = block.rowDivisors(ofDialect: 0), rowCount = block.rows.rowCount
        var row = 0
        while row < rowCount {
            defer { row += 1 }
            if divisors == nil, let last = heap.last {
                // Mostly none of eight is as bad as the kept rows. Unsafe: eight losses from the row on are among the block's.
                let least = SIMD8<Double>(repeating: last.measure)
                while row + 8 <= rowCount,
                    !any(UnsafeRawPointer(losses + row).loadUnaligned(as: SIMD8<Double>.self) .>= least)
                {
                    row += 8
                }
                guard row < rowCount else { break }
            }
            var loss = losses[row]
            if let divisors { loss = divisors[row] > 0 ? loss / divisors[row] : loss.isNaN ? loss : 0 }
            // False for NaN.
            guard heap.last.map({ loss >= $0.measure }) ?? (loss == loss) else { continue }
            let prediction = prediction(block, row)
            heap.insert(
                Row(
                    number: block.rows.firstRow &+ UInt64(row), measure: loss, loss: loss, label: Self.label(block, row),
                    predicted: prediction.top, labelProbability: prediction.ofLabel, topProbability: prediction.ofTop),
                shownColumns, of: block)
        }
    }

    /// Returns the probability of a row's label, and its predicted class with that one's.
    private mutating func prediction(_ block: ScoredBlock, _ row: Int) -> (ofLabel: Double, top: Int?, ofTop: Double) {
        let task = block.specification.task
        guard task != .multilabel else { return (.nan, nil, .nan) }
        let classCount = block.distributionCount
        probabilities.fill(classCount) { p in logarithms.fill(classCount) { block.writeDistribution(ofRow: row, p, $0) } }
        var top = 0, label = 0
        for c in 1..<max(classCount, 1) where probabilities[c] > probabilities[top] { top = c }
        switch task {
        case .likelihood: label = 1
        case .soft, .binary:
            if let targets = block.targets {
                if task == .binary {
                    label = targets[row] > 0.5 ? 1 : 0
                } else {
                    for c in 1..<max(classCount, 1) where targets[row * classCount + c] > targets[row * classCount + label] { label = c }
                }
            } else {
                label = Int(block.classLabels[row])
            }
        default: label = Int(block.classLabels[row])
        }
        return (probabilities[label], top, probabilities[top])
    }

    static func label(_ block: ScoredBlock, _ row: Int) -> Int? {
        switch block.specification.task {
        case .multiclass: return Int(block.classLabels[row])
        case .binary:
            guard let targets = block.targets else { return Int(block.classLabels[row]) }
            return targets[row] == 0 || targets[row] == 1 ? Int(targets[row]) : nil
        case .multilabel, .soft, .likelihood: return nil
        }
    }

    /// Adds the rows of another state.
    public mutating func merge(_ other: WorstRows) throws(PartialError) {
        guard configuration == other.configuration else { throw .otherSettings(tag) }
        for row in other.heap.elements { heap.insert(row) }
    }

    /// The kept rows, the worst first.
    public var rows: [Row] { heap.sorted }

    /// Returns true if both keep the same rows.
    public static func == (left: WorstRows, right: WorstRows) -> Bool {
        left.configuration == right.configuration && left.encoded == right.encoded
    }
}

extension WorstRows: RowListing {
    package var shownColumnsOfRows: ShownColumns? { shownColumns }
    package var numbersOfRows: [UInt64] { heap.elements.map(\.number) }

    package mutating func show(_ texts: [UInt64: String], inColumn column: Int) { heap.show(texts, inColumn: column) }
}

// The section "worst": a varint, the number of kept rows; then for each, the worst first: a varint, its number; four Float64 of eight bytes, the
// measure, the loss, the probability of the label and that of the predicted class; two varints, the label and the predicted class, each
// plus 1, or 0 where there is none; and the value of each shown column (Slices.swift).
extension WorstRows {
    public func encode(into bytes: inout [UInt8]) {
        let rows = rows
        bytes.append(varint: UInt64(rows.count))
        for row in rows {
            bytes.append(varint: row.number)
            for number in [row.measure, row.loss, row.labelProbability, row.topProbability] { bytes.append(littleEndian: number.bitPattern) }
            bytes.append(varint: row.label.map { UInt64($0) + 1 } ?? 0)
            bytes.append(varint: row.predicted.map { UInt64($0) + 1 } ?? 0)
            for value in row.shown { value.encode(into: &bytes) }
        }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        heap = RankedHeap(limit: count)
        let rowCount = try reader.varintCount(leastByteCount: 35)
        guard rowCount <= count else { throw .damaged("\(rowCount) rows are kept, and \(count) may be") }
        for _ in 0..<rowCount {
            let number = try reader.varint()
            let measure = try reader.double(), loss = try reader.double()
            let labelProbability = try reader.double(), topProbability = try reader.double()
            guard !measure.isNaN else { throw .damaged("the measure of a row is not a number") }
            let label = try reader.varint(), predicted = try reader.varint()
            var row = Row(
                number: number, measure: measure, loss: loss, label: label == 0 ? nil : Int(clamping: label - 1),
                predicted: predicted == 0 ? nil : Int(clamping: predicted - 1), labelProbability: labelProbability,
                topProbability: topProbability)
            row.shown = try shownColumns.values(&reader)
            heap.insert(row)
        }
        try reader.expectEnd()
    }

    /// Makes the state of no rows from its settings, as a partial has them.
    static func make(_ configuration: [UInt8], _ specification: LossSpecification) throws(PartialError) -> WorstRows {
        var reader = SectionReader(configuration[...])
        let count = Int(clamping: try reader.varint())
        var names: [String] = []
        while reader.remainingByteCount > 0 {
            let bytes = try reader.bytes(try reader.varintCount(leastByteCount: 1))
            guard let name = String(validating: bytes, as: UTF8.self) else { throw .unknownSettings(tag) }
            names.append(name)
        }
        guard let measure = names.first.flatMap({ Measure(rawValue: $0) }) else { throw .unknownSettings(tag) }
        do throws(SpecificationError) {
            return try WorstRows(specification, count: count, by: measure, shownColumns: Array(names.dropFirst()))
        } catch {
            throw .unknownSettings(tag)
        }
    }
}
