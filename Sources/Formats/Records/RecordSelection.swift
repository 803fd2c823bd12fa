/// The values that are wanted of each record, and the form in which they are wanted.
public struct RecordSelection: Sendable {
    /// The form of the labels.
    public enum Labels: Sendable {
        /// No labels.
        case none
        /// One class index a row (`Int64`). With `names` a label may also be a name, and means its index among them.
        case classIndex(RecordPath, names: [String]?)
        /// Numbers (`Float64`), with `true` and `false` as 1 and 0: one a row for binary, one a class for soft and multilabel. A single
        /// path may lead to an array of all.
        case numbers([RecordPath])
    }

    /// The paths to whole numbers that a record has of itself. Each is nil if it is not wanted.
    public struct Counts: Sendable {
        /// The path to the number of tokens, in the place of the number of values that are added up.
        public var tokens: RecordPath?
        /// The path to the number of bytes. `RecordSelection.byteCount` is nil then.
        public var bytes: RecordPath?
        /// The path to the number of words, in the place of those of the text at `RecordSelection.byteCount`.
        public var words: RecordPath?

        /// Makes counts that want nothing.
        public init() {}

        /// The paths that are not nil.
        var all: [RecordPath] { [tokens, bytes, words].compactMap(\.self) }
    }

    /// The rule for numbers that are added up.
    public enum Addends: Sendable {
        /// Any numbers.
        case any
        /// Log-probabilities: each number is at most 0.
        case logProbabilities
        /// A probability, of which a record may have one only: several do not add up.
        case oneProbability
    }

    /// Names that lie beside the predictions in each record, such as `scores.*.label` beside `scores.*.score`.
    public struct ValueNames: Sendable, Equatable {
        /// The use that is made of the names.
        public enum Use: Sendable {
            /// Each value belongs to the class of its name, in whatever order a record has them.
            case classes
            /// Values belong to classes by their places. A record that has the same names in another order is a problem that ends the run.
            case sameOrder
            /// As `sameOrder`, and a problem too if a record has only some of the names, at other places.
            case samePlaces
        }

        /// The path to the names, one for each value.
        public let path: RecordPath
        /// The names in the order of the classes, each once.
        public let names: [String]
        /// The use that is made of the names.
        public let use: Use

        /// Makes the names of values.
        public init(path: RecordPath, names: [String], use: Use) {
            self.path = path
            self.names = names
            self.use = use
        }
    }

    /// The paths to the predictions, in the order of the classes. A single path may lead to an array (JSON) of all values. Empty if only
    /// labels or weights are wanted of the text.
    public var predictions: [RecordPath]
    /// The number of values in a row (1 for binary and likelihood). Nil means that of the first record, which `RecordRows.valuesPerRow`
    /// then says.
    public var valuesPerRow: Int?
    /// The labels that are wanted.
    public var labels: Labels = .none
    /// The number of labels in a row of `Labels.numbers`, if it is known.
    public var labelsPerRow: Int?
    /// The names of the values in each record; nil if it has none. There is one path to predictions then.
    public var valueNames: ValueNames?
    /// True if labels are names of classes and never their indices, since the order of the classes was not given.
    public var labelsAreNames = false
    /// The path to the row's weight; nil if no weights are wanted.
    public var weight: RecordPath?
    /// A label that means no class, even if the names of the classes are whole numbers.
    public var ignoredLabel: Int64?
    /// True for the task likelihood: the value of a row is the sum of all numbers that `predictions` lead to, in any number and without
    /// `null`. `RecordRows.tokenCounts` counts them.
    public var sumsValues = false
    /// The rule for the numbers that `sumsValues` adds up.
    public var addends = Addends.any
    /// The paths to identifiers of the row, such as its key: a text or a number each, whose hashes `RecordRows.identifiers` has.
    public var identifiers: [RecordPath] = []
    /// The number of the last of `identifiers` that a record may lack: their hash is 0 then. All others are in every record.
    public var optionalIdentifierCount = 0
    /// The paths to texts or numbers that are looked up in single records (`RecordFormat.value(_:ofFirstRecordIn:)`), and not parsed.
    package var shown: [RecordPath] = []
    /// The value of the classes that a record lacks: fewer elements than `valuesPerRow` in the array of predictions, or a missing value in
    /// a table. Nil if every record must have all. A label of such a class is a problem.
    public var absentValue: Double?
    /// The path to a text, whose UTF-8 bytes and words are counted, or to a number of bytes.
    public var byteCount: RecordPath?
    /// The paths to counts that records hold as numbers.
    public var counts = Counts()

    /// True if bytes are counted.
    package var wantsByteCounts: Bool { byteCount != nil || counts.bytes != nil }
    /// True if words are counted. A text gives both.
    package var wantsWordCounts: Bool { byteCount != nil || counts.words != nil }

    /// Makes a selection of predictions alone.
    public init(predictions: [RecordPath]) {
        self.predictions = predictions
    }
}
