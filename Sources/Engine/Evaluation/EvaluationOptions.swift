package import Container
public import Formats
public import Insight
public import Messages
public import Scoring
internal import WorkStealing

/// The files to evaluate, the loss, and the settings of the run.
public struct EvaluationOptions: Sendable {
    /// The treatment of invalid rows: a label out of range, NaN, a probability outside of [0, 1].
    public enum InvalidRowPolicy: String, Sendable, Codable, CaseIterable {
        /// The first invalid row ends the evaluation with an error.
        case fail
        /// Invalid rows are left out and counted, and the places of the first ones are listed.
        case skip
    }

    /// The files of the predictions, whose rows follow one another; `-` for standard input.
    public var predictionPaths: [String]
    /// The files of the labels, whose rows follow one another. If it is empty, the labels lie beside the predictions.
    public var labelPaths: [String]
    /// The files of row weights; empty if weights lie beside the predictions, or if all rows weigh the same.
    public var weightPaths: [String] = []
    /// The files of clusters: arrays of one number a row, by which `insight` tells rows apart that are not independent of one another.
    public var clusterPaths: [String] = []
    /// The column of clusters, of the predictions' files or the labels'; nil for none.
    public var clusterColumn: String?
    /// The files of a column "group": arrays of one number a row, by which `insight` can slice.
    public var groupPaths: [String] = []
    /// The columns of the files, by their roles.
    public var columns = DumpColumns()
    /// The number of rows that there must be; nil for any number. It catches a pipe that ended early at the end of a line, which looks
    /// whole.
    public var expectedRowCount: Int?
    /// The loss.
    public var specification: LossSpecification
    /// True if class weights are N / (C · n_c), from a first pass over the labels.
    public var usesBalancedClassWeights = false
    /// The treatment of invalid rows.
    public var invalidRows = InvalidRowPolicy.fail
    /// The number of invalid rows above which the evaluation fails after all, if they are left out; nil for any number.
    public var invalidRowLimit: InvalidRowLimit?
    /// The number of workers.
    public var threadCount = ProcessorCount.available
    /// The instruction set of the kernels.
    public var instructionSet = InstructionSet.best
    /// The largest window in bytes that a zstd frame may ask a decoder to keep.
    public var maximumWindowByteCount = 128 << 20
    /// The most bytes that a record of text, or a table's line of names, may have: each is kept in memory whole.
    public var maximumRecordByteCount = 256 << 20
    /// The path of a file for the losses of all rows; nil for none.
    public var perRowPath: String?
    /// The file from which the evaluation goes on if it was interrupted; nil for none. Files must be such that can be read again, and
    /// `perRowPath` be nil.
    public var checkpoint: RunCheckpoint?

    /// The number of the first row in the whole dump, if these files are a part of one. The partial then knows its place.
    public var firstRow: Int?
    /// The part of the dump that is evaluated; nil for all of it.
    public var shard: Shard?
    /// The rows of a plan's shard, which `ShardPlan` sets; nil for files that were not planned.
    var planned: PlannedRows?
    /// The figures beside those that every report has.
    public var insight = InsightRequest()
    /// Figures of the caller's own, beside those of the report, before any row. Each worker starts from copies of these observers. Equal
    /// tags, and tags that a partial cannot hold, are an error.
    public var observers: [any RowObserver] = []
    /// Warnings about the request itself, which the report has before its own.
    public var warnings: [Message] = []
    /// The bytes of predictions, labels or weights that do not lie in files, by names that are used as paths. Errors begin with the name of
    /// the source itself.
    package var byteSources: [String: any ByteSource] = [:]
    /// Columns of the caller's own beside the predictions, which observers read by their names.
    package var companions: [CompanionColumn] = []
    /// The dump of a second model, whose rows are paired with these by their places; nil for none.
    var second: SecondDump?
    /// The requests of slices of the caller's own observers.
    var slicesOfObservers: [[Slices.Column]] = []
    /// The columns whose values the caller's own observer lists with rows.
    var columnsShownByObservers: [String] = []

    /// The largest number that a first row may have, so that the numbers of all rows after it can be counted.
    static let firstRowLimit = 1 << 62

    /// Throws an `EngineError` of category `.usage` if rows cannot be counted from `firstRow`, if a tag is malformed, or if two observers have
    /// one tag.
    func check() throws(EngineError) {
        if let firstRow, !(0...Self.firstRowLimit).contains(firstRow) {
            throw EngineError(usage: "row \(firstRow) cannot be the first of the rows", remedy: "give 0 to \(Self.firstRowLimit)")
        }
        let own: [any RowObserver] = [LossTotals(specification), InputWarnings(), InvalidRows(), TokenSums(), WordSums()]
            + TokenSpread.Unit.allCases.map { TokenSpread($0) }
        var tags = Set(own.map(\.tag)).union(InsightRequest.tags)
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

    /// The dump's columns by which rows are sliced, each once.
    var sliceKeys: [KeyColumn.Request] {
        var keys: [KeyColumn.Request] = []
        for column in (insight.slices + slicesOfObservers).joined() {
            guard case .column(let name) = column.whole else { continue }
            var request = KeyColumn.Request(name: name, intervals: column.intervals)
            if case .value(_, let text) = column { request.values = [text] }
            if let index = keys.firstIndex(where: { $0.isSameColumn(as: request) }) {
                keys[index].values += request.values
            } else {
                keys.append(request)
            }
        }
        return keys
    }

    /// The columns of the dump whose values are listed with rows, in their order.
    var shownColumns: [String] { insight.shownColumns + columnsShownByObservers }

    /// The dump's columns by which rows are put into groups, each once.
    var keys: [KeyColumn.Request] {
        let keys = sliceKeys
        guard let clusterColumn else { return keys }
        let request = KeyColumn.Request(name: clusterColumn, intervals: nil)
        return keys.contains { $0.isSameColumn(as: request) } ? keys : keys + [request]
    }

    /// Makes options for files, with defaults for everything else.
    public init(predictionPaths: [String], labelPaths: [String], specification: LossSpecification) {
        self.predictionPaths = predictionPaths
        self.labelPaths = labelPaths
        self.specification = specification
    }
}
