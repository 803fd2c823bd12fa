public import Messages

/// The table of all losses: the formula, clipping and divisor of each dialect, task, input and modifier.
///
/// It is derived from the dialects' own data and from the losses that `LossSpecification` takes, so that it cannot say other than the code
/// does.
public enum LossTable {
    /// One combination that has a meaning.
    public struct Row: Sendable, Encodable {
        /// The task's name, `LossTask.rawValue`.
        public let task: String
        /// The input's name, `PredictionInput.rawValue`.
        public let input: String
        /// The dialect's name, `Dialect.name`.
        public let dialect: String
        /// "ce", or for soft labels "kl" as well.
        public let divergence: String
        /// The loss of a row, without modifiers.
        public let formula: String
        /// The clipping and renormalising of probabilities before the logarithm.
        public let treatment: String
        /// The divisor of the sum: "sum of weights" or "count".
        public let divisor: String
        /// Other conventions that are the dialect's own; may be empty.
        public let notes: [String]
        /// The modifiers that may be added, each by itself. They are encoded by their names (`CodingUserInfoKey.settingNames`).
        public let modifiers: [Setting]
    }

    /// Every combination that has a meaning. O(dialects × tasks × inputs × modifiers), once.
    public static let rows: [Row] = Dialect.all.flatMap { dialect in
        LossTask.allCases.flatMap { task in
            dialect.inputs(of: task).flatMap { input in
                Divergence.allCases.compactMap { divergence in
                    guard isTaken(dialect, task, input, { $0.divergence = divergence }) else { return nil }
                    let modifiers = Modifier.all.filter { modifier in
                        isTaken(dialect, task, input) {
                            $0.divergence = divergence
                            modifier.apply(&$0)
                        }
                    }
                    return Row(
                        task: task.rawValue, input: input.rawValue, dialect: dialect.name, divergence: divergence.rawValue,
                        formula: formula(task, input, divergence),
                        treatment: input == .probabilities ? treatment(dialect, task, divergence) : asGiven,
                        divisor: divisor(dialect, task), notes: notes(dialect, task, input, divergence),
                        modifiers: modifiers.map(\.setting))
                }
            }
        }
    }

    /// Tells whether a loss with these modifiers has a meaning, as `LossSpecification` has it.
    private static func isTaken(
        _ dialect: Dialect, _ task: LossTask, _ input: PredictionInput, _ change: (inout LossModifiers) -> Void
    ) -> Bool {
        var modifiers = LossModifiers()
        change(&modifiers)
        return (try? LossSpecification(task: task, input: input, dialects: [dialect], modifiers: modifiers)) != nil
    }

    /// A setting that changes a loss.
    struct Modifier: Sendable {
        /// As `LossTable.Row.modifiers` has it.
        let setting: Setting
        /// The setting with its value, and with another one that it needs.
        let usage: Message
        let effect: String
        /// Asks for it, with any value that may be.
        let apply: @Sendable (inout LossModifiers) -> Void

        /// - Parameter needs: the settings without which it has no meaning, as `usage` has them in front.
        private init(
            _ setting: Setting, _ value: Setting.Value? = nil, needing needs: Message = "", effect: String,
            _ apply: @escaping @Sendable (inout LossModifiers) -> Void
        ) {
            self.setting = setting
            usage = "\(needs)\(setting: setting, value)"
            self.effect = effect
            self.apply = apply
        }

        static let all = [
            Modifier(.classWeights, .text("w,w,…"), effect: classWeightEffect) { $0.classWeights = [1, 1] },
            Modifier(.positiveWeights, .text("w"), effect: "the term of label 1 times w") { $0.positiveWeights = [1] },
            Modifier(.weights, .text("FILE"), effect: "a row's loss times its weight") { $0.hasRowWeights = true },
            Modifier(
                .labelSmoothing, .text("e"),
                effect: "of C classes t_c becomes (1 - e) t_c + e/C; of a decision t becomes (1 - e) t + e/2"
            ) { $0.labelSmoothing = 0.5 },
            Modifier(.ignoreIndex, .text("k"), effect: "rows with label k are left out; dialect pytorch alone leaves −100 out by itself") { $0.ignoreIndex = 0 },
            Modifier(.clip, .text("e"), effect: "p is clipped to [e, 1 - e]") { $0.clip = 0.25 },
            Modifier(.renormalizes, effect: "p_c is divided by sum_k p_k, before any clipping") { $0.renormalizes = true },
            Modifier(
                .focalGamma, .text("g"),
                effect: "the term of p times (1 - p)^g; of a decision the loss times (t (1 - p) + (1 - t) p)^g; "
                    + "p as it is scored, after clipping (\(predictedDecisions): of a decision as it was predicted)"
            ) { $0.focalGamma = 1 },
            Modifier(
                .focalAlpha, .text("a"), needing: "\(setting: .focalGamma, .text("g")) ",
                effect: "that, times a; of a decision times t a + (1 - t) (1 - a)"
            ) { ($0.focalGamma, $0.focalAlpha) = (1, 0.5) },
        ]

        private static let classWeightEffect =
            "the term of class c times w_c; of a binary decision that of label 0 times w_0, of label 1 times w_1; "
            + "multilabel: column c times w_c"

        /// The dialects whose focal factor of a decision takes p before clipping.
        private static let predictedDecisions = Dialect.all.filter { !$0.focalTakesScoredDecisions }.map(\.name).joined(separator: ", ")

        /// The tasks, inputs and dialects in which the modifier has a meaning.
        var tasks: String { names(LossTable.taskNames) { $0.taskName } }
        var inputs: String { names(PredictionInput.allCases.map(\.rawValue)) { $0.input } }
        var dialects: String { names(Dialect.all.map(\.name)) { $0.dialect } }

        /// The names of `all` that a row with this modifier has.
        private func names(_ all: [String], _ cell: (Row) -> String) -> String {
            let taken = Set(LossTable.rows.filter { $0.modifiers.contains(setting) }.map(cell))
            return LossTable.list(all.filter { taken.contains($0) }, of: all)
        }
    }
}

// MARK: The table as text

extension LossTable {
    /// Returns the table as text for a terminal: a line for each combination, or, where lines would be longer than `width`, a list.
    ///
    /// - Parameters:
    ///   - names: gives the names of the modifiers.
    ///   - rows: the combinations that are shown. Modifiers that none of them takes are left out.
    ///   - width: the largest number of characters in a line.
    public static func text(_ names: SettingNames = .swift, rows: [Row] = rows, width: Int = .max) -> String {
        var lines: [String] = []
        for dialect in Dialect.all {
            let ofDialect = rows.filter { $0.dialect == dialect.name }
            if ofDialect.isEmpty { continue }
            lines += wrapped("\(dialect.name): \(dialect.summary)", width: width, indentation: 2)
            let table = ofDialect.map { row in
                "  " + pad(row.taskName, 12) + pad(row.input, 19) + pad(row.formula, 54) + pad(row.treatment, 56) + row.ending
            }
            if table.allSatisfy({ $0.count <= width }) {
                lines += table
            } else {
                for row in ofDialect {
                    lines += ["  \(row.taskName), \(row.input)", "      \(row.formula)"]
                    let treatment = row.treatment == asGiven ? "" : "p \(row.treatment); "
                    lines += wrapped("      \(treatment)\(row.ending)", width: width, indentation: 8)
                }
            }
            lines.append("")
        }
        lines.append("Modifiers")
        let taken = Set(rows.flatMap(\.modifiers))
        for modifier in Modifier.all where taken.contains(modifier.setting) {
            let usage = modifier.usage.text(names)
            let losses = "tasks \(modifier.tasks); inputs \(modifier.inputs); dialects \(modifier.dialects)"
            let table = ["  " + pad(usage, 34) + modifier.effect, "  " + pad("", 34) + losses]
            if table.allSatisfy({ $0.count <= width }) {
                lines += table
            } else {
                lines.append("  \(usage)")
                for text in [modifier.effect, losses] { lines += wrapped("      \(text)", width: width, indentation: 8) }
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Cuts a line at spaces. All lines but the first begin with `indentation` spaces.
    private static func wrapped(_ text: String, width: Int, indentation: Int) -> [String] {
        guard text.count > width else { return [text] }
        var lines: [String] = []
        var line = String(text.prefix { $0 == " " })
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: indentation)
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }

    /// Returns the table as Markdown, in three parts: the formula of each task and input, the treatment of probabilities by each dialect,
    /// and the effect of each modifier. `names` gives the names of the modifiers.
    ///
    /// README.md and the article of this module hold these lines with the names of options.
    public static func markdown(_ names: SettingNames = .swift) -> String {
        var lines = ["| task | input | loss of a row |", "|---|---|---|"]
        var formulas: [[String]] = []
        for row in rows {
            let cells = [row.taskName, row.input, "`\(row.formula)`"]
            if !formulas.contains(cells) { formulas.append(cells) }
        }
        lines += formulas.map { line($0) }

        lines += ["", "| dialect | tasks | inputs | probabilities | divisor of the mean | besides |", "|---|---|---|---|---|---|"]
        for dialect in Dialect.all {
            // Tasks of which the same is true share a line.
            var groups: [(tasks: [String], cells: [String])] = []
            for name in taskNames {
                let ofTask = rows.filter { $0.dialect == dialect.name && $0.taskName == name }
                guard let first = ofTask.first else { continue }
                let treatment = ofTask.first { $0.input == PredictionInput.probabilities.rawValue }?.treatment ?? "not taken"
                var notes: [String] = []
                for note in ofTask.flatMap(\.notes) where !notes.contains(note) { notes.append(note) }
                let cells = [
                    list(ofTask.map(\.input), of: PredictionInput.allCases.map(\.rawValue)), treatment, first.divisor,
                    notes.joined(separator: "; "),
                ]
                if let index = groups.firstIndex(where: { $0.cells == cells }) {
                    groups[index].tasks.append(name)
                } else {
                    groups.append(([name], cells))
                }
            }
            lines += groups.map { line(["`\(dialect.name)`", $0.tasks.joined(separator: ", ")] + $0.cells) }
        }

        lines += ["", "| modifier | what it does | tasks | inputs | dialects |", "|---|---|---|---|---|"]
        lines += Modifier.all.map {
            line(["`\($0.usage.text(names))`", $0.effect, $0.tasks, $0.inputs, $0.dialects])
        }
        return lines.joined(separator: "\n")
    }

    private static func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

    /// The tasks by their names, in the order of the rows.
    fileprivate static let taskNames: [String] = rows.reduce(into: []) { names, row in
        if !names.contains(row.taskName) { names.append(row.taskName) }
    }

    fileprivate static func list(_ names: [String], of all: [String]) -> String { names == all ? "all" : names.joined(separator: ", ") }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}

// MARK: A row's cells

extension LossTable.Row {
    /// The task, with its divergence where that is not cross-entropy.
    fileprivate var taskName: String { divergence == Divergence.crossEntropy.rawValue ? task : "\(task) (\(divergence))" }

    /// The divisor of the mean, and the notes.
    fileprivate var ending: String { "mean / " + divisor + notes.map { "; " + $0 }.joined() }
}

extension LossTable {
    private static let asGiven = "as they are"

    private static func formula(_ task: LossTask, _ input: PredictionInput, _ divergence: Divergence) -> String {
        let entropy = divergence == .kullbackLeibler ? "log t_c " : ""
        return switch (task, input) {
        case (.multiclass, .logits): "log sum_c exp(x_c) - x_y"
        case (.multiclass, .probabilities): "-log p_y"
        case (.multiclass, .logProbabilities): "-x_y"
        case (.soft, .logits): "sum_c t_c (\(entropy)\(entropy.isEmpty ? "" : "+ ")log sum_k exp(x_k) - x_c)"
        case (.soft, .probabilities): entropy.isEmpty ? "-sum_c t_c log p_c" : "sum_c t_c (\(entropy)- log p_c)"
        case (.soft, .logProbabilities): entropy.isEmpty ? "-sum_c t_c x_c" : "sum_c t_c (\(entropy)- x_c)"
        case (.likelihood, .logProbabilities): "-x"
        case (.likelihood, _): "-log p"
        case (let task, .logits): mean(task, "t log(1 + exp(-x)) + (1 - t) log(1 + exp(x))")
        case (let task, .probabilities): mean(task, "-t log p - (1 - t) log(1 - p)")
        case (let task, .logProbabilities): mean(task, "-t x - (1 - t) log(1 - exp(x))")
        }
    }

    private static func mean(_ task: LossTask, _ formula: String) -> String {
        task == .multilabel ? "mean_c [\(formula)]" : formula
    }

    private static func treatment(_ dialect: Dialect, _ task: LossTask, _ divergence: Divergence) -> String {
        let treatment = dialect.treatment(task, divergence)
        let clip: String
        switch treatment.clip {
        case .none: clip = ""
        case .fixed(let low, let high):
            let end = high == 1 - low ? "1 - \(short(low))" : short(high)
            clip = high == .infinity ? "raised to \(short(low))" : "clipped to [\(short(low)), \(end)]"
        case .elementEpsilon: clip = "clipped to the type's [eps, 1 - eps]"
        }
        var parts: [String] = []
        if treatment.normalisation == .thenClip { parts.append("renormalised") }
        if !clip.isEmpty { parts.append(clip) }
        if treatment.normalisation == .afterClip { parts.append("renormalised") }
        let largestTerm = dialect.largestTerm(task, .probabilities)
        if largestTerm < .infinity { parts.append("each -log at most \(short(largestTerm))") }
        return parts.isEmpty ? asGiven : parts.joined(separator: ", then ")
    }

    private static func divisor(_ dialect: Dialect, _ task: LossTask) -> String {
        dialect.divisor(task) == .weights ? "sum of weights" : "count"
    }

    /// The dialect's conventions beyond treatment and divisor.
    private static func notes(_ dialect: Dialect, _ task: LossTask, _ input: PredictionInput, _ divergence: Divergence) -> [String] {
        var notes: [String] = []
        if task == .multilabel, dialect.sumCountsDecisions { notes.append("the sum counts decisions, not rows") }
        if divergence == .kullbackLeibler, dialect.leastTarget > 0 { notes.append("t raised to \(short(dialect.leastTarget))") }
        if input == .probabilities, dialect.scorableProbabilities.upperBound > 1 { notes.append("p above 1 is taken") }
        if task == .binary, !dialect.takesSoftDecisions { notes.append("a label between 0 and 1 draws a warning") }
        let emptyMean = dialect.emptyMean(task)
        if !emptyMean.isNaN {
            notes.append("the mean of no rows\(dialect.divisor(task) == .weights ? " or weights of 0" : "") is \(short(emptyMean))")
        }
        return notes
    }

    /// A number in its shortest form: as Float32 where it is one, and without what Swift adds.
    private static func short(_ value: Double) -> String {
        var text = Double(Float(value)) == value ? "\(Float(value))" : "\(value)"
        if text.hasSuffix(".0") { text.removeLast(2) }
        return text.split(separator: "e-0", omittingEmptySubsequences: false).joined(separator: "e-")
    }
}
