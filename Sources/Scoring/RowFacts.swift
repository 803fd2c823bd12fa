internal import KernelABI

/// The facts that kernels can write for each row beside its loss.
///
/// They follow from the prediction as it is stored and from the label as it is: no dialect clips or normalises the probabilities p, and no
/// smoothing changes the label. A row that has no loss, because it is ignored or invalid, has the facts NaN, −1 and false.
///
/// - **Classes** (multiclass, soft): p is the softmax of logits, the stored probability, or the exponential of the stored logarithm. The label
///   of a row of soft labels is its largest target, the first of equals.
/// - **One decision a row** (binary, likelihood): the classes are 0 and 1. A label in [0, 1] stands for 1 above ½. The top class is 1 where p > ½.
/// - **Several decisions a row** (multilabel): probabilities and sums are means over the columns, as the loss is. The row is correct where all
///   columns are. There is no top class and no rank: −1.
public struct RowFacts: OptionSet, Sendable, Hashable {
    /// A bit a fact.
    public let rawValue: UInt32

    /// The facts of the given bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The p of the label.
    public static let labelProbability = RowFacts(rawValue: 1)
    /// The largest p, and its class: the first of equals.
    public static let topPrediction = RowFacts(rawValue: 1 << 1)
    /// The flag that the top class is the label.
    public static let isCorrect = RowFacts(rawValue: 1 << 2)
    /// Σ p² over the classes. For a decision p² + (1 − p)².
    public static let squaredProbabilitySum = RowFacts(rawValue: 1 << 3)
    /// Σ p·x over the classes' logits x; for probabilities and their logarithms Σ p·log p. A decision from a logit x has the logits 0 and x.
    ///
    /// So the entropy of a row is loss + x of the label − Σ p·x from logits, where the loss is the plain one, and −Σ p·log p from others.
    public static let probabilityWeightedSum = RowFacts(rawValue: 1 << 4)
    /// The number of classes that come before the label when they are sorted from the largest p to the smallest, equal ones by their index: 0
    /// where the row is correct.
    public static let labelRank = RowFacts(rawValue: 1 << 5)
    /// Numbers in proportion to the p of all classes, which the kernel of multiclass logits has at hand: for those who compare whole distributions.
    package static let probabilityTerms = RowFacts(rawValue: 1 << 6)
}

/// The facts of a block's rows, an entry a row; nil where they were not asked for. They are those of the first dialect's losses, valid as long as
/// the block is.
public struct RowFactColumns {
    /// The p of the label.
    public internal(set) var labelProbability: UnsafePointer<Double>?
    /// The largest p.
    public internal(set) var topProbability: UnsafePointer<Double>?
    /// The first class of the largest p.
    public internal(set) var topClass: UnsafePointer<Int32>?
    /// 1 where the top class is the label, else 0.
    public internal(set) var isCorrect: UnsafePointer<UInt8>?
    /// Σ p².
    public internal(set) var squaredProbabilitySum: UnsafePointer<Double>?
    /// Σ p·x, or Σ p·log p.
    public internal(set) var probabilityWeightedSum: UnsafePointer<Double>?
    /// The number of classes that come before the label.
    public internal(set) var labelRank: UnsafePointer<Int32>?
    /// Numbers in proportion to the p of all classes, the class count rounded up to 8 for each row, and their factors, NaN in a row that has none.
    /// nil where the loss has no such terms.
    var probabilityTerms: UnsafePointer<Double>?, termScale: UnsafePointer<Double>?

    /// Makes columns without facts.
    public init() {}
}

/// The memory that the kernels write a block's facts to: that of the facts asked for, and no other.
final class RowFactMemory {
    /// All entries nil where no facts are asked for.
    private(set) var arrays: RowFactArrays
    /// The same memory as observers read it.
    private(set) var columns: RowFactColumns
    /// The count of terms that there is room for.
    private var termCapacity = 0

    /// - Parameter rowLimit: the largest number of rows of a block, a multiple of 64.
    init(_ facts: RowFacts, rowLimit: Int) {
        func array<Number: BinaryInteger>(_ fact: RowFacts, _: Number.Type) -> UnsafeMutablePointer<Number>? {
            guard facts.contains(fact) else { return nil }
            let array = UnsafeMutablePointer<Number>.allocate(capacity: rowLimit)
            array.initialize(repeating: 0, count: rowLimit)
            return array
        }
        func numbers(_ fact: RowFacts) -> UnsafeMutablePointer<Double>? {
            guard facts.contains(fact) else { return nil }
            let numbers = UnsafeMutablePointer<Double>.allocate(capacity: rowLimit)
            numbers.initialize(repeating: 0, count: rowLimit)
            return numbers
        }
        arrays = RowFactArrays(
            labelProbability: numbers(.labelProbability), topProbability: numbers(.topPrediction),
            topClass: array(.topPrediction, Int32.self),
            isCorrect: array(.isCorrect, UInt8.self), squaredProbabilitySum: numbers(.squaredProbabilitySum),
            probabilityWeightedSum: numbers(.probabilityWeightedSum), labelRank: array(.labelRank, Int32.self), probabilityTerms: nil,
            termScale: numbers(.probabilityTerms))
        var columns = RowFactColumns()
        columns.labelProbability = UnsafePointer(arrays.labelProbability)
        columns.topProbability = UnsafePointer(arrays.topProbability)
        columns.topClass = UnsafePointer(arrays.topClass)
        columns.isCorrect = UnsafePointer(arrays.isCorrect)
        columns.squaredProbabilitySum = UnsafePointer(arrays.squaredProbabilitySum)
        columns.probabilityWeightedSum = UnsafePointer(arrays.probabilityWeightedSum)
        columns.labelRank = UnsafePointer(arrays.labelRank)
        columns.termScale = UnsafePointer(arrays.termScale)
        self.columns = columns
    }

    deinit {
        arrays.labelProbability?.deallocate()
        arrays.topProbability?.deallocate()
        arrays.topClass?.deallocate()
        arrays.isCorrect?.deallocate()
        arrays.squaredProbabilitySum?.deallocate()
        arrays.probabilityWeightedSum?.deallocate()
        arrays.labelRank?.deallocate()
        arrays.probabilityTerms?.deallocate()
        arrays.termScale?.deallocate()
    }

    /// Makes room for the terms of so many rows, if they are asked for.
    func reserveTerms(rowCount: Int, classCount: Int) {
        // Kernels write whole vectors.
        let count = rowCount * ((classCount + 7) / 8 * 8)
        guard arrays.termScale != nil, termCapacity < count else { return }
        arrays.probabilityTerms?.deallocate()
        arrays.probabilityTerms = .allocate(capacity: count)
        arrays.probabilityTerms?.initialize(repeating: 0, count: count)
        columns.probabilityTerms = UnsafePointer(arrays.probabilityTerms)
        termCapacity = count
    }

    /// Takes the facts from rows whose loss is NaN: weights that are not numbers leave a row out after the kernels have run.
    ///
    /// O(rowCount).
    func clear(whereNaN losses: UnsafePointer<Double>, rowCount: Int) {
        for row in 0..<rowCount where losses[row].isNaN {
            arrays.labelProbability?[row] = .nan
            arrays.topProbability?[row] = .nan
            arrays.topClass?[row] = -1
            arrays.isCorrect?[row] = 0
            arrays.squaredProbabilitySum?[row] = .nan
            arrays.probabilityWeightedSum?[row] = .nan
            arrays.labelRank?[row] = -1
            arrays.termScale?[row] = .nan
        }
    }
}
