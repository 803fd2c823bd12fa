internal import Scoring

/// The figures of two models on the same rows.
public struct PairedFigures: Sendable {
    /// The interval that is asked for.
    public struct IntervalChoice: Sendable {
        /// The way to find it; nil for the usual one: by clusters where there are some, else that of independent rows, or of groups of rows where
        /// rows are not known one by one.
        public var kind: Uncertainty.Kind?
        /// Its confidence, in (0, 1).
        public var confidence: Double
        /// The number of replicates of a bootstrap.
        public var replicateCount: Int

        /// Makes a choice.
        public init(kind: Uncertainty.Kind? = nil, confidence: Double = InsightRequest.usualConfidence, replicateCount: Int = 1000) {
            self.kind = kind
            self.confidence = confidence
            self.replicateCount = replicateCount
        }
    }

    /// The mean loss of a model and its standard error.
    public struct Model: Sendable {
        /// The mean and its standard error, of rows that are independent.
        public let mean: Double, standardError: Double

        /// Makes the figures of a model.
        public init(mean: Double, standardError: Double) {
            self.mean = mean
            self.standardError = standardError
        }
    }

    /// The mean of the differences B − A, its standard error and its bounds.
    public struct Difference: Sendable {
        /// The way in which the error was found.
        public let kind: Uncertainty.Kind
        /// The mean of B less that of A: (Σ b − Σ a) / Σ w, rounded once.
        public let mean: Double
        /// The standard error of the mean difference.
        public let standardError: Double
        /// The bounds of the mean difference.
        public let lower: Double, upper: Double
        /// The mean over its standard error, and the chance of one so far from 0 without a cause, on either side: by the normal distribution, of a
        /// jackknife by Student's.
        public let z: Double, pValue: Double
        /// The correlation of the two losses of a row; nil where rows are not paired.
        public let correlation: Double?
        /// The standard error that the means of different rows would have.
        public let unpairedStandardError: Double
        /// The least difference that would be seen four times in five.
        public let minimumDetectable: Double
        /// The number of clusters; nil where rows have none.
        public let clusterCount: Int?
        /// The number of groups of rows; nil where the error does not come from them.
        public let groupCount: Int?
        /// The number of replicates; nil for another than a bootstrap.
        public let replicateCount: Int?
    }

    /// The figures of A and of B over paired rows.
    public let ofA: Model, ofB: Model
    /// How the means differ.
    public let difference: Difference

    /// The figures of rows that were scored by both.
    ///
    /// - Parameters:
    ///   - rows: the pairs.
    ///   - isWeighted: true if means divide by the rows' weights.
    ///   - choice: the interval of the difference.
    public init(_ rows: PairedRows, isWeighted: Bool, _ choice: IntervalChoice) {
        func model(_ moments: WeightedMoments) -> Model {
            Model(mean: moments.mean(isWeighted: isWeighted), standardError: moments.standardError(isWeighted: isWeighted))
        }
        (ofA, ofB) = (model(rows.ofA), model(rows.ofB))
        let mean = WeightedMoments.difference(rows.ofA, rows.ofB, rows.differences, isWeighted: isWeighted)
        let rowError = rows.differences.standardError(isWeighted: isWeighted)
        let kind = choice.kind ?? (rows.clusters == nil ? .normal : .clustered)
        guard kind != .normal else {
            difference = Difference(.normal, mean, ofA, ofB, rowError, confidence: choice.confidence, pairedRowError: rowError)
            return
        }
        let uncertainty = Uncertainty(
            kind, rows.clusters?.sums ?? rows.rowGroups.sums, isWeighted: isWeighted, mean: mean, confidence: choice.confidence,
            replicateCount: choice.replicateCount)
        // Clusters say how far the mean may be off, and not how the losses of a row hang together.
        difference = Difference(
            uncertainty, mean, ofA, ofB, confidence: choice.confidence, pairedRowError: kind == .clustered ? rowError : uncertainty.standardError,
            areClusters: rows.clusters != nil)
    }

    /// The figures of groups of rows that were scored apart.
    ///
    /// - Parameters:
    ///   - groups: the groups.
    ///   - a: the mean of A over all rows.
    ///   - b: the mean of B over all rows.
    ///   - mean: the mean of B less that of A.
    ///   - isWeighted: true if means divide by the rows' weights.
    ///   - choice: the interval of the difference.
    public init(_ groups: PairedGroups, _ a: Model, _ b: Model, mean: Double, isWeighted: Bool, _ choice: IntervalChoice) {
        (ofA, ofB) = (a, b)
        let kind = choice.kind ?? (groups.areClusters ? .clustered : .jackknife)
        let uncertainty = Uncertainty(
            kind, groups.differences, isWeighted: isWeighted, mean: mean, confidence: choice.confidence, replicateCount: choice.replicateCount)
        difference = Difference(
            uncertainty, mean, a, b, confidence: choice.confidence,
            pairedRowError: groups.areClusters && kind == .clustered ? nil : uncertainty.standardError, areClusters: groups.areClusters)
    }

    /// The figures of means of which nothing is known but their errors.
    public init(unpaired a: Model, _ b: Model, confidence: Double) {
        (ofA, ofB) = (a, b)
        let error = (a.standardError * a.standardError + b.standardError * b.standardError).squareRoot()
        difference = Difference(.normal, b.mean - a.mean, a, b, error, confidence: confidence, pairedRowError: nil)
    }
}

extension PairedFigures.Difference {
    /// A difference by the normal distribution.
    ///
    /// - Parameter pairedRowError: the standard error of the difference of paired rows, from which the correlation follows; nil if it is not known.
    fileprivate init(
        _ kind: Uncertainty.Kind, _ mean: Double, _ a: PairedFigures.Model, _ b: PairedFigures.Model, _ error: Double, confidence: Double,
        pairedRowError: Double?
    ) {
        let z = NormalDistribution.quantile(upperTail: (1 - confidence) / 2)
        self.init(
            kind, mean, a, b, error: error, bounds: (mean - z * error, mean + z * error), reach: z,
            pValue: error > 0 ? NormalDistribution.twoSided(mean / error) : .nan, pairedRowError: pairedRowError)
    }

    /// A difference whose error comes from groups.
    fileprivate init(
        _ uncertainty: Uncertainty, _ mean: Double, _ a: PairedFigures.Model, _ b: PairedFigures.Model, confidence: Double,
        pairedRowError: Double?, areClusters: Bool
    ) {
        let error = uncertainty.standardError
        let tail = (1 - confidence) / 2
        let degrees = Double(uncertainty.groupCount - 1)
        let isJackknife = uncertainty.kind == .jackknife && degrees >= 1
        let reach =
            isJackknife
            ? StudentDistribution.quantile(upperTail: tail, degreesOfFreedom: degrees) : NormalDistribution.quantile(upperTail: tail)
        let pValue =
            isJackknife
            ? min(1, 2 * StudentDistribution.upperTail((mean / error).magnitude, degreesOfFreedom: degrees))
            : NormalDistribution.twoSided(mean / error)
        self.init(
            uncertainty.kind, mean, a, b, error: error, bounds: (uncertainty.lower, uncertainty.upper), reach: reach,
            pValue: error > 0 ? pValue : .nan, pairedRowError: pairedRowError,
            clusterCount: areClusters ? uncertainty.groupCount : nil, groupCount: areClusters ? nil : uncertainty.groupCount,
            replicateCount: uncertainty.replicateCount)
    }

    /// - Parameter reach: the number of standard errors from the mean to its bounds.
    private init(
        _ kind: Uncertainty.Kind, _ mean: Double, _ a: PairedFigures.Model, _ b: PairedFigures.Model, error: Double,
        bounds: (lower: Double, upper: Double), reach: Double, pValue: Double, pairedRowError: Double?, clusterCount: Int? = nil,
        groupCount: Int? = nil, replicateCount: Int? = nil
    ) {
        self.kind = kind
        self.mean = mean
        standardError = error
        (lower, upper) = bounds
        z = error > 0 ? mean / error : .nan
        self.pValue = pValue
        let (squareA, squareB) = (a.standardError * a.standardError, b.standardError * b.standardError)
        // Var(b − a) = Var a + Var b − 2 Cov.
        correlation = pairedRowError.map { min(1, max(-1, (squareA + squareB - $0 * $0) / (2 * a.standardError * b.standardError))) }
        unpairedStandardError = (squareA + squareB).squareRoot()
        minimumDetectable = (reach + NormalDistribution.quantile(upperTail: 0.2)) * error
        self.clusterCount = clusterCount
        self.groupCount = groupCount
        self.replicateCount = replicateCount
    }
}
