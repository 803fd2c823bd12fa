public import Scoring

/// The number and the weight of the rows of each label, from which the loss of a constant prediction follows.
///
/// For tasks multiclass and binary. A binary label that is a probability counts as a share of label 1. Rows without a loss in the first
/// dialect are left out. Sums are exact: the state depends on the set of rows alone.
public struct LabelCounts: RowObserver, Equatable {
    /// The largest number of classes whose labels are counted.
    public static let classLimit = 65_536
    static let tag = "labels"

    /// The number of rows of each label.
    public private(set) var counts: [UInt64]
    /// The weight of the rows of each label; empty where rows have no weights of their own.
    private var weights: [CompactSum] = []
    /// The sum of binary labels that are fractions, with the rows' weights. Such rows are in no count.
    private var fractions = CompactSum()
    /// The number of rows whose label is a fraction, and their weight.
    private var fractionCount: UInt64 = 0
    private var fractionWeight = CompactSum()
    private let isBinary: Bool

    /// The counts of no rows; nil for a task without class labels, and for more than `classLimit` classes.
    ///
    /// - Parameters:
    ///   - specification: the loss.
    ///   - classCount: the number of values a row.
    public init?(_ specification: LossSpecification, classCount: Int) {
        guard specification.task == .multiclass || specification.task == .binary else { return nil }
        isBinary = specification.task == .binary
        let labelCount = isBinary ? 2 : classCount
        guard (1...Self.classLimit).contains(labelCount) else { return nil }
        counts = Array(repeating: 0, count: labelCount)
        if specification.modifiers.hasRowWeights { weights = Array(repeating: CompactSum(), count: labelCount) }
    }

    /// "labels".
    public var tag: String { Self.tag }

    /// True: partials of earlier versions lack it.
    public var isOptional: Bool { true }

    /// Counts the labels of a block. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        if let targets = block.targets { return observe(block, targets) }
        let rowCount = block.rows.rowCount
        if weights.isEmpty, isBinary, block.areAllRowsScored, let sum = block.classLabelSum {
            // All labels are 0 or 1, so that their sum is a count.
            counts[1].addSaturating(UInt64(sum))
            counts[0].addSaturating(UInt64(rowCount - Int(sum)))
            return
        }
        let labels = block.classLabels
        let losses = block.losses(ofDialect: 0)
        counts.withUnsafeMutableBufferPointer { counts in
            for row in 0..<rowCount where !losses[row].isNaN {
                // A row with a loss has a label that is a class.
                counts[Int(labels[row])] &+= 1  // Wrapping: no run has 2^64 rows.
            }
        }
        guard !weights.isEmpty, let rowWeights = block.rows.weights else { return }
        for row in 0..<rowCount where !losses[row].isNaN { weights[Int(labels[row])].add(rowWeights[row]) }
    }

    private mutating func observe(_ block: ScoredBlock, _ targets: UnsafePointer<Double>) {
        let losses = block.losses(ofDialect: 0)
        for row in 0..<block.rows.rowCount where !losses[row].isNaN {
            let target = targets[row], weight = weights.isEmpty ? 1 : block.rows.weights?[row] ?? 1
            if target == 0 || target == 1 {
                counts[Int(target)].addSaturating(1)
                if !weights.isEmpty { weights[Int(target)].add(weight) }
            } else {
                fractionCount.addSaturating(1)
                fractions.add(target * weight)
                fractionWeight.add(weight)
            }
        }
    }

    /// Adds the counts of other rows.
    public mutating func merge(_ other: LabelCounts) throws(PartialError) {
        guard counts.count == other.counts.count, weights.count == other.weights.count else {
            throw PartialError(
                kind: .otherLoss, problem: "labels of different losses do not add up", found: "\(other.counts.count) classes",
                allowed: "\(counts.count) classes", remedy: .mergeOneLoss)
        }
        for label in counts.indices { counts[label].addSaturating(other.counts[label]) }
        for label in weights.indices { weights[label].add(other.weights[label]) }
        fractions.add(other.fractions)
        fractionCount.addSaturating(other.fractionCount)
        fractionWeight.add(other.fractionWeight)
    }

    /// The share of the weight that each label has, rounded once; nil where there is no weight.
    public var shares: [Double]? {
        var total = ExactSum()
        var sums: [ExactSum] = []
        for label in counts.indices {
            var sum = weights.isEmpty ? ExactSum(count: counts[label]) : weights[label].exact
            if fractionCount > 0 {
                if label == 1 {
                    sum.add(fractions.exact)
                } else {
                    // The rest of these rows' weight is that of label 0.
                    sum.add(fractionWeight.exact)
                    sum.addProduct(-1, fractions.rounded)
                }
            }
            total.add(sum)
            sums.append(sum)
        }
        guard total.sign > 0 else { return nil }
        return sums.map { $0.rounded(dividedBy: total) }
    }

    /// The entropy of the labels in nats: the cross-entropy of the best constant prediction. −Σ q ln q over the shares q; labels that never occur
    /// add nothing.
    public var entropy: Double? {
        guard let shares else { return nil }
        var sum = ExactSum()
        for share in shares where share > 0 { sum.addProduct(-share, ElementaryFunctions.logarithm(share)) }
        return sum.rounded()
    }

    /// The Brier score of the best constant prediction: q (1 − q) of label 1 for task binary, else Σ q (1 − q).
    public var brierOfShares: Double? {
        guard let shares else { return nil }
        if isBinary { return shares[1] * shares[0] }
        var sum = ExactSum()
        for share in shares { sum.addProduct(share, 1 - share) }
        return sum.rounded()
    }

    /// The share of the weight that label 1 has, for task binary.
    public var meanLabel: Double? { isBinary ? shares?[1] : nil }
}

// The section "labels":
//
//   varint    the number of labels that occur, and for each, in ascending order:
//             varint: the label; varint: its count; where rows have weights, an exact sum: its weight
//   …         an exact sum: the fractions of binary labels, with the rows' weights
//   varint    the number of rows with such a label
//   …         an exact sum: the weight of these rows
extension LabelCounts {
    public func encode(into bytes: inout [UInt8]) {
        let occurring = counts.indices.filter { counts[$0] > 0 }
        bytes.append(varint: UInt64(occurring.count))
        for label in occurring {
            bytes.append(varint: UInt64(label))
            bytes.append(varint: counts[label])
            if !weights.isEmpty { weights[label].encode(into: &bytes) }
        }
        fractions.encode(into: &bytes)
        bytes.append(varint: fractionCount)
        fractionWeight.encode(into: &bytes)
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        for label in counts.indices { counts[label] = 0 }
        for label in weights.indices { weights[label] = CompactSum() }
        for _ in 0..<(try reader.varintCount(leastByteCount: 2)) {
            let label = try reader.varint()
            guard label < UInt64(counts.count) else { throw .damaged("label \(label) is none of \(counts.count)") }
            counts[Int(label)] = try reader.varint()
            if !weights.isEmpty { weights[Int(label)] = try CompactSum(&reader) }
        }
        fractions = try CompactSum(&reader)
        fractionCount = try reader.varint()
        fractionWeight = try CompactSum(&reader)
        try reader.expectEnd()
    }
}
