/// Which values of a record are wanted, and as what.
public struct RecordSelection: Sendable {
    /// How labels are read.
    public enum Labels: Sendable {
        case none
        /// One class index a row (`Int64`); with names, also one of those, which stands for its place among them.
        case classIndex(RecordPath, names: [String]?)
        /// Numbers (`Float64`), `true` and `false` as 1 and 0: one a row for binary, one a class for soft and multilabel. A single path may be
        /// an array of all.
        case numbers([RecordPath])
    }

    /// What the numbers that are added up must be.
    public enum Addends: Sendable {
        case any
        /// At most 0, each of them.
        case logProbabilities
        /// Probabilities, of which several do not add up.
        case oneProbability
    }

    /// The values, in the order of the classes. A single path may be an array (JSON) of all values. Empty where only labels or weights are
    /// wanted of the text.
    public var predictions: [RecordPath]
    /// Values a row (1 for binary and likelihood); nil: as many as the first record has, which `RecordRows.valuesPerRow` then says.
    public var valuesPerRow: Int?
    public var labels: Labels = .none
    /// Labels a row of `Labels.numbers`, where it is known.
    public var labelsPerRow: Int?
    public var weight: RecordPath?
    /// A label that stands for no class and is read as itself, also where the names of classes are whole numbers.
    public var ignoredLabel: Int64?
    /// Task likelihood: the value of a row is the sum of all numbers that `predictions` leads to, of which there may be any number, `null`
    /// left out; `RecordRows.tokenCounts` counts them.
    public var sumsValues = false
    /// Of `sumsValues`.
    public var addends = Addends.any
    /// For bits a byte: a text, whose UTF-8 bytes are counted, or a number of bytes.
    public var byteCount: RecordPath?

    public init(predictions: [RecordPath]) {
        self.predictions = predictions
    }
}
