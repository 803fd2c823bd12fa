public import Messages
public import Scoring

/// A plan by which many machines evaluate one dump: the request, the files with their identities, and the rows of each shard.
///
/// A plan is made once, from the headers of the files (of text, from a count of its rows), and handed to every worker and to the merge. A
/// worker opens the files of its shard alone and checks that they are those that were planned. The partial of a shard says which plan and
/// which rows it is of, so that a merge knows what is missing, and that a shard came twice. Equal files and requests give equal plans.
///
/// ```swift
/// let plan = try ShardPlan(options, arguments: [], cut: .shards(16))
/// for shard in plan.shards.indices {
///     let partial = try Evaluation(try plan.options(ofShard: shard, from: options)).partial
///     try PartialFile.write(partial, to: "\(shard).partial")
/// }
/// ```
///
/// The members of the JSON form are described in <doc:PlanFormat>.
public struct ShardPlan: Sendable, Equatable {
    /// The version of the form of plans.
    public static let formatVersion = 1
    /// The largest number of shards.
    public static let shardCountLimit = 1 << 20

    /// A file of the dump.
    public struct Input: Sendable, Equatable {
        /// The role of the file.
        public let role: Report.Input.Role
        /// The path as it was given, or as `relocated(_:)` made it.
        public internal(set) var path: String
        /// The content of the file, as far as it can be told without reading all of it.
        public internal(set) var content: PlannedContent
        /// The numbers of the file's rows among all rows of its role; nil if they are known only in the order of reading. Then every shard
        /// reads all files.
        public let rows: Range<Int>?
    }

    /// The part of a text file that a shard covers.
    public struct Window: Sendable, Equatable {
        /// The index of the file among the plan's inputs.
        public let input: Int
        /// The decoded bytes of the file in which the shard's records begin.
        public let bytes: Range<Int>
        /// The number of rows of the file before the shard.
        public let rowsBefore: Int
        /// The number of lines of the file before the shard.
        public let linesBefore: Int
    }

    /// A part of the rows.
    public struct Part: Sendable, Equatable {
        /// The numbers of the rows among all rows of the dump. There is at least one.
        public let rows: Range<Int>
        /// The part of a text file that holds the rows; nil if they are found by their numbers, or are those of whole files.
        public let window: Window?
    }

    /// The identity of the plan: a hash of everything but the paths of files and the warnings, which name them.
    public let id: DumpIdentity
    /// The version of xent that made the plan. Another version may compute other figures, and refuses it.
    public let version: String
    /// The loss, with numeric class weights.
    public let specification: LossSpecification
    /// The number of values a row; 1 for task binary.
    public let classCount: Int
    /// The number of rows of the dump.
    public let rowCount: Int
    /// The request in words of the caller's own, such as arguments of a command line. They hold no path, and no class weights.
    public let arguments: [String]
    /// The columns that are read, as reports list them.
    public let columns: Report.Columns
    /// The warnings about the files, which the merged report has.
    public let notices: [Notice]
    /// The files by their roles, in the order in which they are read.
    public internal(set) var inputs: [Input]
    /// The shards. Their rows follow one another, and are all rows of the dump.
    public let shards: [Part]

    /// Makes a plan of its parts.
    ///
    /// - Throws: `Fault` if the parts do not make up a plan.
    init(
        version: String = Version.current, specification: LossSpecification, classCount: Int, rowCount: Int, arguments: [String],
        columns: Report.Columns, notices: [Notice], inputs: [Input], shards: [Part]
    ) throws(Fault) {
        self.version = version
        self.specification = specification
        self.classCount = classCount
        self.rowCount = rowCount
        self.arguments = arguments
        self.columns = columns
        self.notices = notices
        self.inputs = inputs
        self.shards = shards
        id = Self.identity(
            version: version, specification: specification, classCount: classCount, rowCount: rowCount, arguments: arguments,
            columns: columns, inputs: inputs, shards: shards)
        try check()
    }

    /// The reason why something is no plan, in words.
    public struct Fault: Error, Sendable, Equatable {
        /// The problem.
        public let problem: String

        init(_ problem: String) { self.problem = problem }
    }

    /// Throws if the parts do not fit together. O(inputs + shards).
    private func check() throws(Fault) {
        guard (1...RowCountLimit.most).contains(rowCount) else { throw Fault("there cannot be \(rowCount) rows") }
        guard (1...RowCountLimit.mostValuesPerRow).contains(classCount) else { throw Fault("there cannot be \(classCount) values a row") }
        do throws(SpecificationError) { try specification.check(classCount: classCount) } catch {
            throw Fault("its loss has no meaning for \(classCount) values a row")
        }
        try checkInputs()
        guard (1...Self.shardCountLimit).contains(shards.count) else { throw Fault("there cannot be \(shards.count) shards") }
        var end = 0
        for (index, shard) in shards.enumerated() {
            guard shard.rows.lowerBound == end, !shard.rows.isEmpty else {
                throw Fault("shard \(index) has rows \(shard.rows.lowerBound)..<\(shard.rows.upperBound), and must begin at row \(end)")
            }
            end = shard.rows.upperBound
            if let window = shard.window { try check(window, shard.rows, index) }
        }
        guard end == rowCount else { throw Fault("the shards end at row \(end), and there are \(rowCount) rows") }
    }

    private func check(_ window: Window, _ rows: Range<Int>, _ index: Int) throws(Fault) {
        guard inputs.indices.contains(window.input), inputs[window.input].role == .predictions, let file = inputs[window.input].rows else {
            throw Fault("shard \(index) is of file \(window.input), which is none of predictions")
        }
        guard window.bytes.lowerBound >= 0, window.bytes.upperBound <= RowCountLimit.most, window.linesBefore >= 0,
            window.linesBefore <= RowCountLimit.most, window.rowsBefore == rows.lowerBound - file.lowerBound,
            rows.upperBound <= file.upperBound
        else { throw Fault("shard \(index) is of rows that file \(window.input) does not have") }
        guard inputs.allSatisfy({ $0.rows != nil }) else { throw Fault("shard \(index) is of a part of a text, and some files have no rows") }
    }

    private func checkInputs() throws(Fault) {
        var ends: [Report.Input.Role: Int] = [:]
        for (index, input) in inputs.enumerated() {
            guard input.role != .partial else { throw Fault("file \(index) has the role partial") }
            guard !input.path.isEmpty else { throw Fault("file \(index) has no path") }
            guard let rows = input.rows else {
                guard input.role != .predictions else { throw Fault("file \(index) has no rows, and is one of predictions") }
                continue
            }
            guard rows.lowerBound == ends[input.role] ?? 0, rows.upperBound <= rowCount else {
                throw Fault("file \(index) has rows \(rows.lowerBound)..<\(rows.upperBound), and must begin at row \(ends[input.role] ?? 0)")
            }
            ends[input.role] = rows.upperBound
        }
        guard ends[.predictions] == rowCount else { throw Fault("the predictions have other rows than the plan") }
        guard ends.values.allSatisfy({ $0 == rowCount }) else { throw Fault("files of some role have other rows than the predictions") }
    }

    /// Returns the index of the shard with exactly these rows; nil if there is none. O(log shards).
    func shard(withRows rows: Range<UInt64>) -> Int? {
        var low = 0
        var high = shards.count
        while low < high {
            let middle = (low + high) / 2
            if UInt64(shards[middle].rows.lowerBound) < rows.lowerBound { low = middle + 1 } else { high = middle }
        }
        guard low < shards.count, UInt64(shards[low].rows.lowerBound) == rows.lowerBound,
            UInt64(shards[low].rows.upperBound) == rows.upperBound
        else { return nil }
        return low
    }

    /// Finds the place of a row by its number among all rows, as the report of a single run has it; nil if the plan has no such row.
    /// O(log inputs).
    func place(ofRow row: UInt64) -> RowPlace? {
        guard let row = Int(exactly: row), let index = predictionFile(ofRow: row), let rows = inputs[index].rows else { return nil }
        return RowPlace(path: inputs[index].path, row: row - rows.lowerBound)
    }

    /// Finds the file of predictions that holds a row. Predictions stand first among the inputs.
    private func predictionFile(ofRow row: Int) -> Int? {
        var low = 0
        var high = inputs.count
        while low < high {
            let middle = (low + high) / 2
            let rows = inputs[middle].rows
            if inputs[middle].role == .predictions, let rows, rows.upperBound <= row { low = middle + 1 } else { high = middle }
        }
        guard low < inputs.count, inputs[low].role == .predictions, inputs[low].rows?.contains(row) == true else { return nil }
        return low
    }

    /// The plan with other paths, and with the same `id`.
    ///
    /// - Parameter replacements: prefixes of paths with what takes their place. A prefix ends where a name of a folder or a file does. The
    ///   longest prefix of a path counts.
    public func relocated(_ replacements: [(old: String, new: String)]) -> ShardPlan {
        var plan = self
        for index in plan.inputs.indices {
            let path = plan.inputs[index].path
            let fitting = replacements.filter { Self.isPrefix($0.old, of: path) }
            guard let longest = fitting.max(by: { $0.old.utf8.count < $1.old.utf8.count }) else { continue }
            plan.inputs[index].content = plan.inputs[index].content.withoutTag
            plan.inputs[index].path = longest.new + String(path.utf8.dropFirst(longest.old.utf8.count)).orEmpty
        }
        return plan
    }

    /// Returns true if a path begins with a prefix that ends at the end of a name.
    private static func isPrefix(_ prefix: String, of path: String) -> Bool {
        guard path.utf8.starts(with: prefix.utf8) else { return false }
        let rest = path.utf8.dropFirst(prefix.utf8.count)
        return prefix.utf8.last == UInt8(ascii: "/") || rest.isEmpty || rest.first == UInt8(ascii: "/")
    }
}

extension String? {
    /// The text, or an empty one. Bytes that are no UTF-8 are held as scalars (`FileName`), which no prefix cuts.
    fileprivate var orEmpty: String { self ?? "" }
}

/// The largest numbers of rows and of values a row.
enum RowCountLimit {
    /// So many rows can be counted from any first row.
    static let most = EvaluationOptions.firstRowLimit
    /// No row of any format has more values.
    static let mostValuesPerRow = RowLayout.valueCountLimit
}
