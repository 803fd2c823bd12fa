internal import Messages
public import Scoring

/// Calibration by intervals that hold equally many predictions.
///
/// The confidences of all rows are sorted and cut into parts of equal size, the first ones one larger where the number does not divide; equal
/// confidences go to the lower part. Exact as long as there are at most 65,536 different confidences; beyond, intervals end where `RankTable`
/// cuts its keys, and a confidence counts as the middle of those.
public struct EqualMassCalibration: RowObserver, Equatable {
    static let tag = "equal-mass"

    /// The kind of confidence.
    public let kind: Calibration.Kind
    /// The number of intervals.
    public let binCount: Int
    private let task: LossTask
    private var table = RankTable(hasWeights: false)
    private var hasFractions = false
    private var confidences = RowNumbers()

    /// The state of no rows.
    ///
    /// - Throws: `SpecificationError` for tasks whose labels are no classes, and for rows with weights.
    public init(
        _ specification: LossSpecification, kind: Calibration.Kind? = nil, binCount: Int
    ) throws(SpecificationError) {
        // What holds for intervals of equal width holds here.
        let usual = try Calibration(specification, kind: kind, binCounts: [binCount])
        guard specification.task == .binary || specification.task == .multiclass else {
            throw SpecificationError(
                problem: "intervals of equal mass have no meaning for task \(specification.task.rawValue)",
                remedy: "they count right and wrong predictions: take intervals of equal width")
        }
        guard !specification.modifiers.hasRowWeights else {
            throw SpecificationError(
                problem: "intervals of equal mass have no meaning where rows have weights",
                remedy: "no definition of them is in use: take intervals of equal width, or leave the weights out")
        }
        self.kind = usual.kind
        self.binCount = binCount
        task = specification.task
    }

    /// "equal-mass".
    public var tag: String { Self.tag }

    /// One byte, 1 for the top label and 2 for label 1; then a varint, the number of intervals.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = [kind == .topLabel ? 1 : 2]
        bytes.append(varint: UInt64(binCount))
        return bytes
    }

    /// The largest probability, where that is the confidence.
    public var requiredFacts: RowFacts { kind == .topLabel ? [.topPrediction, .isCorrect] : [] }

    /// Adds the predictions of a block. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        let rowCount = block.rows.rowCount, losses = block.losses(ofDialect: 0)
        if kind == .positive {
            confidences.fill(rowCount) { block.writePositiveProbabilities(to: $0) }
            let targets = block.targets, labels = block.classLabels
            for row in 0..<rowCount where !losses[row].isNaN {
                let label = targets?[row] ?? Double(labels[row])
                if label != 0, label != 1 { hasFractions = true }
                table.add(confidences[row], isPositive: label > 0.5)
            }
        } else if let top = block.facts.topProbability, let isCorrect = block.facts.isCorrect {
            for row in 0..<rowCount where !losses[row].isNaN { table.add(top[row], isPositive: isCorrect[row] != 0) }
        }
    }

    /// Adds the predictions of another state.
    public mutating func merge(_ other: EqualMassCalibration) throws(PartialError) {
        guard configuration == other.configuration else { throw .otherSettings(tag) }
        table.merge(other.table)
        hasFractions = hasFractions || other.hasFractions
    }

    /// The intervals; empty where a label is a fraction.
    public var reliability: [ReliabilityInterval] {
        guard !hasFractions else { return [] }
        let table = table.flushed
        var total = table.outcomeCounts.positive
        total.addSaturating(table.outcomeCounts.negative)
        let bins = UInt64(binCount)
        var intervals: [ReliabilityInterval] = []
        var bin: UInt64 = 0, counted: UInt64 = 0
        var rowCount: UInt64 = 0, hitCount: UInt64 = 0
        var sum = ExactSum()
        var lower = Double.nan, upper = Double.nan
        func end(ofBin bin: UInt64) -> UInt64 { (bin + 1) * (total / bins) + min(bin + 1, total % bins) }
        for entry in table.entries {
            let range = table.range(of: entry)
            var count = entry.negativeCount
            count.addSaturating(entry.positiveCount)
            if rowCount == 0 { lower = range.lowerBound }
            upper = range.upperBound
            rowCount.addSaturating(count)
            hitCount.addSaturating(entry.positiveCount)
            sum.addProduct(Double(count), range.lowerBound + (range.upperBound - range.lowerBound) / 2)
            counted.addSaturating(count)
            guard counted >= end(ofBin: bin) else { continue }
            intervals.append(
                ReliabilityInterval(
                    lower: lower, upper: upper, rowCount: rowCount, confidence: sum.rounded(dividedBy: rowCount),
                    accuracy: Double(hitCount) / Double(rowCount)))
            (rowCount, hitCount, sum) = (0, 0, ExactSum())
            while bin < bins - 1, counted >= end(ofBin: bin) { bin += 1 }
        }
        return intervals
    }

    /// The curve of scikit-learn's `calibration_curve(strategy="quantile")`: shares of right predictions and mean confidences of the intervals
    /// between interpolated quantiles. nil where confidences were not all told apart, and where a label is a fraction.
    public var quantileCurve: (shares: [Double], confidences: [Double])? {
        let table = table.flushed
        guard !hasFractions, table.isExact, !table.entries.isEmpty else { return nil }
        let confidences = table.entries.map { table.range(of: $0).lowerBound }
        var ends: [UInt64] = []
        var total: UInt64 = 0
        for entry in table.entries {
            total.addSaturating(entry.negativeCount)
            total.addSaturating(entry.positiveCount)
            ends.append(total)
        }
        func sorted(_ index: UInt64) -> Double { confidences[ends.firstIndex { $0 > index } ?? ends.count - 1] }
        // The orders j/n and the interpolation as NumPy rounds them: a confidence at a quantile belongs to the interval that ends there.
        let step = 1 / Double(binCount)
        let edges: [Double] = (1..<max(binCount, 1)).map { j in
            let place = Double(total - 1) * (Double(j) * step * 100 / 100), below = place.rounded(.down)
            return LinearInterpolation.value(sorted(UInt64(below)), sorted(min(UInt64(below) + 1, total - 1)), place - below)
        }
        var shares: [Double] = [], means: [Double] = []
        var bin = 0
        var rowCount: UInt64 = 0, hitCount: UInt64 = 0
        var sum = ExactSum()
        func close() {
            guard rowCount > 0 else { return }
            shares.append(Double(hitCount) / Double(rowCount))
            means.append(sum.rounded(dividedBy: rowCount))
            (rowCount, hitCount, sum) = (0, 0, ExactSum())
        }
        for (entry, confidence) in zip(table.entries, confidences) {
            while bin < edges.count, edges[bin] < confidence {
                close()
                bin += 1
            }
            var count = entry.negativeCount
            count.addSaturating(entry.positiveCount)
            rowCount.addSaturating(count)
            hitCount.addSaturating(entry.positiveCount)
            sum.addProduct(Double(count), confidence)
        }
        close()
        return (shares, means)
    }

    /// The distances of the intervals; nil where there are none.
    public var errors: CalibrationErrors? { CalibrationErrors(reliability, hasWeights: false) }

    /// Returns true if both hold the same confidences.
    public static func == (left: EqualMassCalibration, right: EqualMassCalibration) -> Bool {
        left.configuration == right.configuration && left.encoded == right.encoded
    }
}

// The section "equal-mass": one byte, 1 if a label was a fraction, else 0; then the table of confidences (RankTable.swift).
extension EqualMassCalibration {
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(hasFractions ? 1 : 0)
        table.encode(into: &bytes)
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        hasFractions = try reader.bytes(1).first == 1
        try table.decode(&reader)
        try reader.expectEnd()
    }

    /// Makes the state of no rows from its settings, as a partial has them.
    static func make(_ configuration: [UInt8], _ specification: LossSpecification) throws(PartialError) -> EqualMassCalibration {
        var reader = SectionReader(configuration[...])
        guard let kind = [1: Calibration.Kind.topLabel, 2: .positive][try reader.bytes(1).first ?? 0] else { throw .unknownSettings(tag) }
        let count = Int(clamping: try reader.varint())
        do throws(SpecificationError) {
            return try EqualMassCalibration(specification, kind: kind, binCount: count)
        } catch {
            throw .unknownSettings(tag)
        }
    }
}
