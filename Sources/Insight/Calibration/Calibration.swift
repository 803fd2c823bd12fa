internal import Messages
public import Scoring

/// How far confidence is from being right: reliability by intervals of equal width, several numbers of intervals at once, and a fine grid.
///
/// Confidences follow from the predictions as they are stored: no dialect clips or normalises them. Rows without a loss in the first dialect are
/// left out; rows of infinite loss count. A row counts with its own weight. Sums are exact: the state depends on the set of rows alone.
public struct Calibration: RowObserver, Equatable {
    static let tag = "calibration"
    /// The numbers of intervals if none are named.
    public static let usualBinCounts = [15]
    /// The largest number of numbers of intervals.
    public static let binningLimit = 16

    /// The kinds of confidence that a prediction can have.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// The largest probability of a row; a prediction is right if it is that of the label.
        case topLabel = "top-label"
        /// The probability of label 1 of each decision; it is right if the label is 1.
        case positive
    }

    /// The kind of confidence.
    public let kind: Kind
    /// The numbers of intervals, in the order in which they were asked for.
    public let binCounts: [Int]
    private let task: LossTask
    private let hasWeights: Bool
    private var binnings: [ReliabilityBins]
    private var grid: ResidualGrid?
    /// Room for the confidences and the outcomes of a block, and for what adds them; no part of the state.
    private var confidences = RowNumbers(), outcomes = RowNumbers()
    private var room = PredictionKernels.Room()

    /// The state of no rows.
    ///
    /// - Parameters:
    ///   - specification: the loss.
    ///   - kind: nil for the usual one: the probability of label 1 for decisions, else the largest.
    ///   - binCounts: the numbers of intervals; the first one's figures come first.
    /// - Throws: `SpecificationError` for a task without it, and for numbers of intervals that are not in 1...1000.
    public init(
        _ specification: LossSpecification, kind: Kind? = nil, binCounts: [Int] = Self.usualBinCounts
    ) throws(SpecificationError) {
        task = specification.task
        guard task.hasLabels else {
            throw SpecificationError(
                problem: "\(setting: .calibration) has no meaning for task \(task.rawValue)",
                remedy: "what happened has a label nowhere; leave it out")
        }
        guard kind != .topLabel || task != .multilabel else {
            throw SpecificationError(
                problem: "\(setting: .calibration, .text("top-label")) has no meaning for task multilabel",
                remedy: "its columns are decisions of their own, each with a probability of label 1: take auto")
        }
        guard kind != .positive || task == .binary || task == .multilabel else { throw Self.refusal(ofPositive: task) }
        let isSound = (1...Self.binningLimit).contains(binCounts.count) && Set(binCounts).count == binCounts.count
            && binCounts.allSatisfy { (1...ReliabilityBins.limit).contains($0) }
        guard isSound else {
            throw SpecificationError(
                problem: "\(setting: .calibrationBins) is \(binCounts.map { "\($0)" }.joined(separator: ","))",
                remedy: "give 1 to \(Self.binningLimit) different numbers of intervals from 1 to \(ReliabilityBins.limit)")
        }
        self.kind = kind ?? (task == .binary || task == .multilabel ? .positive : .topLabel)
        self.binCounts = binCounts
        hasWeights = specification.modifiers.hasRowWeights
        let weighted = hasWeights
        binnings = binCounts.map { ReliabilityBins(count: $0, hasWeights: weighted) }
        grid = hasWeights ? nil : ResidualGrid()
    }

    private static func refusal(ofPositive task: LossTask) -> SpecificationError {
        SpecificationError(
            problem: "task \(task.rawValue) has no label 1", remedy: "take \(setting: .calibration, .text("top-label")), or class-wise")
    }

    /// "calibration".
    public var tag: String { Self.tag }

    /// One byte, 1 for the top label and 2 for label 1; then a varint for each number of intervals.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = [kind == .topLabel ? 1 : 2]
        for count in binCounts { bytes.append(varint: UInt64(count)) }
        return bytes
    }

    /// The largest probability, where that is the confidence.
    public var requiredFacts: RowFacts { kind == .topLabel ? [.topPrediction, .isCorrect] : [] }

    /// Adds the predictions of a block. O(rowCount × decisions × binnings).
    public mutating func observe(_ block: ScoredBlock) {
        let rowCount = block.rows.rowCount, losses = block.losses(ofDialect: 0)
        let decisionCount = kind == .positive && task == .multilabel ? block.classCount : 1
        let count = rowCount * decisionCount
        if kind == .positive {
            confidences.fill(count) { block.writePositiveProbabilities(to: $0) }
            if !block.areAllRowsScored { confidences.update(count) { i, p in losses[i / decisionCount].isNaN ? .nan : p } }
            let targets = block.targets, labels = block.classLabels
            if let targets {
                outcomes.update(count) { i, _ in targets[i] }
            } else {
                outcomes.update(count) { i, _ in Double(labels[i]) }
            }
        } else {
            guard let top = block.facts.topProbability, let classes = block.facts.topClass, let isCorrect = block.facts.isCorrect else { return }
            // A row without a loss has the fact NaN.
            confidences.update(count) { row, _ in top[row] }
            let targets = block.targets
            let classCount = block.classCount
            let isBinary = task == .binary
            outcomes.update(count) { row, _ in
                guard let targets, classes[row] >= 0 else { return Double(isCorrect[row]) }
                if isBinary { return classes[row] == 1 ? targets[row] : 1 - targets[row] }
                return targets[row * classCount + Int(classes[row])]
            }
        }
        let weights = hasWeights ? block.rows.weights : nil
        // Out of the state meanwhile, so that it is added to in place while the intervals are.
        var grid = grid.take()
        _ = confidences.withNumbers { confidences in
            outcomes.withNumbers { outcomes in
                guard weights == nil else {
                    for index in binnings.indices {
                        binnings[index].add(confidences, outcomes, weights: weights, stride: decisionCount, count: count)
                    }
                    return
                }
                for start in stride(from: 0, to: count, by: PredictionKernels.limit) {
                    add(confidences + start, outcomes + start, min(count - start, PredictionKernels.limit), block.predictionKernels, &grid)
                }
            }
        }
        self.grid = grid
    }

    /// Adds predictions without weights to all intervals, and to the grid.
    private mutating func add(
        _ confidences: UnsafePointer<Double>, _ outcomes: UnsafePointer<Double>, _ count: Int, _ kernels: PredictionKernels,
        _ grid: inout ResidualGrid?
    ) {
        for index in binnings.indices {
            guard index == 0, grid != nil else {
                binnings[index].add(confidences, outcomes, count: count, kernels, grid: nil, room: &room)
                continue
            }
            grid?.withRecent(adding: count) { recent in
                binnings[index].add(confidences, outcomes, count: count, kernels, grid: recent, room: &room)
            }
            for other in room.otherIndices { grid?.add(confidences + Int(other), outcomes + Int(other), count: 1) }
        }
    }

    /// Adds the predictions of another state.
    public mutating func merge(_ other: Calibration) throws(PartialError) {
        guard configuration == other.configuration, hasWeights == other.hasWeights else { throw .otherSettings(tag) }
        for index in binnings.indices { binnings[index].merge(other.binnings[index]) }
        if let added = other.grid { grid?.merge(added) }
    }

    /// The intervals that hold predictions, for one of `binCounts`.
    public func reliability(binning index: Int) -> [ReliabilityInterval] { binnings[index].reliability }

    /// The distances of one of `binCounts`; nil where there are no predictions.
    public func errors(binning index: Int) -> CalibrationErrors? { CalibrationErrors(reliability(binning: index), hasWeights: hasWeights) }

    /// The distances that a library gives for the first of `binCounts`; nil where there are no predictions, and where they have weights, which
    /// these libraries do not take.
    public func errors(of library: CalibrationDialect) -> CalibrationErrors? {
        guard !hasWeights else { return nil }
        return CalibrationErrors(binnings[0].reliability(library == .torchmetrics ? .leftWithOwnEnd : .left), hasWeights: false)
    }

    /// The number of predictions, and Σ w, Σ w · confidence and Σ w · outcome over all of them.
    private var totals: (rowCount: UInt64, weight: ExactSum, confidence: ExactSum, outcome: ExactSum) {
        var all = ReliabilityBins.Bin()
        for bin in binnings[0].bins { all.merge(bin) }
        let weight = hasWeights ? all.weight.exact : ExactSum(count: all.rowCount)
        return (all.rowCount, weight, all.confidence.exact, all.totalOutcome)
    }

    /// The mean confidence; nil where there are no predictions.
    public var meanConfidence: Double? {
        let totals = totals
        return totals.weight.sign > 0 ? totals.confidence.rounded(dividedBy: totals.weight) : nil
    }

    /// The mean outcome; nil where there are no predictions.
    public var meanOutcome: Double? {
        let totals = totals
        return totals.weight.sign > 0 ? totals.outcome.rounded(dividedBy: totals.weight) : nil
    }

    /// Σ w · p over Σ w · y, where the confidence is that of label 1; else nil, and where no label is 1.
    public var ratio: Double? {
        let totals = totals
        guard kind == .positive, totals.outcome.sign > 0 else { return nil }
        return totals.confidence.rounded(dividedBy: totals.outcome)
    }

    /// Murphy's parts of the Brier score, on the first number of intervals: reliability − resolution + uncertainty, and what differs within
    /// intervals besides. nil where the confidence is not that of label 1.
    public var brierParts: (reliability: Double, resolution: Double, uncertainty: Double)? {
        guard kind == .positive, let mean = meanOutcome else { return nil }
        var total = ExactSum(), distances = ExactSum(), deviations = ExactSum()
        for interval in reliability(binning: 0) {
            total.add(interval.weight)
            let distance = interval.confidence - interval.accuracy, deviation = interval.accuracy - mean
            distances.addProduct(interval.weight, distance * distance)
            deviations.addProduct(interval.weight, deviation * deviation)
        }
        return (distances.rounded(dividedBy: total), deviations.rounded(dividedBy: total), mean * (1 - mean))
    }

    /// The smooth calibration error and its bandwidth; nil where predictions have weights, or there are none.
    public var smoothError: (error: Double, bandwidth: Double)? { grid?.smoothError(count: totals.rowCount) }

    /// Returns true if both have the same sums.
    public static func == (left: Calibration, right: Calibration) -> Bool {
        left.configuration == right.configuration && left.encoded == right.encoded
    }
}

// The section "calibration":
//
//   for each number of intervals a varint, how many of its cells hold predictions (the bounds, and what lies between two of them), and for each of
//   these in ascending order: three varints, its index, the number of its predictions and that of the right ones; and three exact sums, of the confidences, of the outcomes that are not counted,
//   and of the weights
//   where predictions have no weights: the grid (ResidualGrid.swift)
extension Calibration {
    public func encode(into bytes: inout [UInt8]) {
        for binning in binnings { binning.encode(into: &bytes) }
        grid?.encode(into: &bytes)
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        for index in binnings.indices { try binnings[index].decode(&reader) }
        try grid?.decode(&reader)
        try reader.expectEnd()
    }

    /// Makes the state of no rows from its settings, as a partial has them.
    static func make(_ configuration: [UInt8], _ specification: LossSpecification) throws(PartialError) -> Calibration {
        var reader = SectionReader(configuration[...])
        guard let kind = [1: Kind.topLabel, 2: .positive][try reader.bytes(1).first ?? 0] else { throw .unknownSettings(tag) }
        var counts: [Int] = []
        while reader.remainingByteCount > 0 { counts.append(Int(clamping: try reader.varint())) }
        do throws(SpecificationError) {
            return try Calibration(specification, kind: kind, binCounts: counts)
        } catch {
            throw .unknownSettings(tag)
        }
    }
}

/// A library whose intervals of confidence are closed at their lower bounds, so that its errors are others where confidences lie at bounds.
public enum CalibrationDialect: String, Sendable, CaseIterable {
    /// netcal; the last interval is closed at 1.
    case netcal
    /// relplot, the same.
    case relplot
    /// TensorFlow Model Analysis, the same.
    case tfma
    /// torchmetrics, where confidences of 1 are an interval of their own. It computes in Float32, which moves confidences next to bounds.
    case torchmetrics
}
