internal import Messages
internal import Scoring

extension Report {
    /// Throws if a dialect scored no row. Its figures describe nothing, and some dialects would give 0.
    ///
    /// - Throws: `EngineError` of category `.data`, which says how many rows were left out and why, and where the first invalid row is.
    public func requireScoredRows() throws(EngineError) {
        let names = [dialect] + dialects.keys.filter { $0 != dialect }.sorted()
        let empty = names.filter { dialects[$0]?.scoredRows == 0 }
        guard !empty.isEmpty else { return }
        let isOfTokens = task == .likelihood
        let reason: String
        let remedy: Message
        switch (rows.read, rows.ignored) {
        case (0, _): (reason, remedy) = ("there are none", "there is nothing to evaluate")
        case (let read, let ignored) where ignored == read && isOfTokens:
            reason = read == 1 ? "the only record has no tokens" : "none of the \(read) records has tokens"
            remedy = "check \(setting: .predictionColumns)"
        case (let read, let ignored) where ignored == read:
            reason = read == 1 ? "the only one is ignored" : "all \(read) are ignored"
            remedy = "check the labels, and which of them is to be ignored"
        case (let read, 0):
            reason = read == 1 ? "the only one is invalid" : "all \(read) are invalid"
            remedy = isOfTokens ? "check what the predictions are said to be" : "check the labels, and what the predictions are said to be"
        case (let read, let ignored):
            reason = "\(ignored) \(isOfTokens ? "have no tokens" : "are ignored") and \(read - ignored) invalid"
            remedy = isOfTokens ? "check \(setting: .predictionColumns), and what they are said to be" : "check the labels"
        }
        let read = inputs.filter { $0.role == .predictions || $0.role == .partial }
        throw EngineError(
            .data, path: read.count == 1 ? read[0].path : nil,
            "no row was scored\(empty.count < names.count ? " in dialect \(empty.joined(separator: ", "))" : ""): \(reason)"
                + (rows.firstInvalid.first.map { ", the first invalid one is \($0.placeText): \($0.problem)" } ?? ""),
            remedy: remedy)
    }

    /// Throws if a dialect left more rows out as invalid than `limit` allows.
    ///
    /// - Throws: `EngineError` of category `.data`, which says how many there are, and where the first one is.
    public func requireInvalidRows(within limit: InvalidRowLimit) throws(EngineError) {
        let worst = dialects.max { ($0.value.invalidRows, $1.key) < ($1.value.invalidRows, $0.key) }
        guard let worst, worst.value.invalidRows > limit.allowedCount(of: rows.read) else { return }
        let read = inputs.filter { $0.role == .predictions || $0.role == .partial }
        let count = worst.value.invalidRows
        throw EngineError(
            .data, path: read.count == 1 ? read[0].path : nil,
            "\(count) of \(rows.read) rows \(count == 1 ? "is" : "are") invalid"
                + (dialects.count > 1 ? " in dialect \(worst.key)" : "") + ", and \(limit.text) may be"
                + (rows.firstInvalid.first.map { ": the first one is \($0.placeText): \($0.problem)" } ?? ""),
            remedy: "check the labels and what the predictions are said to be, or raise \(setting: .invalidRowLimit)")
    }
}

extension InvalidRow {
    /// The place in words, such as "p.npy: row 17" or "p.csv: line 19".
    fileprivate var placeText: String { (path.map { "\($0): " } ?? "") + (line.map { "line \($0)" } ?? "row \(row)") }
}
