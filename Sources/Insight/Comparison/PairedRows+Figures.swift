internal import Scoring

extension PairedRows {
    /// The differences of the slices of each request: the largest first; nil if none were asked for.
    public func sliceDifferences(isWeighted: Bool, z: Double) -> [[SliceDifference]]? { slices?.figures(isWeighted: isWeighted, z: z) }

    /// The standard error of the mean difference of rows that are independent, without weights.
    public var rowDifferenceStandardError: Double { differences.standardError(isWeighted: false) }

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
