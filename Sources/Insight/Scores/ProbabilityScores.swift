internal import Elements
internal import Messages
public import Scoring

/// The sums of what a row's probabilities say of themselves: their Brier score, their entropy, the largest one.
///
/// They follow from the predictions as they are stored: no dialect clips or normalises them. Rows without a loss in the first dialect are left
/// out. A row counts with its own weight, not with that of its class. What a row adds is rounded, and added exactly: the state depends on
/// the set of rows alone.
public struct ProbabilityScores: RowObserver, Equatable {
    static let tag = "scores"

    /// The figures that are asked for.
    public struct Choice: OptionSet, Sendable, Hashable {
        /// A bit a figure.
        public let rawValue: UInt8

        /// The figures of the given bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The Brier score.
        public static let brier = Choice(rawValue: 1)
        /// The entropy and the largest probability.
        public static let sharpness = Choice(rawValue: 2)
    }

    private let choice: Choice
    private let task: LossTask
    private let input: PredictionInput
    private let hasWeights: Bool
    /// The number of rows.
    private var count: UInt64 = 0
    /// The sum of the rows' weights; zero where they have none.
    private var weight = ExactSum()
    private var brier = ExactSum()
    private var entropy = ExactSum()
    private var topProbability = ExactSum()
    /// The sum of p of label 1, for task binary.
    private var positive = ExactSum()
    /// Room for what the rows of a block add; no part of the state.
    private var room = RowNumbers(), decisions = RowNumbers()

    /// The scores of no rows.
    ///
    /// - Throws: `SpecificationError` for a task that has no such scores.
    public init(_ specification: LossSpecification, _ choice: Choice) throws(SpecificationError) {
        task = specification.task
        input = specification.input
        hasWeights = specification.modifiers.hasRowWeights
        self.choice = choice
        if choice.contains(.brier) {
            guard task.hasLabels else {
                throw SpecificationError(
                    problem: "\(setting: .brier) has no meaning for task \(task.rawValue)",
                    remedy: "it is of probabilities of what did not happen as well, and the input has none; leave it out")
            }
        }
        if choice.contains(.sharpness) {
            guard task.hasLabels else {
                throw SpecificationError(
                    problem: "\(setting: .sharpness) has no meaning for task \(task.rawValue)",
                    remedy: "it is of all probabilities of a row, and the input has that of what happened alone; leave it out")
            }
        }
    }

    /// "scores".
    public var tag: String { Self.tag }

    /// One byte: the figures.
    public var configuration: [UInt8] { [choice.rawValue] }

    /// The facts from which scores follow.
    public var requiredFacts: RowFacts {
        var facts: RowFacts = []
        if choice.contains(.brier), task == .multiclass { facts.formUnion([.labelProbability, .squaredProbabilitySum]) }
        if choice.contains(.sharpness), task != .multilabel { facts.formUnion([.topPrediction, .probabilityWeightedSum]) }
        return facts
    }

    /// Adds the scores of a block. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        let rowCount = block.rows.rowCount, losses = block.losses(ofDialect: 0)
        let weights = hasWeights ? block.rows.weights : nil
        count.addSaturating(UInt64(block.counts(ofDialect: 0).scored))
        if let weights { block.add(to: &weight) { losses[$0].isNaN ? .nan : weights[$0] } }
        /// Adds a number a row to a sum, times the row's weight.
        func add(_ numbers: UnsafePointer<Double>, to sum: inout ExactSum) {
            if let weights {
                block.add(to: &sum) { losses[$0].isNaN || weights[$0] == 0 ? .nan : numbers[$0] * weights[$0] }
            } else if block.areAllRowsScored {
                block.add(numbers, to: &sum)
            } else {
                block.add(to: &sum) { losses[$0].isNaN ? .nan : numbers[$0] }
            }
        }
        if choice.contains(.brier) {
            if task == .binary {
                room.fill(rowCount) { block.writePositiveProbabilities(to: $0) }
                room.withNumbers { add($0, to: &positive) }
                // Each has a loop without a choice, which is compiled to vectors.
                if let targets = block.targets {
                    room.update(rowCount) { row, p in (p - targets[row]) * (p - targets[row]) }
                } else {
                    let labels = block.classLabels
                    room.update(rowCount) { row, p in (p - Double(labels[row])) * (p - Double(labels[row])) }
                }
                room.withNumbers { add($0, to: &brier) }
            } else if task == .soft || task == .multilabel {
                if let targets = block.targets { writeSquares(block, targets) }
                room.withNumbers { add($0, to: &brier) }
            } else if let ofLabel = block.facts.labelProbability, let squares = block.facts.squaredProbabilitySum {
                // Σ (p_c − y_c)² = Σ p² − 2 p_y + 1, within 2^-51, and never below 0.
                room.update(rowCount) { row, _ in max(0, (squares[row] - ofLabel[row]) + (1 - ofLabel[row])) }
                room.withNumbers { add($0, to: &brier) }
            }
        }
        if choice.contains(.sharpness), task == .multilabel {
            writeSharpness(block)
            room.withNumbers { add($0, to: &entropy) }
            decisions.withNumbers { add($0, to: &topProbability) }
        }
        if choice.contains(.sharpness), let top = block.facts.topProbability, let classes = block.facts.topClass,
            let sums = block.facts.probabilityWeightedSum
        {
            add(top, to: &topProbability)
            if input == .logits {
                writeEntropies(ofLogits: block, top, classes, sums)
            } else {
                room.fill(rowCount) { numbers in
                    // Without a choice, so that it is compiled to vectors.
                    for row in 0..<rowCount { numbers[row] = max(0, 0 - sums[row]) }
                }
            }
            room.withNumbers { add($0, to: &entropy) }
        }
    }

    /// Writes the entropy of each row of logits; NaN where there is no predicted class.
    private mutating func writeEntropies(
        ofLogits block: ScoredBlock, _ top: UnsafePointer<Double>, _ classes: UnsafePointer<Int32>, _ sums: UnsafePointer<Double>
    ) {
        let rowCount = block.rows.rowCount, isBinary = task == .binary
        room.fill(rowCount) { numbers in
            // A row without a loss has NaN, which is no number to take the logarithm of.
            for row in 0..<rowCount { numbers[row] = top[row] > 0x1p-1000 ? top[row] : 1 }
            block.predictionKernels.logarithms(numbers, count: rowCount)
        }
        // log Σ exp x − Σ p·x, by the largest logit.
        guard isBinary else {
            room.update(rowCount) { row, logarithm in
                guard classes[row] >= 0 else { return .nan }
                return max(0, (block.value(row: row, column: Int(classes[row])) - sums[row]) - logarithm)
            }
            return
        }
        decisions.fill(rowCount) { block.writeValues(from: 0, count: rowCount, to: $0) }
        _ = decisions.withNumbers { ofDecisions in
            room.update(rowCount) { row, logarithm in
                // A decision from a logit x has the logits 0 and x, of which the larger is taken. Without branches, which half of the rows would take, and
                // no processor foresee.
                let x = ofDecisions[row]
                let difference = ((x > 0 ? x : 0) - sums[row]) - logarithm
                let entropy = difference > 0 ? difference : 0
                return classes[row] >= 0 ? entropy : .nan
            }
        }
    }

    /// Writes the Brier score of each row: of soft labels Σ (p_c − t_c)² over the classes, of several decisions the mean of their (p − y)². What a
    /// row has depends on the row alone.
    private mutating func writeSquares(_ block: ScoredBlock, _ targets: UnsafePointer<Double>) {
        let rowCount = block.rows.rowCount, classCount = block.classCount
        func squares(_ probabilities: UnsafePointer<Double>, _ targets: UnsafePointer<Double>) -> Double {
            var sum = 0.0
            for c in 0..<classCount { sum += (probabilities[c] - targets[c]) * (probabilities[c] - targets[c]) }
            return sum
        }
        if task == .multilabel {
            decisions.fill(rowCount * classCount) { block.writePositiveProbabilities(to: $0) }
            _ = decisions.withNumbers { probabilities in
                room.update(rowCount) { row, _ in
                    squares(probabilities + row * classCount, targets + row * classCount) / Double(classCount)
                }
            }
            return
        }
        for row in 0..<rowCount {
            decisions.fill(classCount) { block.writeProbabilities(ofRow: row, to: $0) }
            let score = decisions.withNumbers { squares($0, targets + row * classCount) } ?? .nan
            room.fill(rowCount) { $0[row] = score }
        }
    }

    /// Writes the mean entropy of each row's decisions, and the mean of their larger probabilities.
    private mutating func writeSharpness(_ block: ScoredBlock) {
        let rowCount = block.rows.rowCount, classCount = block.classCount
        for row in 0..<rowCount {
            var entropies = 0.0, larger = 0.0
            for column in 0..<classCount {
                let decision = block.sharpness(row: row, column: column)
                entropies += decision.entropy
                larger += decision.top
            }
            room.fill(rowCount) { $0[row] = entropies / Double(classCount) }
            decisions.fill(rowCount) { $0[row] = larger / Double(classCount) }
        }
    }

    /// Adds the scores of other rows.
    public mutating func merge(_ other: ProbabilityScores) throws(PartialError) {
        count.addSaturating(other.count)
        weight.add(other.weight)
        brier.add(other.brier)
        entropy.add(other.entropy)
        topProbability.add(other.topProbability)
        positive.add(other.positive)
    }

    private func mean(_ sum: ExactSum, _ figure: Choice) -> Double? {
        guard choice.contains(figure) else { return nil }
        return hasWeights ? sum.rounded(dividedBy: weight) : sum.rounded(dividedBy: count)
    }

    /// The mean Brier score: (p − y)² of decisions, for task multilabel their mean over the columns, else Σ (p_c − y_c)² over the classes. Rounded once; nil if it was not asked for.
    public var meanBrier: Double? { mean(brier, .brier) }
    /// The mean entropy of a row's probabilities in nats.
    public var meanEntropy: Double? { mean(entropy, .sharpness) }
    /// The mean of a row's largest probability.
    public var meanTopProbability: Double? { mean(topProbability, .sharpness) }
    /// The mean probability of label 1, for task binary.
    public var meanPositive: Double? { task == .binary ? mean(positive, .brier) : nil }

    /// Returns true if both have the same sums of the same figures.
    public static func == (left: ProbabilityScores, right: ProbabilityScores) -> Bool {
        left.configuration == right.configuration && left.encoded == right.encoded
    }
}

// The section "scores": a varint, the number of rows; then exact sums: of the rows' weights, the Brier scores, the entropies, the largest
// probabilities, and the probabilities of label 1.
extension ProbabilityScores {
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(varint: count)
        for sum in [weight, brier, entropy, topProbability, positive] { sum.encode(into: &bytes) }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        count = try reader.varint()
        weight = try reader.exactSum()
        brier = try reader.exactSum()
        entropy = try reader.exactSum()
        topProbability = try reader.exactSum()
        positive = try reader.exactSum()
        try reader.expectEnd()
    }

    /// Makes the scores of no rows from their settings, as a partial has them.
    static func make(_ configuration: [UInt8], _ specification: LossSpecification) throws(PartialError) -> ProbabilityScores {
        guard configuration.count == 1 else { throw .unknownSettings(tag) }
        do throws(SpecificationError) {
            return try ProbabilityScores(specification, Choice(rawValue: configuration[0]))
        } catch {
            throw .unknownSettings(tag)
        }
    }
}
