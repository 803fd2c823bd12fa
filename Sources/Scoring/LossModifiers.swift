/// What changes a loss beside its task and its dialect.
public struct LossModifiers: Sendable, Equatable {
    /// One weight a class; nil for 1.
    public var classWeights: [Double]?
    /// The weight of label 1 in binary decisions: one, or one a column.
    public var positiveWeights: [Double]?
    /// ε in [0, 1].
    public var labelSmoothing = 0.0
    /// Rows with this class index are left out.
    public var ignoreIndex: Int64?
    /// Probabilities are clipped to [clip, 1 − clip] (dialect exact; the others have their own).
    public var clip: Double?
    /// Probabilities of a row are divided by their sum (dialect exact).
    public var renormalizes = false
    /// γ and α of focal loss.
    public var focalGamma: Double?
    public var focalAlpha: Double?
    public var divergence = Divergence.crossEntropy
    /// Whether rows have weights of their own.
    public var hasRowWeights = false

    public init() {}
}
