internal import Messages
public import Scoring

/// How far the probability of each class is from how often it happened: one binary calibration a class, by intervals of equal width.
///
/// Probabilities follow from the predictions as they are stored. Rows without a loss in the first dialect are left out. Sums are exact: the state
/// depends on the set of rows alone. About 250 bytes for each class and interval.
public struct ClassCalibration: RowObserver, Equatable {
    static let tag = "class-wise"
    /// The largest number of classes.
    public static let classLimit = 65_536

    /// The number of intervals.
    public let binCount: Int
    private let hasWeights: Bool
    private var classes: [ReliabilityBins]
    /// Room for the probabilities of a row; no part of the state.
    private var room = RowNumbers()

    /// The state of no rows.
    ///
    /// - Parameters:
    ///   - specification: the loss.
    ///   - classCount: the number of values a row.
    ///   - binCount: the number of intervals of confidences.
    /// - Throws: `SpecificationError` for other tasks than multiclass, soft and multilabel, and for more than `classLimit` classes.
    public init(_ specification: LossSpecification, classCount: Int, binCount: Int) throws(SpecificationError) {
        guard specification.task.isOverClasses || specification.task == .multilabel else {
            throw SpecificationError(
                problem: "\(setting: .calibration, .text("class-wise")) has no meaning for task \(specification.task.rawValue)",
                remedy: "it is of rows with a probability for each class: take auto")
        }
        guard classCount <= Self.classLimit else {
            throw SpecificationError(
                problem: "\(setting: .calibration, .text("class-wise")) is of at most \(Self.classLimit) classes, and there are \(classCount)",
                remedy: "take \(setting: .calibration, .text("top-label"))")
        }
        // The numbers of intervals are checked there.
        _ = try Calibration(specification, binCounts: [binCount])
        self.binCount = binCount
        hasWeights = specification.modifiers.hasRowWeights
        let weighted = hasWeights
        classes = Array(repeating: ReliabilityBins(edges: ReliabilityBins.edges(count: binCount), hasWeights: weighted), count: classCount)
    }

    /// "class-wise".
    public var tag: String { Self.tag }

    /// A varint, the number of intervals.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(binCount))
        return bytes
    }

    /// Adds the predictions of a block. O(rowCount × classCount).
    public mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0), weights = hasWeights ? block.rows.weights : nil
        let classCount = block.classCount, targets = block.targets, labels = block.classLabels
        if block.specification.task == .multilabel {
            // Columns are decisions of their own.
            room.fill(block.rows.rowCount * classCount) { block.writePositiveProbabilities(to: $0) }
            _ = room.withNumbers { probabilities in
                for row in 0..<block.rows.rowCount where !losses[row].isNaN {
                    ReliabilityBins.add(
                        probabilities + row * classCount, label: -1, outcomes: targets.map { $0 + row * classCount }, weight: weights?[row],
                        to: &classes)
                }
            }
            return
        }
        for row in 0..<block.rows.rowCount where !losses[row].isNaN {
            room.fill(classCount) { block.writeProbabilities(ofRow: row, to: $0) }
            _ = room.withNumbers { probabilities in
                ReliabilityBins.add(
                    probabilities, label: targets == nil ? Int(labels[row]) : -1, outcomes: targets.map { $0 + row * classCount },
                    weight: weights?[row], to: &classes)
            }
        }
    }

    /// Adds the predictions of another state.
    public mutating func merge(_ other: ClassCalibration) throws(PartialError) {
        guard binCount == other.binCount, classes.count == other.classes.count, hasWeights == other.hasWeights else {
            throw .otherSettings(tag)
        }
        for index in classes.indices { classes[index].merge(other.classes[index]) }
    }

    /// The distances of each class; nil where there are no predictions.
    public var errorsOfClasses: [CalibrationErrors]? {
        let errors = classes.compactMap { CalibrationErrors($0.reliability, hasWeights: hasWeights) }
        return errors.count == classes.count && !errors.isEmpty ? errors : nil
    }

    /// The mean of the classes' expected errors, the square mean of their square means, and the largest distance; nil where there are no
    /// predictions.
    public var errors: (expected: Double, squareMean: Double, largest: Double)? {
        guard let all = errorsOfClasses else { return nil }
        var sum = ExactSum(), squares = ExactSum()
        for errors in all {
            sum.add(errors.expected)
            squares.addProduct(errors.squareMean, errors.squareMean)
        }
        return (
            sum.rounded(dividedBy: UInt64(all.count)), squares.rounded(dividedBy: UInt64(all.count)).squareRoot(),
            all.map(\.largest).max() ?? .nan
        )
    }

    /// The number of classes that some label has.
    public var occurringClassCount: Int {
        classes.count { $0.bins.contains { $0.hitCount > 0 || !$0.outcome.isZero } }
    }

    /// Returns true if both have the same sums.
    public static func == (left: ClassCalibration, right: ClassCalibration) -> Bool {
        left.binCount == right.binCount && left.encoded == right.encoded
    }
}

// The section "class-wise": the intervals of each class, as those of the section "calibration".
extension ClassCalibration {
    public func encode(into bytes: inout [UInt8]) {
        for bins in classes { bins.encode(into: &bytes) }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        for index in classes.indices { try classes[index].decode(&reader) }
        try reader.expectEnd()
    }

    /// Makes the state of no rows from its settings, as a partial has them.
    static func make(
        _ configuration: [UInt8], _ specification: LossSpecification, _ classCount: Int
    ) throws(PartialError) -> ClassCalibration {
        var reader = SectionReader(configuration[...])
        let count = Int(clamping: try reader.varint())
        do throws(SpecificationError) {
            return try ClassCalibration(specification, classCount: classCount, binCount: count)
        } catch {
            throw .unknownSettings(tag)
        }
    }
}
