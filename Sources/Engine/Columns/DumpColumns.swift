/// The user's choice of columns in a dump: arrays of an archive, columns of a table, or keys of a record.
public struct DumpColumns: Sendable {
    /// The columns of the predictions: names or `PREFIX*`, in the order of the classes, or the one array of an archive with all classes. If
    /// it is empty, the columns are found by their usual names.
    public var predictions: [String] = []
    /// The column of class indices or, for task binary, of 0, 1 or probabilities. If it is nil, the column is found by its usual names.
    public var label: String?
    /// The columns of soft, one-hot or multilabel labels, one a class.
    public var labels: [String] = []
    /// The column of row weights. If it is nil, all rows weigh the same, whatever columns there are.
    public var weight: String?
    /// The names that class labels have in a text, in the order of the classes. If it is nil, the names come from the prediction columns.
    public var classNames: [String]?
    /// The column of texts whose bytes are counted, or of numbers of bytes, for bits per byte in task likelihood.
    public var byteCount: String?
    /// True if the first line of a table holds names. Without names, columns are called 0, 1, 2…
    public var hasHeader = true
    /// The axis of an array that holds the classes, from 0, or from the last with −1; PyTorch's (N, C, d1, …) has 1. If it is nil, the
    /// last axis holds them. All other axes count rows, in C order, and labels have the same.
    public var classAxis: Int?
    /// True if the prediction at a place of an array's second axis is for the label one place on, as causal language models are scored:
    /// logits (sequences, places, classes) with labels (sequences, places). The last prediction of each sequence has no label, and is no
    /// row. Weights lie with their labels.
    public var shiftsLabels = false

    /// Makes a choice that leaves all columns to be found by their usual names.
    public init() {}

    /// The names that were given for labels, one or several.
    var labelNames: [String] { label.map { [$0] } ?? labels }
}
