public import Messages

/// The loss that is computed: a value, checked once, from which kernels and parameters follow (`LossProgram`).
public struct LossSpecification: Sendable, Equatable {
    /// The kind of prediction.
    public let task: LossTask
    /// The kind of the predicted values.
    public let input: PredictionInput
    /// The dialects to score; the first is the report's own. One pass scores all.
    public let dialects: [Dialect]
    /// Everything that changes the loss besides task and dialect, with what the dialects do unless they are told otherwise: PyTorch's leaves
    /// rows with label −100 out.
    public let modifiers: LossModifiers

    /// Throws where the combination has no meaning, or a number is out of its range.
    public init(
        task: LossTask, input: PredictionInput, dialects: [Dialect] = [.exact], modifiers: LossModifiers = LossModifiers()
    ) throws(SpecificationError) {
        self.task = task
        self.input = input
        var unique: [Dialect] = []
        for dialect in dialects where !unique.contains(dialect) { unique.append(dialect) }
        self.dialects = unique.isEmpty ? [.exact] : unique
        var modifiers = modifiers
        // Where another dialect is asked for too, whose library would not leave such rows out, none is left out in silence.
        if task == .multiclass, modifiers.ignoreIndex == nil {
            let usual = Set(self.dialects.map(\.usualIgnoreIndex))
            if usual.count == 1, let index = self.dialects[0].usualIgnoreIndex { modifiers.ignoreIndex = index }
        }
        self.modifiers = modifiers
        for dialect in self.dialects { try check(dialect) }
        try checkModifiers()
    }

    /// The first dialect, which is the report's own.
    public var dialect: Dialect { dialects[0] }

    private func check(_ dialect: Dialect) throws(SpecificationError) {
        guard dialect.accepts(task, input) else {
            throw SpecificationError(
                problem: "dialect \(dialect.name) has no \(task.rawValue) loss from \(input.rawValue)", remedy: remedy(instead: dialect))
        }
        if modifiers.labelSmoothing > 0, !dialect.smooths(task) {
            throw SpecificationError(
                problem: "dialect \(dialect.name) has no label smoothing for task \(task.rawValue)",
                remedy: "leave \(setting: .labelSmoothing) out")
        }
        if modifiers.focalGamma != nil, !dialect.takesFocal {
            throw SpecificationError(
                problem: "dialect \(dialect.name) has no focal loss", remedy: "leave \(setting: .focalGamma) out")
        }
        if modifiers.temperature != nil, task != .likelihood, input != .logits, !dialect.accepts(task, .logits) {
            throw SpecificationError(
                problem: "dialect \(dialect.name) has no \(task.rawValue) loss from logits, which \(setting: .temperature) makes of probabilities",
                remedy: "leave dialect \(dialect.name) out, or \(setting: .temperature)")
        }
        if modifiers.clip != nil, input == .probabilities { try checkTaken(dialect, .clip, \.takesClip) }
        if modifiers.renormalizes, input == .probabilities, task.isOverClasses {
            try checkTaken(dialect, .renormalizes, \.takesRenormalizing)
        }
        if dialect.clipsToLogarithms, modifiers.clip == 0 {
            throw SpecificationError(
                problem: "\(setting: .clip) is 0 in dialect \(dialect.name)",
                remedy: "it lies in (0, 0.5) there: the loss of 0 is −log of it")
        }
    }

    /// Throws if a setting that changes some dialects' probabilities does not change this one's.
    private func checkTaken(_ dialect: Dialect, _ setting: Setting, _ takes: (Dialect) -> Bool) throws(SpecificationError) {
        guard !takes(dialect) else { return }
        let names = Dialect.all.filter(takes).map(\.name)
        throw SpecificationError(
            problem: "\(setting: setting) changes dialect\(names.count == 1 ? "" : "s") \(names.joined(separator: " and ")); "
                + "dialect \(dialect.name) has conventions of its own",
            remedy: "leave dialect \(dialect.name) out, or \(setting: setting)")
    }

    /// Names the inputs, tasks and dialects that there are instead of a loss that `dialect` has not.
    private func remedy(instead dialect: Dialect) -> String {
        func list<Name>(_ names: some Sequence<Name>) -> String { names.map { "\($0)" }.joined(separator: ", ") }
        let others = Dialect.all.filter { $0.accepts(task, input) }
        guard !others.isEmpty else {
            return "a logit alone does not say how likely what happened was: give \(list(Dialect.exact.inputs(of: task).map(\.rawValue)))"
        }
        let inputs = dialect.inputs(of: task)
        let ofDialect =
            inputs.isEmpty
            ? "it has the tasks \(list(dialect.inputs.map(\.task.rawValue)))" : "it takes \(list(inputs.map(\.rawValue))) for it"
        return ofDialect + "; dialects that have it: \(list(others.map(\.name)))"
    }

    private func checkModifiers() throws(SpecificationError) {
        func refuse(_ setting: Setting, _ value: Setting.Value? = nil, because reason: Message) -> SpecificationError {
            SpecificationError(
                problem: "\(setting: setting, value) has no meaning for task \(task.rawValue): \(reason)",
                remedy: "leave \(setting: setting, value) out")
        }
        guard (0...1).contains(modifiers.labelSmoothing) else {
            throw SpecificationError(problem: "label smoothing is \(modifiers.labelSmoothing)", remedy: "it lies in [0, 1]")
        }
        if let weights = modifiers.classWeights {
            guard task.hasLabels else { throw refuse(.classWeights, because: "there are no labels") }
            try Self.checkWeights(weights, "class weight")
        }
        if let weights = modifiers.positiveWeights {
            guard task == .binary || task == .multilabel else { throw refuse(.positiveWeights, because: "there is no label 1") }
            try Self.checkWeights(weights, "positive weight")
        }
        if modifiers.ignoreIndex != nil, task != .multiclass {
            throw refuse(.ignoreIndex, because: task == .soft ? "soft labels have no index" : "its labels are no class indices")
        }
        if let clip = modifiers.clip {
            guard input == .probabilities else {
                throw refuse(.clip, because: "only probabilities are clipped, and the input is \(input.rawValue)")
            }
            guard clip >= 0, clip < 0.5 else {
                throw SpecificationError(
                    problem: "\(setting: .clip) is \(clip)", remedy: "it lies in [0, 0.5): values are clipped to [E, 1 − E]")
            }
        }
        if modifiers.renormalizes, input != .probabilities || !task.isOverClasses {
            throw refuse(.renormalizes, because: "only the probabilities of a row of classes sum to 1")
        }
        if let gamma = modifiers.focalGamma {
            guard task.hasLabels else { throw refuse(.focalGamma, because: "there are no labels") }
            guard gamma >= 0, gamma <= 100 else { throw SpecificationError(problem: "focal γ is \(gamma)", remedy: "it lies in [0, 100]") }
            if modifiers.divergence == .kullbackLeibler { throw refuse(.focalGamma, because: "KL divergence has no focal form") }
        }
        if let alpha = modifiers.focalAlpha {
            guard modifiers.focalGamma != nil else {
                throw SpecificationError(
                    problem: "\(setting: .focalAlpha) without \(setting: .focalGamma)", remedy: "name γ too; 0 leaves only α")
            }
            guard alpha >= 0, alpha <= 1 else { throw SpecificationError(problem: "focal α is \(alpha)", remedy: "it lies in [0, 1]") }
        }
        if modifiers.divergence == .kullbackLeibler {
            guard task == .soft else { throw refuse(.divergence, .kullbackLeibler, because: "only soft labels are a distribution") }
            guard modifiers.labelSmoothing == 0, modifiers.classWeights == nil else {
                throw SpecificationError(
                    problem: "\(setting: .divergence, .kullbackLeibler) has no meaning with \(setting: .labelSmoothing) or "
                        + "\(setting: .classWeights): no framework defines it",
                    remedy: "leave one of them out")
            }
        }
        if let temperature = modifiers.temperature {
            guard task != .likelihood else {
                throw refuse(.temperature, because: "the probability of what happened does not say those of all that did not")
            }
            guard temperature > 0, temperature < .infinity, 1 / temperature < .infinity else {
                throw SpecificationError(problem: "\(setting: .temperature) is \(temperature)", remedy: "give a number above 0")
            }
            if let other: Setting = modifiers.clip != nil ? .clip : modifiers.renormalizes ? .renormalizes : nil {
                throw SpecificationError(
                    problem: "\(setting: other) has no meaning with \(setting: .temperature): probabilities become logits ln p, and those of a row sum to 1",
                    remedy: "leave one of them out")
            }
        }
        if !task.hasLabels, modifiers.labelSmoothing > 0 { throw refuse(.labelSmoothing, because: "there are no labels") }
    }

    private static func checkWeights(_ weights: [Double], _ name: String) throws(SpecificationError) {
        for (index, weight) in weights.enumerated() where !(weight >= 0 && weight < .infinity) {
            throw SpecificationError(problem: "\(name) \(index) is \(weight)", remedy: "weights are finite and not negative")
        }
        guard weights.contains(where: { $0 > 0 }) else {
            throw SpecificationError(problem: "no \(name) is above 0", remedy: "give at least one")
        }
    }

    /// Checks the numbers of weights, which depend on the number of classes.
    ///
    /// - Throws: `SpecificationError` where there are too few or too many.
    public func check(classCount: Int) throws(SpecificationError) {
        if let weights = modifiers.classWeights {
            let (count, noun, remedy) =
                switch task {
                case .binary: (2, "labels", "give that of label 0 and that of label 1")
                case .multilabel: (classCount, classCount == 1 ? "column" : "columns", "give one weight a column")
                default: (classCount, classCount == 1 ? "class" : "classes", "give one weight a class")
                }
            guard weights.count == count else {
                throw SpecificationError(
                    problem: "\(String.counted(weights.count, "class weight")) for \(count) \(noun)", remedy: remedy)
            }
        }
        if let weights = modifiers.positiveWeights, weights.count != 1, weights.count != classCount {
            throw SpecificationError(
                problem: "\(weights.count) positive weights for \(classCount == 1 ? "one value" : "\(classCount) values") a row",
                remedy: classCount == 1 ? "give one" : "give one, or one a column")
        }
    }

    /// Returns the weights of a loss's terms, as kernels take them: of the classes, or of label 0 and of label 1 of decisions, one a column
    /// or one for all; nil for 1.
    func termWeights(classCount: Int) -> (ofClasses: [Double]?, ofPositive: [Double]?) {
        let positive = modifiers.positiveWeights
        guard let weights = modifiers.classWeights, !task.isOverClasses else { return (modifiers.classWeights, positive) }
        let (ofZero, ofOne) = task == .binary ? ([weights[0]], [weights[1]]) : (weights, weights)
        guard let positive else { return (ofZero, ofOne) }
        return (ofZero, ofOne.indices.map { ofOne[$0] * (positive.count == 1 ? positive[0] : positive[$0]) })
    }

    /// True if rows count with weights: their own, or those of their classes.
    package var hasWeights: Bool { modifiers.hasRowWeights || modifiers.classWeights != nil }

    /// The loss of the rows that are scored: that of logits which have been divided by the temperature; the same loss without one.
    package var ofScaledRows: LossSpecification { modifiers.temperature == nil ? self : LossSpecification(scaling: self) }

    private init(scaling stored: LossSpecification) {
        (task, input, dialects) = (stored.task, .logits, stored.dialects)
        var modifiers = stored.modifiers
        modifiers.temperature = nil
        self.modifiers = modifiers
    }

    /// The specification in one line that does not change between versions: partials carry it, and only equal ones merge.
    public var canonicalText: String {
        var fields = ["task=\(task.rawValue)", "input=\(input.rawValue)", "dialects=\(dialects.map(\.name).joined(separator: ","))"]
        func numbers(_ values: [Double]) -> String { values.map { String($0.bitPattern, radix: 16) }.joined(separator: ",") }
        if let weights = modifiers.classWeights { fields.append("class-weights=\(numbers(weights))") }
        if let weights = modifiers.positiveWeights { fields.append("pos-weight=\(numbers(weights))") }
        if modifiers.labelSmoothing != 0 { fields.append("label-smoothing=\(numbers([modifiers.labelSmoothing]))") }
        if let index = modifiers.ignoreIndex { fields.append("ignore-index=\(index)") }
        if let clip = modifiers.clip { fields.append("clip=\(numbers([clip]))") }
        if modifiers.renormalizes { fields.append("renormalize=1") }
        if let gamma = modifiers.focalGamma { fields.append("focal-gamma=\(numbers([gamma]))") }
        if let alpha = modifiers.focalAlpha { fields.append("focal-alpha=\(numbers([alpha]))") }
        if modifiers.divergence != .crossEntropy { fields.append("divergence=\(modifiers.divergence.rawValue)") }
        if let temperature = modifiers.temperature { fields.append("temperature=\(numbers([temperature]))") }
        if modifiers.hasRowWeights { fields.append("weights=rows") }
        return fields.joined(separator: " ")
    }

    /// The inverse of `canonicalText`; nil for what this version does not know.
    public init?(canonicalText: String) {
        var fields: [Substring: Substring] = [:]
        for field in canonicalText.split(separator: " ") {
            let parts = field.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            fields[parts[0]] = parts[1]
        }
        func numbers(_ name: Substring) -> [Double]? {
            guard let text = fields[name] else { return nil }
            var values: [Double] = []
            for word in text.split(separator: ",") {
                guard let bits = UInt64(word, radix: 16) else { return nil }
                values.append(Double(bitPattern: bits))
            }
            return values
        }
        guard
            let task = fields["task"].flatMap({ LossTask(rawValue: String($0)) }),
            let input = fields["input"].flatMap({ PredictionInput(rawValue: String($0)) }), let names = fields["dialects"]
        else { return nil }
        let dialects = names.split(separator: ",").compactMap { Dialect(named: String($0)) }
        var modifiers = LossModifiers()
        modifiers.classWeights = numbers("class-weights")
        modifiers.positiveWeights = numbers("pos-weight")
        modifiers.labelSmoothing = numbers("label-smoothing")?.first ?? 0
        modifiers.ignoreIndex = fields["ignore-index"].flatMap { Int64($0) }
        modifiers.clip = numbers("clip")?.first
        modifiers.renormalizes = fields["renormalize"] != nil
        modifiers.focalGamma = numbers("focal-gamma")?.first
        modifiers.focalAlpha = numbers("focal-alpha")?.first
        modifiers.divergence = fields["divergence"].flatMap { Divergence(rawValue: String($0)) } ?? .crossEntropy
        modifiers.temperature = numbers("temperature")?.first
        modifiers.hasRowWeights = fields["weights"] != nil
        guard let specification = try? LossSpecification(task: task, input: input, dialects: dialects, modifiers: modifiers),
            specification.canonicalText == canonicalText
        else { return nil }
        self = specification
    }
}

/// A loss that cannot be meant like this.
public struct SpecificationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rule that is broken.
    public let problem: Message
    /// A way out.
    public let remedy: Message

    /// Makes an error that names no setting.
    public init(problem: String, remedy: String) {
        self.init(problem: Message(problem), remedy: Message(remedy))
    }

    /// Makes an error with its remedy.
    public init(problem: Message, remedy: Message) {
        self.problem = problem
        self.remedy = remedy
    }

    /// The error as a sentence, with the names of Swift.
    public var description: String { "\(problem); \(remedy)" }
}
