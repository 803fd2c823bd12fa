package import Messages

/// The user's choice of columns in a dump: arrays of an archive, columns of a table, or keys of a record.
public struct DumpColumns: Sendable {
    /// The columns of the predictions: names or `PREFIX*`, in the order of the classes, or the one array of an archive with all classes. If
    /// it is empty, the columns are found by their usual names.
    public var predictions: [String] = []
    /// The path to the names of a record's values, such as `scores.*.label` beside `scores.*.score`: each value belongs to the class of its
    /// name, in whatever order a record has them. The classes are `classNames`, or else the names of the first record: in the order of the
    /// numbers that all of them end with, or sorted. Labels must be names where their order is not given by either. If it is nil, values
    /// belong to classes by their places, and names beside them that change place are an error.
    public var predictionClasses: String?
    /// The column of class indices or, for task binary, of 0, 1 or probabilities. If it is nil, the column is found by its usual names.
    public var label: String?
    /// The columns of soft, one-hot or multilabel labels, one a class.
    public var labels: [String] = []
    /// The column of row weights. If it is nil, all rows weigh the same, whatever columns there are.
    public var weight: String?
    /// The column by whose values the rows of the predictions are compared with those of labels and weights in files of their own. If it is
    /// nil, all columns that the files share and that have no role are compared. The first row that differs is an error.
    public var identifier: String?
    /// The column by whose values labels in files of their own are looked up, in any order; nil if rows belong together by their places.
    public var join: String?
    /// The columns by whose values rows are put into groups, for slices and clusters. They are no predictions, whatever their names.
    public var keys: [String] = []
    /// The names that class labels have in a text, in the order of the classes. If it is nil, the names come from the prediction columns.
    public var classNames: [String]?
    /// The name of the class that is label 1 in task binary, where labels are text. Without `classNames` the other class is the other name
    /// among the first labels. Of two columns of probabilities, that of this class is taken.
    public var positiveClass: String?
    /// The column of texts whose bytes and words are counted, or of numbers of bytes, for the figures per byte and per word of task
    /// likelihood.
    public var byteCount: String?
    /// The columns of counts, for the figures per token, per byte and per word of task likelihood.
    public var counts = Counts()
    /// The roles of the files in which the first line of a table is data. Their columns are called 0, 1, 2… In the files of other roles the
    /// first line holds names, unless it cannot be one of names: numbers with many digits, or, in labels and weights of one column, a
    /// number.
    public var headerlessRoles: Set<RecordFormats.Options.Role> = []
    /// True if the first line of a table holds names, whatever the file's role. Setting it changes `headerlessRoles`.
    public var hasHeader: Bool {
        get { headerlessRoles.isEmpty }
        set { headerlessRoles = newValue ? [] : [.predictions, .labels, .weights] }
    }

    /// The path to the array of records in files that are one JSON document: `results`. Nil if the document is the array itself.
    public var recordPath: String?

    /// True if the records of a text may have fewer predictions than others, as questions with three to five choices have. The classes that
    /// a record lacks are impossible: logits of −∞, or probabilities of 0. The number of classes is the largest of all records, for which
    /// the text is read once more.
    public var isRagged = false

    /// The axis of an array that holds the classes, from 0, or from the last with −1; PyTorch's (N, C, d1, …) has 1. If it is nil, the
    /// last axis holds them. All other axes count rows, in C order, and labels have the same.
    public var classAxis: Int?
    /// True if the prediction at a place of an array's second axis is for the label one place on, as causal language models are scored:
    /// logits (sequences, places, classes) with labels (sequences, places). The last prediction of each sequence has no label, and is no
    /// row. Weights lie with their labels.
    public var shiftsLabels = false

    /// Makes a choice that leaves all columns to be found by their usual names.
    public init() {}

    /// The columns of the numbers of tokens, bytes and words that records hold. Each is nil if it is not read.
    public struct Counts: Sendable {
        /// The column of the numbers of tokens, in the place of the number of log-probabilities that are added up.
        public var tokens: String?
        /// The column of the numbers of bytes. It excludes `DumpColumns.byteCount`.
        public var bytes: String?
        /// The column of the numbers of words, in the place of those of the texts of `DumpColumns.byteCount`.
        public var words: String?

        /// Makes a choice of no columns.
        public init() {}

        /// The names that were given, in the order in which reports have them.
        package var names: [(setting: Setting, name: String)] {
            [(.tokensColumn, tokens), (.bytesColumn, bytes), (.wordsColumn, words)].compactMap { setting, name in
                name.map { (setting, $0) }
            }
        }
    }

    /// The statements about the files with a role that are text.
    ///
    /// - Parameter recordByteCountLimit: the most bytes of a record, which is kept in memory whole.
    package func recordOptions(_ role: RecordFormats.Options.Role, recordByteCountLimit: Int) -> RecordFormats.Options {
        var options = RecordFormats.Options()
        options.hasHeader = !headerlessRoles.contains(role)
        options.recordPath = recordPath
        options.role = role
        options.recordByteCountLimit = recordByteCountLimit
        return options
    }

    /// The names that were given for labels, one or several.
    package var labelNames: [String] { label.map { [$0] } ?? labels }
}
