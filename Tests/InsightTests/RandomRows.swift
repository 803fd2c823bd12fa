import Elements
import Scoring
import SeededRandom

@testable import Insight

/// Rows of random logits with labels, weights and clusters, scored in blocks of any cut.
struct RandomRows {
    let specification: LossSpecification
    let classCount: Int
    let rowCount: Int
    /// rowCount × classCount values.
    let values: [Float]
    let labels: [Int32]
    let weights: [Double]?
    let clusters: [Int64]

    /// - Parameter isRounded: true for values of few digits, so that many are equal.
    init(
        _ specification: LossSpecification, rowCount: Int, classCount: Int, seed: UInt64, isRounded: Bool = false
    ) {
        var random = SplitMix64(seed: seed)
        self.specification = specification
        self.classCount = classCount
        self.rowCount = rowCount
        let labelCount = specification.task == .binary ? 2 : classCount
        values = (0..<rowCount * classCount).map { _ in
            let value = Float.random(in: -6...6, using: &random)
            switch specification.input {
            case .logits: return isRounded ? value.rounded() : value
            case .probabilities: return (isRounded ? (value + 6).rounded() : value + 6) / 12
            case .logProbabilities: return -(value + 6)
            }
        }
        labels = (0..<rowCount).map { _ in Int32.random(in: 0..<Int32(labelCount), using: &random) }
        weights = specification.modifiers.hasRowWeights ? (0..<rowCount).map { _ in Double.random(in: 0...3, using: &random) } : nil
        clusters = (0..<rowCount).map { _ in Int64.random(in: -20...20, using: &random) }
    }

    /// The same rows with other values.
    init(_ rows: RandomRows, values: [Float]) {
        (specification, classCount, rowCount) = (rows.specification, rows.classCount, rows.rowCount)
        (labels, weights, clusters) = (rows.labels, rows.weights, rows.clusters)
        self.values = values
    }

    /// Makes a loss with row weights or without.
    static func loss(_ task: LossTask, _ input: PredictionInput, hasWeights: Bool = false) throws -> LossSpecification {
        var modifiers = LossModifiers()
        modifiers.hasRowWeights = hasWeights
        return try LossSpecification(task: task, input: input, modifiers: modifiers)
    }

    /// Returns the text of a shown column in a row: a number, a name, none, or more than is kept.
    static func shownText(_ column: Int, _ row: Int) -> String? {
        switch (row + column) % 4 {
        case 0: "\(row)"
        case 1: "row \(row)"
        case 2: nil
        default: String(repeating: "ü\(row)", count: 2000)
        }
    }

    /// Calls `body` with the scored blocks of a range of rows, of which each has at most `blockRowCount` rows.
    ///
    /// - Parameters:
    ///   - beside: makes more columns of a block from the number of its first row.
    ///   - shownText: returns the text of a shown column in a row.
    func score(
        _ range: Range<Int>, blockRowCount: Int, facts: RowFacts, beside: (_ row: Int) -> [CompanionValues] = { _ in [] },
        shownText: @escaping (_ column: Int, _ row: Int) -> String? = RandomRows.shownText, _ body: (ScoredBlock) -> Void
    ) {
        let scorer = BlockScorer(specification: specification, classCount: classCount, ignoredLabel: .min, hasIndices: true, facts: facts)
        // Kernels may read behind the last row.
        let values = values + [Float](repeating: 0, count: 32)
        let labels = labels + [Int32](repeating: 0, count: 64)
        let targets = self.labels.map { Double($0) } + [Double](repeating: 0, count: 16)
        let weights = weights.map { $0 + [Double](repeating: 0, count: 16) }
        values.withUnsafeBytes { values in
            labels.withUnsafeBufferPointer { labels in
                targets.withUnsafeBufferPointer { targets in
                    clusters.withUnsafeBytes { clusters in
                        var row = range.lowerBound
                        while row < range.upperBound, let valueBase = values.baseAddress, let labelBase = labels.baseAddress,
                            let targetBase = targets.baseAddress, let clusterBase = clusters.baseAddress
                        {
                            let count = min(blockRowCount, range.upperBound - row), first = row
                            let block = LabelledRows(
                                values: valueBase + 4 * row * classCount, element: .float32, classLabels: labelBase + row,
                                targets: targetBase + row, weights: weights?.withUnsafeBufferPointer { $0.baseAddress.map { $0 + row } },
                                rowCount: count, firstRow: UInt64(row))
                            let companion = CompanionValues(
                                name: Clusters.column, bytes: clusterBase + 8 * row, rowByteCount: 8, elementName: "i8")
                            body(
                                scorer.score(
                                    block, companions: [companion] + beside(row), stored: nil, shownText: { shownText($0, first + $1) }
                                ) { (_: Int, _: RowProblem) in })
                            row += count
                        }
                    }
                }
            }
        }
    }

    /// Returns the observer after all rows, which workers share as `parts` says: each range is one worker's, and their states merge in the
    /// order of the list.
    func observed<Observer: RowObserver>(
        _ prototype: Observer, parts: [Range<Int>]? = nil, blockRowCount: Int = 1024
    ) throws -> Observer {
        var whole = prototype
        for part in parts ?? [0..<rowCount] {
            var one = prototype
            score(part, blockRowCount: blockRowCount, facts: prototype.requiredFacts) { one.observe($0) }
            try whole.merge(one)
        }
        return whole
    }
}
