internal import Scoring

/// The losses of two models and their differences in the rows of each slice. Rows that have no loss by one of them are left out.
struct PairedSlices: Sendable {
    private var ofA: Slices, ofB: Slices
    private(set) var differences: Slices

    /// The slices of no rows.
    ///
    /// - Throws: `SpecificationError` for columns that the task does not have, and for more requests or columns than there may be.
    init(_ specification: LossSpecification, by requests: [[Slices.Column]]) throws(SpecificationError) {
        differences = try Slices(specification, by: requests)
        (ofA, ofB) = (differences, differences)
    }

    /// Adds the rows of a block. O(rowCount × requests).
    ///
    /// - Parameters:
    ///   - a: the rows as A predicts them, by whose classes rows are sliced.
    ///   - b: the same rows as B predicts them.
    ///   - lossesA: the losses by A; NaN where one of the two is none.
    ///   - lossesB: the losses by B; NaN where one of the two is none.
    ///   - differences: how much larger they are by B; NaN where one of the two is none.
    mutating func add(
        _ a: ScoredBlock, _ b: ScoredBlock, _ lossesA: UnsafePointer<Double>, _ lossesB: UnsafePointer<Double>,
        _ differences: UnsafePointer<Double>
    ) {
        ofA.add(a, lossesA, a.facts.isCorrect)
        ofB.add(a, lossesB, b.facts.isCorrect)
        self.differences.add(a, differences, nil)
    }

    /// Adds the slices of other rows.
    mutating func merge(_ other: PairedSlices) throws(PartialError) {
        try ofA.merge(other.ofA)
        try ofB.merge(other.ofB)
        try differences.merge(other.differences)
    }

    /// The differences of the slices of each request: the largest first, of equals by their values. O(slices · log slices).
    ///
    /// - Parameter isWeighted: true if means divide by the rows' weights.
    func figures(isWeighted: Bool, z: Double) -> [[SliceDifference]] {
        differences.requests.indices.map { request in
            let slicesA = ofA.orderedSums(ofRequest: request), slicesB = ofB.orderedSums(ofRequest: request)
            var rowCount: UInt64 = 0
            for slice in slicesA { rowCount.addSaturating(slice.sums.losses.count) }
            // All three have seen the same rows, and have the same slices. Rows of other values than the ones that are meant are in none.
            let ordered = differences.orderedSums(ofRequest: request)
            let shown = ordered.indices.filter { !ordered[$0].values.contains(.otherValue) && ordered[$0].sums.losses.count > 0 }
            let slices = shown.map { place in
                let slice = ordered[place]
                let (a, b) = (slicesA[place].sums, slicesB[place].sums)
                func accuracy(_ sums: Slices.Sums) -> Double? {
                    differences.hasAccuracy ? Double(sums.correctCount) / Double(sums.losses.count) : nil
                }
                return SliceDifference(
                    values: zip(differences.requests[request], slice.values).map { (column: $0.name, value: Slices.reported($1, of: $0)) },
                    rowCount: slice.sums.losses.count,
                    weight: differences.hasWeights ? a.losses.totalWeight.rounded() : nil,
                    shareOfRows: Double(slice.sums.losses.count) / Double(rowCount),
                    meanA: a.losses.mean(isWeighted: isWeighted), meanB: b.losses.mean(isWeighted: isWeighted),
                    difference: WeightedMoments.difference(a.losses, b.losses, slice.sums.losses, isWeighted: isWeighted),
                    standardError: slice.sums.losses.standardError(isWeighted: isWeighted), z: z, accuracyA: accuracy(a),
                    accuracyB: accuracy(b))
            }
            return SliceDifference.corrected(slices)
        }
    }

    /// Appends the three sections of slices, each after a varint, its number of bytes.
    func encode(into bytes: inout [UInt8]) {
        for slices in [ofA, ofB, differences] {
            let section = slices.encoded
            bytes.append(varint: UInt64(section.count))
            bytes += section
        }
    }

    /// Takes what `encode(into:)` wrote.
    mutating func decode(_ reader: inout SectionReader) throws(PartialError) {
        for place in [\PairedSlices.ofA, \.ofB, \.differences] {
            try self[keyPath: place].decode(from: try reader.bytes(try reader.varintCount(leastByteCount: 1)))
        }
    }
}

/// The means of a slice by two models, and how they differ.
public struct SliceDifference: Sendable {
    /// The names of the slice's columns, and their values.
    public let values: [(column: String, value: SliceValue)]
    /// The number of rows.
    public let rowCount: UInt64
    /// The weight of the rows; nil where they have none.
    public let weight: Double?
    /// The slice's share of the rows.
    public let shareOfRows: Double
    /// The mean losses, and that of B less that of A.
    public let meanA: Double, meanB: Double, difference: Double
    /// The standard error of the difference, and its bounds by the normal distribution.
    public let standardError: Double, lower: Double, upper: Double
    /// The shares of right rows; nil for a task without.
    public let accuracyA: Double?, accuracyB: Double?
    /// The chance of a difference so large without a cause, on either side, by the normal distribution.
    public let pValue: Double
    /// The same, by Holm's correction for the number of slices of the request.
    public private(set) var pValueHolm: Double

    /// Makes the difference of a slice.
    ///
    /// - Parameter z: the number of standard errors from the difference to its bounds.
    package init(
        values: [(column: String, value: SliceValue)], rowCount: UInt64, weight: Double?, shareOfRows: Double, meanA: Double, meanB: Double,
        difference: Double, standardError: Double, z: Double, accuracyA: Double?, accuracyB: Double?
    ) {
        self.values = values
        self.rowCount = rowCount
        self.weight = weight
        self.shareOfRows = shareOfRows
        (self.meanA, self.meanB, self.difference) = (meanA, meanB, difference)
        self.standardError = standardError
        (lower, upper) = (difference - z * standardError, difference + z * standardError)
        (self.accuracyA, self.accuracyB) = (accuracyA, accuracyB)
        pValue = standardError > 0 ? NormalDistribution.twoSided(difference / standardError) : .nan
        pValueHolm = .nan
    }

    /// Returns the slices of one request with their corrected chances: the largest difference first, those that are not a number last.
    public static func corrected(_ slices: [SliceDifference]) -> [SliceDifference] {
        var slices = slices
        for (place, pValue) in HolmCorrection.corrected(slices.map(\.pValue)).enumerated() { slices[place].pValueHolm = pValue }
        func order(_ value: Double) -> Double { value.isNaN ? -.infinity : value }
        return slices.enumerated().sorted { (order($1.element.difference), $0.offset) < (order($0.element.difference), $1.offset) }.map(\.element)
    }
}
