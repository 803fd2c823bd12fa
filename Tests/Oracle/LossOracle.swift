/// What a loss is, row by row, from the definitions: one class or decision after another, in 256 bits, with nothing shared with what it
/// judges.
///
/// Sources: `torch.nn.functional` (cross_entropy, nll_loss, kl_div, binary_cross_entropy and its form with logits);
/// `keras.losses` of Keras 3.15 and its backends' `nn.py`; `sklearn.metrics.log_loss` of 1.4 and 1.9; XGBoost's `elementwise_metric.cu` and
/// `multiclass_metric.cu`; LightGBM's `binary_metric.hpp` and `multiclass_metric.hpp`; CatBoost's `metric.cpp`; Spark's
/// `MulticlassMetrics.scala`; H2O's `ModelMetricsBinomial.java`, `ModelMetricsMultinomial.java` and `MathUtils.java`. Bounds such as 1 − 1e-7 are the Float64 numbers that
/// the frameworks compute with; all else is real arithmetic.
public struct LossOracle: Sendable {
    /// What is predicted.
    public enum Task: String, Sendable {
        case binary, multiclass, multilabel, soft, likelihood
    }

    /// What the values are.
    public enum Input: String, Sendable {
        case logits, probabilities
        case logProbabilities = "log-probabilities"
    }

    /// Whose conventions the loss follows.
    public enum Dialect: String, Sendable, CaseIterable {
        case exact, pytorch, keras, sklearn, xgboost, lightgbm, catboost, spark, h2o
        case kerasTensorFlow = "keras-tensorflow"
        case sklearn14 = "sklearn-1.4"

        var isKeras: Bool { self == .keras || self == .kerasTensorFlow }
        var isSklearn: Bool { self == .sklearn || self == .sklearn14 }
    }

    /// Which loss.
    public var task: Task
    /// What it is computed from.
    public var input: Input
    /// By whose conventions.
    public var dialect: Dialect
    /// The distance from 1 to the next number of the stored type, which scikit-learn clips to.
    public var typeEpsilon: Double
    /// One a class, of binary labels those of 0 and of 1, of multilabel one a column; nil for 1.
    public var classWeights: [Double]?
    /// The weight of label 1: one, or one a column.
    public var positiveWeights: [Double]?
    /// ε in [0, 1].
    public var labelSmoothing = 0.0
    /// The class index whose rows are left out.
    public var ignoreIndex: Int?
    /// Dialect exact: probabilities are clipped to [clip, 1 − clip]. Dialect spark: its eps.
    public var clip: Double?
    /// Dialect exact: probabilities are divided by their sum.
    public var renormalizes = false
    /// γ of focal loss.
    public var focalGamma: Double?
    /// α of focal loss.
    public var focalAlpha: Double?
    /// Whether it is the Kullback-Leibler divergence.
    public var isDivergence = false

    /// A loss without modifiers.
    public init(task: Task, input: Input, dialect: Dialect, typeEpsilon: Double) {
        self.task = task
        self.input = input
        self.dialect = dialect
        self.typeEpsilon = typeEpsilon
    }

    /// What becomes of a row.
    public enum Row: Sendable {
        /// Left out by rule.
        case ignored
        /// It has no loss.
        case invalid
        case scored(Scored)
    }

    /// A row that has a loss.
    public struct Scored: Sendable {
        /// Weights applied.
        public var loss: ExtendedReal
        /// Σ of the magnitudes of the terms that make up the loss: what an error is relative to where they cancel (KL divergence).
        public var magnitude: ExtendedReal
        /// What the row adds to Σ of weights.
        public var weight: BigReal
        /// Whether a value that counts was clipped.
        public var isClipped: Bool
        /// Right predictions: one a row at most, in task multilabel one a column.
        public var correctCount: Int
    }

    /// The row of `values` (as stored, widened to Float64), its labels (one, C for tasks multilabel and soft, none for likelihood) and its
    /// weight.
    ///
    /// About 40 µs a value in a release build.
    public func row(_ values: [Double], labels: [Double], weight: Double = 1) -> Row {
        if task == .multiclass, let ignoreIndex, labels[0] == Double(ignoreIndex) { return .ignored }
        guard weight >= 0, weight < .infinity else { return .invalid }
        let scored =
            switch task {
            case .binary, .multilabel, .likelihood: scoreDecisions(values, labels: task == .likelihood ? [1] : labels)
            case .multiclass, .soft: scoreClasses(values, labels: labels)
            }
        guard var scored else { return .invalid }
        scored.loss = BigReal(weight) * scored.loss
        scored.magnitude = BigReal(weight) * scored.magnitude
        scored.weight *= BigReal(weight)
        return .scored(scored)
    }

    /// (1 − ε) t + ε / n, for n classes, or 2 outcomes of a decision.
    func smoothed(_ target: Double, outcomeCount: Int) -> BigReal {
        let epsilon = BigReal(labelSmoothing)
        return (BigReal(1) - epsilon) * BigReal(target) + epsilon / BigReal(outcomeCount)
    }

    /// base^γ; 0^0 is 1. nil for a base below 0 (1 − p of a p above 1) where γ is no whole number.
    func focalFactor(_ base: BigReal, gamma: Double) -> BigReal? {
        if gamma == 0 { return BigReal(1) }
        if base.isZero { return .zero }
        let power = BigReal.exp(BigReal(gamma) * BigReal.log(base.magnitude))
        if base > .zero { return power }
        guard gamma == gamma.rounded() else { return nil }
        return gamma.truncatingRemainder(dividingBy: 2) == 0 ? power : -power
    }

    /// `value` moved into the bounds, and whether that changed it.
    static func clamp(_ value: BigReal, _ low: Double, _ high: Double) -> (value: BigReal, isClipped: Bool) {
        if value < BigReal(low) { return (BigReal(low), true) }
        if high < .infinity, value > BigReal(high) { return (BigReal(high), true) }
        return (value, false)
    }

    /// −log p; +∞ for p ≤ 0.
    static func negativeLog(_ p: BigReal) -> ExtendedReal {
        p > .zero ? .finite(-BigReal.log(p)) : .infinite
    }

    /// −log (1 − p), next to p = 0 as elsewhere; +∞ for p ≥ 1.
    static func negativeLogOfComplement(_ p: BigReal) -> ExtendedReal {
        p < BigReal(1) ? .finite(-BigReal.log1p(-p)) : .infinite
    }

    /// 1 − e^x for x ≤ 0, next to 0 as elsewhere.
    static func oneMinusExp(_ x: BigReal) -> BigReal {
        if x.isZero { return .zero }
        // Below 2^-80 the third term of the series is under 2^-160 of the first, the fourth under 2^-240.
        if x.binaryExponent < -80 { return -(x + x * x / BigReal(2) + x * x * x / BigReal(6)) }
        return BigReal(1) - BigReal.exp(x)
    }

    /// The bounds that Keras clips to: `backend.epsilon()` and 1 minus it.
    static let kerasLow = 1e-7
    static let kerasHigh = 1.0 - 1e-7

    /// The ε of Spark's logLoss, whose bound for a p above 1 − ε is the logarithm of the real number.
    var sparkEpsilon: Double? { dialect == .spark ? clip ?? 1e-15 : nil }

    /// Spark's losses of a p below ε, and of one above the Float64 next to 1 − ε; nil for one between.
    func sparkLosses(_ p: BigReal) -> (ofOne: ExtendedReal, ofZero: ExtendedReal)? {
        guard let epsilon = sparkEpsilon else { return nil }
        let (large, small) = (Self.negativeLog(BigReal(epsilon)), Self.negativeLogOfComplement(BigReal(epsilon)))
        if p < BigReal(epsilon) { return (large, small) }
        return p > BigReal(1 - epsilon) ? (small, large) : nil
    }

    /// Under which XGBoost, LightGBM and H2O let no probability fall, and the loss there: in the first two both are Float32.
    var lossFloor: (probability: Double, loss: ExtendedReal)? {
        let floor: Float
        switch dialect {
        case .xgboost: floor = 1e-16
        case .lightgbm: floor = 1e-15
        case .h2o: return (1e-15, Self.negativeLog(BigReal(1e-15)))
        default: return nil
        }
        return (Double(floor), .finite(BigReal(Double(Float(-BigReal.log(BigReal(Double(floor))).rounded())))))
    }

    /// Whether a probability can be scored. Keras takes any that is not negative: it renormalises or clips.
    func isScorable(probability: Double) -> Bool {
        probability >= 0 && (probability <= 1 || dialect.isKeras || renormalizes)
    }
}
