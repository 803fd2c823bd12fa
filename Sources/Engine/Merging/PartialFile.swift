public import Insight
internal import Messages
internal import Outputs
public import Scoring
public import WorkStealing

/// The reading, the writing and the merging of partials as files.
public enum PartialFile {
    /// The largest size of a partial in bytes. A shard's partial takes less than 10 KB.
    static let byteCountLimit = 1 << 30

    /// Writes a partial to a file, whole or not at all.
    ///
    /// - Throws: `EngineError` of category `.inputOutput`.
    public static func write(_ partial: Partial, to path: String) throws(EngineError) {
        try EngineError.ofOutput { () throws(OutputError) in try OutputFile.write(partial.encoded(), to: path) }
    }

    /// Reads a file that `write(_:to:)` made.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - catalog: the observers whose figures are decoded. The figures of others are carried along as bytes.
    ///   - cancellation: ends the wait for a pipe.
    /// - Throws: `EngineError` if the file cannot be read, or is no partial.
    public static func read(
        _ path: String, catalog: ObserverCatalog = .engine, cancellation: Cancellation = Cancellation()
    ) throws(EngineError) -> Partial {
        try readCounted(path, catalog, cancellation).partial
    }

    static func readCounted(
        _ path: String, _ catalog: ObserverCatalog, _ cancellation: Cancellation
    ) throws(EngineError) -> (partial: Partial, byteCount: Int) {
        let bytes = try FileContents.read(path, byteCountLimit: byteCountLimit, beginning: Partial.magic, cancellation)
        do throws(PartialError) {
            return (try Partial(decoding: bytes, catalog: catalog), bytes.count)
        } catch {
            throw EngineError(error, path: path)
        }
    }

    /// Merges partials of disjoint shards into one report and one partial. The result does not depend on the order of the paths.
    /// O(n log n) in the number of shards.
    ///
    /// - Parameters:
    ///   - paths: the partials.
    ///   - sameShard: the treatment of equal shards without a place: they count once, with a warning, or each time.
    ///   - expectedRowCount: the number of rows that all shards together must have.
    ///   - insight: the confidence and the kind of intervals. The figures are those that the partials hold.
    ///   - catalog: the observers whose figures are decoded.
    ///   - cancellation: ends the merge when it is set.
    /// - Throws: `EngineError`. Without `sameShard`, two equal shards without a place are an error whose remedy names it.
    public static func merge(
        _ paths: [String], sameShard: SameShard? = nil, expectedRowCount: Int? = nil, insight: InsightRequest = InsightRequest(),
        catalog: ObserverCatalog = .engine, cancellation: Cancellation = Cancellation()
    ) throws(EngineError) -> (report: Report, partial: Partial) {
        guard !paths.isEmpty else { throw EngineError(.usage, "no partials are named", remedy: "name at least one") }
        var partials: [Partial] = []
        var inputs: [Report.Input] = []
        var firstInvalid: [InvalidRow] = []
        for path in paths {
            if cancellation.isCancelled { throw .cancelled }
            let (partial, byteCount) = try readCounted(path, catalog, cancellation)
            partials.append(partial)
            inputs.append(
                Report.Input(role: .partial, path: FileName.shown(path), bytes: byteCount, format: "partial", compression: nil, frames: nil))
            // A partial does not know the files that its rows came from, so the rows get the partial's path.
            let rows = try wrapped(path) { () throws(PartialError) in try partial.total(InvalidRows.self) }?.first ?? []
            firstInvalid += rows.map { InvalidRow(path: path, row: $0.row, line: $0.line, problem: $0.problem, order: $0.order) }
        }
        let merge: PartialMerge
        do throws(PartialError) { merge = try Partial.merging(partials, sameShard: sameShard) } catch {
            throw EngineError(error, paths: paths)
        }
        let merged = merge.partial
        let observers = try wrapped(nil) { () throws(PartialError) in try merged.totals }
        try checkRowCount(merged, expectedRowCount)
        if let problem = observers.insightProblem { throw EngineError(.data, problem.problem, remedy: problem.remedy) }
        try checkGroups(observers, insight)
        var warnings: [Message] = []
        let repeating = merge.repeatedCounts.indices.filter { merge.repeatedCounts[$0] > 0 }
        if let first = repeating.first {
            let count = merge.repeatedCounts.reduce(0, +)
            let others = repeating.count > 1 ? " and \(repeating.count - 1) more" : ""
            warnings.append(
                Message(
                    code: .repeatedShards,
                    count == 1
                        ? "\(paths[first]): a shard came with a partial before and counts once"
                        : "\(paths[first])\(others): \(count) shards came with a partial before and count once"))
        }
        let report = Report(
            specification: merged.specification, classCount: merged.classCount, observers: observers, warnings: warnings,
            place: { _ in nil }, firstInvalid: Array(firstInvalid.sorted().prefix(InvalidRows.limit)), inputs: inputs, run: nil,
            insight: insight)
        return (report, merged)
    }

    /// The figures of all parts of a partial together.
    static func figures(of partial: Partial, _ path: String) throws(EngineError) -> [any RowObserver] {
        try wrapped(path) { () throws(PartialError) in try partial.totals }
    }

    /// Returns true if a file begins as one does that `write(_:to:)` made. False for a pipe, of which nothing is read.
    public static func isPartial(_ path: String, cancellation: Cancellation = Cancellation()) -> Bool {
        FileContents.begins(path, with: Partial.magic, cancellation)
    }

    private static func wrapped<Result>(
        _ path: String?, _ body: () throws(PartialError) -> Result
    ) throws(EngineError) -> Result {
        do throws(PartialError) { return try body() } catch { throw EngineError(error, path: path) }
    }

    /// Throws if an interval is asked for from groups of rows that the partials do not hold.
    static func checkGroups(_ observers: [any RowObserver], _ insight: InsightRequest) throws(EngineError) {
        guard let kind = insight.interval, kind != .normal else { return }
        let hasClusters = observers.first(Clusters.self) != nil
        guard !hasClusters, kind == .clustered || observers.first(RowGroups.self) == nil else { return }
        let value = Setting.Value.text(kind == .clustered ? "clustered" : kind.rawValue)
        throw EngineError(
            .usage,
            kind == .clustered ? "the partials hold no clusters" : "the partials hold no groups of rows",
            remedy: kind == .clustered
                ? "evaluate each shard with \(setting: .clusters)" : "evaluate each shard with \(setting: .interval, value)")
    }

    private static func checkRowCount(_ merged: Partial, _ expected: Int?) throws(EngineError) {
        guard let expected, let rowCount = merged.rowCount, rowCount != UInt64(clamping: expected) else { return }
        let dumps = Set(merged.parts.compactMap { if case .placed(let dump, .rows, _) = $0.place { dump } else { nil } })
        let dump = dumps.count == 1 ? dumps.first ?? .unnamed : .unnamed
        let missing = merged.missing(in: 0..<UInt64(clamping: expected), of: dump, unit: .rows)
        let shown = missing.prefix(3).map { "\($0.lowerBound)..<\($0.upperBound)" }.joined(separator: ", ")
        let isPlaced = merged.parts.allSatisfy { $0.place != .unplaced }
        throw EngineError(
            .data,
            "\(String.counted(rowCount, "row")) \(rowCount == 1 ? "was" : "were") merged, and \(expected) are expected"
                + (isPlaced && !missing.isEmpty ? ": rows \(shown)\(missing.count > 3 ? " and more" : "") are missing" : ""),
            remedy: rowCount < UInt64(clamping: expected) ? "add the partials of the shards that are missing" : "is a shard there twice, or one of another dump?")
    }
}

extension ObserverCatalog {
    /// The observers that evaluations have, with all figures beside the mean.
    public static let engine = ObserverCatalog.standard.withInsight
        .adding(InvalidRowPlaces.tag) { _, _, _ in InvalidRowPlaces() }
        .adding(ShardNotices.tag) { _, _, _ in ShardNotices() }
}

extension DumpIdentity {
    /// The identity of a dump without a name, whose rows are counted by `EvaluationOptions.firstRow` and `shard`.
    static let unnamed = DumpIdentity(high: 0, low: 0)
}

extension EngineError {
    /// - Parameter other: the other file at fault, if there are two.
    init(_ error: PartialError, path: String?, other: String? = nil) {
        self.init(
            .data, path: path,
            Message(
                error.problem + (other.map { " (the other is \($0))" } ?? "") + ": \(error.found)"
                    + (error.allowed.map { ", where \($0) is wanted" } ?? "")),
            remedy: Message(error.remedy))
    }

    /// Makes the error of a merge, with the files at fault.
    init(_ error: PartialError, paths: [String]) {
        let path = error.partialIndices.last.map { paths[$0] }
        let other = error.partialIndices.count > 1 ? paths[error.partialIndices[0]] : nil
        if error.kind == .equalShards {
            self = EngineError(
                .data, path: path,
                "\(error.found) are \(other.map { "in \($0)" } ?? "there") too: it is the same shard twice, or two shards whose rows are equal",
                remedy: """
                    \(setting: .sameShard, .once) counts such a shard once, \(setting: .sameShard, .each) as often as it is given; \
                    \(setting: .firstRow) says in each where it lies
                    """)
            return
        }
        let settings = error.differingTags.compactMap { InsightRequest.setting(ofTag: $0) }
        guard error.kind == .otherObservers, let first = settings.first else {
            self.init(error, path: path, other: other)
            return
        }
        var names: Message = "\(setting: first)"
        for setting in Set(settings.dropFirst()).subtracting([first]).sorted(by: { $0.swiftName < $1.swiftName }) {
            names = names + ", \(setting: setting)"
        }
        self.init(
            .data, path: path, Message(error.problem + (other.map { " (the other is \($0))" } ?? "") + ": \(error.found)"),
            remedy: "evaluate all shards with the same " + names)
    }
}

extension Message {
    /// Makes the words of a remedy, with the names of settings where a caller has them.
    fileprivate init(_ remedy: PartialError.Remedy) {
        switch remedy {
        case .givePartials: self = "give files that \(setting: .partial) wrote"
        case .writeAgain: self = "evaluate its rows again, and write it anew with \(setting: .partial)"
        case .leaveOneOut:
            self = "leave one of them out, or cut the dump into shards that share no rows, with \(setting: .shard) or \(setting: .firstRow)"
        case .useNewerVersion, .mergeOneLoss, .askForSameFigures, .placeOrCount, .evaluateBothAgain: self = Message(remedy.text)
        }
    }
}
