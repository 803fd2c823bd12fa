internal import Elements
internal import KernelABI

/// The kernel and the parameters that compute a dialect's losses. Dialects with equal programs share one computation.
struct LossProgram: Equatable {
    /// The row operations from which all losses follow.
    enum Operation: Equatable {
        /// A class index, from logits, log-probabilities, probabilities.
        case softmax, logProbability, probability
        /// A binary label, from logits, log-probabilities, probabilities, nothing else asked for.
        case binaryLogit, binaryLogProbability, binaryProbability
        /// Any target over the classes of a row.
        case target
        /// Any target of independent decisions.
        case bernoulli
    }

    let operation: Operation
    let isDivergence: Bool
    let treatment: Dialect.Treatment
    let scorable: ClosedRange<Double>
    let largestTerm: Double
    let targetKept: Double
    let targetAdded: Double
    /// The parts of the two that their rounding lost.
    let targetKeptRest: Double, targetAddedRest: Double
    let leastTarget: Double
    let focalTakesScored: Bool
    /// The ε of `Dialect.clipsToLogarithms`; nil where a clipped value has the loss of the bound itself.
    let logarithmClip: Double?

    /// `hasIndices`: labels are whole numbers by their type.
    init(_ specification: LossSpecification, _ dialect: Dialect, classCount: Int, hasIndices: Bool) {
        let modifiers = specification.modifiers
        let task = specification.task
        var treatment = dialect.treatment(task, modifiers.divergence)
        if dialect.takesClip, let clip = modifiers.clip { treatment.clip = .fixed(low: clip, high: 1 - clip) }
        if dialect.takesRenormalizing, modifiers.renormalizes { treatment.normalisation = .thenClip }
        if specification.input != .probabilities {
            let makesProbabilities = dialect.focalTakesProbabilities && specification.input == .logits && modifiers.focalGamma != nil
            treatment = Dialect.Treatment(clip: makesProbabilities ? treatment.clip : .none)
        }
        self.treatment = treatment
        if dialect.clipsToLogarithms, case .fixed(let low, _) = treatment.clip { logarithmClip = low } else { logarithmClip = nil }
        isDivergence = modifiers.divergence == .kullbackLeibler
        scorable =
            specification.input != .probabilities
            ? -Double.infinity...Double.infinity
            : modifiers.renormalizes ? 0...Double.greatestFiniteMagnitude : dialect.scorableProbabilities
        largestTerm = dialect.largestTerm(task, specification.input)
        let epsilon = modifiers.labelSmoothing
        targetKept = 1 - epsilon
        // Exact, since 1 is the larger (Dekker).
        targetKeptRest = (1 - targetKept) - epsilon
        let partCount = Double(task.isOverClasses ? classCount : 2)
        targetAdded = epsilon / partCount
        targetAddedRest = epsilon.addingProduct(-targetAdded, partCount) / partCount
        leastTarget = isDivergence ? dialect.leastTarget : -.infinity
        focalTakesScored = dialect.focalTakesScoredDecisions
        let isPlain = epsilon == 0 && modifiers.focalGamma == nil
        let isPlainDecision =
            isPlain && hasIndices && task == .binary && treatment == .asGiven && largestTerm == .infinity && modifiers.positiveWeights == nil
            && modifiers.classWeights == nil
        // Without a bound a normalised probability may be too small for Float64.
        let mayVanish = treatment.normalisation != .none && !treatment.clip.keepsFromZero
        switch (task, specification.input) {
        case (.binary, .logits) where isPlainDecision: operation = .binaryLogit
        case (.binary, .logProbabilities) where isPlainDecision: operation = .binaryLogProbability
        case (.binary, .probabilities) where isPlainDecision: operation = .binaryProbability
        case (.multiclass, .logits) where isPlain: operation = .softmax
        case (.multiclass, .logProbabilities) where isPlain: operation = .logProbability
        case (.multiclass, .probabilities) where isPlain && !mayVanish: operation = .probability
        case (.multiclass, _), (.soft, _): operation = .target
        // What happened is scored as a decision that went right.
        case (.likelihood, .logProbabilities): operation = .binaryLogProbability
        case (.likelihood, _) where treatment == .asGiven: operation = .binaryProbability
        default: operation = .bernoulli
        }
    }

    /// True if the program may clip the values that it scores.
    var mayClip: Bool { treatment.clip != .none || largestTerm < .infinity }

    /// Returns true if the program reads labels as numbers (`RowBlock.targets`), and not as class indices.
    func readsTargets(_ task: LossTask) -> Bool { operation == .bernoulli || (operation == .target && task == .soft) }

    /// The parameters for the kernels. The weights must stay where they are while the parameters are used. Of decisions `classWeights` are
    /// those of label 0.
    func parameters(
        _ specification: LossSpecification, _ element: ElementType, classWeights: UnsafePointer<Double>?,
        positiveWeights: UnsafePointer<Double>?
    ) -> LossParameters {
        let clip = treatment.clip.bounds(element)
        let normalisation: Int
        switch treatment.normalisation {
        case .none: normalisation = XentNormalisationNone
        case .thenClip: normalisation = XentNormalisationFirst
        case .afterClip: normalisation = XentNormalisationLast
        }
        return LossParameters(
            inputCode: specification.input.code, normalisationCode: Int32(normalisation), clipLow: clip.low, clipHigh: clip.high,
            scorableLow: scorable.lowerBound, scorableHigh: specification.input == .logProbabilities ? 0 : scorable.upperBound,
            largestTerm: largestTerm, targetKept: targetKept, targetAdded: targetAdded, targetKeptRest: targetKeptRest, targetAddedRest: targetAddedRest,
            targetLow: leastTarget,
            isDivergence: isDivergence ? 1 : 0, isFocal: specification.modifiers.focalGamma != nil ? 1 : 0,
            focalTakesScored: focalTakesScored ? 1 : 0, focalGamma: specification.modifiers.focalGamma ?? 0,
            focalAlpha: specification.modifiers.focalAlpha ?? .nan, classWeights: classWeights, positiveWeights: positiveWeights)
    }
}

extension PredictionInput {
    /// The kernels' code of a kind of values.
    var code: Int32 {
        switch self {
        case .logits: Int32(XentInputLogits)
        case .probabilities: Int32(XentInputProbabilities)
        case .logProbabilities: Int32(XentInputLogProbabilities)
        }
    }
}
