internal import Scoring

/// The figures of two models on the same rows.
public struct PairedFigures: Sendable {
    /// The mean of the differences B − A, its standard error and its bounds.
    public struct Difference: Sendable {
        /// The mean of B less that of A: (Σ b − Σ a) / Σ w, rounded once.
        public let mean: Double
        /// The standard error of the mean difference of paired rows, or of clusters.
        public let standardError: Double
        /// The bounds of the mean difference.
        public let lower: Double, upper: Double
        /// The mean over its standard error, and the chance of one so far from 0 without a cause, on either side.
        public let z: Double, pValue: Double
        /// The correlation of the two losses of a row.
        public let correlation: Double
        /// The standard error that the means of different rows would have.
        public let unpairedStandardError: Double
        /// The least difference that would be seen four times in five.
        public let minimumDetectable: Double
        /// The number of clusters; nil where rows have none.
        public let clusterCount: Int?
    }

    /// The means of A and of B over paired rows, and their standard errors.
    public let meanA: Double, meanB: Double, standardErrorA: Double, standardErrorB: Double
    /// How the means differ.
    public let difference: Difference

    /// - Parameters:
    ///   - rows: the pairs.
    ///   - isWeighted: true if means divide by the rows' weights.
    ///   - confidence: of the bounds, in (0, 1).
    public init(_ rows: PairedRows, isWeighted: Bool, confidence: Double) {
        (meanA, meanB) = (rows.ofA.mean(isWeighted: isWeighted), rows.ofB.mean(isWeighted: isWeighted))
        (standardErrorA, standardErrorB) = (
            rows.ofA.standardError(isWeighted: isWeighted), rows.ofB.standardError(isWeighted: isWeighted)
        )
        let mean = rows.differences.mean(isWeighted: isWeighted)
        let z = NormalDistribution.quantile(upperTail: (1 - confidence) / 2)
        let plainError = rows.differences.standardError(isWeighted: isWeighted)
        var error = plainError
        var clusterCount: Int?
        if let clusters = rows.clusters {
            let uncertainty = Uncertainty(
                .clustered, clusters.sums, isWeighted: isWeighted, mean: mean, confidence: confidence, replicateCount: 0)
            error = uncertainty.standardError
            clusterCount = uncertainty.groupCount
        }
        let (squareA, squareB) = (standardErrorA * standardErrorA, standardErrorB * standardErrorB)
        // Var(b − a) = Var a + Var b − 2 Cov.
        let correlation = (squareA + squareB - plainError * plainError) / (2 * standardErrorA * standardErrorB)
        difference = Difference(
            mean: mean, standardError: error, lower: mean - z * error, upper: mean + z * error, z: error > 0 ? mean / error : .nan,
            pValue: error > 0 ? NormalDistribution.twoSided(mean / error) : .nan, correlation: min(1, max(-1, correlation)),
            unpairedStandardError: (squareA + squareB).squareRoot(),
            minimumDetectable: (z + NormalDistribution.quantile(upperTail: 0.2)) * error, clusterCount: clusterCount)
    }
}

extension PairedRows {
    /// The sign test: how likely so uneven a number of better rows is for equal models.
    public var signTestPValue: Double { BinomialTest.twoSided(aBetterCount, bBetterCount) }

    /// McNemar's test of the rows that one alone has right: exactly, and by χ² with and without a correction for counts (0 where there are none).
    public var mcNemar: (pValue: Double, correctedChiSquare: Double, chiSquare: Double) {
        let (b, c) = (Double(onlyARightCount), Double(onlyBRightCount))
        guard b + c > 0 else { return (1, 0, 0) }
        let distance = (b - c).magnitude
        return (
            BinomialTest.twoSided(onlyARightCount, onlyBRightCount), max(0, distance - 1) * max(0, distance - 1) / (b + c),
            distance * distance / (b + c)
        )
    }

    /// The accuracy of B less that of A, and its standard error over paired rows.
    public var accuracyDifference: (mean: Double, standardError: Double) {
        let n = Double(pairCount), (b, c) = (Double(onlyARightCount), Double(onlyBRightCount))
        let mean = (c - b) / n
        return (mean, (((b + c) - n * mean * mean) / (n - 1) / n).squareRoot())
    }

    /// The share of rows in which both predict the same class, and its standard error.
    public var agreement: (share: Double, standardError: Double) {
        let n = Double(pairCount), share = Double(sameTopCount) / n
        return (share, (share * (1 - share) / (n - 1)).squareRoot())
    }

    /// The moments of a row's figure, with the ends of its range.
    public struct RowFigure: Sendable {
        /// The mean and its standard error.
        public let mean: Double, standardError: Double
    }

    private static func figure(_ moments: CompactMoments) -> RowFigure {
        RowFigure(mean: moments.mean, standardError: moments.standardError)
    }

    /// The divergence of Kullback and Leibler of B's distributions from A's, Σ p_A log(p_A / p_B).
    public var divergenceAB: RowFigure { Self.figure(klAB) }
    /// The divergence of A's distributions from B's.
    public var divergenceBA: RowFigure { Self.figure(klBA) }
    /// The divergence of Jensen and Shannon.
    public var jensenShannonDivergence: RowFigure { Self.figure(jensenShannon) }
    /// The total variation ½ Σ |p_A − p_B|.
    public var meanTotalVariation: RowFigure { Self.figure(totalVariation) }
    /// The least and the largest divergence of a row from A to B.
    public var divergenceRange: (least: Double, largest: Double) { (klHistogram.minimum, klHistogram.maximum) }
    /// The quantiles of the divergence of a row from A to B.
    public func divergenceQuantiles(_ orders: [Double]) -> [Quantile] { klHistogram.quantiles(orders) }
    /// The quantiles of the difference of the label's probability.
    public func labelQuantiles(_ orders: [Double]) -> [Quantile] { labelHistogram.quantiles(orders) }
    /// The mean of the probability of the label by B less that by A, its standard error, the root of its mean square, and its ends.
    public var labelProbabilityDifference: (mean: Double, standardError: Double, rootMeanSquare: Double, least: Double, largest: Double) {
        (
            labelDifference.mean, labelDifference.standardError,
            labelDifferenceSquares.exact.rounded(dividedBy: labelDifference.count).squareRoot(), labelHistogram.minimum, labelHistogram.maximum
        )
    }
    /// The mean of 2 |p − q| / (p + q) over the rows' probabilities of label 1, for task binary.
    public var meanSymmetricDifference: Double { symmetricDifference.mean }
}
