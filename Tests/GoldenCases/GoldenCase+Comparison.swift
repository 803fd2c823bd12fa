extension GoldenCase {
    /// What a run of the case gave.
    public struct Figures: Sendable {
        public var mean: Double
        public var sum: Double
        public var meanOverWeight: Double
        /// Of every row, weights applied.
        public var losses: [Double]

        public init(mean: Double, sum: Double, meanOverWeight: Double, losses: [Double]) {
            self.mean = mean
            self.sum = sum
            self.meanOverWeight = meanOverWeight
            self.losses = losses
        }
    }

    /// What differs from the expected figures by more than the case allows, a line each; empty where nothing does.
    ///
    /// True values: rows within 4 ULP, and mean and sum, where they are given as bits, within 1. A framework's, and means and sums without
    /// bits, which are of a single row: within the case's relative tolerances.
    public func differences(from figures: Figures) throws -> [String] {
        var differences: [String] = []
        func compare(_ what: String, _ figure: Double, _ expected: Double, _ isNear: Bool) {
            if !isNear { differences.append("\(name): \(what) is \(figure), should be \(expected)") }
        }
        if isTruth, let mean = expected.meanHex.flatMap({ Double($0) }), let sum = expected.sumHex.flatMap({ Double($0) }) {
            compare("mean", figures.mean, mean, figures.mean.ulpDistance(to: mean) <= 1)
            compare("sum", figures.sum, sum, figures.sum.ulpDistance(to: sum) <= 1)
        } else {
            let mean = expected.mean ?? .nan, sum = expected.sum ?? .nan
            compare("mean", figures.mean, mean, figures.mean.isClose(to: mean, relativeToleranceOfMean))
            compare("sum", figures.sum, sum, figures.sum.isClose(to: sum, relativeTolerance))
            if let weighted = expected.meanWithSampleWeight {
                compare(
                    "mean over weight", figures.meanOverWeight, weighted,
                    figures.meanOverWeight.isClose(to: weighted, relativeToleranceOfMean))
            }
        }
        guard let losses = try expectedLosses() else {
            if isTruth { throw GoldenCaseError("\(name) has no rows") }
            return differences
        }
        guard figures.losses.count == losses.count else {
            return differences + ["\(name): \(figures.losses.count) rows, should be \(losses.count)"]
        }
        for (row, (loss, expected)) in zip(figures.losses, losses).enumerated() {
            // The frameworks' own rounding of a loss near 0 is absolute.
            let isNear =
                isTruth
                ? loss.ulpDistance(to: expected) <= 4
                : loss.isClose(to: expected, relativeTolerance) || (loss - expected).magnitude <= 1e-14
            compare("row \(row)", loss, expected, isNear)
        }
        return differences
    }
}

extension Double {
    /// How many Float64 values lie between; 0 for equal ones, very many where one is NaN.
    public func ulpDistance(to other: Double) -> UInt64 {
        if isNaN || other.isNaN { return isNaN && other.isNaN ? 0 : .max }
        func place(_ value: Double) -> Int64 {
            value.sign == .plus ? Int64(value.bitPattern) : -Int64(value.magnitude.bitPattern)
        }
        let (difference, overflow) = place(self).subtractingReportingOverflow(place(other))
        return overflow ? .max : difference.magnitude
    }

    fileprivate func isClose(to other: Double, _ relativeTolerance: Double) -> Bool {
        if other.isNaN { return isNaN }
        if other.isInfinite { return self == other }
        return (self - other).magnitude <= relativeTolerance * other.magnitude + 1e-300
    }
}
