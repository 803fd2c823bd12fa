public import Insight
internal import Messages
public import Scoring
public import WorkStealing

// Partials of a plan's shards.
extension PartialFile {
    /// Merges the partials of all shards of a plan into the report that a single run over all rows gives, but for its list of inputs.
    ///
    /// A shard that comes twice with equal content counts once. O(n log n) in the number of shards.
    ///
    /// - Parameters:
    ///   - paths: the partials, in any order. A partial may hold several shards, as a merge writes it.
    ///   - plan: the plan.
    ///   - request: the request that was planned, for the treatment of invalid rows that the report states.
    ///   - insight: the confidence and the kind of intervals.
    ///   - catalog: the observers whose figures are decoded.
    ///   - cancellation: ends the merge when it is set.
    /// - Throws: `EngineError` of category `.data` if shards are missing, if a partial is of another plan or of none, or if two partials of one
    ///   shard differ.
    public static func merge(
        _ paths: [String], of plan: ShardPlan, request: EvaluationOptions, insight: InsightRequest, catalog: ObserverCatalog = .engine,
        cancellation: Cancellation = Cancellation()
    ) throws(EngineError) -> (report: Report, partial: Partial) {
        let shards = try PlannedPartials(paths, of: plan, catalog, cancellation)
        let missing = shards.missing
        guard missing.isEmpty, let merged = try shards.merged() else {
            let verb = missing.count == 1 ? "is" : "are"
            throw EngineError(
                .data, "\(missing.count) of \(String.counted(plan.shards.count, "shard")) \(verb) missing: \(ShardPlan.list(missing, limit: 20))",
                remedy: "evaluate \(missing.count == 1 ? "it" : "them"), and merge all partials again")
        }
        let observers: [any RowObserver]
        do throws(PartialError) { observers = try merged.totals } catch { throw EngineError(error, path: nil) }
        if let problem = observers.insightProblem { throw EngineError(.data, problem.problem, remedy: problem.remedy) }
        try checkGroups(observers, insight)
        let report = Report(
            specification: merged.specification, columns: plan.columns, rowsPolicy: Report.RowsPolicy(request), classCount: merged.classCount,
            observers: observers, warnings: plan.warnings(with: observers), place: { plan.place(ofRow: $0) },
            firstInvalid: plan.described(observers), inputs: shards.inputs, run: nil, insight: insight)
        if let limit = request.invalidRowLimit { try report.requireInvalidRows(within: limit) }
        return (report, merged)
    }

    /// Returns the numbers of the shards of a plan that no partial holds, ascending.
    ///
    /// - Throws: `EngineError`, as `merge(_:of:request:insight:catalog:cancellation:)` does for all but missing shards.
    public static func missingShards(
        _ paths: [String], of plan: ShardPlan, catalog: ObserverCatalog = .engine, cancellation: Cancellation = Cancellation()
    ) throws(EngineError) -> [Int] {
        let shards = try PlannedPartials(paths, of: plan, catalog, cancellation)
        _ = try shards.merged()
        return shards.missing
    }
}

extension ShardPlan {
    /// Writes ascending numbers as `sbatch --array` and other array jobs take them: "3,7-9".
    ///
    /// - Parameters:
    ///   - numbers: the numbers, in ascending order.
    ///   - limit: the most ranges that are written, with an ellipsis after them; nil for all.
    public static func list(_ numbers: [Int], limit: Int? = nil) -> String {
        var ranges: [(first: Int, last: Int)] = []
        for number in numbers {
            if let last = ranges.last, last.last + 1 == number {
                ranges[ranges.count - 1].last = number
            } else {
                ranges.append((number, number))
            }
        }
        let shown = ranges.prefix(limit ?? ranges.count).map { $0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
        return shown.joined(separator: ",") + (shown.count < ranges.count ? ",…" : "")
    }

    /// The warnings about the files: those of the plan, and those of the shards.
    fileprivate func warnings(with observers: [any RowObserver]) -> [Message] {
        // A run says first how its files had to be read.
        let planned = notices.map { Message(code: $0.code, $0.text) }
        let known = Set(planned.map(\.description))
        return (observers.first(ShardNotices.self)?.warnings ?? []).filter { !known.contains($0.description) } + planned
    }

    /// The first invalid rows with the places that a single run gives them.
    fileprivate func described(_ observers: [any RowObserver]) -> [InvalidRow] {
        var places: [UInt64: InvalidRowPlaces.Place] = [:]
        for place in observers.first(InvalidRowPlaces.self)?.places ?? [] { places[place.order] = place }
        return (observers.first(InvalidRows.self)?.first ?? []).map { row in
            guard let place = places[UInt64(clamping: row.order)], let input = Int(exactly: place.input), inputs.indices.contains(input)
            else { return row }
            return InvalidRow(
                path: inputs[input].path, row: Int(clamping: place.row), line: place.line == 0 ? nil : Int(clamping: place.line),
                problem: row.problem, order: row.order)
        }
    }
}

/// The partials of some shards of a plan.
private struct PlannedPartials {
    private let plan: ShardPlan
    private let paths: [String]
    private var partials: [Partial] = []
    private(set) var inputs: [Report.Input] = []
    private var isThere: [Bool]

    /// Reads partials, and checks that they are of shards of the plan.
    init(_ paths: [String], of plan: ShardPlan, _ catalog: ObserverCatalog, _ cancellation: Cancellation) throws(EngineError) {
        self.plan = plan
        self.paths = paths
        isThere = [Bool](repeating: false, count: plan.shards.count)
        try plan.checkVersion()
        for path in paths {
            if cancellation.isCancelled { throw .cancelled }
            let (partial, byteCount) = try PartialFile.readCounted(path, catalog, cancellation)
            try take(partial, path)
            partials.append(partial)
            inputs.append(
                Report.Input(role: .partial, path: FileName.shown(path), bytes: byteCount, format: "partial", compression: nil, frames: nil))
        }
    }

    private mutating func take(_ partial: Partial, _ path: String) throws(EngineError) {
        func refuse(_ problem: String) -> EngineError {
            EngineError(
                .data, path: path, problem, remedy: "evaluate its shard with this plan, or leave it out: the plan's id is \(plan.id)")
        }
        for part in partial.parts {
            guard case .placed(let dump, let unit, let ranges) = part.place, dump != .unnamed else {
                throw refuse("it is a partial of no plan")
            }
            guard dump == plan.id else { throw refuse("it is a partial of plan \(dump)") }
            guard unit == .rows, ranges.count == 1, let shard = plan.shard(withRows: ranges[0]) else {
                throw refuse("its rows are \(part.place), which are those of no shard")
            }
            isThere[shard] = true
        }
        guard partial.specification == plan.specification, partial.classCount == plan.classCount else {
            throw refuse("its loss is \(partial.specification.canonicalText) with \(partial.classCount) values a row, which is not the plan's")
        }
    }

    /// The numbers of the shards that are not there.
    var missing: [Int] { isThere.indices.filter { !isThere[$0] } }

    /// All partials together; nil without any.
    func merged() throws(EngineError) -> Partial? {
        guard !partials.isEmpty else { return nil }
        do throws(PartialError) { return try Partial.merging(partials).partial } catch { throw EngineError(error, paths: paths) }
    }
}
