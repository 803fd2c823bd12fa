/// What the user says of the columns of a dump: the arrays of an archive, the columns of a table, the keys of a record.
public struct DumpColumns: Sendable {
    /// Names or `PREFIX*`, in the order of the classes; of an archive the one array of all. Empty: by their usual names.
    public var predictions: [String] = []
    /// The one of class indices or, for binary, of 0, 1 or probabilities. nil: by its usual names.
    public var label: String?
    /// One a class: soft labels, one-hot or multilabel.
    public var labels: [String] = []
    /// nil: rows weigh the same, whatever columns there are.
    public var weight: String?
    /// The names that class labels have in a text, in the order of the classes. nil: those of the prediction columns.
    public var classNames: [String]?
    /// Task likelihood: a text, whose bytes are counted, or a number of bytes, for bits a byte.
    public var byteCount: String?
    /// The first line of a table holds names; without, columns are named 0, 1, 2…
    public var hasHeader = true

    public init() {}

    /// The names that were given for labels, of either kind.
    var labelNames: [String] { label.map { [$0] } ?? labels }
}
