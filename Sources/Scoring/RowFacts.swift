/// The facts that kernels can write for each row beside its loss.
///
/// An observer names those that it reads (`RowObserver.requiredFacts`), a scorer is made for the union of them, and kernels write no
/// others.
public struct RowFacts: OptionSet, Sendable, Hashable {
    /// One bit a fact.
    public let rawValue: UInt32

    /// The facts whose bits are set.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The probability that the model gives the label.
    public static let labelProbability = RowFacts(rawValue: 1 << 0)
    /// The largest probability of the row and the class that has it: `topProbability` and `topClass`.
    public static let topPrediction = RowFacts(rawValue: 1 << 1)
    /// Whether the row is scored and its prediction is right.
    public static let isCorrect = RowFacts(rawValue: 1 << 2)
    /// Σ p² over the classes.
    public static let squaredProbabilitySum = RowFacts(rawValue: 1 << 3)
    /// Σ p · x over the classes, where x is the stored value.
    public static let probabilityWeightedSum = RowFacts(rawValue: 1 << 4)
    /// The number of classes that stand before the label when classes are ordered by descending value, the lower index first among equals.
    public static let labelRank = RowFacts(rawValue: 1 << 5)
}

/// The facts of a block's rows, one array a fact with an entry for each row.
///
/// An array is nil where its fact was not asked for. The arrays are those of the first dialect's program, and are valid only as long as the
/// block is.
public struct RowFactColumns {
    /// The probability of the label.
    public var labelProbability: UnsafePointer<Double>?
    /// The largest probability of the row.
    public var topProbability: UnsafePointer<Double>?
    /// The class with the largest probability, the first of equals.
    public var topClass: UnsafePointer<Int32>?
    /// 1 where the row is scored and its prediction is right, else 0.
    public var isCorrect: UnsafePointer<UInt8>?
    /// Σ p² over the classes.
    public var squaredProbabilitySum: UnsafePointer<Double>?
    /// Σ p · x over the classes.
    public var probabilityWeightedSum: UnsafePointer<Double>?
    /// The rank of the label, from 0.
    public var labelRank: UnsafePointer<Int32>?

    /// No facts.
    public init() {}
}
