/// What each dialect makes of each task and input: derived from the dialects' own data, so that the table cannot say other than the code does.
public enum LossTable {
    public struct Row: Sendable, Encodable {
        public let task: String
        public let input: String
        public let dialect: String
        /// The loss of a row, without modifiers.
        public let formula: String
        /// What is done to probabilities before the logarithm.
        public let treatment: String
        public let divisor: String
    }

    /// Every combination that has a meaning.
    public static let rows: [Row] = Dialect.all.flatMap { dialect in
        LossTask.allCases.flatMap { task in
            PredictionInput.allCases.compactMap { input in
                guard dialect.accepts(task, input) else { return nil }
                return Row(
                    task: task.rawValue, input: input.rawValue, dialect: dialect.name, formula: formula(task, input),
                    treatment: input == .probabilities ? treatment(dialect, task) : "as they are", divisor: divisor(dialect, task))
            }
        }
    }

    /// The table as text for a terminal.
    public static var text: String {
        var lines: [String] = []
        for dialect in Dialect.all {
            lines.append("\(dialect.name): \(dialect.summary)")
            for row in rows where row.dialect == dialect.name {
                lines.append(
                    "  " + pad(row.task, 11) + pad(row.input, 19) + pad(row.formula, 46) + pad(row.treatment, 52) + "mean / " + row.divisor)
            }
            lines.append("")
        }
        lines += modifierLines
        return lines.joined(separator: "\n")
    }

    static let modifierLines = [
        "Modifiers",
        "  --class-weights w    multiclass, soft: a term of class c times w_c",
        "  --pos-weight w       binary, multilabel: the term of label 1 times w",
        "  --weights FILE       any task: a row's loss times its weight",
        "  --label-smoothing e  multiclass, soft: t_c becomes (1 - e) t_c + e/C; binary, multilabel: (1 - e) t + e/2",
        "  --ignore-index k     multiclass: rows with label k are left out",
        "  --clip E             probabilities, dialect exact: clipped to [E, 1 - E]",
        "  --renormalize        probabilities of classes, dialect exact: divided by their sum",
        "  --focal-gamma g      each term times (1 - p)^g; --focal-alpha a: times a (binary: a for label 1, 1 - a for 0)",
        "  --divergence kl      soft: sum t_c (log t_c - log p_c)",
    ]

    private static func formula(_ task: LossTask, _ input: PredictionInput) -> String {
        switch (task, input) {
        case (.multiclass, .logits): "log sum_c exp(x_c) - x_y"
        case (.multiclass, .probabilities): "-log p_y"
        case (.multiclass, .logProbabilities): "-x_y"
        case (.soft, .logits): "sum_c t_c (log sum_k exp(x_k) - x_c)"
        case (.soft, .probabilities): "-sum_c t_c log p_c"
        case (.soft, .logProbabilities): "-sum_c t_c x_c"
        case (.likelihood, .logProbabilities): "-x"
        case (.likelihood, _): "-log p"
        case (let task, .logits): mean(task, "t log(1 + exp(-x)) + (1-t) log(1 + exp(x))")
        case (let task, .probabilities): mean(task, "-t log p - (1-t) log(1-p)")
        case (let task, .logProbabilities): mean(task, "-t x - (1-t) log(1-exp x)")
        }
    }

    private static func mean(_ task: LossTask, _ formula: String) -> String {
        task == .multilabel ? "mean_c " + formula : formula
    }

    private static func treatment(_ dialect: Dialect, _ task: LossTask) -> String {
        let treatment = dialect.treatment(task, .crossEntropy)
        let clip: String
        switch treatment.clip {
        case .none: clip = ""
        case .fixed(let low, let high):
            clip = high == .infinity ? "raised to \(low)" : "clipped to [\(low), \(high == 1 ? "1" : "1 - \(low)")]"
        case .elementEpsilon: clip = "clipped to the type's [eps, 1 - eps]"
        }
        var parts: [String] = []
        if treatment.normalisation == .thenClip { parts.append("renormalised") }
        if !clip.isEmpty { parts.append(clip) }
        if treatment.normalisation == .afterClip { parts.append("renormalised") }
        if !task.isOverClasses, dialect.largestDecisionTerm < .infinity { parts.append("each -log at most \(dialect.largestDecisionTerm)") }
        return parts.isEmpty ? "as they are" : parts.joined(separator: ", then ")
    }

    private static func divisor(_ dialect: Dialect, _ task: LossTask) -> String {
        dialect.divisor(task) == .weights ? "sum of weights" : "count"
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
