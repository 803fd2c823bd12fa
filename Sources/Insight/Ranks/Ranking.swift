internal import Elements
internal import Messages
public import Scoring

/// How well predictions rank what happened: the area under the ROC curve and the average precision.
///
/// For task binary the score is the stored value, of which logits have fewer ties than probabilities. For task multiclass the score of each
/// class against all others is its probability. Rows without a loss in the first dialect are left out. The state depends on the set of rows
/// alone; it is exact as long as there are few different scores (`RankTable`).
public struct Ranking: RowObserver, Equatable {
    static let tag = "ranking"
    /// The largest number of classes that are ranked against all others.
    public static let classLimit = 100
    /// The largest number of different scores of each class.
    private static let limitPerClass = 8192

    private let task: LossTask
    private let hasWeights: Bool
    private var tables: [RankTable]
    /// True if a label was neither 0 nor 1: then there is no ranking.
    private var hasFractions = false
    /// Room for the probabilities of a row; no part of the state.
    private var room = RowNumbers()
    private var places = PredictionKernels.Places()

    /// The state of no rows.
    ///
    /// - Parameters:
    ///   - specification: the loss.
    ///   - classCount: the number of values a row.
    /// - Throws: `SpecificationError` for other tasks than binary and multiclass, and for more than `classLimit` classes.
    public init(_ specification: LossSpecification, classCount: Int) throws(SpecificationError) {
        task = specification.task
        hasWeights = specification.modifiers.hasRowWeights
        guard task == .binary || task == .multiclass else {
            throw SpecificationError(
                problem: "\(setting: .ranking) has no meaning for task \(task.rawValue)",
                remedy: "it is of labels 0 and 1, or of a class against all others; leave it out")
        }
        guard task == .binary || classCount <= Self.classLimit else {
            throw SpecificationError(
                problem: "\(setting: .ranking) is of at most \(Self.classLimit) classes, and there are \(classCount)",
                remedy: "each class would have a table of its own; leave it out")
        }
        let weighted = hasWeights
        tables =
            task == .binary
            ? [RankTable(hasWeights: weighted)]
            : (0..<classCount).map { _ in RankTable(limit: Self.limitPerClass, hasWeights: weighted) }
    }

    /// "ranking".
    public var tag: String { Self.tag }

    /// Adds the scores of a block. O(rowCount × classes).
    public mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0), weights = hasWeights ? block.rows.weights : nil
        if task == .binary {
            let element = block.rows.element, values = block.rows.values
            let targets = block.targets, labels = block.classLabels
            let rowCount = block.rows.rowCount
            let counted =
                weights == nil && targets == nil && block.areAllRowsScored
                ? tables[0].count(values, element, labels, count: rowCount, block.predictionKernels, &places) : 0
            guard counted < rowCount else { return }
            for row in counted..<rowCount where !losses[row].isNaN {
                let label = targets?[row] ?? Double(labels[row])
                if label != 0, label != 1 { hasFractions = true }
                let score = element.value(values, at: row)
                if let weights {
                    tables[0].add(score, isPositive: label > 0.5, weight: weights[row])
                } else {
                    tables[0].add(score, isPositive: label > 0.5)
                }
            }
            return
        }
        let classCount = block.classCount
        for row in 0..<block.rows.rowCount where !losses[row].isNaN {
            let label = Int(block.classLabels[row])
            room.fill(classCount) { block.writeProbabilities(ofRow: row, to: $0) }
            _ = room.withNumbers { probabilities in
                for c in 0..<classCount {
                    if let weights {
                        tables[c].add(probabilities[c], isPositive: c == label, weight: weights[row])
                    } else {
                        tables[c].add(probabilities[c], isPositive: c == label)
                    }
                }
            }
        }
    }

    /// Adds the scores of another state.
    public mutating func merge(_ other: Ranking) throws(PartialError) {
        guard tables.count == other.tables.count, hasWeights == other.hasWeights else { throw .otherSettings(tag) }
        for index in tables.indices { tables[index].merge(other.tables[index]) }
        hasFractions = hasFractions || other.hasFractions
    }

    /// The figures of label 1, for task binary; nil for other tasks, and where a label is a fraction.
    public var figures: RankingFigures? { task == .binary && !hasFractions ? RankingFigures(tables[0]) : nil }

    /// The points of the ROC curve of label 1, from the highest threshold down; nil for other tasks than binary, where a label is a fraction,
    /// and where an outcome is missing. Between neighbours a rate changes by less than twice ``RankingFigures/curveStep`` but for one
    /// score's own rows. Complexity: linear in the number of different scores.
    public var curve: [RankingFigures.CurvePoint]? {
        guard task == .binary, !hasFractions else { return nil }
        let points = RankingFigures.curve(of: tables[0])
        return points.isEmpty ? nil : points
    }

    /// The figures of each class against all others, for task multiclass.
    public var figuresOfClasses: [RankingFigures]? { task == .multiclass ? tables.map { RankingFigures($0) } : nil }

    /// The numbers of rows whose label is 1, and 0, for task binary; nil for other tasks, and where a label is a fraction.
    var outcomeCounts: (positive: UInt64, negative: UInt64)? {
        task == .binary && !hasFractions ? tables[0].flushed.outcomeCounts : nil
    }

    /// True if there is no ranking because a label is a fraction.
    public var hasFractionalLabels: Bool { hasFractions }

    /// Returns true if both hold the same scores.
    public static func == (left: Ranking, right: Ranking) -> Bool { left.encoded == right.encoded }
}

// The section "ranking": one byte, 1 if a label was a fraction, else 0; then the table of label 1, or that of each class (RankTable.swift).
extension Ranking {
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(hasFractions ? 1 : 0)
        for table in tables { table.encode(into: &bytes) }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        hasFractions = try reader.bytes(1).first == 1
        for index in tables.indices { try tables[index].decode(&reader) }
        try reader.expectEnd()
    }
}
