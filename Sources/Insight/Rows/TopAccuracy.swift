internal import Elements
internal import Messages
public import Scoring

/// The number of rows whose label is among the k classes of the largest predictions, for several k.
///
/// Of equal predictions the class with the smaller index comes first, as argmax has it. Beside that the state counts the rows that would be
/// right if the label came first of equals, and if it came last. For task multiclass. Rows without a loss in the first dialect are left out.
public struct TopAccuracy: RowObserver, Equatable {
    static let tag = "top-k"
    /// The largest number of different k.
    public static let limit = 100

    /// The k, in the order in which they were asked for.
    public let ks: [Int]
    private let hasWeights: Bool
    /// The number of rows.
    private var rowCount: UInt64 = 0
    /// For each k the number of rows that are right, by the three rules for equal predictions.
    private var hits: [UInt64]
    private var optimisticHits: [UInt64]
    private var pessimisticHits: [UInt64]
    /// For each k the number of rows that are right if of equal predictions the class with the larger index comes first.
    private var lastIndexHits: [UInt64]
    /// For each k the weight of the rows that are right; empty where rows have no weights.
    private var weights: [CompactSum]
    private var totalWeight = CompactSum()

    /// The counts of no rows.
    ///
    /// - Throws: `SpecificationError` for another task than multiclass, and for a k below 1.
    public init(_ specification: LossSpecification, ks: [Int]) throws(SpecificationError) {
        guard specification.task == .multiclass else {
            throw SpecificationError(
                problem: "\(setting: .topK) has no meaning for task \(specification.task.rawValue)",
                remedy: "it is of the rank of a label among the classes; leave it out")
        }
        guard !ks.isEmpty, ks.count <= Self.limit, ks.allSatisfy({ $0 >= 1 }), Set(ks).count == ks.count else {
            throw SpecificationError(
                problem: "\(setting: .topK) is \(ks.map { "\($0)" }.joined(separator: ","))",
                remedy: "give 1 to \(Self.limit) different numbers of classes, each at least 1")
        }
        self.ks = ks
        hasWeights = specification.modifiers.hasRowWeights
        hits = Array(repeating: 0, count: ks.count)
        optimisticHits = hits
        pessimisticHits = hits
        lastIndexHits = hits
        weights = hasWeights ? Array(repeating: CompactSum(), count: ks.count) : []
    }

    /// "top-k".
    public var tag: String { Self.tag }

    /// The k, a varint each.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = []
        for k in ks { bytes.append(varint: UInt64(k)) }
        return bytes
    }

    /// The rank of the label.
    public var requiredFacts: RowFacts { .labelRank }

    /// Counts the rows of a block. O(rowCount × classCount).
    public mutating func observe(_ block: ScoredBlock) {
        guard let ranks = block.facts.labelRank else { return }
        let losses = block.losses(ofDialect: 0), classCount = block.classCount, element = block.rows.element
        let rowByteCount = classCount * element.byteCount
        for row in 0..<block.rows.rowCount where !losses[row].isNaN {
            let rank = Int(ranks[row])
            let equal = Self.equals(
                of: Int(block.classLabels[row]), block.rows.values + row * rowByteCount, classCount: classCount, element)
            rowCount.addSaturating(1)
            let weight = hasWeights ? block.rows.weights?[row] ?? 1 : 1
            if hasWeights { totalWeight.add(weight) }
            for (index, k) in ks.enumerated() {
                if rank < k {
                    hits[index].addSaturating(1)
                    if hasWeights { weights[index].add(weight) }
                }
                if rank - equal.before < k { optimisticHits[index].addSaturating(1) }
                if rank + equal.after < k { pessimisticHits[index].addSaturating(1) }
                if rank - equal.before + equal.after < k { lastIndexHits[index].addSaturating(1) }
            }
        }
    }

    /// Counts the classes before and after the label whose value equals that of the label.
    private static func equals(
        of label: Int, _ values: UnsafeRawPointer, classCount: Int, _ element: ElementType
    ) -> (before: Int, after: Int) {
        /// Unsafe: the values lie at any alignment.
        @inline(__always)
        func value<Value: BitwiseCopyable>(_ index: Int, _: Value.Type) -> Value {
            values.loadUnaligned(fromByteOffset: index * MemoryLayout<Value>.size, as: Value.self)
        }
        /// Counts the equal ones first, which a loop without branches does in vectors: seldom is one equal but the label itself.
        @inline(__always)
        func equals<Value: BinaryFloatingPoint & BitwiseCopyable>(_: Value.Type) -> (before: Int, after: Int) {
            let ofLabel = value(label, Value.self)
            var count: Int32 = 0
            // Wrapping: there are fewer classes than 2^31.
            for j in 0..<classCount { count &+= value(j, Value.self) == ofLabel ? 1 : 0 }
            guard count > 1 else { return (0, 0) }
            var before = 0
            for j in 0..<label where value(j, Value.self) == ofLabel { before += 1 }
            return (before, Int(count) - 1 - before)
        }
        switch element {
        case .float32: return equals(Float.self)
        case .float64: return equals(Double.self)
        default:
            let ofLabel = element.value(values, at: label)
            var before = 0, after = 0
            for j in 0..<classCount where j != label && element.value(values, at: j) == ofLabel {
                if j < label { before += 1 } else { after += 1 }
            }
            return (before, after)
        }
    }

    /// Adds the counts of other rows.
    public mutating func merge(_ other: TopAccuracy) throws(PartialError) {
        guard ks == other.ks, weights.count == other.weights.count else { throw .otherSettings(tag) }
        rowCount.addSaturating(other.rowCount)
        totalWeight.add(other.totalWeight)
        for index in ks.indices {
            hits[index].addSaturating(other.hits[index])
            optimisticHits[index].addSaturating(other.optimisticHits[index])
            pessimisticHits[index].addSaturating(other.pessimisticHits[index])
            lastIndexHits[index].addSaturating(other.lastIndexHits[index])
            if hasWeights { weights[index].add(other.weights[index]) }
        }
    }

    /// The figures of one k.
    public struct Figures: Sendable, Equatable {
        /// The number of classes that may stand before the label, and one more.
        public let k: Int
        /// The share of rows whose label is among the first k classes.
        public let accuracy: Double
        /// The share of the rows' weight in these rows; nil where rows have no weights.
        public let accuracyOverWeight: Double?
        /// The share of rows if the label came first of equal predictions, as Keras and TensorFlow count.
        public let optimistic: Double
        /// The share of rows if the label came last of equal predictions.
        public let pessimistic: Double
        /// The share of rows if of equal predictions the larger index came first, as scikit-learn counts.
        public let lastIndexAccuracy: Double
        /// The number of rows in which equal predictions decide.
        public let tiedRowCount: UInt64
    }

    /// The figures of each k; empty where no row was scored.
    public var figures: [Figures] {
        guard rowCount > 0 else { return [] }
        return ks.indices.map { index in
            Figures(
                k: ks[index], accuracy: Double(hits[index]) / Double(rowCount),
                accuracyOverWeight: hasWeights ? weights[index].exact.rounded(dividedBy: totalWeight.exact) : nil,
                optimistic: Double(optimisticHits[index]) / Double(rowCount), pessimistic: Double(pessimisticHits[index]) / Double(rowCount),
                lastIndexAccuracy: Double(lastIndexHits[index]) / Double(rowCount),
                tiedRowCount: optimisticHits[index] >= pessimisticHits[index] ? optimisticHits[index] - pessimisticHits[index] : 0)
        }
    }
}

// The section "top-k": a varint, the number of rows, and where they have weights an exact sum of these; then for each k four varints, the hits by
// the first index, if the label comes first, if it comes last, and by the last index, and where rows have weights an exact sum of those of the first.
extension TopAccuracy {
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(varint: rowCount)
        if hasWeights { totalWeight.encode(into: &bytes) }
        for index in ks.indices {
            for count in [hits[index], optimisticHits[index], pessimisticHits[index], lastIndexHits[index]] { bytes.append(varint: count) }
            if hasWeights { weights[index].encode(into: &bytes) }
        }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        rowCount = try reader.varint()
        if hasWeights { totalWeight = try CompactSum(&reader) }
        for index in ks.indices {
            hits[index] = try reader.varint()
            optimisticHits[index] = try reader.varint()
            pessimisticHits[index] = try reader.varint()
            lastIndexHits[index] = try reader.varint()
            if hasWeights { weights[index] = try CompactSum(&reader) }
        }
        try reader.expectEnd()
    }

    /// Makes the counts of no rows from their settings, as a partial has them.
    static func make(_ configuration: [UInt8], _ specification: LossSpecification) throws(PartialError) -> TopAccuracy {
        var reader = SectionReader(configuration[...])
        var ks: [Int] = []
        while reader.remainingByteCount > 0 { ks.append(Int(clamping: try reader.varint())) }
        do throws(SpecificationError) { return try TopAccuracy(specification, ks: ks) } catch { throw .unknownSettings(tag) }
    }
}

extension PartialError {
    /// Two figures of one tag have other settings.
    static func otherSettings(_ tag: String) -> PartialError {
        PartialError(
            kind: .otherObservers, problem: "figures of other settings do not add up", found: "other settings of \(tag)",
            remedy: .askForSameFigures)
    }

    /// The settings of a section are none that its figure has.
    static func unknownSettings(_ tag: String) -> PartialError { .damaged("the settings of section \(tag) are none that it has") }
}
