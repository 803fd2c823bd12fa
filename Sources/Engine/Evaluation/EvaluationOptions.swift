package import Container
public import Scoring

/// What to evaluate, and how.
public struct EvaluationOptions: Sendable {
    /// The treatment of invalid rows: a label out of range, NaN, a probability outside of [0, 1].
    public enum InvalidRowPolicy: String, Sendable, Codable, CaseIterable {
        /// The first one ends the evaluation with an error.
        case fail
        /// They are left out, counted, and the first places listed.
        case skip
    }

    /// Files whose rows follow one another, `-` for standard input; the same for labels. Without files of their own, labels lie beside the
    /// predictions.
    public var predictionPaths: [String]
    public var labelPaths: [String]
    /// Files of row weights, if any.
    public var weightPaths: [String] = []
    /// Which columns of the files are what.
    public var columns = DumpColumns()
    /// How many rows there must be, where that is known from elsewhere: a pipe that ends early at the end of a line looks whole.
    public var expectedRowCount: Int?
    public var specification: LossSpecification
    /// Class weights N / (C · n_c), from a first pass over the labels.
    public var usesBalancedClassWeights = false
    public var invalidRows = InvalidRowPolicy.fail
    public var threadCount = ProcessorCount.available
    public var instructionSet = InstructionSet.best
    /// The largest window that a zstd frame may ask a decoder to keep.
    public var maximumWindowByteCount = 128 << 20
    /// Where the losses of all rows go, if anywhere.
    public var perRowPath: String?

    /// The number that the first row has in the whole dump, where these files are a part of one; then the partial says its place.
    public var firstRow: Int?
    /// The part of the dump that is evaluated; nil for all of it.
    public var shard: Shard?
    /// Figures of the caller's own, beside those of the report, before any row: each worker's observers start from them. Tags that are not
    /// different, or that a partial cannot hold, are an error.
    public var observers: [any RowObserver] = []
    /// The bytes of predictions, labels or weights that do not lie in files, by the names that stand for paths. Errors begin with the name
    /// of the source itself.
    package var byteSources: [String: any ByteSource] = [:]
    /// Columns of the caller's own beside the predictions, which observers read by their names.
    package var companions: [CompanionColumn] = []

    /// Throws where observers cannot stand in one partial.
    func checkObservers() throws(EngineError) {
        var tags: Set = ["losses", "warnings", "invalid", "tokens"]
        for observer in observers {
            guard ObserverKey.isTag(observer.tag) else {
                throw EngineError(
                    usage: "'\(observer.tag)' is no tag of an observer", remedy: "give it 1 to 16 printable ASCII characters without spaces")
            }
            guard tags.insert(observer.tag).inserted else {
                throw EngineError(usage: "two observers have the tag '\(observer.tag)'", remedy: "give each a tag of its own")
            }
        }
    }

    /// Options for files, with the defaults for everything else.
    public init(predictionPaths: [String], labelPaths: [String], specification: LossSpecification) {
        self.predictionPaths = predictionPaths
        self.labelPaths = labelPaths
        self.specification = specification
    }
}
