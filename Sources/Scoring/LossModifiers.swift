/// The modifiers that change a loss beside its task and its dialect.
public struct LossModifiers: Sendable, Equatable {
    /// One weight a class; nil for 1. For binary labels those of label 0 and of label 1, for multilabel one a column.
    public var classWeights: [Double]?
    /// The weight of label 1 in binary decisions: one, or one a column.
    public var positiveWeights: [Double]?
    /// The ε of label smoothing, in [0, 1].
    public var labelSmoothing = 0.0
    /// Rows with this class index are left out. If it is nil, none is, but for dialect `pytorch` alone, which leaves −100 out.
    public var ignoreIndex: Int64?
    /// Probabilities are clipped to [clip, 1 − clip] (dialects exact and spark; the others have their own).
    public var clip: Double?
    /// Probabilities of a row are divided by their sum (dialect exact).
    public var renormalizes = false
    /// The γ of focal loss; nil for none.
    public var focalGamma: Double?
    /// The α of focal loss; nil for none.
    public var focalAlpha: Double?
    /// The measure between soft labels and predictions.
    public var divergence = Divergence.crossEntropy
    /// The temperature by which logits are divided before they are scored; nil for 1. Probabilities stand for logits ln p.
    public var temperature: Double?
    /// True if rows have weights of their own.
    public var hasRowWeights = false

    /// No modifiers.
    public init() {}
}
