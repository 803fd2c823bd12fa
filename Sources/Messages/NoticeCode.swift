/// The stable name of a kind of warning, by which programs tell warnings apart. Texts may change from version to version, codes do not.
public enum NoticeCode: String, Sendable, Hashable, CaseIterable, Codable {
    // The files and their columns.

    /// A seek table contradicts the frames of its file, and was set aside.
    case seekTable = "seek-table"
    /// The last line of a text has no line feed, as where a file was cut short.
    case noFinalLineFeed = "no-final-line-feed"
    /// A stream of record batches has no mark of its end, as where it was cut short.
    case unendedStream = "unended-stream"
    /// A setting that was given has no effect.
    case unusedSetting = "unused-setting"
    /// A column that is named like weights is not used.
    case unusedWeights = "unused-weights"
    /// The numbers of the text column are taken for counts of bytes.
    case byteCounts = "byte-counts"
    /// Some shards came more than once, and count once.
    case repeatedShards = "repeated-shards"
    /// A file is named more than once with one role, and its rows count more than once.
    case repeatedFiles = "repeated-files"
    /// Files that are read one after another have numbers out of order in their names.
    case filesOutOfOrder = "files-out-of-order"
    /// A file of labels or weights has another number in its name than its predictions.
    case unlikeNumbers = "unlike-numbers"
    /// The names of a list are taken in the order of their numbers.
    case reorderedList = "reordered-list"
    /// Identifiers that two files share were not compared.
    case identifiersNotCompared = "identifiers-not-compared"
    /// Rows that could have been looked up belong to no row of the predictions.
    case unusedRows = "unused-rows"

    // The values.

    /// Logits look like probabilities.
    case logitsLikeProbabilities = "logits-like-probabilities"
    /// Rows of probabilities do not sum to 1.
    case probabilitySums = "probability-sums"
    /// The exponentials of rows of log-probabilities do not sum to 1.
    case logProbabilitySums = "log-probability-sums"
    /// Log-probabilities are so small that they may stand for values that are not known.
    case placeholders
    /// Records without tokens were left out.
    case recordsWithoutTokens = "records-without-tokens"
    /// Labels seem to count from 1.
    case labelsFromOne = "labels-from-one"
    /// All labels are equal.
    case equalLabels = "equal-labels"
    /// Labels are neither 0 nor 1, in a dialect whose library takes no others.
    case softLabels = "soft-labels"
    /// Float16 logits lie where the type ends.
    case saturatedFloat16 = "saturated-float16"
    /// Invalid rows were left out.
    case invalidRows = "invalid-rows"
    /// Rows have an infinite loss.
    case infiniteLoss = "infinite-loss"
    /// The weights of all scored rows are 0.
    case zeroWeights = "zero-weights"

    // The figures beside the mean.

    /// Clusters are too few, or have one row each, or were put into groups.
    case clusters
    /// A value that was to be a slice is that of no row.
    case slices
    /// Predictions cannot be ranked.
    case ranking
    /// A k of top-k accuracy is not below the number of classes.
    case topK = "top-k"
    /// There is no best temperature.
    case temperature
    /// The two models of a comparison may have been evaluated on different rows.
    case unpairedRows = "unpaired-rows"

    // Runs that nobody watches.

    /// The baseline of a requirement has another number of rows.
    case baselineRows = "baseline-rows"
    /// A file that was scored before is no longer there.
    case vanishedFile = "vanished-file"
    /// A line of a history or a journal is damaged, and was left out.
    case damagedRecord = "damaged-record"
    /// A checkpoint was there that the run could not go on from; the run began anew. No report has this code.
    case checkpointSetAside = "checkpoint-set-aside"
    /// A checkpoint could not be written or locked. No report has this code.
    case checkpointNotWritten = "checkpoint-not-written"

    /// A warning of no other kind.
    case other

    /// The kind of warning in a sentence, for lists of all codes.
    public var summary: String {
        switch self {
        case .seekTable: "A seek table contradicts the frames of its file, and was set aside."
        case .noFinalLineFeed: "The last line of a text has no line feed, as where a file was cut short."
        case .unendedStream: "A stream of record batches has no mark of its end, as where it was cut short."
        case .unusedSetting: "A setting that was given has no effect."
        case .unusedWeights: "A column that is named like weights is not used."
        case .byteCounts: "The numbers of the text column are taken for counts of bytes."
        case .identifiersNotCompared: "Identifiers that two files share were not compared."
        case .unusedRows: "Labels or weights that could have been looked up belong to no row of the predictions."
        case .repeatedShards: "Some shards came more than once, and count once."
        case .repeatedFiles: "A file is named more than once with one role, and its rows count more than once."
        case .filesOutOfOrder: "Files that are read one after another have numbers out of order in their names."
        case .unlikeNumbers: "A file of labels or weights has another number in its name than its predictions."
        case .reorderedList: "The names of a list are taken in the order of their numbers."
        case .logitsLikeProbabilities: "Logits look like probabilities."
        case .probabilitySums: "Rows of probabilities do not sum to 1."
        case .logProbabilitySums: "The exponentials of rows of log-probabilities do not sum to 1."
        case .placeholders: "Log-probabilities are so small that they may stand for values that are not known."
        case .recordsWithoutTokens: "Records without tokens were left out."
        case .labelsFromOne: "Labels seem to count from 1."
        case .equalLabels: "All labels are equal."
        case .softLabels: "Labels are neither 0 nor 1, in a dialect whose library takes no others."
        case .saturatedFloat16: "Float16 logits lie where the type ends."
        case .invalidRows: "Invalid rows were left out."
        case .infiniteLoss: "Rows have an infinite loss."
        case .zeroWeights: "The weights of all scored rows are 0."
        case .clusters: "Clusters are too few, have one row each, or were put into groups."
        case .slices: "A value that was to be a slice is that of no row."
        case .ranking: "Predictions cannot be ranked."
        case .topK: "A k of top-k accuracy is not below the number of classes."
        case .temperature: "There is no best temperature."
        case .unpairedRows: "The two models of a comparison may have been evaluated on different rows."
        case .baselineRows: "The baseline of a requirement has another number of rows."
        case .vanishedFile: "A file that was scored before is no longer there."
        case .damagedRecord: "A line of a history, or a record of the state of an incoming folder, is damaged, and was left out."
        case .checkpointSetAside: "A checkpoint was there that the run could not go on from, so that it began anew; told on standard error alone."
        case .checkpointNotWritten: "A checkpoint could not be written or locked; told on standard error alone."
        case .other: "A warning of no other kind."
        }
    }
}

/// A warning with its code, as reports list them for programs.
public struct Notice: Sendable, Hashable, Codable {
    /// The kind of warning.
    public let code: NoticeCode
    /// The warning as a sentence.
    public let text: Message

    /// Makes the notice of a warning. A warning without a code has the code `other`.
    public init(_ warning: Message) {
        code = warning.code ?? .other
        text = warning
    }
}
