public import Elements

/// A block of whole rows with their labels and weights, in the machine's byte order, in memory that the caller keeps.
public struct LabelledRows {
    /// rowCount × classCount elements at any alignment, with `BlockScorer.readableByteCountAfterValues` readable bytes after the last.
    public var values: UnsafeRawPointer
    /// The stored type of the values. It is a floating-point type (`ElementType.isFloatingPoint`); `BlockScorer` traps at any other.
    public var element: ElementType
    /// Class indices; read by task multiclass, and by binary where labels are whole numbers.
    public var classIndices: ClassIndices
    /// Labels as numbers, one a value; read where `BlockScorer.readsTargets`. Eight more are readable after the last.
    public var targets: UnsafePointer<Double>?
    /// One weight a row; nil where rows have no weights of their own.
    public var weights: UnsafePointer<Double>?
    /// The number of rows.
    public var rowCount: Int
    /// The number of the first row among all rows of the dump.
    public var firstRow: UInt64

    /// Class indices, one a row, in memory where as many as `BlockScorer.readableLabelCountAfterLast` follow the last.
    public enum ClassIndices {
        /// Numbers of any class, or of none.
        case words(UnsafePointer<Int32>)
        /// Labels of task binary as they are stored, each 0 or 1: they need not be converted to be scored.
        case bytes(UnsafePointer<UInt8>)
    }

    /// Describes a block; nothing is copied.
    public init(
        values: UnsafeRawPointer, element: ElementType, classLabels: UnsafePointer<Int32>, targets: UnsafePointer<Double>?,
        weights: UnsafePointer<Double>?, rowCount: Int, firstRow: UInt64
    ) {
        self.init(
            values: values, element: element, classIndices: .words(classLabels), targets: targets, weights: weights, rowCount: rowCount,
            firstRow: firstRow)
    }

    /// Describes a block; nothing is copied.
    public init(
        values: UnsafeRawPointer, element: ElementType, classIndices: ClassIndices, targets: UnsafePointer<Double>?,
        weights: UnsafePointer<Double>?, rowCount: Int, firstRow: UInt64
    ) {
        self.values = values
        self.element = element
        self.classIndices = classIndices
        self.targets = targets
        self.weights = weights
        self.rowCount = rowCount
        self.firstRow = firstRow
    }
}
