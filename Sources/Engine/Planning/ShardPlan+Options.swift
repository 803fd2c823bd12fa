internal import Insight
internal import Messages
internal import Scoring

extension ShardPlan {
    /// Returns the evaluation of a shard, after a look at each file that it reads.
    ///
    /// - Parameters:
    ///   - index: the number of the shard, from 0.
    ///   - request: the request that was planned, made again from `arguments`, with the settings of the run. Its files are not looked at.
    /// - Returns: options whose evaluation has the shard's place as its partial's.
    /// - Throws: `EngineError`: of category `.usage` if there is no such shard; `.noInput` if a file is missing; `.data` if a file is not the
    ///   one that was planned, or the plan is of another version of xent.
    public func options(ofShard index: Int, from request: EvaluationOptions) throws(EngineError) -> EvaluationOptions {
        guard shards.indices.contains(index) else {
            throw EngineError(
                usage: "there is no shard \(index): the plan has \(String.counted(shards.count, "shard")), which are counted from 0",
                remedy: "give 0 to \(shards.count - 1)")
        }
        try checkVersion()
        let (files, rows) = files(ofShard: index)
        for file in files {
            let input = inputs[file]
            if let difference = input.content.difference(of: try InputIdentity(path: input.path)) {
                throw EngineError(
                    .data, path: input.path, "the file is not the one that was planned: \(difference)",
                    remedy: "bring back the file that was planned, or plan again and evaluate all shards")
            }
        }
        var options = request
        func paths(_ role: Report.Input.Role) -> [String] { files.filter { inputs[$0].role == role }.map { inputs[$0].path } }
        options.predictionPaths = paths(.predictions)
        options.labelPaths = paths(.labels)
        options.weightPaths = paths(.weights)
        options.clusterPaths = paths(.clusters)
        options.groupPaths = paths(.groups)
        options.specification = specification
        options.usesBalancedClassWeights = false
        options.firstRow = rows.firstRow
        options.shard = nil
        // They hold for all shards together, and are looked at when these are merged.
        options.invalidRowLimit = nil
        options.expectedRowCount = nil
        options.planned = rows
        return options
    }

    /// Throws if the plan was made by another version of xent.
    func checkVersion() throws(EngineError) {
        guard version != Version.current else { return }
        throw EngineError(
            .data, "the plan was made by xent \(version), and this is \(Version.current)",
            remedy: "use one version for the plan, all shards and the merge")
    }

    /// Returns true if each role's files are in the plan.
    public func hasFiles(of role: Report.Input.Role) -> Bool { inputs.contains { $0.role == role } }

    /// Finds the files that a shard reads, as indices of `inputs`, and where its rows lie in them. O(inputs).
    private func files(ofShard index: Int) -> (files: [Int], rows: PlannedRows) {
        let shard = shards[index]
        // The rows of the opened predictions.
        var opened = 0..<rowCount
        let readsAllFiles = inputs.contains { $0.rows == nil }
        if shard.window != nil {
            opened = shard.rows
        } else if !readsAllFiles {
            let touched = inputs.filter { $0.role == .predictions && $0.rows?.overlaps(shard.rows) == true }.compactMap(\.rows)
            if let first = touched.first, let last = touched.last { opened = first.lowerBound..<last.upperBound }
        }
        var files: [Int] = []
        var firstRows: [Report.Input.Role: Int] = [:]
        var ends: [Report.Input.Role: Int] = [:]
        for (index, input) in inputs.enumerated() {
            if let rows = input.rows, !readsAllFiles || shard.window != nil {
                if let window = shard.window, input.role == .predictions, index != window.input { continue }
                guard rows.overlaps(opened) else { continue }
                if firstRows[input.role] == nil { firstRows[input.role] = rows.lowerBound }
                ends[input.role] = rows.upperBound
            }
            files.append(index)
        }
        var slices: [String: Range<Int>] = [:]
        for (role, name) in Self.columnNames {
            guard let first = firstRows[role], let end = ends[role], first..<end != opened else { continue }
            slices[name] = opened.lowerBound - first..<opened.upperBound - first
        }
        let wanted = shard.rows.lowerBound - opened.lowerBound..<shard.rows.upperBound - opened.lowerBound
        let planned = PlannedRows(
            dump: id, rows: shard.rows, firstRow: opened.lowerBound, wantedRows: wanted.count == opened.count ? nil : wanted,
            window: shard.window, slices: slices,
            inputIndices: Dictionary(files.map { (Name(inputs[$0].path), $0) }) { first, _ in first }, specification: specification,
            classCount: classCount, columns: columns)
        return (files, planned)
    }

    /// The names of the columns that have files of their own, by the roles of the files.
    private static let columnNames: [(Report.Input.Role, String)] = [
        (.labels, CompanionColumn.labels), (.weights, CompanionColumn.weights), (.clusters, Clusters.column),
        (.groups, EvaluationPlan.groupColumn),
    ]
}
