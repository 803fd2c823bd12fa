internal import Formats
internal import Scoring

/// What a column is for, and the names by which it is known where the user gives none.
enum ColumnRole {
    /// nil: whatever they are.
    case predictions(PredictionInput?)
    case labels
    case weights

    /// Groups of names in lower case, the surest first. A group decides where exactly one column is of it.
    var usualNames: [[String]] {
        switch self {
        case .predictions(let input):
            let sure = input.map { Self.usualNames(of: $0) } ?? PredictionInput.allCases.flatMap { Self.usualNames(of: $0) }
            return [
                sure, ["predictions", "prediction", "preds", "pred"], ["y_pred", "y_prob", "y_score", "y_hat", "yhat"],
                ["outputs", "output", "scores", "score"],
            ]
        case .labels:
            return [["labels", "label"], ["targets", "target"], ["y_true", "y"], ["ground_truth", "truth", "gold"], ["class"]]
        case .weights: return [["sample_weights", "sample_weight", "weights", "weight"]]
        }
    }

    private static func usualNames(of input: PredictionInput) -> [String] {
        switch input {
        case .logits: ["logits", "logit"]
        case .probabilities: ["probabilities", "probability", "probs", "prob", "proba", "p"]
        case .logProbabilities: ["log_probabilities", "log_probs", "logprobs", "log_prob", "logprob"]
        }
    }

    var isLabels: Bool {
        if case .labels = self { true } else { false }
    }

    /// "predictions", as messages have it.
    var text: String {
        switch self {
        case .predictions: "predictions"
        case .labels: "labels"
        case .weights: "weights"
        }
    }

    /// The option that names its columns.
    var option: String {
        switch self {
        case .predictions: "--prediction-columns"
        case .labels: "--label-column"
        case .weights: "--weight-column"
        }
    }

    /// The one of `names` that leaves no doubt.
    ///
    /// - Throws: an error that lists all of them, where none is known or several are.
    func choose(among names: [String], path: String) throws(EngineError) -> Int {
        for group in usualNames {
            let matches = names.indices.filter { group.contains(Self.lastPart(of: names[$0]).lowercased()) }
            if matches.count == 1 { return matches[0] }
            if matches.count > 1 {
                throw EngineError(
                    .usage, path: path, "several columns could be the \(text): " + matches.map { names[$0] }.joined(separator: ", "),
                    remedy: "say which with \(option)")
            }
        }
        throw EngineError(
            .usage, path: path, "no column is known by its name as the \(text); there are " + Self.list(names),
            remedy: "name it with \(option)")
    }

    /// `output.logprobs` is known by `logprobs`.
    private static func lastPart(of name: String) -> Substring {
        name.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
    }

    /// The names, or the first of many.
    static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.prefix(24).joined(separator: ", ") + (names.count > 24 ? " and \(names.count - 24) more" : "")
    }
}

extension DumpFile {
    /// The array for a role: the only one, the one that is named, or the one whose name leaves no doubt.
    ///
    /// `isAlone`: nothing else is wanted of the file, so that an only array needs no name.
    func array(for role: ColumnRole, named name: String?, isAlone: Bool) throws(EngineError) -> ArrayFile {
        switch content {
        case .array(let array):
            // An array of its own has no name to be called by; one command line may name arrays for several files.
            return array
        case .archive(let arrays):
            let names = arrays.map(\.name)
            guard !arrays.isEmpty else { throw EngineError(.data, path: path, "it holds no arrays", remedy: "was it ever written?") }
            if let name {
                guard let index = names.firstIndex(of: name) else {
                    throw EngineError(
                        .usage, path: path, "it has no array '\(name)'; there are " + ColumnRole.list(names), remedy: "check \(role.option)"
                    )
                }
                return try arrays[index].open()
            }
            if isAlone, arrays.count == 1 { return try arrays[0].open() }
            return try arrays[try role.choose(among: names, path: path)].open()
        case .records:
            throw EngineError(
                .data, path: path, "it is \(format), where other files of \(role.text) are arrays", remedy: "give files of one kind")
        }
    }

    /// Whether labels and weights may lie beside the predictions.
    var hasColumns: Bool {
        if case .array = content { false } else { true }
    }

    /// Of its arrays, or columns of the first record.
    var columnNames: [String] {
        switch content {
        case .array: []
        case .archive(let arrays): arrays.map(\.name)
        case .records(let records): records.format.columns.map(\.name)
        }
    }
}
