/// A setting that a message tells its reader to look at or to change.
///
/// Those who word a message give the setting the name by which its reader knows it: `swiftName`, or the name of an option.
public enum Setting: Sendable, Hashable, CaseIterable {
    // The files and their columns.

    /// The files of labels.
    case labels
    /// The files of row weights.
    case weights
    /// The columns of the predictions.
    case predictionColumns
    /// The one column of labels.
    case labelColumn
    /// The columns of labels, one a class.
    case labelColumns
    /// The column of row weights.
    case weightColumn
    /// The path to the names by which values of a record have their classes.
    case predictionClasses
    /// The column of texts, whose bytes and words are counted.
    case textColumn
    /// The column of numbers of tokens.
    case tokensColumn
    /// The column of numbers of bytes.
    case bytesColumn
    /// The column of numbers of words.
    case wordsColumn
    /// The names that stand for class indices where labels are text.
    case classNames
    /// The name of the class that is label 1.
    case positiveClass
    /// The column by which rows of several files are compared.
    case identifierColumn
    /// The column by which labels are looked up.
    case joinColumn
    /// The choice that the first line of a table is data, in all files.
    case noHeader
    /// The roles of the files in which the first line of a table is data.
    case headerlessRoles

    /// The path to the array of records in a JSON document.
    case recordPath
    /// The choice that records may lack predictions.
    case ragged
    /// The axis of an array that holds the classes.
    case classAxis
    /// The choice that a prediction is for the label one place on.
    case shiftLabels

    // The loss.

    /// The kind of prediction.
    case task
    /// The kind of the predicted values.
    case input
    /// The measure of soft labels.
    case divergence
    /// The weights of the classes.
    case classWeights
    /// The choice of class weights that are counted from the labels.
    case balancedClassWeights
    /// The weights of label 1.
    case positiveWeights
    /// The amount of label smoothing.
    case labelSmoothing
    /// The label whose rows are left out.
    case ignoreIndex
    /// The bound to which probabilities are clipped.
    case clip
    /// The choice that the probabilities of a row are divided by their sum.
    case renormalizes
    /// The exponent of the focal factor.
    case focalGamma
    /// The balance of the classes in a focal loss.
    case focalAlpha

    // The figures beside the mean.

    /// The kind of calibration.
    case calibration
    /// The numbers of intervals of confidences.
    case calibrationBins
    /// The choice of the Brier score.
    case brier
    /// The choice of the entropy of predictions.
    case sharpness
    /// The k of top-k accuracies.
    case topK
    /// The orders of quantiles of the loss.
    case quantiles
    /// The number of the worst rows.
    case worst
    /// The choice of the figures of ranking.
    case ranking
    /// The columns by which rows are put into slices.
    case slice
    /// The way to find the interval of the mean.
    case interval
    /// The files of clusters.
    case clusters
    /// The column of clusters.
    case clusterColumn
    /// The files of a column of slices.
    case groups
    /// The columns whose values are listed with the worst rows.
    case shownColumn
    /// The number by which logits are divided before they are scored.
    case temperature
    /// The temperatures at which the mean is asked for.
    case temperatureSweep
    /// The choice of the temperature of the least mean.
    case fitTemperature

    // The run.

    /// The treatment of invalid rows.
    case invalidRows
    /// The number of invalid rows above which a run fails.
    case invalidRowLimit
    /// The file of the losses of all rows.
    case perRow
    /// The largest window that a zstd frame may ask for.
    case maximumWindow
    /// The choice to read objects whose versions cannot be told apart, or seem to differ.
    case unpinned
    /// The largest record of a text.
    case maximumRecord
    /// The size of the frames that are written.
    case frameSize
    /// The number of times that equal shards count.
    case sameShard
    /// The number of the first row in the whole dump.
    case firstRow
    /// The part of the dump that is evaluated.
    case shard
    /// The mergeable state that an evaluation leaves.
    case partial
    /// The folder of the states of incoming files.
    case stateFolder
    /// The rule by which an incoming file is taken for whole.
    case settle
    /// The file from which an interrupted evaluation goes on.
    case checkpoint

    /// The property or the parameter of the library that holds the setting.
    public var swiftName: String {
        switch self {
        case .labels: "EvaluationOptions.labelPaths"
        case .weights: "EvaluationOptions.weightPaths"
        case .predictionColumns: "DumpColumns.predictions"
        case .labelColumn: "DumpColumns.label"
        case .labelColumns: "DumpColumns.labels"
        case .weightColumn: "DumpColumns.weight"
        case .predictionClasses: "DumpColumns.predictionClasses"
        case .textColumn: "DumpColumns.byteCount"
        case .tokensColumn: "DumpColumns.counts.tokens"
        case .bytesColumn: "DumpColumns.counts.bytes"
        case .wordsColumn: "DumpColumns.counts.words"
        case .classNames: "DumpColumns.classNames"
        case .positiveClass: "DumpColumns.positiveClass"
        case .identifierColumn: "DumpColumns.identifier"
        case .joinColumn: "DumpColumns.join"
        case .noHeader: "DumpColumns.hasHeader = false"
        case .headerlessRoles: "DumpColumns.headerlessRoles"
        case .recordPath: "DumpColumns.recordPath"
        case .ragged: "DumpColumns.isRagged"
        case .classAxis: "DumpColumns.classAxis"
        case .shiftLabels: "DumpColumns.shiftsLabels"
        case .task: "LossSpecification.task"
        case .input: "LossSpecification.input"
        case .divergence: "LossModifiers.divergence"
        case .classWeights: "LossModifiers.classWeights"
        case .balancedClassWeights: "EvaluationOptions.usesBalancedClassWeights"
        case .positiveWeights: "LossModifiers.positiveWeights"
        case .labelSmoothing: "LossModifiers.labelSmoothing"
        case .ignoreIndex: "LossModifiers.ignoreIndex"
        case .clip: "LossModifiers.clip"
        case .renormalizes: "LossModifiers.renormalizes"
        case .focalGamma: "LossModifiers.focalGamma"
        case .focalAlpha: "LossModifiers.focalAlpha"
        case .calibration: "InsightRequest.calibration"
        case .calibrationBins: "InsightRequest.binCounts"
        case .brier: "InsightRequest.measuresBrier"
        case .sharpness: "InsightRequest.measuresSharpness"
        case .topK: "InsightRequest.topKs"
        case .quantiles: "InsightRequest.quantiles"
        case .worst: "InsightRequest.worstCount"
        case .ranking: "InsightRequest.measuresRanking"
        case .slice: "InsightRequest.slices"
        case .interval: "InsightRequest.interval"
        case .clusters: "EvaluationOptions.clusterPaths"
        case .clusterColumn: "EvaluationOptions.clusterColumn"
        case .groups: "EvaluationOptions.groupPaths"
        case .shownColumn: "InsightRequest.shownColumns"
        case .temperature: "LossModifiers.temperature"
        case .temperatureSweep: "InsightRequest.temperatures"
        case .fitTemperature: "InsightRequest.fitsTemperature"
        case .invalidRows: "EvaluationOptions.invalidRows"
        case .invalidRowLimit: "EvaluationOptions.invalidRowLimit"
        case .perRow: "EvaluationOptions.perRowPath"
        case .maximumWindow: "maximumWindowByteCount"
        case .unpinned: "ObjectStoreSettings.isUnpinned"
        case .maximumRecord: "maximumRecordByteCount"
        case .frameSize: "PackingOptions.frameByteCount"
        case .sameShard: "sameShard"
        case .firstRow: "EvaluationOptions.firstRow"
        case .shard: "EvaluationOptions.shard"
        case .partial: "PartialFile.write"
        case .stateFolder: "IncomingEvaluation.init(folder:)"
        case .settle: "IncomingEvaluation.init(settled:)"
        case .checkpoint: "EvaluationOptions.checkpoint"
        }
    }
}

extension Setting {
    /// A value that a message gives a setting.
    public struct Value: Sendable, Hashable {
        /// The value as Swift code has it, such as `.logProbabilities`.
        public let swiftText: String
        /// The value without a programming language, such as `log-probabilities`.
        public let text: String

        /// Makes a value that is written in two ways.
        public init(swiftText: String, text: String) {
            self.swiftText = swiftText
            self.text = text
        }

        /// Makes a value that is written in one way: a number, or a name.
        public static func text(_ text: String) -> Value { Value(swiftText: text, text: text) }

        /// The value of `task` for one-hot and soft labels.
        public static let soft = Value(swiftText: ".soft", text: "soft")
        /// The value of `invalidRows` that leaves them out.
        public static let skip = Value(swiftText: ".skip", text: "skip")
        /// The value of `input` for logits.
        public static let logits = Value(swiftText: ".logits", text: "logits")
        /// The value of `input` for probabilities.
        public static let probabilities = Value(swiftText: ".probabilities", text: "probabilities")
        /// The value of `input` for logarithms of probabilities.
        public static let logProbabilities = Value(swiftText: ".logProbabilities", text: "log-probabilities")
        /// The value of `divergence` for that of Kullback and Leibler.
        public static let kullbackLeibler = Value(swiftText: ".kullbackLeibler", text: "kl")
        /// The value of `sameShard` by which equal shards count once.
        public static let once = Value(swiftText: ".once", text: "once")
        /// The value of `sameShard` by which each of several equal shards counts.
        public static let each = Value(swiftText: ".each", text: "each")
    }
}
