package import Messages

/// A role that a column of a dump may have, and the names by which such a column is known if the user gives none.
package enum ColumnRole: Sendable {
    /// The predictions; their values may be of one kind, or of any if it is nil.
    case predictions(PredictionRequest.Values?)
    /// The labels.
    case labels
    /// The weights of the rows.
    case weights
    /// Keys of the rows, by which those of several files are compared. They have no usual names.
    case identifiers

    /// The names of a single column or array with this role, in lower case.
    package var usualNames: Set<String> {
        switch self {
        case .predictions(let values):
            let kinds = values.map { [$0] } ?? PredictionRequest.Values.allCases
            let ofKinds = kinds.reduce(into: Set<String>()) { $0.formUnion(Self.namesThatSay($1)) }
            return ofKinds.union(Self.namesOfDecisions).union(["p", "y_prob", "y_score", "scores", "score"])
        case .labels: return ["labels", "label", "label_ids", "targets", "target", "y_true", "y", "ground_truth", "truth", "gold", "class"]
        case .weights: return ["sample_weights", "sample_weight", "weights", "weight"]
        case .identifiers: return []
        }
    }

    /// True if a name is a usual one of predictions, labels or weights.
    package static func isUsualName(_ name: String) -> Bool {
        [ColumnRole.predictions(nil), .labels, .weights].contains { $0.usualNames.contains(name.lowercased()) }
    }

    /// The names that say what their values mean. A bare `p` is not among them, since it is also the letter of p-values.
    static func namesThatSay(_ values: PredictionRequest.Values) -> Set<String> {
        switch values {
        case .logits: ["logits", "logit"]
        case .probabilities: ["probabilities", "probability", "probs", "prob", "proba"]
        case .logProbabilities: ["log_probabilities", "log_probs", "logprobs", "log_prob", "logprob", "token_logprobs"]
        }
    }

    /// The names of columns that may just as well hold the class that was decided for.
    static let namesOfDecisions: Set<String> = [
        "predictions", "prediction", "preds", "pred", "y_pred", "y_hat", "yhat", "outputs", "output",
    ]

    /// True if a column of this name may just as well hold the class that was decided for.
    package static func isNameOfDecision(_ name: String) -> Bool {
        namesOfDecisions.contains(ColumnName.lastPart(of: name).lowercased())
    }

    /// True for the role of labels.
    package var isLabels: Bool {
        if case .labels = self { true } else { false }
    }

    /// The role's word in messages, such as "predictions".
    package var text: String {
        switch self {
        case .predictions: "predictions"
        case .labels: "labels"
        case .weights: "weights"
        case .identifiers: "identifiers"
        }
    }

    /// The setting that names columns with this role.
    package var setting: Setting {
        switch self {
        case .predictions: .predictionColumns
        case .labels: .labelColumn
        case .weights: .weightColumn
        case .identifiers: .identifierColumn
        }
    }

    /// Finds the only one of `names` that is a usual name for labels or weights, and returns its index. Indices in `taken` have another
    /// role already.
    ///
    /// - Throws: a `ColumnError` that lists the candidates if there are several, or all names if there is none.
    func choose(among names: [String], taken: Set<Int> = []) throws(ColumnError) -> Int {
        let usualNames = usualNames
        let candidates = names.indices.filter {
            !taken.contains($0) && usualNames.contains(ColumnName.lastPart(of: names[$0]).lowercased())
        }
        if candidates.count == 1 { return candidates[0] }
        throw candidates.isEmpty ? unknown(among: names) : doubt(candidates.map { [names[$0]] })
    }

    /// Makes the error for names none of which is known.
    ///
    /// - Parameter lists: the name of a column of a table that holds lists of numbers as texts.
    func unknown(among names: [String], lists: String? = nil) -> ColumnError {
        let remedy: Message = "name it with \(setting: setting)"
        return ColumnError(
            .unknown, "no column is known by its name as the \(text); there are \(ColumnName.list(names))",
            remedy: lists.map {
                "column \(ColumnName.list([$0])) holds lists in a text, and a table has one number a column: write JSON Lines, or else "
                    + remedy
            } ?? remedy)
    }

    /// Makes the error for a score that may be that of the class beside it, whichever it is.
    func ofDecidedClass(_ name: String, beside other: String) -> ColumnError {
        ColumnError(
            .doubt,
            "column \(ColumnName.list([name])) may be the score of the class in \(ColumnName.list([other])), not that of label 1",
            remedy: "write the score of label 1, or say that it is with \(setting: setting)")
    }

    /// Makes the error for a column that holds the class that was decided for, as far as its first values show.
    func decision(_ name: String) -> ColumnError {
        ColumnError(
            .doubt,
            "column \(ColumnName.list([name])) may be the class that was decided for: its first values are all 0 or 1, and no column of "
                + "scores is known by its name", remedy: "name the scores with \(setting: setting), or this column if it holds them")
    }

    /// Makes the error for several candidates. A candidate is one column, or several columns that would be the classes.
    func doubt(_ candidates: [[String]]) -> ColumnError {
        if candidates.count == 1, candidates[0].count > 1 {
            let places = ColumnName.list(candidates[0])
            return ColumnError(
                .doubt,
                "several columns could be the \(text): \(places); their names do not say that all of them are classes, that none is "
                    + "missing, and in which order they are",
                remedy: "say it with \(setting: setting), as A,B,… in the order of the classes, or as 'PREFIX*'")
        }
        let isOfColumns = candidates.allSatisfy { $0.count == 1 }
        let list =
            isOfColumns
            ? ColumnName.list(candidates.map { $0[0] })
            : candidates.prefix(4).map { ColumnName.list($0, limit: 6) }.joined(separator: "; or ")
                + (candidates.count > 4 ? "; and \(candidates.count - 4) more" : "")
        return ColumnError(
            .doubt, "several columns could be the \(text): \(list)",
            remedy: "say which with \(setting: setting)\(isOfColumns ? "" : ", as A,B,… in the order of the classes, or as 'PREFIX*'")")
    }
}
