internal import Formats
internal import Insight
internal import Messages
internal import Scoring
public import WorkStealing

extension ShardPlan {
    /// The number of shards of a plan.
    public enum Cut: Sendable, Equatable {
        /// So many shards, or one a row if there are fewer rows.
        case shards(Int)
        /// As many shards as make about this number of stored bytes of predictions each.
        case byteCount(Int)
    }

    /// Makes a plan: opens all files, counts the rows of text and, for balanced class weights, the labels.
    ///
    /// Rows that have numbers, as those of arrays and of columnar files, are cut evenly. Text is cut at records, within one file; where there
    /// are more files than shards, or where text cannot be read from the middle, shards are whole files. The cut depends on the files alone.
    ///
    /// - Parameters:
    ///   - options: the request. Standard input, a shard, a first row, losses of single rows, a checkpoint, looked up labels and observers of
    ///     the caller's own are refused.
    ///   - arguments: the request in words of the caller's own, which the plan holds.
    ///   - cut: the number of shards.
    ///   - progress: the meter of the bytes of text that are counted.
    ///   - cancellation: ends the planning when it is set.
    /// - Throws: `EngineError`.
    public init(
        _ options: EvaluationOptions, arguments: [String], cut: Cut, progress: ProgressMeter = ProgressMeter(),
        cancellation: Cancellation = Cancellation()
    ) throws(EngineError) {
        try Self.refuseUnplannable(options, cut)
        let control = RunControl(progress: progress, cancellation: cancellation)
        var identities: [(role: Report.Input.Role, path: String, identity: InputIdentity)] = []
        for (role, path) in options.files {
            if cancellation.isCancelled { throw .cancelled }
            identities.append((role, path, try InputIdentity(path: path)))
        }
        let planning = try ReadingMode.attempt { mode throws(EngineError) in
            try ShardPlanning(try EvaluationPlan(options, mode, control), options, mode, control)
        }
        let total = identities.reduce(UInt64(0)) { $0 + ($1.role == .predictions ? $1.identity.byteCount : 0) }
        let count: Int
        switch cut {
        case .shards(let shards): count = shards
        case .byteCount(let size):
            let size = UInt64(clamping: size)
            count = max(1, Int(clamping: total / size + (total % size == 0 ? 0 : 1)))
            guard count <= Self.shardCountLimit else {
                throw EngineError(usage: "shards of \(size) bytes would be \(count)", remedy: "there are \(Self.shardCountLimit) at most")
            }
        }
        let storedByteCounts = identities.filter { $0.role == .predictions }.map { Int(clamping: $0.identity.byteCount) }
        let (shards, fileRows, warnings) = try planning.cut(count, storedByteCounts: storedByteCounts)
        let plan = planning.plan
        let rowCount = shards.last?.rows.upperBound ?? 0
        if let expected = options.expectedRowCount, expected != rowCount {
            throw EngineError(expected: expected, rowCount: rowCount, path: options.predictionPaths[options.predictionPaths.count - 1])
        }
        var inputs: [Input] = []
        var numbers: [Report.Input.Role: Int] = [:]
        for (role, path, identity) in identities {
            if let difference = try InputIdentity(path: path).difference(from: identity) {
                throw EngineError(
                    .data, path: path, "it changed while it was planned: it \(difference)", remedy: "plan it when nobody writes to it")
            }
            let number = numbers[role] ?? 0
            numbers[role] = number + 1
            inputs.append(Input(role: role, path: path, content: PlannedContent(identity), rows: fileRows[role].map { $0[number] }))
        }
        do throws(Fault) {
            try self.init(
                specification: plan.specification, classCount: plan.classCount, rowCount: rowCount, arguments: arguments,
                columns: plan.columnNames, notices: (plan.warnings + warnings).map { Notice($0) }, inputs: inputs, shards: shards)
        } catch {
            throw EngineError(.data, path: options.predictionPaths.first, "it cannot be planned: \(error.problem)")
        }
    }

    private static func refuseUnplannable(_ options: EvaluationOptions, _ cut: Cut) throws(EngineError) {
        func refuse(_ what: Message, _ why: String) -> EngineError {
            EngineError(usage: "\(what) cannot be planned: \(why)", remedy: "leave it out")
        }
        if options.shard != nil { throw refuse("\(setting: .shard)", "a plan has shards of its own") }
        if options.firstRow != nil { throw refuse("\(setting: .firstRow)", "a plan numbers the rows itself, from 0") }
        if options.perRowPath != nil { throw refuse("\(setting: .perRow)", "each worker writes the losses of its own shard") }
        if options.checkpoint != nil { throw refuse("\(setting: .checkpoint)", "each worker has its own") }
        if options.columns.join != nil {
            throw EngineError(
                usage: "\(setting: .joinColumn) cannot be planned: which labels belong to a shard is known only when all are looked up",
                remedy: "give labels in the order of the predictions")
        }
        if !options.observers.isEmpty || !options.companions.isEmpty || !options.byteSources.isEmpty {
            throw EngineError(usage: "a plan is of files and of figures that have names", remedy: "evaluate in one process")
        }
        if options.files.contains(where: { $0.path == "-" }) {
            throw EngineError(usage: "standard input cannot be planned: no worker can read it again", remedy: "write it to a file first")
        }
        let number = switch cut {
        case .shards(let count): count
        case .byteCount(let count): count
        }
        guard number > 0 else { throw EngineError(usage: "there cannot be \(number) shards or bytes a shard", remedy: "give at least 1") }
        if case .shards(let count) = cut, count > shardCountLimit {
            throw EngineError(usage: "there cannot be \(count) shards", remedy: "there are \(shardCountLimit) at most")
        }
    }
}

/// The work of making a plan, once the files are open.
struct ShardPlanning {
    let plan: EvaluationPlan
    private let options: EvaluationOptions
    private let mode: ReadingMode
    private let control: RunControl

    /// Checks that the figures that are asked for exist.
    init(_ plan: EvaluationPlan, _ options: EvaluationOptions, _ mode: ReadingMode, _ control: RunControl) throws(EngineError) {
        self.plan = plan
        self.options = options
        self.mode = mode
        self.control = control
        _ = try RowScorer.Settings(
            plan.specification, classCount: plan.classCount, plan.companions, options, shownColumns: plan.shownColumns, perRow: nil,
            perRowOffset: 0, control)
    }

    /// The rows of each file, by roles; a role is absent if the rows of its files are not known.
    typealias FileRows = [Report.Input.Role: [Range<Int>]]

    /// Cuts the rows.
    ///
    /// - Parameters:
    ///   - count: the number of shards that is wished for.
    ///   - storedByteCounts: the sizes of the files of predictions.
    func cut(
        _ count: Int, storedByteCounts: [Int]
    ) throws(EngineError) -> (shards: [ShardPlan.Part], rows: FileRows, warnings: [Message]) {
        var warnings: [Message] = []
        let shards: [ShardPlan.Part]
        let predictions: [Range<Int>]
        if let text = plan.source as? RecordRowSource {
            (shards, predictions) = try cutText(text, count, storedByteCounts, &warnings)
        } else {
            guard let counts = Self.rowCounts(of: plan), let total = plan.source.rowCount else {
                throw EngineError(
                    .usage, path: plan.source.path, "its rows have to be counted before they can be planned", remedy: "pack it first")
            }
            predictions = Self.ranges(counts)
            let number = min(count, total)
            shards = try (0..<number).map { index throws(EngineError) in
                ShardPlan.Part(rows: try Shard(index: index, count: number).range(of: total), window: nil)
            }
        }
        return (shards, try fileRows(predictions, &warnings), warnings)
    }

    /// The rows of the files of each role.
    private func fileRows(_ predictions: [Range<Int>], _ warnings: inout [Message]) throws(EngineError) -> FileRows {
        var rows: FileRows = [.predictions: predictions]
        for (role, paths) in options.filesByRole where role != .predictions && !paths.isEmpty {
            var own = column(of: role)?.rows.flatMap { Self.rowCounts(of: $0) }
            if let text = column(of: role)?.rows as? RecordRowSource {
                let all = try counted(text.files.indices.map { Stretch(file: $0, bytes: nil) }, text, &warnings)
                own = all.map(\.counted.rows)
            }
            if let own, own.reduce(0, +) != predictions.last?.upperBound {
                throw EngineError(
                    .data, path: paths[paths.count - 1],
                    "\(String.counted(own.reduce(0, +), "row")) of \(role.rawValue) for \(predictions.last?.upperBound ?? 0) rows of predictions",
                    remedy: "give the \(role.rawValue) of the same rows")
            }
            if let own, own.count == paths.count, own == predictions.map(\.count) || !hasColumnsOfRoles {
                rows[role] = Self.ranges(own)
            } else if paths.count == predictions.count {
                // Each shard checks it.
                rows[role] = predictions
            }
        }
        return rows
    }

    /// The column of a role with files of its own.
    private func column(of role: Report.Input.Role) -> CompanionColumn? {
        let name: String
        switch role {
        case .labels: name = CompanionColumn.labels
        case .weights: name = CompanionColumn.weights
        case .clusters: name = Clusters.column
        case .groups: name = EvaluationPlan.groupColumn
        case .predictions, .partial: return nil
        }
        return plan.companions.first { $0.name == name }
    }

    /// True if columns beside the labels or weights are read, whose rows would have to be cut like theirs.
    private var hasColumnsOfRoles: Bool {
        !options.keys.isEmpty || !options.shownColumns.isEmpty || !plan.columnNames.identifiers.isEmpty
    }

    /// The numbers of rows of the files of the predictions.
    private static func rowCounts(of plan: EvaluationPlan) -> [Int]? {
        plan.arrays.map { $0.files.map(\.rowCount) } ?? rowCounts(of: plan.source)
    }

    /// The numbers of rows of a source's files; nil if only reading tells.
    private static func rowCounts(of source: any RowSource) -> [Int]? {
        if let arrays = source as? any RowSourceOfArrays { return arrays.arrays.files.map(\.rowCount) }
        return (source as? ColumnarRowSource)?.files.map(\.rowCount)
    }

    /// The ranges that follow one another with these lengths.
    private static func ranges(_ counts: [Int]) -> [Range<Int>] {
        var end = 0
        return counts.map { count in
            defer { end += count }
            return end..<end + count
        }
    }

    // MARK: Text

    /// A stretch of text whose rows are counted: a file, or a part of one.
    private struct Stretch {
        let file: Int
        let bytes: Range<Int>?
        var counted: (rows: Int, lines: Int) = (0, 0)
    }

    /// Cuts text into whole files, or files into parts.
    private func cutText(
        _ text: RecordRowSource, _ count: Int, _ byteCounts: [Int], _ warnings: inout [Message]
    ) throws(EngineError) -> (shards: [ShardPlan.Part], files: [Range<Int>]) {
        // A part of a file needs what lies beside it to be read by number.
        let besideIsCut = plan.companions.allSatisfy { $0.rows == nil || $0.rows?.makeRandomReader != nil } && !hasColumnsBesideText
        var pieces = Self.pieces(byteCounts, count)
        for index in text.files.indices where pieces[index] > 1 {
            let file = text.files[index]
            guard besideIsCut else {
                throw refuseCut(file, "text with labels or weights in text files of their own cannot be cut", count, of: text)
            }
            guard mode.cutsText else { throw refuseCut(file, "a quoted field holds a line feed, so the text cannot be cut", count, of: text) }
            guard RecordWindow.decodedBytes(of: file) != nil else {
                throw refuseCut(file, "text that can only be read from its beginning cannot be cut", count, of: text)
            }
            // No record is shorter than a byte and its line feed.
            pieces[index] = min(pieces[index], max(1, (RecordWindow.decodedBytes(of: file)?.count ?? 0) / 2))
        }
        var stretches: [Stretch] = []
        for (index, number) in pieces.enumerated() {
            if number == 1 { stretches.append(Stretch(file: index, bytes: nil)) }
            guard number > 1, let bytes = RecordWindow.decodedBytes(of: text.files[index]) else { continue }
            for piece in 0..<number {
                let range = try Shard(index: piece, count: number).range(of: bytes.count)
                stretches.append(Stretch(file: index, bytes: bytes.lowerBound + range.lowerBound..<bytes.lowerBound + range.upperBound))
            }
        }
        stretches = try counted(stretches, text, &warnings)
        var fileCounts = [Int](repeating: 0, count: text.files.count)
        for stretch in stretches { fileCounts[stretch.file] += stretch.counted.rows }
        let files = Self.ranges(fileCounts)
        guard let total = files.last?.upperBound, total > 0 else {
            throw EngineError(.data, path: text.path, "it has no rows", remedy: "there is nothing to plan")
        }
        return (pieces.contains { $0 > 1 } ? Self.parts(stretches, files) : Self.wholeFiles(files, byteCounts, count), files)
    }

    /// True if columns beside labels or weights, in files of their own, are read with text.
    private var hasColumnsBesideText: Bool {
        (!options.labelPaths.isEmpty || !options.weightPaths.isEmpty) && hasColumnsOfRoles
    }

    private func refuseCut(_ file: RecordFile, _ why: String, _ count: Int, of text: RecordRowSource) -> EngineError {
        EngineError(
            .usage, path: file.path, "\(why) into \(count) shards",
            remedy: text.files.count > 1
                ? "ask for \(text.files.count) shards at most, which are whole files, or pack it first" : "pack it first, or plan one shard")
    }

    /// The number of parts of each file: 1 for all where there are as many files as shards, else in proportion to the sizes.
    private static func pieces(_ byteCounts: [Int], _ count: Int) -> [Int] {
        var pieces = [Int](repeating: 1, count: byteCounts.count)
        guard count > byteCounts.count else { return pieces }
        // The file whose parts are largest is cut once more; the first of equal ones. O(shards · files), with fewer files than shards.
        for _ in byteCounts.count..<count {
            var largest = 0
            for index in pieces.indices.dropFirst() {
                let left = byteCounts[index].multipliedFullWidth(by: pieces[largest])
                let right = byteCounts[largest].multipliedFullWidth(by: pieces[index])
                if (left.high, left.low) > (right.high, right.low) { largest = index }
            }
            pieces[largest] += 1
        }
        return pieces
    }

    /// Shards of parts of files, or of single whole files. A part without rows is none.
    private static func parts(_ stretches: [Stretch], _ files: [Range<Int>]) -> [ShardPlan.Part] {
        var parts: [ShardPlan.Part] = []
        var before = (file: -1, rows: 0, lines: 0)
        for stretch in stretches {
            if stretch.file != before.file { before = (stretch.file, 0, 0) }
            let first = files[stretch.file].lowerBound + before.rows
            if stretch.counted.rows > 0 {
                let window = stretch.bytes.map {
                    ShardPlan.Window(input: stretch.file, bytes: $0, rowsBefore: before.rows, linesBefore: before.lines)
                }
                parts.append(ShardPlan.Part(rows: first..<first + stretch.counted.rows, window: window))
            }
            before.rows += stretch.counted.rows
            before.lines += stretch.counted.lines
        }
        return parts
    }

    /// Shards of neighbouring whole files with about the same number of bytes.
    private static func wholeFiles(_ files: [Range<Int>], _ byteCounts: [Int], _ count: Int) -> [ShardPlan.Part] {
        let total = max(1, byteCounts.reduce(0, +))
        var parts: [ShardPlan.Part] = []
        var (start, done, filesLeft) = (0, 0, files.count)
        for (file, byteCount) in zip(files, byteCounts) {
            done += byteCount
            filesLeft -= 1
            // A shard ends where its share of all bytes does, and where as many files are left as shards.
            let share = total.multipliedFullWidth(by: parts.count + 1)
            let reached = done >= count.dividingFullWidth(share).quotient || filesLeft <= count - parts.count - 1
            guard file.upperBound > start, reached, parts.count < count - 1 || filesLeft == 0 else { continue }
            parts.append(ShardPlan.Part(rows: start..<file.upperBound, window: nil))
            start = file.upperBound
        }
        if let last = files.last?.upperBound, last > start {
            parts.append(ShardPlan.Part(rows: start..<last, window: nil))
        }
        return parts
    }

    /// Counts the rows and lines of stretches of text, on all workers.
    private func counted(
        _ stretches: [Stretch], _ text: RecordRowSource, _ warnings: inout [Message]
    ) throws(EngineError) -> [Stretch] {
        let workers: [StretchCounts]
        do throws(RunError<EngineError>) {
            workers = try WorkStealingPool(workerCount: options.threadCount).run(
                unitCount: stretches.count, cancellation: control.cancellation, makeWorker: { _ throws(EngineError) in StretchCounts() },
                body: { index, worker throws(EngineError) in
                    let stretch = stretches[index]
                    let worker = worker
                    worker.counts[index] = try Self.count(text.only(stretch.file, stretch.bytes), control)
                }
            ).workers
        } catch {
            switch error {
            case .unit(let unit): throw unit.underlying
            case .cancelled: throw .cancelled
            }
        }
        var counted = stretches
        var found: [Int: [Message]] = [:]
        for worker in workers {
            for (index, count) in worker.counts {
                counted[index].counted = (count.rows, count.lines)
                found[index] = count.warnings
            }
        }
        for index in stretches.indices { warnings += found[index] ?? [] }
        return counted
    }

    /// The counts that a worker made, by the indices of the stretches.
    private final class StretchCounts {
        var counts: [Int: (rows: Int, lines: Int, warnings: [Message])] = [:]
    }

    /// Counts the rows of a text without parsing them.
    private static func count(
        _ text: RecordRowSource, _ control: RunControl
    ) throws(EngineError) -> (rows: Int, lines: Int, warnings: [Message]) {
        var feed = try text.makeFeed(control.ofOneRun)
        var numbering = try text.makeNumbering()
        let reader = text.makeReader(control)
        let chunk = text.makePiece()
        while try feed.next(into: chunk) {
            try control.checkCancellation()
            try reader.prepare(chunk)
            _ = try numbering.number(chunk)
        }
        return (numbering.rowCount, numbering.lineCount, numbering.warnings)
    }
}
